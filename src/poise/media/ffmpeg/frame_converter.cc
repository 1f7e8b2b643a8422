#include "poise/media/ffmpeg/frame_converter.h"

extern "C" {
#include <libavutil/display.h>
#include <libavutil/pixdesc.h>
}

#include <algorithm>
#include <cstdlib>

namespace poise::av {
namespace {

/// Players take what is not tagged for BT.709 from 720 rows on.
int matrix_of(const AVFrame& frame) {
  switch (frame.colorspace) {
    case AVCOL_SPC_BT709:
    case AVCOL_SPC_BT470BG:
    case AVCOL_SPC_SMPTE170M:
    case AVCOL_SPC_SMPTE240M:
    case AVCOL_SPC_FCC:
    case AVCOL_SPC_BT2020_NCL:
    case AVCOL_SPC_BT2020_CL:
      return frame.colorspace;
    default:
      return frame.height >= 720 ? SWS_CS_ITU709 : SWS_CS_ITU601;
  }
}

/// The formats of JPEG say their range by their name.
bool full_range(const AVFrame& frame) {
  switch (frame.format) {
    case AV_PIX_FMT_YUVJ420P:
    case AV_PIX_FMT_YUVJ422P:
    case AV_PIX_FMT_YUVJ444P:
    case AV_PIX_FMT_YUVJ440P:
    case AV_PIX_FMT_YUVJ411P:
      return true;
    default:
      return frame.color_range == AVCOL_RANGE_JPEG;
  }
}

/// Stands until a frame brings another: encoders say it with key frames alone.
void read_orientation(const AVFrame& frame, Orientation& orientation) {
  const AVFrameSideData* matrix = av_frame_get_side_data(&frame, AV_FRAME_DATA_DISPLAYMATRIX);
  if (matrix == nullptr || matrix->size < 9 * sizeof(std::int32_t)) return;
  orientation = orientation_of(reinterpret_cast<const std::int32_t*>(matrix->data));
}

/// Rows of RGB, `stride` bytes apart, laid into a picture the way they are to be seen.
Image turned(const std::uint8_t* rows, std::ptrdiff_t stride, Size size, Orientation how) {
  Image image(how.transpose ? size.height : size.width, how.transpose ? size.width : size.height);
  for (int y = 0; y < image.height(); ++y) {
    std::uint8_t* to = image.row(y);
    const int v = how.mirror_y ? image.height() - 1 - y : y;
    if (!how.transpose && !how.mirror_x) {
      std::copy_n(rows + v * stride, image.width() * 3, to);
      continue;
    }
    for (int x = 0; x < image.width(); ++x, to += 3) {
      const int u = how.mirror_x ? image.width() - 1 - x : x;
      const std::uint8_t* from = how.transpose ? rows + u * stride + v * 3 : rows + v * stride + u * 3;
      to[0] = from[0], to[1] = from[1], to[2] = from[2];
    }
  }
  return image;
}

}  // namespace

Orientation orientation_of(const std::int32_t* matrix) {
  const std::int64_t a = matrix[0], b = matrix[1], c = matrix[3], d = matrix[4];  // x' = a x + c y, y' = b x + d y
  if (std::abs(a) + std::abs(d) >= std::abs(b) + std::abs(c)) return {false, a < 0, d < 0};
  return {true, c < 0, b < 0};
}

Status FrameConverter::prepare(const AVFrame& frame) {
  const std::array<int, 5> key{frame.width, frame.height, frame.format, matrix_of(frame), full_range(frame) ? 1 : 0};
  if (scaler_ && key == made_for_) return {};
  const auto format = static_cast<AVPixelFormat>(frame.format);
  scaler_.reset();
  if (sws_isSupportedInput(format) != 0) {
    scaler_.reset(sws_getContext(frame.width, frame.height, format, frame.width, frame.height, AV_PIX_FMT_RGB24,
                                 SWS_BILINEAR, nullptr, nullptr, nullptr));
  }
  if (!scaler_) {
    const char* name = av_get_pix_fmt_name(format);
    return unsupported(std::string("pixels of the kind ") + (name == nullptr ? "?" : name) + " are not read");
  }
  const int* matrix = sws_getCoefficients(key[3]);
  sws_setColorspaceDetails(scaler_.get(), matrix, key[4], matrix, 1, 0, 1 << 16, 1 << 16);
  made_for_ = key;
  return {};
}

Result<Image> FrameConverter::operator()(const AVFrame& frame) {
  POISE_RETURN_IF_ERROR(prepare(frame));
  read_orientation(frame, orientation_);
  const Orientation how = orientation_;
  // The converters write 8 pixels at a time, and leave what does not fit as it was.
  if (how.upright() && frame.width % 16 == 0) {
    Image image(frame.width, frame.height);
    const std::array<std::uint8_t*, 4> to{image.data()};
    const std::array<int, 4> stride{frame.width * 3};
    sws_scale(scaler_.get(), frame.data, frame.linesize, 0, frame.height, to.data(), stride.data());
    return image;
  }
  const std::array<int, 4> stride{(frame.width + 63) / 64 * 64 * 3};
  rows_.resize(static_cast<std::size_t>(stride[0]) * static_cast<std::size_t>(frame.height) + 64);
  const std::array<std::uint8_t*, 4> to{rows_.data()};
  sws_scale(scaler_.get(), frame.data, frame.linesize, 0, frame.height, to.data(), stride.data());
  return turned(rows_.data(), stride[0], {frame.width, frame.height}, how);
}

}  // namespace poise::av
