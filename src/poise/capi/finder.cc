#include <algorithm>
#include <cmath>

#include "poise/capi/handles.h"
#include "poise/models/model_store.h"
#include "poise/models/shipped.h"

namespace poise::capi {
namespace {

Result<RunnerOptions> runner_options(const poise_finder_options& o) {
  RunnerOptions run;
  if (o.backend != nullptr) run.backend = o.backend;
  if (o.threads < 0) return invalid_argument("threads is " + std::to_string(o.threads) + ": from 1, or 0 for all");
  run.threads = o.threads;
  run.deterministic = o.deterministic != 0;
  if (o.precision != nullptr) {
    run.precision = find_precision(o.precision);
    if (!run.precision) {
      std::string names;
      for (const std::string& name : precision_names()) names.append(" ").append(name);
      return invalid_argument(std::string("no precision is named \"") + o.precision + "\"; there are" + names);
    }
  }
  return run;
}

Result<CardSources> card_sources(const char* preset, const char* card, const char* what) {
  CardSources sources;
  sources.preset = text_of(preset);
  if (card == nullptr) return sources;
  auto json = parse_json(std::string_view(card));
  if (!json.ok()) return json.error().prefixed(what);
  if (!json->is_object()) return invalid_argument(std::string(what) + " must be a JSON object, it is " + json->kind());
  sources.flags = std::move(*json);
  return sources;
}

std::optional<float> given(float number) { return number < 0 ? std::nullopt : std::optional<float>(number); }

Result<EstimatorOptions> estimator_options(const poise_finder_options& o) {
  EstimatorOptions estimate;
  POISE_TRY(estimate.run, runner_options(o));
  POISE_TRY(estimate.card, card_sources(o.preset, o.card, "option \"card\""));
  if (o.batch < 1) return invalid_argument("batch is " + std::to_string(o.batch) + ": from 1");
  estimate.batch = o.batch;
  estimate.flip_test = o.flip_test != 0;
  return estimate;
}

Result<DetectorOptions> detector_options(const poise_finder_options& o) {
  DetectorOptions detect;
  POISE_TRY(detect.run, runner_options(o));
  POISE_TRY(detect.card, card_sources(o.detector_preset, o.detector_card, "option \"detector_card\""));
  detect.threshold = given(o.threshold);
  detect.nms = given(o.nms);
  return detect;
}

Result<PoseFinderOptions> finder_options(const poise_finder_options& o) {
  PoseFinderOptions options;
  options.model = text_of(o.model);
  options.detector = text_of(o.detector);
  options.models = text_of(o.models);
  options.whole_picture = o.whole_picture != 0;
  POISE_TRY(options.estimate, estimator_options(o));
  POISE_TRY(options.detect, detector_options(o));
  if (o.doubles_oks == 0) options.doubles.rule = DoublesOptions::Rule::kNone;
  if (o.doubles_oks > 0) options.doubles = {DoublesOptions::Rule::kOks, o.doubles_oks};
  return options;
}

std::string name_of_model(const char* model) {
  return model == nullptr ? std::string(shipped_models().front().name)
                          : std::filesystem::path(model).filename().string();
}

Result<std::vector<PersonBox>> boxes_of(const poise_person_box* boxes, std::size_t count) {
  std::vector<PersonBox> persons;
  if (count > 0) POISE_RETURN_IF_ERROR(check_there(boxes, "boxes"));
  persons.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const poise_box& box = boxes[i].box;
    persons.push_back({{box.x, box.y, box.width, box.height}, boxes[i].score});
  }
  return persons;
}

/// sibling() of any of the three.
template <typename Network>
Result<Network> sibling_of(const Network& network, std::int32_t threads) {
  if (threads < 0) return invalid_argument("threads is " + std::to_string(threads) + ": from 1, or 0 for all");
  auto sibling = network.sibling(threads);
  if (!sibling) return unsupported("what runs this network can be only one: open another");
  return std::move(*sibling);
}

}  // namespace
}  // namespace poise::capi

using namespace poise;        // NOLINT(google-build-using-namespace): C has none
using namespace poise::capi;  // NOLINT(google-build-using-namespace)

void poise_finder_options_init(poise_finder_options* options) {
  *options = {};
  options->size = sizeof(*options);
  options->batch = EstimatorOptions{}.batch;
  options->threshold = options->nms = options->doubles_oks = -1;
}

poise_code poise_finder_open(const poise_finder_options* options, poise_finder** finder, poise_error* error) {
  return made(finder, error, [&]() -> Result<std::unique_ptr<poise_finder>> {
    POISE_TRY(const poise_finder_options o, options_of(options, poise_finder_options_init));
    POISE_TRY(const PoseFinderOptions wanted, finder_options(o));
    POISE_TRY(PoseFinder opened, PoseFinder::open(wanted));
    auto origin = origin_of(opened.skeleton(), provenance_of(opened, name_of_model(o.model)));
    return std::make_unique<poise_finder>(poise_finder{std::move(opened), std::move(origin)});
  });
}

void poise_finder_free(poise_finder* finder) { delete finder; }

poise_code poise_finder_sibling(const poise_finder* finder, int32_t threads, poise_finder** sibling,
                                poise_error* error) {
  return made(sibling, error, [&]() -> Result<std::unique_ptr<poise_finder>> {
    POISE_RETURN_IF_ERROR(check_there(finder, "the finder"));
    POISE_TRY(PoseFinder other, sibling_of(finder->finder, threads));
    return std::make_unique<poise_finder>(poise_finder{std::move(other), finder->origin});
  });
}

poise_code poise_finder_find(poise_finder* finder, const poise_image* image, poise_people** people,
                             poise_error* error) {
  return made(people, error, [&]() -> Result<std::unique_ptr<poise_people>> {
    POISE_RETURN_IF_ERROR(check_there(finder, "the finder"));
    POISE_TRY(const ImageView view, view_of(image));
    POISE_TRY(FrameResult frame, finder->finder.find(view));
    return people_of(std::move(frame), finder->origin);
  });
}

const poise_skeleton* poise_finder_skeleton(const poise_finder* finder) {
  return finder == nullptr ? nullptr : &finder->origin->skeleton;
}

const char* poise_finder_model(const poise_finder* finder) {
  return finder == nullptr ? nullptr : finder->origin->provenance.model_hash.c_str();
}

poise_code poise_detector_open(const poise_finder_options* options, poise_detector** detector, poise_error* error) {
  return made(detector, error, [&]() -> Result<std::unique_ptr<poise_detector>> {
    POISE_TRY(const poise_finder_options o, options_of(options, poise_finder_options_init));
    POISE_TRY(const DetectorOptions wanted, detector_options(o));
    POISE_TRY(OpenModel model, ModelStore(text_of(o.models)).open(text_of(o.detector), kShippedDetector));
    POISE_TRY(Detector opened, Detector::create(std::move(model.onnx), wanted, model.path));
    return std::make_unique<poise_detector>(poise_detector{std::move(opened)});
  });
}

void poise_detector_free(poise_detector* detector) { delete detector; }

poise_code poise_detector_sibling(const poise_detector* detector, int32_t threads, poise_detector** sibling,
                                  poise_error* error) {
  return made(sibling, error, [&]() -> Result<std::unique_ptr<poise_detector>> {
    POISE_RETURN_IF_ERROR(check_there(detector, "the detector"));
    POISE_TRY(Detector other, sibling_of(detector->detector, threads));
    return std::make_unique<poise_detector>(poise_detector{std::move(other)});
  });
}

poise_code poise_detector_detect(poise_detector* detector, const poise_image* image, poise_person_box* boxes,
                                 size_t capacity, size_t* count, poise_error* error) {
  return guarded(error, [&]() -> Status {
    POISE_RETURN_IF_ERROR(check_there(detector, "the detector"));
    POISE_RETURN_IF_ERROR(check_there(count, "the place for the count"));
    if (capacity > 0) POISE_RETURN_IF_ERROR(check_there(boxes, "boxes"));
    POISE_TRY(const ImageView view, view_of(image));
    POISE_TRY(const std::vector<PersonBox> found, detector->detector.detect(view));
    for (std::size_t i = 0; i < std::min(capacity, found.size()); ++i) {
      const Box& box = found[i].box;
      boxes[i] = {{box.x, box.y, box.width, box.height}, found[i].score};
    }
    *count = found.size();
    return {};
  });
}

poise_code poise_estimator_open(const poise_finder_options* options, poise_estimator** estimator, poise_error* error) {
  return made(estimator, error, [&]() -> Result<std::unique_ptr<poise_estimator>> {
    POISE_TRY(const poise_finder_options o, options_of(options, poise_finder_options_init));
    POISE_TRY(const EstimatorOptions wanted, estimator_options(o));
    POISE_TRY(OpenModel model, ModelStore(text_of(o.models)).open(text_of(o.model)));
    POISE_TRY(Estimator opened, Estimator::create(std::move(model.onnx), wanted, model.path));
    Provenance provenance;
    provenance.model = model.name;
    provenance.model_hash = opened.model_hash();
    provenance.settings = to_json(opened.card());
    auto origin = origin_of(opened.skeleton(), std::move(provenance));
    return std::make_unique<poise_estimator>(poise_estimator{std::move(opened), std::move(origin)});
  });
}

void poise_estimator_free(poise_estimator* estimator) { delete estimator; }

poise_code poise_estimator_sibling(const poise_estimator* estimator, int32_t threads, poise_estimator** sibling,
                                   poise_error* error) {
  return made(sibling, error, [&]() -> Result<std::unique_ptr<poise_estimator>> {
    POISE_RETURN_IF_ERROR(check_there(estimator, "the estimator"));
    POISE_TRY(Estimator other, sibling_of(estimator->estimator, threads));
    return std::make_unique<poise_estimator>(poise_estimator{std::move(other), estimator->origin});
  });
}

poise_code poise_estimator_estimate(poise_estimator* estimator, const poise_image* image, const poise_person_box* boxes,
                                    size_t count, poise_people** people, poise_error* error) {
  return made(people, error, [&]() -> Result<std::unique_ptr<poise_people>> {
    POISE_RETURN_IF_ERROR(check_there(estimator, "the estimator"));
    POISE_TRY(const ImageView view, view_of(image));
    POISE_TRY(const std::vector<PersonBox> persons, boxes_of(boxes, count));
    POISE_TRY(Estimate estimate, estimator->estimator.estimate(view, persons));
    FrameResult frame;
    frame.width = view.width;
    frame.height = view.height;
    frame.box_source = "given";
    frame.poses = std::move(estimate.poses);
    return people_of(std::move(frame), estimator->origin);
  });
}

const poise_skeleton* poise_estimator_skeleton(const poise_estimator* estimator) {
  return estimator == nullptr ? nullptr : &estimator->origin->skeleton;
}
