#include "poise/track/opencv/dense_flow.h"

#include <algorithm>
#include <cmath>
#include <opencv2/video/tracking.hpp>

#include "poise/track/grey_pyramid.h"

namespace poise {
namespace {

cv::Mat grey_of(const ImageView& picture, int longest, float& scale) {
  const GreyPyramid pyramid = grey_pyramid(picture, longest, 1);
  const GreyLevel& level = pyramid.levels.front();
  scale = pyramid.scale;
  cv::Mat grey(level.height, level.width, CV_8UC1);
  for (int y = 0; y < level.height; ++y) {
    const float* from = level.values.data() + static_cast<std::ptrdiff_t>(y) * level.width;
    std::transform(from, from + level.width, grey.ptr(y), [](float v) { return static_cast<uchar>(v + 0.5F); });
  }
  return grey;
}

class DenseStep : public FlowStep {
 public:
  DenseStep(cv::Mat field, float scale) : field_(std::move(field)), scale_(scale) {}

  std::vector<std::optional<Point>> carry(std::span<const Point> points) const override {
    std::vector<std::optional<Point>> carried;
    carried.reserve(points.size());
    for (const Point& point : points) carried.push_back(follow(point));
    return carried;
  }

 private:
  std::optional<Point> follow(Point point) const {
    const Point at = level_from_picture(point, scale_);
    const Size size{field_.cols, field_.rows};
    if (!lies_within(size, at)) return std::nullopt;
    const int x = std::clamp(static_cast<int>(at.x), 0, std::max(0, field_.cols - 2));
    const int y = std::clamp(static_cast<int>(at.y), 0, std::max(0, field_.rows - 2));
    const int right = std::min(x + 1, field_.cols - 1);
    const int below = std::min(y + 1, field_.rows - 1);
    const float fx = at.x - static_cast<float>(x);
    const float fy = at.y - static_cast<float>(y);
    const auto between = [&](int c) {
      const auto value = [&](int row, int column) { return field_.at<cv::Vec2f>(row, column)[c]; };
      const float upper = value(y, x) + fx * (value(y, right) - value(y, x));
      const float lower = value(below, x) + fx * (value(below, right) - value(below, x));
      return upper + fy * (lower - upper);
    };
    const Point end{at.x + between(0), at.y + between(1)};
    if (!lies_within(size, end)) return std::nullopt;
    return picture_from_level(end, scale_);
  }

  cv::Mat field_;
  float scale_;
};

class DenseFlow : public Flow {
 public:
  explicit DenseFlow(const DenseFlowOptions& options) : options_(options) {
    if (options_.kind == DenseFlowOptions::Kind::kDis) {
      dis_ = cv::DISOpticalFlow::create(cv::DISOpticalFlow::PRESET_MEDIUM);
    }
  }
  std::string name() const override { return dis_ ? "dis" : "farneback"; }

  Result<std::shared_ptr<const FlowStep>> next(const ImageView& picture) override {
    if (picture.empty()) return invalid_argument("the picture is empty");
    float scale = 1;
    cv::Mat grey = grey_of(picture, options_.longest, scale);
    std::shared_ptr<const FlowStep> step;
    if (size_ == picture.size() && std::min(grey.cols, grey.rows) >= kSmallest) {
      cv::Mat field;
      if (dis_) {
        dis_->calc(last_, grey, field);
      } else {
        // cv::calcOpticalFlowFarneback's usual numbers, those of OpenCV's own samples.
        cv::calcOpticalFlowFarneback(last_, grey, field, 0.5, 3, 15, 3, 5, 1.2, 0);
      }
      step = std::make_shared<DenseStep>(std::move(field), scale);
    }
    last_ = std::move(grey);
    size_ = picture.size();
    return step;
  }

 private:
  static constexpr int kSmallest = 16;  // DIS takes patches of 8 pixels, on at least two levels
  DenseFlowOptions options_;
  cv::Ptr<cv::DISOpticalFlow> dis_;
  cv::Mat last_;
  Size size_;
};

}  // namespace

std::unique_ptr<Flow> dense_flow(const DenseFlowOptions& options) { return std::make_unique<DenseFlow>(options); }

}  // namespace poise
