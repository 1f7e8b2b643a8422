#include "poise/data/check.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <future>
#include <iterator>
#include <map>
#include <numeric>
#include <optional>
#include <utility>

#include "poise/base/counted.h"
#include "poise/base/sha256.h"
#include "poise/base/thread_pool.h"
#include "poise/image/codec.h"
#include "poise/image/picture_folder.h"
#include "poise/image/pixel_budget.h"

namespace poise {
namespace {

namespace fs = std::filesystem;

// Ours, chosen on LSPET's train.json by looking at the sheets.
constexpr float kOutsideImage = 1.0F;          // pixels
constexpr float kOutsideBox = 0.1F;            // of the box's longer side
constexpr float kSwappedShare = 0.5F;          // limbs swapped are this much shorter ...
constexpr float kSwappedGain = 0.2F;           // ... and by this share of the person's longer side
constexpr float kTorsoWidth = 0.2F;            // of the torso's length: narrower ones cross for no reason
constexpr float kSameJoints = 0.05F;           // of the box's longer side, mean distance
constexpr int kFewestJoints = 3;               // labelled in both, to call two persons the same
constexpr std::size_t kCompared = 512;         // persons of one picture with whom each is compared
constexpr std::size_t kMostFindings = 10'000;  // kept of each fault; all are counted

bool labelled(const Annotation& truth, int j) {
  return truth.keypoints[static_cast<std::size_t>(j)].visibility != Visibility::kAbsent;
}
Point at(const Annotation& truth, int j) { return truth.keypoints[static_cast<std::size_t>(j)].point; }
float distance(Point a, Point b) { return std::hypot(a.x - b.x, a.y - b.y); }
float longer_side(const Box& box) { return std::max(box.width, box.height); }

float extent(const Annotation& truth) {
  float low_x = 0, high_x = 0, low_y = 0, high_y = 0;
  bool any = false;
  for (const auto& joint : truth.keypoints) {
    if (joint.visibility == Visibility::kAbsent) continue;
    const Point p = joint.point;
    low_x = any ? std::min(low_x, p.x) : p.x;
    high_x = any ? std::max(high_x, p.x) : p.x;
    low_y = any ? std::min(low_y, p.y) : p.y;
    high_y = any ? std::max(high_y, p.y) : p.y;
    any = true;
  }
  return std::max(high_x - low_x, high_y - low_y);
}

/// Of a pair, by what the limbs to neighbours that are mirrored too say.
bool limbs_say_swapped(const Annotation& truth, const Skeleton& skeleton, const std::vector<int>& flip,
                       std::pair<int, int> pair) {
  float as_labelled = 0;
  float swapped = 0;
  for (const Limb& limb : skeleton.limbs) {
    if (limb.from != pair.first && limb.to != pair.first) continue;
    const int neighbour = limb.from == pair.first ? limb.to : limb.from;
    const int mirrored = flip[static_cast<std::size_t>(neighbour)];
    if (mirrored == neighbour || neighbour == pair.second) continue;
    if (!labelled(truth, neighbour) || !labelled(truth, mirrored)) continue;
    const Point left = at(truth, pair.first);
    const Point right = at(truth, pair.second);
    as_labelled += distance(left, at(truth, neighbour)) + distance(right, at(truth, mirrored));
    swapped += distance(right, at(truth, neighbour)) + distance(left, at(truth, mirrored));
  }
  return swapped < kSwappedShare * as_labelled && as_labelled - swapped > kSwappedGain * extent(truth);
}

float cross(Point origin, Point a, Point b) {
  return (a.x - origin.x) * (b.y - origin.y) - (a.y - origin.y) * (b.x - origin.x);
}
bool segments_cross(Point a, Point b, Point c, Point d) {
  return cross(a, b, c) * cross(a, b, d) < 0 && cross(c, d, a) * cross(c, d, b) < 0;
}

/// Shoulders and hips as a bow tie: one of the two pairs is exchanged.
bool torso_crosses(const Annotation& truth, const Skeleton& skeleton) {
  const auto joints = {skeleton.index_of("left_shoulder"), skeleton.index_of("right_shoulder"),
                       skeleton.index_of("left_hip"), skeleton.index_of("right_hip")};
  std::vector<Point> p;
  for (const auto& joint : joints) {
    if (!joint || !labelled(truth, *joint)) return false;
    p.push_back(at(truth, *joint));
  }
  const float length = 0.5F * (distance(p[0], p[3]) + distance(p[1], p[2]));
  return segments_cross(p[0], p[2], p[1], p[3]) && distance(p[0], p[1]) > kTorsoWidth * length &&
         distance(p[2], p[3]) > kTorsoWidth * length;
}

struct Looked {         // at one picture
  fs::path path;        // where it was found
  std::string missing;  // why
  std::string broken;
  Size size;
  std::string hash;
};

Looked look(const fs::path& path, bool decode, PixelBudget& budget) {
  Looked looked;
  looked.path = path;
  std::error_code error;
  if (!fs::is_regular_file(path, error)) looked.missing = "no such file";
  if (!looked.missing.empty() || !decode) return looked;
  const auto bytes = read_file(path, DecodeOptions{}.max_bytes);
  if (!bytes.ok()) {
    looked.broken = bytes.error().message;
    return looked;
  }
  looked.hash = sha256_hex(*bytes);
  PixelBudget::Share share(budget);
  const auto decoded = decode_image(*bytes, {.exif = Exif::kIgnore, .max_pixels = 100'000'000, .admit = share.admit()});
  if (!decoded.ok()) {
    looked.broken = decoded.error().message;
  } else {
    looked.size = decoded->image.size();
  }
  return looked;
}

std::string pixels(float value) { return std::to_string(std::lround(value)) + " px"; }
std::string size_text(Size size) { return std::to_string(size.width) + "x" + std::to_string(size.height); }

class Checker {
 public:
  Checker(const PoseSet& set, const CheckOptions& options) : set_(set), options_(options) {
    report_.joints.resize(set.skeleton.joints.size());
  }

  /// What is wrong with the file as a whole.
  void whole() {
    for (const std::string& fault : set_.faults) of_set(Fault::kWrongEntry, 1, fault);
    of_set(Fault::kUnlistedImage, set_.unlisted_image,
           counted(set_.unlisted_image, "annotation is", "annotations are") +
               " of images that the file does not list, the first of image " +
               std::to_string(set_.first_unlisted_image));
    of_set(Fault::kUnlistedImage, set_.unlisted_category,
           counted(set_.unlisted_category, "annotation is", "annotations are") +
               " of categories that the file does not list");
    of_set(Fault::kEmptySet, report_.labelled == 0 ? 1 : 0, "nobody has a labelled joint: there is nothing to learn");
  }

  /// Said once, and no picture is looked for.
  void folder_missing(const fs::path& folder) {
    of_set(Fault::kMissingImage, set_.images.size(),
           folder.string() + " is no folder: name the one that the pictures lie in");
  }

  void image(std::size_t i, const Looked& looked) {
    const PoseSet::Image& image = set_.images[i];
    const auto [first, once] =
        files_.emplace(looked.path.empty() ? image.name : looked.path.lexically_normal().string(), i);
    if (!once) {
      add({.fault = Fault::kDuplicateImage,
           .image = i,
           .joints = {},
           .detail = "listed twice" + ids(first->second, i)});
    }
    if (!looked.missing.empty()) {
      return add({.fault = Fault::kMissingImage, .image = i, .joints = {}, .detail = looked.missing});
    }
    if (!looked.broken.empty()) {
      return add({.fault = Fault::kBrokenImage, .image = i, .joints = {}, .detail = looked.broken});
    }
    const Size said{image.width, image.height};
    if (looked.size.width > 0 && said.width > 0 && said != looked.size) {
      add({.fault = Fault::kOtherSize,
           .image = i,
           .joints = {},
           .detail = "is " + size_text(looked.size) + ", the annotations say " + size_text(said)});
    }
    if (once && !looked.hash.empty()) {
      const auto [same, fresh] = by_hash_.emplace(looked.hash, image.name);
      if (!fresh) {
        add({.fault = Fault::kDuplicateImage, .image = i, .joints = {}, .detail = "the same bytes as " + same->second});
      }
    }
  }

  void persons(std::size_t i, Size known) {
    const PoseSet::Image& image = set_.images[i];
    const Size size = known.width > 0 ? known : Size{image.width, image.height};
    duplicates(i);
    for (std::size_t t = 0; t < image.truths.size(); ++t) {
      const Annotation& truth = image.truths[t];
      ++report_.persons;
      if (truth.crowd || truth.keypoints.size() != set_.skeleton.joints.size()) continue;
      count_joints(truth);
      if (normalised(i, t)) continue;
      box(i, t, size);
      joints(i, t, size);
      for (const int first : likely_swaps(truth, set_.skeleton)) {
        const int second = set_.skeleton.flip_index()[static_cast<std::size_t>(first)];
        add(person(Fault::kSideSwap, i, t, {first, second}, name(first) + " and " + name(second) + " look exchanged",
                   distance(at(truth, first), at(truth, second)) / std::max(extent(truth), 1.0F)));
      }
    }
  }

  CheckReport finish() {
    report_.images = set_.images.size();
    for (std::vector<Finding>& kept : findings_) {
      keep_worst(kept);
      std::ranges::move(kept, std::back_inserter(report_.findings));
    }
    return std::move(report_);
  }

 private:
  void of_set(Fault fault, std::size_t count, const std::string& detail) {
    if (count > 0) add({.fault = fault, .of_set = true, .joints = {}, .detail = detail, .entries = count});
  }
  void add(Finding finding) {
    const auto kind = static_cast<std::size_t>(finding.fault);
    report_.counts[kind] += finding.entries;
    findings_[kind].push_back(std::move(finding));
    if (findings_[kind].size() >= 2 * kMostFindings) keep_worst(findings_[kind]);
  }
  static void keep_worst(std::vector<Finding>& findings) {
    std::ranges::stable_sort(findings, std::greater<>(), &Finding::badness);
    if (findings.size() > kMostFindings) findings.resize(kMostFindings);
  }
  static Finding person(Fault fault, std::size_t i, std::size_t t, std::vector<int> joints, std::string detail,
                        float badness) {
    return {.fault = fault,
            .image = i,
            .truth = t,
            .of_person = true,
            .joints = std::move(joints),
            .detail = std::move(detail),
            .badness = badness};
  }
  std::string ids(std::size_t first, std::size_t second) const {
    const auto a = set_.images[first].id, b = set_.images[second].id;
    return a && b ? ", as image " + std::to_string(*a) + " and " + std::to_string(*b) : std::string();
  }
  const std::string& name(int joint) const { return set_.skeleton.joints[static_cast<std::size_t>(joint)].name; }

  void count_joints(const Annotation& truth) {
    for (int j = 0; j < set_.skeleton.size(); ++j) {
      if (!labelled(truth, j)) continue;
      ++report_.labelled;
      const auto index = static_cast<std::size_t>(j);
      const bool visible = truth.keypoints[index].visibility == Visibility::kVisible;
      ++(visible ? report_.joints[index].visible : report_.joints[index].occluded);
    }
  }

  /// Numbers from 0 to 1 are shares of the picture: as pixels, all of the person would be one.
  bool normalised(std::size_t i, std::size_t t) {
    const Annotation& truth = set_.images[i].truths[t];
    const auto within = [](float low, float high) { return low >= 0 && high <= 1.001F; };
    const Box& box = truth.box;
    const bool of_box =
        longer_side(box) > 0 && within(std::min(box.x, box.y), std::max(box.x + box.width, box.y + box.height));
    int labels = 0;
    bool of_joints = true;
    for (int j = 0; j < set_.skeleton.size(); ++j) {
      if (!labelled(truth, j)) continue;
      ++labels;
      of_joints =
          of_joints && within(std::min(at(truth, j).x, at(truth, j).y), std::max(at(truth, j).x, at(truth, j).y));
    }
    of_joints = of_joints && labels >= kFewestJoints;
    if (!of_box && !of_joints) return false;
    const char* what = of_box && of_joints ? "box and joints lie" : of_box ? "the box lies" : "the joints lie";
    add(person(Fault::kNormalised, i, t, {},
               what + std::string(" within 0 and 1: pixels are wanted, multiply by the picture's width and height"),
               0));
    return true;
  }

  void box(std::size_t i, std::size_t t, Size size) {
    const Box& box = set_.images[i].truths[t].box;
    const bool outside = size.width > 0 && !(box.x < static_cast<float>(size.width) && box.x + box.width > 0 &&
                                             box.y < static_cast<float>(size.height) && box.y + box.height > 0);
    if (!(box.width > 0 && box.height > 0) || outside) {
      return add(person(Fault::kEmptyBox, i, t, {}, outside ? "box outside the picture" : "box without area", 0));
    }
    if (longer_side(box) < static_cast<float>(options_.tiny)) {
      add(person(Fault::kTinyBox, i, t, {}, pixels(longer_side(box)) + " long", -longer_side(box)));
    }
  }

  void joints(std::size_t i, std::size_t t, Size size) {
    const Annotation& truth = set_.images[i].truths[t];
    std::vector<int> out_of_image;
    std::vector<int> out_of_box;
    float far_image = 0;
    float far_box = 0;
    const auto beyond = [](Point p, const Box& b) {
      return std::max({b.x - p.x, b.y - p.y, p.x - b.x - b.width, p.y - b.y - b.height, 0.0F});
    };
    for (int j = 0; j < set_.skeleton.size(); ++j) {
      if (!labelled(truth, j)) continue;
      const Point p = at(truth, j);
      const Box whole{0, 0, static_cast<float>(size.width - 1), static_cast<float>(size.height - 1)};
      const float image = size.width > 0 ? beyond(p, whole) : 0;
      const float box = beyond(p, truth.box);
      if (image > kOutsideImage) {
        out_of_image.push_back(j);
        far_image = std::max(far_image, image);
      } else if (longer_side(truth.box) > 0 && box > kOutsideBox * longer_side(truth.box)) {
        out_of_box.push_back(j);
        far_box = std::max(far_box, box);
      }
    }
    const auto say = [&](Fault fault, const std::vector<int>& which, float far) {
      if (which.empty()) return;
      const std::string more = which.size() > 1 ? " and " + std::to_string(which.size() - 1) + " more" : "";
      add(person(fault, i, t, which, name(which.front()) + more + ", up to " + pixels(far) + " outside",
                 far / std::max(longer_side(truth.box), 1.0F)));
    };
    say(Fault::kJointOutsideImage, out_of_image, far_image);
    say(Fault::kJointOutsideBox, out_of_box, far_box);
  }

  /// Each person is compared with those whose boxes begin beside it from left to right: in a picture of up to
  /// kCompared persons with everyone, in a larger crowd with the kCompared next to it. One who is like several is found
  /// once.
  void duplicates(std::size_t i) {
    const std::vector<Annotation>& truths = set_.images[i].truths;
    std::vector<std::size_t> order;
    for (std::size_t t = 0; t < truths.size(); ++t) {
      if (!truths[t].crowd && truths[t].keypoints.size() == set_.skeleton.joints.size()) order.push_back(t);
    }
    if (order.size() > kCompared) std::ranges::stable_sort(order, {}, [&](std::size_t t) { return truths[t].box.x; });
    for (std::size_t k = 0; k < order.size(); ++k) {
      for (std::size_t before = k - std::min(k, kCompared); before < k; ++before) {
        const auto [first, second] = std::minmax(order[before], order[k]);
        if (!are_same(truths[first], truths[second])) continue;
        add(person(Fault::kDuplicatePerson, i, second, {}, "like annotation " + std::to_string(truths[first].id), 0));
        break;
      }
    }
  }

  bool are_same(const Annotation& a, const Annotation& b) const {
    int common = 0;
    int either = 0;
    float apart = 0;
    for (int j = 0; j < set_.skeleton.size(); ++j) {
      either += labelled(a, j) || labelled(b, j) ? 1 : 0;
      if (!labelled(a, j) || !labelled(b, j)) continue;
      ++common;
      apart += distance(at(a, j), at(b, j));
    }
    if (common < kFewestJoints || 2 * common < either) return false;
    return apart / static_cast<float>(common) <= kSameJoints * std::max(extent(a), extent(b));
  }

  const PoseSet& set_;
  CheckOptions options_;
  CheckReport report_;
  std::array<std::vector<Finding>, kFaults> findings_;  // by fault
  std::map<std::string, std::size_t> files_;            // the image that named each first
  std::map<std::string, std::string> by_hash_;
};

}  // namespace

const char* name_of(Fault fault) {
  switch (fault) {
    case Fault::kEmptySet:
      return "empty set";
    case Fault::kWrongEntry:
      return "wrong entry";
    case Fault::kUnlistedImage:
      return "entry of nothing listed";
    case Fault::kMissingImage:
      return "missing image";
    case Fault::kBrokenImage:
      return "broken image";
    case Fault::kOtherSize:
      return "image of another size";
    case Fault::kNormalised:
      return "normalised numbers";
    case Fault::kEmptyBox:
      return "empty box";
    case Fault::kJointOutsideImage:
      return "joint outside image";
    case Fault::kJointOutsideBox:
      return "joint outside box";
    case Fault::kSideSwap:
      return "likely side swap";
    case Fault::kTinyBox:
      return "tiny box";
    case Fault::kDuplicatePerson:
      return "duplicate person";
    case Fault::kDuplicateImage:
      return "duplicate image";
  }
  return "";
}

bool is_error(Fault fault) { return fault <= Fault::kJointOutsideImage; }

std::size_t CheckReport::errors() const {
  std::size_t errors = 0;
  for (std::size_t f = 0; f < kFaults; ++f) errors += is_error(static_cast<Fault>(f)) ? counts[f] : 0;
  return errors;
}
std::size_t CheckReport::warnings() const {
  return std::accumulate(counts.begin(), counts.end(), std::size_t{0}) - errors();
}

std::vector<int> likely_swaps(const Annotation& truth, const Skeleton& skeleton) {
  const std::vector<int> flip = skeleton.flip_index();
  std::vector<int> swaps;
  for (const auto& pair : skeleton.flip_pairs) {
    if (!labelled(truth, pair.first) || !labelled(truth, pair.second)) continue;
    if (limbs_say_swapped(truth, skeleton, flip, pair)) swaps.push_back(pair.first);
  }
  if (swaps.empty() && torso_crosses(truth, skeleton)) {
    const int left = *skeleton.index_of("left_shoulder");
    swaps.push_back(std::min(left, flip[static_cast<std::size_t>(left)]));
  }
  return swaps;
}

CheckReport check_data(const PoseSet& set, const fs::path& images, const CheckOptions& options) {
  Checker checker(set, options);
  PixelBudget budget;
  ThreadPool pool(options.threads);
  constexpr std::size_t kAhead = 256;  // pictures under way: the rest wait, whatever the size of the set
  std::vector<std::future<Looked>> looks(set.images.size());
  PictureFolder folder(images);
  std::error_code error;
  const bool there = fs::is_directory(images, error);
  if (!there) checker.folder_missing(images);
  const auto begin = [&](std::size_t i) {
    if (!there) {
      std::promise<Looked> nothing;
      nothing.set_value({});
      looks[i] = nothing.get_future();
      return;
    }
    const auto found = folder.find(set.images[i].name);
    if (!found.ok()) {
      std::promise<Looked> known;
      const bool absent = found.error().code == ErrorCode::kNotFound;
      known.set_value({.path = {},
                       .missing = absent ? "no such file" : found.error().message,
                       .broken = {},
                       .size = {},
                       .hash = {}});
      looks[i] = known.get_future();
      return;
    }
    looks[i] = pool.submit([path = *found, decode = options.decode, &budget] { return look(path, decode, budget); });
  };
  for (std::size_t i = 0; i < std::min(kAhead, looks.size()); ++i) begin(i);
  for (std::size_t i = 0; i < looks.size(); ++i) {
    const Looked looked = looks[i].get();
    if (i + kAhead < looks.size()) begin(i + kAhead);
    checker.image(i, looked);
    checker.persons(i, looked.size);
  }
  checker.whole();
  return checker.finish();
}

Json to_json(const CheckReport& report, const PoseSet& set) {
  const auto number = [](std::size_t n) { return Json(static_cast<std::int64_t>(n)); };
  Json json = Json::object();
  json.set("images", number(report.images));
  json.set("persons", number(report.persons));
  json.set("joints", number(report.labelled));
  json.set("errors", number(report.errors()));
  json.set("warnings", number(report.warnings()));
  Json counts = Json::object();
  for (std::size_t f = 0; f < kFaults; ++f) counts.set(name_of(static_cast<Fault>(f)), number(report.counts[f]));
  json.set("counts", std::move(counts));
  Json joints_json = Json::array();
  for (std::size_t j = 0; j < report.joints.size(); ++j) {
    Json one = Json::object();
    one.set("name", set.skeleton.joints[j].name);
    one.set("visible", number(report.joints[j].visible));
    one.set("occluded", number(report.joints[j].occluded));
    joints_json.push(std::move(one));
  }
  json.set("per_joint", std::move(joints_json));
  Json findings = Json::array();
  for (const Finding& finding : report.findings) {
    Json one = Json::object();
    one.set("fault", name_of(finding.fault));
    one.set("error", is_error(finding.fault));
    if (!finding.of_set) one.set("image", set.images[finding.image].name);
    if (finding.of_person) one.set("id", set.images[finding.image].truths[finding.truth].id);
    Json joints = Json::array();
    for (const int j : finding.joints) joints.push(set.skeleton.joints[static_cast<std::size_t>(j)].name);
    one.set("joints", std::move(joints));
    one.set("detail", finding.detail);
    findings.push(std::move(one));
  }
  json.set("findings", std::move(findings));
  return json;
}

}  // namespace poise
