#include "poise/formats/coco_ground_truth.h"

#include <algorithm>
#include <limits>
#include <unordered_set>
#include <utility>

#include "poise/base/counted.h"
#include "poise/base/json.h"
#include "poise/formats/coco_entry.h"
#include "poise/formats/json_elements.h"

namespace poise {
namespace {

constexpr std::size_t kMaxRows = 50'000'000;  // indices are ints

class TruthReader {
 public:
  TruthReader(CocoPart part, std::size_t most_faults)
      : parser_({keypoint_members(part), "score"}), most_faults_(most_faults) {}

  Status take(const JsonBatch& batch) {
    if (batch.array == "annotations") {
      const Status parsed = parser_.parse(batch, "annotations", entries_);
      if (!parsed.ok()) return most_faults_ == 0 || batch.at.size() < 3 ? pass_over(parsed) : take_one_by_one(batch);
      for (const CocoEntry& entry : entries_.entries) {
        POISE_RETURN_IF_ERROR(pass_over(add(entry, entries_.keypoints)));
      }
      return {};
    }
    auto list = parse_json(batch.text);
    if (!list.ok() && most_faults_ > 0 && batch.at.size() > 2) return take_one_by_one(batch);
    if (!list.ok()) {
      return pass_over(blame_element(
          batch, "", list.error().prefixed(batch.array + " from element " + std::to_string(batch.first) + " on")));
    }
    for (std::size_t i = 0; i < list->as_array().size(); ++i) {
      const Json& entry = list->as_array()[i];
      const std::string name = batch.array + "[" + std::to_string(batch.first + i) + "]";
      const auto id = entry.integer("id");
      if (!id.ok()) {
        const Json* value = entry.find("id");
        POISE_RETURN_IF_ERROR(
            pass_over(value == nullptr ? id.error().prefixed(name) : wrong_id(name + ".id", value->dump())));
        continue;
      }
      if (batch.array == "images") {
        add_image(*id, entry);
      } else {
        add_category(*id, entry);
      }
    }
    return {};
  }

  Result<CocoTruth> finish() {
    const auto by_id = [](const auto& a, const auto& b) { return a.id < b.id; };
    std::stable_sort(truth_.images.begin(), truth_.images.end(), by_id);
    std::stable_sort(truth_.categories.begin(), truth_.categories.end(), by_id);
    name_repeated_images();
    truth_.duplicate_images = keep_last(truth_.images);
    keep_last(truth_.categories);
    // From ids to indices; what belongs nowhere goes.
    std::size_t to = 0;
    const auto width = static_cast<std::size_t>(truth_.joints) * 3;
    for (std::size_t from = 0; from < truth_.size(); ++from) {
      const int image = truth_.find_image(image_ids_[from]);
      const int category = truth_.find_category(category_ids_[from]);
      if (image < 0 && truth_.unknown_image++ == 0) truth_.first_unknown_image = image_ids_[from];
      if (image >= 0 && category < 0) ++truth_.unknown_category;
      if (image < 0 || category < 0) continue;
      truth_.id[to] = truth_.id[from];
      truth_.has_id_zero |= truth_.id[to] == 0;
      truth_.box[to] = truth_.box[from];
      truth_.area[to] = truth_.area[from];
      if (truth_.area[to] == kNoArea) ++truth_.without_area;
      truth_.crowd[to] = truth_.crowd[from];
      truth_.num_keypoints[to] = truth_.num_keypoints[from];
      truth_.image.push_back(image);
      truth_.category.push_back(category);
      if (joint_rows_[from] == kNoJoints) {
        ++truth_.without_keypoints;
        keypoints_.insert(keypoints_.end(), width, 0.0);
      } else {
        const auto row = truth_.keypoints.begin() + static_cast<std::ptrdiff_t>(joint_rows_[from] * width);
        keypoints_.insert(keypoints_.end(), row, row + static_cast<std::ptrdiff_t>(width));
      }
      ++to;
    }
    truth_.id.resize(to);
    truth_.box.resize(to);
    truth_.area.resize(to);
    truth_.crowd.resize(to);
    truth_.num_keypoints.resize(to);
    truth_.keypoints = std::move(keypoints_);
    return std::move(truth_);
  }

 private:
  /// The error, or none where it is one of those that are passed over.
  Status pass_over(const Status& status) {
    if (status.ok() || truth_.faults.size() >= most_faults_) return status;
    truth_.faults.push_back(status.error().message);
    return {};
  }

  /// Where faults are named; else those who measure count them. The images are sorted.
  void name_repeated_images() {
    for (std::size_t i = 1; i < truth_.images.size() && truth_.faults.size() < most_faults_; ++i) {
      const CocoTruth::Image& before = truth_.images[i - 1];
      const CocoTruth::Image& image = truth_.images[i];
      if (before.id != image.id) continue;
      truth_.faults.push_back("images: the id " + std::to_string(image.id) + " is that of \"" + before.file_name +
                              "\" and of \"" + image.file_name + "\": each image needs one of its own");
    }
  }

  /// A batch of which an entry is wrong.
  Status take_one_by_one(const JsonBatch& batch) {
    for (std::size_t i = 0; i + 1 < batch.at.size(); ++i) {
      std::string text = batch.text.substr(batch.at[i], batch.at[i + 1] - batch.at[i]);
      text.erase(text.find_last_not_of(" \t\r\n,") + 1);
      const JsonBatch one{
          batch.array, batch.first + i, batch.offset + batch.at[i] - 1, "[" + text + "]", {1, 1 + text.size()}};
      POISE_RETURN_IF_ERROR(take(one));
    }
    return {};
  }

  static constexpr double kNoArea = -1;
  static constexpr std::size_t kNoJoints = std::numeric_limits<std::size_t>::max();

  /// Of equal ids the last, as Python's dictionaries do; returns how many went.
  template <typename T>
  static std::size_t keep_last(std::vector<T>& sorted) {
    const std::size_t before = sorted.size();
    std::vector<T> kept;
    for (T& one : sorted) {
      if (!kept.empty() && kept.back().id == one.id) kept.pop_back();
      kept.push_back(std::move(one));
    }
    sorted = std::move(kept);
    return before - sorted.size();
  }

  static int side(const Json& entry, const char* name) {
    constexpr std::int64_t kMaxSide = 1'000'000;
    const auto pixels = entry.integer(name);
    return pixels.ok() && *pixels > 0 && *pixels <= kMaxSide ? static_cast<int>(*pixels) : 0;
  }

  void add_image(std::int64_t id, const Json& entry) {
    CocoTruth::Image image;
    image.id = id;
    if (const auto name = entry.string("file_name"); name.ok()) image.file_name = *name;
    if (const auto crowd = entry.number("crowdIndex"); crowd.ok()) image.crowd_index = *crowd;
    image.width = side(entry, "width");
    image.height = side(entry, "height");
    truth_.images.push_back(std::move(image));
  }

  void add_category(std::int64_t id, const Json& entry) {
    CocoTruth::Category category;
    category.id = id;
    if (const auto name = entry.string("name"); name.ok()) category.name = *name;
    if (const Json* names = entry.find("keypoints"); names != nullptr && names->is_array()) {
      for (const Json& name : names->as_array()) {
        if (name.is_string()) category.keypoints.push_back(name.as_string());
      }
    }
    truth_.categories.push_back(std::move(category));
  }

  Status add(const CocoEntry& entry, const std::vector<double>& keypoints) {
    const std::string name = "annotations[" + std::to_string(entry.index) + "]";
    if (truth_.size() >= kMaxRows) return too_large("over " + counted(kMaxRows, "annotation"));
    if (!entry.id) return malformed(name + ".id must be an integer");
    if (!entry.image_id) return malformed(name + ".image_id is missing");
    if (!entry.category_id) return malformed(name + ".category_id is missing");
    if (!entry.box) return malformed(name + ".bbox is missing");
    if (entry.area && *entry.area < 0) return malformed(name + ".area is negative");
    if (!ids_.insert(*entry.id).second) {
      return malformed(name + ".id " + std::to_string(*entry.id) + " is that of an earlier annotation too");
    }
    int labelled = 0;
    if (entry.joints == 0) {
      joint_rows_.push_back(kNoJoints);
    } else {
      const auto joints = static_cast<int>(entry.joints);
      if (truth_.joints == 0) truth_.joints = joints;
      if (joints != truth_.joints) {
        return malformed(name + " has " + counted(joints, "joint") + ", earlier ones have " +
                         std::to_string(truth_.joints));
      }
      for (std::size_t j = 0; j < entry.joints; ++j) labelled += keypoints[entry.first + 3 * j + 2] > 0 ? 1 : 0;
      joint_rows_.push_back(rows_++);
      const auto begin = keypoints.begin() + static_cast<std::ptrdiff_t>(entry.first);
      truth_.keypoints.insert(truth_.keypoints.end(), begin, begin + static_cast<std::ptrdiff_t>(3 * entry.joints));
    }
    const std::int64_t count = entry.num_keypoints.value_or(labelled);
    truth_.id.push_back(*entry.id);
    image_ids_.push_back(*entry.image_id);
    category_ids_.push_back(*entry.category_id);
    truth_.box.push_back(*entry.box);
    truth_.area.push_back(entry.area.value_or(kNoArea));
    truth_.crowd.push_back(entry.crowd ? 1 : 0);
    truth_.num_keypoints.push_back(static_cast<int>(std::clamp<std::int64_t>(count, -1, kMaxCount)));
    return {};
  }

  static constexpr std::int64_t kMaxCount = 1'000'000;  // only 0 or not matters
  CocoEntryParser parser_;
  std::size_t most_faults_ = 0;
  CocoEntries entries_;
  CocoTruth truth_;
  std::vector<std::int64_t> image_ids_, category_ids_;  // of the rows
  std::vector<std::size_t> joint_rows_;                 // where their joints lie while reading
  std::size_t rows_ = 0;
  std::vector<double> keypoints_;
  std::unordered_set<std::int64_t> ids_;
};

Result<CocoTruth> read(JsonElements elements, CocoPart part, std::size_t most_faults = 0) {
  POISE_TRY(const char top, elements.top());
  if (top != '{') {
    return malformed(
        "labels must be an object with images, annotations and categories, these are something else: are they "
        "predictions, the two files swapped?");
  }
  TruthReader reader(part, most_faults);
  JsonBatch batch;
  for (;;) {
    POISE_TRY(const bool more, elements.next(batch));
    if (!more) break;
    POISE_RETURN_IF_ERROR(reader.take(batch));
  }
  POISE_TRY(CocoTruth truth, reader.finish());
  if (truth.images.empty() && truth.faults.empty()) return malformed("the truth lists no images");
  if (truth.categories.empty() && truth.faults.empty()) return malformed("the truth lists no categories");
  return truth;
}

template <typename T>
int find_id(const std::vector<T>& sorted, std::int64_t id) {
  const auto found =
      std::lower_bound(sorted.begin(), sorted.end(), id, [](const T& a, std::int64_t b) { return a.id < b; });
  return found == sorted.end() || found->id != id ? -1 : static_cast<int>(found - sorted.begin());
}

}  // namespace

int CocoTruth::find_image(std::int64_t image_id) const { return find_id(images, image_id); }
int CocoTruth::find_category(std::int64_t category_id) const { return find_id(categories, category_id); }

std::vector<std::string> keypoint_members(CocoPart part) {
  switch (part) {
    case CocoPart::kBody:
      return {"keypoints"};
    case CocoPart::kFoot:
      return {"foot_kpts"};
    case CocoPart::kFace:
      return {"face_kpts"};
    case CocoPart::kLeftHand:
      return {"lefthand_kpts"};
    case CocoPart::kRightHand:
      return {"righthand_kpts"};
    case CocoPart::kWholeBody:
      return {"keypoints", "foot_kpts", "face_kpts", "lefthand_kpts", "righthand_kpts"};
    case CocoPart::kNone:
      break;
  }
  return {};
}

std::string score_member(CocoPart part) {
  switch (part) {
    case CocoPart::kFoot:
      return "foot_score";
    case CocoPart::kFace:
      return "face_score";
    case CocoPart::kLeftHand:
      return "lefthand_score";
    case CocoPart::kRightHand:
      return "righthand_score";
    case CocoPart::kWholeBody:
      return "wholebody_score";
    case CocoPart::kBody:
    case CocoPart::kNone:
      break;
  }
  return "score";
}

Result<CocoTruth> read_coco_truth(const std::filesystem::path& path, CocoPart part, std::size_t most_faults) {
  POISE_TRY(JsonElements elements, JsonElements::open(path, {"images", "annotations", "categories"}));
  auto truth = read(std::move(elements), part, most_faults);
  if (!truth.ok()) return truth.error().prefixed(path.string());
  return truth;
}

Result<CocoTruth> parse_coco_truth(BytesView bytes, CocoPart part) {
  return read(JsonElements::of(bytes, {"images", "annotations", "categories"}), part);
}

}  // namespace poise
