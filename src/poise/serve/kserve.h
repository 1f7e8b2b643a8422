#pragma once
// The Open Inference Protocol, version 2 (KServe; Triton, OpenVINO Model Server and Seldon speak it): tensors in JSON
// or, with the binary extension, behind it. Pure functions of values: thread-safe. Source: kserve.github.io, "Open
// Inference Protocol" and "Binary Tensor Data Extension".

#include <cstdint>
#include <string>
#include <vector>

#include "poise/base/json.h"
#include "poise/base/result.h"
#include "poise/serve/http_message.h"

namespace poise {

struct KserveTensor {
  std::string name;
  std::string datatype;             // "FP32", "UINT8", "INT64", "BYTES"
  std::vector<std::int64_t> shape;  // no extent below 0
  std::string bytes;                // little-endian, row-major; of BYTES each element with its length before it (u32)
};

struct KserveRequest {
  std::string id;
  std::vector<KserveTensor> inputs;
  struct Output {
    std::string name;
    bool binary = false;
  };
  std::vector<Output> outputs;  // empty: all
  bool binary_outputs = false;  // of all that say nothing
};

/// Errors: kMalformed, naming the member; kUnsupported (a datatype that is none of these: BOOL, INT8 to INT64, UINT8 to
/// UINT64, FP32, FP64, BYTES).
Result<KserveRequest> parse_infer_request(const HttpRequest& request);

/// `outputs` in JSON, and those wanted so in binary behind it. Errors: kInvalidArgument, an output that is not there,
/// or more outputs than there are.
Result<HttpResponse> infer_response(const std::string& model, const KserveRequest& request,
                                    const std::vector<KserveTensor>& outputs);

/// {"error": message}, as the protocol has it.
HttpResponse kserve_error(const Error& error);

/// A tensor of 32-bit floats.
KserveTensor float_tensor(std::string name, std::vector<std::int64_t> shape, const std::vector<float>& values);

}  // namespace poise
