#include "poise/data/loader.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <utility>

#include "poise/base/check.h"
#include "poise/base/counted.h"
#include "poise/base/random.h"

namespace poise {
namespace {

constexpr std::uint64_t kOrderKey = 0x6f72646572;  // "order": its numbers are not those of the augmentation
constexpr std::size_t kPart = 8;                   // examples a job: many small ones keep all workers busy
constexpr double kMaxEpoch = 1e9;                  // examples

void shuffle(std::vector<std::size_t>& indices, std::size_t first, Random& random) {
  for (std::size_t i = 0; i < first; ++i) std::swap(indices[i], indices[i + random.below(indices.size() - i)]);
}

Shape of_many(std::int64_t count, const Shape& one) {
  Shape shape{count};
  shape.insert(shape.end(), one.begin(), one.end());
  return shape;
}

std::vector<std::size_t> in_order(std::size_t size) {
  std::vector<std::size_t> order(size);
  std::iota(order.begin(), order.end(), std::size_t{0});
  return order;
}

std::size_t epoch_size(const Examples& examples) {
  double size = 0;
  for (const Stratum& s : examples.strata()) size += std::round(static_cast<double>(s.end - s.begin) * s.weight);
  return size < kMaxEpoch ? static_cast<std::size_t>(size) : 0;
}

}  // namespace

LoaderOptions validation_loading(int batch, int workers) {
  return {.batch = batch, .workers = workers, .shuffle = false, .drop_last = false, .epochs = 1};
}

std::vector<std::size_t> epoch_order(const std::vector<Stratum>& strata, std::uint64_t seed, std::uint64_t epoch) {
  std::vector<std::size_t> order;
  for (std::size_t k = 0; k < strata.size(); ++k) {
    const std::size_t size = strata[k].end - strata[k].begin;
    if (size == 0) continue;
    std::vector<std::size_t> all(size);
    std::iota(all.begin(), all.end(), strata[k].begin);
    const auto total = static_cast<std::size_t>(std::llround(static_cast<double>(size) * strata[k].weight));
    for (std::size_t copy = 0; copy < total / size; ++copy) order.insert(order.end(), all.begin(), all.end());
    Random random(seed ^ kOrderKey, epoch, k + 1);
    shuffle(all, total % size, random);
    order.insert(order.end(), all.begin(), all.begin() + static_cast<std::ptrdiff_t>(total % size));
  }
  Random random(seed ^ kOrderKey, epoch, 0);
  shuffle(order, order.size(), random);
  return order;
}

Result<std::unique_ptr<Loader>> Loader::create(DataSetPtr set, const SampleOptions& sample,
                                               const std::optional<AugmentOptions>& augment,
                                               const LoaderOptions& options) {
  POISE_TRY(ExamplesPtr examples, pose_examples(std::move(set), sample, augment));
  return create(std::move(examples), options);
}

Result<std::unique_ptr<Loader>> Loader::create(ExamplesPtr examples, const LoaderOptions& options) {
  if (options.batch < 1 || options.batch > 65536) return invalid_argument("the batch must be 1 to 65536");
  if (options.workers < 1 || options.workers > 1024) return invalid_argument("workers must be 1 to 1024");
  if (options.ahead < 1 || options.ahead > 1024) return invalid_argument("ahead must be 1 to 1024");
  if (examples->size() == 0) return invalid_argument("the data set is empty");
  const std::size_t size = options.shuffle ? epoch_size(*examples) : examples->size();
  if (size == 0)
    return invalid_argument("an epoch of this data set would be empty or over 10^9 examples: see its weights");
  if (options.drop_last && size < static_cast<std::size_t>(options.batch)) {
    return invalid_argument("a batch of " + std::to_string(options.batch) + " is larger than the data set, " +
                            counted(size, "example") + ": make it smaller");
  }
  return std::unique_ptr<Loader>(new Loader(std::move(examples), options));
}

Loader::Loader(ExamplesPtr examples, const LoaderOptions& options)
    : examples_(std::move(examples)), options_(options), pool_(options.workers) {
  const std::size_t size = options.shuffle ? epoch_size(*examples_) : examples_->size();
  const auto batch = static_cast<std::size_t>(options.batch);
  batches_ = options.drop_last ? size / batch : (size + batch - 1) / batch;
  fill();
}

Loader::~Loader() { wait_for_all(); }

void Loader::wait_for_all() {
  stop_ = true;  // parts that have not begun end at once
  for (const auto& pending : pending_) {
    for (const auto& part : pending->parts) {
      if (part.valid()) part.wait();
    }
  }
  pending_.clear();
  stop_ = false;
}

void Loader::seek(std::uint64_t epoch, std::size_t batch) {
  POISE_CHECK(batch < batches_);
  wait_for_all();
  epoch_ = made_epoch_ = epoch;
  number_ = made_number_ = batch;
  failed_.reset();
  fill();
}

void Loader::fill() {
  while (pending_.size() < static_cast<std::size_t>(options_.ahead) &&
         (options_.epochs == 0 || made_epoch_ < options_.epochs)) {
    pending_.push_back(start(made_epoch_, made_number_));
    if (++made_number_ == batches_) {
      made_number_ = 0;
      ++made_epoch_;
    }
  }
}

std::unique_ptr<Loader::Pending> Loader::start(std::uint64_t epoch, std::size_t number) {
  if (order_epoch_ != epoch) {
    order_ = options_.shuffle ? epoch_order(examples_->strata(), options_.seed, epoch) : in_order(examples_->size());
    order_epoch_ = epoch;
  }
  const std::size_t begin = number * static_cast<std::size_t>(options_.batch);
  const std::size_t end = std::min(begin + static_cast<std::size_t>(options_.batch), order_.size());
  auto pending = std::make_unique<Pending>();
  Batch& batch = pending->batch;
  batch.indices.assign(order_.begin() + static_cast<std::ptrdiff_t>(begin),
                       order_.begin() + static_cast<std::ptrdiff_t>(end));
  batch.epoch = epoch;
  batch.number = number;
  batch.last = number + 1 == batches_;
  const auto n = static_cast<std::int64_t>(end - begin);
  const ExampleShapes shapes = examples_->shapes();
  Batch old;
  if (!spare_.empty()) {
    old = std::move(spare_.back());
    spare_.pop_back();
  }
  const auto memory = [n](Tensor& used, const Shape& one) {
    Shape shape = of_many(n, one);
    return used.shape() == shape ? std::move(used) : Tensor(std::move(shape));
  };
  batch.images = memory(old.images, shapes.image);
  batch.targets = memory(old.targets, shapes.targets);
  batch.weights = memory(old.weights, shapes.weights);
  for (std::size_t from = 0; from < batch.indices.size(); from += kPart) {
    const std::size_t to = std::min(from + kPart, batch.indices.size());
    pending->parts.push_back(pool_.submit([this, &batch, from, to] { return make(batch, from, to); }));
  }
  return pending;
}

Status Loader::make(Batch& batch, std::size_t begin, std::size_t end) const {
  const auto slice = [&](Tensor& tensor, std::size_t i) {
    const std::size_t each = tensor.floats().size() / batch.indices.size();
    return tensor.floats().subspan(i * each, each);
  };
  for (std::size_t i = begin; i < end && !stop_; ++i) {
    const std::uint64_t place = batch.number * static_cast<std::uint64_t>(options_.batch) + i;
    const SampleView out{slice(batch.images, i), slice(batch.targets, i), slice(batch.weights, i)};
    for (const std::span<float> part : {out.image, out.targets, out.weights}) std::ranges::fill(part, 0.0F);
    POISE_RETURN_IF_ERROR(
        examples_->make(batch.indices[i], Random(options_.seed, batch.epoch, place), batch.epoch, out));
  }
  return {};
}

void Loader::recycle(Batch batch) {
  if (spare_.size() <= static_cast<std::size_t>(options_.ahead)) spare_.push_back(std::move(batch));
}

Result<std::optional<Batch>> Loader::next() {
  if (failed_) return *failed_;
  if (pending_.empty()) return std::optional<Batch>();
  const std::unique_ptr<Pending> first = std::move(pending_.front());
  pending_.pop_front();
  for (auto& part : first->parts) part.wait();  // all of them, before any throws: they write to the batch
  std::optional<Error> error;
  for (auto& part : first->parts) {
    const Status made = part.get();
    if (!made.ok() && !error) error = made.error();
  }
  if (error) {
    failed_ = error;
    return *failed_;
  }
  if (++number_ == batches_) {
    number_ = 0;
    ++epoch_;
  }
  fill();
  return std::optional<Batch>(std::move(first->batch));
}

}  // namespace poise
