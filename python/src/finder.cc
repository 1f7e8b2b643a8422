// PoseFinder and Tracker.

#include <nanobind/stl/string.h>

#include "buffer.h"
#include "module.h"
#include "poise/image/codec.h"
#include "poise/stream/frame_tracker.h"
#include "results.h"

namespace poise::python {
namespace nb = nanobind;
namespace {

class Finder {
 public:
  explicit Finder(const std::string& options) : shared_(open(finder_options(options))) {
    const PoseFinder& finder = shared_.network();
    joints_ = finder.skeleton().joints.size();
    const auto given = parse_json(options).value();
    const Json* model = given.find("model");
    const bool named = model != nullptr && model->is_string();
    const std::string name = named ? std::filesystem::path(model->as_string()).filename().string() : "poise-small";
    provenance_ = provenance_of(finder, name);
  }

  nb::tuple find(nb::handle picture, const std::string& order) {
    const PixelBuffer pixels(picture, order);
    FrameResult found;
    {
      const nb::gil_scoped_release release;
      found = shared_.with([&](PoseFinder& finder) { return finder.find(pixels.view()); }).value();
    }
    return arrays_of(found.poses, joints_);
  }

  nb::tuple find_in(nb::handle picture, const std::string& order, const Floats& boxes, const Floats& scores) {
    const PixelBuffer pixels(picture, order);
    const std::vector<PersonBox> persons = boxes_of(boxes, scores);
    FrameResult found;
    {
      const nb::gil_scoped_release release;
      found = shared_.with([&](PoseFinder& finder) { return finder.find(pixels.view(), persons); }).value();
    }
    return arrays_of(found.poses, joints_);
  }

  /// Also the picture's width and height, which the file alone knows.
  nb::tuple find_file(const std::string& path) {
    return find_decoded([&] { return read_image_file(path); });
  }

  nb::tuple find_bytes(const nb::bytes& bytes) {
    const BytesView view(reinterpret_cast<const std::uint8_t*>(bytes.c_str()), bytes.size());
    return find_decoded([&] { return decode_image(view); });
  }

  const Provenance& provenance() const { return provenance_; }
  const PoseFinder& finder() const { return shared_.network(); }
  Shared<PoseFinder>& shared() { return shared_; }
  std::size_t joints() const { return joints_; }

 private:
  static PoseFinder open(const PoseFinderOptions& options) {
    const nb::gil_scoped_release release;
    return PoseFinder::open(options).value();
  }

  template <typename Decode>
  nb::tuple find_decoded(const Decode& decode) {
    FrameResult found;
    {
      const nb::gil_scoped_release release;
      const DecodedImage decoded = decode().value();
      found = shared_.with([&](PoseFinder& finder) { return finder.find(decoded.image.view()); }).value();
    }
    return nb::make_tuple(arrays_of(found.poses, joints_), found.width, found.height);
  }

  Shared<PoseFinder> shared_;
  std::size_t joints_ = 0;
  Provenance provenance_;
};

FrameTrackerOptions tracker_options(const std::string& text) {
  FrameTrackerOptions options;
  const Json json = parse_json(text).value();
  for (const auto& [name, value] : json.as_object()) {
    if (value.is_null()) continue;
    if (name == "similarity") {
      const auto similarity = similarity_of(json.string(name).value());
      if (!similarity) throw Exception(invalid_argument("similarity is one of box, pose, flow, multi-flow"));
      options.tracker.similarity = *similarity;
    } else if (name == "matching") {
      const std::string matching = json.string(name).value();
      if (matching != "greedy" && matching != "hungarian") {
        throw Exception(invalid_argument("matching is \"" + matching + "\": greedy or hungarian"));
      }
      options.tracker.matching =
          matching == "greedy" ? TrackerOptions::Matching::kGreedy : TrackerOptions::Matching::kBestSum;
    } else if (name == "flow" && value.is_bool()) {
      options.flow = value.as_bool();
    } else if (name == "smooth" && value.is_bool()) {
      if (!value.as_bool()) options.smooth.reset();
    } else if (name == "detect_every" && value.is_integer() && value.as_integer() > 0) {
      options.detect_every = static_cast<int>(value.as_integer());
    } else if (name == "memory" && value.is_number()) {
      options.tracker.memory = value.as_number();
    } else {
      throw Exception(invalid_argument("option \"" + name + "\" of a tracker is not known, or not " + value.kind()));
    }
  }
  return options;
}

/// One video; calls from several threads wait for each other.
class Tracker {
 public:
  Tracker(const Finder& finder, const std::string& options)
      : tracker_(finder.finder().skeleton(), tracker_options(options)) {}

  nb::tuple next(Finder& finder, nb::handle picture, const std::string& order, double seconds) {
    const PixelBuffer pixels(picture, order);
    FrameResult found;
    {
      const nb::gil_scoped_release release;
      const std::lock_guard lock(mutex_);
      found = finder.shared().with([&](PoseFinder& own) { return tracker_.next(own, pixels.view(), seconds); }).value();
    }
    return arrays_of(found.poses, finder.joints());
  }

  int ids() {
    const std::lock_guard lock(mutex_);
    return tracker_.tracker().ids();
  }

 private:
  std::mutex mutex_;
  FrameTracker tracker_;
};

}  // namespace

void define_finder(nb::module_& m) {
  nb::class_<Finder>(m, "Finder", "A PoseFinder whose results are plain arrays. Any threads.")
      .def(nb::init<const std::string&>(), nb::arg("options"))
      .def("find", &Finder::find, nb::arg("picture"), nb::arg("order"))
      .def("find_in", &Finder::find_in, nb::arg("picture"), nb::arg("order"), nb::arg("boxes"), nb::arg("scores"))
      .def("find_file", &Finder::find_file, nb::arg("path"))
      .def("find_bytes", &Finder::find_bytes, nb::arg("data"))
      .def_prop_ro("skeleton", [](const Finder& f) { return to_json(f.finder().skeleton()).dump(); })
      .def_prop_ro("model", [](const Finder& f) { return f.provenance().model; })
      .def_prop_ro("model_hash", [](const Finder& f) { return f.provenance().model_hash; })
      .def_prop_ro("settings", [](const Finder& f) { return f.provenance().settings.dump(); })
      .def_prop_ro("threads", [](const Finder& f) { return f.finder().threads(); })
      .def_prop_ro("precision", [](const Finder& f) { return name_of(f.finder().precision()); })
      .def_prop_ro("card", [](const Finder& f) { return f.finder().card_json().dump(); });
  nb::class_<Tracker>(m, "Tracker", "One video's people.")
      .def(nb::init<const Finder&, const std::string&>(), nb::arg("finder"), nb::arg("options"))
      .def("next", &Tracker::next, nb::arg("finder"), nb::arg("picture"), nb::arg("order"), nb::arg("seconds"))
      .def_prop_ro("ids", &Tracker::ids);
}

}  // namespace poise::python
