#include "poise/track/lucas_kanade.h"

#include <algorithm>
#include <cmath>

namespace poise {
namespace {

/// The window around one point of one level: its greys and their gradients.
struct Window {
  std::vector<float> grey, gx, gy;
  float xx = 0, xy = 0, yy = 0;  // sums of the gradients' products

  void take(const GreyLevel& level, Point centre, int half) {
    grey.clear();
    gx.clear();
    gy.clear();
    xx = xy = yy = 0;
    for (int j = -half; j <= half; ++j) {
      for (int i = -half; i <= half; ++i) {
        const float x = centre.x + static_cast<float>(i);
        const float y = centre.y + static_cast<float>(j);
        const float dx = (sample(level, x + 1, y) - sample(level, x - 1, y)) / 2;
        const float dy = (sample(level, x, y + 1) - sample(level, x, y - 1)) / 2;
        grey.push_back(sample(level, x, y));
        gx.push_back(dx);
        gy.push_back(dy);
        xx += dx * dx;
        xy += dx * dy;
        yy += dy * dy;
      }
    }
  }

  /// The smaller eigenvalue of the mean gradient products.
  float texture() const {
    const float trace = xx + yy;
    const float root = std::sqrt((xx - yy) * (xx - yy) + 4 * xy * xy);
    return (trace - root) / 2 / static_cast<float>(grey.size());
  }

  /// Edges are repeated: a joint at the picture's edge has half a window of truth.
  static float sample(const GreyLevel& level, float x, float y) {
    return level.at(std::clamp(x, 0.0F, static_cast<float>(level.width - 1)),
                    std::clamp(y, 0.0F, static_cast<float>(level.height - 1)));
  }
};

class LucasKanadeStep : public FlowStep {
 public:
  LucasKanadeStep(std::shared_ptr<const GreyPyramid> from, std::shared_ptr<const GreyPyramid> to,
                  const LucasKanadeOptions& options)
      : from_(std::move(from)), to_(std::move(to)), options_(options) {}

  std::vector<std::optional<Point>> carry(std::span<const Point> points) const override {
    std::vector<std::optional<Point>> carried;
    carried.reserve(points.size());
    Window window;
    for (const Point& point : points) carried.push_back(follow(point, window));
    return carried;
  }

 private:
  std::optional<Point> follow(Point point, Window& window) const {
    const Point start = level_from_picture(point, from_->scale);
    const GreyLevel& finest = from_->levels.front();
    if (finest.width < 2 || finest.height < 2 || !lies_within(finest.size(), start)) return std::nullopt;
    Point motion;  // in pixels of the present level
    for (int l = static_cast<int>(from_->levels.size()) - 1; l >= 0; --l) {
      const auto level = static_cast<std::size_t>(l);
      const float shrink = std::ldexp(1.0F, -l);
      const Point centre{start.x * shrink, start.y * shrink};
      window.take(from_->levels[level], centre, options_.half_window);
      const bool has_texture = window.texture() >= options_.min_texture;
      if (l == 0 && !has_texture) return std::nullopt;
      if (has_texture) move(window, to_->levels[level], centre, motion);
      if (l > 0) motion = {2 * motion.x, 2 * motion.y};
    }
    const Point end{start.x + motion.x, start.y + motion.y};
    if (!lies_within(finest.size(), end)) return std::nullopt;
    if (difference(window, to_->levels.front(), end) > options_.max_difference) return std::nullopt;
    return picture_from_level(end, from_->scale);
  }

  /// Newton's steps on one level; `motion` is where they begin and end.
  void move(const Window& window, const GreyLevel& to, Point centre, Point& motion) const {
    const float determinant = window.xx * window.yy - window.xy * window.xy;
    if (!(determinant > 0)) return;
    const int half = options_.half_window;
    for (int step = 0; step < options_.steps; ++step) {
      float bx = 0, by = 0;
      std::size_t k = 0;
      for (int j = -half; j <= half; ++j) {
        for (int i = -half; i <= half; ++i, ++k) {
          const float there = Window::sample(to, centre.x + motion.x + static_cast<float>(i),
                                             centre.y + motion.y + static_cast<float>(j));
          const float difference = window.grey[k] - there;
          bx += difference * window.gx[k];
          by += difference * window.gy[k];
        }
      }
      const float dx = (window.yy * bx - window.xy * by) / determinant;
      const float dy = (window.xx * by - window.xy * bx) / determinant;
      motion = {motion.x + dx, motion.y + dy};
      if (dx * dx + dy * dy < options_.enough * options_.enough) return;
    }
  }

  float difference(const Window& window, const GreyLevel& to, Point end) const {
    const int half = options_.half_window;
    float sum = 0;
    std::size_t k = 0;
    for (int j = -half; j <= half; ++j) {
      for (int i = -half; i <= half; ++i, ++k) {
        sum +=
            std::abs(window.grey[k] - Window::sample(to, end.x + static_cast<float>(i), end.y + static_cast<float>(j)));
      }
    }
    return sum / static_cast<float>(window.grey.size());
  }

  std::shared_ptr<const GreyPyramid> from_, to_;
  LucasKanadeOptions options_;
};

}  // namespace

Result<std::shared_ptr<const FlowStep>> LucasKanade::next(const ImageView& picture) {
  if (picture.empty()) return invalid_argument("the picture is empty");
  auto present = std::make_shared<const GreyPyramid>(grey_pyramid(picture, options_.longest, options_.levels));
  std::shared_ptr<const FlowStep> step;
  if (last_ && last_->picture == present->picture) {
    step = std::make_shared<LucasKanadeStep>(last_, present, options_);
  }
  last_ = std::move(present);
  return step;
}

}  // namespace poise
