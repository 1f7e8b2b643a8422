#include "poise/metrics/mot_pairs.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <unordered_map>

#include "poise/base/assignment.h"

namespace poise {
namespace {

constexpr double kEpsilon = std::numeric_limits<double>::epsilon();
constexpr std::size_t kMostBoxes = 2048;
constexpr std::int64_t kMostOverlaps = 50'000'000;
constexpr int kPedestrian = 1;

/// Corners and area, computed once a box.
struct Corners {
  double left, top, right, bottom, area;
  explicit Corners(const MotRow& row)
      : left(row.left),
        top(row.top),
        right(row.left + row.width),
        bottom(row.top + row.height),
        area((right - left) * (bottom - top)) {}
};

double overlap_of(const Corners& a, const Corners& b) {
  const double width = std::min(a.right, b.right) - std::max(a.left, b.left);
  const double height = std::min(a.bottom, b.bottom) - std::max(a.top, b.top);
  if (!(width > 0 && height > 0) || a.area <= kEpsilon || b.area <= kEpsilon) return 0;
  const double both = width * height;
  const double either = a.area + b.area - both;
  return either <= kEpsilon ? 0 : both / either;
}

/// Rows by frame, in the file's order within one.
std::vector<std::uint32_t> by_frame(const MotSequence& sequence) {
  std::vector<std::uint32_t> order(sequence.rows.size());
  std::iota(order.begin(), order.end(), 0U);
  const auto& rows = sequence.rows;
  std::stable_sort(order.begin(), order.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return rows[a].frame < rows[b].frame; });
  return order;
}

/// Distractors of the benchmarks: person on vehicle, static person, distractor, reflection; vehicles in MOT20.
bool is_distractor(int object, MotRules rules) {
  return object == 2 || object == 7 || object == 8 || object == 12 || (object == 6 && rules == MotRules::kMot20);
}

/// Ids of a file as numbers from 0.
class Ids {
 public:
  int of(std::int64_t id) { return numbers_.emplace(id, static_cast<int>(numbers_.size())).first->second; }

 private:
  std::unordered_map<std::int64_t, int> numbers_;
};

/// One file, read frame by frame.
class Side {
 public:
  explicit Side(const MotSequence& sequence) : rows_(sequence.rows), order_(by_frame(sequence)) {}

  std::int64_t next_frame() const {
    return at_ < order_.size() ? rows_[order_[at_]].frame : std::numeric_limits<std::int64_t>::max();
  }

  /// The rows of `frame`, none where it is not the next. Errors: an id twice.
  Status take(std::int64_t frame, const char* whose) {
    now.clear();
    corners.clear();
    while (next_frame() == frame) now.push_back(&rows_[order_[at_++]]);
    const std::string where = std::string(whose) + ", frame " + std::to_string(frame);
    if (now.size() > kMostBoxes) return too_large(where + ": over 2048 boxes");
    sorted_.clear();
    for (const MotRow* row : now) {
      corners.emplace_back(*row);
      sorted_.push_back(row->id);
    }
    std::sort(sorted_.begin(), sorted_.end());
    const auto twice = std::adjacent_find(sorted_.begin(), sorted_.end());
    if (twice == sorted_.end()) return {};
    return malformed(where + ": id " + std::to_string(*twice) + " stands there twice");
  }

  std::vector<const MotRow*> now;
  std::vector<Corners> corners;

 private:
  const std::vector<MotRow>& rows_;
  std::vector<std::uint32_t> order_;
  std::size_t at_ = 0;
  std::vector<std::int64_t> sorted_;
};

class Pairing {
 public:
  Pairing(const MotSequence& truth, const MotSequence& tracks, MotRules rules)
      : truth_(truth), tracks_(tracks), rules_(rules) {}

  Result<MotPairs> run() {
    while (true) {
      const std::int64_t frame = std::min(truth_.next_frame(), tracks_.next_frame());
      if (frame == std::numeric_limits<std::int64_t>::max()) return std::move(pairs_);
      POISE_RETURN_IF_ERROR(truth_.take(frame, "truth"));
      POISE_RETURN_IF_ERROR(tracks_.take(frame, "tracks"));
      overlap();
      choose();
      POISE_RETURN_IF_ERROR(add());
    }
  }

 private:
  void overlap() {
    overlaps_.resize(truth_.now.size() * tracks_.now.size());
    std::size_t at = 0;
    for (const Corners& a : truth_.corners) {
      for (const Corners& b : tracks_.corners) overlaps_[at++] = overlap_of(a, b);
    }
  }

  /// Which boxes count.
  void choose() {
    keep_truth_.assign(truth_.now.size(), true);
    keep_track_.assign(tracks_.now.size(), true);
    const bool classes = rules_ != MotRules::kPlain;
    if (classes && !overlaps_.empty()) leave_out_distractors();
    for (std::size_t i = 0; i < truth_.now.size(); ++i) {
      const MotRow& row = *truth_.now[i];
      // Its whole part decides, as there.
      keep_truth_[i] = static_cast<std::int64_t>(row.confidence) != 0 && (!classes || row.object == kPedestrian);
    }
  }

  void leave_out_distractors() {
    std::vector<double> cost(overlaps_.size());
    for (std::size_t i = 0; i < cost.size(); ++i) cost[i] = overlaps_[i] < 0.5 - kEpsilon ? 0 : -overlaps_[i];
    const int columns = static_cast<int>(tracks_.now.size());
    const auto chosen = assign(cost, static_cast<int>(truth_.now.size()), columns);
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      if (chosen[i] < 0) continue;
      const auto track = static_cast<std::size_t>(chosen[i]);
      const bool matched = -cost[i * static_cast<std::size_t>(columns) + track] > kEpsilon;
      if (matched && is_distractor(truth_.now[i]->object, rules_)) keep_track_[track] = false;
    }
  }

  static void count(std::vector<std::int64_t>& boxes, int id) {
    if (boxes.size() <= static_cast<std::size_t>(id)) boxes.resize(static_cast<std::size_t>(id) + 1);
    ++boxes[static_cast<std::size_t>(id)];
  }

  Status add() {
    MotPairs::Frame frame;
    track_place_.assign(tracks_.now.size(), -1);
    for (std::size_t i = 0; i < tracks_.now.size(); ++i) {
      if (!keep_track_[i]) {
        ++pairs_.tracks_left_out;
        continue;
      }
      track_place_[i] = static_cast<int>(frame.tracks.size());
      frame.tracks.push_back(track_ids_.of(tracks_.now[i]->id));
      count(pairs_.track_boxes, frame.tracks.back());
    }
    for (std::size_t i = 0; i < truth_.now.size(); ++i) {
      if (!keep_truth_[i]) {
        ++pairs_.truths_left_out;
        continue;
      }
      const int place = static_cast<int>(frame.truths.size());
      frame.truths.push_back(truth_ids_.of(truth_.now[i]->id));
      count(pairs_.truth_boxes, frame.truths.back());
      for (std::size_t j = 0; j < tracks_.now.size(); ++j) {
        const double iou = overlaps_[i * tracks_.now.size() + j];
        if (iou <= 0 || track_place_[j] < 0) continue;
        const int track = frame.tracks[static_cast<std::size_t>(track_place_[j])];
        frame.overlaps.push_back({place, track_place_[j], pair_of(frame.truths.back(), track), iou});
      }
    }
    pairs_.truths += static_cast<std::int64_t>(frame.truths.size());
    pairs_.tracks += static_cast<std::int64_t>(frame.tracks.size());
    all_overlaps_ += static_cast<std::int64_t>(frame.overlaps.size());
    if (all_overlaps_ > kMostOverlaps) return too_large("over 50 million overlapping boxes");
    pairs_.frames.push_back(std::move(frame));
    return {};
  }

  /// A person meets few tracks: a short list is searched faster than a table; what is beyond stands in a table.
  int pair_of(int truth, int track) {
    constexpr std::size_t kShort = 32;
    if (met_.size() <= static_cast<std::size_t>(truth)) met_.resize(static_cast<std::size_t>(truth) + 1);
    auto& met = met_[static_cast<std::size_t>(truth)];
    for (const auto& [id, pair] : met) {
      if (id == track) return pair;
    }
    const int next = static_cast<int>(pairs_.id_pairs.size());
    if (met.size() < kShort) {
      met.emplace_back(track, next);
    } else {
      const auto key = static_cast<std::uint64_t>(truth) << 32U | static_cast<std::uint32_t>(track);
      const auto [found, added] = met_later_.emplace(key, next);
      if (!added) return found->second;
    }
    pairs_.id_pairs.emplace_back(truth, track);
    return next;
  }

  Side truth_, tracks_;
  MotRules rules_;
  MotPairs pairs_;
  Ids truth_ids_, track_ids_;
  std::vector<double> overlaps_;
  std::vector<bool> keep_truth_, keep_track_;
  std::vector<int> track_place_;
  std::vector<std::vector<std::pair<int, int>>> met_;
  std::unordered_map<std::uint64_t, int> met_later_;
  std::int64_t all_overlaps_ = 0;
};

}  // namespace

const char* name_of(MotRules rules) {
  switch (rules) {
    case MotRules::kPlain:
      return "plain";
    case MotRules::kMot17:
      return "mot17";
    case MotRules::kMot20:
      break;
  }
  return "mot20";
}

void MotPairs::fill(const Frame& frame, std::vector<double>& matrix) const {
  matrix.assign(frame.truths.size() * frame.tracks.size(), 0.0);
  for (const Overlap& one : frame.overlaps) {
    matrix[static_cast<std::size_t>(one.truth) * frame.tracks.size() + static_cast<std::size_t>(one.track)] = one.iou;
  }
}

Result<MotPairs> pair_tracks(const MotSequence& truth, const MotSequence& tracks, MotRules rules) {
  return Pairing(truth, tracks, rules).run();
}

}  // namespace poise
