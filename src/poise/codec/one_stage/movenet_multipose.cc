#include <string>

#include "poise/codec/one_stage/families.h"
#include "poise/codec/one_stage/shared.h"

namespace poise {
namespace {

constexpr const char* kName = "movenet_multipose";
constexpr std::int64_t kBox = 5;  // top, left, bottom, right, score

class MultiPose : public OneStageCodec {
 public:
  const char* name() const override { return kName; }
  Json parameters() const override { return Json::object(); }

  Result<OneStageAnswer> check(std::span<const NetworkOutput> outputs, const Skeleton& skeleton, Size input,
                               int classes) const override {
    const auto index = find_output(outputs, "output_0");
    const std::int64_t numbers = 3 * skeleton.size() + kBox;
    if (!index.ok() || outputs[*index].shape.size() != 3 || outputs[*index].shape[2] != numbers) {
      return unsupported(describe(outputs) + ": codec movenet_multipose reads (1, people, " + std::to_string(numbers) +
                         "), as skeleton \"" + skeleton.name + "\" has " + std::to_string(skeleton.size()) + " joints");
    }
    return OneStageAnswer{input, skeleton.size(), classes, 0, {*index}};
  }

  Result<std::vector<FoundPerson>> decode(const OneStageAnswer& answer, std::span<const Tensor> outputs,
                                          float threshold) const override {
    const std::int64_t numbers = 3 * std::int64_t{answer.joints} + kBox;
    if (outputs.size() != 1 || outputs[0].rank() != 3 || outputs[0].type() != DType::kFloat32 ||
        outputs[0].dim(0) != 1 || outputs[0].dim(2) != numbers) {
      return not_as_checked(outputs, kName);
    }
    const auto width = static_cast<float>(answer.input.width), height = static_cast<float>(answer.input.height);
    std::vector<FoundPerson> people;
    for (std::int64_t i = 0; i < outputs[0].dim(1); ++i) {
      const float* joint = outputs[0].floats().data() + i * numbers;
      const float* box = joint + 3 * std::int64_t{answer.joints};
      if (!(box[4] > threshold)) continue;
      FoundPerson& person = people.emplace_back();
      person.found = {
          {box[1] * width, box[0] * height, (box[3] - box[1]) * width, (box[2] - box[0]) * height}, box[4], 0};
      for (int j = 0; j < answer.joints; ++j, joint += 3) {
        person.keypoints.push_back({{joint[1] * width, joint[0] * height}, joint[2]});
      }
    }
    POISE_RETURN_IF_ERROR(check_people(people, answer.input));
    return people;
  }
};

Result<OneStageCodecPtr> create(const Json& /*card*/) { return OneStageCodecPtr(std::make_shared<MultiPose>()); }

}  // namespace

OneStageCodecFamily movenet_multipose_family() { return {kName, {}, create}; }

}  // namespace poise
