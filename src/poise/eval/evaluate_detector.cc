#include "poise/eval/evaluate_detector.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>

#include "poise/base/named.h"
#include "poise/base/version.h"
#include "poise/card/model_card.h"
#include "poise/formats/writers.h"
#include "poise/image/picture_folder.h"

namespace poise {
namespace {

namespace fs = std::filesystem;

constexpr double kProminent = 0.05;  // of the picture's area

double ratio(std::size_t part, std::size_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

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

/// All of the truth's pictures through the detector; their boxes as poses without joints.
Status find(const EvaluateDetectorOptions& o, const CocoTruth& truth, Detector& detector, DetectorReport& report) {
  const auto begin = std::chrono::steady_clock::now();
  std::vector<fs::path> paths;
  PictureFolder folder(o.images);
  for (const CocoTruth::Image& image : truth.images) {
    POISE_TRY(fs::path path, folder.find(image.file_name));
    paths.push_back(std::move(path));
  }
  std::optional<Error> failed;
  std::atomic<bool> over = false;  // asked for on the streams' threads
  PipelineOptions options;
  options.stop = [&] { return over.load(); };
  std::size_t done = 0;
  report.cost = run_pipeline(
      truth.images.size(), {.detector = &detector},
      [&](std::size_t i, const AdmitPixels& admit) -> Result<PipelinePicture> {
        // Annotations are of the pixels as stored.
        POISE_TRY(DecodedImage decoded, read_image_file(paths[i], {.exif = Exif::kIgnore, .admit = admit}));
        PipelinePicture picture;
        picture.image = std::move(decoded.image);
        picture.frame.source = truth.images[i].file_name;
        picture.frame.image_id = truth.images[i].id;
        return picture;
      },
      [&](std::size_t i, Result<PipelineAnswer> answer) {
        const std::string& name = truth.images[i].file_name;
        if (o.progress && !o.progress(++done, truth.images.size(), name)) over = true;
        if (!answer.ok()) {
          if (!failed) failed = about_picture(paths[i], answer.error());
          over = true;  // nothing can be measured any more
          return;
        }
        FrameResult& frame = report.frames.emplace_back(std::move(answer->frame));
        for (const PersonBox& found : answer->boxes) {
          Pose& pose = frame.poses.emplace_back();
          pose.box = found.box;
          pose.box_score = found.score;
          pose.score = found.score;
        }
      },
      options);
  if (failed) return *failed;
  if (over.load() || report.frames.size() < truth.images.size()) return io_error("stopped");
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return {};
}

/// Detections above the threshold, at an overlap of .5; and which truths they found.
void count_at_threshold(const CocoTruth& truth, const CocoResults& results, DetectorReport& report) {
  const CocoMatches& matches = report.evaluation.matches;
  std::vector<bool> is_found(truth.size(), false);
  for (std::size_t d = 0; d < results.size(); ++d) {
    const std::size_t row = d * kCocoAreas;  // all sizes
    if (!(results.score[d] > report.threshold) || (matches.ignored[row] & 1U) != 0) continue;
    const bool right = (matches.matched[row] & 1U) != 0;
    (right ? report.right : report.wrong) += 1;
    const std::int32_t found = matches.truth[d * kCocoThresholds];
    if (right && found >= 0) is_found[static_cast<std::size_t>(found)] = true;
  }
  report.recall = ratio(report.right, report.evaluation.truths_counted);
  report.precision = ratio(report.right, report.right + report.wrong);

  std::vector<bool> has_somebody(truth.images.size(), false);
  for (std::size_t t = 0; t < truth.size(); ++t) {
    const auto image = static_cast<std::size_t>(truth.image[t]);
    has_somebody[image] = true;
    if (truth.crowd[t] != 0) continue;
    const FrameResult& frame = report.frames[image];
    const double area = static_cast<double>(frame.width) * frame.height;
    if (truth.box[t][2] * truth.box[t][3] < kProminent * area) continue;
    report.prominent += 1;
    report.prominent_found += is_found[t] ? 1 : 0;
  }
  for (std::size_t i = 0; i < truth.images.size(); ++i) {
    if (has_somebody[i]) continue;
    report.empty_pictures += 1;
    const auto& poses = report.frames[i].poses;
    const bool wrong =
        std::any_of(poses.begin(), poses.end(), [&](const Pose& p) { return p.score > report.threshold; });
    report.empty_with_somebody += wrong ? 1 : 0;
  }
}

}  // namespace

double DetectorReport::prominent_recall() const { return ratio(prominent_found, prominent); }

double DetectorReport::detect_ms_per_picture() const {
  return pictures == 0 ? 0.0 : 1e3 * cost.detect_seconds / static_cast<double>(pictures);
}

Result<DetectorReport> evaluate_detector(NamedDetector& named, const EvaluateDetectorOptions& options) {
  Detector& detector = named.detector;
  POISE_TRY(CocoTruth read, read_coco_truth(options.annotations, CocoPart::kNone));
  auto truth = people_of(std::move(read));
  if (!truth.ok()) return truth.error().prefixed(options.annotations);
  if (truth->images.empty()) return invalid_argument(options.annotations + ": lists no image");
  DetectorReport report;
  report.annotations = options.annotations;
  report.detector = to_json(named);
  report.threshold = detector.card().head.threshold;
  report.pictures = truth->images.size();
  report.category_id = truth->categories[0].id;
  detector.set_threshold(std::min(report.threshold, kLeastScore));
  const Status found = find(options, *truth, detector, report);
  detector.set_threshold(report.threshold);
  POISE_RETURN_IF_ERROR(found);
  CocoEvalOptions evaluation;
  evaluation.similarity = CocoSimilarity::kBoxIou;
  CocoResultsOptions reading;
  reading.part = CocoPart::kNone;
  reading.max_per_image = coco_max_detections(evaluation.similarity);
  POISE_TRY(const CocoResults results,
            poise::named(options.annotations, coco_results_of(report.frames, *truth, reading, report.category_id)));
  POISE_TRY(report.evaluation, poise::named(options.annotations, evaluate_coco(*truth, results, evaluation)));
  count_at_threshold(*truth, results, report);
  return report;
}

Json to_json(const DetectorReport& report) {
  const auto whole = [](std::size_t count) { return Json(static_cast<std::int64_t>(count)); };
  Json json = Json::Object{{"poise", kVersion},
                           {"protocol", "COCO box AP (IoU) of people, variant cocoapi"},
                           {"annotations", report.annotations},
                           {"detector", report.detector}};
  for (const auto& [name, value] : report.evaluation.figures) json.set(name, value);
  const Json rest = Json::Object{{"threshold", report.threshold},
                                 {"recall", report.recall},
                                 {"precision", report.precision},
                                 {"found", whole(report.right)},
                                 {"false_persons", whole(report.wrong)},
                                 {"persons", whole(report.evaluation.truths_counted)},
                                 {"crowds_ignored", whole(report.evaluation.truths_ignored)},
                                 {"prominent_persons", whole(report.prominent)},
                                 {"prominent_recall", report.prominent_recall()},
                                 {"empty_pictures", whole(report.empty_pictures)},
                                 {"empty_pictures_with_somebody", whole(report.empty_with_somebody)},
                                 {"pictures", whole(report.pictures)},
                                 {"seconds", report.seconds},
                                 {"streams", report.cost.streams},
                                 {"detect_ms_per_picture", report.detect_ms_per_picture()}};
  return overlay(rest, json);
}

Json coco_results_json(const DetectorReport& report) {
  Json results = Json::array();
  for (const FrameResult& frame : report.frames) {
    std::vector<PersonBox> boxes;
    for (const Pose& pose : frame.poses) boxes.push_back({pose.box, pose.box_score});
    append_coco_detections(frame.source, frame.image_id.value_or(0), boxes, false, results);
  }
  for (Json& entry : results.as_array()) entry.set("category_id", report.category_id);
  return results;
}

}  // namespace poise
