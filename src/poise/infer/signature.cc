#include "poise/infer/signature.h"

#include <array>
#include <cmath>
#include <optional>

#include "poise/base/sha256.h"
#include "poise/draw/figures.h"
#include "poise/infer/pipeline.h"
#include "poise/models/shipped.h"

namespace poise {
namespace {

constexpr std::size_t kDigits = 16;
constexpr std::array<Size, 4> kSizes{{{320, 240}, {240, 320}, {416, 416}, {500, 300}}};  // of pictures, in turns
constexpr float kThreshold = 0.2F;  // of boxes: the detector learned on photographs, and is not sure of figures

Image picture(std::size_t index) {
  const Size size = kSizes.at(index % kSizes.size());
  return draw_figures({.size = size, .people = 1 + static_cast<int>(index % 3), .seed = index}).image;
}

std::string rounded(float value, float parts) { return std::to_string(std::lround(value * parts)) + " "; }

std::string text_of(const PipelineAnswer& answer) {
  constexpr float kPixel = 4;
  constexpr float kScore = 64;
  std::string text = "picture\n";
  for (const PersonBox& person : answer.boxes) {
    for (const float side : {person.box.x, person.box.y, person.box.width, person.box.height}) {
      text += rounded(side, kPixel);
    }
    text += rounded(person.score, kScore) + "\n";
  }
  for (const Pose& pose : answer.frame.poses) {
    for (const Keypoint& joint : pose.keypoints) {
      text += rounded(joint.point.x, kPixel) + rounded(joint.point.y, kPixel) + rounded(joint.score, kScore) + "\n";
    }
  }
  return text;
}

}  // namespace

Result<std::string> result_signature(const SignatureOptions& options) {
  DetectorOptions look;
  look.run.backend = "reference";
  look.run.precision = Precision::kFloat32;
  look.threshold = kThreshold;
  POISE_TRY(NetworkFile person_network, read_shipped(kShippedDetector));
  POISE_TRY(Detector detector, Detector::create(std::move(person_network), look));
  EstimatorOptions estimate;
  estimate.run = look.run;
  estimate.flip_test = true;
  estimate.card.flags.set("refine", "dark");
  POISE_TRY(NetworkFile pose_network, read_shipped());
  POISE_TRY(Estimator estimator, Estimator::create(std::move(pose_network), estimate));

  std::string text;
  std::optional<Error> failed;
  const auto read = [](std::size_t i, const AdmitPixels& /*admit*/) -> Result<PipelinePicture> {
    return PipelinePicture{picture(i), std::nullopt};
  };
  const auto take = [&](std::size_t, const Result<PipelineAnswer>& answer) {
    if (answer.ok()) {
      text += text_of(*answer);
    } else if (!failed) {
      failed = answer.error();
    }
  };
  PipelineOptions run;
  run.streams = options.streams;
  run_pipeline(static_cast<std::size_t>(options.pictures), {&detector, &estimator}, read, take, run);
  if (failed) return *failed;
  return sha256_hex({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}).substr(0, kDigits);
}

}  // namespace poise
