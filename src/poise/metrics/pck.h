#pragma once
// Percentage of correct keypoints (Yang and Ramanan, PAMI 2013), PDJ (Sapp and Taskar, CVPR 2013) and PCKh
// (Andriluka and others, CVPR 2014). Rates are in [0, 1]; -1 where nothing is to be measured. Pure.

#include <string>
#include <vector>

#include "poise/metrics/person_pairs.h"

namespace poise {

/// The length that a joint's distance is divided by.
enum class PckReference {
  kTorso,          // left shoulder to right hip of the truth: the torso's diagonal
  kBoxLongerSide,  // of the true box
  kBoxDiagonal,
  kHead,     // neck (MPII: upper neck) to head top of the truth
  kHeadBox,  // 0.6 times the diagonal of the true head box (MPII's SC_BIAS)
};
/// "torso (left shoulder to right hip)", ...
const char* name_of(PckReference reference);

struct PckOptions {
  double threshold = 0.2;  // a joint is right up to this share of the reference, itself included
  PckReference reference = PckReference::kTorso;
};

struct PartRate {
  std::string name;
  double rate = -1;
  double auc = -1;          // of its curve over kPckCurve's thresholds, trapezoids, normalised to 1
  std::size_t counted = 0;  // labelled joints, or sticks
};

inline constexpr int kPckCurve = 51;  // thresholds 0, .01, ... .5
double pck_curve_threshold(int i);

struct PckResult {
  PckOptions options;
  std::vector<PartRate> joints;  // of PersonPairs::joints
  std::vector<PartRate>
      parts;                  // ankle knee hip wrist elbow shoulder head: means of their joints (head: neck, head top)
  double mean = -1;           // over the joints' rates
  double pooled = -1;         // over all labelled joints: those labelled more often weigh more
  double auc = -1;            // mean over the joints
  std::vector<double> curve;  // the mean at kPckCurve thresholds
  std::vector<std::vector<double>> joint_curves;  // one a joint
  std::size_t persons = 0;                        // counted
  std::size_t without_reference = 0;  // left out: an end of the reference is not labelled, or its length is 0
};

/// A labelled joint is right where its distance, divided by the reference, is at most the threshold; a joint or person
/// that was not found is wrong. Errors: kInvalidArgument (nobody has the reference: its joints or boxes are not there).
Result<PckResult> measure_pck(const PersonPairs& pairs, const PckOptions& options);

struct PckhResult {
  PckResult pck;        // at 0.5 of the head's size
  double mean = -1;     // weighted by how often a joint is labelled, without pelvis and thorax
  double mean_10 = -1;  // at the threshold 0.10
  double mean_11 = -1;  // at 0.11: what the authors' code prints as "Mean@0.1"
};

/// MPII's figure as Simple Baselines computes it (lib/dataset/mpii.py, evaluate): head size 0.6 times the head box's
/// diagonal; pelvis and thorax are masked from the mean; `pckAll[11]` is 0.11. Parts: head is head_top alone. Errors:
/// as measure_pck (no head boxes).
Result<PckhResult> measure_pckh(const PersonPairs& pairs, double threshold = 0.5);

}  // namespace poise
