#include "poise/train/trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>
#include <utility>

#include "poise/data/loader.h"
#include "poise/graph_torch/torch_graph.h"
#include "poise/image/codec.h"
#include "poise/train/loss.h"
#include "poise/train/optimizer.h"
#include "poise/train/run_log.h"
#include "poise/train/validation.h"

namespace poise {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }
double wall_seconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

/// What is fed and asked for, by card and network.
Result<SampleOptions> sample_options(const TrainJob& job, const ModelCard& card) {
  if (job.graph.inputs.size() != 1 || job.graph.outputs.empty()) {
    return invalid_argument("the network must have one input and a heatmap output");
  }
  const Size input = card.crop.size;
  const std::vector<Shape> shapes{{1, 3, input.height, input.width}};
  POISE_TRY(const auto infos, infer_shapes(job.graph, shapes));
  const Shape& output = infos[job.graph.outputs.back()].shape;
  if (output.size() != 4 || output[1] != card.skeleton.size()) {
    return invalid_argument("the network gives " + to_string(output) + ", the skeleton " + card.skeleton.name +
                            " has " + std::to_string(card.skeleton.size()) +
                            " joints: set MODEL.NUM_JOINTS and DATASET.SKELETON to fit each other");
  }
  SampleOptions sample;
  sample.crop = card.crop;
  sample.normalisation = card.normalisation;
  sample.heatmap = {static_cast<int>(output[3]), static_cast<int>(output[2])};
  sample.codec = card.codec;
  sample.codec.stride = static_cast<float>(input.width) / static_cast<float>(sample.heatmap.width);
  sample.joint_weights = job.settings.joint_weights;
  sample.shrink = true;
  POISE_RETURN_IF_ERROR(check(sample));
  return sample;
}

/// Where the run is: all that is not a tensor. No times, so that equal runs write equal files.
struct Position {
  int epoch = 0;
  std::size_t batch = 0;  // of the epoch, the next one
  std::int64_t step = 0;
  double loss_sum = 0;  // of the epoch's batches so far
  double best_pck = -1;
  int best_epoch = 0;
};

Json to_json(const Position& at, const DataSet& set) {
  Json json = Json::object();
  json.set("epoch", at.epoch);
  json.set("batch", static_cast<std::int64_t>(at.batch));
  json.set("step", at.step);
  json.set("loss_sum", at.loss_sum);
  json.set("best_pck", at.best_pck);
  json.set("best_epoch", at.best_epoch);
  json.set("persons", static_cast<std::int64_t>(set.size()));
  return json;
}

class Run {
 public:
  Run(const TrainJob& job, const TrainCallbacks& callbacks, ModelCard card, SampleOptions sample, TorchGraph network)
      : job_(job),
        options_(job.settings.options),
        callbacks_(callbacks),
        card_(std::move(card)),
        sample_(std::move(sample)),
        network_(std::move(network)),
        optimizer_(network_.parameters(), options_.optimizer) {}

  Status prepare(const TorchOptions& torch);
  Result<TrainSummary> run();

 private:
  Status resume();
  Status step(Loader& loader);
  Status finish_epoch();
  Status save(const std::string& name, bool everything);
  Checkpoint checkpoint(bool everything) const;
  TrainProgress progress() const;
  TrainSummary summary(bool stopped) const;
  bool due() const;
  TorchGraph& measured() { return average_ ? *average_ : network_; }
  const TorchGraph& measured() const { return average_ ? *average_ : network_; }

  const TrainJob& job_;
  const TrainOptions& options_;
  const TrainCallbacks& callbacks_;
  ModelCard card_;
  SampleOptions sample_;
  TorchGraph network_;
  std::optional<TorchGraph> average_;
  Optimizer optimizer_;
  std::unique_ptr<Loader> loader_;
  std::optional<RunLog> log_;
  Position at_;
  std::int64_t steps_per_epoch_ = 0;
  // Of this process, for people alone.
  Clock::time_point epoch_start_ = Clock::now(), saved_ = Clock::now(), started_ = Clock::now();
  std::size_t epoch_batches_ = 0;
  std::size_t all_batches_ = 0;
};

/// All tensors by name: for writing, and for reading back.
std::vector<NamedTensor> all_of(const TorchGraph& network) {
  std::vector<NamedTensor> all = network.parameters();
  all.insert(all.end(), network.statistics().begin(), network.statistics().end());
  return all;
}

void put(Checkpoint& checkpoint, const std::string& prefix, const std::vector<NamedTensor>& tensors) {
  for (const auto& [name, tensor] : tensors) {
    checkpoint.tensors[prefix + name] = std::make_shared<const Tensor>(from_torch(tensor));
  }
}

Status take(const Checkpoint& checkpoint, const std::string& prefix, const std::vector<NamedTensor>& tensors) {
  const at::NoGradGuard no_gradients;
  for (const auto& [name, tensor] : tensors) {
    const auto found = checkpoint.tensors.find(prefix + name);
    const bool fits = found != checkpoint.tensors.end() && found->second->shape() == tensor.sizes().vec() &&
                      found->second->type() == DType::kFloat32;
    if (!fits) {
      const std::string what =
          found == checkpoint.tensors.end() ? "is not there" : "is " + to_string(found->second->shape());
      return invalid_argument(prefix + name + " " + what + ", the network wants " + to_string(tensor.sizes().vec()) +
                              ": the checkpoint is another network's or optimizer's");
    }
    tensor.copy_(to_torch(*found->second));
  }
  return {};
}

Status Run::prepare(const TorchOptions& torch) {
  if (options_.ema > 0) {
    POISE_TRY(average_, TorchGraph::create(job_.graph, torch));
  }
  LoaderOptions loading;
  loading.batch = options_.batch;
  loading.workers = options_.workers;
  loading.seed = options_.seed;
  POISE_TRY(loader_, Loader::create(job_.train, sample_, job_.settings.augment, loading));
  const auto batches = static_cast<std::int64_t>(loader_->batches_per_epoch());
  steps_per_epoch_ = (batches + options_.accumulate - 1) / options_.accumulate;
  if (job_.resume) POISE_RETURN_IF_ERROR(resume());
  // A picture of the validation set that cannot be read is found now, not after an epoch.
  if (!job_.resume) {
    POISE_TRY(const auto trial, Loader::create(job_.val, sample_, std::nullopt, validation_loading(1, 1)));
    POISE_TRY(const auto first, trial->next());
    if (!first) return invalid_argument("the validation set is empty");
  }
  std::error_code error;  // the folder comes last: what cannot work leaves none
  fs::create_directories(job_.out, error);
  if (error) return io_error("cannot make " + job_.out.string() + ": " + error.message());
  POISE_TRY(log_, RunLog::open(job_.out, at_.step, wall_seconds()));
  return {};
}

Status Run::resume() {
  const fs::path path = job_.out / "last.ckpt";
  POISE_TRY(const Checkpoint checkpoint, read_checkpoint(path));
  const auto whole = [&checkpoint](const char* name) { return checkpoint.progress.integer(name); };
  POISE_TRY(const std::int64_t epoch, whole("epoch"));
  POISE_TRY(const std::int64_t batch, whole("batch"));
  POISE_TRY(const std::int64_t best_epoch, whole("best_epoch"));
  POISE_TRY(const std::int64_t persons, whole("persons"));
  POISE_TRY(at_.step, whole("step"));
  POISE_TRY(at_.loss_sum, checkpoint.progress.number("loss_sum"));
  POISE_TRY(at_.best_pck, checkpoint.progress.number("best_pck"));
  const auto batches = static_cast<std::int64_t>(loader_->batches_per_epoch());
  if (epoch < 0 || epoch > 1'000'000 || batch < 0 || batch >= batches || at_.step < 0 || best_epoch < 0 ||
      best_epoch > epoch + 1) {
    return malformed(path.string() + ": its position is none of this run");
  }
  if (persons != static_cast<std::int64_t>(job_.train->size())) {
    return invalid_argument(path.string() + ": the run learned from " + std::to_string(persons) +
                            " persons, --data has " + std::to_string(job_.train->size()) + ": give the same data");
  }
  if (checkpoint.config.dump() != job_.config.dump()) {
    return invalid_argument(path.string() +
                            ": the run had another configuration: give the same file and flags, or another --out");
  }
  const auto restored = guarded([&]() -> Status {
    POISE_RETURN_IF_ERROR(take(checkpoint, average_ ? "train.weights." : "", all_of(network_)));
    if (average_) POISE_RETURN_IF_ERROR(take(checkpoint, "", all_of(*average_)));
    return take(checkpoint, kTrainPrefix, optimizer_.state());
  });
  if (!restored.ok()) return restored.error().prefixed(path.string());
  optimizer_.set_steps(at_.step);
  at_.epoch = static_cast<int>(epoch);
  at_.batch = static_cast<std::size_t>(batch);
  at_.best_epoch = static_cast<int>(best_epoch);
  loader_->seek(static_cast<std::uint64_t>(epoch), at_.batch);
  return {};
}

Checkpoint Run::checkpoint(bool everything) const {
  Checkpoint checkpoint;
  checkpoint.config = job_.config;
  checkpoint.card = job_.card;
  checkpoint.progress = to_json(at_, *job_.train);
  put(checkpoint, "", all_of(measured()));
  if (!everything) return checkpoint;
  if (average_) put(checkpoint, "train.weights.", all_of(network_));
  put(checkpoint, kTrainPrefix, optimizer_.state());
  return checkpoint;
}

Status Run::save(const std::string& name, bool everything) {
  const fs::path path = job_.out / name;
  const Status written = write_checkpoint(path, checkpoint(everything));
  saved_ = Clock::now();
  if (written.ok()) return {};
  std::error_code ignored;
  const bool has_one = fs::exists(job_.out / "last.ckpt", ignored);
  return io_error(written.error().message + (has_one ? "; the checkpoint before it is whole: make room, then --resume"
                                                     : "; there is no checkpoint yet"));
}

Error no_number(const Position& at, const std::string& where) {
  return malformed("the loss is no number any more in epoch " + std::to_string(at.epoch + 1) + ", " + where +
                   ": give a lower TRAIN.LR or a warm-up; the last checkpoint is from before that");
}

/// One update: `accumulate` batches, or what the epoch has left.
Status Run::step(Loader& loader) {
  const std::size_t batches = loader.batches_per_epoch();
  const std::size_t count = std::min(static_cast<std::size_t>(options_.accumulate), batches - at_.batch);
  double loss_sum = 0;
  for (std::size_t i = 0; i < count; ++i) {
    POISE_TRY(const std::optional<Batch> batch, loader.next());
    POISE_CHECK(batch && batch->number == at_.batch + i && batch->epoch == static_cast<std::uint64_t>(at_.epoch));
    POISE_TRY(const double loss, guarded([&]() -> Result<double> {
                at::Tensor total;
                for (const at::Tensor& heatmaps : network_.forward({to_torch(batch->images)}, true)) {
                  const at::Device device = heatmaps.device();
                  const at::Tensor one = heatmap_loss(heatmaps, to_torch(batch->targets).to(device),
                                                      to_torch(batch->weights).to(device), options_.loss);
                  total = total.defined() ? total + one : one;
                }
                const auto value = total.item<double>();
                if (!std::isfinite(value)) return value;
                (count > 1 ? total / static_cast<double>(count) : total).backward();
                return value;
              }));
    if (!std::isfinite(loss)) return no_number(at_, "batch " + std::to_string(at_.batch + i + 1));
    loss_sum += loss;
  }
  POISE_RETURN_IF_ERROR(guarded([&]() -> Status {
    optimizer_.step(learning_rate(options_, at_.step, at_.epoch, steps_per_epoch_ * options_.epochs));
    if (!average_) return {};
    const at::NoGradGuard no_gradients;
    const double decay = ema_decay(options_.ema, at_.step);
    const std::vector<NamedTensor> from = all_of(network_), into = all_of(*average_);
    for (std::size_t i = 0; i < from.size(); ++i) into[i].tensor.lerp_(from[i].tensor, 1.0 - decay);
    return {};
  }));
  at_.loss_sum += loss_sum;
  at_.batch += count;
  epoch_batches_ += count;
  all_batches_ += count;
  ++at_.step;
  return {};
}

TrainProgress Run::progress() const {
  TrainProgress p;
  p.epoch = at_.epoch;
  p.epochs = options_.epochs;
  p.batch = at_.batch;
  p.batches = loader_->batches_per_epoch();
  p.step = at_.step;
  p.loss = at_.loss_sum / static_cast<double>(std::max<std::size_t>(1, at_.batch));
  p.learning_rate =
      learning_rate(options_, std::max<std::int64_t>(0, at_.step - 1), at_.epoch, steps_per_epoch_ * options_.epochs);
  p.images_per_second =
      static_cast<double>(epoch_batches_) * options_.batch / std::max(1e-9, seconds_since(epoch_start_));
  const double left = static_cast<double>(p.batches) * (options_.epochs - at_.epoch) - static_cast<double>(at_.batch);
  p.seconds_left = left * seconds_since(started_) / static_cast<double>(std::max<std::size_t>(1, all_batches_));
  return p;
}

bool Run::due() const {
  if (options_.checkpoint_steps > 0 && at_.step % options_.checkpoint_steps == 0) return true;
  return seconds_since(saved_) >= options_.checkpoint_seconds;
}

Status Run::finish_epoch() {
  EpochResult result;
  result.progress = progress();
  POISE_TRY(const Validation validation, validate(measured(), job_.val, sample_, card_, options_));
  if (!std::isfinite(validation.loss)) return no_number(at_, "validation");
  result.val_loss = validation.loss;
  result.pck = validation.pck.mean;
  result.best = validation.pck.mean > at_.best_pck;
  result.seconds = seconds_since(epoch_start_);

  Json record = Json::object();
  record.set("step", at_.step);
  record.set("epoch", at_.epoch + 1);
  record.set("learning_rate", result.progress.learning_rate);
  record.set("loss", result.progress.loss);
  record.set("val_loss", result.val_loss);
  record.set("pck", result.pck);
  Json joints = Json::object();
  for (const PartRate& part : validation.pck.joints) joints.set(part.name, part.rate);
  record.set("joints", std::move(joints));
  record.set("images_per_second", result.progress.images_per_second);
  record.set("seconds", result.seconds);
  POISE_RETURN_IF_ERROR(log_->add(record, wall_seconds()));
  POISE_RETURN_IF_ERROR(log_->draw_curves());
  constexpr int kOnSheet = 16;
  POISE_TRY(const Image sheet, validation_sheet(*job_.val, validation.poses, sample_.crop, kOnSheet));
  POISE_RETURN_IF_ERROR(write_image(job_.out / "val.jpg", sheet));

  ++at_.epoch;
  at_.batch = 0;
  at_.loss_sum = 0;
  if (result.best) {
    at_.best_pck = result.pck;
    at_.best_epoch = at_.epoch;
    POISE_RETURN_IF_ERROR(save("best.ckpt", false));
  }
  POISE_RETURN_IF_ERROR(save("last.ckpt", true));
  if (callbacks_.on_epoch) callbacks_.on_epoch(result);
  epoch_start_ = Clock::now();
  epoch_batches_ = 0;
  return {};
}

TrainSummary Run::summary(bool stopped) const {
  return {.stopped = stopped,
          .epochs = at_.epoch,
          .steps = at_.step,
          .best_pck = at_.best_pck,
          .best_epoch = at_.best_epoch};
}

Result<TrainSummary> Run::run() {
  started_ = saved_ = epoch_start_ = Clock::now();
  while (at_.epoch < options_.epochs) {
    POISE_RETURN_IF_ERROR(step(*loader_));
    if (callbacks_.on_step) callbacks_.on_step(progress());
    const bool stop = callbacks_.should_stop && callbacks_.should_stop();
    if (at_.batch == loader_->batches_per_epoch()) {
      POISE_RETURN_IF_ERROR(finish_epoch());
    } else if (stop || due()) {
      POISE_RETURN_IF_ERROR(save("last.ckpt", true));
    }
    if (stop) return summary(at_.epoch < options_.epochs);
  }
  return summary(false);
}

Status check_folder(const TrainJob& job) {
  std::error_code error;
  const bool has_run = fs::exists(job.out / "last.ckpt", error) || fs::exists(job.out / "best.ckpt", error);
  if (!job.resume && has_run) {
    return invalid_argument(job.out.string() + " holds a run already: give --resume to go on, or another --out");
  }
  if (job.resume && !fs::exists(job.out / "last.ckpt", error)) {
    return not_found((job.out / "last.ckpt").string() + ": there is nothing to resume: leave out --resume");
  }
  return {};
}

}  // namespace

Result<TrainSummary> train(const TrainJob& job, const TrainCallbacks& callbacks) {
  const TrainOptions& options = job.settings.options;
  POISE_RETURN_IF_ERROR(check(options));
  POISE_CHECK(job.train != nullptr && job.val != nullptr);
  if (job.train->size() == 0) return invalid_argument("the training set is empty");
  if (job.val->size() == 0) return invalid_argument("the validation set is empty");
  const Shape& shape = job.graph.values.at(job.graph.inputs.at(0)).shape;
  const bool fixed = shape.size() == 4 && shape[2] > 0 && shape[3] > 0;
  const Size input = fixed ? Size{static_cast<int>(shape[3]), static_cast<int>(shape[2])} : Size{};
  POISE_TRY(ModelCard card, card_from_json(job.card, input));
  for (const DataSetPtr& set : {job.train, job.val}) {
    if (!(set->skeleton() == card.skeleton)) {
      return invalid_argument("the data's skeleton is " + set->skeleton().name + ", the network's " +
                              card.skeleton.name + ": bring the data to it, or set DATASET.SKELETON");
    }
  }
  POISE_TRY(SampleOptions sample, sample_options(job, card));
  POISE_TRY(const at::Device device, torch_device(options.device));
  set_torch_threads(options.threads);
  const bool channels_last = device.is_cuda() || options.bfloat16;  // measured: docs/training.md
  const TorchOptions torch{.device = device, .bfloat16 = options.bfloat16, .channels_last = channels_last};
  POISE_TRY(TorchGraph network, TorchGraph::create(job.graph, torch));
  POISE_RETURN_IF_ERROR(check_folder(job));
  Run run(job, callbacks, std::move(card), std::move(sample), std::move(network));
  POISE_RETURN_IF_ERROR(run.prepare(torch));
  return run.run();
}

}  // namespace poise
