#include "poise/metrics/posetrack_frames.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "poise/base/counted.h"

namespace poise {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kMissingScore = -9999;  // eval_helpers.MIN_SCORE
constexpr double kHeadShare = 0.6;       // of the head box's diagonal, getHeadSize
constexpr std::size_t kMostPersons = 1024;
constexpr int kNobody = -1;

/// A person's points by joint.
using Points = std::array<const PosetrackPoint*, kPosetrackJoints>;

struct Person {
  const PosetrackPerson* person = nullptr;
  Points points{};
};

bool is_ignored(const PosetrackFrame& truth, const PosetrackPoint& point) {
  return std::any_of(truth.ignored.begin(), truth.ignored.end(),
                     [&](const auto& polygon) { return inside(polygon, point.x, point.y); });
}

/// Who counts, with the points that do: in a frame with regions, nobody who has no point outside of them.
std::vector<Person> persons_of(const PosetrackFrame& frame, const PosetrackFrame& truth) {
  std::vector<Person> persons;
  for (const PosetrackPerson& one : frame.persons) {
    if (!one.annotated) continue;
    Person person{&one, {}};
    std::size_t points = 0;
    for (const PosetrackPoint& point : one.points) {
      if (is_ignored(truth, point)) continue;
      person.points[static_cast<std::size_t>(point.joint)] = &point;
      ++points;
    }
    if (truth.ignored.empty() || points > 0) persons.push_back(person);
  }
  return persons;
}

/// Not hypot, so that equal inputs give NumPy's bits.
double length(double x, double y) { return std::sqrt(x * x + y * y); }

/// Distances over the head size of each pair of joints; infinity where one is missing.
class Distances {
 public:
  Distances(const std::vector<Person>& poses, const std::vector<Person>& truths)
      : truths_(truths.size()), values_(poses.size() * truths.size() * kPosetrackJoints, kInfinity) {
    for (std::size_t t = 0; t < truths.size(); ++t) {
      const auto& head = *truths[t].person->head;
      const double size = kHeadShare * length(head[2] - head[0], head[3] - head[1]);
      for (std::size_t p = 0; p < poses.size(); ++p) {
        for (std::size_t j = 0; j < kPosetrackJoints; ++j) {
          const PosetrackPoint* a = poses[p].points[j];
          const PosetrackPoint* b = truths[t].points[j];
          if (a != nullptr && b != nullptr) at(p, t, j) = length(b->x - a->x, b->y - a->y) / size;
        }
      }
    }
  }
  double& at(std::size_t pose, std::size_t truth, std::size_t joint) {
    return values_[(pose * truths_ + truth) * kPosetrackJoints + joint];
  }

 private:
  std::size_t truths_;
  std::vector<double> values_;
};

/// The true person of each pose, kNobody where it has none: each pose keeps the person of whom it has the largest share
/// of joints right, and each person takes the best of the poses that kept it. The first of equals, both times.
std::vector<int> persons_of_poses(const std::vector<Person>& poses, const std::vector<Person>& truths,
                                  Distances& distances, double threshold) {
  std::vector<int> kept(poses.size(), kNobody);
  std::vector<double> share(poses.size(), 0);
  for (std::size_t p = 0; p < poses.size(); ++p) {
    for (std::size_t t = 0; t < truths.size(); ++t) {
      double right = 0;
      double labelled = 0;
      for (std::size_t j = 0; j < kPosetrackJoints; ++j) {
        right += distances.at(p, t, j) <= threshold ? 1 : 0;
        labelled += truths[t].points[j] != nullptr ? 1 : 0;
      }
      const double part = labelled > 0 ? right / labelled : right;
      if (part > share[p]) {
        share[p] = part;
        kept[p] = static_cast<int>(t);
      }
    }
  }
  std::vector<int> taken(truths.size(), kNobody);
  for (std::size_t p = 0; p < poses.size(); ++p) {
    if (kept[p] == kNobody) continue;
    int& best = taken[static_cast<std::size_t>(kept[p])];
    if (best == kNobody || share[p] > share[static_cast<std::size_t>(best)]) best = static_cast<int>(p);
  }
  for (std::size_t p = 0; p < poses.size(); ++p) {
    if (kept[p] != kNobody && taken[static_cast<std::size_t>(kept[p])] != static_cast<int>(p)) kept[p] = kNobody;
  }
  return kept;
}

Status check_ids(const PosetrackFrame& frame, const char* whose) {
  std::vector<std::int64_t> ids;
  for (const PosetrackPerson& person : frame.persons) {
    if (person.track) ids.push_back(*person.track);
  }
  std::sort(ids.begin(), ids.end());
  const auto twice = std::adjacent_find(ids.begin(), ids.end());
  if (twice == ids.end()) return {};
  return malformed(std::string(whose) + ", " + frame.name + ": id " + std::to_string(*twice) + " stands there twice");
}

/// Which side of the line from a to b the point lies on: above 0 to the left.
double turn(const std::array<double, 2>& a, const std::array<double, 2>& b, double x, double y) {
  return (b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0]);
}

}  // namespace

bool inside(const PosetrackFrame::Polygon& polygon, double x, double y) {
  if (polygon.size() < 3) return false;
  bool odd = false;
  for (std::size_t i = 0; i < polygon.size(); ++i) {
    const auto& a = polygon[i];
    const auto& b = polygon[(i + 1) % polygon.size()];
    if (x == b[0] && y == b[1]) return false;
    if (a[1] == y && b[1] == y) {
      if (x >= std::min(a[0], b[0]) && x <= std::max(a[0], b[0])) return false;
      continue;
    }
    if ((a[1] > y) == (b[1] > y)) continue;
    const double side = turn(a, b, x, y);
    if (side == 0) return false;
    if ((side > 0) == (b[1] > a[1])) odd = !odd;  // the edge lies to the right of the point
  }
  return odd;
}

Status check_posetrack(const PosetrackPair& pair) {
  const std::size_t frames = pair.truth.frames.size();
  if (pair.predictions.frames.size() != frames) {
    return malformed("the truth has " + counted(frames, "frame") + ", the predictions " +
                     std::to_string(pair.predictions.frames.size()) + ": as many are wanted");
  }
  for (std::size_t f = 0; f < frames; ++f) {
    for (const auto& [frame, whose] :
         {std::pair{&pair.truth.frames[f], "truth"}, {&pair.predictions.frames[f], "predictions"}}) {
      if (frame->persons.size() > kMostPersons) {
        return too_large(std::string(whose) + ", " + frame->name + ": over 1024 persons");
      }
      POISE_RETURN_IF_ERROR(check_ids(*frame, whose));
    }
  }
  return {};
}

std::vector<std::size_t> counted_frames(const PosetrackSequence& truth, const PosetrackQuirks& quirks) {
  std::vector<std::size_t> counted;
  for (std::size_t f = 0; f < truth.frames.size(); ++f) {
    const bool known_empty = !quirks.unlabelled && truth.frames[f].labelled.value_or(false);
    if (!truth.frames[f].persons.empty() || known_empty) counted.push_back(f);
  }
  return counted;
}

Result<PosetrackMatch> match_posetrack(const PosetrackFrame& truth, const PosetrackFrame& predictions,
                                       double threshold) {
  const std::vector<Person> truths = persons_of(truth, truth);
  const std::vector<Person> poses = persons_of(predictions, truth);
  for (const Person& person : truths) {
    if (!person.person->head) {
      return malformed(truth.name +
                       ": a true person has no head box (x1, y1, x2, y2 or bbox_head), which distances are "
                       "measured by");
    }
  }
  Distances distances(poses, truths);
  const std::vector<int> person_of = persons_of_poses(poses, truths, distances, threshold);
  PosetrackMatch match;
  match.truths = truths.size();
  match.poses = poses.size();
  for (std::size_t j = 0; j < kPosetrackJoints; ++j) {
    for (const Person& person : truths) {
      if (person.points[j] == nullptr) continue;
      ++match.labelled[j];
      match.truth_ids[j].push_back(person.person->track.value_or(0));
    }
    for (std::size_t p = 0; p < poses.size(); ++p) {
      const PosetrackPoint* point = poses[p].points[j];
      if (point == nullptr) continue;
      match.pose_ids[j].push_back(poses[p].person->track.value_or(0));
      match.scores[j].push_back(point->score.value_or(kMissingScore));
      match.right[j].push_back(person_of[p] != kNobody &&
                               distances.at(p, static_cast<std::size_t>(person_of[p]), j) <= threshold);
    }
    for (std::size_t t = 0; t < truths.size(); ++t) {
      for (std::size_t p = 0; p < poses.size(); ++p) {
        if (truths[t].points[j] == nullptr || poses[p].points[j] == nullptr) continue;
        const double distance = distances.at(p, t, j);
        match.distances[j].push_back(distance <= threshold ? distance : kNan);
      }
    }
  }
  return match;
}

}  // namespace poise
