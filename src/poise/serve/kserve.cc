#include "poise/serve/kserve.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <string_view>

#include "poise/base/counted.h"

namespace poise {
namespace {

static_assert(std::endian::native == std::endian::little, "tensors are little-endian on the wire");

constexpr std::int64_t kMostElements = std::int64_t{1} << 31U;
constexpr const char* kJsonLength = "inference-header-content-length";

struct Datatype {
  std::string_view name;
  std::size_t size;  // bytes; 0: each element has its own
};
constexpr std::array<Datatype, 12> kDatatypes{{{"BOOL", 1},
                                               {"INT8", 1},
                                               {"INT16", 2},
                                               {"INT32", 4},
                                               {"INT64", 8},
                                               {"UINT8", 1},
                                               {"UINT16", 2},
                                               {"UINT32", 4},
                                               {"UINT64", 8},
                                               {"FP32", 4},
                                               {"FP64", 8},
                                               {"BYTES", 0}}};

Result<Datatype> find_datatype(const std::string& name) {
  const auto* found = std::ranges::find(kDatatypes, name, &Datatype::name);
  if (found == kDatatypes.end()) return unsupported("the datatype \"" + name + "\" is none that is read here");
  return *found;
}

template <typename T>
void append(std::string& bytes, T value) {
  char raw[sizeof(T)];
  std::memcpy(raw, &value, sizeof(T));
  bytes.append(raw, sizeof(T));
}

template <typename T>
Status append_integer(std::string& bytes, const Json& value) {
  if (value.is_bool()) {
    append<T>(bytes, static_cast<T>(value.as_bool() ? 1 : 0));
    return {};
  }
  if (!value.is_integer()) return malformed("its data must be whole numbers");
  const std::int64_t number = value.as_integer();
  if constexpr (sizeof(T) < 8) {
    if (number < static_cast<std::int64_t>(std::numeric_limits<T>::min()) ||
        number > static_cast<std::int64_t>(std::numeric_limits<T>::max()))
      return malformed("its data holds a number beyond the datatype's range");
  } else if (std::is_unsigned_v<T> && number < 0) {
    return malformed("its data holds a number beyond the datatype's range");
  }
  append<T>(bytes, static_cast<T>(number));
  return {};
}

Status append_value(std::string& bytes, std::string_view type, const Json& value) {
  if (type == "BYTES") {
    if (!value.is_string()) return malformed("its data must be strings");
    append(bytes, static_cast<std::uint32_t>(value.as_string().size()));
    bytes += value.as_string();
    return {};
  }
  if (type == "FP32" || type == "FP64") {
    if (!value.is_number()) return malformed("its data must be numbers");
    type == "FP32" ? append(bytes, static_cast<float>(value.as_number())) : append(bytes, value.as_number());
    return {};
  }
  if (type == "BOOL" || type == "UINT8") return append_integer<std::uint8_t>(bytes, value);
  if (type == "INT8") return append_integer<std::int8_t>(bytes, value);
  if (type == "INT16") return append_integer<std::int16_t>(bytes, value);
  if (type == "UINT16") return append_integer<std::uint16_t>(bytes, value);
  if (type == "INT32") return append_integer<std::int32_t>(bytes, value);
  if (type == "UINT32") return append_integer<std::uint32_t>(bytes, value);
  if (type == "INT64") return append_integer<std::int64_t>(bytes, value);
  return append_integer<std::uint64_t>(bytes, value);
}

/// Flat, or nested as the shape is.
Status append_data(std::string& bytes, std::string_view type, const Json& data, std::int64_t& count, int depth) {
  constexpr int kDeepest = 16;
  if (!data.is_array()) {
    ++count;
    return append_value(bytes, type, data);
  }
  if (depth == kDeepest) return malformed("its data is nested more than 16 deep");
  for (const Json& part : data.as_array()) POISE_RETURN_IF_ERROR(append_data(bytes, type, part, count, depth + 1));
  return {};
}

Result<std::int64_t> parse_shape(const Json& json, std::vector<std::int64_t>& shape) {
  const Json* member = json.find("shape");
  if (member == nullptr || !member->is_array()) return malformed("member \"shape\" must be an array of whole numbers");
  std::int64_t count = 1;
  for (const Json& extent : member->as_array()) {
    if (!extent.is_integer() || extent.as_integer() < 0)
      return malformed("member \"shape\" must be an array of whole numbers from 0 on");
    shape.push_back(extent.as_integer());
    if (shape.back() > 0 && count > kMostElements / shape.back()) return too_large("its shape has too many elements");
    count *= shape.back();
  }
  return count;
}

bool flag(const Json& json, const char* name, bool otherwise) {
  const Json* parameters = json.find("parameters");
  const Json* value = parameters == nullptr ? nullptr : parameters->find(name);
  return value != nullptr && value->is_bool() ? value->as_bool() : otherwise;
}

/// How many elements of BYTES there are, or that they do not fit.
Status check_bytes(std::string_view bytes, std::int64_t count) {
  for (; count > 0; --count) {
    std::uint32_t length = 0;
    if (bytes.size() < sizeof(length)) return malformed("its binary data ends early");
    std::memcpy(&length, bytes.data(), sizeof(length));
    bytes.remove_prefix(sizeof(length));
    if (bytes.size() < length) return malformed("its binary data ends early");
    bytes.remove_prefix(length);
  }
  if (!bytes.empty()) return malformed("its binary data is longer than its shape says");
  return {};
}

/// Takes from `binary` what is the tensor's.
Result<KserveTensor> parse_tensor(const Json& json, std::string_view& binary) {
  KserveTensor tensor;
  POISE_TRY(tensor.name, json.string("name"));
  POISE_TRY(tensor.datatype, json.string("datatype"));
  POISE_TRY(const Datatype datatype, find_datatype(tensor.datatype));
  POISE_TRY(const std::int64_t count, parse_shape(json, tensor.shape));
  const Json* parameters = json.find("parameters");
  const Json* size = parameters == nullptr ? nullptr : parameters->find("binary_data_size");
  if (size != nullptr) {
    if (!size->is_integer() || size->as_integer() < 0 || static_cast<std::uint64_t>(size->as_integer()) > binary.size())
      return malformed("its binary_data_size is more than there is behind the JSON");
    tensor.bytes = std::string(binary.substr(0, static_cast<std::size_t>(size->as_integer())));
    binary.remove_prefix(tensor.bytes.size());
    if (datatype.size == 0) {
      POISE_RETURN_IF_ERROR(check_bytes(tensor.bytes, count));
    } else if (tensor.bytes.size() != static_cast<std::uint64_t>(count) * datatype.size) {
      return malformed("its binary data and its shape do not fit");
    }
    return tensor;
  }
  const Json* data = json.find("data");
  if (data == nullptr || !data->is_array()) return malformed("member \"data\" must be an array");
  std::int64_t found = 0;
  POISE_RETURN_IF_ERROR(append_data(tensor.bytes, datatype.name, *data, found, 0));
  if (found != count) {
    return malformed("its data has " + std::to_string(found) + " elements, its shape " + std::to_string(count));
  }
  return tensor;
}

template <typename T>
void read_values(std::string_view bytes, Json& data) {
  for (std::size_t at = 0; at + sizeof(T) <= bytes.size(); at += sizeof(T)) {
    T value;
    std::memcpy(&value, bytes.data() + at, sizeof(T));
    data.push(value);
  }
}

Json data_of(const KserveTensor& tensor) {
  Json data = Json::array();
  if (tensor.datatype == "FP32") read_values<float>(tensor.bytes, data);
  if (tensor.datatype == "INT64") read_values<std::int64_t>(tensor.bytes, data);
  return data;
}

}  // namespace

Result<KserveRequest> parse_infer_request(const HttpRequest& request) {
  std::string_view body = request.body, binary;
  if (const std::string_view given = request.header(kJsonLength); !given.empty()) {
    std::size_t length = 0;
    const auto [end, error] = std::from_chars(given.data(), given.data() + given.size(), length);
    if (error != std::errc() || end != given.data() + given.size() || length > body.size())
      return malformed("Inference-Header-Content-Length must be the length of the JSON, at most the body's");
    binary = body.substr(length);
    body = body.substr(0, length);
  }
  POISE_TRY(const Json json, parse_json(body));
  KserveRequest parsed;
  if (json.find("id") != nullptr) {
    POISE_TRY(parsed.id, json.string("id"));
  }
  const Json* inputs = json.find("inputs");
  if (inputs == nullptr || !inputs->is_array()) return malformed("member \"inputs\" must be an array");
  for (std::size_t i = 0; i < inputs->as_array().size(); ++i) {
    auto tensor = parse_tensor(inputs->as_array()[i], binary);
    if (!tensor.ok()) return tensor.error().prefixed("inputs[" + std::to_string(i) + "]");
    parsed.inputs.push_back(std::move(*tensor));
  }
  if (!binary.empty()) return malformed("there are more bytes behind the JSON than the inputs name");
  parsed.binary_outputs = flag(json, "binary_data_output", false);
  if (const Json* outputs = json.find("outputs"); outputs != nullptr) {
    if (!outputs->is_array()) return malformed("member \"outputs\" must be an array");
    for (const Json& output : outputs->as_array()) {
      POISE_TRY(std::string name, output.string("name"));
      parsed.outputs.push_back({std::move(name), flag(output, "binary_data", parsed.binary_outputs)});
    }
  }
  return parsed;
}

Result<HttpResponse> infer_response(const std::string& model, const KserveRequest& request,
                                    const std::vector<KserveTensor>& outputs) {
  std::vector<KserveRequest::Output> wanted = request.outputs;
  if (wanted.empty()) {
    for (const KserveTensor& output : outputs) wanted.push_back({output.name, request.binary_outputs});
  }
  if (wanted.size() > outputs.size()) {  // one output named a million times is an answer of gigabytes
    return invalid_argument("the request names " + counted(wanted.size(), "output") + ", the model has " +
                            std::to_string(outputs.size()));
  }
  Json list = Json::array();
  std::string binary;
  bool is_binary = false;
  for (const KserveRequest::Output& want : wanted) {
    const auto found = std::ranges::find(outputs, want.name, &KserveTensor::name);
    if (found == outputs.end()) return invalid_argument("there is no output \"" + want.name + "\"");
    Json shape = Json::array();
    for (const std::int64_t extent : found->shape) shape.push(extent);
    Json entry = Json::Object{{"name", found->name}, {"datatype", found->datatype}, {"shape", std::move(shape)}};
    if (want.binary) {
      is_binary = true;
      binary += found->bytes;
      entry.set("parameters", Json::Object{{"binary_data_size", static_cast<std::int64_t>(found->bytes.size())}});
    } else {
      entry.set("data", data_of(*found));
    }
    list.push(std::move(entry));
  }
  Json json = Json::Object{{"model_name", model}, {"model_version", "1"}};
  if (!request.id.empty()) json.set("id", request.id);
  json.set("outputs", std::move(list));
  HttpResponse response;
  response.body = json.dump();
  if (!is_binary) return response;
  response.content_type = "application/octet-stream";
  response.headers.emplace_back("Inference-Header-Content-Length", std::to_string(response.body.size()));
  response.body += binary;
  return response;
}

HttpResponse kserve_error(const Error& error) {
  return json_response(Json::Object{{"error", error.message}}, error_response(error).status);
}

KserveTensor float_tensor(std::string name, std::vector<std::int64_t> shape, const std::vector<float>& values) {
  KserveTensor tensor{std::move(name), "FP32", std::move(shape), {}};
  tensor.bytes.resize(values.size() * sizeof(float));
  if (!values.empty()) std::memcpy(tensor.bytes.data(), values.data(), tensor.bytes.size());
  return tensor;
}

}  // namespace poise
