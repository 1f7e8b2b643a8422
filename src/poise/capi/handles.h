#pragma once
// What C's opaque handles hold, and how its calls keep exceptions in. Internal to capi.

#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "poise/base/result.h"
#include "poise/capi/poise_c.h"
#include "poise/eval/coco_report.h"
#include "poise/formats/writers.h"
#include "poise/image/image.h"
#include "poise/infer/pose_finder.h"
#include "poise/stream/frame_tracker.h"

struct poise_picture {
  poise::Image image;
};

struct poise_skeleton {
  poise::Skeleton skeleton;
  std::vector<int> mirrored;  // of each joint
  explicit poise_skeleton(poise::Skeleton value) : skeleton(std::move(value)), mirrored(skeleton.flip_index()) {}
};

namespace poise::capi {
/// What all results of one finder share.
struct Origin {
  poise_skeleton skeleton;
  Provenance provenance;
};
}  // namespace poise::capi

struct poise_people {
  std::shared_ptr<const poise::capi::Origin> origin;
  poise::FrameResult frame;
  std::vector<poise_person> persons;
  std::vector<poise_keypoint> keypoints;  // (persons, joints)
};

struct poise_finder {
  poise::PoseFinder finder;
  std::shared_ptr<const poise::capi::Origin> origin;
};

struct poise_detector {
  poise::Detector detector;
};

struct poise_estimator {
  poise::Estimator estimator;
  std::shared_ptr<const poise::capi::Origin> origin;
};

struct poise_tracker {
  poise::FrameTracker tracker;
};

struct poise_report {
  poise::CocoReport report;
  std::string json;
};

namespace poise::capi {

/// Fills `error`, where it is not null, and returns the code.
poise_code report(const Error& error, poise_error* out);
poise_code report(poise_code code, const char* message, poise_error* out);

/// Runs what a call does; an exception is an error as any other.
template <typename Work>
poise_code guarded(poise_error* error, Work work) {
  try {
    const Status status = work();
    return status.ok() ? report(POISE_OK, "", error) : report(status.error(), error);
  } catch (const Exception& exception) {
    return report(exception.error(), error);
  } catch (const std::bad_alloc&) {
    return report(POISE_OUT_OF_MEMORY, "there is not memory enough for this", error);
  } catch (const std::exception& exception) {
    return report(POISE_INTERNAL, exception.what(), error);
  } catch (...) {
    return report(POISE_INTERNAL, "an exception of no known kind", error);
  }
}

/// The same for a call that makes a handle: null in `*out` where it fails.
template <typename Handle, typename Work>
poise_code made(Handle** out, poise_error* error, Work work) {
  if (out == nullptr)
    return report(POISE_INVALID_ARGUMENT, "there is no place for the result: the pointer is null", error);
  *out = nullptr;
  return guarded(error, [&]() -> Status {
    POISE_TRY(std::unique_ptr<Handle> handle, work());
    *out = handle.release();
    return {};
  });
}

/// Errors: kInvalidArgument, naming what is null.
inline Status check_there(const void* pointer, const char* what) {
  if (pointer == nullptr) return invalid_argument(std::string(what) + " is null");
  return {};
}

/// The caller's options over the defaults; a caller who was compiled with an older header has fewer members.
template <typename Options>
Result<Options> options_of(const Options* given, void (*init)(Options*)) {
  Options options;
  init(&options);
  if (given == nullptr) return options;
  std::size_t size = 0;
  std::memcpy(&size, given, sizeof(size));
  if (size < sizeof(size) || size > sizeof(Options)) {
    return invalid_argument("options say a size of " + std::to_string(size) + " bytes, and this library has " +
                            std::to_string(sizeof(Options)) +
                            ": fill them by their init function, of the same version");
  }
  std::memcpy(&options, given, size);
  return options;
}

inline std::string text_of(const char* text) { return text == nullptr ? std::string() : std::string(text); }

/// Errors: kInvalidArgument: null, no pixels, an unknown order, rows that overlap.
Result<MutableImageView> view_of(const poise_canvas* canvas);
Result<ImageView> view_of(const poise_image* image);

std::unique_ptr<poise_people> people_of(FrameResult frame, std::shared_ptr<const Origin> origin);
std::shared_ptr<const Origin> origin_of(const Skeleton& skeleton, Provenance provenance);

}  // namespace poise::capi
