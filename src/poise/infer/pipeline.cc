#include "poise/infer/pipeline.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

#include "poise/base/thread_pool.h"

namespace poise {
namespace {

// A batch that is not full yet is run once it spans so much: what waits for it is held in memory.
constexpr std::size_t kSpan = 8;                  // pictures
constexpr std::int64_t kSpanPixels = 64'000'000;  // and their pixels

using Clock = std::chrono::steady_clock;
double since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

/// What `work` gives; an error where there is not memory enough for it, as on a stream's thread nobody else would see.
template <typename Work>
auto guarded(Work work) -> decltype(work()) {
  try {
    return work();
  } catch (const std::bad_alloc&) {
    return too_large("there is not memory enough for this picture");
  }
}

/// A picture on its way.
struct Slot {
  std::future<Result<PipelinePicture>> reading;
  PipelineAnswer answer;
  std::vector<std::vector<Estimate>> parts;  // of the batches that it fell into, in order
  std::optional<Error> error;
  std::int64_t pixels = 0;  // that it holds, or was admitted with
  bool found = false;       // its boxes are known
  bool guesses = false;     // and may name somebody twice
  std::size_t waiting = 0;  // parts that are not estimated yet
};

std::int64_t pixels_of(const Image& image) { return static_cast<std::int64_t>(image.width()) * image.height(); }

/// Persons to run together: of each picture a run of boxes.
struct Batch {
  struct Part {
    std::size_t picture, first, count, place;  // place: which of the picture's parts
  };
  std::vector<Part> parts;
  std::size_t persons = 0, begin = 0;  // begin: its first picture
  std::int64_t pixels = 0;
};

class PicturesUnderWay {
 public:
  PicturesUnderWay(std::size_t pictures, const ReadPicture& read, const PipelineOptions& options,
                   const PipelineNetworks& networks, std::size_t streams)
      : total_(pictures),
        ahead_(kSpan + 2 * streams + 2),
        read_(read),
        options_(options),
        networks_(networks),
        persons_(static_cast<std::size_t>(networks.estimator == nullptr ? 0 : networks.estimator->batch())),
        readers_(options.readers) {}

  /// What a stream does until there is nothing left.
  void work(const PipelineNetworks& stream) {
    std::unique_lock lock(mutex_);
    for (;;) {
      if (closed_.empty() && may_look()) {
        look(stream, next_++, lock);
      } else if (!closed_.empty()) {
        const Batch batch = std::move(closed_.front());
        closed_.pop_front();
        estimate(stream, batch, lock);
      } else if (frontier_ >= total_) {
        return;
      } else {
        wake_.wait(lock);
      }
    }
  }

  /// Waits for picture `i`; nothing where the run ended before it.
  std::optional<Result<PipelineAnswer>> wait_for(std::size_t i) {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [&] { return i >= total_ || (i < frontier_ && slots_.at(i)->waiting == 0); });
    if (i >= total_) return std::nullopt;
    const std::unique_ptr<Slot> slot = std::move(slots_.at(i));
    slots_.erase(i);
    handed_ = i + 1;
    held_pixels_ -= pixels_of(slot->answer.image);
    taken_pixels_ = slot->pixels;
    wake_.notify_all();
    lock.unlock();
    if (slot->error) return Result<PipelineAnswer>(*slot->error);
    put_together(*slot);
    return Result<PipelineAnswer>(std::move(slot->answer));
  }

  /// The picture that was waited for last is nobody's any more.
  void let_go() {
    const std::lock_guard lock(mutex_);
    under_way_ -= std::exchange(taken_pixels_, 0);
    wake_.notify_all();
  }

  /// Nobody waits any more: what was begun is finished, and no more.
  void abandon() {
    const std::lock_guard lock(mutex_);
    total_ = std::min(total_, next_);
    advance();
  }

  PipelineCost cost() const { return cost_; }

 private:
  /// Waits until picture `i` may take memory for its pixels: in order, so that none waits for one behind it, and while
  /// those before it hold fewer than kSpanPixels. Those then are handed out in time, as an open batch of so many pixels
  /// is closed.
  Status admit(std::size_t i, std::uint64_t pixels) {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [&] { return i >= total_ || (i == admitted_ && under_way_ < kSpanPixels); });
    if (i >= total_) return io_error("stopped");
    pass(i);
    count(i, static_cast<std::int64_t>(pixels));
    return {};
  }

  /// Picture `i` needs no more admission; with the lock.
  void pass(std::size_t i) {
    if (i < admitted_) return;
    passed_.insert(i);
    while (passed_.erase(admitted_) > 0) ++admitted_;
    wake_.notify_all();
  }
  /// How many pixels it holds from now on; with the lock.
  void count(std::size_t i, std::int64_t pixels) {
    const auto slot = slots_.find(i);
    if (slot == slots_.end()) return;
    under_way_ += pixels - std::exchange(slot->second->pixels, pixels);
    wake_.notify_all();
  }

  Result<PipelinePicture> read(std::size_t i) {
    auto picture = guarded([&] { return read_(i, [this, i](std::uint64_t pixels) { return admit(i, pixels); }); });
    const std::lock_guard lock(mutex_);
    pass(i);
    count(i, picture.ok() ? pixels_of(picture->image) : 0);
    return picture;
  }

  /// The parts' poses as the picture's, without doubles.
  void put_together(Slot& slot) const {
    Estimate whole;
    for (std::vector<Estimate>& part : slot.parts) {
      for (Estimate& estimate : part) {
        std::move(estimate.poses.begin(), estimate.poses.end(), std::back_inserter(whole.poses));
        std::move(estimate.heatmaps.begin(), estimate.heatmaps.end(), std::back_inserter(whole.heatmaps));
      }
    }
    if (slot.guesses && networks_.estimator != nullptr) {
      const Estimator& estimator = *networks_.estimator;
      slot.answer.doubles = remove_doubles(whole, estimator.card().crop(), estimator.skeleton(), options_.doubles);
    } else if (networks_.one_stage != nullptr) {
      slot.answer.doubles = remove_doubles(whole, {}, networks_.one_stage->skeleton(), options_.doubles);
    }
    slot.answer.frame.poses = std::move(whole.poses);
    slot.answer.heatmaps = std::move(whole.heatmaps);
  }

  /// Whether another picture may be begun; `stop` is asked here. Starts reading ahead.
  bool may_look() {
    // Of what is held, all before the open batch is on its way out, and that is closed at kSpanPixels: no waiting in
    // vain.
    if (next_ >= total_ || next_ >= handed_ + ahead_ || held_pixels_ >= kSpanPixels) return false;
    if (options_.stop && options_.stop()) {
      total_ = next_;
      advance();
      return false;
    }
    const auto readers = static_cast<std::size_t>(options_.readers);
    for (; reading_ < std::min(total_, next_ + readers + 1); ++reading_) {
      auto& slot = slots_[reading_] = std::make_unique<Slot>();
      slot->reading = readers_.submit([this, i = reading_] { return read(i); });
    }
    return true;
  }

  void look(const PipelineNetworks& stream, std::size_t i, std::unique_lock<std::mutex>& lock) {
    Slot& slot = *slots_.at(i);
    lock.unlock();
    Result<PipelinePicture> picture = guarded([&] { return slot.reading.get(); });
    double seconds = -1;
    Estimate everyone;  // where one network finds people and their joints
    if (picture.ok() && stream.one_stage != nullptr) {
      const auto begin = Clock::now();
      const Status found = find_everyone(*stream.one_stage, *picture, everyone);
      seconds = since(begin);
      if (!found.ok()) picture = found.error();
    } else if (picture.ok() && !picture->boxes && stream.detector != nullptr) {
      const auto begin = Clock::now();
      Result<std::vector<PersonBox>> boxes = guarded([&] { return stream.detector->detect(picture->image.view()); });
      seconds = since(begin);
      if (boxes.ok()) {
        picture->boxes = std::move(*boxes);
      } else {
        picture = boxes.error();
      }
    }
    lock.lock();
    if (picture.ok()) {
      slot.answer.image = std::move(picture->image);
      slot.answer.frame = std::move(picture->frame);
      slot.answer.frame.width = slot.answer.image.width();
      slot.answer.frame.height = slot.answer.image.height();
      slot.answer.problems = std::move(picture->problems);
      slot.answer.notes = std::move(picture->notes);
      slot.guesses = picture->guesses || seconds >= 0;
      slot.answer.boxes = std::move(picture->boxes).value_or(std::vector<PersonBox>{});
      if (stream.one_stage != nullptr) slot.parts.emplace_back().push_back(std::move(everyone));
    } else {
      slot.error = picture.error();
    }
    if (seconds >= 0) {
      cost_.pictures += 1;
      cost_.detect_seconds += seconds;
    }
    held_pixels_ += pixels_of(slot.answer.image);
    slot.found = true;
    advance();
  }

  static Status find_everyone(OneStage& network, PipelinePicture& picture, Estimate& everyone) {
    if (picture.boxes) {
      return invalid_argument("the network finds everyone itself, and looks at no boxes: leave them out");
    }
    const ImageView image = picture.image.view();
    POISE_TRY(everyone.poses, guarded([&] { return network.find(image); }));
    picture.boxes.emplace();
    for (const Pose& pose : everyone.poses) picture.boxes->push_back({pose.box, pose.box_score});
    return {};
  }

  /// Pictures whose boxes are known, in order, into batches.
  void advance() {
    for (; frontier_ < total_; ++frontier_) {
      const auto slot = slots_.find(frontier_);
      if (slot == slots_.end() || !slot->second->found) break;
      if (persons_ > 0) add(frontier_, *slot->second);
    }
    if (frontier_ >= total_) close();
    wake_.notify_all();
  }

  void add(std::size_t i, Slot& slot) {
    const std::size_t boxes = slot.error ? 0 : slot.answer.boxes.size();
    for (std::size_t first = 0; first < boxes;) {
      if (open_.parts.empty()) open_.begin = i;
      const std::size_t count = std::min(boxes - first, persons_ - open_.persons);
      open_.parts.push_back({i, first, count, slot.parts.size()});
      open_.persons += count;
      slot.parts.emplace_back();
      slot.waiting += 1;
      first += count;
      if (open_.persons == persons_) close();
    }
    if (open_.parts.empty()) return;
    open_.pixels += pixels_of(slot.answer.image);
    if (i + 1 - open_.begin >= kSpan || open_.pixels >= kSpanPixels) close();
  }

  void close() {
    if (!open_.parts.empty()) closed_.push_back(std::move(open_));
    open_ = {};
  }

  void estimate(const PipelineNetworks& stream, const Batch& batch, std::unique_lock<std::mutex>& lock) {
    std::vector<PicturePeople> people;
    for (const Batch::Part& part : batch.parts) {
      const PipelineAnswer& answer = slots_.at(part.picture)->answer;
      people.push_back({answer.image.view(), std::span(answer.boxes).subspan(part.first, part.count)});
    }
    lock.unlock();
    const auto begin = Clock::now();
    Result<std::vector<Estimate>> estimates =
        guarded([&] { return stream.estimator->estimate(people, options_.heatmaps); });
    const double seconds = since(begin);
    lock.lock();
    cost_.persons += batch.persons;
    cost_.estimate_seconds += seconds;
    for (std::size_t k = 0; k < batch.parts.size(); ++k) {
      Slot& slot = *slots_.at(batch.parts[k].picture);
      slot.waiting -= 1;
      if (estimates.ok()) {
        slot.parts[batch.parts[k].place].push_back(std::move((*estimates)[k]));
      } else {
        slot.error = estimates.error();
      }
    }
    wake_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::size_t total_, ahead_;
  // Of pictures, in order: begun, read, with known boxes and those before too, handed out.
  std::size_t next_ = 0, reading_ = 0, frontier_ = 0, handed_ = 0;
  std::int64_t held_pixels_ = 0;   // of pictures with known boxes that are not handed out
  std::size_t admitted_ = 0;       // every picture before this one has its memory, or needs none
  std::set<std::size_t> passed_;   // those behind it of which that is true
  std::int64_t under_way_ = 0;     // pixels of all that are admitted and not let go
  std::int64_t taken_pixels_ = 0;  // of the one that was handed out and is still held
  std::map<std::size_t, std::unique_ptr<Slot>> slots_;
  Batch open_;
  std::deque<Batch> closed_;
  PipelineCost cost_;
  const ReadPicture& read_;
  const PipelineOptions& options_;
  const PipelineNetworks& networks_;
  std::size_t persons_;  // run together at most; 0: there is no estimator
  ThreadPool readers_;   // last: its jobs use what stands above
};

/// As many as wanted, else as there are threads; 1 where the networks cannot have siblings, or there are too few
/// pictures to keep so many busy: all threads then look at each.
int stream_count(std::size_t pictures, const PipelineNetworks& networks, int wanted) {
  int threads = networks.detector == nullptr ? 1 : networks.detector->threads();
  if (networks.estimator != nullptr) threads = std::max(threads, networks.estimator->threads());
  if (networks.one_stage != nullptr) threads = std::max(threads, networks.one_stage->threads());
  constexpr std::size_t kPicturesEach = 2;
  if (wanted > 0) return wanted;
  return pictures / kPicturesEach >= static_cast<std::size_t>(threads) ? threads : 1;
}

/// Siblings of the networks, each of one thread.
struct Siblings {
  std::deque<Detector> detectors;
  std::deque<Estimator> estimators;
  std::deque<OneStage> one_stages;

  /// Another stream's networks; nothing where one of them can be only one.
  std::optional<PipelineNetworks> add(const PipelineNetworks& networks) {
    PipelineNetworks own;
    const auto add_one = [](const auto* network, auto& list, auto*& place) {
      if (network == nullptr) return true;
      auto sibling = network->sibling(1);
      if (sibling) place = &list.emplace_back(std::move(*sibling));
      return place != nullptr;
    };
    if (!add_one(networks.detector, detectors, own.detector) ||
        !add_one(networks.estimator, estimators, own.estimator) ||
        !add_one(networks.one_stage, one_stages, own.one_stage)) {
      return std::nullopt;
    }
    return own;
  }
};

}  // namespace

PipelineCost run_pipeline(std::size_t pictures, const PipelineNetworks& networks, const ReadPicture& read,
                          const std::function<void(std::size_t, Result<PipelineAnswer>)>& take,
                          const PipelineOptions& options) {
  const int wanted = stream_count(pictures, networks, options.streams);
  Siblings siblings;
  std::vector<PipelineNetworks> streams;
  for (int i = 0; wanted > 1 && i < wanted; ++i) {
    const auto own = siblings.add(networks);
    if (!own) {
      streams.clear();
      break;
    }
    streams.push_back(*own);
  }
  if (streams.empty()) streams.push_back(networks);
  PicturesUnderWay run(pictures, read, options, networks, streams.size());
  std::vector<std::jthread> threads;
  threads.reserve(streams.size());
  for (const PipelineNetworks& stream : streams) threads.emplace_back([&run, stream] { run.work(stream); });
  {
    // Also where `take` throws: the streams must not wait for it.
    const auto abandon = [](PicturesUnderWay* waiting) { waiting->abandon(); };
    const std::unique_ptr<PicturesUnderWay, decltype(abandon)> guard(&run, abandon);
    for (std::size_t i = 0; i < pictures; ++i) {
      auto answer = run.wait_for(i);
      if (!answer) break;
      take(i, std::move(*answer));
      run.let_go();
    }
  }
  threads.clear();  // joined
  PipelineCost cost = run.cost();
  cost.streams = static_cast<int>(streams.size());
  return cost;
}

}  // namespace poise
