#pragma once
// Batches of examples, made ahead on worker threads, the same for any number of them.

#include <atomic>
#include <cstdint>
#include <deque>
#include <future>
#include <memory>
#include <optional>
#include <vector>

#include "poise/base/thread_pool.h"
#include "poise/data/batch.h"
#include "poise/data/examples.h"
#include "poise/data/pose_examples.h"

namespace poise {

struct LoaderOptions {
  int batch = 32;
  int workers = 2;           // threads
  int ahead = 4;             // batches made before they are asked for
  std::uint64_t seed = 1;    // of the order and of the augmentation
  bool shuffle = true;       // anew each epoch; strata by their weights. Else each example once, in order
  bool drop_last = true;     // the batch that would be smaller
  std::uint64_t epochs = 0;  // 0: without end
};

/// For validation: every example once, in order.
LoaderOptions validation_loading(int batch, int workers);

/// Order of an epoch, examples by index: each as many times as its weight is whole, a random part of them for the rest,
/// all shuffled. Equally long in each epoch. An example's numbers are Random(seed, epoch, place in this order). Pure.
std::vector<std::size_t> epoch_order(const std::vector<Stratum>& strata, std::uint64_t seed, std::uint64_t epoch);

class Loader {
 public:
  /// Errors: kInvalidArgument (no examples, a batch larger than an epoch with drop_last, options), naming what to
  /// change.
  static Result<std::unique_ptr<Loader>> create(ExamplesPtr examples, const LoaderOptions& options);
  /// Of pose_examples().
  static Result<std::unique_ptr<Loader>> create(DataSetPtr set, const SampleOptions& sample,
                                                const std::optional<AugmentOptions>& augment,
                                                const LoaderOptions& options);
  ~Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  std::size_t batches_per_epoch() const { return batches_; }

  /// The next batch in order, waiting for it if need be; nothing after the last epoch. Errors: a picture that cannot
  /// be read, naming it, again and again until seek(). One thread at a time.
  Result<std::optional<Batch>> next();
  /// A batch that nobody reads any more: its memory serves a later one. As next(), one thread at a time.
  void recycle(Batch batch);
  /// Continues with this batch of this epoch, exactly as if all before it had been taken.
  void seek(std::uint64_t epoch, std::size_t batch);
  /// What next() gives next.
  std::uint64_t epoch() const { return epoch_; }
  std::size_t number() const { return number_; }

 private:
  struct Pending {  // being made by workers
    Batch batch;
    std::vector<std::future<Status>> parts;
  };
  Loader(ExamplesPtr examples, const LoaderOptions& options);
  void fill();
  void wait_for_all();
  std::unique_ptr<Pending> start(std::uint64_t epoch, std::size_t number);
  Status make(Batch& batch, std::size_t begin, std::size_t end) const;

  ExamplesPtr examples_;
  LoaderOptions options_;
  std::size_t batches_ = 0;
  std::uint64_t epoch_ = 0;  // of the next batch to give out
  std::size_t number_ = 0;
  std::uint64_t made_epoch_ = 0;  // of the next batch to begin
  std::size_t made_number_ = 0;
  std::optional<std::uint64_t> order_epoch_;  // whose order is kept
  std::vector<std::size_t> order_;
  std::deque<std::unique_ptr<Pending>> pending_;
  std::vector<Batch> spare_;  // whose memory is used again: new pages cost more than what is written to them
  std::optional<Error> failed_;
  std::atomic<bool> stop_ = false;
  ThreadPool pool_;  // last: its threads end before what they write to
};

}  // namespace poise
