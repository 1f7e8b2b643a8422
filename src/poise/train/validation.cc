#include "poise/train/validation.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "poise/draw/chart.h"
#include "poise/draw/draw.h"
#include "poise/image/warp.h"
#include "poise/train/loss.h"

namespace poise {
namespace {

Annotation truth_of(const Person& person) {
  Annotation truth;
  truth.id = person.id;
  truth.box = person.box;
  truth.area = person.area;
  truth.keypoints = person.keypoints;
  for (std::size_t j = 0; j < truth.keypoints.size(); ++j) {
    if (person.weights[j] == 0) truth.keypoints[j].visibility = Visibility::kAbsent;
  }
  return truth;
}

Result<PckResult> pck_of(const PersonPairs& pairs) {
  auto torso = measure_pck(pairs, {.threshold = 0.2, .reference = PckReference::kTorso});
  if (torso.ok()) return torso;
  return measure_pck(pairs, {.threshold = 0.2, .reference = PckReference::kBoxLongerSide});
}

/// The joints of a set with themselves.
PersonPairs pairs_of(const Skeleton& skeleton) {
  PersonPairs pairs;
  pairs.truth_skeleton = skeleton;
  for (std::size_t j = 0; j < skeleton.joints.size(); ++j) pairs.joints.push_back({skeleton.joints[j].name, j, j});
  return pairs;
}

void paste(const Image& from, Image& into, int left, int top) {
  for (int y = 0; y < from.height(); ++y) {
    std::copy_n(from.row(y), static_cast<std::ptrdiff_t>(from.width()) * 3,
                into.row(top + y) + std::ptrdiff_t{3} * left);
  }
}

}  // namespace

Result<Validation> validate(TorchGraph& network, const DataSetPtr& set, const SampleOptions& sample,
                            const TrainOptions& options) {
  POISE_TRY(const auto loader,
            Loader::create(set, sample, std::nullopt, validation_loading(options.batch, options.workers)));
  Validation result;
  PersonPairs pairs = pairs_of(set->skeleton());
  while (result.poses.size() < set->size()) {
    POISE_TRY(const std::optional<Batch> batch, loader->next());
    if (!batch) break;
    POISE_TRY(const Tensor found, guarded([&]() -> Result<Tensor> {
                const at::NoGradGuard no_gradients;
                const at::Tensor said =
                    network.forward({to_torch(batch->images)}, false).at(sample.answer.outputs.at(0));
                const at::Tensor loss = heatmap_loss(said, to_torch(batch->targets).to(said.device()),
                                                     to_torch(batch->weights).to(said.device()), options.loss);
                result.loss += loss.item<double>() * static_cast<double>(batch->indices.size());
                return from_torch(said);
              }));
    const std::int64_t each = found.count() / found.dim(0);
    for (std::size_t i = 0; i < batch->indices.size(); ++i) {
      const Person person = set->get(batch->indices[i]);
      const float* values = found.floats().data() + static_cast<std::int64_t>(i) * each;
      const Affine image_from_input = crop_from_image(person.box, sample.crop()).inverse();
      result.poses.push_back(
          decode_pose(*sample.codec, sample.answer, std::span(&values, 1), image_from_input, {person.box, 1}));
      pairs.persons.push_back({truth_of(person), result.poses.back(), std::nullopt});
    }
  }
  result.loss /= static_cast<double>(std::max<std::size_t>(1, result.poses.size()));
  POISE_TRY(result.pck, pck_of(pairs));
  return result;
}

Status check_measurable(const DataSet& set) {
  PersonPairs pairs = pairs_of(set.skeleton());
  for (std::size_t i = 0; i < set.size(); ++i)
    pairs.persons.push_back({truth_of(set.get(i)), std::nullopt, std::nullopt});
  POISE_TRY(const PckResult measured, pck_of(pairs));
  return {};
}

Result<Image> validation_sheet(const DataSet& set, const std::vector<Pose>& poses, const CropOptions& crop,
                               int persons) {
  constexpr int kColumns = 4;  // of persons, each with two pictures
  constexpr int kHeight = 192;
  constexpr int kTitle = 14;  // above each picture
  const int count = std::min(persons, static_cast<int>(std::min(set.size(), poses.size())));
  CropOptions large = crop;
  large.rotation = 0;
  large.size = {std::max(1, kHeight * crop.size.width / crop.size.height), kHeight};
  const int rows = (count + kColumns - 1) / kColumns;
  Image sheet(std::max(1, kColumns * 2 * large.size.width), std::max(1, rows * (kTitle + kHeight)));
  for (int n = 0; n < count; ++n) {
    const std::size_t i = static_cast<std::size_t>(n) * set.size() / static_cast<std::size_t>(count);
    const Person person = set.get(i);
    POISE_TRY(const LoadedPicture picture, load_picture(person));
    const Affine cell_from_image = crop_from_image(person.box, large);
    Pose truth;
    for (std::size_t j = 0; j < person.keypoints.size(); ++j) {
      truth.keypoints.push_back({person.keypoints[j].point, person.weights[j] > 0 ? 1.0F : 0.0F});
    }
    int column = n % kColumns * 2;
    const int top = n / kColumns * (kTitle + kHeight);
    for (const auto& [title, given] : {std::pair("found", &poses[i]), std::pair("truth", &std::as_const(truth))}) {
      Pose pose = *given;
      Image cell(large.size.width, large.size.height);
      warp_affine(picture.image.view(), cell_from_image, cell);
      for (Keypoint& keypoint : pose.keypoints) keypoint.point = cell_from_image(keypoint.point);
      draw(cell, pose, set.skeleton(), {.min_score = 0.1F});
      const int left = column++ * large.size.width;
      draw_text(sheet, left + 3, top + 4, title, {255, 255, 255}, 1);
      paste(cell, sheet, left, top + kTitle);
    }
  }
  return sheet;
}

}  // namespace poise
