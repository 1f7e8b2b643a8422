#include "poise/lift/triangulate_videos.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "poise/base/assignment.h"
#include "poise/base/counted.h"
#include "poise/base/median.h"
#include "poise/lift/meeting.h"

namespace poise {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kNever = std::numeric_limits<double>::infinity();

struct Moment {
  std::int64_t index = 0;
  double seconds = 0;
  std::vector<SeenPose> seen;
};

/// Frames that two videos or more have, in order.
std::vector<Moment> moments_of(std::span<const PoseFrames> videos) {
  std::map<std::int64_t, std::vector<std::pair<int, const TimedFrame*>>> frames;
  for (std::size_t v = 0; v < videos.size(); ++v) {
    for (const TimedFrame& frame : videos[v].frames) frames[frame.index].emplace_back(static_cast<int>(v), &frame);
  }
  std::vector<Moment> moments;
  for (const auto& [index, views] : frames) {
    if (views.size() < 2) continue;
    Moment& moment = moments.emplace_back();
    moment.index = index;
    moment.seconds = views.front().second->seconds;
    for (const auto& [camera, frame] : views) {
      for (const Pose& pose : frame->result.poses) moment.seen.push_back({camera, &pose});
    }
  }
  return moments;
}

double median_error(std::vector<double>& errors) { return errors.empty() ? 0 : upper_median(errors); }

/// A body's joints in space, and what they are from.
struct Body {
  WorldPose pose;
  std::vector<SeenPoint> points;           // of the joints found
  std::vector<std::vector<int>> left_out;  // cameras, one list a joint found
};

std::vector<Sighting> sightings_of(std::size_t joint, const std::vector<std::size_t>& group, const Moment& moment,
                                   float min_score) {
  std::vector<Sighting> sightings;
  for (const std::size_t member : group) {
    const SeenPose& seen = moment.seen[member];
    const Keypoint& at = seen.pose->keypoints[joint];
    const bool good = at.score >= min_score && std::isfinite(at.point.x) && std::isfinite(at.point.y);
    if (good)
      sightings.push_back({seen.camera, {at.point.x, at.point.y}, std::max(0.01, static_cast<double>(at.score))});
  }
  return sightings;
}

Body body_of(std::span<const Camera> cameras, const std::vector<std::size_t>& group, const Moment& moment,
             std::size_t joints, const TriangulateVideosOptions& options) {
  Body body;
  double scores = 0;
  for (std::size_t j = 0; j < joints; ++j) {
    WorldKeypoint& joint = body.pose.keypoints.emplace_back();
    joint.point = {kNan, kNan, kNan};
    const std::vector<Sighting> all = sightings_of(j, group, moment, options.min_score);
    const auto found = triangulate(cameras, all, options.triangulate);
    if (!found) continue;
    SeenPoint& point = body.points.emplace_back();
    auto& left_out = body.left_out.emplace_back();
    point.point = joint.point = found->point;
    joint.error = static_cast<float>(found->error);
    for (const Sighting& one : all) {
      const bool used = std::ranges::find(found->cameras, one.camera) != found->cameras.end();
      if (used) {
        point.sightings.push_back(one);
        joint.score += static_cast<float>(one.weight / static_cast<double>(found->cameras.size()));
      } else {
        left_out.push_back(one.camera);
      }
    }
    scores += joint.score;
  }
  body.pose.score = static_cast<float>(scores / static_cast<double>(std::max<std::size_t>(1, joints)));
  return body;
}

std::vector<Body> bodies_of(std::span<const Camera> cameras, const Moment& moment, std::size_t joints,
                            const TriangulateVideosOptions& options, std::size_t& alone) {
  std::vector<Body> bodies;
  const MeetingOptions meeting{options.min_score, options.triangulate.max_error, options.min_joints};
  for (const auto& group : meet(cameras, moment.seen, meeting)) {
    if (static_cast<int>(group.size()) < std::max(2, options.triangulate.min_cameras)) {
      alone += group.size();
      continue;
    }
    Body body = body_of(cameras, group, moment, joints, options);
    if (static_cast<int>(body.points.size()) >= options.min_joints) bodies.push_back(std::move(body));
  }
  return bodies;
}

/// Keeps people's numbers from frame to frame, by the nearest last place.
class Follower {
 public:
  explicit Follower(const TriangulateVideosOptions& options) : options_(options) {}
  void follow(std::vector<Body>& bodies, double seconds) {
    std::erase_if(known_, [&](const Known& one) { return seconds - one.seconds > options_.max_absence; });
    std::vector<double> cost(bodies.size() * known_.size());
    for (std::size_t i = 0; i < cost.size(); ++i) {
      const double apart = step(bodies[i / known_.size()].pose, known_[i % known_.size()].pose);
      cost[i] = apart <= options_.max_step ? apart : kNever;
    }
    const auto chosen = assign(cost, static_cast<int>(bodies.size()), static_cast<int>(known_.size()));
    for (std::size_t i = 0; i < bodies.size(); ++i) {
      const bool is_known = chosen[i] >= 0;
      if (!is_known) known_.push_back({next_++, {}, 0});
      Known& one = is_known ? known_[static_cast<std::size_t>(chosen[i])] : known_.back();
      bodies[i].pose.track_id = one.id;
      one.pose = bodies[i].pose;
      one.seconds = seconds;
    }
  }
  std::size_t people() const { return static_cast<std::size_t>(next_ - 1); }

 private:
  struct Known {
    int id = 0;
    WorldPose pose;
    double seconds = 0;
  };
  /// The mean over joints that both have; their middles' distance where they share none.
  static double step(const WorldPose& a, const WorldPose& b) {
    double sum = 0;
    int count = 0;
    Point3 middle_a, middle_b;
    int count_a = 0, count_b = 0;
    for (std::size_t j = 0; j < a.keypoints.size(); ++j) {
      const Point3 p = a.keypoints[j].point, q = b.keypoints[j].point;
      if (is_finite(p)) middle_a = middle_a + p, ++count_a;
      if (is_finite(q)) middle_b = middle_b + q, ++count_b;
      if (!is_finite(p) || !is_finite(q)) continue;
      sum += distance(p, q);
      ++count;
    }
    if (count > 0) return sum / count;
    return distance((1.0 / std::max(1, count_a)) * middle_a, (1.0 / std::max(1, count_b)) * middle_b);
  }

  const TriangulateVideosOptions& options_;
  std::vector<Known> known_;
  int next_ = 1;
};

Status check(std::span<const Camera> cameras, std::span<const PoseFrames> videos) {
  if (cameras.size() < 2) return invalid_argument("triangulation needs two cameras or more");
  if (videos.size() != cameras.size()) {
    return invalid_argument("there are " + counted(videos.size(), "video") + " and " +
                            counted(cameras.size(), "camera") + ": give one video a camera");
  }
  for (const PoseFrames& video : videos) {
    if (!(video.skeleton == videos[0].skeleton)) {
      return invalid_argument("the videos' poses have different joints: " + videos[0].skeleton.name + " and " +
                              video.skeleton.name);
    }
  }
  return {};
}

}  // namespace

Result<TriangulatedVideos> triangulate_videos(std::span<const Camera> cameras, std::span<const PoseFrames> videos,
                                              const TriangulateVideosOptions& options) {
  POISE_RETURN_IF_ERROR(check(cameras, videos));
  TriangulatedVideos result;
  result.set.skeleton = videos[0].skeleton;
  result.set.up = options.up;
  result.cameras.resize(cameras.size());
  std::vector<std::vector<double>> errors(cameras.size());
  Follower follower(options);
  const std::vector<Moment> moments = moments_of(videos);
  if (moments.empty()) return invalid_argument("no two videos have a frame of the same number");
  for (const Moment& moment : moments) {
    std::vector<Body> bodies = bodies_of(cameras, moment, result.set.skeleton.joints.size(), options, result.alone);
    follower.follow(bodies, moment.seconds);
    WorldFrame& frame = result.set.frames.emplace_back();
    frame.index = moment.index;
    frame.seconds = moment.seconds;
    for (Body& body : bodies) {
      for (std::size_t i = 0; i < body.points.size(); ++i) {
        for (const Sighting& one : body.points[i].sightings) {
          const auto c = static_cast<std::size_t>(one.camera);
          ++result.cameras[c].sightings;
          errors[c].push_back(reprojection_error(cameras[c], body.points[i].point, one.pixel));
        }
        for (const int camera : body.left_out[i]) {
          ++result.cameras[static_cast<std::size_t>(camera)].sightings;
          ++result.cameras[static_cast<std::size_t>(camera)].left_out;
        }
      }
      frame.poses.push_back(std::move(body.pose));
    }
  }
  std::vector<double> all;
  for (std::size_t c = 0; c < cameras.size(); ++c) {
    all.insert(all.end(), errors[c].begin(), errors[c].end());
    result.cameras[c].median_error = median_error(errors[c]);
  }
  result.sightings = all.size();
  result.median_error = median_error(all);
  result.people = follower.people();
  return result;
}

Result<std::vector<SeenPoint>> seen_points(std::span<const Camera> cameras, std::span<const PoseFrames> videos,
                                           const TriangulateVideosOptions& options) {
  POISE_RETURN_IF_ERROR(check(cameras, videos));
  std::vector<SeenPoint> points;
  std::size_t alone = 0;
  for (const Moment& moment : moments_of(videos)) {
    for (Body& body : bodies_of(cameras, moment, videos[0].skeleton.joints.size(), options, alone)) {
      points.insert(points.end(), body.points.begin(), body.points.end());
    }
  }
  return points;
}

}  // namespace poise
