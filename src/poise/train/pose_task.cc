#include <string>
#include <utility>

#include "poise/card/check_card.h"
#include "poise/data/pose_examples.h"
#include "poise/train/loss.h"
#include "poise/train/task.h"
#include "poise/train/validation.h"

namespace poise {
namespace {

/// What is fed and asked for, by card and network.
Result<SampleOptions> sample_options(const TrainJob& job, const ModelCard& card) {
  Result<PoseAnswer> answer = find_answer(job.graph, card);
  if (!answer.ok()) {
    const bool joints = answer.error().code == ErrorCode::kInvalidArgument;
    return Error{answer.error().code,
                 answer.error().message + (joints ? " (DATASET.SKELETON), or set MODEL.NUM_JOINTS to fit it" : "")};
  }
  if (answer->outputs.size() != 1) {
    return unsupported(std::string("codec ") + card.codec->name() + " reads several outputs: it cannot be trained");
  }
  SampleOptions sample;
  sample.input = card.input;
  sample.padding = card.padding;
  sample.codec = card.codec;
  sample.answer = std::move(*answer);
  sample.joint_weights = job.settings.joint_weights;
  sample.cut_weight = job.settings.cut_weight;
  sample.shrink = true;
  POISE_RETURN_IF_ERROR(check(sample));
  return sample;
}

class PoseTask : public Task {
 public:
  PoseTask(const TrainOptions& options, DataSetPtr val, const SampleOptions& sample, ExamplesPtr to_learn,
           ExamplesPtr to_validate)
      : options_(options),
        val_(std::move(val)),
        sample_(sample),
        to_learn_(std::move(to_learn)),
        to_validate_(std::move(to_validate)) {}

  const ExamplesPtr& to_learn() const override { return to_learn_; }
  const ExamplesPtr& to_validate() const override { return to_validate_; }

  /// Every output is heatmaps, as of stacked hourglasses.
  at::Tensor loss(const std::vector<at::Tensor>& outputs, const at::Tensor& targets,
                  const at::Tensor& weights) const override {
    at::Tensor total;
    for (const at::Tensor& heatmaps : outputs) {
      const at::Tensor one = heatmap_loss(heatmaps, targets, weights, options_.loss);
      total = total.defined() ? total + one : one;
    }
    return total;
  }

  Result<Measured> validate(TorchGraph& network) const override {
    POISE_TRY(const Validation validation, poise::validate(network, val_, sample_, options_));
    Measured measured;
    measured.loss = validation.loss;
    measured.score = validation.pck.mean;
    Json joints = Json::object();
    for (const PartRate& part : validation.pck.joints) joints.set(part.name, part.rate);
    measured.details.set("joints", std::move(joints));
    constexpr int kOnSheet = 16;
    POISE_TRY(measured.sheet, validation_sheet(*val_, validation.poses, sample_.crop(), kOnSheet));
    return measured;
  }

 private:
  TrainOptions options_;
  DataSetPtr val_;
  SampleOptions sample_;
  ExamplesPtr to_learn_, to_validate_;
};

}  // namespace

Status check_pose_task(const TrainJob& job) {
  if (job.card.find("skeleton") == nullptr) return {};
  POISE_TRY(const ModelCard card, card_from_json(job.card, {}));
  POISE_TRY(const SampleOptions sample, sample_options(job, card));
  return {};
}

Result<std::unique_ptr<Task>> pose_task(const TrainJob& job, const PoseData& data) {
  POISE_CHECK(data.train != nullptr && data.val != nullptr);
  if (data.train->size() == 0) return invalid_argument("the training set is empty");
  if (data.val->size() == 0) return invalid_argument("the validation set is empty");
  const Shape& shape = job.graph.values.at(job.graph.inputs.at(0)).shape;
  const bool fixed = shape.size() == 4 && shape[2] > 0 && shape[3] > 0;
  const Size input = fixed ? Size{static_cast<int>(shape[3]), static_cast<int>(shape[2])} : Size{};
  POISE_TRY(const ModelCard card, card_from_json(job.card, input));
  for (const DataSetPtr& set : {data.train, data.val}) {
    if (!(set->skeleton() == card.skeleton)) {
      return invalid_argument("the data's skeleton is " + set->skeleton().name + ", the network's " +
                              card.skeleton.name + ": bring the data to it, or set DATASET.SKELETON");
    }
  }
  POISE_TRY(const SampleOptions sample, sample_options(job, card));
  if (const Status can = check_measurable(*data.val); !can.ok()) return can.error().prefixed("the validation set");
  POISE_TRY(ExamplesPtr to_learn, pose_examples(data.train, sample, job.settings.augment));
  POISE_TRY(ExamplesPtr to_validate, pose_examples(data.val, sample, std::nullopt));
  return std::unique_ptr<Task>(
      std::make_unique<PoseTask>(job.settings.options, data.val, sample, std::move(to_learn), std::move(to_validate)));
}

}  // namespace poise
