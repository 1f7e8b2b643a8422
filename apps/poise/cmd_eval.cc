#include <chrono>
#include <cstdio>
#include <deque>
#include <future>
#include <memory>

#include "card_flags.h"
#include "console.h"
#include "device.h"
#include "estimator_flags.h"
#include "eval_detector.h"
#include "metrics_persons.h"
#include "model_store.h"
#include "poise/base/thread_pool.h"
#include "poise/base/version.h"
#include "poise/formats/boxes.h"
#include "poise/formats/writers.h"
#include "poise/image/codec.h"
#include "poise/infer/estimator.h"
#include "poise/metrics/coco_eval.h"
#include "poise/metrics/oks_sigmas.h"
#include "poise/person/oks.h"

namespace poise::app {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

struct Options {
  std::string model, annotations, images, boxes = "gt", metric = "oks", reference = "torso", json, out, device = "cpu";
  CardFlags card;
  DetectorFlags detector;
  EstimatorOptions estimator;
  double threshold = 0.2;
  float nms = 0.9F;  // Simple Baselines' OKS_THRE
  bool quiet = false;
};

/// What the run found, and how fast.
struct Found {
  PoseSet set;
  Json results = Json::array();  // COCO's, as a file would hold them
  std::size_t boxes = 0, suppressed = 0, empty_pictures = 0, bad_boxes = 0;
  double seconds = 0;           // all of it
  double estimate_seconds = 0;  // crop, network and decoding alone
};

std::string box_source(const Options& o) {
  return o.boxes == "gt" ? "ground truth" : "detections, " + fs::path(o.boxes).filename().string();
}

class Run {
 public:
  Run(const Options& options, Estimator& estimator, const CocoTruth& truth, const BoxesFile& boxes, Console& console)
      : o_(options), estimator_(estimator), truth_(truth), boxes_(boxes), console_(console), pool_(2) {
    decode_.exif = boxes.exif_applied() ? Exif::kApply : Exif::kIgnore;  // annotations are of the pixels as stored
  }

  Result<Found> go() {
    const auto begin = Clock::now();
    found_.set.skeleton = estimator_.skeleton();
    std::vector<Job> todo = gather();
    if (todo.empty()) return invalid_argument(box_source(o_) + ": no image of the annotations has a box");
    constexpr std::size_t kAhead = 3;
    std::deque<std::future<Result<DecodedImage>>> pictures;
    std::size_t next = 0;
    for (std::size_t done = 0; done < todo.size(); ++done) {
      for (; next < todo.size() && next < done + kAhead; ++next) {
        pictures.push_back(pool_.submit([this, path = todo[next].path] { return read_image_file(path, decode_); }));
      }
      auto picture = pictures.front().get();
      pictures.pop_front();
      const Status status = picture.ok() ? estimate(todo[done], picture->image) : Status(picture.error());
      if (!status.ok() || interrupted()) {
        for (auto& waiting : pictures) waiting.wait();
        if (status.ok()) return io_error("stopped");
        return status.error();
      }
      console_.progress(done + 1, todo.size(), todo[done].path.filename().string());
    }
    console_.finish();
    found_.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    return std::move(found_);
  }

 private:
  struct Job {
    const CocoTruth::Image* image = nullptr;
    const ImageBoxes* boxes = nullptr;
    fs::path path;
  };

  std::vector<Job> gather() {
    std::vector<Job> todo;
    for (const CocoTruth::Image& image : truth_.images) {
      const ImageBoxes* boxes = boxes_.is_named() ? boxes_.find(fs::path(image.file_name)) : boxes_.find(image.id);
      if (boxes == nullptr) boxes = boxes_.is_named() ? boxes_.find(image.id) : boxes_.find(fs::path(image.file_name));
      if (boxes == nullptr || boxes->persons.empty()) {
        ++found_.empty_pictures;
        continue;
      }
      todo.push_back({&image, boxes, fs::path(o_.images) / image.file_name});
    }
    return todo;
  }

  Status estimate(const Job& job, const Image& picture) {
    std::vector<PersonBox> boxes;
    for (std::size_t i = 0; i < job.boxes->persons.size(); ++i) {
      const PersonBox& person = job.boxes->persons[i];
      if (person.score < o_.detector.threshold.value_or(person.score)) continue;
      if (check_box(person.box, {picture.width(), picture.height()}, i).ok()) {
        boxes.push_back(person);
      } else {
        ++found_.bad_boxes;
      }
    }
    found_.boxes += boxes.size();
    const auto begin = Clock::now();
    auto estimate = estimator_.estimate(picture.view(), boxes);
    found_.estimate_seconds += std::chrono::duration<double>(Clock::now() - begin).count();
    if (!estimate.ok()) return estimate.error().prefixed(job.path.string());
    FrameResult frame;
    frame.source = job.image->file_name;
    frame.image_id = job.image->id;
    std::vector<float> areas;
    areas.reserve(boxes.size());
    for (const PersonBox& person : boxes) areas.push_back(padded_box(person.box, estimator_.card().crop).area());
    for (const int kept : oks_nms(estimate->poses, areas, estimator_.skeleton(), o_.nms)) {
      frame.poses.push_back(std::move(estimate->poses[static_cast<std::size_t>(kept)]));
    }
    found_.suppressed += boxes.size() - frame.poses.size();
    append_coco_results(frame, job.image->id, found_.results);
    PoseSet::Image& image = found_.set.images.emplace_back();
    image.id = frame.image_id;
    image.name = frame.source;
    image.poses = std::move(frame.poses);
    return {};
  }

  const Options& o_;
  Estimator& estimator_;
  const CocoTruth& truth_;
  const BoxesFile& boxes_;
  Console& console_;
  DecodeOptions decode_;
  Found found_;
  ThreadPool pool_;  // last: its jobs use what stands above
};

/// The truth's joints must be the network's, in its order: COCO's results name none.
Status check_joints(const CocoTruth& truth, const Skeleton& skeleton) {
  if (truth.joints != skeleton.size()) {
    return invalid_argument("the truth has " + std::to_string(truth.joints) + " joints, the network's skeleton " +
                            skeleton.name + " has " + std::to_string(skeleton.size()) +
                            "; --metric pck matches joints by name");
  }
  for (const CocoTruth::Category& category : truth.categories) {
    for (std::size_t i = 0; i < category.keypoints.size() && i < skeleton.joints.size(); ++i) {
      if (category.keypoints[i] == skeleton.joints[i].name) continue;
      return invalid_argument("joint " + std::to_string(i) + " of the truth is " + category.keypoints[i] +
                              ", the network's is " + skeleton.joints[i].name +
                              "; --metric pck matches joints by name");
    }
  }
  return {};
}

Status measure_oks(const Found& found, const CocoTruth& truth, const Skeleton& skeleton, bool table, Json& json) {
  const std::string text = found.results.dump();
  POISE_TRY(const CocoResults results,
            parse_coco_results({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, truth));
  CocoEvalOptions options;
  std::string source = skeleton.name;
  if (auto name = guess_sigmas(truth, CocoPart::kBody); name.ok()) {
    source = *name;
    POISE_TRY(options.sigmas, named_sigmas(source));
  } else {
    POISE_TRY(options.sigmas, skeleton_sigmas(skeleton));
  }
  options.area_from_box = truth.without_area > 0;
  POISE_TRY(const CocoEvaluation evaluation, evaluate_coco(truth, results, options));
  const std::string protocol = "COCO keypoint AP (OKS), variant cocoapi, sigmas " + source +
                               (options.area_from_box ? ", area 0.53 of the box" : ", area as annotated");
  json.set("protocol", protocol);
  if (table) std::printf("%s\n%zu truths\n", protocol.c_str(), evaluation.truths_counted);
  for (const auto& [name, value] : evaluation.figures) {
    if (table) std::printf("  %-6s %.4f\n", name.c_str(), value);
    json.set(name, value);
  }
  json.set("truths", static_cast<std::int64_t>(evaluation.truths_counted));
  json.set("truths_ignored", static_cast<std::int64_t>(evaluation.truths_ignored));
  return {};
}

Status measure_pck_of(const Options& o, const Found& found, const PoseSet& truth, bool table, Json& json,
                      Console& console) {
  POISE_TRY(PersonPairs pairs, pair_persons(truth, found.set));
  pairs.notes.insert(pairs.notes.end(), truth.notes.begin(), truth.notes.end());
  PckOptions options;
  options.threshold = o.threshold;
  if (o.reference == "bbox") options.reference = PckReference::kBoxLongerSide;
  if (o.reference == "bbox-diagonal") options.reference = PckReference::kBoxDiagonal;
  if (o.reference == "head") options.reference = PckReference::kHead;
  POISE_TRY(const PckResult result, measure_pck(pairs, options));
  add_pck(result, pairs, "PCK", json);
  if (table) print_pck(result, pairs, "PCK");
  if (!table && result.without_reference > 0) {
    console.note(std::to_string(result.without_reference) + " of " + std::to_string(pairs.persons.size()) +
                 " persons left out: without the reference, " + name_of(options.reference));
  }
  for (const std::string& line : remarks(pairs)) {
    if (table) {
      std::printf("note: %s\n", line.c_str());
    } else {
      console.note(line);
    }
  }
  return {};
}

void add_run(const Options& o, const Estimator& estimator, const Found& found, Json& json) {
  const auto count = [&](const char* name, std::size_t value) { json.set(name, static_cast<std::int64_t>(value)); };
  json.set("poise", kVersion);
  json.set("metric", o.metric);
  json.set("annotations", o.annotations);
  json.set("box_source", box_source(o));
  json.set("model", o.model);
  json.set("model_sha256", estimator.model_hash());
  json.set("skeleton", estimator.skeleton().name);
  json.set("padding", estimator.card().crop.padding);
  json.set("flip_test", o.estimator.flip_test);
  json.set("backend", o.estimator.run.make ? "libtorch " + o.device : o.estimator.run.backend);
  json.set("precision", std::string(name_of(estimator.precision())));
  json.set("oks_nms", o.nms);
  count("pictures", found.set.images.size());
  count("pictures_without_boxes", found.empty_pictures);
  count("boxes", found.boxes);
  count("boxes_left_out", found.bad_boxes);
  count("poses_suppressed", found.suppressed);
  json.set("seconds", found.seconds);
  json.set("persons_per_second", static_cast<double>(found.boxes) / found.seconds);
  json.set("persons_per_second_estimate", static_cast<double>(found.boxes) / found.estimate_seconds);
}

void print_run(const Options& o, const Found& found) {
  std::printf(
      "boxes: %s; %zu persons in %zu pictures; %s; score: box times the mean of the joints above 0.2; OKS-NMS %g "
      "took %zu away\n",
      box_source(o).c_str(), found.boxes, found.set.images.size(), o.estimator.flip_test ? "flip test" : "no flip test",
      static_cast<double>(o.nms), found.suppressed);
  if (found.bad_boxes > 0) std::printf("note: %zu boxes left out: empty or outside their picture\n", found.bad_boxes);
  if (found.empty_pictures > 0) std::printf("note: %zu pictures have no box\n", found.empty_pictures);
  std::printf(
      "speed, measured here: %.1f persons/s with decoding of pictures, %.1f in crop, network and joints alone\n",
      static_cast<double>(found.boxes) / found.seconds, static_cast<double>(found.boxes) / found.estimate_seconds);
}

Status eval(Options& o, Console& console) {
  POISE_RETURN_IF_ERROR(set_device(o.device, o.estimator.run));
  if (!o.detector.detector.empty()) {
    if (!o.model.empty() || o.boxes != "gt") {
      return invalid_argument(
          "--detector alone is measured here; for poses in its boxes, first `poise detect --out "
          "boxes.json`, then --boxes boxes.json");
    }
    return eval_detector({o.annotations, o.images, o.out, o.json, o.detector, o.estimator.run}, console);
  }
  if (!o.detector.preset.empty() || o.detector.nms || (o.detector.threshold && o.boxes == "gt"))
    return invalid_argument("there is no detector to set: name one with --detector");
  o.estimator.card.preset = o.card.preset;
  POISE_TRY(o.estimator.card.flags, o.card.json());
  POISE_TRY(const CocoTruth truth, read_coco_truth(o.annotations));
  POISE_TRY(const BoxesFile boxes, BoxesFile::read(o.boxes == "gt" ? o.annotations : o.boxes));
  POISE_TRY(OpenModel model, open_model(o.model));
  o.model = model.name;
  POISE_TRY(Estimator estimator, Estimator::create(std::move(model.onnx), o.estimator, model.path));
  PoseSet people;
  if (o.metric == "oks") {
    POISE_RETURN_IF_ERROR(check_joints(truth, estimator.skeleton()));
  } else {
    POISE_TRY(people, read_pose_set(o.annotations, PoseFormat::kCoco));
  }
  watch_interrupts();
  POISE_TRY(const Found found, Run(o, estimator, truth, boxes, console).go());
  if (!o.out.empty()) POISE_RETURN_IF_ERROR(write_file_atomic(fs::path(o.out), found.results.dump() + "\n"));
  Json json = Json::object();
  add_run(o, estimator, found, json);
  const bool table = o.json != "-";
  if (table) print_run(o, found);
  if (o.metric == "oks") {
    POISE_RETURN_IF_ERROR(measure_oks(found, truth, estimator.skeleton(), table, json));
  } else {
    POISE_RETURN_IF_ERROR(measure_pck_of(o, found, people, table, json, console));
  }
  return put_json(json, o.json);
}

}  // namespace

Action make_eval(CLI::App& command) {
  auto o = std::make_shared<Options>();
  command.add_option("-m,--model", o->model, "an ONNX file, or a model's name; otherwise the default")
      ->type_name("FILE");
  command.add_option("-a,--annotations", o->annotations, "the truth: COCO annotations")
      ->required()
      ->type_name("A.json");
  command.add_option("-i,--images", o->images, "where its pictures lie")->required()->type_name("DIR");
  command.add_option("-b,--boxes", o->boxes, "gt: the truth's own boxes; or COCO detections")
      ->capture_default_str()
      ->type_name("gt|FILE");
  command.add_option("--metric", o->metric, "oks: COCO's AP; pck: joints matched by name")
      ->check(CLI::IsMember({"oks", "pck"}))
      ->capture_default_str();
  command.add_option("--threshold", o->threshold, "of pck")->check(CLI::Range(0.0, 10.0))->capture_default_str();
  command.add_option("--reference", o->reference, "of pck")
      ->check(CLI::IsMember({"torso", "bbox", "bbox-diagonal", "head"}))
      ->capture_default_str();
  command.add_option("--oks-nms", o->nms, "of two poses more alike than this the better is kept; 1: all are")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  o->detector.add_to(command, "A detector measured in an estimator's place");
  add_json_option(command, o->json);
  command.add_option("-o,--out", o->out, "the poses, or boxes, as COCO results, for other tools")
      ->type_name("RESULTS.json");
  add_estimator_flags(command, o->estimator, o->device);
  command.add_flag("-q,--quiet", o->quiet, "no progress");
  o->card.add_to(command, "Model card (over MODEL.card.json, the file's own card, and --preset)");
  command.footer(
      "Examples:\n"
      "  poise eval --model pose.onnx --preset gluon --annotations val.json --images val/ --boxes gt\n"
      "  poise eval --model pose.onnx --annotations lsp.json --images lsp/ --metric pck --threshold 0.2\n"
      "  poise eval --model pose.onnx --annotations val.json --images val/ --boxes boxes.json   # of poise detect\n"
      "  poise eval --detector yolox.onnx --detector-preset yolox --annotations val.json --images val/");
  return [o] {
    Console console(o->quiet);
    const Status status = eval(*o, console);
    if (status.ok()) return 0;
    console.finish();
    console.error(status.error().message);
    return 1;
  };
}

}  // namespace poise::app
