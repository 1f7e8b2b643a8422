#include "poise/capi/handles.h"

namespace poise::capi {
namespace {

Result<FrameTrackerOptions> tracker_options(const poise_tracker_options& o) {
  const int similarity = o.similarity;
  if (similarity < POISE_BY_BOX || similarity > POISE_BY_MULTI_FLOW) {
    return invalid_argument("similarity is " + std::to_string(similarity) + ", of poise_similarity's 0 to 3");
  }
  FrameTrackerOptions options;
  options.tracker.similarity = static_cast<Similarity>(similarity);
  options.tracker.matching = o.best_sum != 0 ? TrackerOptions::Matching::kBestSum : TrackerOptions::Matching::kGreedy;
  options.tracker.propagate = o.propagate != 0;
  options.tracker.motion = o.motion != 0;
  options.tracker.min_box_score = o.min_box_score;
  options.tracker.min_joint_score = o.min_joint_score;
  options.tracker.min_likeness = o.min_likeness;
  options.tracker.memory = o.memory;
  options.flow = o.flow != 0;
  if (o.smooth == 0) options.smooth.reset();
  if (o.detect_every < 1) return invalid_argument("detect_every is " + std::to_string(o.detect_every) + ": from 1");
  options.detect_every = o.detect_every;
  return options;
}

}  // namespace
}  // namespace poise::capi

using namespace poise;        // NOLINT(google-build-using-namespace): C has none
using namespace poise::capi;  // NOLINT(google-build-using-namespace)

void poise_tracker_options_init(poise_tracker_options* options) {
  const FrameTrackerOptions defaults;
  const TrackerOptions& tracker = defaults.tracker;
  *options = {};
  options->size = sizeof(*options);
  options->similarity = static_cast<std::int32_t>(tracker.similarity);
  options->best_sum = tracker.matching == TrackerOptions::Matching::kBestSum ? 1 : 0;
  options->propagate = tracker.propagate ? 1 : 0;
  options->motion = tracker.motion ? 1 : 0;
  options->flow = defaults.flow ? 1 : 0;
  options->smooth = defaults.smooth ? 1 : 0;
  options->detect_every = defaults.detect_every;
  options->min_box_score = tracker.min_box_score;
  options->min_joint_score = tracker.min_joint_score;
  options->min_likeness = tracker.min_likeness;
  options->memory = tracker.memory;
}

poise_code poise_tracker_new(const poise_skeleton* skeleton, const poise_tracker_options* options,
                             poise_tracker** tracker, poise_error* error) {
  return made(tracker, error, [&]() -> Result<std::unique_ptr<poise_tracker>> {
    POISE_RETURN_IF_ERROR(check_there(skeleton, "the skeleton"));
    POISE_TRY(const poise_tracker_options o, options_of(options, poise_tracker_options_init));
    POISE_TRY(const FrameTrackerOptions wanted, tracker_options(o));
    return std::make_unique<poise_tracker>(poise_tracker{FrameTracker(skeleton->skeleton, wanted)});
  });
}

void poise_tracker_free(poise_tracker* tracker) { delete tracker; }

poise_code poise_tracker_next(poise_tracker* tracker, poise_finder* finder, const poise_image* image, double seconds,
                              poise_people** people, poise_error* error) {
  return made(people, error, [&]() -> Result<std::unique_ptr<poise_people>> {
    POISE_RETURN_IF_ERROR(check_there(tracker, "the tracker"));
    POISE_RETURN_IF_ERROR(check_there(finder, "the finder"));
    POISE_TRY(const ImageView view, view_of(image));
    POISE_TRY(FrameResult frame, tracker->tracker.next(finder->finder, view, seconds));
    return people_of(std::move(frame), finder->origin);
  });
}

int32_t poise_tracker_ids(const poise_tracker* tracker) {
  return tracker == nullptr ? 0 : tracker->tracker.tracker().ids();
}
