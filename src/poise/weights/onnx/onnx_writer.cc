#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/wire_format_lite.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <set>

#include "poise/base/file.h"
#include "poise/base/printable.h"
#include "poise/base/version.h"
#include "poise/weights/network_file.h"
#include "poise/weights/onnx/onnx.pb.h"
#include "poise/weights/onnx/onnx_tensor.h"

namespace poise {
namespace {

using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedOutputStream;
using onnx_proto::AttributeProto;
using onnx_proto::GraphProto;
using onnx_proto::ModelProto;
using onnx_proto::TensorProto;

constexpr std::size_t kLongestText = 1024;  // the reader's limit
constexpr std::uint64_t kFormatBytes = std::numeric_limits<int>::max();

// onnx/onnx.proto, AttributeProto.AttributeType, in the order of Attribute's alternatives.
constexpr std::int32_t kAttributeTypes[] = {2, 1, 3, 7, 6, 4};

// onnx/docs/Versioning.md: opset 15 came with IR version 8, 21 with 10; 7 is read by every tool that knows opset 14.
std::int64_t ir_version(int opset) {
  if (opset >= 21) return 10;
  return opset >= 15 ? 8 : 7;
}

Status check_text(const std::string& what, const std::string& text) {
  if (text.size() > kLongestText) return invalid_argument(what + " " + printable(text) + " is over 1024 bytes long");
  if (std::any_of(text.begin(), text.end(), is_control))
    return invalid_argument(what + " " + printable(text) + " holds a control character");
  return {};
}

// In ONNX a value is known by its name alone.
Status check_names(const Graph& graph) {
  POISE_RETURN_IF_ERROR(check_text("the graph's name", graph.name));
  std::set<std::string_view> seen;
  for (std::size_t id = 0; id < graph.values.size(); ++id) {
    const std::string& name = graph.values[id].name;
    if (name.empty()) return invalid_argument("value " + std::to_string(id) + " has no name: give it one");
    POISE_RETURN_IF_ERROR(check_text("the value's name", name));
    if (!seen.insert(name).second) return invalid_argument("two values have the name " + printable(name));
  }
  for (const Node& node : graph.nodes) {
    POISE_RETURN_IF_ERROR(check_text("the node's name", node.name));
    if (node.fusion.any()) return invalid_argument(node.label() + " is fused: write the graph as it was before passes");
  }
  return {};
}

// All fields but the data; that is copied once, to where it stays.
Result<TensorProto> tensor_header(const std::string& name, const Tensor& tensor) {
  const std::optional<std::int32_t> type = onnx_type(tensor.type());
  if (!type) return unsupported("tensor " + printable(name) + " is " + name_of(tensor.type()) + ": make it float32");
  TensorProto proto;
  for (const std::int64_t extent : tensor.shape()) proto.add_dims(extent);
  proto.set_data_type(*type);
  if (!name.empty()) proto.set_name(name);
  return proto;
}

Result<AttributeProto> to_proto(const std::string& name, const Attribute& attribute) {
  AttributeProto proto;
  proto.set_name(name);
  proto.set_type(kAttributeTypes[attribute.index()]);
  if (const auto* integer = std::get_if<std::int64_t>(&attribute)) proto.set_i(*integer);
  if (const auto* real = std::get_if<float>(&attribute)) proto.set_f(*real);
  if (const auto* text = std::get_if<std::string>(&attribute)) proto.set_s(*text);
  if (const auto* integers = std::get_if<std::vector<std::int64_t>>(&attribute))
    proto.mutable_ints()->Add(integers->begin(), integers->end());
  if (const auto* reals = std::get_if<std::vector<float>>(&attribute))
    proto.mutable_floats()->Add(reals->begin(), reals->end());
  if (const auto* tensor = std::get_if<std::shared_ptr<const Tensor>>(&attribute)) {
    POISE_TRY(*proto.mutable_t(), tensor_header("", **tensor));
    if ((*tensor)->bytes() > 0) proto.mutable_t()->set_raw_data((*tensor)->data(), (*tensor)->bytes());
  }
  return proto;
}

Status add_node(const Graph& graph, const Node& node, GraphProto& proto) {
  const auto name_of_value = [&graph](ValueId id) { return id == kNoValue ? std::string() : graph.values[id].name; };
  auto& out = *proto.add_node();
  out.set_op_type(node.op);
  out.set_name(node.name);
  for (const ValueId id : node.inputs) out.add_input(name_of_value(id));
  for (const ValueId id : node.outputs) out.add_output(name_of_value(id));
  for (const auto& [name, attribute] : node.attributes) {
    POISE_RETURN_IF_ERROR(check_text(node.label() + ": attribute", name));
    if (const auto* text = std::get_if<std::string>(&attribute))
      POISE_RETURN_IF_ERROR(check_text("attribute " + printable(name) + " of " + node.label(), *text));
    Result<AttributeProto> written = to_proto(name, attribute);
    if (!written) return written.error().prefixed(node.label() + ": attribute " + printable(name));
    *out.add_attribute() = std::move(*written);
  }
  return {};
}

// Where an extent is free: its name in the file.
std::string free_name(const std::string& value, std::size_t axis) {
  return axis == 0 ? "batch" : value + "_" + std::to_string(axis);
}

Result<onnx_proto::ValueInfoProto> input_info(const Value& value) {
  const std::optional<std::int32_t> type = onnx_type(value.type);
  if (!type) return unsupported("input " + printable(value.name) + " is " + name_of(value.type) + ": make it float32");
  onnx_proto::ValueInfoProto info;
  info.set_name(value.name);
  auto& tensor = *info.mutable_type()->mutable_tensor_type();
  tensor.set_elem_type(*type);
  auto& shape = *tensor.mutable_shape();
  for (std::size_t axis = 0; axis < value.shape.size(); ++axis) {
    auto& dim = *shape.add_dim();
    if (value.shape[axis] >= 0) dim.set_dim_value(value.shape[axis]);
    if (value.shape[axis] < 0) dim.set_dim_param(free_name(value.name, axis));
  }
  return info;
}

// What is known of the values where the free extents are these.
std::optional<std::vector<ValueInfo>> infer(const Graph& graph, std::int64_t batch, std::int64_t extent) {
  std::vector<Shape> shapes;
  for (const ValueId id : graph.inputs) {
    Shape& shape = shapes.emplace_back(graph.values[id].shape);
    for (std::size_t axis = 0; axis < shape.size(); ++axis)
      if (shape[axis] < 0) shape[axis] = axis == 0 ? batch : extent;
  }
  Result<std::vector<ValueInfo>> infos = infer_shapes(graph, shapes);
  return infos ? std::optional(std::move(*infos)) : std::nullopt;
}

// Two sizes of what is free tell which extents of an output follow it: those that differ.
class OutputInfos {
 public:
  explicit OutputInfos(const Graph& graph)
      : graph_(graph), small_(infer(graph, kSmallBatch, 256)), large_(infer(graph, kLargeBatch, 512)) {
    // Graphs that were exported for one picture only.
    if (!small_ || !large_) large_ = small_ = infer(graph, 1, 256);
  }

  Result<onnx_proto::ValueInfoProto> of(ValueId id) const {
    onnx_proto::ValueInfoProto info;
    info.set_name(graph_.values[id].name);
    auto& tensor = *info.mutable_type()->mutable_tensor_type();
    const std::optional<std::int32_t> type = onnx_type(small_ ? (*small_)[id].type : DType::kFloat32);
    if (!type) return unsupported("output " + printable(info.name()) + " is float64: make it float32");
    tensor.set_elem_type(*type);
    if (!small_) return info;
    const Shape& a = (*small_)[id].shape;
    const Shape& b = (*large_)[id].shape;
    auto& shape = *tensor.mutable_shape();
    for (std::size_t axis = 0; axis < a.size(); ++axis) {
      auto& dim = *shape.add_dim();
      if (a[axis] == b[axis] && a[axis] >= 0) dim.set_dim_value(a[axis]);
      if (a[axis] == kSmallBatch && b[axis] == kLargeBatch) dim.set_dim_param("batch");
    }
    return info;
  }

 private:
  static constexpr std::int64_t kSmallBatch = 2;
  static constexpr std::int64_t kLargeBatch = 3;
  const Graph& graph_;
  std::optional<std::vector<ValueInfo>> small_, large_;
};

struct Initializer {
  TensorProto header;
  const Tensor* tensor;
  std::uint64_t size() const { return header.ByteSizeLong() + data_size(); }
  std::uint64_t data_size() const {
    if (tensor->bytes() == 0) return 0;  // the checker wants an empty tensor to have no data field
    return 1 + CodedOutputStream::VarintSize64(tensor->bytes()) + tensor->bytes();
  }
};

// Fields and messages of known size, one after the other.
struct Parts {
  ModelProto head;                        // before the graph
  GraphProto nodes;                       // with the graph's name
  std::vector<Initializer> initializers;  // behind the nodes, so that a reader can name unknown operators first
  GraphProto interface;                   // inputs and outputs
  ModelProto tail;                        // behind the graph
};

std::uint64_t delimited(std::uint64_t size) { return 1 + CodedOutputStream::VarintSize64(size) + size; }

std::uint64_t graph_size(const Parts& parts) {
  std::uint64_t size = parts.nodes.ByteSizeLong() + parts.interface.ByteSizeLong();
  for (const Initializer& initializer : parts.initializers) size += delimited(initializer.size());
  return size;
}

void write_prefix(int field, std::uint64_t size, CodedOutputStream& out) {
  out.WriteTag(WireFormatLite::MakeTag(field, WireFormatLite::WIRETYPE_LENGTH_DELIMITED));
  out.WriteVarint64(size);
}

Result<std::string> serialize(const Parts& parts) {
  const std::uint64_t graph = graph_size(parts);
  const std::uint64_t total = parts.head.ByteSizeLong() + delimited(graph) + parts.tail.ByteSizeLong();
  if (total > kFormatBytes)
    return too_large("the model takes " + std::to_string(total) + " bytes as ONNX, which ends at 2 GiB");
  std::string bytes(total, '\0');
  google::protobuf::io::ArrayOutputStream stream(bytes.data(), static_cast<int>(total));
  CodedOutputStream out(&stream);
  bool written = parts.head.SerializeToCodedStream(&out);
  write_prefix(ModelProto::kGraphFieldNumber, graph, out);
  written = written && parts.nodes.SerializeToCodedStream(&out);
  for (const Initializer& initializer : parts.initializers) {
    write_prefix(GraphProto::kInitializerFieldNumber, initializer.size(), out);
    written = written && initializer.header.SerializeToCodedStream(&out);
    if (initializer.data_size() == 0) continue;
    write_prefix(TensorProto::kRawDataFieldNumber, initializer.tensor->bytes(), out);
    out.WriteRaw(initializer.tensor->data(), static_cast<int>(initializer.tensor->bytes()));
  }
  written = written && parts.interface.SerializeToCodedStream(&out) && parts.tail.SerializeToCodedStream(&out);
  POISE_CHECK(written && !out.HadError() && static_cast<std::uint64_t>(out.ByteCount()) == total);
  return bytes;
}

}  // namespace

Result<std::string> to_onnx(const Graph& graph, const OnnxWriteOptions& options) {
  Graph sorted = graph;  // shares the tensors
  POISE_RETURN_IF_ERROR(sorted.validate());
  POISE_RETURN_IF_ERROR(check_names(sorted));
  Parts parts;
  parts.head.set_ir_version(ir_version(sorted.opset));
  parts.head.set_producer_name("poise");
  parts.head.set_producer_version(kVersion);
  parts.nodes.set_name(sorted.name.empty() ? "graph" : sorted.name);  // the checker wants one
  for (const Node& node : sorted.nodes) POISE_RETURN_IF_ERROR(add_node(sorted, node, parts.nodes));
  for (const Value& value : sorted.values) {
    if (value.constant == nullptr) continue;
    POISE_TRY(TensorProto header, tensor_header(value.name, *value.constant));
    parts.initializers.push_back({std::move(header), value.constant.get()});
  }
  for (const ValueId id : sorted.inputs) {
    POISE_TRY(*parts.interface.add_input(), input_info(sorted.values[id]));
  }
  const OutputInfos infos(sorted);
  for (const ValueId id : sorted.outputs) {
    POISE_TRY(*parts.interface.add_output(), infos.of(id));
  }
  parts.tail.add_opset_import()->set_version(sorted.opset);
  for (const auto& [key, value] : options.metadata) {
    auto& entry = *parts.tail.add_metadata_props();
    entry.set_key(key);
    entry.set_value(value);
  }
  return serialize(parts);
}

Status write_onnx(const std::filesystem::path& path, const Graph& graph, const OnnxWriteOptions& options) {
  const Result<std::string> bytes = to_onnx(graph, options);
  if (!bytes) return bytes.error().prefixed(path.string());
  return write_file_atomic(path, *bytes);
}

}  // namespace poise
