// Poses in a cv::Mat, drawn on it, without a copy. A Mat says nothing of its colours: cv::imread and cameras give BGR.

#include <poise/poise.h>

#include <opencv2/core.hpp>

/// The Mat's own pixels, 8 bits a channel; it outlives the view.
poise::MutableImageView view_of(cv::Mat& mat) {
  CV_Assert(mat.depth() == CV_8U && (mat.channels() == 1 || mat.channels() == 3 || mat.channels() == 4));
  const poise::PixelOrder order = mat.channels() == 1   ? poise::PixelOrder::kGrey
                                  : mat.channels() == 3 ? poise::PixelOrder::kBgr
                                                        : poise::PixelOrder::kBgra;
  return {mat.data, mat.cols, mat.rows, static_cast<std::ptrdiff_t>(mat.step), order};
}

int main() {
  // As cv::imread("team.jpg") would give it, which needs OpenCV's imgcodecs.
  const poise::Image photo = poise::read_image("team.jpg").value();
  cv::Mat frame(photo.height(), photo.width(), CV_8UC3);
  for (int y = 0; y < frame.rows; ++y) {
    for (int x = 0; x < frame.cols; ++x) {
      const std::uint8_t* rgb = photo.row(y) + 3 * x;
      frame.at<cv::Vec3b>(y, x) = {rgb[2], rgb[1], rgb[0]};
    }
  }

  auto finder = poise::PoseFinder::open().value();
  const poise::MutableImageView view = view_of(frame);
  poise::draw(view, finder.find(view).value().poses, finder.skeleton());
  poise::write_image("team-poses.jpg", view).value();
}
