#include "poise/train/trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <optional>
#include <utility>

#include "poise/data/loader.h"
#include "poise/image/codec.h"
#include "poise/train/feed.h"
#include "poise/train/learner.h"
#include "poise/train/run_lock.h"
#include "poise/train/run_log.h"
#include "poise/train/run_position.h"
#include "poise/train/task.h"

namespace poise {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }
double wall_seconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

/// One run of a job, from its first step or from where an earlier one stopped.
class Training {
 public:
  Training(const TrainJob& job, const TrainCallbacks& callbacks, std::unique_ptr<Task> task, Learner learner)
      : job_(job),
        options_(job.settings.options),
        callbacks_(callbacks),
        task_(std::move(task)),
        learner_(std::move(learner)) {}

  Status prepare();
  Result<TrainSummary> run();

 private:
  Status resume();
  Status step();
  Status log_step();
  Json milliseconds_a_batch();
  Status finish_epoch();
  Status save(const std::string& name, bool everything);
  Status kept(const Status& written) const;
  TrainProgress progress() const;
  TrainSummary summary(bool stopped) const;
  bool due() const;
  bool out_of_patience() const {
    return options_.patience > 0 && at_.batch == 0 && at_.epoch - at_.best_epoch >= options_.patience;
  }
  /// Of options.minutes, where they are set.
  double part_of_time() const { return seconds_since(started_) / (60 * options_.minutes); }
  bool time_is_up() const { return options_.minutes > 0 && part_of_time() >= 1; }
  /// Updates of the whole run: with options.minutes as many as this process would do at its speed so far.
  std::int64_t all_steps() const {
    if (options_.minutes <= 0) return steps_per_epoch_ * options_.epochs;
    const auto done = static_cast<double>(at_.step - first_step_);
    return first_step_ + static_cast<std::int64_t>(done / std::max(1e-9, std::min(1.0, part_of_time())));
  }
  /// Of the step-th update.
  double rate(std::int64_t step) const { return learning_rate(options_, step, at_.epoch, all_steps()); }
  Error no_number(const std::string& where) const;

  const TrainJob& job_;
  const TrainOptions& options_;
  const TrainCallbacks& callbacks_;
  std::unique_ptr<Task> task_;
  Learner learner_;
  std::unique_ptr<Loader> loader_;
  std::unique_ptr<Feed> feed_;  // after the loader: it ends first
  std::optional<RunLock> lock_;
  std::optional<RunLog> log_;
  RunPosition at_;
  std::int64_t steps_per_epoch_ = 0;
  // Of this process, for people alone.
  Clock::time_point epoch_start_ = Clock::now(), saved_ = Clock::now(), started_ = Clock::now();
  std::size_t epoch_batches_ = 0;
  double epoch_waited_ = 0;  // seconds, for pictures
  std::size_t all_batches_ = 0;
  std::int64_t first_step_ = 0;
};

Status Training::prepare() {
  LoaderOptions loading;
  loading.batch = options_.batch;
  loading.workers = options_.workers;
  loading.seed = options_.seed;
  POISE_TRY(loader_, Loader::create(task_->to_learn(), loading));
  const auto batches = static_cast<std::int64_t>(loader_->batches_per_epoch());
  steps_per_epoch_ = (batches + options_.accumulate - 1) / options_.accumulate;
  if (job_.resume) {
    POISE_TRY(lock_, RunLock::take(job_.out));
    POISE_RETURN_IF_ERROR(resume());
  }
  // A picture of the validation set that cannot be read is found now, not after an epoch.
  if (!job_.resume) {
    POISE_TRY(const auto trial, Loader::create(task_->to_validate(), validation_loading(1, 1)));
    POISE_TRY(const auto first, trial->next());
    if (!first) return invalid_argument("the validation set is empty");
  }
  std::error_code error;  // the folder comes last: what cannot work leaves none
  fs::create_directories(job_.out, error);
  if (error) return io_error("cannot make " + job_.out.string() + ": " + error.message());
  if (!lock_) {
    POISE_TRY(lock_, RunLock::take(job_.out));
    POISE_RETURN_IF_ERROR(check_folder(job_));  // a run may have come and gone since
  }
  remove_abandoned(job_.out);
  POISE_TRY(log_, RunLog::open(job_.out, at_.step, wall_seconds()));
  return {};
}

Status Training::resume() {
  const fs::path path = job_.out / "last.ckpt";
  POISE_TRY(const Checkpoint checkpoint, read_checkpoint(path));
  const auto position = position_of(checkpoint, job_, loader_->batches_per_epoch());
  if (!position.ok()) return position.error().prefixed(path.string());
  at_ = *position;
  const Status taken = learner_.take(checkpoint, at_.step);
  if (!taken.ok()) return taken.error().prefixed(path.string());
  loader_->seek(static_cast<std::uint64_t>(at_.epoch), at_.batch);
  return {};
}

Status Training::save(const std::string& name, bool everything) {
  Checkpoint checkpoint = checkpoint_of(job_, at_);
  learner_.put(checkpoint, everything);
  const Status written = write_checkpoint(job_.out / name, checkpoint);
  saved_ = Clock::now();
  return kept(written);
}

/// What was written, or why not and what that means for the run.
Status Training::kept(const Status& written) const {
  if (written.ok()) return {};
  return with_what_is_kept(written.error(), job_.out);
}

Error Training::no_number(const std::string& where) const {
  std::error_code ignored;
  return malformed("the loss is no number any more in epoch " + std::to_string(at_.epoch + 1) + ", " + where +
                   ": give a lower TRAIN.LR or a warm-up" +
                   (fs::exists(job_.out / "last.ckpt", ignored) ? "; the last checkpoint is from before that" : ""));
}

/// One update: `accumulate` batches, or what the epoch has left.
Status Training::step() {
  const std::size_t batches = loader_->batches_per_epoch();
  const std::size_t count = std::min(static_cast<std::size_t>(options_.accumulate), batches - at_.batch);
  double loss_sum = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const auto asked = Clock::now();
    POISE_TRY(const std::optional<TorchBatch> batch, feed_->next());
    epoch_waited_ += seconds_since(asked);
    POISE_CHECK(batch && batch->number == at_.batch + i && batch->epoch == static_cast<std::uint64_t>(at_.epoch));
    POISE_TRY(const double loss, learner_.learn(*task_, *batch, count));
    if (!std::isfinite(loss)) return no_number("batch " + std::to_string(at_.batch + i + 1));
    loss_sum += loss;
  }
  POISE_RETURN_IF_ERROR(learner_.update(rate(at_.step), at_.step));
  at_.loss_sum += loss_sum;
  at_.window_sum += loss_sum;
  at_.batch += count;
  epoch_batches_ += count;
  all_batches_ += count;
  ++at_.step;
  return {};
}

TrainProgress Training::progress() const {
  TrainProgress p;
  p.epoch = at_.epoch;
  p.epochs = options_.epochs;
  p.batch = at_.batch;
  p.batches = loader_->batches_per_epoch();
  p.step = at_.step;
  p.loss = at_.loss_sum / static_cast<double>(std::max<std::size_t>(1, at_.batch));
  p.learning_rate = rate(std::max<std::int64_t>(0, at_.step - 1));
  p.images_per_second =
      static_cast<double>(epoch_batches_) * options_.batch / std::max(1e-9, seconds_since(epoch_start_));
  const double left = static_cast<double>(p.batches) * (options_.epochs - at_.epoch) - static_cast<double>(at_.batch);
  p.seconds_left = left * seconds_since(started_) / static_cast<double>(std::max<std::size_t>(1, all_batches_));
  if (options_.minutes > 0) {
    p.seconds_left = std::max(0.0, std::min(p.seconds_left, 60 * options_.minutes - seconds_since(started_)));
  }
  return p;
}

bool Training::due() const {
  if (options_.checkpoint_steps > 0 && at_.step % options_.checkpoint_steps == 0) return true;
  return seconds_since(saved_) >= options_.checkpoint_seconds;
}

/// A line within an epoch, by its steps alone: a resumed run writes the same ones. The epoch's end has its own.
Status Training::log_step() {
  const std::size_t window =
      static_cast<std::size_t>(options_.log_steps) * static_cast<std::size_t>(options_.accumulate);
  if (window == 0 || at_.batch % window != 0 || at_.batch == loader_->batches_per_epoch()) return {};
  Json record = Json::object();
  record.set("step", at_.step);
  record.set("epoch", at_.epoch + 1);
  record.set("learning_rate", rate(at_.step - 1));
  record.set("loss", at_.window_sum / static_cast<double>(window));
  record.set("images_per_second", progress().images_per_second);
  at_.window_sum = 0;
  return kept(log_->add(record, wall_seconds()));
}

/// Where the epoch's time went: what is worth making faster.
Json Training::milliseconds_a_batch() {
  const LearningTime time = learner_.take_time();
  const double scale = 1000.0 / static_cast<double>(std::max<std::size_t>(1, epoch_batches_));
  Json json = Json::object();
  json.set("loading", epoch_waited_ * scale);
  json.set("forward", time.forward * scale);
  json.set("backward", time.backward * scale);
  json.set("update", time.update * scale);
  return json;
}

Status Training::finish_epoch() {
  EpochResult result;
  result.progress = progress();
  POISE_TRY(const Measured measured, task_->validate(learner_.measured()));
  if (!std::isfinite(measured.loss)) return no_number("validation");
  result.val_loss = measured.loss;
  result.measure = measure_of(job_);
  result.score = measured.score;
  result.best = measured.score > at_.best_score;
  result.seconds = seconds_since(epoch_start_);

  Json record = Json::object();
  record.set("step", at_.step);
  record.set("epoch", at_.epoch + 1);
  record.set("learning_rate", result.progress.learning_rate);
  record.set("loss", result.progress.loss);
  record.set("val_loss", result.val_loss);
  record.set(result.measure, result.score);
  for (const auto& [name, value] : measured.details.as_object()) record.set(name, value);
  record.set("images_per_second", result.progress.images_per_second);
  record.set("milliseconds", milliseconds_a_batch());
  record.set("seconds", result.seconds);
  POISE_RETURN_IF_ERROR(kept(log_->add(record, wall_seconds())));
  POISE_RETURN_IF_ERROR(kept(log_->draw_curves()));
  POISE_RETURN_IF_ERROR(kept(write_image(job_.out / "val.jpg", measured.sheet)));
  POISE_RETURN_IF_ERROR(kept(log_->add_picture("val", measured.sheet, at_.step, wall_seconds())));

  ++at_.epoch;
  at_.batch = 0;
  at_.loss_sum = 0;
  at_.window_sum = 0;
  if (result.best) {
    at_.best_score = result.score;
    at_.best_epoch = at_.epoch;
    POISE_RETURN_IF_ERROR(save("best.ckpt", false));
  }
  POISE_RETURN_IF_ERROR(save("last.ckpt", true));
  if (callbacks_.on_epoch) callbacks_.on_epoch(result);
  epoch_start_ = Clock::now();
  epoch_batches_ = 0;
  epoch_waited_ = 0;
  return {};
}

TrainSummary Training::summary(bool stopped) const {
  return {.stopped = stopped,
          .out_of_patience = !stopped && at_.epoch < options_.epochs && out_of_patience(),
          .epochs = at_.epoch,
          .steps = at_.step,
          .measure = measure_of(job_),
          .best_score = at_.best_score,
          .best_epoch = at_.best_epoch};
}

Result<TrainSummary> Training::run() {
  feed_ = std::make_unique<Feed>(*loader_, learner_.device());
  started_ = saved_ = epoch_start_ = Clock::now();
  first_step_ = at_.step;
  while (at_.epoch < options_.epochs && !out_of_patience()) {
    POISE_RETURN_IF_ERROR(step());
    POISE_RETURN_IF_ERROR(log_step());
    if (callbacks_.on_step) callbacks_.on_step(progress());
    const bool stop = callbacks_.should_stop && callbacks_.should_stop();
    const bool up = time_is_up();
    if (up || at_.batch == loader_->batches_per_epoch()) {
      POISE_RETURN_IF_ERROR(finish_epoch());
      if (up) return summary(false);
    } else if (stop || due()) {
      POISE_RETURN_IF_ERROR(save("last.ckpt", true));
    }
    if (stop) return summary(at_.epoch < options_.epochs && !out_of_patience());
  }
  return summary(false);
}

}  // namespace

Status check_job(const TrainJob& job) {
  TrainOptions options = job.settings.options;
  options.device = "cpu";
  options.bfloat16 = false;
  POISE_RETURN_IF_ERROR(check(options));
  POISE_RETURN_IF_ERROR(check_task(job));
  POISE_TRY(const Learner learner, Learner::create(job.graph, options));
  return {};
}

Result<TrainSummary> train(const TrainJob& job, const TrainCallbacks& callbacks) {
  const TrainOptions& options = job.settings.options;
  POISE_RETURN_IF_ERROR(check(options));
  POISE_TRY(std::unique_ptr<Task> task, make_task(job));
  POISE_TRY(Learner learner, Learner::create(job.graph, options));
  POISE_RETURN_IF_ERROR(check_folder(job));
  Training training(job, callbacks, std::move(task), std::move(learner));
  POISE_RETURN_IF_ERROR(training.prepare());
  return training.run();
}

}  // namespace poise
