#include "eval_detector.h"

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "metrics/commands.h"
#include "outputs.h"
#include "poise/base/version.h"
#include "poise/formats/writers.h"
#include "poise/metrics/coco_eval.h"
#include "sources.h"

namespace poise::app {
namespace {

namespace fs = std::filesystem;

// The curve's end: what scores less changes AP by nothing that can be seen.
constexpr float kLeastScore = 0.001F;

/// The truth's people alone. Errors: none of several categories is named "person".
Result<CocoTruth> people_of(CocoTruth truth) {
  int person = truth.categories.size() == 1 ? 0 : -1;
  for (std::size_t i = 0; i < truth.categories.size(); ++i) {
    if (truth.categories[i].name == "person") person = static_cast<int>(i);
  }
  if (person < 0) return invalid_argument("none of the annotations' categories is named \"person\"");
  CocoTruth people = truth;
  people.categories = {truth.categories[static_cast<std::size_t>(person)]};
  std::size_t kept = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    if (truth.category[i] != person) continue;
    people.id[kept] = truth.id[i];
    people.image[kept] = truth.image[i];
    people.category[kept] = 0;
    people.box[kept] = truth.box[i];
    people.area[kept] = truth.area[i];
    people.crowd[kept] = truth.crowd[i];
    people.num_keypoints[kept] = truth.num_keypoints[i];
    ++kept;
  }
  people.id.resize(kept);
  people.image.resize(kept);
  people.category.resize(kept);
  people.box.resize(kept);
  people.area.resize(kept);
  people.crowd.resize(kept);
  people.num_keypoints.resize(kept);
  people.joints = 0;
  people.keypoints.clear();
  return people;
}

struct Found {
  Json results = Json::array();
  PipelineCost cost;
  double seconds = 0;
};

Result<Found> find(const DetectorEvaluation& o, const CocoTruth& truth, Detector& detector, Console& console) {
  const auto begin = std::chrono::steady_clock::now();
  DecodeOptions decode;
  decode.exif = Exif::kIgnore;  // annotations are of the pixels as stored
  Found found;
  Status failed;
  PipelineOptions options;
  options.stop = interrupted;
  std::size_t done = 0;
  found.cost = run_pipeline(
      truth.images.size(), &detector, nullptr,
      [&](std::size_t i) -> Result<PipelinePicture> {
        POISE_TRY(DecodedImage decoded, read_image_file(fs::path(o.images) / truth.images[i].file_name, decode));
        return PipelinePicture{std::move(decoded.image), {}};
      },
      [&](std::size_t i, Result<PipelineAnswer> answer) {
        const CocoTruth::Image& image = truth.images[i];
        console.progress(++done, truth.images.size(), image.file_name);
        if (!answer.ok()) {
          if (failed.ok()) failed = about(fs::path(o.images) / image.file_name, answer.error());
          return;
        }
        append_coco_detections(image.file_name, image.id, answer->boxes, false, found.results);
      },
      options);
  if (!failed.ok()) return failed.error();
  if (done < truth.images.size()) return io_error("stopped");
  console.finish();
  found.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  // The truth's own category, whatever its number.
  for (Json& entry : found.results.as_array()) entry.set("category_id", truth.categories[0].id);
  return found;
}

/// Of the detections that score above the threshold, at an overlap of .5.
struct AtThreshold {
  std::size_t right = 0, wrong = 0;
};

AtThreshold count(const CocoResults& results, const CocoMatches& matches, float threshold) {
  AtThreshold at;
  for (std::size_t d = 0; d < results.size(); ++d) {
    const std::size_t row = d * kCocoAreas;  // all sizes
    if (!(results.score[d] > threshold) || (matches.ignored[row] & 1U) != 0) continue;
    ((matches.matched[row] & 1U) != 0 ? at.right : at.wrong) += 1;
  }
  return at;
}

}  // namespace

Status eval_detector(const DetectorEvaluation& o, Console& console) {
  POISE_TRY(CocoTruth read, read_coco_truth(o.annotations, CocoPart::kNone));
  auto truth = people_of(std::move(read));
  if (!truth.ok()) return truth.error().prefixed(o.annotations);
  if (!o.out.empty()) POISE_RETURN_IF_ERROR(check_out_file(o.out));
  if (truth->images.empty()) return invalid_argument(o.annotations + ": lists no image");
  POISE_TRY(NamedDetector detector, open_detector(o.detector, o.run));
  const Json as_used = detector_json(detector);
  const float threshold = detector.detector.card().head.threshold;
  detector.detector.set_threshold(std::min(threshold, kLeastScore));
  watch_interrupts();
  POISE_TRY(const Found found, find(o, *truth, detector.detector, console));
  const std::string text = found.results.dump();
  if (!o.out.empty()) POISE_RETURN_IF_ERROR(write_file_atomic(fs::path(o.out), text + "\n"));
  CocoEvalOptions options;
  options.similarity = CocoSimilarity::kBoxIou;
  CocoResultsOptions reading;
  reading.part = CocoPart::kNone;
  reading.max_per_image = coco_max_detections(options.similarity);
  POISE_TRY(const CocoResults results,
            parse_coco_results({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, *truth, reading));
  POISE_TRY(const CocoEvaluation evaluation, evaluate_coco(*truth, results, options));
  const AtThreshold at = count(results, evaluation.matches, threshold);
  const auto ratio = [](std::size_t part, std::size_t whole) {
    return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
  };
  const double recall = ratio(at.right, evaluation.truths_counted);
  const double precision = ratio(at.right, at.right + at.wrong);
  const double milliseconds = 1e3 * found.cost.detect_seconds / static_cast<double>(truth->images.size());

  Json json = Json::object();
  const auto whole = [&](const char* name, std::size_t value) { json.set(name, static_cast<std::int64_t>(value)); };
  json.set("poise", kVersion);
  json.set("protocol", "COCO box AP (IoU) of people, variant cocoapi");
  json.set("annotations", o.annotations);
  json.set("detector", as_used);
  for (const auto& [name, value] : evaluation.figures) json.set(name, value);
  json.set("threshold", threshold);
  json.set("recall", recall);
  json.set("precision", precision);
  whole("found", at.right);
  whole("false_persons", at.wrong);
  whole("persons", evaluation.truths_counted);
  whole("crowds_ignored", evaluation.truths_ignored);
  whole("pictures", truth->images.size());
  json.set("seconds", found.seconds);
  json.set("streams", found.cost.streams);
  json.set("detect_ms_per_picture", milliseconds);
  if (o.json != "-") {
    std::printf("COCO box AP (IoU) of people, variant cocoapi\n%zu persons in %zu pictures, %zu crowds ignored\n",
                evaluation.truths_counted, truth->images.size(), evaluation.truths_ignored);
    for (const auto& [name, value] : evaluation.figures) std::printf("  %-6s %.4f\n", name.c_str(), value);
    std::printf(
        "at threshold %g, overlap 0.5: recall %.4f, precision %.4f, %zu found, %zu false\n"
        "speed, measured here: %.1f ms a picture in the detector, in %d streams\n",
        static_cast<double>(threshold), recall, precision, at.right, at.wrong, milliseconds, found.cost.streams);
  }
  return put_json(json, o.json);
}

}  // namespace poise::app
