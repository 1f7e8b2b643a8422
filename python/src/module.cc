// The module poise._poise: the library for the package's Python files, which are its users' interface.

#include "module.h"

#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>
#include <omp.h>

#include "buffer.h"
#include "poise/base/passive_threads.h"
#include "poise/base/version.h"
#include "poise/eval/coco_report.h"
#include "poise/image/codec.h"
#include "poise/image/picture_files.h"
#include "program.h"
#include "results.h"

namespace poise::python {
namespace nb = nanobind;
namespace {

Exception wrong_kind(const std::string& name, const Json& value, const char* wanted) {
  return Exception(invalid_argument("option \"" + name + "\" must be " + wanted + ", it is " + value.kind()));
}
std::string text_in(const std::string& name, const Json& value) {
  return value.is_string() ? value.as_string() : throw wrong_kind(name, value, "a string");
}
bool flag_in(const std::string& name, const Json& value) {
  return value.is_bool() ? value.as_bool() : throw wrong_kind(name, value, "true or false");
}
float number_in(const std::string& name, const Json& value) {
  return value.is_number() ? static_cast<float>(value.as_number()) : throw wrong_kind(name, value, "a number");
}
int count_in(const std::string& name, const Json& value, int least) {
  constexpr std::int64_t kMost = 1 << 20;
  if (!value.is_integer()) throw wrong_kind(name, value, "an integer");
  if (value.as_integer() < least || value.as_integer() > kMost) {
    throw Exception(invalid_argument("option \"" + name + "\" must be at least " + std::to_string(least)));
  }
  return static_cast<int>(value.as_integer());
}
Json object_in(const std::string& name, const Json& value) {
  return value.is_object() ? value : throw wrong_kind(name, value, "an object");
}

Precision precision_in(const std::string& name, const Json& value) {
  const auto precision = find_precision(text_in(name, value));
  if (!precision) throw Exception(invalid_argument("precision is one of fp32, bf16, int8"));
  return *precision;
}

/// Of both networks.
bool set_runner(RunnerOptions& run, const std::string& name, const Json& value) {
  if (name == "backend")
    run.backend = text_in(name, value);
  else if (name == "threads")
    run.threads = count_in(name, value, 0);
  else if (name == "precision")
    run.precision = precision_in(name, value);
  else if (name == "deterministic")
    run.deterministic = flag_in(name, value);
  else
    return false;
  return true;
}

bool set_network(PoseFinderOptions& o, const std::string& name, const Json& value) {
  if (name == "model")
    o.model = text_in(name, value);
  else if (name == "detector")
    o.detector = text_in(name, value);
  else if (name == "models")
    o.models = text_in(name, value);
  else if (name == "whole_picture")
    o.whole_picture = flag_in(name, value);
  else if (name == "batch")
    o.estimate.batch = count_in(name, value, 1);
  else if (name == "flip_test")
    o.estimate.flip_test = flag_in(name, value);
  else if (name == "preset")
    o.estimate.card.preset = text_in(name, value);
  else if (name == "card")
    o.estimate.card.flags = object_in(name, value);
  else if (name == "detector_preset")
    o.detect.card.preset = text_in(name, value);
  else if (name == "detector_card")
    o.detect.card.flags = object_in(name, value);
  else if (name == "threshold")
    o.detect.threshold = number_in(name, value);
  else if (name == "nms")
    o.detect.nms = number_in(name, value);
  else
    return false;
  return true;
}

/// An array that owns the decoded picture.
nb::object array_of(Image image) {
  auto* kept = new Image(std::move(image));
  const nb::capsule owner(kept, [](void* p) noexcept { delete static_cast<Image*>(p); });
  const auto height = static_cast<std::size_t>(kept->height());
  const auto width = static_cast<std::size_t>(kept->width());
  return nb::cast(nb::ndarray<nb::numpy, std::uint8_t>(kept->data(), {height, width, 3}, owner));
}

/// What `decode` gives, which it is asked for without the GIL.
template <typename Decode>
nb::object decoded(const Decode& decode) {
  Image image;
  {
    const nb::gil_scoped_release release;
    image = std::move(decode().value().image);
  }
  return array_of(std::move(image));
}

nb::bytes encode(nb::handle picture, const std::string& order, const std::string& format, int quality) {
  EncodeOptions options;
  options.quality = quality;
  if (format == "jpeg")
    options.format = ImageFormat::kJpeg;
  else if (format == "png")
    options.format = ImageFormat::kPng;
  else if (format == "webp")
    options.format = ImageFormat::kWebp;
  else
    throw Exception(invalid_argument("format is \"" + format + "\": jpeg, png or webp"));
  const PixelBuffer pixels(picture, order);
  Bytes bytes;
  {
    const nb::gil_scoped_release release;
    bytes = encode_image(pixels.view(), options).value();
  }
  return nb::bytes(bytes.data(), bytes.size());
}

std::string coco(const std::string& truth, const std::string& results, bool boxes, const std::string& rules,
                 const std::string& sigmas) {
  const nb::gil_scoped_release release;
  CocoReportOptions options;
  options.truth = truth;
  options.results = results;
  options.sigmas = sigmas;
  options.variant = coco_rules(rules).value();
  if (boxes) options.part = CocoPart::kNone;
  const CocoReport report = measure_coco(options).value();
  Json figures = Json::object();
  for (const auto& [name, value] : report.evaluation.figures) figures.set(name, value);
  Json all = to_json(report);
  all.set("figures", std::move(figures));
  Json notes = Json::array();
  for (const std::string& line : remarks(report)) notes.push(line);
  all.set("notes", std::move(notes));
  return all.dump();
}

int run_program(std::vector<std::string> words) {
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const nb::gil_scoped_release release;
  return app::run_program(static_cast<int>(words.size()), arguments.data());
}

std::pair<std::vector<std::string>, std::string> find_files(const std::vector<std::string>& names) {
  const FoundPictures found = find_pictures(names).value();
  std::vector<std::string> files;
  for (const PictureFile& file : found.files) files.push_back(file.path.string());
  return {files, found.note()};
}

/// Errors of the library as the classes of poise._errors, by their code.
void translate(const std::exception_ptr& exception, void*) {
  try {
    std::rethrow_exception(exception);
  } catch (const Exception& e) {
    const nb::object classes = nb::module_::import_("poise._errors").attr("BY_CODE");
    const nb::object type = classes[nb::int_(static_cast<int>(e.error().code))];
    PyErr_SetString(type.ptr(), e.error().message.c_str());
  }
}

}  // namespace

std::atomic<int>& forks() {
  static std::atomic<int> count = 0;
  return count;
}

PoseFinderOptions finder_options(const std::string& text) {
  PoseFinderOptions options;
  const Json json = parse_json(text).value();
  for (const auto& [name, value] : json.as_object()) {
    if (value.is_null()) continue;
    if (name == "doubles") {
      const float oks = number_in(name, value);
      options.doubles.rule = oks > 0 ? DoublesOptions::Rule::kOks : DoublesOptions::Rule::kNone;
      if (oks > 0) options.doubles.oks = oks;
    } else if (set_runner(options.estimate.run, name, value)) {
      set_runner(options.detect.run, name, value);
    } else if (!set_network(options, name, value)) {
      throw Exception(invalid_argument("no option is named \"" + name + "\""));
    }
  }
  return options;
}

DrawOptions draw_options(const std::string& text) {
  DrawOptions o;
  const Json json = parse_json(text).value();
  for (const auto& [name, value] : json.as_object()) {
    if (value.is_null()) continue;
    if (name == "min_score")
      o.min_score = number_in(name, value);
    else if (name == "line_width")
      o.line_width = number_in(name, value);
    else if (name == "alpha")
      o.alpha = number_in(name, value);
    else if (name == "by_person")
      o.colours = flag_in(name, value) ? DrawColours::kPerson : DrawColours::kSide;
    else if (name == "joints")
      o.joints = flag_in(name, value);
    else if (name == "limbs")
      o.limbs = flag_in(name, value);
    else if (name == "boxes")
      o.boxes = flag_in(name, value);
    else if (name == "labels")
      o.labels = flag_in(name, value);
    else if (name == "scores")
      o.scores = flag_in(name, value);
    else if (name == "ids")
      o.ids = flag_in(name, value);
    else
      throw Exception(invalid_argument("no option of drawing is named \"" + name + "\""));
  }
  return o;
}

NB_MODULE(_poise, m) {
  m.doc() = "The library behind poise; its interface is that of the package's Python files.";
  nb::register_exception_translator(translate);
  m.attr("version") = kVersion;
  define_finder(m);
  define_networks(m);
  define_results(m);
  m.def(
      "read_picture", [](const std::string& path) { return decoded([&] { return read_image_file(path); }); },
      nb::arg("path"));
  m.def(
      "decode_picture",
      [](const nb::bytes& data) {
        const BytesView bytes(reinterpret_cast<const std::uint8_t*>(data.c_str()), data.size());
        return decoded([&] { return decode_image(bytes); });
      },
      nb::arg("data"));
  m.def("encode_picture", &encode, nb::arg("picture"), nb::arg("order"), nb::arg("format"), nb::arg("quality"));
  m.def("find_pictures", &find_files, nb::arg("names"));
  m.def("measure_coco", &coco, nb::arg("truth"), nb::arg("results"), nb::arg("boxes"), nb::arg("rules"),
        nb::arg("sigmas"));
  m.def("run_program", &run_program, nb::arg("words"), "Runs the program; its exit code.");
  // GNU's OpenMP keeps a pool of threads that a forked child does not have, and would wait for.
  m.def("before_fork", [] { omp_pause_resource_all(omp_pause_hard); });
  m.def("after_fork_in_child", [] { ++forks(); });
  // Threads that wait sleep (poise/base/passive_threads.h). For the process's life: at its end nobody joins them.
  m.def("share_the_machine", [] {
    static const auto* const passive = new PassiveThreads();
    return passive->active();
  });
}

}  // namespace poise::python
