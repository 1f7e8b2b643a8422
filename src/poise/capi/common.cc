#include <algorithm>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string_view>

#include "poise/base/passive_threads.h"
#include "poise/base/version.h"
#include "poise/capi/handles.h"
#include "poise/draw/draw.h"
#include "poise/image/codec.h"

namespace poise::capi {
namespace {

poise_code code_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
      return POISE_INVALID_ARGUMENT;
    case ErrorCode::kNotFound:
      return POISE_NOT_FOUND;
    case ErrorCode::kMalformed:
      return POISE_MALFORMED;
    case ErrorCode::kUnsupported:
      return POISE_UNSUPPORTED;
    case ErrorCode::kTooLarge:
      return POISE_TOO_LARGE;
    case ErrorCode::kIo:
      return POISE_IO;
  }
  return POISE_INTERNAL;
}

template <typename View, typename Image>
Result<View> checked(const Image* image) {
  POISE_RETURN_IF_ERROR(check_there(image, "the image"));
  if (image->width <= 0 || image->height <= 0) {
    return invalid_argument("the image is " + std::to_string(image->width) + "x" + std::to_string(image->height) +
                            ": it must have pixels");
  }
  POISE_RETURN_IF_ERROR(check_there(image->data, "the image's data"));
  const int order = image->order;
  if (order < POISE_RGB || order > POISE_BGRA) {
    return invalid_argument("the image's pixel order is " + std::to_string(order) + ", of poise_pixel_order's 0 to 4");
  }
  const auto pixel = static_cast<PixelOrder>(order);
  const std::int64_t row = std::int64_t{image->width} * bytes_per_pixel(pixel);
  if (std::abs(static_cast<std::int64_t>(image->stride)) < row) {
    return invalid_argument("the image's stride is " + std::to_string(image->stride) + " bytes, and a row of it has " +
                            std::to_string(row));
  }
  return View{image->data, image->width, image->height, image->stride, pixel};
}

}  // namespace

poise_code report(poise_code code, const char* message, poise_error* out) {
  if (out == nullptr) return code;
  out->code = code;
  const std::string_view text(message);
  std::size_t length = std::min(text.size(), sizeof(out->message) - 1);
  // Not within a character of UTF-8.
  while (length < text.size() && length > 0 && (static_cast<unsigned char>(text[length]) & 0xC0U) == 0x80U) --length;
  std::memcpy(out->message, text.data(), length);
  out->message[length] = '\0';
  return code;
}

poise_code report(const Error& error, poise_error* out) {
  return report(code_of(error.code), error.message.c_str(), out);
}

Result<MutableImageView> view_of(const poise_canvas* canvas) { return checked<MutableImageView>(canvas); }
Result<ImageView> view_of(const poise_image* image) { return checked<ImageView>(image); }

}  // namespace poise::capi

using namespace poise;        // NOLINT(google-build-using-namespace): C has none
using namespace poise::capi;  // NOLINT(google-build-using-namespace)

int32_t poise_abi_version(void) { return POISE_ABI_VERSION; }
const char* poise_version(void) { return kVersion; }

int32_t poise_set_passive_threads(int32_t passive) {
  static std::mutex mutex;
  static std::unique_ptr<PassiveThreads> threads;
  const std::lock_guard lock(mutex);
  if (passive == 0) {
    threads.reset();
  } else if (!threads) {
    threads = std::make_unique<PassiveThreads>();
  }
  return threads && threads->active() ? 1 : 0;
}

const char* poise_code_name(int32_t code) {
  switch (code) {
    case POISE_OK:
      return "ok";
    case POISE_INVALID_ARGUMENT:
      return "invalid argument";
    case POISE_NOT_FOUND:
      return "not found";
    case POISE_MALFORMED:
      return "malformed";
    case POISE_UNSUPPORTED:
      return "unsupported";
    case POISE_TOO_LARGE:
      return "too large";
    case POISE_IO:
      return "input or output";
    case POISE_OUT_OF_MEMORY:
      return "out of memory";
    case POISE_INTERNAL:
      return "internal";
    default:
      return "unknown";
  }
}

// ---- pictures ----

poise_code poise_picture_read(const char* path, poise_picture** picture, poise_error* error) {
  return made(picture, error, [&]() -> Result<std::unique_ptr<poise_picture>> {
    POISE_RETURN_IF_ERROR(check_there(path, "the path"));
    POISE_TRY(Image image, read_image(path));
    return std::make_unique<poise_picture>(poise_picture{std::move(image)});
  });
}

poise_code poise_picture_decode(const void* bytes, size_t size, poise_picture** picture, poise_error* error) {
  return made(picture, error, [&]() -> Result<std::unique_ptr<poise_picture>> {
    if (size > 0) POISE_RETURN_IF_ERROR(check_there(bytes, "the bytes"));
    POISE_TRY(DecodedImage decoded, decode_image({static_cast<const std::uint8_t*>(bytes), size}));
    return std::make_unique<poise_picture>(poise_picture{std::move(decoded.image)});
  });
}

poise_image poise_picture_image(const poise_picture* picture) {
  if (picture == nullptr) return {};
  const ImageView view = picture->image.view();
  return {view.data, view.width, view.height, view.stride, POISE_RGB};
}

poise_canvas poise_picture_canvas(poise_picture* picture) {
  if (picture == nullptr) return {};
  const MutableImageView view = picture->image.mutable_view();
  return {view.data, view.width, view.height, view.stride, POISE_RGB};
}

void poise_picture_free(poise_picture* picture) { delete picture; }

poise_code poise_image_write(const poise_image* image, const char* path, int32_t quality, poise_error* error) {
  return guarded(error, [&]() -> Status {
    POISE_RETURN_IF_ERROR(check_there(path, "the path"));
    POISE_TRY(const ImageView view, view_of(image));
    if (quality < 1 || quality > 100)
      return invalid_argument("quality is " + std::to_string(quality) + ", of 1 to 100");
    return write_image(path, view, quality);
  });
}

// ---- skeletons ----

poise_code poise_skeleton_find(const char* name, poise_skeleton** skeleton, poise_error* error) {
  return made(skeleton, error, [&]() -> Result<std::unique_ptr<poise_skeleton>> {
    POISE_RETURN_IF_ERROR(check_there(name, "the skeleton's name"));
    POISE_TRY(Skeleton found, find_skeleton(name));
    return std::make_unique<poise_skeleton>(std::move(found));
  });
}

void poise_skeleton_free(poise_skeleton* skeleton) { delete skeleton; }

const char* poise_skeleton_name(const poise_skeleton* skeleton) {
  return skeleton == nullptr ? nullptr : skeleton->skeleton.name.c_str();
}

size_t poise_skeleton_joints(const poise_skeleton* skeleton) {
  return skeleton == nullptr ? 0 : skeleton->skeleton.joints.size();
}

const char* poise_skeleton_joint(const poise_skeleton* skeleton, size_t joint) {
  return joint < poise_skeleton_joints(skeleton) ? skeleton->skeleton.joints[joint].name.c_str() : nullptr;
}

size_t poise_skeleton_limbs(const poise_skeleton* skeleton) {
  return skeleton == nullptr ? 0 : skeleton->skeleton.limbs.size();
}

int32_t poise_skeleton_limb(const poise_skeleton* skeleton, size_t limb, size_t* from, size_t* to) {
  if (limb >= poise_skeleton_limbs(skeleton) || from == nullptr || to == nullptr) return 0;
  *from = static_cast<std::size_t>(skeleton->skeleton.limbs[limb].from);
  *to = static_cast<std::size_t>(skeleton->skeleton.limbs[limb].to);
  return 1;
}

size_t poise_skeleton_mirrored(const poise_skeleton* skeleton, size_t joint) {
  return joint < poise_skeleton_joints(skeleton) ? static_cast<std::size_t>(skeleton->mirrored[joint]) : joint;
}

// ---- drawing ----

void poise_draw_options_init(poise_draw_options* options) {
  const DrawOptions defaults;
  *options = {sizeof(*options), defaults.min_score, defaults.line_width, defaults.alpha, 0, 1, 1, 0, 0, 0, 0};
}

poise_code poise_draw(const poise_canvas* canvas, const poise_people* people, const poise_draw_options* options,
                      poise_error* error) {
  return guarded(error, [&]() -> Status {
    POISE_TRY(const MutableImageView view, view_of(canvas));
    POISE_RETURN_IF_ERROR(check_there(people, "people"));
    POISE_TRY(const poise_draw_options o, options_of(options, poise_draw_options_init));
    DrawOptions draw_options;
    draw_options.min_score = o.min_score;
    draw_options.line_width = o.line_width;
    draw_options.alpha = o.alpha;
    draw_options.colours = o.by_person != 0 ? DrawColours::kPerson : DrawColours::kSide;
    draw_options.joints = o.joints != 0;
    draw_options.limbs = o.limbs != 0;
    draw_options.boxes = o.boxes != 0;
    draw_options.labels = o.labels != 0;
    draw_options.scores = o.scores != 0;
    draw_options.ids = o.ids != 0;
    draw(view, people->frame.poses, people->origin->skeleton.skeleton, draw_options);
    return {};
  });
}
