#include "poise/eval/evaluate_poses.h"

#include <atomic>
#include <chrono>
#include <filesystem>
#include <limits>
#include <set>

#include "poise/base/counted.h"
#include "poise/base/named.h"
#include "poise/base/version.h"
#include "poise/card/model_card.h"
#include "poise/formats/writers.h"
#include "poise/image/codec.h"
#include "poise/image/picture_folder.h"
#include "poise/metrics/person_json.h"
#include "poise/person/written_scores.h"

namespace poise {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

double since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

/// A picture to look at.
struct Job {
  const CocoTruth::Image* image = nullptr;
  const ImageBoxes* boxes = nullptr;  // none: the finder looks
  fs::path path;
};

std::string box_source(const EvalSet& set, const PoseFinder& finder) {
  if (!set.boxes) return finder.people().name();
  const std::string& boxes = set.options.boxes;
  return boxes == "gt" ? "ground truth" : "detections, " + fs::path(boxes).filename().string();
}

/// The number of the first category whose entries have joints; of the first one where none has.
std::int64_t category_of_people(const CocoTruth& truth) {
  for (std::size_t i = 0; i < truth.size(); ++i) {
    if (truth.num_keypoints[i] > 0) return truth.categories.at(static_cast<std::size_t>(truth.category[i])).id;
  }
  return truth.categories.empty() ? 1 : truth.categories.front().id;
}

/// What the file of boxes says of the picture; nullptr where it does not speak of it.
const ImageBoxes* boxes_of(const BoxesFile& all, const CocoTruth::Image& image) {
  const auto by_name = [&] { return all.find(fs::path(image.file_name)); };
  const ImageBoxes* boxes = all.is_named() ? by_name() : all.find(image.id);
  if (boxes != nullptr) return boxes;
  return all.is_named() ? all.find(image.id) : by_name();
}

/// Errors: pictures that are not in the folder, before any is looked at.
Result<std::vector<Job>> gather(const EvalSet& set, FoundPoses& found) {
  std::vector<Job> jobs;
  PictureFolder folder(set.options.images);
  std::set<const ImageBoxes*> taken;
  std::size_t missing = 0;
  std::optional<Error> first;
  for (const CocoTruth::Image& image : set.truth.images) {
    const ImageBoxes* boxes = set.boxes ? boxes_of(*set.boxes, image) : nullptr;
    taken.insert(boxes);
    if (set.boxes && (boxes == nullptr || boxes->persons.empty())) {
      ++found.empty_pictures;
      continue;
    }
    auto path = folder.find(image.file_name);
    if (!path.ok() && path.error().code != ErrorCode::kNotFound) return path.error();
    if (!path.ok() && ++missing == 1) first = path.error();
    if (path.ok()) jobs.push_back({&image, boxes, std::move(*path)});
  }
  if (missing > 0) {
    const std::string more = missing == 1 ? "" : ", nor are " + std::to_string(missing - 1) + " more";
    return not_found(first->message + more + ": name the folder that the annotations' file names start from");
  }
  if (set.boxes) found.boxes_elsewhere = set.boxes->persons_beside(taken);
  return jobs;
}

/// Reads the picture of a job, with the boxes that are to be looked at, if any are given.
Result<PipelinePicture> read_job(const Job& job, const DecodeOptions& decode, std::optional<float> threshold) {
  auto decoded = read_image_file(job.path, decode);
  if (!decoded.ok()) return decoded.error();
  PipelinePicture picture;
  picture.image = std::move(decoded->image);
  picture.frame.source = job.image->file_name;
  picture.frame.image_id = job.image->id;
  if (!decoded->note.empty()) picture.notes.push_back({"read with a note: " + decoded->note});
  const Size labelled{job.image->width, job.image->height};
  const bool known = labelled.width > 0 && labelled.height > 0;
  if (auto note = note_on_size(picture.image.size(), known ? std::optional(labelled) : std::nullopt)) {
    picture.notes.push_back(std::move(*note));
  }
  if (job.boxes == nullptr) return picture;
  if (auto note = note_on_boxes(*job.boxes, picture.image.size())) picture.notes.push_back(std::move(*note));
  picture.guesses = true;  // as the authors' evaluation, which thins out the poses of true boxes too
  take_persons(job.boxes->persons, threshold.value_or(-std::numeric_limits<float>::infinity()), picture);
  return picture;
}

/// The truth's joints must be the network's, in its order: COCO's results name none.
Status check_joints(const CocoTruth& truth, const Skeleton& skeleton) {
  const std::string otherwise =
      "; OKS compares joint by joint: take labels of the network's joints, or option \"metric\" pck, which matches "
      "joints by name";
  if (truth.size() == 0) {
    return invalid_argument("the truth has no annotation in " + counted(truth.images.size(), "image") +
                            ": there is nobody to compare with");
  }
  if (truth.joints != skeleton.size()) {
    return invalid_argument("the truth has " + counted(truth.joints, "joint") + ", the network's skeleton " +
                            skeleton.name + " has " + std::to_string(skeleton.size()) + otherwise);
  }
  for (const CocoTruth::Category& category : truth.categories) {
    for (std::size_t i = 0; i < category.keypoints.size() && i < skeleton.joints.size(); ++i) {
      if (category.keypoints[i] == skeleton.joints[i].name) continue;
      return invalid_argument("joint " + std::to_string(i) + " of the truth is " + category.keypoints[i] +
                              ", the network's is " + skeleton.joints[i].name + otherwise);
    }
  }
  return {};
}

Result<OksSigmas> sigmas_for(const CocoTruth& truth, const Skeleton& skeleton, const std::optional<OksSigmas>& given) {
  if (given) return *given;
  OksSigmas sigmas{skeleton.name, {}};
  if (auto guess = guess_sigmas(truth, CocoPart::kBody); guess.ok()) return std::move(*guess);
  POISE_TRY(sigmas.values, skeleton_sigmas(skeleton));
  return sigmas;
}

/// That the metric can be had of this truth and these joints.
Status check_metric(const EvalSet& set, const Skeleton& skeleton) {
  if (!set.people) {
    POISE_RETURN_IF_ERROR(check_joints(set.truth, skeleton));
    POISE_TRY(const OksSigmas checked, sigmas_for(set.truth, skeleton, set.sigmas));
  } else {
    PoseSet nobody;
    nobody.skeleton = skeleton;
    POISE_TRY(const PersonPairs pairs, pair_persons(*set.people, nobody));    // whether any joint has a partner
    POISE_TRY(const PckResult checked, measure_pck(pairs, set.options.pck));  // and whether anybody has the reference
  }
  return {};
}

}  // namespace

Result<EvalSet> read_eval_set(const EvalSetOptions& options) {
  EvalSet set;
  set.options = options;
  if (!options.sigmas.empty()) {
    POISE_TRY(set.sigmas, parse_sigmas(options.sigmas));
  }
  POISE_TRY(set.truth, read_coco_truth(options.annotations));
  if (set.sigmas && static_cast<int>(set.sigmas->values.size()) != set.truth.joints) {
    return invalid_argument("option \"sigmas\" gives " + std::to_string(set.sigmas->values.size()) + ", " +
                            options.annotations + " has " + counted(set.truth.joints, "joint"));
  }
  if (!options.boxes.empty()) {
    POISE_TRY(set.boxes, BoxesFile::read(options.boxes == "gt" ? options.annotations : options.boxes));
  }
  if (options.metric == PoseMetric::kPck) {
    POISE_TRY(set.people, read_pose_set(options.annotations, PoseFormat::kCoco));
  }
  std::error_code error;
  if (!fs::is_directory(options.images, error)) {
    return not_found(options.images + ": no such folder; it must be the one that the annotations' file names start " +
                     "from");
  }
  return set;
}

Result<FoundPoses> find_poses(const EvalSet& set, PoseFinder& finder, const FindPosesOptions& options) {
  if (finder.one_stage() != nullptr && set.boxes) {
    return invalid_argument("the network finds everyone itself, and looks at no boxes: leave option \"boxes\" empty");
  }
  POISE_RETURN_IF_ERROR(named(set.options.annotations, check_metric(set, finder.skeleton())));
  const auto begin = Clock::now();
  FoundPoses found;
  found.skeleton = finder.skeleton();
  found.box_source = box_source(set, finder);
  found.category_id = category_of_people(set.truth);
  POISE_TRY(const std::vector<Job> jobs, gather(set, found));
  if (jobs.empty()) {
    std::string why;
    if (set.boxes) {
      for (const std::string& line : set.boxes->notes()) why += "; " + line;
    }
    return invalid_argument(found.box_source + ": there is nobody to look at in " +
                            counted(set.truth.images.size(), "image") + " of the annotations" + why);
  }
  DecodeOptions decode;
  // Annotations are of the pixels as stored.
  decode.exif = set.boxes && set.boxes->exif_applied() ? Exif::kApply : Exif::kIgnore;
  std::optional<Error> failed;
  std::atomic<bool> over = false;  // asked for on the streams' threads
  PipelineOptions pipeline;
  pipeline.stop = [&] { return over.load(); };
  std::size_t done = 0;
  const PipelineCost cost = run_pipeline(
      jobs.size(), finder,
      [&](std::size_t i, const AdmitPixels& admit) {
        return read_job(jobs[i], decode.admitted_by(admit), options.threshold);
      },
      [&](std::size_t i, Result<PipelineAnswer> answer) {
        if (!answer.ok()) {
          if (!failed) failed = about_picture(jobs[i].path, answer.error());
          over = true;
          return;
        }
        found.boxes += answer->boxes.size();
        found.bad_boxes += answer->problems.size();
        found.suppressed += answer->doubles;
        found.notes.add(jobs[i].path.string(), answer->notes);
        found.frames.push_back(std::move(answer->frame));
        ++done;
        if (options.progress && !options.progress(done, jobs.size(), jobs[i].path.filename().string())) over = true;
      },
      pipeline);
  if (failed) return *failed;
  if (over.load() || done < jobs.size()) return io_error("stopped");
  found.seconds = since(begin);
  const bool alone = finder.one_stage() != nullptr;  // finding people and their joints is one thing
  found.estimate_seconds = (alone ? cost.detect_seconds : cost.estimate_seconds) / cost.streams;
  return found;
}

double FoundPoses::persons_per_second() const { return static_cast<double>(boxes) / seconds; }
double FoundPoses::persons_per_second_estimate() const { return static_cast<double>(boxes) / estimate_seconds; }

Json coco_results_json(const FoundPoses& found) {
  Json results = Json::array();
  for (FrameResult frame : found.frames) {
    written_scores(frame.poses);
    append_coco_results(frame, 0, results);
  }
  for (Json& entry : results.as_array()) entry.set("category_id", found.category_id);
  return results;
}

Result<OksMeasured> measure_oks(const FoundPoses& found, const CocoTruth& truth,
                                const std::optional<OksSigmas>& given) {
  POISE_TRY(const CocoResults results, coco_results_of(found.frames, truth, {}, found.category_id));
  POISE_TRY(OksSigmas sigmas, sigmas_for(truth, found.skeleton, given));
  CocoEvalOptions options;
  options.sigmas = std::move(sigmas.values);
  options.area_from_box = truth.without_area > 0;
  OksMeasured measured;
  POISE_TRY(measured.evaluation, evaluate_coco(truth, results, options));
  measured.protocol = "COCO keypoint AP (OKS), variant cocoapi, sigmas " + sigmas.source +
                      (options.area_from_box ? ", area 0.53 of the box" : ", area as annotated");
  return measured;
}

Result<PckMeasured> measure_pck_of(const FoundPoses& found, const EvalSet& set) {
  PoseSet poses;
  poses.skeleton = found.skeleton;
  for (const FrameResult& frame : found.frames) {
    PoseSet::Image& image = poses.images.emplace_back();
    image.id = frame.image_id;
    image.name = frame.source;
    image.poses = frame.poses;
  }
  PckMeasured measured;
  POISE_TRY(measured.pairs, named(set.options.annotations, pair_persons(*set.people, poses)));
  measured.pairs.notes.insert(measured.pairs.notes.end(), set.people->notes.begin(), set.people->notes.end());
  POISE_TRY(measured.result, named(set.options.annotations, measure_pck(measured.pairs, set.options.pck)));
  return measured;
}

Result<PoseReport> evaluate_poses(const EvalSet& set, PoseFinder& finder, const std::string& model,
                                  const FindPosesOptions& options) {
  const Estimator* estimator = finder.estimator();
  PoseReport report{.set = set.options,
                    .model = model,
                    .model_hash = finder.model_hash(),
                    .backend = finder.backend(),
                    .precision = finder.precision(),
                    .padding = estimator == nullptr ? 1.0F : estimator->card().padding,
                    .flip_test = estimator != nullptr && estimator->flip_test(),
                    .finds_everyone = estimator == nullptr,
                    .doubles = finder.doubles()};
  POISE_TRY(report.found, find_poses(set, finder, options));
  if (set.people) {
    POISE_TRY(report.pck, measure_pck_of(report.found, set));
  } else {
    POISE_TRY(report.oks, named(set.options.annotations, measure_oks(report.found, set.truth, set.sigmas)));
  }
  return report;
}

Json to_json(const PoseReport& report) {
  const auto whole = [](std::size_t count) { return Json(static_cast<std::int64_t>(count)); };
  const FoundPoses& found = report.found;
  Json json = Json::Object{{"poise", kVersion},
                           {"metric", report.pck ? "pck" : "oks"},
                           {"annotations", report.set.annotations},
                           {"box_source", found.box_source},
                           {"model", report.model},
                           {"model_sha256", report.model_hash},
                           {"skeleton", found.skeleton.name},
                           {"padding", report.padding},
                           {"flip_test", report.flip_test},
                           {"backend", report.backend},
                           {"precision", std::string(name_of(report.precision))},
                           {"pose_nms", name_of(report.doubles)},
                           {"pictures", whole(found.frames.size())},
                           {"pictures_without_boxes", whole(found.empty_pictures)},
                           {"boxes", whole(found.boxes)},
                           {"boxes_left_out", whole(found.bad_boxes)},
                           {"boxes_of_pictures_not_listed", whole(found.boxes_elsewhere)},
                           {"poses_suppressed", whole(found.suppressed)},
                           {"seconds", found.seconds},
                           {"persons_per_second", found.persons_per_second()},
                           {"persons_per_second_estimate", found.persons_per_second_estimate()}};
  if (report.pck) return overlay(to_json(report.pck->result, report.pck->pairs, "PCK"), json);
  const CocoEvaluation& evaluation = report.oks->evaluation;
  json.set("protocol", report.oks->protocol);
  for (const auto& [name, value] : evaluation.figures) json.set(name, value);
  json.set("truths", whole(evaluation.truths_counted));
  json.set("truths_ignored", whole(evaluation.truths_ignored));
  return json;
}

}  // namespace poise
