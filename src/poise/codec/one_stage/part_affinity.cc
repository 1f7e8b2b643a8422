// Part affinity fields: Cao et al., "Realtime Multi-Person 2D Pose Estimation using Part Affinity Fields", CVPR 2017,
// sections 2.3 and 2.4. Two groupings of people in use differ, and each has its own networks.

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "poise/codec/card_members.h"
#include "poise/codec/one_stage/families.h"
#include "poise/codec/one_stage/shared.h"
#include "poise/codec/one_stage/upsample.h"

namespace poise {
namespace {

constexpr const char* kName = "part_affinity";
constexpr std::size_t kJoints = 18;
constexpr std::int64_t kMaps = 19;  // and the background
constexpr std::int64_t kFields = 38;
constexpr int kUpsample = 4;  // of the maps before they are looked at: upsample_ratio of lightweight's demo.py
constexpr float kPeak = 0.1F;
constexpr float kAlong = 0.05F;          // of the field along a limb
constexpr int kSamples = 10;             // on it
constexpr float kShare = 0.8F;           // of them above kAlong
constexpr std::size_t kMostPeaks = 256;  // of one kind: a crowd has fewer; bounds the time

enum class Grouping { kLightweight, kOpenPose };
constexpr std::array<card::Word<Grouping>, 2> kGroupings{
    {{"lightweight", Grouping::kLightweight}, {"openpose", Grouping::kOpenPose}}};

/// A limb of OpenPose's COCO model, and its field's planes. Source: OpenPose, src/openpose/pose/poseParameters.cpp; the
/// same in lightweight's modules/keypoints.py, BODY_PARTS_KPT_IDS and BODY_PARTS_PAF_IDS.
struct LimbField {
  std::size_t from, to;
  int x, y;
};
constexpr std::array<LimbField, 19> kLimbs{{{1, 2, 12, 13},
                                            {1, 5, 20, 21},
                                            {2, 3, 14, 15},
                                            {3, 4, 16, 17},
                                            {5, 6, 22, 23},
                                            {6, 7, 24, 25},
                                            {1, 8, 0, 1},
                                            {8, 9, 2, 3},
                                            {9, 10, 4, 5},
                                            {1, 11, 6, 7},
                                            {11, 12, 8, 9},
                                            {12, 13, 10, 11},
                                            {1, 0, 28, 29},
                                            {0, 14, 30, 31},
                                            {14, 16, 34, 35},
                                            {0, 15, 32, 33},
                                            {15, 17, 36, 37},
                                            {2, 16, 18, 19},
                                            {5, 17, 26, 27}}};
constexpr std::size_t kFirstExtraLimb = 17;  // these two only complete people who are there

struct Peak {
  int x = 0, y = 0;  // of the upsampled maps
  float score = 0;
};

struct Connection {
  std::size_t from = 0, to = 0;  // among the peaks of the limb's two joints
  float score = 0;
};

/// Somebody being put together: which peak of each joint.
struct Person {
  std::array<int, kJoints> peak;
  float score = 0;  // of peaks and connections
  int parts = 0;
  Person() { peak.fill(-1); }
};

/// Above the threshold and above all four neighbours, from left to right and then from top to bottom; then, with
/// `apart`, none nearer than 6 pixels behind one that stays (lightweight's extract_keypoints).
std::vector<Peak> find_peaks(const Plane& map, bool apart) {
  std::vector<Peak> peaks;
  const auto at = [&](int x, int y) {
    const float value = x < 0 || y < 0 || x >= map.width || y >= map.height ? 0.0F : map.at(x, y);
    return value < kPeak ? 0.0F : value;
  };
  for (int x = 0; x < map.width; ++x) {
    for (int y = 0; y < map.height; ++y) {
      const float here = at(x, y);
      if (here > at(x - 1, y) && here > at(x + 1, y) && here > at(x, y - 1) && here > at(x, y + 1)) {
        peaks.push_back({x, y, here});
      }
    }
  }
  if (apart) {
    constexpr int kNear = 6;
    std::vector<Peak> kept;
    for (const Peak& peak : peaks) {
      const bool doubled = std::ranges::any_of(kept, [&](const Peak& other) {
        return (other.x - peak.x) * (other.x - peak.x) + (other.y - peak.y) * (other.y - peak.y) < kNear * kNear;
      });
      if (!doubled) kept.push_back(peak);
    }
    peaks = std::move(kept);
  }
  if (peaks.size() > kMostPeaks) {
    std::ranges::stable_sort(peaks, [](const Peak& a, const Peak& b) { return a.score > b.score; });
    peaks.resize(kMostPeaks);
  }
  return peaks;
}

class PartAffinity : public OneStageCodec {
 public:
  explicit PartAffinity(Grouping grouping) : grouping_(grouping) {}

  const char* name() const override { return kName; }
  Json parameters() const override { return Json::Object{{"grouping", card::word_of(kGroupings, grouping_)}}; }
  Result<OneStageAnswer> check(std::span<const NetworkOutput> outputs, const Skeleton& skeleton, Size input,
                               int classes) const override;
  Result<std::vector<FoundPerson>> decode(const OneStageAnswer& answer, std::span<const Tensor> outputs,
                                          float threshold) const override;
  bool repeats_people(const OneStageAnswer& /*answer*/) const override { return false; }

 private:
  using Peaks = std::array<std::vector<Peak>, kJoints>;
  std::vector<Connection> connect(const Peaks& peaks, const LimbField& limb, const Bicubic& x, const Bicubic& y) const;
  std::vector<Person> group(const Peaks& peaks, const Tensor& fields) const;
  bool is_person(const Person& person, float threshold) const;

  Grouping grouping_;
};

Result<OneStageAnswer> PartAffinity::check(std::span<const NetworkOutput> outputs, const Skeleton& skeleton, Size input,
                                           int classes) const {
  // Of several stages the last counts.
  std::optional<std::size_t> maps, fields;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    if (outputs[i].shape.size() != 4) continue;
    if (outputs[i].shape[1] == kMaps) maps = i;
    if (outputs[i].shape[1] == kFields) fields = i;
  }
  const auto same = [&] {
    const Shape &a = outputs[*maps].shape, &b = outputs[*fields].shape;
    return a[2] == b[2] && a[3] == b[3] && a[2] > 0 && a[3] > 0;
  };
  if (!maps || !fields || !same()) {
    return unsupported(describe(outputs) +
                       ": codec part_affinity reads heatmaps (1, 19, h, w) and part affinity fields (1, 38, h, w), the "
                       "18 joints of OpenPose's COCO model");
  }
  if (skeleton.size() != static_cast<int>(kJoints)) {
    return invalid_argument(describe(outputs) + " are of 18 joints, skeleton \"" + skeleton.name + "\" has " +
                            std::to_string(skeleton.size()) + ": it is openpose18");
  }
  return OneStageAnswer{input, skeleton.size(), classes, 0, {*maps, *fields}};
}

/// How well the field agrees with a limb from each peak to each, greedily the best pairs, each peak once.
std::vector<Connection> PartAffinity::connect(const Peaks& peaks, const LimbField& limb, const Bicubic& field_x,
                                              const Bicubic& field_y) const {
  const std::vector<Peak>&from = peaks[limb.from], &to = peaks[limb.to];
  std::vector<Connection> candidates;
  for (std::size_t b = 0; b < to.size(); ++b) {
    for (std::size_t a = 0; a < from.size(); ++a) {
      const auto dx = static_cast<float>(to[b].x - from[a].x), dy = static_cast<float>(to[b].y - from[a].y);
      const float length = std::hypot(dx, dy) + 1e-6F;
      float sum = 0, total = 0;
      int along = 0;
      for (int i = 0; i < kSamples; ++i) {
        const float t = static_cast<float>(i) / (kSamples - 1);
        const auto x = static_cast<int>(std::nearbyint(static_cast<float>(from[a].x) + t * dx));
        const auto y = static_cast<int>(std::nearbyint(static_cast<float>(from[a].y) + t * dy));
        const float agrees = (field_x.at(x, y) * dx + field_y.at(x, y) * dy) / length;
        total += agrees;
        if (!(agrees > kAlong)) continue;
        sum += agrees;
        ++along;
      }
      float score = along == 0 ? 0 : sum / static_cast<float>(along);
      if (grouping_ == Grouping::kOpenPose) {
        // The mean of all samples, less what a limb is longer than half the picture (evaluateModel.m of the authors).
        score = total / kSamples + std::min(0.5F * static_cast<float>(field_x.height()) / length - 1, 0.0F);
      }
      if (score > 0 && static_cast<float>(along) > kShare * kSamples) candidates.push_back({a, b, score});
    }
  }
  std::ranges::stable_sort(candidates, [](const Connection& a, const Connection& b) { return a.score > b.score; });
  std::vector<bool> used_from(from.size()), used_to(to.size());
  std::vector<Connection> chosen;
  for (const Connection& one : candidates) {
    if (used_from[one.from] || used_to[one.to]) continue;
    used_from[one.from] = used_to[one.to] = true;
    chosen.push_back(one);
  }
  return chosen;
}

/// Adds a limb to the people so far. lightweight: modules/keypoints.py, group_keypoints. openpose: the authors'
/// connect56LineVec.m, which joins two people whom a limb shows to be one.
void add_limb(std::vector<Person>& people, std::size_t limb_index, const Connection& limb, float from_score,
              float to_score, bool joins) {
  const LimbField& field = kLimbs[limb_index];
  const int from = static_cast<int>(limb.from), to = static_cast<int>(limb.to);
  if (limb_index >= kFirstExtraLimb) {
    for (Person& person : people) {
      int &a = person.peak[field.from], &b = person.peak[field.to];
      if (a == from && b == -1) {
        b = to;
      } else if (b == to && a == -1) {
        a = from;
      }
    }
    return;
  }
  std::vector<std::size_t> owners;
  for (std::size_t p = 0; p < people.size(); ++p) {
    if (people[p].peak[field.from] == from || (joins && people[p].peak[field.to] == to)) owners.push_back(p);
  }
  if (owners.empty()) {
    Person& person = people.emplace_back();
    person.peak[field.from] = from;
    person.peak[field.to] = to;
    person.parts = 2;
    person.score = from_score + to_score + limb.score;
    return;
  }
  if (joins && owners.size() == 2) {
    Person &one = people[owners[0]], &two = people[owners[1]];
    const auto overlap = [&](std::size_t j) { return one.peak[j] >= 0 && two.peak[j] >= 0; };
    bool apart = true;
    for (std::size_t j = 0; j < kJoints; ++j) apart = apart && !overlap(j);
    if (apart) {
      for (std::size_t j = 0; j < kJoints; ++j) one.peak[j] = std::max(one.peak[j], two.peak[j]);
      one.parts += two.parts;
      one.score += two.score + limb.score;
      people.erase(people.begin() + static_cast<std::ptrdiff_t>(owners[1]));
      return;
    }
    owners.resize(1);
  }
  for (const std::size_t p : owners) {
    Person& person = people[p];
    if (joins && person.peak[field.to] == to) continue;
    person.peak[field.to] = to;
    ++person.parts;
    person.score += to_score + limb.score;
  }
}

std::vector<Person> PartAffinity::group(const Peaks& peaks, const Tensor& fields) const {
  const int width = static_cast<int>(fields.dim(3)), height = static_cast<int>(fields.dim(2));
  const std::size_t plane = static_cast<std::size_t>(width) * static_cast<std::size_t>(height);
  const bool joins = grouping_ == Grouping::kOpenPose;
  std::vector<Person> people;
  for (std::size_t l = 0; l < kLimbs.size(); ++l) {
    const LimbField& limb = kLimbs[l];
    const Bicubic x(fields.floats().data() + static_cast<std::size_t>(limb.x) * plane, {width, height}, kUpsample);
    const Bicubic y(fields.floats().data() + static_cast<std::size_t>(limb.y) * plane, {width, height}, kUpsample);
    for (const Connection& one : connect(peaks, limb, x, y)) {
      add_limb(people, l, one, peaks[limb.from][one.from].score, peaks[limb.to][one.to].score, joins);
    }
  }
  return people;
}

bool PartAffinity::is_person(const Person& person, float threshold) const {
  const int fewest = grouping_ == Grouping::kOpenPose ? 4 : 3;
  return person.parts >= fewest && person.score / static_cast<float>(person.parts) >= threshold;
}

Result<std::vector<FoundPerson>> PartAffinity::decode(const OneStageAnswer& answer, std::span<const Tensor> outputs,
                                                      float threshold) const {
  bool fits = outputs.size() == 2;
  for (std::size_t i = 0; fits && i < 2; ++i) {
    fits = outputs[i].rank() == 4 && outputs[i].type() == DType::kFloat32 && outputs[i].dim(0) == 1 &&
           outputs[i].dim(1) == (i == 0 ? kMaps : kFields) && outputs[i].dim(2) == outputs[0].dim(2) &&
           outputs[i].dim(3) == outputs[0].dim(3);
  }
  if (!fits) return not_as_checked(outputs, kName);
  const Size cells{static_cast<int>(outputs[0].dim(3)), static_cast<int>(outputs[0].dim(2))};
  const std::size_t plane = static_cast<std::size_t>(cells.width) * static_cast<std::size_t>(cells.height);
  Peaks peaks;
  for (std::size_t j = 0; j < kJoints; ++j) {
    peaks[j] = find_peaks(Bicubic(outputs[0].floats().data() + j * plane, cells, kUpsample).all(),
                          grouping_ == Grouping::kLightweight);
  }
  const float across = static_cast<float>(answer.input.width) / static_cast<float>(cells.width * kUpsample);
  const float down = static_cast<float>(answer.input.height) / static_cast<float>(cells.height * kUpsample);
  std::vector<FoundPerson> people;
  for (const Person& one : group(peaks, outputs[1])) {
    if (!is_person(one, threshold)) continue;
    FoundPerson& person = people.emplace_back();
    person.keypoints.resize(kJoints);
    float left = 1e9F, top = 1e9F, right = -1e9F, bottom = -1e9F;
    for (std::size_t j = 0; j < kJoints; ++j) {
      if (one.peak[j] < 0) continue;
      const Peak& peak = peaks[j][static_cast<std::size_t>(one.peak[j])];
      const Point at{static_cast<float>(peak.x) * across, static_cast<float>(peak.y) * down};
      person.keypoints[j] = {at, peak.score};
      left = std::min(left, at.x);
      right = std::max(right, at.x);
      top = std::min(top, at.y);
      bottom = std::max(bottom, at.y);
    }
    // Of joints in one line a box is still a box.
    person.found.box = {left, top, std::max(right - left, 1.0F), std::max(bottom - top, 1.0F)};
    // As a share of what a whole person has: 18 peaks and 17 limbs, each up to 1.
    person.found.score = std::clamp(one.score / (2 * kJoints - 1), 0.0F, 1.0F);
  }
  return people;
}

Result<OneStageCodecPtr> create(const Json& card) {
  Grouping grouping = Grouping::kLightweight;
  POISE_RETURN_IF_ERROR(card::Reader(card).word("grouping", kGroupings, grouping));
  return OneStageCodecPtr(std::make_shared<PartAffinity>(grouping));
}

}  // namespace

OneStageCodecFamily part_affinity_family() { return {kName, {"grouping"}, create}; }

}  // namespace poise
