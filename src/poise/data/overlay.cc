#include "poise/data/overlay.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "poise/base/json.h"

namespace poise {
namespace {

constexpr std::uint64_t kMaxBytes = 64U << 20U;
constexpr std::size_t kMaxJoints = 1000;
constexpr double kFarthest = 1e9;     // pixels
constexpr double kFullScore = 100.0;  // the file's scores are hundredths

Result<std::vector<int>> joint_list(const Json& entry, const char* name, int joints, const std::string& where) {
  std::vector<int> list;
  const Json* member = entry.find(name);
  if (member == nullptr) return list;
  const Error wrong =
      malformed(where + "." + name + " must be a list of coco17 joints, 0 to " + std::to_string(joints - 1));
  if (!member->is_array()) return wrong;
  for (const Json& one : member->as_array()) {
    if (!one.is_integer() || one.as_integer() < 0 || one.as_integer() >= joints) return wrong;
    list.push_back(static_cast<int>(one.as_integer()));
  }
  return list;
}

Status parse_points(const Json& entry, std::size_t joints, const std::string& where, Overlay::Labels& labels) {
  const auto numbers = entry.numbers("keypoints");
  if (!numbers.ok()) return numbers.error().prefixed(where);
  if (numbers->size() != 3 * joints) {
    return malformed(where + ".keypoints must be " + std::to_string(3 * joints) + " numbers, it has " +
                     std::to_string(numbers->size()));
  }
  for (std::size_t j = 0; j < joints; ++j) {
    const double* xys = numbers->data() + 3 * j;
    if (!(std::abs(xys[0]) < kFarthest && std::abs(xys[1]) < kFarthest && xys[2] >= 0 && xys[2] <= kFullScore)) {
      return malformed(where + ".keypoints: joint " + std::to_string(j) + " is no pixel with a score of 0 to 100");
    }
    labels.points.push_back({static_cast<float>(xys[0]), static_cast<float>(xys[1])});
    labels.scores.push_back(static_cast<float>(xys[2] / kFullScore));
  }
  return {};
}

Status in_unit(const char* name, float value) {
  if (value >= 0 && value <= 1) return {};
  return invalid_argument(std::string(name) + " must be 0 to 1");
}

/// One person's changes, joints of the set's skeleton.
struct Change {
  std::vector<int> joints;
  std::vector<Point> points;  // one of `joints`
  std::vector<int> vetoed;
};

class OverlaidDataSet : public DataSet {
 public:
  OverlaidDataSet(DataSetPtr set, std::map<std::int64_t, Change> changes, const OverlayOptions& options)
      : set_(std::move(set)), changes_(std::move(changes)), options_(options) {}
  std::size_t size() const override { return set_->size(); }
  const Skeleton& skeleton() const override { return set_->skeleton(); }
  std::vector<Stratum> strata() const override { return set_->strata(); }
  Person get(std::size_t i) const override {
    Person person = set_->get(i);
    const auto found = changes_.find(person.image_id);
    if (found == changes_.end()) return person;
    const Change& change = found->second;
    for (const int j : change.vetoed) person.weights.at(static_cast<std::size_t>(j)) = 0;
    for (std::size_t k = 0; k < change.joints.size(); ++k) {
      const auto j = static_cast<std::size_t>(change.joints[k]);
      const bool vetoed = std::ranges::find(change.vetoed, change.joints[k]) != change.vetoed.end();
      const bool own = person.keypoints.at(j).visibility != Visibility::kAbsent;
      if (own && !(vetoed && options_.replace_vetoed)) continue;
      person.keypoints[j] = {change.points[k], Visibility::kVisible};
      person.weights[j] = options_.weight;
    }
    return person;
  }

 private:
  DataSetPtr set_;
  std::map<std::int64_t, Change> changes_;
  OverlayOptions options_;
};

}  // namespace

Result<Overlay> parse_overlay(const Json& json) {
  POISE_TRY(const Skeleton coco, find_skeleton("coco17"));
  Overlay overlay;
  const Json* names = json.find("keypoints");
  if (names == nullptr || !names->is_array() || names->as_array().empty() || names->as_array().size() > kMaxJoints) {
    return malformed("member \"keypoints\" must be a list of joint names");
  }
  for (const Json& name : names->as_array()) {
    if (!name.is_string()) return malformed("member \"keypoints\" must be a list of joint names");
    overlay.joints.push_back(name.as_string());
  }
  const Json* entries = json.find("annotations");
  if (entries == nullptr || !entries->is_array()) return malformed("member \"annotations\" must be a list");
  for (std::size_t i = 0; i < entries->as_array().size(); ++i) {
    const Json& entry = entries->as_array()[i];
    const std::string where = "annotations[" + std::to_string(i) + "]";
    const auto image = entry.integer("image_id");
    if (!image.ok()) return image.error().prefixed(where);
    const auto [at, fresh] = overlay.by_image.try_emplace(*image);
    if (!fresh) return malformed(where + ": image " + std::to_string(*image) + " comes twice");
    POISE_RETURN_IF_ERROR(parse_points(entry, overlay.joints.size(), where, at->second));
    POISE_TRY(at->second.far, joint_list(entry, "far", coco.size(), where));
    POISE_TRY(at->second.mirrored, joint_list(entry, "mirrored", coco.size(), where));
  }
  return overlay;
}

Result<Overlay> read_overlay(const std::filesystem::path& path) {
  const auto bytes = read_file(path, kMaxBytes);
  if (!bytes.ok()) return bytes.error().prefixed(path.string());
  const auto json = parse_json(*bytes);
  if (!json.ok()) return json.error().prefixed(path.string());
  auto overlay = parse_overlay(*json);
  if (!overlay.ok()) return overlay.error().prefixed(path.string());
  return overlay;
}

Result<DataSetPtr> with_overlay(DataSetPtr set, const Overlay& overlay, const OverlayOptions& options) {
  POISE_RETURN_IF_ERROR(in_unit("min_score", options.min_score));
  POISE_RETURN_IF_ERROR(in_unit("weight", options.weight));
  POISE_TRY(const Skeleton coco, find_skeleton("coco17"));
  const Skeleton& skeleton = set->skeleton();
  std::vector<int> target;  // of the overlay's joints
  for (const std::string& name : overlay.joints) target.push_back(skeleton.index_of(name).value_or(-1));
  if (std::ranges::all_of(target, [](int j) { return j < 0; })) {
    return invalid_argument("skeleton " + skeleton.name + " has no joint of the extra labels");
  }
  std::map<std::int64_t, Change> changes;
  std::set<std::int64_t> images;
  for (std::size_t i = 0; i < set->size(); ++i) {
    const std::int64_t image = set->get(i).image_id;
    if (!images.insert(image).second) {
      return invalid_argument("image " + std::to_string(image) +
                              " has several persons: the extra labels are one an image");
    }
    const auto found = overlay.by_image.find(image);
    if (found == overlay.by_image.end()) continue;
    const Overlay::Labels& labels = found->second;
    Change& change = changes[image];
    for (std::size_t k = 0; k < target.size(); ++k) {
      if (target[k] < 0 || !(labels.scores[k] > 0) || labels.scores[k] < options.min_score) continue;
      change.joints.push_back(target[k]);
      change.points.push_back(labels.points[k]);
    }
    const auto veto = [&](const std::vector<int>& joints) {
      for (const int j : joints) {
        const auto mine = skeleton.index_of(coco.joints[static_cast<std::size_t>(j)].name);
        if (mine) change.vetoed.push_back(*mine);
      }
    };
    if (options.veto_far) veto(labels.far);
    if (options.veto_mirrored) veto(labels.mirrored);
  }
  if (changes.empty()) return invalid_argument("the extra labels and the data set have no image in common");
  return DataSetPtr(std::make_shared<OverlaidDataSet>(std::move(set), std::move(changes), options));
}

}  // namespace poise
