#include <cmath>
#include <string>

#include "poise/codec/card_members.h"
#include "poise/codec/detectors/shared.h"
#include "poise/codec/one_stage/families.h"
#include "poise/codec/one_stage/shared.h"

namespace poise {
namespace {

constexpr const char* kName = "yolo_pose";
constexpr std::int64_t kMostRows = 1000;  // of an answer that is thinned out
constexpr int kColumns = 0, kRows = 1;    // OneStageAnswer::form
constexpr std::int64_t kRowHead = 6;      // left, top, right, bottom, score, class

class YoloPose : public OneStageCodec {
 public:
  explicit YoloPose(int dimensions) : dimensions_(dimensions) {}

  const char* name() const override { return kName; }
  Json parameters() const override { return Json::Object{{"dimensions", dimensions_}}; }
  Result<OneStageAnswer> check(std::span<const NetworkOutput> outputs, const Skeleton& skeleton, Size input,
                               int classes) const override;
  Result<std::vector<FoundPerson>> decode(const OneStageAnswer& answer, std::span<const Tensor> outputs,
                                          float threshold) const override;
  bool repeats_people(const OneStageAnswer& answer) const override { return answer.form == kColumns; }

 private:
  /// Keypoint numbers, `step` apart, from `values` on.
  std::vector<Keypoint> joints(const OneStageAnswer& answer, const float* values, std::int64_t step,
                               float person) const;
  std::vector<FoundPerson> columns(const OneStageAnswer& answer, const Tensor& output, float threshold) const;
  Result<std::vector<FoundPerson>> rows(const OneStageAnswer& answer, const Tensor& output, float threshold) const;

  int dimensions_;
};

Result<OneStageAnswer> YoloPose::check(std::span<const NetworkOutput> outputs, const Skeleton& skeleton, Size input,
                                       int classes) const {
  const std::int64_t numbers = std::int64_t{skeleton.size()} * dimensions_;
  const auto other = [&](const std::string& why) {
    return unsupported(describe(outputs) + ": codec yolo_pose reads one (1, 4 + classes + " + std::to_string(numbers) +
                       ", n), n being the cells of its strides, or (1, n, " + std::to_string(kRowHead + numbers) +
                       ") with boxes thinned out; " + why);
  };
  OneStageAnswer answer{input, skeleton.size(), classes, kRows, {0}};
  if (outputs.size() != 1 || outputs[0].shape.size() != 3) return other("these are others");
  const Shape& shape = outputs[0].shape;
  const bool rows = shape[2] == kRowHead + numbers && shape[1] <= kMostRows;
  if (rows && !are_cells(input, shape[2], 1)) return answer;
  if (!are_cells(input, shape[2], 1)) {
    return other("skeleton \"" + skeleton.name + "\" has " + std::to_string(skeleton.size()) + " joints");
  }
  const std::int64_t told = shape[1] - 4 - numbers;
  if (told < 1 || (classes > 0 && told != classes)) {
    return other("with " + std::to_string(std::max(1, classes)) + (classes > 1 ? " classes" : " class") +
                 " and skeleton \"" + skeleton.name + "\" that is " +
                 std::to_string(4 + std::max(1, classes) + numbers) + " numbers a place, not " +
                 std::to_string(shape[1]));
  }
  if (classes == 0 && told != 1) {
    return other("that may be " + std::to_string(told) +
                 " classes or other joints: say \"classes\" and \"skeleton\" in the card");
  }
  answer.classes = static_cast<int>(told);
  answer.form = kColumns;
  return answer;
}

std::vector<Keypoint> YoloPose::joints(const OneStageAnswer& answer, const float* values, std::int64_t step,
                                       float person) const {
  std::vector<Keypoint> keypoints;
  keypoints.reserve(static_cast<std::size_t>(answer.joints));
  for (int j = 0; j < answer.joints; ++j, values += dimensions_ * step) {
    keypoints.push_back({{values[0], values[step]}, dimensions_ == 3 ? values[2 * step] : person});
  }
  return keypoints;
}

std::vector<FoundPerson> YoloPose::columns(const OneStageAnswer& answer, const Tensor& output, float threshold) const {
  const std::int64_t places = output.dim(2);
  std::vector<FoundPerson> people;
  for (std::int64_t i = 0; i < places; ++i) {
    const float* at = output.floats().data() + i;
    const Best best = best_of(at + 4 * places, answer.classes, places);
    if (!(best.score > threshold)) continue;
    people.push_back({{around(at[0], at[places], at[2 * places], at[3 * places]), best.score, best.label},
                      joints(answer, at + (4 + answer.classes) * places, places, best.score)});
  }
  return people;
}

Result<std::vector<FoundPerson>> YoloPose::rows(const OneStageAnswer& answer, const Tensor& output,
                                                float threshold) const {
  std::vector<FoundPerson> people;
  for (std::int64_t i = 0; i < output.dim(1); ++i) {
    const float* row = output.floats().data() + i * output.dim(2);
    if (!(row[4] > threshold)) continue;
    POISE_TRY(const int label, label_of(row[5], answer.classes));
    people.push_back({{{row[0], row[1], row[2] - row[0], row[3] - row[1]}, row[4], label},
                      joints(answer, row + kRowHead, 1, row[4])});
  }
  return people;
}

Result<std::vector<FoundPerson>> YoloPose::decode(const OneStageAnswer& answer, std::span<const Tensor> outputs,
                                                  float threshold) const {
  const std::int64_t numbers = std::int64_t{answer.joints} * dimensions_;
  const bool in_columns = answer.form == kColumns;
  const std::size_t axis = in_columns ? 1 : 2;
  const std::int64_t wanted = numbers + (in_columns ? 4 + answer.classes : kRowHead);
  if (outputs.size() != 1 || outputs[0].rank() != 3 || outputs[0].type() != DType::kFloat32 || outputs[0].dim(0) != 1 ||
      outputs[0].dim(axis) != wanted) {
    return not_as_checked(outputs, kName);
  }
  std::vector<FoundPerson> people;
  if (in_columns) {
    people = columns(answer, outputs[0], threshold);
  } else {
    POISE_TRY(people, rows(answer, outputs[0], threshold));
  }
  POISE_RETURN_IF_ERROR(check_people(people, answer.input));
  return people;
}

Result<OneStageCodecPtr> create(const Json& card) {
  int dimensions = 3;
  POISE_RETURN_IF_ERROR(card::Reader(card).whole("dimensions", 2, 3, dimensions));
  return OneStageCodecPtr(std::make_shared<YoloPose>(dimensions));
}

}  // namespace

OneStageCodecFamily yolo_pose_family() { return {kName, {"dimensions"}, create}; }

}  // namespace poise
