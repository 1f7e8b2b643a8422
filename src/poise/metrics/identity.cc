#include "poise/metrics/identity.h"

#include <algorithm>
#include <numeric>

#include "poise/base/assignment.h"

namespace poise {
namespace {

constexpr std::size_t kMostCells = 50'000'000;

double ratio(double part, double whole) { return part / std::max(1.0, whole); }

void set_rates(IdentityFigures& f) {
  const auto tp = static_cast<double>(f.idtp);
  const auto fn = static_cast<double>(f.idfn);
  const auto fp = static_cast<double>(f.idfp);
  f.idr = ratio(tp, tp + fn);
  f.idp = ratio(tp, tp + fp);
  f.idf1 = ratio(tp, tp + 0.5 * fp + 0.5 * fn);
}

/// Persons and tracks in groups that have no pair in common with another group (union-find).
class Groups {
 public:
  explicit Groups(std::size_t count) : parent_(count) { std::iota(parent_.begin(), parent_.end(), std::size_t{0}); }
  std::size_t of(std::size_t one) {
    while (parent_[one] != one) one = parent_[one] = parent_[parent_[one]];
    return one;
  }
  void join(std::size_t a, std::size_t b) { parent_[of(a)] = of(b); }

 private:
  std::vector<std::size_t> parent_;
};

struct Link {
  std::size_t group;
  int truth, track;
  double boxes;  // in which they overlap enough
};

/// Places of ids within a group, in order of appearance.
int place_of(int id, std::vector<int>& places, std::vector<int>& used) {
  int& place = places[static_cast<std::size_t>(id)];
  if (place < 0) {
    place = static_cast<int>(used.size());
    used.push_back(id);
  }
  return place;
}

/// The most boxes that one group's persons and tracks can share.
Result<double> best_of(std::span<const Link> links, std::vector<int>& row_of, std::vector<int>& column_of) {
  std::vector<int> rows, columns;
  for (const Link& link : links) {
    place_of(link.truth, row_of, rows);
    place_of(link.track, column_of, columns);
  }
  if (rows.size() > kMostCells / columns.size()) return too_large("over 50 million pairs of persons and tracks");
  std::vector<double> cost(rows.size() * columns.size());
  for (const Link& link : links) {
    const int row = row_of[static_cast<std::size_t>(link.truth)];
    const int column = column_of[static_cast<std::size_t>(link.track)];
    cost[static_cast<std::size_t>(row) * columns.size() + static_cast<std::size_t>(column)] = -link.boxes;
  }
  for (const int id : rows) row_of[static_cast<std::size_t>(id)] = -1;
  for (const int id : columns) column_of[static_cast<std::size_t>(id)] = -1;
  const auto chosen = assign(cost, static_cast<int>(rows.size()), static_cast<int>(columns.size()));
  double sum = 0;
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    if (chosen[i] >= 0) sum -= cost[i * columns.size() + static_cast<std::size_t>(chosen[i])];
  }
  return sum;
}

std::vector<Link> links_of(const MotPairs& pairs, double threshold) {
  std::vector<double> boxes(pairs.id_pairs.size());
  for (const MotPairs::Frame& frame : pairs.frames) {
    for (const MotPairs::Overlap& one : frame.overlaps) {
      if (one.iou >= threshold) ++boxes[static_cast<std::size_t>(one.pair)];
    }
  }
  Groups groups(pairs.truth_boxes.size() + pairs.track_boxes.size());
  std::vector<Link> links;
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    if (boxes[i] == 0) continue;
    const auto [truth, track] = pairs.id_pairs[i];
    groups.join(static_cast<std::size_t>(truth), pairs.truth_boxes.size() + static_cast<std::size_t>(track));
    links.push_back({0, truth, track, boxes[i]});
  }
  for (Link& link : links) link.group = groups.of(static_cast<std::size_t>(link.truth));
  std::stable_sort(links.begin(), links.end(), [](const Link& a, const Link& b) { return a.group < b.group; });
  return links;
}

}  // namespace

Result<IdentityFigures> measure_identity(const MotPairs& pairs, double threshold) {
  IdentityFigures figures;
  if (pairs.truths == 0 || pairs.tracks == 0) {
    figures.idfn = pairs.truths;
    figures.idfp = pairs.tracks;
    return figures;
  }
  const std::vector<Link> links = links_of(pairs, threshold);
  std::vector<int> row_of(pairs.truth_boxes.size(), -1), column_of(pairs.track_boxes.size(), -1);
  for (std::size_t begin = 0; begin < links.size();) {
    std::size_t end = begin;
    while (end < links.size() && links[end].group == links[begin].group) ++end;
    POISE_TRY(const double boxes, best_of(std::span(links).subspan(begin, end - begin), row_of, column_of));
    figures.idtp += static_cast<std::int64_t>(boxes);
    begin = end;
  }
  figures.idfn = pairs.truths - figures.idtp;
  figures.idfp = pairs.tracks - figures.idtp;
  set_rates(figures);
  return figures;
}

IdentityFigures combine(std::span<const IdentityFigures> sequences) {
  IdentityFigures all;
  for (const IdentityFigures& one : sequences) {
    all.idtp += one.idtp;
    all.idfn += one.idfn;
    all.idfp += one.idfp;
  }
  set_rates(all);
  return all;
}

}  // namespace poise
