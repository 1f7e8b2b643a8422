#pragma once
// Requests answered with poses: what a server, a function in the cloud and a test share. It knows no sockets; what
// carries requests hands them over and takes the answers. Finders over the same weights, of one thread each where not
// told otherwise, work side by side behind one bounded queue. Thread-safe but where it says otherwise.
//
//   POST /v1/poses                       a picture: the body, a form's file `image`, or {"image": base64}; boxes may be
//   given GET  /v1/models /healthz /readyz /openapi.json GET  /v2 /v2/health/... /v2/models/...  POST .../infer   the
//   Open Inference Protocol, version 2 (kserve.h)

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "poise/base/result.h"
#include "poise/draw/draw.h"
#include "poise/infer/pose_finder.h"
#include "poise/serve/http_message.h"
#include "poise/serve/service_metrics.h"
#include "poise/serve/work_queue.h"

namespace poise {

struct PoseServiceOptions {
  PoseFinderOptions finder = {};
  int workers = 0;                             // pictures looked at at the same time; 0: one a compute thread
  int threads = 1;                             // that a worker computes with
  std::size_t queue = 64;                      // requests that wait for a worker; those beyond are refused
  std::chrono::milliseconds deadline{30'000};  // a request that waited longer is refused
  std::uint64_t max_pixels = 40'000'000;       // of a picture
  std::size_t max_boxes = 500;                 // that a request may give
  DrawOptions draw = {};                       // of drawn answers; min_score of formats, too
  std::shared_ptr<ServiceMetrics> metrics = {};
};

class PoseStream;
/// Takes one answer of a stream, on a thread of the service's own or that of PoseStream::frame().
using TakeAnswer = std::function<void(std::string json)>;

class PoseService {
 public:
  using Reply = std::function<void(HttpResponse)>;  // once; on the caller's thread or one of the service's own

  /// Errors: those of PoseFinder::open; kInvalidArgument: boxes of a file as the source of people.
  static Result<std::unique_ptr<PoseService>> open(const PoseServiceOptions& options);
  ~PoseService();  // what waits is refused
  PoseService(const PoseService&) = delete;
  PoseService& operator=(const PoseService&) = delete;

  /// Setting the flag says that nobody waits for the answer any more; it then may never come.
  CancelFlag answer(HttpRequest request, Reply reply);
  /// The same, waited for.
  HttpResponse answer(HttpRequest request);

  /// Frames of one camera: people keep their ids from frame to frame, and where frames come faster than they are looked
  /// at, the newest counts. Ends with its last owner.
  std::shared_ptr<PoseStream> open_stream(TakeAnswer take);

  /// From now on /readyz says no; requests are still answered.
  void drain();
  bool ready() const;
  /// Whether nobody waits for an answer of the workers.
  bool idle() const;
  int workers() const;

 private:
  friend class PoseStream;
  struct State;
  explicit PoseService(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// Thread-safe.
class PoseStream {
 public:
  /// A frame: the bytes of a JPEG, PNG or WebP picture. Its answer is {"frame": number from 1, "lag_ms", "skipped":
  /// frames that went since the last answer, "width", "height", "persons": [...]}, or {"frame", "error"}: of a picture
  /// that cannot be read, or where all workers are busy.
  void frame(std::string bytes);
  /// No more answers are given; one that is just being given is waited for. Not from within it.
  void end();

 private:
  friend class PoseService;
  struct State;
  explicit PoseStream(std::shared_ptr<State> state) : state_(std::move(state)) {}
  static void work(const std::shared_ptr<State>& state);
  std::shared_ptr<State> state_;
};

}  // namespace poise
