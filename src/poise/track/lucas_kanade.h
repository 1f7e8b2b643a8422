#pragma once
// Pyramidal Lucas-Kanade: the motion of a small window around each point, from coarse to fine. Its cost follows the
// points, not the picture. Source: Bouguet, "Pyramidal implementation of the Lucas Kanade feature tracker", 2000.

#include <memory>

#include "poise/track/flow.h"
#include "poise/track/grey_pyramid.h"

namespace poise {

struct LucasKanadeOptions {
  int longest = 640;          // pictures are shrunk by a whole number to this longer side first
  int levels = 4;             // of the pyramid: motion of some 2^levels window halves is found
  int half_window = 7;        // the window is 2 of these and 1 wide, pixels of each level
  int steps = 12;             // at most, on each level
  float enough = 0.03F;       // a step shorter than this ends the level, its pixels
  float min_texture = 1.5F;   // smaller eigenvalue of the window's mean gradient products: below, nothing to hold on to
  float max_difference = 24;  // mean grey difference of the windows at the end: above, the point is hidden
};

class LucasKanade : public Flow {  // one thread at a time
 public:
  explicit LucasKanade(const LucasKanadeOptions& options = {}) : options_(options) {}
  std::string name() const override { return "lk"; }
  Result<std::shared_ptr<const FlowStep>> next(const ImageView& picture) override;

 private:
  LucasKanadeOptions options_;
  std::shared_ptr<const GreyPyramid> last_;
};

}  // namespace poise
