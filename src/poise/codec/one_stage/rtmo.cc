#include <string>

#include "poise/codec/one_stage/families.h"
#include "poise/codec/one_stage/shared.h"

namespace poise {
namespace {

constexpr const char* kName = "rtmo";

class Rtmo : public OneStageCodec {
 public:
  const char* name() const override { return kName; }
  Json parameters() const override { return Json::object(); }

  Result<OneStageAnswer> check(std::span<const NetworkOutput> outputs, const Skeleton& skeleton, Size input,
                               int classes) const override {
    const auto dets = find_output(outputs, "dets"), keypoints = find_output(outputs, "keypoints");
    const std::int64_t joints = skeleton.size();
    const auto fits = [&] {
      const Shape &boxes = outputs[*dets].shape, &points = outputs[*keypoints].shape;
      return boxes.size() == 3 && boxes[2] == 5 && points.size() == 4 && points[2] == joints && points[3] == 3;
    };
    if (!dets.ok() || !keypoints.ok() || *dets == *keypoints || !fits()) {
      return unsupported(describe(outputs) + ": codec rtmo reads dets (1, n, 5) and keypoints (1, n, " +
                         std::to_string(joints) + ", 3), as skeleton \"" + skeleton.name + "\" has " +
                         std::to_string(joints) + " joints");
    }
    return OneStageAnswer{input, skeleton.size(), classes, 0, {*dets, *keypoints}};
  }

  Result<std::vector<FoundPerson>> decode(const OneStageAnswer& answer, std::span<const Tensor> outputs,
                                          float threshold) const override {
    const bool fits = outputs.size() == 2 && outputs[0].rank() == 3 && outputs[1].rank() == 4 &&
                      outputs[0].type() == DType::kFloat32 && outputs[1].type() == DType::kFloat32 &&
                      outputs[0].dim(0) == 1 && outputs[0].dim(2) == 5 && outputs[1].dim(0) == 1 &&
                      outputs[1].dim(1) == outputs[0].dim(1) && outputs[1].dim(2) == answer.joints &&
                      outputs[1].dim(3) == 3;
    if (!fits) return not_as_checked(outputs, kName);
    std::vector<FoundPerson> people;
    for (std::int64_t i = 0; i < outputs[0].dim(1); ++i) {
      const float* row = outputs[0].floats().data() + i * 5;
      if (!(row[4] > threshold)) continue;
      FoundPerson& person = people.emplace_back();
      person.found = {{row[0], row[1], row[2] - row[0], row[3] - row[1]}, row[4], 0};
      const float* joint = outputs[1].floats().data() + i * answer.joints * 3;
      for (int j = 0; j < answer.joints; ++j, joint += 3) person.keypoints.push_back({{joint[0], joint[1]}, joint[2]});
    }
    POISE_RETURN_IF_ERROR(check_people(people, answer.input));
    return people;
  }
};

Result<OneStageCodecPtr> create(const Json& /*card*/) { return OneStageCodecPtr(std::make_shared<Rtmo>()); }

}  // namespace

OneStageCodecFamily rtmo_family() { return {kName, {}, create}; }

}  // namespace poise
