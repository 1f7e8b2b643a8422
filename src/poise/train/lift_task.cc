#include <algorithm>
#include <cmath>
#include <utility>

#include "poise/card/lift_card.h"
#include "poise/data/loader.h"
#include "poise/draw/draw.h"
#include "poise/geometry/space.h"
#include "poise/train/task.h"

namespace poise {
namespace {

constexpr std::size_t kValPoses = 2048;         // the same ones each time
constexpr std::uint64_t kValSeed = 0x6c696674;  // "lift"
constexpr double kLargest = 0.15;               // metres, of the area under the curve
constexpr int kThresholds = 31;

/// Poses made up are COCO's 17 joints, three numbers each.
Status check_network(const TrainJob& job, const LiftCard& card) {
  constexpr std::int64_t kJoints = 17, kNumbers = 3 * kJoints;
  if (card.skeleton.name != "coco17") {
    return unsupported("poses are made up of coco17 alone, the network lifts " + card.skeleton.name);
  }
  if (job.graph.inputs.size() != 1 || job.graph.outputs.size() != 1) {
    return invalid_argument("a network that lifts has one input and one output");
  }
  const std::vector<Shape> one{{1, kNumbers}};
  const Shape& input = job.graph.values.at(job.graph.inputs[0]).shape;
  if (input != Shape{-1, kNumbers}) {
    return unsupported("the network takes " + to_string(input) + ", poses made up are ?x51: 17 joints, 3 numbers each");
  }
  POISE_TRY(const auto infos, infer_shapes(job.graph, one));
  const Shape& output = infos[job.graph.outputs[0]].shape;
  if (output != Shape{1, kNumbers}) return invalid_argument("the network gives " + to_string(output) + ", not 1x51");
  return {};
}

class LiftTask : public Task {
 public:
  LiftTask(const TrainOptions& options, Skeleton skeleton, ExamplesPtr to_learn, ExamplesPtr to_validate)
      : options_(options),
        skeleton_(std::move(skeleton)),
        to_learn_(std::move(to_learn)),
        to_validate_(std::move(to_validate)) {}

  const ExamplesPtr& to_learn() const override { return to_learn_; }
  const ExamplesPtr& to_validate() const override { return to_validate_; }

  /// The mean distance over joints, in metres: MPJPE itself, a little rounded at zero.
  at::Tensor loss(const std::vector<at::Tensor>& outputs, const at::Tensor& targets,
                  const at::Tensor& weights) const override {
    constexpr double kRound = 1e-6;
    const at::Tensor apart = (outputs[0] - targets).view({targets.size(0), -1, 3});
    return (((apart * apart).sum(2) + kRound).sqrt() * weights).mean();
  }

  Result<Measured> validate(TorchGraph& network) const override {
    Measured measured;
    measured.sheet = Image(kColumns * kCell, kRows * kCell);
    LoaderOptions loading = validation_loading(256, options_.workers);
    loading.seed = kValSeed;
    POISE_TRY(auto loader, Loader::create(to_validate_, loading));
    std::vector<double> errors;
    while (true) {
      POISE_TRY(const std::optional<Batch> batch, loader->next());
      if (!batch) break;
      POISE_TRY(
          const Tensor found, guarded([&]() -> Result<Tensor> {
            const at::NoGradGuard no_gradients;
            const std::vector<at::Tensor> outputs = network.forward({to_torch(batch->images)}, false);
            const at::Device device = outputs[0].device();
            measured.loss +=
                loss(outputs, to_torch(batch->targets).to(device), to_torch(batch->weights).to(device)).item<double>() *
                static_cast<double>(batch->indices.size());
            return from_torch(outputs[0]);
          }));
      if (errors.empty()) draw_some(found, batch->targets, measured.sheet);
      add_errors(found.floats(), batch->targets.floats(), errors);
    }
    measured.loss /= static_cast<double>(to_validate_->size());
    measured.score = area(errors);
    double sum = 0;
    for (const double error : errors) sum += error;
    measured.details.set("mpjpe_mm", 1000 * sum / static_cast<double>(errors.size()));
    return measured;
  }

 private:
  static constexpr int kColumns = 8, kRows = 4, kCell = 128;

  static Point3 point(const float* at) { return {at[0], at[1], at[2]}; }

  static void add_errors(std::span<const float> found, std::span<const float> truth, std::vector<double>& errors) {
    for (std::size_t i = 0; i + 2 < found.size(); i += 3) {
      errors.push_back(distance(point(&found[i]), point(&truth[i])));
    }
  }

  static double area(const std::vector<double>& errors) {
    double sum = 0;
    for (int t = 0; t < kThresholds; ++t) {
      const double threshold = kLargest * t / (kThresholds - 1);
      sum += static_cast<double>(std::ranges::count_if(errors, [&](double e) { return e < threshold; }));
    }
    return sum / kThresholds / static_cast<double>(errors.size());
  }

  /// From the front and from the side, the truth above what was found.
  void draw_some(const Tensor& found, const Tensor& truth, Image& sheet) const {
    for (int n = 0; n < kColumns * kRows / 4; ++n) {
      for (const bool side : {false, true}) {
        const int column = n % (kColumns / 2) * 2 + (side ? 1 : 0), row = n / (kColumns / 2) * 2;
        draw_one(truth, n, side, column, row, sheet);
        draw_one(found, n, side, column, row + 1, sheet);
      }
    }
  }
  void draw_one(const Tensor& poses, int n, bool side, int column, int row, Image& sheet) const {
    constexpr float kPixelsAMetre = 55;
    Pose pose;
    const std::int64_t joints = poses.dim(1) / 3;
    for (std::int64_t j = 0; j < joints; ++j) {
      const float* at = poses.floats().data() + (n * joints + j) * 3;
      const float across = side ? at[2] : at[0];
      pose.keypoints.push_back({{static_cast<float>(column * kCell + kCell / 2) + kPixelsAMetre * across,
                                 static_cast<float>(row * kCell + kCell / 2) + kPixelsAMetre * at[1]},
                                1.0F});
    }
    draw(sheet, pose, skeleton_);
  }

  TrainOptions options_;
  Skeleton skeleton_;
  ExamplesPtr to_learn_, to_validate_;
};

}  // namespace

Status check_lift_task(const TrainJob& job) {
  POISE_TRY(const LiftCard card, lift_card_from_json(job.card));
  return check_network(job, card);
}

Result<std::unique_ptr<Task>> lift_task(const TrainJob& job, const LiftData& data) {
  POISE_TRY(LiftCard card, lift_card_from_json(job.card));
  POISE_RETURN_IF_ERROR(check_network(job, card));
  if (data.poses == 0) return invalid_argument("DATASET.POSES is 0: there is nothing to learn from");
  return std::unique_ptr<Task>(std::make_unique<LiftTask>(job.settings.options, std::move(card.skeleton),
                                                          made_poses(data.poses, data.kinematics),
                                                          made_poses(kValPoses, data.kinematics)));
}

}  // namespace poise
