#include <cmath>
#include <map>
#include <utility>

#include "poise/base/counted.h"
#include "poise/formats/coco_entry.h"
#include "poise/formats/coco_ground_truth.h"
#include "poise/formats/json_elements.h"
#include "poise/formats/pose_readers.h"

namespace poise {
namespace {

constexpr double kFarthest = 1e9;  // pixels; well within float

bool is_pixel(double v) { return std::abs(v) < kFarthest; }
Point to_point(const double* xy) { return {static_cast<float>(xy[0]), static_cast<float>(xy[1])}; }
Box to_box(const std::array<double, 4>& b) {
  return {static_cast<float>(b[0]), static_cast<float>(b[1]), static_cast<float>(b[2]), static_cast<float>(b[3])};
}

Result<Skeleton> skeleton_for(std::size_t joints, const std::vector<std::string>& names,
                              const PoseReadOptions& options) {
  if (joints > 0 && names.size() == joints) return skeleton_of_joints(names);
  if (options.skeleton && options.skeleton->joints.size() == joints) return *options.skeleton;
  if (joints == 17 || joints == 0) return find_skeleton("coco17");
  return invalid_argument("its persons have " + counted(joints, "joint") +
                          " and the file does not name them: name their skeleton");
}

Result<Annotation> to_annotation(const CocoTruth& truth, std::size_t row) {
  Annotation one;
  one.id = truth.id[row];
  one.box = to_box(truth.box[row]);
  one.area = static_cast<float>(truth.area[row]);
  one.crowd = truth.crowd[row] != 0;
  const auto joints = static_cast<std::size_t>(truth.joints);
  for (std::size_t j = 0; j < joints; ++j) {
    const double* xyv = truth.keypoints.data() + 3 * (row * joints + j);
    if (!is_pixel(xyv[0]) || !is_pixel(xyv[1])) {
      return malformed("annotation " + std::to_string(one.id) + ": joint " + std::to_string(j) + " is no pixel");
    }
    Annotation::TrueKeypoint joint;
    if (xyv[2] > 0) joint = {to_point(xyv), xyv[2] == 1 ? Visibility::kOccluded : Visibility::kVisible};
    one.keypoints.push_back(joint);
  }
  return one;
}

Result<PoseSet> annotations(const std::filesystem::path& path, const PoseReadOptions& options) {
  POISE_TRY(CocoTruth truth, read_coco_truth(path, CocoPart::kBody, options.most_faults));
  PoseSet set;
  set.is_truth = true;
  set.annotated = Annotated::kPersonCentric;
  std::vector<std::string> names;
  for (const CocoTruth::Category& category : truth.categories) {
    if (static_cast<int>(category.keypoints.size()) == truth.joints) names = category.keypoints;
  }
  auto skeleton = skeleton_for(static_cast<std::size_t>(truth.joints), names, options);
  if (!skeleton.ok()) return skeleton.error().prefixed(path.string());
  set.skeleton = std::move(*skeleton);
  for (const CocoTruth::Image& image : truth.images) {
    PoseSet::Image& one = set.images.emplace_back();
    one.id = image.id;
    one.name = image.file_name;
    one.width = image.width;
    one.height = image.height;
  }
  std::size_t without = 0;
  for (std::size_t row = 0; row < truth.size(); ++row) {
    if (truth.num_keypoints[row] <= 0 || truth.joints == 0) {
      ++without;
      continue;
    }
    auto one = to_annotation(truth, row);
    if (!one.ok() && truth.faults.size() >= options.most_faults) return one.error().prefixed(path.string());
    if (!one.ok()) {
      truth.faults.push_back(one.error().message);
      continue;
    }
    set.images[static_cast<std::size_t>(truth.image[row])].truths.push_back(std::move(*one));
  }
  const auto say = [&](std::size_t count, const char* why) {
    if (count > 0) set.notes.push_back(counted(count, "annotation") + " left out: " + why);
  };
  say(without, "without a labelled joint");
  say(truth.unknown_image, "their image is not listed");
  say(truth.unknown_category, "their category is not listed");
  set.unlisted_image = truth.unknown_image;
  set.first_unlisted_image = truth.first_unknown_image;
  set.unlisted_category = truth.unknown_category;
  set.faults = std::move(truth.faults);
  return set;
}

class ResultsReader {
 public:
  explicit ResultsReader(PoseSet& set) : set_(set) {}
  std::size_t joints() const { return joints_; }

  Status add(const CocoEntry& entry, const std::vector<double>& keypoints) {
    const auto wrong = [&](const std::string& what) {
      return malformed("results[" + std::to_string(entry.index) + "]" + what);
    };
    if (!entry.image_id) return wrong(".image_id is missing");
    if (!entry.score) return wrong(".score is missing");
    if (!is_pixel(*entry.score)) return wrong(".score is out of range");
    if (entry.joints == 0) return wrong(".keypoints is missing or empty");
    if (joints_ == 0) joints_ = entry.joints;
    if (entry.joints != joints_) {
      return wrong(" has " + counted(entry.joints, "joint") + ", the ones before have " + std::to_string(joints_));
    }
    Pose pose;
    pose.score = static_cast<float>(*entry.score);
    for (std::size_t j = 0; j < joints_; ++j) {
      const double* xys = keypoints.data() + entry.first + 3 * j;
      if (!is_pixel(xys[0]) || !is_pixel(xys[1]) || !is_pixel(xys[2])) {
        return wrong(".keypoints: joint " + std::to_string(j) + " is no pixel");
      }
      const bool missing = xys[0] == 0 && xys[1] == 0 && xys[2] == 0;
      pose.keypoints.push_back(missing ? not_found_keypoint() : Keypoint{to_point(xys), static_cast<float>(xys[2])});
    }
    if (entry.box) {
      for (const double v : *entry.box) {
        if (!is_pixel(v)) return wrong(".bbox is no box of pixels");
      }
      pose.box = to_box(*entry.box);
    }
    const auto [at, fresh] = by_id_.emplace(*entry.image_id, set_.images.size());
    if (fresh) set_.images.emplace_back().id = *entry.image_id;
    set_.images[at->second].poses.push_back(std::move(pose));
    return {};
  }

 private:
  PoseSet& set_;
  std::map<std::int64_t, std::size_t> by_id_;
  std::size_t joints_ = 0;
};

}  // namespace

Result<PoseSet> coco_pose_set(const std::filesystem::path& path, const PoseReadOptions& options) {
  POISE_TRY(JsonElements elements, JsonElements::open(path, {}));
  const auto named = [&](const Error& error) { return error.prefixed(path.string()); };
  const auto top = elements.top();
  if (!top.ok()) return named(top.error());
  if (*top == '{') return annotations(path, options);
  PoseSet set;
  ResultsReader reader(set);
  CocoEntryParser parser({});
  CocoEntries entries;
  JsonBatch batch;
  while (true) {
    const auto more = elements.next(batch);
    if (!more.ok()) return named(more.error());
    if (!*more) break;
    const Status parsed = parser.parse(batch, "results", entries);
    if (!parsed.ok()) return named(parsed.error());
    for (const CocoEntry& entry : entries.entries) {
      const Status added = reader.add(entry, entries.keypoints);
      if (!added.ok()) return named(added.error());
    }
  }
  auto skeleton = skeleton_for(reader.joints(), {}, options);
  if (!skeleton.ok()) return named(skeleton.error());
  set.skeleton = std::move(*skeleton);
  return set;
}

}  // namespace poise
