#pragma once
// ONNX files as they are stored, read piece by piece so that no tensor is in memory twice.

#include <google/protobuf/io/coded_stream.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "poise/tensor/tensor.h"
#include "poise/weights/onnx/external_data.h"
#include "poise/weights/onnx/onnx.pb.h"
#include "poise/weights/onnx/onnx_reader.h"

namespace poise {

/// What the reader keeps of a ModelProto, in file order.
struct OnnxParts {
  std::vector<onnx_proto::NodeProto> nodes;
  std::vector<std::int64_t> node_opsets;  // of each, 0 for the model's; empty: the model's for all
  std::vector<onnx_proto::FunctionProto> functions;
  std::vector<std::pair<std::string, std::shared_ptr<const Tensor>>> initializers;
  std::vector<onnx_proto::ValueInfoProto> inputs;
  std::vector<onnx_proto::ValueInfoProto> outputs;
  std::vector<onnx_proto::OperatorSetIdProto> opsets;
  std::map<std::string, std::string> metadata;
  std::string graph_name;
  std::string producer_name;
  std::string producer_version;
};

/// Walks the `size` bytes of a ModelProto field by field, so that limits hold before memory is taken and only one
/// tensor is ever held twice. Operators that are not known are refused, all in one line, before weights are read (of
/// domains of their own, which may be functions of the model: after). Functions are replaced by their nodes.
Result<OnnxParts> read_parts(google::protobuf::io::CodedInputStream& input, int size, ExternalData& external,
                             const NetworkLimits& limits);

/// The operator as messages name it: "Conv", "com.microsoft.FusedConv".
std::string operator_name(const onnx_proto::NodeProto& node);

}  // namespace poise
