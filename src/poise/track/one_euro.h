#pragma once
// Joints made steady as frames come: the one-euro filter, which smooths much while a joint rests and little while it
// moves. Source: Casiez, Roussel and Vogel, "1 Euro Filter", CHI 2012.

#include <map>
#include <vector>

#include "poise/person/pose.h"

namespace poise {

struct OneEuroOptions {
  double min_cutoff = 1.2;       // Hz, of a joint at rest
  double beta = 3;               // Hz by which the cut-off rises for each size of the person that a joint moves in a
                                 // second; the size is the root of the box's area, so that near and far people, and
                                 // small and large pictures, are treated alike
  double derivative_cutoff = 1;  // Hz, of the speed itself
  float min_joint_score = 0.2F;  // joints that score less neither move the filter nor are moved by it
  double forget = 0.5;           // seconds after which a joint that was not seen begins anew
};

/// One video. Movable; one thread at a time.
class OneEuro {
 public:
  explicit OneEuro(const OneEuroOptions& options = {}) : options_(options) {}

  /// Moves the joints of poses with a track_id, in place. `seconds`: the frame's time, not before the last one's.
  /// Joints keep their scores, poses their boxes.
  void smooth(std::vector<Pose>& poses, double seconds);

 private:
  struct Axis {
    double value = 0, speed = 0;
  };
  struct Joint {
    Axis x, y;
    double seen = 0;
    bool known = false;
  };
  struct Person {
    std::vector<Joint> joints;
    double size = 0;  // pixels, slowly following the box
    double seen = 0;
  };
  void smooth(Person& person, Pose& pose, double seconds) const;
  double filtered(Axis& axis, double value, double dt, double size) const;

  OneEuroOptions options_;
  std::map<int, Person> people_;
};

}  // namespace poise
