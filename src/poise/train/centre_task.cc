#include <algorithm>
#include <utility>

#include "poise/card/detector_card.h"
#include "poise/data/loader.h"
#include "poise/draw/chart.h"
#include "poise/metrics/box_ap.h"
#include "poise/train/centre_loss.h"
#include "poise/train/task.h"

namespace poise {
namespace {

constexpr std::size_t kValScenes = 192;       // the same ones each time
constexpr std::uint64_t kValSeed = 0x76616c;  // "val"
constexpr float kOverlap = 0.5F;              // of AP50
constexpr CentreDecoding kDecoding{.threshold = 0.02F, .most = 100};

/// The scenes of the job, as its network wants them.
Result<SceneOptions> scene_options(const TrainJob& job) {
  if (job.graph.inputs.size() != 1 || job.graph.outputs.size() != 3) {
    return invalid_argument("a network of centres has one input, and heatmap, size and offset as outputs");
  }
  SceneOptions scene = job.settings.scene;
  const Shape& input = job.graph.values.at(job.graph.inputs[0]).shape;
  if (input.size() != 4 || input[2] <= 0 || input[3] <= 0) return invalid_argument("the network's input has no size");
  scene.size = {static_cast<int>(input[3]), static_cast<int>(input[2])};
  const std::vector<Shape> shapes{{1, 3, input[2], input[3]}};
  POISE_TRY(const auto infos, infer_shapes(job.graph, shapes));
  const Shape& heatmap = infos[job.graph.outputs[0]].shape;
  if (heatmap.size() != 4 || heatmap[1] != 1 || heatmap[3] < 1) {
    return invalid_argument("the network gives " + to_string(heatmap) + ": one category can be learned");
  }
  scene.codec.stride = static_cast<float>(input[3]) / static_cast<float>(heatmap[3]);
  POISE_TRY(const DetectorCard card, detector_card_from_json(job.card, scene.size));
  scene.normalisation = card.input.normalisation;
  return scene;
}

/// The normalised picture as people see it, with its boxes: found ones green, true ones white.
Image drawn(const float* planes, const SceneOptions& scene, const std::vector<Detection>& found,
            const std::vector<Box>& truth) {
  Image image(scene.size.width, scene.size.height);
  const Normalisation& n = scene.normalisation;
  const std::array<std::size_t, 3> channels = plane_channels(n.order);
  const std::size_t count = static_cast<std::size_t>(scene.size.width) * static_cast<std::size_t>(scene.size.height);
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t plane = 0; plane < 3; ++plane) {
      const float value = (planes[plane * count + i] * n.std[plane] + n.mean[plane]) / n.scale;
      image.data()[3 * i + channels[plane]] = static_cast<std::uint8_t>(std::clamp(value, 0.0F, 255.0F));
    }
  }
  using Colour = std::array<std::uint8_t, 3>;
  const auto dot = [&image](int x, int y, const Colour& colour) {
    if (x >= 0 && y >= 0 && x < image.width() && y < image.height()) {
      std::ranges::copy(colour, image.row(y) + std::ptrdiff_t{3} * x);
    }
  };
  const auto outline = [&](const Box& box, const Colour& colour) {
    const auto pixel = [](float v) { return static_cast<int>(std::clamp(v, -1.0F, 1e4F)); };
    const int left = pixel(box.x), right = pixel(box.x + box.width);
    const int top = pixel(box.y), bottom = pixel(box.y + box.height);
    for (int x = left; x <= right; ++x) dot(x, top, colour), dot(x, bottom, colour);
    for (int y = top; y <= bottom; ++y) dot(left, y, colour), dot(right, y, colour);
  };
  constexpr float kShown = 0.3F;
  for (const Box& box : truth) outline(box, {255, 255, 255});
  for (const Detection& one : found) {
    if (one.score >= kShown) outline(one.box, {0, 230, 0});
  }
  return image;
}

class CentreTask : public Task {
 public:
  CentreTask(const TrainOptions& options, const SceneOptions& scene, ExamplesPtr to_learn, ExamplesPtr to_validate)
      : options_(options), scene_(scene), to_learn_(std::move(to_learn)), to_validate_(std::move(to_validate)) {}

  const ExamplesPtr& to_learn() const override { return to_learn_; }
  const ExamplesPtr& to_validate() const override { return to_validate_; }

  at::Tensor loss(const std::vector<at::Tensor>& outputs, const at::Tensor& targets,
                  const at::Tensor& weights) const override {
    return centre_loss(outputs, targets, weights, options_.centre_loss);
  }

  Result<Measured> validate(TorchGraph& network) const override {
    LoaderOptions loading = validation_loading(options_.batch, options_.workers);
    loading.seed = kValSeed;
    POISE_TRY(const auto loader, Loader::create(to_validate_, loading));
    Measured measured;
    measured.sheet = Image(kColumns * scene_.size.width, kTitle + kRows * scene_.size.height);
    draw_text(measured.sheet, 3, 4, "green: found   white: truth", {255, 255, 255}, 1);
    Judgement judgement;
    while (true) {
      POISE_TRY(const std::optional<Batch> batch, loader->next());
      if (!batch) break;
      POISE_TRY(
          const std::vector<Tensor> outputs, guarded([&]() -> Result<std::vector<Tensor>> {
            const at::NoGradGuard no_gradients;
            const std::vector<at::Tensor> found = network.forward({to_torch(batch->images)}, false);
            const at::Device device = found[0].device();
            measured.loss +=
                loss(found, to_torch(batch->targets).to(device), to_torch(batch->weights).to(device)).item<double>() *
                static_cast<double>(batch->indices.size());
            std::vector<Tensor> values;
            for (const at::Tensor& one : found) values.push_back(from_torch(one));
            return values;
          }));
      judge(*batch, outputs, judgement, measured.sheet);
    }
    measured.loss /= static_cast<double>(to_validate_->size());
    measured.score = average_precision(std::move(judgement.judged), judgement.truths);
    measured.details.set("val_persons", static_cast<std::int64_t>(judgement.truths));
    return measured;
  }

 private:
  static constexpr int kColumns = 4, kRows = 3, kTitle = 14;
  struct Judgement {
    std::vector<JudgedBox> judged;
    std::size_t truths = 0, pictures = 0;
  };

  void judge(const Batch& batch, const std::vector<Tensor>& outputs, Judgement& judgement, Image& sheet) const {
    const Size cells{static_cast<int>(batch.targets.dim(3)), static_cast<int>(batch.targets.dim(2))};
    const auto of = [](const Tensor& tensor, std::size_t i) {
      return tensor.floats().data() + static_cast<std::int64_t>(i) * (tensor.count() / tensor.dim(0));
    };
    for (std::size_t i = 0; i < batch.indices.size(); ++i) {
      const float* weights = of(batch.weights, i);
      const std::vector<Box> truth = encoded_boxes(scene_.codec, of(batch.targets, i), weights, cells);
      const std::vector<Detection> found =
          decode(scene_.codec, {of(outputs[0], i), of(outputs[1], i), of(outputs[2], i), cells}, kDecoding);
      std::vector<ScoredBox> scored;
      for (const Detection& one : found) scored.push_back({one.box, one.score});
      const auto ignored = [&](const Box& box) {
        const Point centre = box.centre();
        const int x = std::clamp(static_cast<int>(centre.x / scene_.codec.stride), 0, cells.width - 1);
        const int y = std::clamp(static_cast<int>(centre.y / scene_.codec.stride), 0, cells.height - 1);
        return weights[static_cast<std::ptrdiff_t>(y) * cells.width + x] == 0;
      };
      const auto judged = judge_boxes(scored, truth, kOverlap, ignored);
      judgement.judged.insert(judgement.judged.end(), judged.begin(), judged.end());
      judgement.truths += truth.size();
      if (const auto n = static_cast<int>(judgement.pictures++); n < kColumns * kRows) {
        const Image one = drawn(of(batch.images, i), scene_, found, truth);
        for (int y = 0; y < one.height(); ++y) {
          std::copy_n(
              one.row(y), std::ptrdiff_t{3} * one.width(),
              sheet.row(kTitle + n / kColumns * one.height() + y) + std::ptrdiff_t{3} * (n % kColumns) * one.width());
        }
      }
    }
  }

  TrainOptions options_;
  SceneOptions scene_;
  ExamplesPtr to_learn_, to_validate_;
};

}  // namespace

Status check_centre_task(const TrainJob& job) {
  POISE_TRY(const SceneOptions scene, scene_options(job));
  return check(scene);
}

Result<std::unique_ptr<Task>> centre_task(const TrainJob& job, const BoxData& data) {
  POISE_TRY(const SceneOptions scene, scene_options(job));
  POISE_TRY(ExamplesPtr to_learn, scene_examples(data.train, scene));
  SceneOptions fixed = scene;
  fixed.scenes = std::min(scene.scenes, kValScenes);
  auto to_validate = scene_examples({{data.val, 1.0}}, fixed);
  if (!to_validate.ok()) return to_validate.error().prefixed("validation");
  return std::unique_ptr<Task>(
      std::make_unique<CentreTask>(job.settings.options, scene, std::move(to_learn), std::move(*to_validate)));
}

}  // namespace poise
