#include <chrono>
#include <cstdio>
#include <deque>
#include <future>
#include <memory>
#include <optional>
#include <sstream>

#include "card_flags.h"
#include "command.h"
#include "console.h"
#include "device.h"
#include "estimator_flags.h"
#include "model_store.h"
#include "outputs.h"
#include "poise/base/thread_pool.h"
#include "poise/base/version.h"
#include "poise/formats/boxes.h"
#include "poise/image/codec.h"
#include "poise/infer/estimator.h"
#include "sources.h"

namespace poise::app {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::vector<std::string> sources;
  std::string model, boxes, exif, input, json;
  CardFlags card;
  EstimatorOptions estimator;
  OutputOptions output;
  std::string out = "poise-out", device = "cpu";
  bool no_image = false, quiet = false;
  CLI::Option* json_option = nullptr;
};

constexpr const char* kExamples =
    "Examples:\n"
    "  poise predict team.jpg\n"
    "  poise predict team.jpg --model pose.onnx --preset simple-baselines\n"
    "  poise predict holiday/ 'shots/*.png' --model pose.onnx --boxes detections.json --out out/\n"
    "  poise predict person.jpg --model pose.onnx --preset gluon --flip-test --heatmaps\n"
    "  poise predict val/ --model pose.onnx --boxes person_keypoints.json --format coco --no-image";

Result<Json> card_flags(const Options& o) {
  POISE_TRY(Json flags, o.card.json());
  if (!o.input.empty()) {
    POISE_TRY(const auto sides, parse_sides("--input", o.input));
    flags.set("input", Json(Json::Array{Json(sides.first), Json(sides.second)}));
  }
  return flags;
}

Json settings_json(const Options& o, const Estimator& estimator) {
  Json settings = Json::object();
  settings.set("backend", o.estimator.runner ? "libtorch " + o.device : o.estimator.backend);
  settings.set("precision", std::string(name_of(estimator.precision())));
  settings.set("flip_test", o.estimator.flip_test);
  settings.set("batch", o.estimator.batch);
  settings.set("boxes", o.boxes.empty() ? std::string("whole image") : fs::path(o.boxes).filename().string());
  settings.set("min_score", o.output.min_score);
  const Json full = to_json(estimator.card());
  for (const auto& [name, value] : full.as_object()) {
    if (name != "skeleton" && name != "precision") settings.set(name, value);
  }
  return settings;
}

/// One picture on its way through: decoded on the pool, estimated here, written on the pool.
struct Job {
  const Source* source = nullptr;
  std::future<Result<DecodedImage>> picture;
};

class Run {
 public:
  Run(const Options& options, Estimator estimator, std::optional<BoxesFile> boxes, std::vector<Source> sources)
      : o_(options),
        console_(options.quiet),
        estimator_(std::move(estimator)),
        boxes_(std::move(boxes)),
        sources_(std::move(sources)),
        pool_(2) {
    provenance_ = {o_.model, estimator_.model_hash(), settings_json(o_, estimator_)};
    const bool ignore = o_.exif.empty() ? boxes_.has_value() && !boxes_->exif_applied() : o_.exif == "ignore";
    decode_.exif = ignore ? Exif::kIgnore : Exif::kApply;
  }

  int go() {
    watch_interrupts();
    begin_ = Clock::now();
    if (!boxes_) console_.note("no --boxes: each whole picture is taken as one person's box");
    constexpr std::size_t kAhead = 3;
    std::deque<Job> jobs;
    std::size_t next = 0;
    std::size_t done = 0;
    while (done < sources_.size() && !interrupted()) {
      for (; next < sources_.size() && jobs.size() < kAhead; ++next) {
        const Source& source = sources_[next];
        jobs.push_back(
            {&source, pool_.submit([&source, decode = decode_] { return read_image_file(source.path, decode); })});
      }
      Job job = std::move(jobs.front());
      jobs.pop_front();
      picture(*job.source, job.picture.get());
      console_.progress(++done, sources_.size(), job.source->path.filename().string());
      while (writes_.size() > kAhead) settle();
    }
    for (Job& job : jobs) job.picture.wait();
    while (!writes_.empty()) settle();
    console_.finish();
    if (interrupted())
      fail("stopped after " + std::to_string(done) + " of " + std::to_string(sources_.size()) + " pictures");
    if (o_.output.format == "coco") write_coco();
    return summary();
  }

 private:
  using Clock = std::chrono::steady_clock;

  void fail(const std::string& message) {
    console_.error(message);
    errors_.push(message);
  }

  /// The boxes to look in; nothing where the picture is to be passed over.
  std::optional<std::vector<PersonBox>> find_boxes(const Source& source, FrameResult& frame) {
    if (!boxes_) {
      frame.box_source = "whole image";
      return std::vector<PersonBox>{{{0, 0, static_cast<float>(frame.width), static_cast<float>(frame.height)}, 1.0F}};
    }
    frame.box_source = fs::path(o_.boxes).filename().string();
    const ImageBoxes* found = boxes_->find(source.path);
    if (found == nullptr && boxes_->is_annotations()) {
      fail(source.path.string() + ": " + o_.boxes + " does not speak of this picture: is its file_name another?");
      return std::nullopt;
    }
    if (found == nullptr) return std::vector<PersonBox>{};  // detections name only pictures with people
    matched_ += 1;
    frame.image_id = found->image_id;
    std::vector<PersonBox> good;
    for (std::size_t i = 0; i < found->persons.size(); ++i) {
      const Status status = check_box(found->persons[i].box, {frame.width, frame.height}, i);
      if (status.ok()) {
        good.push_back(found->persons[i]);
      } else {
        fail(source.path.string() + ": " + status.error().message);
      }
    }
    return good;
  }

  void picture(const Source& source, Result<DecodedImage> decoded) {
    if (!decoded.ok()) return fail(decoded.error().message);
    FrameResult frame;
    frame.source = source.path.string();
    frame.width = decoded->image.width();
    frame.height = decoded->image.height();
    frame.exif_orientation = decoded->exif_orientation;
    frame.exif_applied = decoded->exif_applied;
    const auto boxes = find_boxes(source, frame);
    if (!boxes) return;
    const auto begin = Clock::now();
    auto estimate = estimator_.estimate(decoded->image.view(), *boxes, o_.output.heatmaps);
    estimate_seconds_ += std::chrono::duration<double>(Clock::now() - begin).count();
    if (!estimate.ok()) return fail(source.path.string() + ": " + estimate.error().message);
    frame.poses = estimate->poses;
    persons_ += frame.poses.size();
    if (o_.output.format == "coco") append_coco_results(frame, static_cast<std::int64_t>(images_ + 1), coco_);
    images_ += 1;
    last_done_ = source.place;
    auto shared = std::make_shared<std::tuple<Image, FrameResult, Estimate>>(std::move(decoded->image),
                                                                             std::move(frame), std::move(*estimate));
    writes_.push_back(pool_.submit([this, &source, shared]() -> Status {
      auto& [image, result, details] = *shared;
      return write_picture_outputs(o_.output, source.place, std::move(image), result, details, estimator_.skeleton(),
                                   provenance_);
    }));
  }

  void settle() {
    const Status status = writes_.front().get();
    writes_.pop_front();
    if (!status.ok()) fail(status.error().message);
  }

  void write_coco() {
    const Status status = write_file_atomic(o_.output.folder / "results.json", coco_.dump() + "\n");
    if (!status.ok()) fail(status.error().message);
  }

  int summary() {
    if (boxes_ && matched_ == 0) {
      fail(o_.boxes +
           ": none of the pictures is in it; entries are matched by file_name, or by image_id against the "
           "number that ends the file's name");
    }
    const double seconds = std::chrono::duration<double>(Clock::now() - begin_).count();
    const bool json_to_stdout = o_.json_option->count() > 0 && o_.json.empty();
    Json json = Json::object();
    json.set("poise", kVersion);
    json.set("pictures", static_cast<std::int64_t>(images_));
    json.set("persons", static_cast<std::int64_t>(persons_));
    json.set("errors", errors_);
    json.set("seconds", seconds);
    json.set("estimate_seconds", estimate_seconds_);
    json.set("out", o_.output.folder.string());
    json.set("format", o_.output.format);
    Json model = Json::object();
    model.set("file", provenance_.model);
    model.set("sha256", provenance_.model_hash);
    json.set("model", std::move(model));
    json.set("settings", provenance_.settings);
    if (json_to_stdout) {
      std::printf("%s\n", json.dump(1).c_str());
    } else if (!o_.json.empty()) {
      const Status status = write_file_atomic(fs::path(o_.json), json.dump(1) + "\n");
      if (!status.ok()) fail(status.error().message);
    }
    if (!o_.quiet && !json_to_stdout) {
      std::ostringstream line;
      line << images_ << (images_ == 1 ? " picture, " : " pictures, ") << persons_
           << (persons_ == 1 ? " person" : " persons") << " -> " << o_.output.folder.string();
      if (images_ == 1 && o_.output.format == "poise") {
        fs::path stem = o_.output.folder / last_done_;
        stem.replace_extension();
        line << "\n  " << stem.string() << ".poses.json";
        if (o_.output.image) line << "\n  " << stem.string() << ".poses.jpg";
      }
      std::printf("%s\n", line.str().c_str());
    }
    return errors_.as_array().empty() ? 0 : 1;
  }

  const Options& o_;
  Console console_;
  Estimator estimator_;
  std::optional<BoxesFile> boxes_;
  std::vector<Source> sources_;
  DecodeOptions decode_;
  Provenance provenance_;
  Json coco_ = Json::array();
  Json errors_ = Json::array();
  std::size_t images_ = 0, persons_ = 0, matched_ = 0;
  fs::path last_done_;  // the place of the picture estimated last
  double estimate_seconds_ = 0;
  Clock::time_point begin_;
  std::deque<std::future<Status>> writes_;
  ThreadPool pool_;  // last: its jobs use what stands above
};

/// The output folder is tried before any work, so that an hour of it is not lost.
Status check_out(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error || !fs::is_directory(folder)) {
    return io_error(folder.string() + ": cannot be made a folder (" + (error ? error.message() : "it is a file") +
                    "); choose another --out");
  }
  const fs::path probe = folder / ".poise-probe";
  const Status status = write_file_atomic(probe, std::string_view(""));
  fs::remove(probe, error);
  if (!status.ok()) return status.error();
  return {};
}

Status predict(Options& o, int& code) {
  POISE_RETURN_IF_ERROR(set_device(o.device, o.estimator));
  if (!o.json.empty() && fs::path(o.json).extension() != ".json") {
    return invalid_argument("--json writes to a file that ends in .json, not \"" + o.json + "\"");
  }
  o.output.folder = o.out;
  o.output.image = !o.no_image;
  o.estimator.card.preset = o.card.preset;
  POISE_TRY(o.estimator.card.flags, card_flags(o));
  POISE_TRY(std::vector<Source> sources, gather_sources(o.sources));
  std::optional<BoxesFile> boxes;
  if (!o.boxes.empty()) {
    POISE_TRY(boxes, BoxesFile::read(o.boxes));
  }
  POISE_TRY(OpenModel model, open_model(o.model));
  o.model = model.name;
  POISE_TRY(Estimator estimator, Estimator::create(std::move(model.onnx), o.estimator, model.path));
  POISE_RETURN_IF_ERROR(check_out(o.output.folder));
  code = Run(o, std::move(estimator), std::move(boxes), std::move(sources)).go();
  return {};
}

}  // namespace

Action make_predict(CLI::App& command) {
  auto o = std::make_shared<Options>();
  command.add_option("sources", o->sources, "pictures, folders, globs")->required()->type_name("SOURCE");
  command.add_option("-m,--model", o->model, "an ONNX file, or a model's name; otherwise the default")
      ->type_name("FILE");
  command.add_option("-b,--boxes", o->boxes, "where the people are: COCO detections or annotations")->type_name("FILE");
  command.add_option("-o,--out", o->out, "folder for the results")->capture_default_str()->type_name("DIR");
  command.add_option("-f,--format", o->output.format, "poise: one JSON a picture; coco: one results.json")
      ->check(CLI::IsMember({"poise", "coco", "openpose", "csv"}))
      ->capture_default_str();
  command.add_flag("--no-image", o->no_image, "draw no pictures");
  command.add_flag("--heatmaps", o->output.heatmaps, "write NAME.heatmaps.jpg and .npy too");
  command.add_option("--min-score", o->output.min_score, "joints below are not drawn")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  add_estimator_flags(command, o->estimator, o->device);
  command.add_option("--exif", o->exif, "photograph's orientation: apply (default), or ignore (default with --boxes)")
      ->check(CLI::IsMember({"apply", "ignore"}));
  o->json_option = command.add_option("--json", o->json, "the run's summary as JSON, to FILE or standard output")
                       ->expected(0, 1)
                       ->type_name("[FILE]");
  command.add_flag("-q,--quiet", o->quiet, "say nothing but errors");
  const std::string card = "Model card (over MODEL.card.json, the file's own card, and --preset)";
  o->card.add_to(command, card);
  command.add_option("--input", o->input, "input size where the network leaves it open")->group(card)->type_name("WxH");
  command.footer(kExamples);
  return [o] {
    int code = 1;
    const Status status = predict(*o, code);
    if (!status.ok()) Console(o->quiet).error(status.error().message);
    return code;
  };
}

}  // namespace poise::app
