#pragma once
// How far the angles at people's joints, read off what was found, are from those read off the truth: a pose network as
// a measuring instrument. Statistics as poseaudit 0.7 has them (poseaudit/audit.py, agreement.py), whose figures these
// are. Functions are pure: thread-safe.

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "poise/metrics/coco_pairs.h"

namespace poise {

/// The angle at the second joint between the directions to the other two, from 0 to 180 degrees, in the picture: of a
/// limb that points at the camera it is not that of the body.
struct Angle {
  std::string name;           // "left_elbow"
  std::array<int, 3> joints;  // of the truth
};

struct AngleOptions {
  CocoPairOptions pairs;
  double big_error = 15;                      // degrees: from here on an error is large
  std::vector<double> size_bands = {30, 60};  // edges, pixels, rising: of the mean length of the angle's two limbs
  int samples = 2000;                         // of the bootstrap, which draws whole images; 0: no intervals
  std::uint64_t seed = 1;
  int threads = 0;  // 0: as many as there are processors
};

/// 95 %; NaN where it is undefined.
struct AngleInterval {
  double low, high;
};
struct AngleFigure {
  const char* name;
  double value;  // NaN where it is undefined
  AngleInterval interval;
};

struct AngleReport {
  struct Band {
    double low, high;  // pixels
    std::size_t count;
    double mean_abs_error;
    double big_error_rate;
    AngleInterval big_error_interval;
  };
  Angle angle;
  std::size_t read = 0;              // readings
  std::size_t missed = 0;            // labelled, but nobody was found there
  std::size_t not_found = 0;         // a joint of the one found has no score
  std::size_t unmeasurable = 0;      // two of the joints lie on one pixel
  std::size_t unlabelled = 0;        // a joint of the truth is not labelled: nobody's fault
  std::size_t images = 0;            // that the readings come from
  std::vector<AngleFigure> figures;  // of readings: see angle_figures
  std::vector<Band> bands;           // without those that are empty
};

struct AngleEvaluation {
  std::vector<AngleReport> angles;
  std::vector<std::string> notes;
};

/// Elbows, shoulders, hips and knees, those of whose joints the names have all.
std::vector<Angle> known_angles(const std::vector<std::string>& joints);
/// "left_elbow", or three joints, by name or by number from 0: "5,7,9". Errors: kInvalidArgument, kNotFound.
Result<Angle> angle_by_name(const std::string& text, const std::vector<std::string>& joints);

/// Figures of each angle, errors being predicted minus true: bias, median_error, mean_abs_error, median_abs_error,
/// p95_abs_error, rmse, big_error_rate (its interval is Wilson's, and not narrower than the bootstrap's where an image
/// has several readings), lower_limit and upper_limit (bias -/+ 1.96 standard deviations), lower_percentile and
/// upper_percentile (2.5 and 97.5; NaN under ten readings), slope and intercept (least squares, predicted on true), icc
/// (ICC(A,1)), ccc, pearson. Errors: kInvalidArgument (options).
Result<AngleEvaluation> measure_angles(const CocoTruth& truth, const CocoResults& results,
                                       const std::vector<Angle>& angles, const AngleOptions& options = {});

/// Of two sides in degrees; NaN where one of them has no length. Not of NaN.
double angle_between(double ax, double ay, double bx, double by);
/// Wilson's interval of a rate, 95 %; NaN of nothing.
AngleInterval wilson(std::size_t successes, std::size_t count);

}  // namespace poise
