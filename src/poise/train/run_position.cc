#include "poise/train/run_position.h"

#include <optional>
#include <system_error>

namespace poise {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLast = "last.ckpt";

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

std::string shortened(const Json* value) {
  if (value == nullptr) return "not set";
  constexpr std::size_t kLongest = 40;
  const std::string text = value->dump();
  return text.size() > kLongest ? text.substr(0, kLongest) + "..." : text;
}

/// "TRAIN.LR was 0.001, now it is 0.002": the first difference; nothing where they are equal.
std::optional<std::string> difference(const Json* before, const Json* now, const std::string& path) {
  if (before != nullptr && now != nullptr && before->is_object() && now->is_object()) {
    const auto inside = [&path](const std::string& name) { return path.empty() ? name : path + "." + name; };
    for (const auto& [name, value] : now->as_object()) {
      if (auto found = difference(before->find(name), &value, inside(name))) return found;
    }
    for (const auto& [name, value] : before->as_object()) {
      if (now->find(name) == nullptr) return difference(&value, nullptr, inside(name));
    }
    return std::nullopt;
  }
  if (before != nullptr && now != nullptr && before->dump() == now->dump()) return std::nullopt;
  return path + " was " + shortened(before) + ", now it is " + shortened(now);
}

}  // namespace

std::string measure_of(const TrainJob& job) {
  if (std::holds_alternative<LiftData>(job.data)) return "auc3d";
  return std::holds_alternative<PoseData>(job.data) ? "pck" : "ap50";
}

Learned learned_by(const TrainJob& job) {
  if (const auto* poses = std::get_if<PoseData>(&job.data)) {
    return {static_cast<std::int64_t>(poses->train->size()), "persons"};
  }
  if (const auto* lift = std::get_if<LiftData>(&job.data)) return {static_cast<std::int64_t>(lift->poses), "poses"};
  std::size_t pictures = 0;
  for (const WeightedBoxSet& one : std::get<BoxData>(job.data).train) pictures += one.set.size();
  return {static_cast<std::int64_t>(pictures), "pictures"};
}

Json to_json(const RunPosition& at, const TrainJob& job) {
  Json json = Json::object();
  json.set("epoch", at.epoch);
  json.set("batch", static_cast<std::int64_t>(at.batch));
  json.set("step", at.step);
  json.set("loss_sum", at.loss_sum);
  json.set("window_sum", at.window_sum);
  json.set("best_" + measure_of(job), at.best_score);
  json.set("best_epoch", at.best_epoch);
  const Learned learned = learned_by(job);
  json.set(learned.name, learned.count);
  return json;
}

Checkpoint checkpoint_of(const TrainJob& job, const RunPosition& position) {
  Checkpoint checkpoint;
  checkpoint.config = job.config;
  checkpoint.card = job.card;
  checkpoint.progress = to_json(position, job);
  return checkpoint;
}

Result<RunPosition> position_of(const Checkpoint& checkpoint, const TrainJob& job, std::size_t batches_per_epoch) {
  const Json& progress = checkpoint.progress;
  RunPosition at;
  POISE_TRY(const std::int64_t epoch, progress.integer("epoch"));
  POISE_TRY(const std::int64_t batch, progress.integer("batch"));
  POISE_TRY(const std::int64_t best_epoch, progress.integer("best_epoch"));
  const Learned learned = learned_by(job);
  POISE_TRY(const std::int64_t before, progress.integer(learned.name));
  POISE_TRY(at.step, progress.integer("step"));
  POISE_TRY(at.loss_sum, progress.number("loss_sum"));
  POISE_TRY(at.best_score, progress.number("best_" + measure_of(job)));
  if (progress.find("window_sum") != nullptr) {  // runs begun before there was one go on
    POISE_TRY(at.window_sum, progress.number("window_sum"));
  }
  if (before != learned.count) {
    return invalid_argument("the run learned from " + std::to_string(before) + " " + learned.name +
                            ", the data given have " + std::to_string(learned.count) +
                            ": give the same data, or another option \"out\"");
  }
  if (const auto differs = difference(&checkpoint.config, &job.config, "")) {
    return invalid_argument("the run had another configuration, " + *differs +
                            ": give the same file and flags, or another option \"out\"");
  }
  const auto batches = static_cast<std::int64_t>(batches_per_epoch);
  if (epoch < 0 || epoch > 1'000'000 || batch < 0 || batch >= batches || at.step < 0 || best_epoch < 0 ||
      best_epoch > epoch + 1) {
    return malformed("its position is none of this run");
  }
  at.epoch = static_cast<int>(epoch);
  at.batch = static_cast<std::size_t>(batch);
  at.best_epoch = static_cast<int>(best_epoch);
  return at;
}

Status check_folder(const TrainJob& job) {
  const bool has_last = is_there(job.out / kLast);
  if (!job.resume && (has_last || is_there(job.out / "best.ckpt"))) {
    return invalid_argument(job.out.string() +
                            " holds a run already: give option \"resume\" to go on, or another option \"out\"");
  }
  if (job.resume && !has_last) {
    return not_found((job.out / kLast).string() + ": there is nothing to resume: leave out option \"resume\"");
  }
  return {};
}

Error with_what_is_kept(const Error& error, const fs::path& folder) {
  return {error.code, error.message + (is_there(folder / kLast)
                                           ? "; the checkpoint before it is whole: make room, then option \"resume\""
                                           : "; there is no checkpoint yet")};
}

}  // namespace poise
