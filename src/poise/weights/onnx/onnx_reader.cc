#include "poise/weights/onnx/onnx_reader.h"

#include <fcntl.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <optional>
#include <string_view>
#include <system_error>
#include <unordered_map>

#include "poise/base/descriptor.h"
#include "poise/base/printable.h"
#include "poise/base/sha256.h"
#include "poise/weights/onnx/onnx_tensor.h"
#include "poise/weights/onnx/onnx_upgrade.h"
#include "poise/weights/onnx/onnx_wire.h"

namespace poise {
namespace {

constexpr std::int64_t kLowestOpset = 8;
constexpr std::int64_t kHighestOpset = 24;
constexpr std::uint64_t kFormatBytes = std::numeric_limits<int>::max();  // a protobuf message's own limit

// onnx/onnx.proto, AttributeProto.AttributeType.
enum AttributeType : std::int32_t {
  kUndefined = 0,
  kFloat = 1,
  kInt = 2,
  kString = 3,
  kTensor = 4,
  kGraph = 5,
  kFloats = 6,
  kInts = 7,
  kGraphs = 10,
};

// Names end up in messages of one line and in file names of other tools.
Status check_name(std::string_view name) {
  constexpr std::size_t kLongest = 1024;
  if (name.size() > kLongest) return malformed("the name " + printable(name) + " is over 1024 bytes long");
  if (std::any_of(name.begin(), name.end(), is_control))
    return malformed("the name " + printable(name) + " holds a control character");
  return {};
}

Result<int> find_opset(const OnnxParts& parts) {
  std::optional<std::int64_t> found;
  for (const auto& opset : parts.opsets) {
    if (!opset.domain().empty() && opset.domain() != "ai.onnx") continue;
    if (found && *found != opset.version()) return malformed("the model states two opsets");
    found = opset.version();
  }
  if (!found) return malformed("the model states no opset: not an ONNX model?");
  if (*found < kLowestOpset || *found > kHighestOpset)
    return unsupported("the model has opset " + std::to_string(*found) + ", 8 to 24 are supported: export it again");
  return static_cast<int>(*found);
}

// Older writers leave the type out.
std::int32_t type_of(const onnx_proto::AttributeProto& proto) {
  if (proto.type() != kUndefined) return proto.type();
  if (proto.has_f()) return kFloat;
  if (proto.has_i()) return kInt;
  if (proto.has_s()) return kString;
  if (proto.has_t()) return kTensor;
  if (proto.has_g()) return kGraph;
  if (proto.graphs_size() > 0) return kGraphs;
  if (proto.floats_size() > 0) return kFloats;
  if (proto.ints_size() > 0) return kInts;
  return kUndefined;
}

Result<Attribute> to_attribute(onnx_proto::AttributeProto& proto, ExternalData& external) {
  const std::int32_t type = type_of(proto);
  switch (type) {
    case kFloat:
      return Attribute(proto.f());
    case kInt:
      return Attribute(proto.i());
    case kString: {
      POISE_RETURN_IF_ERROR(check_name(proto.s()));
      return Attribute(proto.s());
    }
    case kFloats:
      return Attribute(std::vector<float>(proto.floats().begin(), proto.floats().end()));
    case kInts:
      return Attribute(std::vector<std::int64_t>(proto.ints().begin(), proto.ints().end()));
    case kTensor: {
      POISE_TRY(Tensor tensor, to_tensor(*proto.mutable_t(), external));
      return Attribute(std::make_shared<const Tensor>(std::move(tensor)));
    }
    case kGraph:
    case kGraphs:
      return unsupported("it holds a subgraph: export the model without control flow");
    default:
      return unsupported("its type " + std::to_string(type) + " is not supported");
  }
}

// 0 and -1 are written for a free extent as well as no value at all.
Result<Shape> input_shape(const onnx_proto::ValueInfoProto& info) {
  constexpr int kMaxRank = 8;
  const auto& tensor = info.type().tensor_type();
  if (!tensor.has_shape()) return unsupported("has no shape: export the model with one");
  if (tensor.shape().dim_size() > kMaxRank) return unsupported("has more than 8 axes");
  Shape shape;
  Shape fixed;  // with 1 where an extent is free: bounds the product
  for (const auto& dim : tensor.shape().dim()) {
    if (dim.dim_value() < -1) return malformed("has the extent " + std::to_string(dim.dim_value()));
    shape.push_back(dim.dim_value() > 0 ? dim.dim_value() : -1);
    fixed.push_back(std::max<std::int64_t>(dim.dim_value(), 1));
  }
  const Result<std::int64_t> count = element_count(fixed);
  if (!count) return too_large("has the shape " + to_string(shape) + ", which is too large");
  return shape;
}

class Builder {
 public:
  Builder(OnnxParts parts, ExternalData& external) : parts_(std::move(parts)), external_(external) {}

  Result<Graph> build() {
    POISE_TRY(opset_, find_opset(parts_));
    POISE_RETURN_IF_ERROR(check_name(parts_.graph_name));
    graph_.name = parts_.graph_name;
    POISE_RETURN_IF_ERROR(add_constants());
    POISE_RETURN_IF_ERROR(add_inputs());
    for (const auto& node : parts_.nodes) POISE_RETURN_IF_ERROR(add_outputs_of(node));
    for (auto& node : parts_.nodes) POISE_RETURN_IF_ERROR(add_node(node));
    for (const auto& output : parts_.outputs) {
      const auto found = ids_.find(output.name());
      if (found == ids_.end())
        return malformed("the graph's output " + printable(output.name()) + " is produced by nothing");
      graph_.outputs.push_back(found->second);
      declare(output, graph_.values[found->second]);
    }
    upgrade_nodes(graph_, opset_, parts_.node_opsets);
    POISE_RETURN_IF_ERROR(graph_.validate());
    return std::move(graph_);
  }

  int opset() const { return opset_; }

 private:
  Status add_name(const std::string& name, ValueId id) {
    POISE_RETURN_IF_ERROR(check_name(name));
    if (name.empty()) return malformed("a graph input or an initializer has no name");
    if (!ids_.emplace(name, id).second) return malformed("two values have the name " + printable(name));
    return {};
  }

  Status add_constants() {
    for (auto& [name, tensor] : parts_.initializers)
      POISE_RETURN_IF_ERROR(add_name(name, graph_.add_constant(name, std::move(tensor))));
    return {};
  }

  Status add_inputs() {
    std::unordered_map<std::string, int> seen;
    for (const auto& info : parts_.inputs) {
      if (++seen[info.name()] > 1) return malformed("the graph has two inputs of the name " + printable(info.name()));
      const auto found = ids_.find(info.name());
      if (found != ids_.end()) continue;  // an initializer listed as an input, as IR version 3 wants it
      const std::string what = "the graph's input " + printable(info.name()) + " ";
      const std::int32_t type = info.type().tensor_type().elem_type();
      const std::optional<DType> dtype = dtype_of_onnx(type);
      if (!dtype) return unsupported(what + "is no tensor of a supported type, but " + onnx_type_name(type));
      Result<Shape> shape = input_shape(info);
      if (!shape) return Error{shape.error().code, what + shape.error().message};
      POISE_RETURN_IF_ERROR(add_name(info.name(), graph_.add_input(info.name(), std::move(*shape), *dtype)));
    }
    return {};
  }

  /// What the file says of an output; where it says nothing of use, nothing is known.
  static void declare(const onnx_proto::ValueInfoProto& info, Value& value) {
    if (value.constant != nullptr || !value.shape.empty()) return;
    const Result<Shape> shape = input_shape(info);
    const std::optional<DType> dtype = dtype_of_onnx(info.type().tensor_type().elem_type());
    if (!shape || !dtype) return;
    value.shape = *shape;
    value.type = *dtype;
  }

  Status add_outputs_of(const onnx_proto::NodeProto& node) {
    for (const std::string& output : node.output())
      if (!output.empty()) POISE_RETURN_IF_ERROR(add_name(output, graph_.add_value(output)));
    return {};
  }

  Status add_node(onnx_proto::NodeProto& proto) {
    POISE_RETURN_IF_ERROR(check_name(proto.name()));
    Node node;
    node.op = operator_name(proto);
    // Writers may leave a node's name out; its output's then says which one is meant.
    node.name = proto.name().empty() && proto.output_size() > 0 ? proto.output(0) : proto.name();
    for (const std::string& name : proto.input()) {
      const auto found = ids_.find(name);
      if (found == ids_.end() && !name.empty())
        return malformed(node.label() + " reads " + printable(name) + ", which nothing produces");
      node.inputs.push_back(name.empty() ? kNoValue : found->second);
    }
    while (!node.inputs.empty() && node.inputs.back() == kNoValue) node.inputs.pop_back();
    for (const std::string& name : proto.output()) node.outputs.push_back(name.empty() ? kNoValue : ids_.at(name));
    while (!node.outputs.empty() && node.outputs.back() == kNoValue) node.outputs.pop_back();
    for (auto& attribute : *proto.mutable_attribute()) {
      POISE_RETURN_IF_ERROR(check_name(attribute.name()));
      const std::string what = node.label() + ": attribute " + printable(attribute.name());
      Result<Attribute> value = to_attribute(attribute, external_);
      if (!value) return value.error().prefixed(what);
      if (!node.attributes.emplace(attribute.name(), std::move(*value)).second)
        return malformed(what + " is given twice");
    }
    // MXNet writes spatial = 0 over one mean a channel; a real one has (C, H, W) means, which the shape rule refuses.
    if (node.op == "BatchNormalization") node.attributes.erase("spatial");
    onnx_proto::NodeProto().Swap(&proto);  // Clear() would keep the memory
    graph_.nodes.push_back(std::move(node));
    return {};
  }

  OnnxParts parts_;
  ExternalData& external_;
  Graph graph_;
  int opset_ = 0;
  std::unordered_map<std::string, ValueId> ids_;
};

Result<NetworkFile> read_model(google::protobuf::io::CodedInputStream& input, int size, ExternalData& external,
                               const NetworkLimits& limits) {
  POISE_TRY(OnnxParts parts, read_parts(input, size, external, limits));
  NetworkFile model;
  model.kind = "onnx";
  model.metadata = std::move(parts.metadata);
  const bool versioned = !parts.producer_name.empty() && !parts.producer_version.empty();
  model.producer = parts.producer_name + (versioned ? " " : "") + parts.producer_version;
  std::replace_if(model.producer.begin(), model.producer.end(), is_control, '?');
  Builder builder(std::move(parts), external);
  POISE_TRY(model.graph, builder.build());
  model.opset = builder.opset();
  return model;
}

Error over_limit(std::uint64_t size, std::uint64_t limit) {
  return too_large("the model has " + std::to_string(size) + " bytes, the limit is " + std::to_string(limit));
}

// Hashes what the parser reads, so that the hash is of the very bytes that became the graph.
class HashingFile : public google::protobuf::io::CopyingInputStream {
 public:
  HashingFile(int fd, std::uint64_t size) : fd_(fd), left_(size) {}

  int Read(void* buffer, int size) override {
    const std::size_t want = std::min(static_cast<std::uint64_t>(size), left_);
    ssize_t got = 0;
    do {
      got = ::read(fd_, buffer, want);
    } while (got < 0 && errno == EINTR);
    if (got <= 0) {
      if (got < 0) failure_ = errno;
      return static_cast<int>(got);
    }
    left_ -= static_cast<std::uint64_t>(got);
    hash_.update({static_cast<const std::uint8_t*>(buffer), static_cast<std::size_t>(got)});
    return static_cast<int>(got);
  }

  int failure() const { return failure_; }  // errno, or 0
  std::string hash() const { return hash_.hex(); }

 private:
  int fd_;
  std::uint64_t left_;
  int failure_ = 0;
  Sha256 hash_;
};

Result<NetworkFile> read_whole(const std::filesystem::path& path, const NetworkLimits& limits) {
  // O_NONBLOCK: opening a pipe must not wait for its writer.
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (fd.get() < 0) {
    const int failure = errno;
    const std::string reason = std::generic_category().message(failure);
    return failure == ENOENT ? not_found("there is no such file") : io_error("it cannot be read: " + reason);
  }
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode)) return io_error("it is not a regular file");
  const auto size = static_cast<std::uint64_t>(info.st_size);
  const std::uint64_t limit = std::min(limits.max_bytes, kFormatBytes);
  if (size > limit) return over_limit(size, limit);

  const std::filesystem::path parent = path.parent_path();
  ExternalData external(parent.empty() ? "." : parent, limits.max_bytes);
  HashingFile file(fd.get(), size);
  constexpr int kBlock = 1 << 18;
  google::protobuf::io::CopyingInputStreamAdaptor stream(&file, kBlock);
  google::protobuf::io::CodedInputStream input(&stream);
  Result<NetworkFile> model = read_model(input, static_cast<int>(size), external, limits);
  if (file.failure() != 0) return io_error("it cannot be read: " + std::generic_category().message(file.failure()));
  if (model) model->hash = file.hash();
  return model;
}

}  // namespace

Result<NetworkFile> read_onnx(const std::filesystem::path& path, const NetworkLimits& limits) {
  Result<NetworkFile> model = read_whole(path, limits);
  if (!model) return model.error().prefixed(path.string());
  return model;
}

Result<NetworkFile> parse_onnx(BytesView bytes, const std::filesystem::path& folder, const NetworkLimits& limits) {
  const std::uint64_t limit = std::min(limits.max_bytes, kFormatBytes);
  if (bytes.size() > limit) return over_limit(bytes.size(), limit);
  ExternalData external(folder, limits.max_bytes);
  google::protobuf::io::CodedInputStream input(bytes.data(), static_cast<int>(bytes.size()));
  Result<NetworkFile> model = read_model(input, static_cast<int>(bytes.size()), external, limits);
  if (model) model->hash = sha256_hex(bytes);
  return model;
}

}  // namespace poise
