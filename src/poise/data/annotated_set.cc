// Data sets out of label files: what becomes a person, and where its picture lies.

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "poise/base/counted.h"
#include "poise/data/data_set.h"
#include "poise/formats/coco_ground_truth.h"
#include "poise/image/picture_folder.h"

namespace poise {
namespace {

namespace fs = std::filesystem;

constexpr double kFarthest = 1e9;        // pixels; well within float
constexpr int kUnknownSide = 1'000'000;  // a box is not cut at an edge that nobody knows

struct PictureEntry {
  std::string name;
  std::int64_t id = 0;
  Size size;
};

Box grown(const Box& box, float share) {
  return {box.x - box.width * share, box.y - box.height * share, box.width * (1 + 2 * share),
          box.height * (1 + 2 * share)};
}

class Builder {
 public:
  Builder(const fs::path& images, const DataSetOptions& options) : images_(images), options_(options) {}

  Status add(const PictureEntry& picture, const Annotation& truth) {
    if (truth.crowd) return ++left_out_.crowd, Status();
    const bool labelled = std::any_of(truth.keypoints.begin(), truth.keypoints.end(),
                                      [](const auto& joint) { return joint.visibility != Visibility::kAbsent; });
    if (!labelled) return ++left_out_.no_joints, Status();
    Person person;
    person.box = truth.box;
    if (options_.grow_boxes > 0) person.box = grown(person.box, options_.grow_boxes);
    if (options_.box_padding != 1.0F) {
      person.box = grown(person.box, 0.5F * (1.0F / options_.box_padding - 1.0F));
    } else {
      const bool known = picture.size.width > 0 && picture.size.height > 0;
      person.box = clean_box(person.box, known ? picture.size : Size{kUnknownSide, kUnknownSide});
    }
    const bool area = truth.area != 0;  // negative: the file does not say
    if (!area || !(person.box.width > 0 && person.box.height > 0)) return ++left_out_.empty_box, Status();
    person.area = truth.area > 0 ? truth.area : person.box.area();
    POISE_RETURN_IF_ERROR(find(picture, person));
    person.id = truth.id;
    person.image_id = picture.id;
    person.image_name = picture.name;
    person.picture = picture.size;
    person.keypoints = truth.keypoints;
    for (const auto& joint : truth.keypoints) {
      person.weights.push_back(joint.visibility == Visibility::kAbsent ? 0.0F : 1.0F);
    }
    persons_.push_back(std::move(person));
    return {};
  }
  LeftOut& left_out() { return left_out_; }

  Result<std::shared_ptr<const ListedDataSet>> finish(Skeleton skeleton) {
    if (missing_ > 0) {
      return not_found(counted(missing_, "picture is", "pictures are") + " not in " + images_.path().string() +
                       ", the first is " + first_missing_ + ": put them there, or name the folder they lie in");
    }
    if (persons_.empty()) {
      return invalid_argument("nobody to learn from: " + counted(left_out_.no_joints, "annotation") +
                              " without a labelled joint, " + counted(left_out_.crowd, "crowd") + ", " +
                              std::to_string(left_out_.empty_box) + " without a box");
    }
    return std::shared_ptr<const ListedDataSet>(
        std::make_shared<ListedDataSet>(std::move(skeleton), std::move(persons_), left_out_));
  }

 private:
  Status find(const PictureEntry& picture, Person& person) {
    const auto [at, fresh] = seen_.try_emplace(picture.name, images_.path() / picture.name);
    if (fresh) {
      auto found = images_.find(picture.name);
      const bool absent = !found.ok() && found.error().code == ErrorCode::kNotFound;
      if (!found.ok() && !absent) return found.error();
      if (absent && options_.check_images && ++missing_ == 1) first_missing_ = picture.name;
      if (found.ok()) at->second = std::move(*found);
    }
    person.path = at->second;
    return {};
  }

  PictureFolder images_;
  DataSetOptions options_;
  std::vector<Person> persons_;
  LeftOut left_out_;
  std::map<std::string, fs::path> seen_;
  std::size_t missing_ = 0;
  std::string first_missing_;
};

Result<Annotation> annotation(const CocoTruth& truth, std::size_t row) {
  Annotation one;
  one.id = truth.id[row];
  const auto& b = truth.box[row];
  if (!std::all_of(b.begin(), b.end(), [](double v) { return std::abs(v) < kFarthest; })) {
    return malformed("annotation " + std::to_string(one.id) + ": bbox is no box of pixels");
  }
  one.box = {static_cast<float>(b[0]), static_cast<float>(b[1]), static_cast<float>(b[2]), static_cast<float>(b[3])};
  one.area = static_cast<float>(truth.area[row]);
  one.crowd = truth.crowd[row] != 0;
  const auto joints = static_cast<std::size_t>(truth.joints);
  one.keypoints.resize(joints);
  for (std::size_t j = 0; j < joints; ++j) {
    const double* xyv = truth.keypoints.data() + 3 * (row * joints + j);
    if (!(xyv[2] > 0)) continue;
    if (!(std::abs(xyv[0]) < kFarthest && std::abs(xyv[1]) < kFarthest)) {
      return malformed("annotation " + std::to_string(one.id) + ": joint " + std::to_string(j) + " is no pixel");
    }
    one.keypoints[j] = {{static_cast<float>(xyv[0]), static_cast<float>(xyv[1])},
                        xyv[2] == 1 ? Visibility::kOccluded : Visibility::kVisible};
  }
  return one;
}

Result<Skeleton> skeleton_of(const CocoTruth& truth) {
  const auto joints = static_cast<std::size_t>(truth.joints);
  for (const CocoTruth::Category& category : truth.categories) {
    if (joints > 0 && category.keypoints.size() == joints) return skeleton_of_joints(category.keypoints);
  }
  if (truth.size() == 0) return malformed("it lists no annotations: nobody to learn from");
  if (joints == 0) return malformed("no annotation has keypoints: it holds boxes alone");
  return malformed("its persons have " + counted(joints, "joint") +
                   " and no category names as many in \"keypoints\": add the names there");
}

Status check(const DataSetOptions& options) {
  if (!(options.box_padding >= 1.0F && options.box_padding <= 10.0F)) {
    return invalid_argument("box_padding must be 1 to 10");
  }
  if (!(options.grow_boxes >= 0.0F && options.grow_boxes <= 10.0F))
    return invalid_argument("grow_boxes must be 0 to 10");
  return {};
}

}  // namespace

Result<std::shared_ptr<const ListedDataSet>> coco_data_set(const fs::path& annotations, const fs::path& images,
                                                           const DataSetOptions& options) {
  POISE_RETURN_IF_ERROR(check(options));
  POISE_TRY(const CocoTruth truth, read_coco_truth(annotations));
  const auto named = [&](const Error& error) { return error.prefixed(annotations.string()); };
  auto skeleton = skeleton_of(truth);
  if (!skeleton.ok()) return named(skeleton.error());
  Builder builder(images, options);
  builder.left_out().unlisted_image = truth.unknown_image;
  for (std::size_t row = 0; row < truth.size(); ++row) {
    const CocoTruth::Image& image = truth.images.at(static_cast<std::size_t>(truth.image[row]));
    const auto one = annotation(truth, row);
    if (!one.ok()) return named(one.error());
    const Status added = builder.add({image.file_name, image.id, {image.width, image.height}}, *one);
    if (!added.ok()) return named(added.error());
  }
  auto set = builder.finish(std::move(*skeleton));
  if (!set.ok()) return named(set.error());
  return set;
}

Result<std::shared_ptr<const ListedDataSet>> pose_data_set(const PoseSet& set, const fs::path& images,
                                                           const DataSetOptions& options) {
  POISE_RETURN_IF_ERROR(check(options));
  if (!set.is_truth) return invalid_argument("these are predictions: learning wants labels");
  Builder builder(images, options);
  for (std::size_t i = 0; i < set.images.size(); ++i) {
    const PoseSet::Image& image = set.images[i];
    const PictureEntry entry{
        image.name, image.id.value_or(static_cast<std::int64_t>(i) + 1), {image.width, image.height}};
    for (const Annotation& truth : image.truths) {
      if (truth.keypoints.size() != set.skeleton.joints.size()) {
        return invalid_argument("annotation " + std::to_string(truth.id) + " has " +
                                counted(truth.keypoints.size(), "joint") + ", its skeleton " +
                                std::to_string(set.skeleton.joints.size()));
      }
      POISE_RETURN_IF_ERROR(builder.add(entry, truth));
    }
  }
  return builder.finish(set.skeleton);
}

}  // namespace poise
