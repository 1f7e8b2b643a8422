#pragma once
// What a worker of the service holds, and the models by name: the whole pipeline, a picture in and poses out, and the
// pose network alone. One thread a worker.

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "poise/base/json.h"
#include "poise/engine/session.h"
#include "poise/infer/pose_finder.h"
#include "poise/serve/http_message.h"

namespace poise {

/// The network's input and outputs.
struct NetworkEnds {
  std::string input;
  Shape shape;  // of the input; negative where an extent is free
  std::vector<std::string> outputs;
};
NetworkEnds ends_of(const Graph& graph);

/// The pose network alone, opened for the first request that asks for it: most ask for poses. Thread-safe.
class LazyNetwork {
 public:
  LazyNetwork(Graph graph, SessionOptions options)
      : ends(ends_of(graph)), graph_(std::move(graph)), options_(std::move(options)) {}
  const NetworkEnds ends;
  /// One of the caller's own. Errors: those of Session::create.
  Result<Session> session();

 private:
  std::mutex mutex_;
  Graph graph_;
  SessionOptions options_;
  std::optional<Session> first_;
};

struct Worker {
  PoseFinder finder;
  std::shared_ptr<LazyNetwork> network;
  std::optional<Session> session;  // of the network, once one was asked for
  std::vector<Tensor> memory;      // of its answers
};

/// The name of the whole pipeline in the Open Inference Protocol.
inline constexpr const char* kPipelineName = "poise";

/// {"models": [{"name", "kind": "pose" | "detector", "input", "skeleton", "joints", "licence", ...}]}.
Json models_json(const PoseFinder& finder, const std::string& model_name);

/// Of /v2: all but inference, for which nothing comes back.
std::optional<HttpResponse> answer_kserve_at_once(const HttpRequest& request, const Worker& worker,
                                                  const std::string& model_name, bool ready);

/// POST /v2/models/NAME/infer. Of the pipeline the input "image" is UINT8 (height, width, 3) or (1, height, width, 3),
/// RGB, or BYTES of one element, a picture's file; outputs are FP32 "keypoints" (persons, joints, 3: x, y, score),
/// "boxes" (persons, 4: x, y, width, height) and "scores" (persons).
HttpResponse answer_infer(Worker& worker, const HttpRequest& request, const std::string& model_name,
                          std::uint64_t max_pixels);

}  // namespace poise
