#include "poise/serve/served_models.h"

#include <cstring>

#include "poise/base/version.h"
#include "poise/serve/kserve.h"
#include "poise/serve/picture_request.h"

namespace poise {
namespace {

/// "poise-small" of "poise-small.onnx": a part of an address.
std::string address_name(const std::string& model) {
  const std::size_t end = model.rfind(".onnx");
  return end == std::string::npos || end == 0 ? model : model.substr(0, end);
}

struct ModelPath {
  std::string model;   // "" where the path names none
  std::string action;  // "", "ready", "infer"
};

/// "/v2/models/NAME[/versions/1][/ACTION]".
std::optional<ModelPath> parse_model_path(std::string_view path) {
  constexpr std::string_view kStart = "/v2/models/";
  if (!path.starts_with(kStart)) return std::nullopt;
  path.remove_prefix(kStart.size());
  ModelPath parsed;
  const std::size_t end = path.find('/');
  parsed.model = std::string(path.substr(0, end));
  path = end == std::string_view::npos ? std::string_view() : path.substr(end);
  constexpr std::string_view kVersion1 = "/versions/1";
  if (path.starts_with(kVersion1)) path.remove_prefix(kVersion1.size());
  if (!path.empty() && path.front() != '/') return std::nullopt;
  if (!path.empty()) parsed.action = std::string(path.substr(1));
  return parsed;
}

Json shape_json(const std::vector<std::int64_t>& shape) {
  Json json = Json::array();
  for (const std::int64_t extent : shape) json.push(extent);
  return json;
}

Json tensor_json(const std::string& name, const char* datatype, const std::vector<std::int64_t>& shape) {
  return Json::Object{{"name", name}, {"datatype", datatype}, {"shape", shape_json(shape)}};
}

Json pipeline_metadata(const Skeleton& skeleton) {
  Json inputs = Json::array(), outputs = Json::array();
  inputs.push(tensor_json("image", "UINT8", {-1, -1, 3}));
  outputs.push(tensor_json("keypoints", "FP32", {-1, static_cast<std::int64_t>(skeleton.joints.size()), 3}));
  outputs.push(tensor_json("boxes", "FP32", {-1, 4}));
  outputs.push(tensor_json("scores", "FP32", {-1}));
  Json versions = Json::array();
  versions.push("1");
  return Json::Object{{"name", kPipelineName},
                      {"versions", std::move(versions)},
                      {"platform", "poise"},
                      {"inputs", std::move(inputs)},
                      {"outputs", std::move(outputs)}};
}

Json network_metadata(const Worker& worker, const std::string& name) {
  std::vector<std::int64_t> shape;
  for (std::size_t d = 0; d < worker.network->ends.shape.size(); ++d) shape.push_back(worker.network->ends.shape[d]);
  if (!shape.empty()) shape.front() = -1;
  Json inputs = Json::array(), outputs = Json::array(), versions = Json::array();
  versions.push("1");
  inputs.push(tensor_json(worker.network->ends.input, "FP32", shape));
  for (const std::string& output : worker.network->ends.outputs)
    outputs.push(tensor_json(output, "FP32", {-1, -1, -1, -1}));
  return Json::Object{{"name", name},
                      {"versions", std::move(versions)},
                      {"platform", "poise"},
                      {"inputs", std::move(inputs)},
                      {"outputs", std::move(outputs)}};
}

Json server_metadata() {
  Json extensions = Json::array();
  extensions.push("binary_tensor_data");
  return Json::Object{{"name", "poise"}, {"version", kVersion}, {"extensions", std::move(extensions)}};
}

const KserveTensor* only_input(const KserveRequest& request) {
  return request.inputs.size() == 1 ? request.inputs.data() : nullptr;
}

/// The RGB pixels of the pipeline's input.
Result<Image> image_of(const KserveTensor& tensor, std::uint64_t max_pixels) {
  if (tensor.datatype == "BYTES") {
    constexpr std::size_t kLength = sizeof(std::uint32_t);
    if (tensor.shape != std::vector<std::int64_t>{1} && tensor.shape != std::vector<std::int64_t>{1, 1})
      return invalid_argument("the input of BYTES must hold one picture's file");
    POISE_TRY(DecodedImage decoded, decode_picture(std::string_view(tensor.bytes).substr(kLength), max_pixels));
    return std::move(decoded.image);
  }
  std::vector<std::int64_t> shape = tensor.shape;
  if (shape.size() == 4 && shape.front() == 1) shape.erase(shape.begin());
  if (tensor.datatype != "UINT8" || shape.size() != 3 || shape[2] != 3 || shape[0] < 1 || shape[1] < 1)
    return invalid_argument("the input must be UINT8 of shape (height, width, 3), RGB, or BYTES, a picture's file");
  constexpr std::int64_t kLongest = 65'535;
  if (shape[0] > kLongest || shape[1] > kLongest || static_cast<std::uint64_t>(shape[0] * shape[1]) > max_pixels)
    return too_large("the picture has more than " + std::to_string(max_pixels) + " pixels");
  Image image(static_cast<int>(shape[1]), static_cast<int>(shape[0]));
  std::memcpy(image.data(), tensor.bytes.data(), tensor.bytes.size());
  return image;
}

Result<HttpResponse> infer_pipeline(Worker& worker, const KserveRequest& request, std::uint64_t max_pixels) {
  const KserveTensor* input = only_input(request);
  if (input == nullptr) return invalid_argument("the pipeline has one input, image");
  POISE_TRY(const Image image, image_of(*input, max_pixels));
  POISE_TRY(const FrameResult frame, worker.finder.find(image.view()));
  std::vector<float> keypoints, boxes, scores;
  for (const Pose& pose : frame.poses) {
    for (const Keypoint& joint : pose.keypoints)
      keypoints.insert(keypoints.end(), {joint.point.x, joint.point.y, joint.score});
    boxes.insert(boxes.end(), {pose.box.x, pose.box.y, pose.box.width, pose.box.height});
    scores.push_back(pose.score);
  }
  const auto persons = static_cast<std::int64_t>(frame.poses.size());
  const std::int64_t joints = worker.finder.skeleton().size();
  return infer_response(kPipelineName, request,
                        {float_tensor("keypoints", {persons, joints, 3}, keypoints),
                         float_tensor("boxes", {persons, 4}, boxes), float_tensor("scores", {persons}, scores)});
}

Result<HttpResponse> infer_network(Worker& worker, const KserveRequest& request, const std::string& name) {
  const KserveTensor* input = only_input(request);
  if (input == nullptr || input->datatype != "FP32" || input->shape.size() != 4)
    return invalid_argument("the network has one input, FP32 of shape (batch, 3, height, width)");
  constexpr std::int64_t kMostBatch = 64;
  if (input->shape[0] < 1 || input->shape[0] > kMostBatch) return invalid_argument("a batch of 1 to 64 is taken");
  Tensor tensor(Shape{input->shape[0], input->shape[1], input->shape[2], input->shape[3]});
  std::memcpy(tensor.floats().data(), input->bytes.data(), input->bytes.size());
  const TensorView view(tensor);
  if (!worker.session) {
    POISE_TRY(worker.session, worker.network->session());
  }
  POISE_RETURN_IF_ERROR(worker.session->run(std::span(&view, 1), worker.memory));
  std::vector<KserveTensor> outputs;
  for (std::size_t i = 0; i < worker.memory.size(); ++i) {
    const Tensor& output = worker.memory[i];
    KserveTensor named{worker.network->ends.outputs.at(i), output.type() == DType::kInt64 ? "INT64" : "FP32", {}, {}};
    for (std::size_t d = 0; d < output.shape().size(); ++d) named.shape.push_back(output.shape()[d]);
    if (output.type() == DType::kFloat32) {
      const auto values = output.floats();
      named.bytes.assign(reinterpret_cast<const char*>(values.data()), values.size_bytes());
    } else if (output.type() == DType::kInt64) {
      const auto values = output.ints();
      named.bytes.assign(reinterpret_cast<const char*>(values.data()), values.size_bytes());
    } else {
      return unsupported("the output " + named.name + " is of a type that is not handed out");
    }
    outputs.push_back(std::move(named));
  }
  return infer_response(name, request, outputs);
}

}  // namespace

Result<Session> LazyNetwork::session() {
  const std::lock_guard lock(mutex_);
  if (!first_) {
    POISE_TRY(first_, Session::create(graph_, options_));
    graph_ = {};  // the session has its own form of it
  }
  return first_->sibling();
}

NetworkEnds ends_of(const Graph& graph) {
  NetworkEnds ends;
  if (!graph.inputs.empty()) {
    ends.input = graph.values.at(graph.inputs.front()).name;
    ends.shape = graph.values.at(graph.inputs.front()).shape;
  }
  for (const auto output : graph.outputs) ends.outputs.push_back(graph.values.at(output).name);
  return ends;
}

Json models_json(const PoseFinder& finder, const std::string& model_name) {
  Json models = Json::array();
  Json joints = Json::array();
  for (const Joint& joint : finder.skeleton().joints) joints.push(joint.name);
  Json limbs = Json::array();
  for (const Limb& limb : finder.skeleton().limbs) {
    Json pair = Json::array();
    pair.push(limb.from);
    pair.push(limb.to);
    limbs.push(std::move(pair));
  }
  models.push(Json::Object{{"name", address_name(model_name)},
                           {"kind", "pose"},
                           {"sha256", finder.model_hash()},
                           {"precision", std::string(name_of(finder.precision()))},
                           {"skeleton", finder.skeleton().name},
                           {"joints", std::move(joints)},
                           {"limbs", std::move(limbs)},
                           {"card", finder.card_json()}});
  if (finder.people().named_detector()) {
    Json detector = to_json(*finder.people().named_detector());
    detector.set("name", finder.people().named_detector()->name);
    detector.set("kind", "detector");
    models.push(std::move(detector));
  }
  return Json::Object{{"poise", kVersion}, {"models", std::move(models)}};
}

std::optional<HttpResponse> answer_kserve_at_once(const HttpRequest& request, const Worker& worker,
                                                  const std::string& model_name, bool ready) {
  const std::string& path = request.path;
  if (path == "/v2" || path == "/v2/") return json_response(server_metadata());
  if (path == "/v2/health/live") return HttpResponse{200, "application/json", {}, {}};
  if (path == "/v2/health/ready") return HttpResponse{ready ? 200 : 503, "application/json", {}, {}};
  const auto model = parse_model_path(path);
  const std::string network = address_name(model_name);
  if (!model || (model->model != kPipelineName && model->model != network))
    return kserve_error(not_found("there is no model of that name: " + std::string(kPipelineName) + " and " + network));
  if (model->action.empty())
    return json_response(model->model == kPipelineName ? pipeline_metadata(worker.finder.skeleton())
                                                       : network_metadata(worker, network));
  if (model->action == "ready") return HttpResponse{ready ? 200 : 503, "application/json", {}, {}};
  if (model->action == "infer" && request.method == "POST") return std::nullopt;
  return kserve_error(not_found("a model is asked for ready, or sent infer by POST"));
}

HttpResponse answer_infer(Worker& worker, const HttpRequest& request, const std::string& model_name,
                          std::uint64_t max_pixels) {
  const auto parsed = parse_infer_request(request);
  if (!parsed.ok()) return kserve_error(parsed.error());
  const auto model = parse_model_path(request.path);
  auto response = model && model->model == kPipelineName ? infer_pipeline(worker, *parsed, max_pixels)
                                                         : infer_network(worker, *parsed, address_name(model_name));
  return response.ok() ? std::move(*response) : kserve_error(response.error());
}

}  // namespace poise
