// Detector and Estimator alone.

#include <nanobind/stl/string.h>

#include "buffer.h"
#include "module.h"
#include "poise/models/model_store.h"
#include "poise/models/shipped.h"
#include "results.h"

namespace poise::python {
namespace nb = nanobind;
namespace {

class DetectorOfAll {
 public:
  explicit DetectorOfAll(const std::string& options) : shared_(open(finder_options(options))) {}

  nb::tuple detect(nb::handle picture, const std::string& order) {
    const PixelBuffer pixels(picture, order);
    std::vector<PersonBox> found;
    {
      const nb::gil_scoped_release release;
      found = shared_.with([&](Detector& detector) { return detector.detect(pixels.view()); }).value();
    }
    return arrays_of(found);
  }
  const Detector& detector() const { return shared_.network(); }

 private:
  static Detector open(const PoseFinderOptions& options) {
    const nb::gil_scoped_release release;
    OpenModel model = ModelStore(options.models).open(options.detector.string(), kShippedDetector).value();
    return Detector::create(std::move(model.onnx), options.detect, model.path).value();
  }
  Shared<Detector> shared_;
};

class EstimatorOfAll {
 public:
  explicit EstimatorOfAll(const std::string& options) : shared_(open(finder_options(options))) {}

  nb::tuple estimate(nb::handle picture, const std::string& order, const Floats& boxes, const Floats& scores) {
    const PixelBuffer pixels(picture, order);
    const std::vector<PersonBox> persons = boxes_of(boxes, scores);
    Estimate found;
    {
      const nb::gil_scoped_release release;
      found = shared_.with([&](Estimator& estimator) { return estimator.estimate(pixels.view(), persons); }).value();
    }
    return arrays_of(found.poses, estimator().skeleton().joints.size());
  }
  const Estimator& estimator() const { return shared_.network(); }

 private:
  static Estimator open(const PoseFinderOptions& options) {
    const nb::gil_scoped_release release;
    OpenModel model = ModelStore(options.models).open(options.model.string()).value();
    return Estimator::create(std::move(model.onnx), options.estimate, model.path).value();
  }
  Shared<Estimator> shared_;
};

}  // namespace

void define_networks(nb::module_& m) {
  nb::class_<DetectorOfAll>(m, "Detector", "Boxes of people. Any threads.")
      .def(nb::init<const std::string&>(), nb::arg("options"))
      .def("detect", &DetectorOfAll::detect, nb::arg("picture"), nb::arg("order"))
      .def_prop_ro("card", [](const DetectorOfAll& d) { return to_json(d.detector().card()).dump(); })
      .def_prop_ro("model_hash", [](const DetectorOfAll& d) { return d.detector().model_hash(); });
  nb::class_<EstimatorOfAll>(m, "Estimator", "Poses of people whose boxes are known. Any threads.")
      .def(nb::init<const std::string&>(), nb::arg("options"))
      .def("estimate", &EstimatorOfAll::estimate, nb::arg("picture"), nb::arg("order"), nb::arg("boxes"),
           nb::arg("scores"))
      .def_prop_ro("skeleton", [](const EstimatorOfAll& e) { return to_json(e.estimator().skeleton()).dump(); })
      .def_prop_ro("card", [](const EstimatorOfAll& e) { return to_json(e.estimator().card()).dump(); })
      .def_prop_ro("model_hash", [](const EstimatorOfAll& e) { return e.estimator().model_hash(); });
}

}  // namespace poise::python
