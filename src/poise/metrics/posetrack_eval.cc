#include "poise/metrics/posetrack_eval.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <set>

#include "poise/base/counted.h"
#include "poise/metrics/joint_tracks.h"
#include "poise/metrics/numpy_sum.h"
#include "poise/metrics/posetrack_frames.h"

namespace poise {
namespace {

namespace fs = std::filesystem;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kTotal = kPosetrackJoints;  // place of the mean in a PosetrackRow

/// The mean of the joints that are numbers; NaN where none is.
void set_total(PosetrackRow& row) {
  std::vector<double> numbers;
  std::copy_if(row.begin(), row.begin() + kTotal, std::back_inserter(numbers), [](double v) { return !std::isnan(v); });
  row[kTotal] =
      numbers.empty() ? kNan : numpy_sum(numbers.data(), numbers.size()) / static_cast<double>(numbers.size());
}

/// What average precision needs of one joint.
struct Detections {
  std::vector<double> scores;
  std::vector<bool> right;
  std::int64_t labelled = 0;
};

/// Area under precision over recall, precision made to fall (PASCAL VOC, all points), as eval_helpers.VOCap.
double voc_ap(const std::vector<double>& recall, const std::vector<double>& precision) {
  std::vector<double> r{0}, p{0};
  r.insert(r.end(), recall.begin(), recall.end());
  p.insert(p.end(), precision.begin(), precision.end());
  r.push_back(1);
  p.push_back(0);
  for (std::size_t i = p.size() - 1; i-- > 0;) p[i] = std::max(p[i], p[i + 1]);
  std::vector<double> parts;
  for (std::size_t i = 1; i < r.size(); ++i) {
    if (r[i] != r[i - 1]) parts.push_back((r[i] - r[i - 1]) * p[i]);
  }
  return numpy_sum(parts.data(), parts.size());
}

void set_ap(const Detections& joint, std::size_t at, const PosetrackQuirks& quirks, PosetrackFigures& figures) {
  if (joint.scores.empty()) {
    const bool absent = joint.labelled == 0 && !quirks.absent_joint;
    figures.ap[at] = figures.ap_precision[at] = figures.ap_recall[at] = absent ? kNan : 0;
    return;
  }
  std::vector<std::size_t> order(joint.scores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  // argsort()[::-1]: of equal scores the later first (there the sort is not stable, and any may be).
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return joint.scores[a] < joint.scores[b]; });
  std::reverse(order.begin(), order.end());
  std::vector<double> precision, recall;
  double right = 0;
  for (const std::size_t i : order) {
    right += joint.right[i] ? 1 : 0;
    recall.push_back(right / static_cast<double>(joint.labelled));
    precision.push_back(right / static_cast<double>(precision.size() + 1));
  }
  figures.ap[at] = joint.labelled == 0 ? kNan : 100 * voc_ap(recall, precision);
  figures.ap_precision[at] = 100 * precision.back();
  figures.ap_recall[at] = joint.labelled == 0 ? kNan : 100 * recall.back();
}

void set_tracking(PosetrackFigures& figures) {
  for (std::size_t j = 0; j < kPosetrackJoints; ++j) {
    const PosetrackJointCounts& c = figures.counts[j];
    const double objects = c.objects > 0 ? static_cast<double>(c.objects) : kNan;
    const auto found = static_cast<double>(c.detections);
    const double guesses = c.false_positives + c.detections > 0 ? static_cast<double>(c.false_positives) + found : kNan;
    figures.mota[j] = 100 * (1 - static_cast<double>(c.misses + c.switches + c.false_positives) / objects);
    figures.motp[j] = c.detections == 0 ? 0 : 100 * (1 - c.distance_sum / found);
    figures.precision[j] = 100 * (found / guesses);
    figures.recall[j] = 100 * (found / objects);
  }
  for (PosetrackRow* row : {&figures.mota, &figures.motp, &figures.precision, &figures.recall}) set_total(*row);
}

void add(const PosetrackJointCounts& one, PosetrackJointCounts& all) {
  all.objects += one.objects;
  all.misses += one.misses;
  all.switches += one.switches;
  all.false_positives += one.false_positives;
  all.detections += one.detections;
  all.distance_sum += one.distance_sum;
}

using JointDetections = std::array<Detections, kPosetrackJoints>;

void append(const JointDetections& one, JointDetections& all) {
  for (std::size_t j = 0; j < one.size(); ++j) {
    all[j].scores.insert(all[j].scores.end(), one[j].scores.begin(), one[j].scores.end());
    all[j].right.insert(all[j].right.end(), one[j].right.begin(), one[j].right.end());
    all[j].labelled += one[j].labelled;
  }
}

void set_ap(const JointDetections& joints, const PosetrackQuirks& quirks, PosetrackFigures& figures) {
  for (std::size_t j = 0; j < joints.size(); ++j) set_ap(joints[j], j, quirks, figures);
  for (PosetrackRow* row : {&figures.ap, &figures.ap_precision, &figures.ap_recall}) set_total(*row);
}

/// One sequence, frame by frame.
class Sequence {
 public:
  Sequence(const PosetrackOptions& options, bool tracked) : options_(options), tracked_(tracked) {}

  void add(const PosetrackMatch& frame, bool last) {
    for (std::size_t j = 0; j < kPosetrackJoints; ++j) {
      Detections& joint = detections_[j];
      joint.labelled += frame.labelled[j];
      joint.scores.insert(joint.scores.end(), frame.scores[j].begin(), frame.scores[j].end());
      joint.right.insert(joint.right.end(), frame.right[j].begin(), frame.right[j].end());
    }
    figures.frames += 1;
    figures.persons += static_cast<std::int64_t>(frame.truths);
    figures.poses += static_cast<std::int64_t>(frame.poses);
    if (!tracked_ || (last && options_.quirks.last_frame)) return;
    const bool one_sided = frame.truths == 0 || frame.poses == 0;
    for (std::size_t j = 0; j < kPosetrackJoints; ++j) {
      if (one_sided && options_.quirks.empty_side) {
        tracks_[j].add({kNobody}, {kNobody}, {kNan});
      } else {
        tracks_[j].add(frame.truth_ids[j], frame.pose_ids[j], frame.distances[j]);
      }
    }
  }

  const JointDetections& finish() {
    set_ap(detections_, options_.quirks, figures);
    figures.tracked = tracked_;
    if (!tracked_) return detections_;
    for (std::size_t j = 0; j < kPosetrackJoints; ++j) {
      figures.counts[j] = tracks_[j].counts();
      if (options_.quirks.summed_distances) figures.counts[j].distance_sum = tracks_[j].event_sum();
    }
    set_tracking(figures);
    return detections_;
  }

  PosetrackFigures figures;

 private:
  /// poseval's stand-in for somebody. A real id may be the same: a miss and a false positive leave no trace.
  static constexpr std::int64_t kNobody = 0;
  const PosetrackOptions& options_;
  bool tracked_;
  JointDetections detections_;
  std::array<JointTracks, kPosetrackJoints> tracks_;
};

bool all_have_ids(const PosetrackSequence& sequence) {
  for (const PosetrackFrame& frame : sequence.frames) {
    const auto has = [](const PosetrackPerson& person) { return person.track || !person.annotated; };
    if (!std::all_of(frame.persons.begin(), frame.persons.end(), has)) return false;
  }
  return true;
}

struct File {
  std::string name;
  fs::path truth, predictions;
};

std::map<std::string, fs::path> files_in(const fs::path& folder) {
  std::map<std::string, fs::path> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const fs::path& path = entry.path();
    if (path.extension() == ".json" && entry.is_regular_file(error)) found.emplace(path.stem().string(), path);
  }
  return found;
}

Result<std::vector<File>> files_of(const fs::path& truth, const fs::path& predictions,
                                   std::vector<std::string>& notes) {
  std::error_code error;
  const bool folders = fs::is_directory(truth, error);
  if (folders != fs::is_directory(predictions, error)) {
    return invalid_argument(truth.string() + " and " + predictions.string() + ": two files or two folders are wanted");
  }
  if (!folders) return std::vector<File>{{truth.stem().string(), truth, predictions}};
  auto found = files_in(predictions);
  std::vector<File> files;
  for (const auto& [name, path] : files_in(truth)) {
    const auto partner = found.find(name);
    if (partner == found.end()) return not_found(predictions.string() + ": holds no " + name + ".json");
    files.push_back({name, path, partner->second});
    found.erase(partner);
  }
  if (files.empty()) return not_found(truth.string() + ": holds no .json file");
  for (const auto& [name, path] : found) notes.push_back("left out, there is no truth of that name: " + name);
  return files;
}

}  // namespace

std::vector<std::pair<const char*, bool PosetrackQuirks::*>> posetrack_quirks() {
  return {{"last-frame", &PosetrackQuirks::last_frame},
          {"unlabelled-frames", &PosetrackQuirks::unlabelled},
          {"empty-side", &PosetrackQuirks::empty_side},
          {"absent-joint", &PosetrackQuirks::absent_joint},
          {"summed-distances", &PosetrackQuirks::summed_distances}};
}

Result<PosetrackEvaluation> measure_posetrack(const std::vector<PosetrackPair>& sequences,
                                              const PosetrackOptions& options) {
  if (!(options.threshold > 0)) return invalid_argument("the distance up to which a joint is right must be above 0");
  PosetrackEvaluation evaluation;
  const auto named = [](const PosetrackPair& pair) {
    return all_have_ids(pair.truth) && all_have_ids(pair.predictions);
  };
  const bool tracked = std::all_of(sequences.begin(), sequences.end(), named);
  if (!tracked) evaluation.notes.emplace_back("not everybody has an id: average precision alone is measured");
  PosetrackFigures& all = evaluation.all;
  all.name = "all";
  all.tracked = tracked;
  JointDetections detections;
  for (const PosetrackPair& pair : sequences) {
    const auto named_error = [&](const Error& error) { return error.prefixed(pair.truth.name); };
    const Status fits = check_posetrack(pair);
    if (!fits.ok()) return named_error(fits.error());
    const std::vector<std::size_t> counted = counted_frames(pair.truth, options.quirks);
    Sequence sequence(options, tracked);
    sequence.figures.name = pair.truth.name;
    for (std::size_t i = 0; i < counted.size(); ++i) {
      const PosetrackFrame& truth = pair.truth.frames[counted[i]];
      const auto frame = match_posetrack(truth, pair.predictions.frames[counted[i]], options.threshold);
      if (!frame.ok()) return named_error(frame.error());
      sequence.add(*frame, i + 1 == counted.size());
    }
    append(sequence.finish(), detections);
    all.frames += sequence.figures.frames;
    all.persons += sequence.figures.persons;
    all.poses += sequence.figures.poses;
    for (std::size_t j = 0; j < all.counts.size(); ++j) add(sequence.figures.counts[j], all.counts[j]);
    const auto passed = pair.truth.frames.size() - counted.size();
    if (passed > 0) {
      evaluation.notes.push_back(pair.truth.name + ": " + poise::counted(passed, "frame") +
                                 " without truth passed over");
    }
    evaluation.sequences.push_back(std::move(sequence.figures));
  }
  set_ap(detections, options.quirks, all);
  if (tracked) set_tracking(all);
  return evaluation;
}

Result<PosetrackEvaluation> evaluate_posetrack(const fs::path& truth, const fs::path& predictions,
                                               const PosetrackOptions& options) {
  std::vector<std::string> notes;
  POISE_TRY(const std::vector<File> files, files_of(truth, predictions, notes));
  std::vector<PosetrackPair> pairs;
  for (const File& file : files) {
    POISE_TRY(PosetrackSequence wanted, read_posetrack(file.truth));
    POISE_TRY(PosetrackSequence found, read_posetrack(file.predictions));
    pairs.push_back({std::move(wanted), std::move(found)});
  }
  auto evaluation = measure_posetrack(pairs, options);
  if (!evaluation.ok()) return evaluation;
  evaluation->notes.insert(evaluation->notes.begin(), notes.begin(), notes.end());
  return evaluation;
}

std::vector<std::pair<const char*, double>> posetrack_groups(const PosetrackRow& row) {
  const auto pair = [&](std::size_t a, std::size_t b) { return (row[a] + row[b]) / 2; };
  return {{"Head", (row[14] + row[12] + row[13]) / 3},
          {"Shou", pair(8, 9)},
          {"Elb", pair(7, 10)},
          {"Wri", pair(6, 11)},
          {"Hip", pair(2, 3)},
          {"Knee", pair(1, 4)},
          {"Ankl", pair(0, 5)},
          {"Total", row[kTotal]}};
}

}  // namespace poise
