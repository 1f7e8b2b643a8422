#include "poise/weights/onnx/onnx_wire.h"

#include <google/protobuf/wire_format_lite.h>

#include "poise/base/memory.h"
#include "poise/base/printable.h"
#include "poise/graph/ops/operator.h"
#include "poise/weights/onnx/onnx_cost.h"
#include "poise/weights/onnx/onnx_functions.h"
#include "poise/weights/onnx/onnx_tensor.h"
#include "poise/weights/onnx/onnx_upgrade.h"

namespace poise {
namespace {

using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;
using onnx_proto::GraphProto;
using onnx_proto::ModelProto;
using onnx_proto::TensorProto;

// Everything but weights.
constexpr std::uint64_t kMaxStructureBytes = 64ULL << 20U;
// A tensor's fields other than its data: dims, name, where external data lies.
constexpr std::size_t kMaxTensorHeader = 64U << 10U;
constexpr std::size_t kMaxOperatorsNamed = 64;

Error truncated() { return malformed("the file is no complete ONNX model: truncated, or not ONNX"); }

class Walker {
 public:
  Walker(CodedInputStream& input, int size, ExternalData& external, const NetworkLimits& limits)
      : in_(input), external_(external), limits_(limits), budget_(static_cast<std::uint64_t>(size)) {}

  Result<OnnxParts> model() {
    POISE_RETURN_IF_ERROR(fields([this](int field, std::uint32_t tag) { return model_field(field, tag); }));
    if (!seen_graph_) return malformed("the file has no graph: not an ONNX model?");
    POISE_RETURN_IF_ERROR(inline_functions(parts_, limits_, budget_));
    POISE_RETURN_IF_ERROR(check_operators(true));
    return std::move(parts_);
  }

 private:
  // Calls each(field, tag) for what lies before the current limit; each() consumes the field.
  template <typename Each>
  Status fields(Each&& each) {
    while (const std::uint32_t tag = in_.ReadTag())
      POISE_RETURN_IF_ERROR(each(WireFormatLite::GetTagFieldNumber(tag), tag));
    if (!in_.ConsumedEntireMessage() || in_.BytesUntilLimit() != 0) return truncated();
    return {};
  }

  Result<int> read_length(std::uint32_t tag) {
    std::uint32_t length = 0;
    if (WireFormatLite::GetTagWireType(tag) != WireFormatLite::WIRETYPE_LENGTH_DELIMITED) return truncated();
    if (!in_.ReadVarint32(&length) || length > static_cast<std::uint32_t>(in_.BytesUntilLimit())) return truncated();
    return static_cast<int>(length);
  }

  Status charge(int bytes) {
    structure_ += static_cast<std::uint64_t>(bytes);
    if (structure_ > kMaxStructureBytes)
      return too_large(
          "the model without its initializers is over 64 MiB: turn large Constant nodes into initializers");
    return {};
  }

  template <typename Message>
  Status read_message(std::uint32_t tag, OnnxMessage kind, Message& message) {
    std::string serialized;
    POISE_RETURN_IF_ERROR(read_text(tag, serialized));
    POISE_RETURN_IF_ERROR(budget_.take(parsed_bytes(serialized, kind)));
    return message.ParseFromString(serialized) ? Status{} : truncated();
  }

  Status read_text(std::uint32_t tag, std::string& text) {
    POISE_TRY(const int length, read_length(tag));
    POISE_RETURN_IF_ERROR(charge(length));
    return in_.ReadString(&text, length) ? Status{} : truncated();
  }

  // No groups: ONNX has none, and so nothing nests.
  Status skip(std::uint32_t tag) {
    std::uint64_t ignored = 0;
    switch (WireFormatLite::GetTagWireType(tag)) {
      case WireFormatLite::WIRETYPE_VARINT:
        return in_.ReadVarint64(&ignored) ? Status{} : truncated();
      case WireFormatLite::WIRETYPE_FIXED64:
        return in_.Skip(8) ? Status{} : truncated();
      case WireFormatLite::WIRETYPE_FIXED32:
        return in_.Skip(4) ? Status{} : truncated();
      case WireFormatLite::WIRETYPE_LENGTH_DELIMITED: {
        POISE_TRY(const int length, read_length(tag));
        return in_.Skip(length) ? Status{} : truncated();
      }
      default:
        return truncated();
    }
  }

  Status model_field(int field, std::uint32_t tag) {
    switch (field) {
      case ModelProto::kProducerNameFieldNumber:
        return read_text(tag, parts_.producer_name);
      case ModelProto::kProducerVersionFieldNumber:
        return read_text(tag, parts_.producer_version);
      case ModelProto::kOpsetImportFieldNumber:
        return read_message(tag, OnnxMessage::kPair, parts_.opsets.emplace_back());
      case ModelProto::kMetadataPropsFieldNumber:
        return read_metadata(tag);
      case ModelProto::kGraphFieldNumber:
        return read_graph(tag);
      case ModelProto::kFunctionsFieldNumber:
        return read_message(tag, OnnxMessage::kFunction, parts_.functions.emplace_back());
      default:
        return skip(tag);
    }
  }

  Status read_metadata(std::uint32_t tag) {
    onnx_proto::StringStringEntryProto entry;
    POISE_RETURN_IF_ERROR(read_message(tag, OnnxMessage::kPair, entry));
    if (!parts_.metadata.emplace(entry.key(), entry.value()).second)
      return malformed("metadata " + printable(entry.key()) + " is given twice");
    return {};
  }

  Status read_graph(std::uint32_t tag) {
    if (seen_graph_) return malformed("the file has two graphs");
    seen_graph_ = true;
    POISE_TRY(const int length, read_length(tag));
    const auto outer = in_.PushLimit(length);
    POISE_RETURN_IF_ERROR(fields([this](int field, std::uint32_t inner) { return graph_field(field, inner); }));
    in_.PopLimit(outer);
    return check_operators(false);
  }

  Status graph_field(int field, std::uint32_t tag) {
    switch (field) {
      case GraphProto::kNodeFieldNumber:
        if (parts_.nodes.size() >= static_cast<std::size_t>(limits_.max_nodes))
          return too_large("the graph has more than " + std::to_string(limits_.max_nodes) + " nodes");
        return read_message(tag, OnnxMessage::kNode, parts_.nodes.emplace_back());
      case GraphProto::kNameFieldNumber:
        return read_text(tag, parts_.graph_name);
      case GraphProto::kInitializerFieldNumber:
        return read_initializer(tag);
      case GraphProto::kInputFieldNumber:
        return read_value(tag, parts_.inputs);
      case GraphProto::kOutputFieldNumber:
        return read_value(tag, parts_.outputs);
      case GraphProto::kSparseInitializerFieldNumber:
        return unsupported("the graph has sparse initializers: export it with dense ones");
      default:
        return skip(tag);
    }
  }

  Status read_value(std::uint32_t tag, std::vector<onnx_proto::ValueInfoProto>& values) {
    POISE_RETURN_IF_ERROR(count_tensor(values.size()));
    return read_message(tag, OnnxMessage::kValue, values.emplace_back());
  }

  Status count_tensor(std::size_t have) const {
    if (have >= static_cast<std::size_t>(limits_.max_tensors))
      return too_large("the graph has more than " + std::to_string(limits_.max_tensors) + " tensors");
    return {};
  }

  Status read_initializer(std::uint32_t tag) {
    // Nodes come before initializers in the files of all known writers, so this line is the first to be said.
    if (parts_.initializers.empty()) POISE_RETURN_IF_ERROR(check_operators(false));
    POISE_RETURN_IF_ERROR(count_tensor(parts_.initializers.size()));
    POISE_TRY(const int length, read_length(tag));
    const auto outer = in_.PushLimit(length);
    TensorProto proto;
    POISE_RETURN_IF_ERROR(read_tensor(proto));
    in_.PopLimit(outer);
    Result<Tensor> tensor = to_tensor(proto, external_);
    if (!tensor) return tensor.error().prefixed("tensor " + printable(proto.name()));
    parts_.initializers.emplace_back(proto.name(), std::make_shared<const Tensor>(std::move(*tensor)));
    return {};
  }

  // Data goes straight to where it belongs; the other fields are few bytes, and are held to that.
  Status read_tensor(TensorProto& proto) {
    std::string header;
    std::string data;
    std::string raw;
    Status read = fields([&](int field, std::uint32_t tag) -> Status {
      switch (field) {
        case TensorProto::kRawDataFieldNumber: {
          POISE_TRY(const int length, read_length(tag));
          return in_.ReadString(&raw, length) ? Status{} : truncated();
        }
        case TensorProto::kFloatDataFieldNumber:
        case TensorProto::kInt32DataFieldNumber:
        case TensorProto::kInt64DataFieldNumber:
        case TensorProto::kDoubleDataFieldNumber:
          return copy(tag, data);
        default:
          POISE_RETURN_IF_ERROR(copy(tag, header));
          if (header.size() > kMaxTensorHeader) return too_large("a tensor's name and shape take over 64 KiB");
          return {};
      }
    });
    if (!read.ok()) return read;
    const std::uint64_t parsed = parsed_bytes(header, OnnxMessage::kTensor) + parsed_bytes(data, OnnxMessage::kTensor);
    POISE_RETURN_IF_ERROR(budget_.take(parsed));
    if (!proto.ParseFromString(header) || !proto.MergeFromString(data)) return truncated();
    budget_.give_back(parsed);  // the message lives no longer than it takes to make a Tensor of it
    proto.set_raw_data(std::move(raw));
    return {};
  }

  // Appends the field as it stands in the file.
  Status copy(std::uint32_t tag, std::string& out) {
    append_varint(tag, out);
    std::string bytes;
    switch (WireFormatLite::GetTagWireType(tag)) {
      case WireFormatLite::WIRETYPE_VARINT: {
        std::uint64_t value = 0;
        if (!in_.ReadVarint64(&value)) return truncated();
        append_varint(value, out);
        return {};
      }
      case WireFormatLite::WIRETYPE_FIXED64:
        if (!in_.ReadString(&bytes, 8)) return truncated();
        break;
      case WireFormatLite::WIRETYPE_FIXED32:
        if (!in_.ReadString(&bytes, 4)) return truncated();
        break;
      case WireFormatLite::WIRETYPE_LENGTH_DELIMITED: {
        POISE_TRY(const int length, read_length(tag));
        append_varint(static_cast<std::uint32_t>(length), out);
        if (!in_.ReadString(&bytes, length)) return truncated();
        break;
      }
      default:
        return truncated();
    }
    out += bytes;
    return {};
  }

  static void append_varint(std::uint64_t value, std::string& out) {
    for (; value >= 0x80U; value >>= 7U) out += static_cast<char>((value & 0x7fU) | 0x80U);
    out += static_cast<char>(value);
  }

  /// Operators of domains of their own may be functions, which come behind the graph.
  Status check_operators(bool read_all) const {
    std::map<std::string, int> unknown;
    bool certain = read_all;
    for (const auto& node : parts_.nodes) {
      if (!read_all && !node.domain().empty()) return {};  // all are named at once, then
      const std::string name = operator_name(node);
      if (find_operator(name) != nullptr || is_retired_operator(name)) continue;
      ++unknown[name];
      certain = certain || name == node.op_type();
    }
    if (unknown.empty() || !certain) return {};
    std::string list;
    std::size_t named = 0;
    for (const auto& [name, count] : unknown) {
      if (named++ == kMaxOperatorsNamed) {
        list += " and " + std::to_string(unknown.size() - kMaxOperatorsNamed) + " more";
        break;
      }
      const std::string plain = printable(name);
      list += (list.empty() ? "" : ", ") + plain.substr(1, plain.size() - 2) + " (" + std::to_string(count) + ")";
    }
    return unsupported("the graph uses operators that are not supported: " + list);
  }

  CodedInputStream& in_;
  ExternalData& external_;
  const NetworkLimits& limits_;
  OnnxParts parts_;
  std::uint64_t structure_ = 0;
  ReadingBudget budget_;
  bool seen_graph_ = false;
};

}  // namespace

std::string operator_name(const onnx_proto::NodeProto& node) {
  const bool standard = node.domain().empty() || node.domain() == "ai.onnx";
  return standard ? node.op_type() : node.domain() + "." + node.op_type();
}

Result<OnnxParts> read_parts(CodedInputStream& input, int size, ExternalData& external, const NetworkLimits& limits) {
  const auto outer = input.PushLimit(size);
  Result<OnnxParts> parts = Walker(input, size, external, limits).model();
  input.PopLimit(outer);
  return parts;
}

}  // namespace poise
