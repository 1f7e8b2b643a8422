#include "poise/stream/stream.h"

#include <time.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

#include "poise/stream/frame_tracker.h"

namespace poise {
namespace {

using Clock = std::chrono::steady_clock;
using Worker = PipelineNetworks;  // the networks of one thread
double since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

/// Seconds that this thread has computed.
double thread_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// Part of a frame's people, to be estimated by one thread.
struct Portion {
  std::size_t first = 0, count = 0;
  Estimate estimate;
};

/// A frame on its way.
struct Slot {
  VideoFrame frame;
  Clock::time_point read_at;
  bool wants_detector = false;
  bool detecting = false, detected = false;
  bool flowed = false;
  std::shared_ptr<const FlowStep> step;
  std::vector<PersonBox> boxes;  // the detector's; then all that are estimated
  std::vector<Pose> everyone;    // where one network finds people and their joints
  bool proposed = false, linked = false, taking = false;
  std::vector<Portion> portions;
  std::size_t begun = 0, finished = 0;  // of the portions
  TimedFrame found;
};

class FramesUnderWay {
 public:
  FramesUnderWay(VideoSource& source, const StreamParts& parts, const TakeFrame& take, const StreamOptions& options,
                 std::size_t workers)
      : source_(source), parts_(parts), take_(take), options_(options), workers_(workers) {
    window_ = options.live ? 1 : workers + 4;
  }

  void work(const Worker& worker) {
    std::unique_lock lock(mutex_);
    while (!finished()) {
      if (!do_something(worker, lock)) {
        wake_.wait(lock);
      } else {
        wake_.notify_all();
      }
    }
    wake_.notify_all();
  }

  StreamReport report;

 private:
  using Lock = std::unique_lock<std::mutex>;

  bool finished() const { return slots_.empty() && (ended_ || broken_) && !reading_; }

  /// The furthest frame first: what is nearly done frees memory, and the frames after it wait for its people.
  bool do_something(const Worker& worker, Lock& lock) {
    if (broken_) return give_up(lock);
    if (!slots_.empty() && slots_.front()->linked && !slots_.front()->taking) return take(lock);
    if (Slot* slot = to_link(); slot != nullptr) {
      if (slot->proposed && slot->begun < slot->portions.size()) return estimate(worker, *slot, lock);
      if (!slot->proposed && slot->detected && slot->flowed && !linking_) return propose(*slot, lock);
    }
    if (Slot* slot = first([](const Slot& s) { return !s.flowed; }); slot != nullptr && !flowing_)
      return flow(*slot, lock);
    if (Slot* slot = first([](const Slot& s) { return !s.detected && !s.detecting; }); slot != nullptr)
      return detect(worker, *slot, lock);
    if (!reading_ && !ended_ && slots_.size() < window_) return read(lock);
    return false;
  }

  /// After an error: what was linked before is taken, unless taking failed; the rest goes as soon as nobody works on
  /// it.
  bool give_up(Lock& lock) {
    if (slots_.empty()) return false;
    if (slots_.front()->linked && !refused_) return !slots_.front()->taking && take(lock);
    if (busy_ > 0) return false;
    slots_.clear();
    return true;
  }

  template <typename Wanted>
  Slot* first(const Wanted& wanted) {
    const auto slot = std::find_if(slots_.begin(), slots_.end(), [&](const auto& s) { return wanted(*s); });
    return slot == slots_.end() ? nullptr : slot->get();
  }
  Slot* to_link() {
    return first([](const Slot& s) { return !s.linked; });
  }

  /// Runs `stage` without the lock; an exception is an error as any other. A first error breaks the run.
  template <typename Stage>
  bool run(Lock& lock, StageCost& cost, std::int64_t runs, const Stage& stage) {
    ++busy_;
    lock.unlock();
    const double begin = thread_seconds();
    Status status;
    try {
      status = stage();
    } catch (const std::bad_alloc&) {
      status = too_large("there is not memory enough for this frame");
    } catch (const Exception& exception) {
      status = exception.error();
    } catch (const std::exception& exception) {  // a library's
      status = Error{ErrorCode::kUnsupported, exception.what()};
    }
    const double spent = thread_seconds() - begin;
    lock.lock();
    --busy_;
    cost.seconds += spent;
    cost.runs += runs;
    if (!status.ok()) fail(status.error());
    return status.ok();
  }

  void fail(const Error& error) {
    if (!report.error) report.error = error;
    broken_ = true;
  }

  bool read(Lock& lock) {
    if (options_.stop && options_.stop()) {
      ended_ = true;
      return true;
    }
    reading_ = true;
    std::optional<VideoFrame> frame;
    std::optional<Error> error;
    run(lock, report.read, 1, [&]() -> Status {
      auto next = source_.next();
      if (!next.ok()) {
        error = next.error();
      } else {
        frame = std::move(*next);
      }
      return {};
    });
    reading_ = false;
    const bool stopped = options_.stop && options_.stop();          // a pipe whose writer was stopped too ends anywhere
    if (error && !stopped && !report.error) report.error = *error;  // the frames before it are finished
    if (!frame) {
      ended_ = true;
      return true;
    }
    auto slot = std::make_unique<Slot>();
    slot->read_at = Clock::now();
    slot->wants_detector = detector_is_due();
    slot->detected = !slot->wants_detector;
    slot->flowed = parts_.tracker == nullptr || parts_.flow == nullptr;
    slot->found.index = frame->index;
    slot->found.seconds = frame->seconds;
    slot->found.result.width = frame->image.width();
    slot->found.result.height = frame->image.height();
    slot->found.result.box_source = parts_.finder->people().name();
    slot->frame = std::move(*frame);
    slots_.push_back(std::move(slot));
    return true;
  }

  bool detector_is_due() {
    if (parts_.finder->people().is_whole_picture()) return false;
    const bool due = parts_.tracker == nullptr || read_ % std::max(1, options_.detect_every) == 0;
    ++read_;
    return due;
  }

  bool detect(const Worker& worker, Slot& slot, Lock& lock) {
    slot.detecting = true;
    std::vector<PersonBox> boxes;
    run(lock, report.detect, 1, [&]() -> Status {
      const ImageView image = slot.frame.image.view();
      if (worker.one_stage != nullptr) {
        POISE_TRY(slot.everyone, worker.one_stage->find(image));
        for (const Pose& pose : slot.everyone) boxes.push_back({pose.box, pose.box_score});
      } else {
        POISE_TRY(boxes, worker.detector->detect(image));
      }
      return {};
    });
    slot.boxes = std::move(boxes);
    slot.detected = true;
    return true;
  }

  bool flow(Slot& slot, Lock& lock) {
    flowing_ = true;
    run(lock, report.flow, 1, [&]() -> Status {
      POISE_TRY(slot.step, parts_.flow->next(slot.frame.image.view()));
      return {};
    });
    slot.flowed = true;
    flowing_ = false;
    return true;
  }

  bool propose(Slot& slot, Lock& lock) {
    linking_ = true;
    run(lock, report.link, 1, [&]() -> Status {
      const Size size = slot.frame.image.size();
      if (parts_.finder->people().is_whole_picture()) slot.boxes = {{whole_box(size)}};
      if (parts_.tracker == nullptr) return {};
      parts_.tracker->begin(slot.step.get(), slot.frame.seconds, size);
      slot.boxes = parts_.tracker->propose(slot.boxes, slot.wants_detector);
      slot.step.reset();
      return {};
    });
    if (parts_.finder->one_stage() != nullptr) slot.boxes.clear();  // nobody looks at them once more
    const int batch = parts_.finder->estimator() == nullptr ? 1 : parts_.finder->estimator()->batch();
    const auto most = static_cast<std::size_t>(batch);
    const std::size_t each = std::clamp<std::size_t>((slot.boxes.size() + workers_ - 1) / workers_, 1, most);
    for (std::size_t i = 0; i < slot.boxes.size(); i += each) {
      slot.portions.push_back({i, std::min(each, slot.boxes.size() - i), {}});
    }
    slot.proposed = true;
    if (slot.portions.empty()) link(slot, lock);
    linking_ = false;
    return true;
  }

  bool estimate(const Worker& worker, Slot& slot, Lock& lock) {
    Portion& portion = slot.portions[slot.begun++];
    const std::span<const PersonBox> boxes(slot.boxes.data() + portion.first, portion.count);
    run(lock, report.estimate, static_cast<std::int64_t>(portion.count), [&]() -> Status {
      POISE_TRY(portion.estimate, worker.estimator->estimate(slot.frame.image.view(), boxes));
      return {};
    });
    if (++slot.finished == slot.portions.size()) link(slot, lock);
    return true;
  }

  void link(Slot& slot, Lock& lock) {
    linking_ = true;
    run(lock, report.link, 0, [&]() -> Status {
      std::vector<Pose> poses = std::move(slot.everyone);
      for (Portion& portion : slot.portions) {
        for (Pose& pose : portion.estimate.poses) poses.push_back(std::move(pose));
      }
      link_people(*parts_.finder, parts_.tracker, poses);
      slot.found.result.poses = std::move(poses);
      return {};
    });
    slot.linked = !broken_;
    linking_ = false;
  }

  bool take(Lock& lock) {
    Slot& slot = *slots_.front();
    slot.taking = true;
    const auto persons = static_cast<std::int64_t>(slot.found.result.poses.size());
    if (run(lock, report.take, 1, [&] { return take_(slot.found, slot.frame.image); })) {
      report.frames += 1;
      report.persons += persons;
      report.last_index = slot.frame.index;
      const double delay = since(slot.read_at);
      report.longest_delay = std::max(report.longest_delay, delay);
      report.mean_delay += (delay - report.mean_delay) / static_cast<double>(report.frames);
    } else {
      refused_ = true;
    }
    slots_.pop_front();
    return true;
  }

  VideoSource& source_;
  const StreamParts parts_;
  const TakeFrame& take_;
  const StreamOptions& options_;
  std::size_t workers_, window_ = 1;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::unique_ptr<Slot>> slots_;
  std::int64_t read_ = 0;
  int busy_ = 0;
  bool reading_ = false, flowing_ = false, linking_ = false, ended_ = false, broken_ = false, refused_ = false;
};

/// Interrupts the source once the run is to stop: it may be waiting for a frame that never comes.
class StopWatch {
 public:
  StopWatch(VideoSource& source, const std::function<bool()>& stop) {
    if (!stop) return;
    thread_ = std::thread([this, &source, &stop] {
      std::unique_lock lock(mutex_);
      while (!over_) {
        if (stop()) return source.interrupt();
        wake_.wait_for(lock, std::chrono::milliseconds(50), [&] { return over_; });
      }
    });
  }
  StopWatch(const StopWatch&) = delete;
  StopWatch& operator=(const StopWatch&) = delete;
  ~StopWatch() {
    {
      const std::scoped_lock lock(mutex_);
      over_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
  }

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  bool over_ = false;
  std::thread thread_;
};

/// One-thread siblings, one a compute thread; none where there can be only one.
std::vector<PoseFinder> siblings_of(const PoseFinder& finder, int threads) {
  std::vector<PoseFinder> siblings;
  for (int i = 0; i < threads; ++i) {
    auto sibling = finder.sibling(1);
    if (!sibling) return {};
    siblings.push_back(std::move(*sibling));
  }
  return siblings;
}

}  // namespace

StreamReport run_stream(VideoSource& source, const StreamParts& parts, const TakeFrame& take,
                        const StreamOptions& options) {
  const Clock::time_point begin = Clock::now();
  StreamReport failed;
  if (parts.finder->people().boxes()) {
    failed.error = invalid_argument("boxes from a file belong to pictures, not to frames: take a detector");
    return failed;
  }
  if (parts.finder->one_stage() != nullptr && options.detect_every > 1) {
    failed.error = invalid_argument(
        "the network finds everyone itself, and has to look at each frame: leave option \"detect_every\" at 1");
    return failed;
  }
  std::vector<PoseFinder> siblings;
  if (!options.live) siblings = siblings_of(*parts.finder, std::max(1, parts.finder->threads()));
  std::vector<Worker> workers;
  const auto add = [&](PoseFinder& finder) {
    workers.push_back({finder.people().detector(), finder.estimator(), finder.one_stage()});
  };
  for (PoseFinder& sibling : siblings) add(sibling);
  if (workers.empty()) add(*parts.finder);

  const StopWatch watch(source, options.stop);
  FramesUnderWay frames(source, parts, take, options, workers.size());
  std::vector<std::thread> threads;
  for (std::size_t i = 1; i < workers.size(); ++i) threads.emplace_back([&, i] { frames.work(workers[i]); });
  frames.work(workers.front());
  for (std::thread& thread : threads) thread.join();
  frames.report.threads = static_cast<int>(workers.size());
  frames.report.seconds = since(begin);
  return frames.report;
}

}  // namespace poise
