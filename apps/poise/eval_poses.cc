#include "eval_poses.h"

#include <chrono>
#include <deque>
#include <filesystem>
#include <future>

#include "poise/base/thread_pool.h"
#include "poise/formats/writers.h"
#include "poise/image/codec.h"
#include "poise/metrics/oks_sigmas.h"
#include "poise/person/oks.h"

namespace poise::app {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

class Run {
 public:
  Run(const EvalSet& set, Estimator& estimator, const FindPosesOptions& options, Console& console)
      : set_(set), estimator_(estimator), o_(options), console_(console), pool_(2) {
    decode_.exif = set.boxes.exif_applied() ? Exif::kApply : Exif::kIgnore;  // annotations are of the pixels as stored
  }

  Result<FoundPoses> go() {
    const auto begin = Clock::now();
    found_.set.skeleton = estimator_.skeleton();
    std::vector<Job> todo = gather();
    if (todo.empty()) return invalid_argument(set_.box_source() + ": no image of the annotations has a box");
    constexpr std::size_t kAhead = 3;
    std::deque<std::future<Result<DecodedImage>>> pictures;
    std::size_t next = 0;
    for (std::size_t done = 0; done < todo.size(); ++done) {
      for (; next < todo.size() && next < done + kAhead; ++next) {
        pictures.push_back(pool_.submit([this, path = todo[next].path] { return read_image_file(path, decode_); }));
      }
      auto picture = pictures.front().get();
      pictures.pop_front();
      const Status status = picture.ok() ? estimate(todo[done], picture->image) : Status(picture.error());
      if (!status.ok() || interrupted()) {
        for (auto& waiting : pictures) waiting.wait();
        if (status.ok()) return io_error("stopped");
        return status.error();
      }
      console_.progress(done + 1, todo.size(), todo[done].path.filename().string());
    }
    console_.finish();
    found_.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    return std::move(found_);
  }

 private:
  struct Job {
    const CocoTruth::Image* image = nullptr;
    const ImageBoxes* boxes = nullptr;
    fs::path path;
  };

  std::vector<Job> gather() {
    std::vector<Job> todo;
    const BoxesFile& all = set_.boxes;
    for (const CocoTruth::Image& image : set_.truth.images) {
      const ImageBoxes* boxes = all.is_named() ? all.find(fs::path(image.file_name)) : all.find(image.id);
      if (boxes == nullptr) boxes = all.is_named() ? all.find(image.id) : all.find(fs::path(image.file_name));
      if (boxes == nullptr || boxes->persons.empty()) {
        ++found_.empty_pictures;
        continue;
      }
      todo.push_back({&image, boxes, fs::path(set_.options.images) / image.file_name});
    }
    return todo;
  }

  Status estimate(const Job& job, const Image& picture) {
    std::vector<PersonBox> boxes;
    for (std::size_t i = 0; i < job.boxes->persons.size(); ++i) {
      const PersonBox& person = job.boxes->persons[i];
      if (person.score < o_.threshold.value_or(person.score)) continue;
      if (check_box(person.box, {picture.width(), picture.height()}, i).ok()) {
        boxes.push_back(person);
      } else {
        ++found_.bad_boxes;
      }
    }
    found_.boxes += boxes.size();
    const auto begin = Clock::now();
    auto estimate = estimator_.estimate(picture.view(), boxes);
    found_.estimate_seconds += std::chrono::duration<double>(Clock::now() - begin).count();
    if (!estimate.ok()) return estimate.error().prefixed(job.path.string());
    FrameResult frame;
    frame.source = job.image->file_name;
    frame.image_id = job.image->id;
    std::vector<float> areas;
    areas.reserve(boxes.size());
    for (const PersonBox& person : boxes) areas.push_back(padded_box(person.box, estimator_.card().crop()).area());
    for (const int kept : oks_nms(estimate->poses, areas, estimator_.skeleton(), o_.nms)) {
      frame.poses.push_back(std::move(estimate->poses[static_cast<std::size_t>(kept)]));
    }
    found_.suppressed += boxes.size() - frame.poses.size();
    append_coco_results(frame, job.image->id, found_.results);
    PoseSet::Image& image = found_.set.images.emplace_back();
    image.id = frame.image_id;
    image.name = frame.source;
    image.poses = std::move(frame.poses);
    return {};
  }

  const EvalSet& set_;
  Estimator& estimator_;
  const FindPosesOptions& o_;
  Console& console_;
  DecodeOptions decode_;
  FoundPoses found_;
  ThreadPool pool_;  // last: its jobs use what stands above
};

/// The truth's joints must be the network's, in its order: COCO's results name none.
Status check_joints(const CocoTruth& truth, const Skeleton& skeleton) {
  if (truth.joints != skeleton.size()) {
    return invalid_argument("the truth has " + std::to_string(truth.joints) + " joints, the network's skeleton " +
                            skeleton.name + " has " + std::to_string(skeleton.size()) +
                            "; --metric pck matches joints by name");
  }
  for (const CocoTruth::Category& category : truth.categories) {
    for (std::size_t i = 0; i < category.keypoints.size() && i < skeleton.joints.size(); ++i) {
      if (category.keypoints[i] == skeleton.joints[i].name) continue;
      return invalid_argument("joint " + std::to_string(i) + " of the truth is " + category.keypoints[i] +
                              ", the network's is " + skeleton.joints[i].name +
                              "; --metric pck matches joints by name");
    }
  }
  return {};
}

}  // namespace

std::string EvalSet::box_source() const {
  return options.boxes == "gt" ? "ground truth" : "detections, " + fs::path(options.boxes).filename().string();
}

Result<EvalSet> read_eval_set(const EvalSetOptions& options) {
  EvalSet set;
  set.options = options;
  POISE_TRY(set.truth, read_coco_truth(options.annotations));
  POISE_TRY(set.boxes, BoxesFile::read(options.boxes == "gt" ? options.annotations : options.boxes));
  if (options.metric == "pck") {
    POISE_TRY(set.people, read_pose_set(options.annotations, PoseFormat::kCoco));
  }
  std::error_code error;
  if (!fs::is_directory(options.images, error)) {
    return not_found(options.images + ": no such folder; --images names the one that the annotations' file names " +
                     "start from");
  }
  return set;
}

Result<FoundPoses> find_poses(const EvalSet& set, Estimator& estimator, const FindPosesOptions& options,
                              Console& console) {
  if (!set.people) POISE_RETURN_IF_ERROR(check_joints(set.truth, estimator.skeleton()));
  return Run(set, estimator, options, console).go();
}

Result<OksMeasured> measure_oks(const FoundPoses& found, const CocoTruth& truth, const Skeleton& skeleton) {
  const std::string text = found.results.dump();
  POISE_TRY(const CocoResults results,
            parse_coco_results({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, truth));
  CocoEvalOptions options;
  std::string source = skeleton.name;
  if (auto name = guess_sigmas(truth, CocoPart::kBody); name.ok()) {
    source = *name;
    POISE_TRY(options.sigmas, named_sigmas(source));
  } else {
    POISE_TRY(options.sigmas, skeleton_sigmas(skeleton));
  }
  options.area_from_box = truth.without_area > 0;
  OksMeasured measured;
  POISE_TRY(measured.evaluation, evaluate_coco(truth, results, options));
  measured.protocol = "COCO keypoint AP (OKS), variant cocoapi, sigmas " + source +
                      (options.area_from_box ? ", area 0.53 of the box" : ", area as annotated");
  return measured;
}

Result<PckMeasured> measure_pck_of(const FoundPoses& found, const EvalSet& set, const PckOptions& options) {
  PckMeasured measured;
  POISE_TRY(measured.pairs, pair_persons(*set.people, found.set));
  measured.pairs.notes.insert(measured.pairs.notes.end(), set.people->notes.begin(), set.people->notes.end());
  POISE_TRY(measured.result, measure_pck(measured.pairs, options));
  return measured;
}

}  // namespace poise::app
