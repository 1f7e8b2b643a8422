#include "poise/track/offline_smoothing.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "poise/track/signal_filters.h"

namespace poise {
namespace {

/// A track's pose in one of the frames.
struct Sighting {
  std::size_t frame = 0;  // place in `frames`
  std::size_t pose = 0;   // place in its poses
  bool put_in = false;    // the person was not seen there
};

/// One joint of one track, a sample a frame from the first sighting to the last.
struct Samples {
  std::vector<double> x, y;
  std::vector<float> score;
  std::vector<bool> known;
};

Keypoint between(const Keypoint& a, const Keypoint& b, double part) {
  const auto t = static_cast<float>(part);
  return {{a.point.x + t * (b.point.x - a.point.x), a.point.y + t * (b.point.y - a.point.y)},
          std::min(a.score, b.score)};
}

Box between(const Box& a, const Box& b, double part) {
  const auto t = static_cast<float>(part);
  return {a.x + t * (b.x - a.x), a.y + t * (b.y - a.y), a.width + t * (b.width - a.width),
          a.height + t * (b.height - a.height)};
}

class OfflineSmoother {
 public:
  OfflineSmoother(std::vector<TimedFrame>& frames, const OfflineSmoothingOptions& options)
      : frames_(frames), options_(options) {
    const double seconds = frames.empty() ? 0 : frames.back().seconds - frames.front().seconds;
    if (!(seconds > 0)) return;
    const double rate = static_cast<double>(frames.size() - 1) / seconds;
    constexpr double kHighest = 0.45;  // of the rate: hardly anything lies above
    if (options.cutoff > 0 && options.cutoff < kHighest * rate) {
      low_pass_ = butterworth_low_pass(options.cutoff, rate);
    }
  }

  OfflineSmoothingReport run() {
    std::map<int, std::vector<Sighting>> tracks;
    for (std::size_t f = 0; f < frames_.size(); ++f) {
      const std::vector<Pose>& poses = frames_[f].result.poses;
      for (std::size_t p = 0; p < poses.size(); ++p) {
        if (poses[p].track_id) tracks[*poses[p].track_id].push_back({f, p, false});
      }
    }
    for (auto& [id, sightings] : tracks) smooth(fill_people(sightings));
    return report_;
  }

 private:
  Pose& pose_of(const Sighting& sighting) { return frames_[sighting.frame].result.poses[sighting.pose]; }
  /// The joint comes from other frames. Joints are marked in their order.
  void mark(const Sighting& sighting, std::size_t joint) {
    const std::optional<int> id = pose_of(sighting).track_id;
    std::vector<int>& filled = frames_[sighting.frame].filled[id.value()];
    const auto index = static_cast<int>(joint);
    if (filled.empty() || filled.back() != index) filled.push_back(index);
  }
  bool within_a_gap(std::size_t before, std::size_t after) const {
    return frames_[after].seconds - frames_[before].seconds <= options_.max_gap;
  }
  double part(std::size_t before, std::size_t here, std::size_t after) const {
    const double whole = frames_[after].seconds - frames_[before].seconds;
    return whole > 0 ? (frames_[here].seconds - frames_[before].seconds) / whole : 0;
  }

  /// The track's sightings with those put in between.
  std::vector<Sighting> fill_people(const std::vector<Sighting>& seen) {
    std::vector<Sighting> all;
    for (std::size_t i = 0; i < seen.size(); ++i) {
      all.push_back(seen[i]);
      if (i + 1 == seen.size() || !within_a_gap(seen[i].frame, seen[i + 1].frame)) continue;
      for (std::size_t f = seen[i].frame + 1; f < seen[i + 1].frame; ++f) {
        Pose pose = pose_between(pose_of(seen[i]), pose_of(seen[i + 1]), part(seen[i].frame, f, seen[i + 1].frame));
        std::vector<Pose>& poses = frames_[f].result.poses;
        poses.push_back(std::move(pose));
        all.push_back({f, poses.size() - 1, true});
        for (std::size_t j = 0; j < poses.back().keypoints.size(); ++j) mark(all.back(), j);
        ++report_.filled_persons;
      }
    }
    return all;
  }

  static Pose pose_between(const Pose& a, const Pose& b, double part) {
    Pose pose;
    pose.track_id = a.track_id;
    pose.box = between(a.box, b.box, part);
    pose.box_score = std::min(a.box_score, b.box_score);
    pose.score = std::min(a.score, b.score);
    for (std::size_t j = 0; j < a.keypoints.size() && j < b.keypoints.size(); ++j) {
      pose.keypoints.push_back(between(a.keypoints[j], b.keypoints[j], part));
    }
    return pose;
  }

  /// A track without gaps, or the parts between its gaps, joint by joint.
  void smooth(const std::vector<Sighting>& track) {
    std::size_t begin = 0;
    for (std::size_t i = 1; i <= track.size(); ++i) {
      if (i < track.size() && track[i].frame == track[i - 1].frame + 1) continue;
      const std::vector<Sighting> stretch(track.begin() + static_cast<std::ptrdiff_t>(begin),
                                          track.begin() + static_cast<std::ptrdiff_t>(i));
      const std::size_t joints = pose_of(stretch.front()).keypoints.size();
      for (std::size_t j = 0; j < joints; ++j) smooth_joint(stretch, j);
      begin = i;
    }
  }

  void smooth_joint(const std::vector<Sighting>& stretch, std::size_t joint) {
    Samples samples = samples_of(stretch, joint);
    replace_joint_outliers(stretch, joint, samples);
    std::optional<std::size_t> begin;  // of a run whose gaps are short enough
    std::size_t last = 0;
    const auto finish = [&] {
      if (begin) smooth_run(stretch, joint, samples, *begin, last + 1);
    };
    for (std::size_t i = 0; i < stretch.size(); ++i) {
      if (!samples.known[i]) continue;
      if (begin && !within_a_gap(stretch[last].frame, stretch[i].frame)) {
        finish();
        begin.reset();
      }
      if (!begin) begin = i;
      last = i;
    }
    finish();
  }

  Samples samples_of(const std::vector<Sighting>& stretch, std::size_t joint) {
    Samples samples;
    for (const Sighting& sighting : stretch) {
      const Pose& pose = pose_of(sighting);
      const Keypoint& keypoint = pose.keypoints[joint];
      samples.x.push_back(keypoint.point.x);
      samples.y.push_back(keypoint.point.y);
      samples.score.push_back(keypoint.score);
      samples.known.push_back(!sighting.put_in && keypoint.score >= options_.min_joint_score &&
                              std::isfinite(keypoint.point.x) && std::isfinite(keypoint.point.y));
    }
    return samples;
  }

  void replace_joint_outliers(const std::vector<Sighting>& stretch, std::size_t joint, Samples& samples) {
    if (!(options_.outlier_deviations > 0) || options_.outlier_window < 1) return;
    std::vector<double> x, y;
    std::vector<std::size_t> places;
    double area = 0;
    for (std::size_t i = 0; i < stretch.size(); ++i) {
      if (!samples.known[i]) continue;
      x.push_back(samples.x[i]);
      y.push_back(samples.y[i]);
      places.push_back(i);
      area += std::max(0.0F, pose_of(stretch[i]).box.area());
    }
    if (places.empty()) return;
    const double least = options_.outlier_size * std::sqrt(area / static_cast<double>(places.size()));
    const auto replaced_x = replace_outliers(x, options_.outlier_window, options_.outlier_deviations, least);
    const auto replaced_y = replace_outliers(y, options_.outlier_window, options_.outlier_deviations, least);
    for (std::size_t k = 0; k < places.size(); ++k) {
      if (!replaced_x[k] && !replaced_y[k]) continue;
      samples.x[places[k]] = x[k];
      samples.y[places[k]] = y[k];
      mark(stretch[places[k]], joint);
      ++report_.outliers;
    }
  }

  void smooth_run(const std::vector<Sighting>& stretch, std::size_t joint, Samples& samples, std::size_t begin,
                  std::size_t end) {
    std::size_t before = begin;
    for (std::size_t i = begin + 1; i < end; ++i) {
      if (!samples.known[i]) continue;
      for (std::size_t k = before + 1; k < i; ++k) {
        const double t = part(stretch[before].frame, stretch[k].frame, stretch[i].frame);
        samples.x[k] = samples.x[before] + t * (samples.x[i] - samples.x[before]);
        samples.y[k] = samples.y[before] + t * (samples.y[i] - samples.y[before]);
        samples.score[k] = std::min(samples.score[before], samples.score[i]);
        if (stretch[k].put_in) continue;
        ++report_.filled_joints;
        mark(stretch[k], joint);
      }
      before = i;
    }
    const auto filtered = [&](std::vector<double>& values) {
      const std::span<const double> run(values.data() + begin, end - begin);
      return low_pass_ ? filter_both_ways(*low_pass_, run) : std::vector<double>(run.begin(), run.end());
    };
    const std::vector<double> x = filtered(samples.x), y = filtered(samples.y);
    for (std::size_t i = begin; i < end; ++i) {
      Keypoint& keypoint = pose_of(stretch[i]).keypoints[joint];
      keypoint.point = {static_cast<float>(x[i - begin]), static_cast<float>(y[i - begin])};
      keypoint.score = samples.score[i];
    }
  }

  std::vector<TimedFrame>& frames_;
  OfflineSmoothingOptions options_;
  std::optional<SecondOrderFilter> low_pass_;
  OfflineSmoothingReport report_;
};

}  // namespace

OfflineSmoothingReport smooth_offline(std::vector<TimedFrame>& frames, const OfflineSmoothingOptions& options) {
  return OfflineSmoother(frames, options).run();
}

}  // namespace poise
