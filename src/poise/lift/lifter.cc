#include "poise/lift/lifter.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "poise/base/counted.h"
#include "poise/card/card_common.h"
#include "poise/codec/lifting.h"

namespace poise {
namespace {

constexpr std::size_t kBatch = 1024;  // poses a run

/// Someone in a frame, to be lifted.
struct Asked {
  std::size_t frame = 0;
  const Pose* pose = nullptr;
  LiftView view;
};

/// Of each joint of the card, which of the poses' it is; -1: they have it not.
Result<std::vector<int>> joints_of(const Skeleton& wanted, const Skeleton& given) {
  std::vector<int> indices;
  std::size_t known = 0;
  for (const Joint& joint : wanted.joints) {
    indices.push_back(given.index_of(joint.name).value_or(-1));
    known += indices.back() >= 0 ? 1 : 0;
  }
  const bool hips = given.index_of("left_hip") && given.index_of("right_hip");
  if (known < 2 * kLeastLifted || !hips) {
    return invalid_argument("the poses have " + counted(known, "joint") + " of the " + std::to_string(wanted.size()) +
                            " that the network lifts (" + wanted.name + "): its hips and ten others are needed");
  }
  return indices;
}

std::vector<Pixel> rays_of(const Pose& pose, const std::vector<int>& joints, const Camera& camera, float min_score) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  std::vector<Pixel> rays;
  for (const int j : joints) {
    const Keypoint joint = j < 0 ? Keypoint{{}, -1} : pose.keypoints[static_cast<std::size_t>(j)];
    const bool seen = joint.score >= min_score && std::isfinite(joint.point.x) && std::isfinite(joint.point.y);
    rays.push_back(seen ? camera.ray_from_pixel({joint.point.x, joint.point.y}) : Pixel{kNan, kNan});
  }
  return rays;
}

bool stands_somewhere(const Camera& camera) {
  return camera.camera_from_world.rotation.m != Matrix3().m || camera.camera_from_world.translation != Point3{};
}

WorldPose pose_of(const Asked& asked, std::span<const float> answer, const std::vector<int>& joints,
                  const Rigid3& world_from_camera) {
  WorldPose pose;
  pose.score = asked.pose->score;
  pose.track_id = asked.pose->track_id;
  const std::vector<Point3> points = decode_lifted(answer, asked.view);
  for (std::size_t j = 0; j < points.size(); ++j) {
    const float score = joints[j] < 0 ? 0 : asked.pose->keypoints[static_cast<std::size_t>(joints[j])].score;
    pose.keypoints.push_back({world_from_camera(points[j]), score});
  }
  return pose;
}

}  // namespace

Result<Lifter> Lifter::create(NetworkFile network, const SessionOptions& options) {
  const auto found = network.metadata.find(kCardKey);
  const auto json = found == network.metadata.end() ? Result<Json>(not_found("")) : parse_json(found->second);
  if (!json.ok() || !is_lift_card(*json)) {
    return invalid_argument("it is no network that lifts poses: its card has no member \"lifts\"");
  }
  POISE_TRY(LiftCard card, lift_card_from_json(*json));
  const std::int64_t numbers = std::int64_t{3} * card.skeleton.size();
  const Graph& graph = network.graph;
  if (graph.inputs.size() != 1 || graph.outputs.size() != 1 ||
      graph.values.at(graph.inputs[0]).shape != Shape{-1, numbers}) {
    return invalid_argument("the network does not take " + std::to_string(numbers) + " numbers, 3 for each joint of " +
                            card.skeleton.name);
  }
  const std::vector<Shape> one{{1, numbers}};
  POISE_TRY(const auto infos, infer_shapes(graph, one));
  if (infos[graph.outputs[0]].shape != Shape{1, numbers}) {
    return invalid_argument("the network gives " + to_string(infos[graph.outputs[0]].shape) + ", not 1x" +
                            std::to_string(numbers));
  }
  POISE_TRY(Session session, Session::create(std::move(network.graph), options));
  return Lifter(std::move(session), std::move(card));
}

Result<Lifted> Lifter::operator()(const PoseFrames& video, const Camera& camera, const LiftOptions& options) {
  POISE_TRY(const std::vector<int> joints, joints_of(card_.skeleton, video.skeleton));
  Lifted result;
  result.set.skeleton = card_.skeleton;
  result.set.up = stands_somewhere(camera) ? UpAxis::kZ : UpAxis::kMinusY;
  std::vector<Asked> asked;
  for (const TimedFrame& frame : video.frames) {
    WorldFrame& there = result.set.frames.emplace_back();
    there.index = frame.index;
    there.seconds = frame.seconds;
    for (const Pose& pose : frame.result.poses) {
      auto view = lift_view(rays_of(pose, joints, camera, options.min_score));
      if (view) {
        asked.push_back({result.set.frames.size() - 1, &pose, std::move(*view)});
      } else {
        ++result.left_out;
      }
    }
  }
  const Rigid3 world_from_camera = camera.camera_from_world.inverse();
  const std::size_t numbers = 3 * joints.size();
  std::vector<Tensor> outputs;
  for (std::size_t begin = 0; begin < asked.size(); begin += kBatch) {
    const std::size_t count = std::min(kBatch, asked.size() - begin);
    Tensor input({static_cast<std::int64_t>(count), static_cast<std::int64_t>(numbers)});
    for (std::size_t i = 0; i < count; ++i) {
      std::ranges::copy(asked[begin + i].view.values,
                        input.floats().begin() + static_cast<std::ptrdiff_t>(i * numbers));
    }
    const TensorView view(input);
    POISE_RETURN_IF_ERROR(session_.run(std::span(&view, 1), outputs));
    for (std::size_t i = 0; i < count; ++i) {
      const Asked& one = asked[begin + i];
      result.set.frames[one.frame].poses.push_back(
          pose_of(one, std::as_const(outputs[0]).floats().subspan(i * numbers, numbers), joints, world_from_camera));
    }
  }
  result.poses = asked.size();
  return result;
}

Camera assumed_camera(Size picture) {
  Camera camera;
  camera.size = picture;
  camera.fx = camera.fy = 1.2 * std::max(1, std::max(picture.width, picture.height));
  camera.cx = (picture.width - 1) / 2.0;
  camera.cy = (picture.height - 1) / 2.0;
  return camera;
}

Size picture_of(const PoseFrames& video) {
  Size size;
  float right = 0, bottom = 0;
  for (const TimedFrame& frame : video.frames) {
    size.width = std::max(size.width, frame.result.width);
    size.height = std::max(size.height, frame.result.height);
    for (const Pose& pose : frame.result.poses) {
      for (const Keypoint& joint : pose.keypoints) {
        constexpr float kLargest = 65536;
        if (joint.point.x < kLargest) right = std::max(right, joint.point.x);
        if (joint.point.y < kLargest) bottom = std::max(bottom, joint.point.y);
      }
    }
  }
  if (size.width > 0 && size.height > 0) return size;
  return {static_cast<int>(right) + 1, static_cast<int>(bottom) + 1};
}

}  // namespace poise
