#include "poise/serve/pose_service.h"

#include <algorithm>
#include <cmath>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

#include "poise/base/version.h"
#include "poise/models/model_store.h"
#include "poise/models/shipped.h"
#include "poise/serve/openapi.h"
#include "poise/serve/picture_request.h"
#include "poise/serve/served_models.h"
#include "poise/stream/frame_tracker.h"

namespace poise {
namespace {

using Clock = std::chrono::steady_clock;
using Stage = ServiceMetrics::Stage;
using Refusal = ServiceMetrics::Refusal;

double seconds_since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

HttpResponse busy(const std::string& message) {
  HttpResponse response = error_response(503, "busy", message);
  response.headers.emplace_back("Retry-After", "1");
  return response;
}

HttpResponse method_not_allowed(const std::string& allowed) {
  HttpResponse response = error_response(405, "method_not_allowed", "this address takes " + allowed);
  response.headers.emplace_back("Allow", allowed);
  return response;
}

struct NoMetrics : ServiceMetrics {
  void took(Stage, double) override {}
  void refused(Refusal) override {}
  void people(std::size_t) override {}
  void waiting(std::size_t) override {}
};

}  // namespace

struct PoseService::State {
  PoseServiceOptions options;
  std::shared_ptr<ServiceMetrics> metrics;
  std::string model_name;
  Provenance provenance;
  Json models;  // the answer of /v1/models
  std::deque<Worker> workers;
  std::atomic<bool> draining = false;
  std::unique_ptr<WorkQueue> queue;  // last: its threads use what stands above

  Status open_workers();
  std::optional<HttpResponse> answer_at_once(const HttpRequest& request) const;
  HttpResponse work(Worker& worker, const HttpRequest& request);
  HttpResponse poses(Worker& worker, const HttpRequest& request);
  Result<HttpResponse> try_poses(Worker& worker, const HttpRequest& request);
};

Status PoseService::State::open_workers() {
  POISE_TRY(OpenModel model, ModelStore(options.finder.models).open(options.finder.model.string()));
  model_name = model.name;
  Graph graph = model.onnx.graph;  // shares its weights
  POISE_TRY(PoseFinder finder, PoseFinder::open(std::move(model), options.finder));
  provenance = provenance_of(finder, model_name);
  models = models_json(finder, model_name);
  SessionOptions session_options;
  session_options.threads = options.threads;
  session_options.precision = finder.precision();
  session_options.max_memory = options.finder.estimate.run.max_memory;
  const auto network = std::make_shared<LazyNetwork>(std::move(graph), session_options);
  const int wanted = options.workers > 0 ? options.workers : finder.threads();
  for (int i = 0; i < wanted; ++i) {
    auto sibling = finder.sibling(options.threads);
    if (!sibling) break;
    workers.push_back({std::move(*sibling), network, std::nullopt, {}});
  }
  if (workers.empty()) workers.push_back({std::move(finder), network, std::nullopt, {}});
  return {};
}

/// What needs no worker; nothing where one is needed.
std::optional<HttpResponse> PoseService::State::answer_at_once(const HttpRequest& request) const {
  const std::string& path = request.path;
  const bool is_get = request.method == "GET" || request.method == "HEAD";
  if (path == "/v1/poses") {
    if (request.method == "POST") return std::nullopt;
    return method_not_allowed("POST");
  }
  if (path.starts_with("/v2")) return answer_kserve_at_once(request, workers.front(), model_name, !draining);
  const bool known = path == "/healthz" || path == "/readyz" || path == "/v1/models" || path == "/openapi.json";
  if (!known) return error_response(404, "not_found", "there is nothing at " + path + "; /openapi.json says what is");
  if (!is_get) return method_not_allowed("GET");
  if (path == "/healthz") return HttpResponse{200, "text/plain", {}, "ok\n"};
  if (path == "/v1/models") return json_response(models);
  if (path == "/openapi.json") return HttpResponse{200, "application/json", {}, std::string(openapi_text())};
  if (draining) return HttpResponse{503, "text/plain", {}, "ends\n"};
  return HttpResponse{200, "text/plain", {}, "ready\n"};
}

HttpResponse PoseService::State::work(Worker& worker, const HttpRequest& request) {
  try {
    return request.path == "/v1/poses" ? poses(worker, request)
                                       : answer_infer(worker, request, model_name, options.max_pixels);
  } catch (const std::exception& error) {  // memory for one; the next request may do better
    return error_response(500, "internal", error.what());
  }
}

HttpResponse PoseService::State::poses(Worker& worker, const HttpRequest& request) {
  auto answered = try_poses(worker, request);
  return answered.ok() ? std::move(*answered) : error_response(answered.error());
}

Result<HttpResponse> PoseService::State::try_poses(Worker& worker, const HttpRequest& request) {
  auto begin = Clock::now();
  POISE_TRY(const AnswerForm form, parse_answer_form(request, options.draw));
  POISE_TRY(PictureRequest picture, parse_picture_request(request, options.max_boxes));
  POISE_TRY(DecodedImage decoded, decode_picture(picture.bytes(), options.max_pixels));
  metrics->took(Stage::kDecode, seconds_since(begin));
  begin = Clock::now();
  const ImageView view = decoded.image.view();
  POISE_TRY(FrameResult frame, picture.boxes ? worker.finder.find(view, *picture.boxes) : worker.finder.find(view));
  frame.source = picture.file_name.empty() ? "picture" : picture.file_name;
  frame.exif_orientation = decoded.exif_orientation;
  frame.exif_applied = decoded.exif_applied;
  metrics->took(Stage::kFind, seconds_since(begin));
  metrics->people(frame.poses.size());
  begin = Clock::now();
  auto answer = write_answer(form, std::move(frame), std::move(decoded.image), worker.finder.skeleton(), provenance);
  metrics->took(Stage::kWrite, seconds_since(begin));
  return answer;
}

PoseService::PoseService(std::unique_ptr<State> state) : state_(std::move(state)) {}

PoseService::~PoseService() {
  drain();
  state_->queue->end();
}

Result<std::unique_ptr<PoseService>> PoseService::open(const PoseServiceOptions& options) {
  auto state = std::make_unique<State>();
  state->options = options;
  state->metrics = options.metrics ? options.metrics : std::make_shared<NoMetrics>();
  POISE_RETURN_IF_ERROR(state->open_workers());
  state->provenance.settings.set("min_score", options.draw.min_score);
  state->queue = std::make_unique<WorkQueue>(state->workers.size(), options.queue);
  return std::unique_ptr<PoseService>(new PoseService(std::move(state)));
}

CancelFlag PoseService::answer(HttpRequest request, Reply reply) {
  CancelFlag cancelled = make_cancel_flag();
  if (auto response = state_->answer_at_once(request)) {
    reply(std::move(*response));
    return cancelled;
  }
  const auto begin = Clock::now();
  auto shared = std::make_shared<std::pair<HttpRequest, Reply>>(std::move(request), std::move(reply));
  const auto run = [this, shared, begin](std::size_t thread, WorkQueue::Turn turn) {
    State& state = *state_;
    state.metrics->waiting(state.queue->waiting());
    state.metrics->took(Stage::kQueue, seconds_since(begin));
    if (turn == WorkQueue::Turn::kRun) {
      shared->second(state.work(state.workers[thread], shared->first));
      return state.metrics->took(Stage::kAll, seconds_since(begin));
    }
    const bool expired = turn == WorkQueue::Turn::kExpired;
    state.metrics->refused(expired ? Refusal::kDeadline : Refusal::kClosed);
    shared->second(busy(expired ? "the request waited too long for its turn" : "the request is not waited for"));
  };
  if (!state_->queue->push({run, cancelled, begin + state_->options.deadline})) {
    state_->metrics->refused(Refusal::kQueueFull);
    shared->second(busy("all workers are busy and as many requests wait as may"));
  } else {
    state_->metrics->waiting(state_->queue->waiting());
  }
  return cancelled;
}

HttpResponse PoseService::answer(HttpRequest request) {
  std::mutex mutex;
  std::condition_variable wake;
  std::optional<HttpResponse> response;
  answer(std::move(request), [&](HttpResponse given) {
    const std::lock_guard lock(mutex);
    response = std::move(given);
    wake.notify_one();
  });
  std::unique_lock lock(mutex);
  wake.wait(lock, [&] { return response.has_value(); });
  return std::move(*response);
}

void PoseService::drain() { state_->draining = true; }
bool PoseService::ready() const { return !state_->draining; }
bool PoseService::idle() const { return state_->queue->idle(); }
int PoseService::workers() const { return static_cast<int>(state_->workers.size()); }

struct PoseStream::State {
  struct Frame {
    std::string bytes;
    Clock::time_point came;
    std::int64_t number = 0;
  };
  PoseService::State* service = nullptr;
  TakeAnswer take;
  Clock::time_point begin = Clock::now();

  std::mutex mutex;  // of the next six
  bool ended = false, giving = false;
  std::condition_variable given;
  std::optional<Frame> newest;
  std::int64_t came = 0, skipped = 0;
  bool busy = false;

  std::optional<FrameTracker> tracker;  // frames are looked at one at a time

  void give(std::string answer);
  Json look(Worker& worker, const Frame& frame);
  Result<Json> try_look(Worker& worker, const Frame& frame);
};

std::shared_ptr<PoseStream> PoseService::open_stream(TakeAnswer take) {
  auto state = std::make_shared<PoseStream::State>();
  state->service = state_.get();
  state->take = std::move(take);
  return std::shared_ptr<PoseStream>(new PoseStream(std::move(state)));
}

void PoseStream::frame(std::string bytes) {
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->newest) ++state_->skipped;
    state_->newest = State::Frame{std::move(bytes), Clock::now(), ++state_->came};
    if (state_->busy) return;
    state_->busy = true;
  }
  work(state_);
}

/// Queues a look at the newest frame, and after it at the one that is then the newest.
void PoseStream::work(const std::shared_ptr<State>& state) {
  PoseService::State& service = *state->service;
  const auto run = [state, &service](std::size_t thread, WorkQueue::Turn turn) {
    std::optional<State::Frame> frame;
    std::int64_t skipped = 0;
    {
      const std::lock_guard lock(state->mutex);
      frame = std::move(state->newest);
      state->newest.reset();
      skipped = std::exchange(state->skipped, 0);
    }
    if (frame && turn == WorkQueue::Turn::kRun) {
      Json answer = state->look(service.workers[thread], *frame);
      answer.set("skipped", skipped);
      answer.set("lag_ms", std::round(seconds_since(frame->came) * 1e4) / 10);
      state->give(answer.dump());
    }
    {
      const std::lock_guard lock(state->mutex);
      state->busy = state->newest.has_value() && turn != WorkQueue::Turn::kCancelled;
      if (!state->busy) return;
    }
    work(state);
  };
  if (service.queue->push({run})) return;
  service.metrics->refused(Refusal::kQueueFull);
  std::int64_t number = 0;
  {
    const std::lock_guard lock(state->mutex);
    state->busy = false;
    if (state->newest) number = state->newest->number;
    state->newest.reset();
  }
  state->give(
      Json(Json::Object{{"frame", number}, {"error", "all workers are busy and as many requests wait as may"}}).dump());
}

void PoseStream::State::give(std::string answer) {
  {
    const std::lock_guard lock(mutex);
    if (ended) return;
    giving = true;
  }
  take(std::move(answer));
  const std::lock_guard lock(mutex);
  giving = false;
  given.notify_all();
}

void PoseStream::end() {
  std::unique_lock lock(state_->mutex);
  state_->ended = true;
  state_->given.wait(lock, [this] { return !state_->giving; });
}

Json PoseStream::State::look(Worker& worker, const Frame& frame) {
  try {
    auto looked = try_look(worker, frame);
    if (looked.ok()) return std::move(*looked);
    return Json::Object{{"frame", frame.number}, {"error", looked.error().message}};
  } catch (const std::exception& error) {
    return Json::Object{{"frame", frame.number}, {"error", error.what()}};
  }
}

Result<Json> PoseStream::State::try_look(Worker& worker, const Frame& frame) {
  POISE_TRY(const DecodedImage decoded, decode_picture(frame.bytes, service->options.max_pixels));
  const ImageView image = decoded.image.view();
  PoseFinder& finder = worker.finder;
  if (!tracker) tracker.emplace(finder.skeleton(), FrameTrackerOptions{.flow = false});
  const double seconds = std::chrono::duration<double>(frame.came - begin).count();
  POISE_TRY(FrameResult found, tracker->next(finder, image, seconds));
  service->metrics->people(found.poses.size());
  return Json(Json::Object{{"frame", frame.number},
                           {"width", image.width},
                           {"height", image.height},
                           {"persons", persons_of(std::move(found), finder.skeleton())}});
}

}  // namespace poise
