#include "poise/infer/estimator.h"

#include <omp.h>

#include <algorithm>
#include <cmath>

namespace poise {
namespace {

std::string describe(const Box& box) {
  const auto number = [](float v) { return std::to_string(std::lround(v)); };
  return "[" + number(box.x) + ", " + number(box.y) + ", " + number(box.width) + ", " + number(box.height) + "]";
}

/// The graph's fixed input as a Size, 0x0 where it is free.
Result<Size> input_size(const Graph& graph) {
  if (graph.inputs.size() != 1) {
    return unsupported("the network has " + std::to_string(graph.inputs.size()) +
                       " inputs; a top-down pose network has one");
  }
  const Shape& shape = graph.values.at(graph.inputs[0]).shape;
  if (shape.size() != 4 || (shape[1] > 0 && shape[1] != 3)) {
    return unsupported("the network's input is " + to_string(shape) + "; a top-down pose network reads (N, 3, H, W)");
  }
  if (shape[2] < 0 || shape[3] < 0) return Size{};
  return Size{static_cast<int>(shape[3]), static_cast<int>(shape[2])};
}

/// Networks of several stacks answer once a stack; ours name the one to use.
void keep_heatmaps(Graph& graph) {
  const ValueId heatmaps = graph.find_value("heatmaps");
  if (std::find(graph.outputs.begin(), graph.outputs.end(), heatmaps) != graph.outputs.end())
    graph.outputs = {heatmaps};
}

/// What the card vouches for, where this processor has it; integers where the network itself says so.
Precision precision_of(const ModelCard& card, const Graph& graph, const std::string& backend) {
  if (backend != "onednn") return Precision::kFloat32;
  const bool integers = holds_integers(graph);
  const std::string wanted = integers ? name_of(Precision::kInt8) : card.precision;
  for (const Precision precision : native_precisions()) {
    if (wanted == name_of(precision) && (precision != Precision::kInt8 || integers)) return precision;
  }
  return Precision::kFloat32;
}

class EngineRunner : public Runner {
 public:
  explicit EngineRunner(Session session) : session_(std::move(session)) {}
  Status run(std::span<const TensorView> inputs, std::vector<Tensor>& outputs) override {
    return session_.run(inputs, outputs);
  }

 private:
  Session session_;
};

void mirror_rows(const float* from, float* to, std::int64_t rows, std::int64_t width) {
  for (std::int64_t y = 0; y < rows; ++y) std::reverse_copy(from + y * width, from + (y + 1) * width, to + y * width);
}

}  // namespace

Status check_box(const Box& box, Size image, std::size_t index) {
  const std::string name = "box " + std::to_string(index);
  constexpr float kFarthest = 1e6F;
  for (const float v : {box.x, box.y, box.width, box.height}) {
    if (!std::isfinite(v) || std::abs(v) > kFarthest)
      return invalid_argument(name + " is not a box: its numbers are not finite pixels");
  }
  if (box.width <= 0 || box.height <= 0) {
    return invalid_argument(name + " " + describe(box) + " is empty: boxes are [x, y, width, height] in pixels");
  }
  if (box.x >= static_cast<float>(image.width) || box.y >= static_cast<float>(image.height) || box.x + box.width <= 0 ||
      box.y + box.height <= 0) {
    return invalid_argument(name + " " + describe(box) + " lies outside the " + std::to_string(image.width) + "x" +
                            std::to_string(image.height) + " image: are these the boxes of another picture?");
  }
  return {};
}

struct Estimator::State {
  EstimatorOptions options;
  ModelCard card;
  Skeleton report;  // of the poses handed out
  std::vector<int> flip_index;
  std::string hash;
  std::int64_t fixed_batch = -1;  // what the graph insists on, or -1
  std::unique_ptr<Runner> network;
  int threads = 1;  // of the crops
  Precision precision = Precision::kFloat32;
  Tensor crops;  // the network's input
  std::vector<Tensor> outputs;

  /// Kept from call to call: steady work asks for no memory.
  Tensor& input_for(const Shape& shape) {
    if (crops.shape() != shape) crops = Tensor(shape);
    return crops;
  }

  /// Persons a run: two crops each with the flip test.
  std::int64_t persons_a_run(std::size_t left) const {
    const std::int64_t wanted = std::min<std::int64_t>(options.batch, static_cast<std::int64_t>(left));
    return fixed_batch > 0 ? 1 : wanted;
  }

  /// Runs `count` crops lying in `input`; a graph of fixed batch runs them in turns of that size.
  Status forward(const Tensor& input, std::vector<Tensor>& maps) {
    const std::int64_t count = input.dim(0);
    if (fixed_batch < 0 || fixed_batch == count) {
      const TensorView view(input);
      return network->run(std::span(&view, 1), maps);
    }
    Tensor part(Shape{fixed_batch, input.dim(1), input.dim(2), input.dim(3)});
    const std::int64_t image = input.count() / count;
    for (std::int64_t first = 0; first < count; first += fixed_batch) {
      const std::int64_t here = std::min(fixed_batch, count - first);
      std::copy_n(input.floats().data() + first * image, here * image, part.floats().data());
      std::vector<Tensor> partial;
      const TensorView view(part);
      POISE_RETURN_IF_ERROR(network->run(std::span(&view, 1), partial));
      if (partial.empty() || partial[0].rank() != 4) return {};
      if (first == 0) {
        maps.resize(1);
        maps[0] = Tensor(Shape{count, partial[0].dim(1), partial[0].dim(2), partial[0].dim(3)});
      }
      const std::int64_t map = maps[0].count() / count;
      std::copy_n(partial[0].floats().data(), here * map, maps[0].floats().data() + first * map);
    }
    return {};
  }

  Status check_outputs() const {
    const auto joints = static_cast<std::int64_t>(card.skeleton.size());
    if (outputs.size() != 1 || outputs[0].rank() != 4) {
      return unsupported("the network does not give one (N, joints, h, w) heatmap tensor");
    }
    if (outputs[0].dim(1) != joints) {
      return invalid_argument("the network gives " + std::to_string(outputs[0].dim(1)) + " heatmaps, skeleton \"" +
                              card.skeleton.name + "\" has " + std::to_string(joints) +
                              " joints: name the right one with --skeleton");
    }
    return {};
  }
};

Result<Estimator> Estimator::load(const std::filesystem::path& model, const EstimatorOptions& options) {
  POISE_TRY(OnnxModel onnx, read_onnx(model));
  return create(std::move(onnx), options, model);
}

Result<Estimator> Estimator::create(OnnxModel model, const EstimatorOptions& options,
                                    const std::filesystem::path& file) {
  const auto named = [&](const Error& error) { return file.empty() ? error : error.prefixed(file.string()); };
  if (options.batch < 1 || options.batch > 1024) return invalid_argument("batch must be 1 to 1024");
  POISE_TRY(const Json layers, gather_card(file, model.metadata, options.card));
  auto size = input_size(model.graph);
  if (!size.ok()) return named(size.error());
  auto card = card_from_json(layers, *size);
  if (!card.ok()) return named(card.error());
  const std::int64_t batch = model.graph.values.at(model.graph.inputs[0]).shape[0];
  keep_heatmaps(model.graph);
  auto state = std::make_unique<State>();
  if (options.runner) {
    auto network = options.runner(std::move(model.graph));
    if (!network.ok()) return named(network.error());
    state->network = std::move(*network);
    state->threads = options.threads > 0 ? options.threads : omp_get_max_threads();
  } else {
    state->precision = options.precision.value_or(precision_of(*card, model.graph, options.backend));
    auto session = Session::create(std::move(model.graph), {options.backend, options.threads, state->precision});
    if (!session.ok()) return named(session.error());
    state->threads = session->threads();
    state->network = std::make_unique<EngineRunner>(std::move(*session));
  }
  state->options = options;
  state->card = std::move(*card);
  state->hash = std::move(model.hash);
  state->fixed_batch = batch;
  state->flip_index = state->card.skeleton.flip_index();
  state->report = state->card.skeleton;
  if (!state->card.output_skeleton.empty()) {
    POISE_TRY(state->report, find_skeleton(state->card.output_skeleton));
    if (state->report.base != state->card.skeleton.name) {
      return named(invalid_argument("output_skeleton \"" + state->report.name + "\" is made from \"" +
                                    state->report.base + "\", the network speaks \"" + state->card.skeleton.name +
                                    "\""));
    }
  }
  return Estimator(std::move(state));
}

Estimator::Estimator(std::unique_ptr<State> state) : state_(std::move(state)) {}
Estimator::Estimator(Estimator&&) noexcept = default;
Estimator& Estimator::operator=(Estimator&&) noexcept = default;
Estimator::~Estimator() = default;

Result<Estimate> Estimator::estimate(const ImageView& image, std::span<const PersonBox> boxes, bool want_heatmaps) {
  State& s = *state_;
  if (image.empty()) return invalid_argument("the image is empty");
  for (std::size_t i = 0; i < boxes.size(); ++i) POISE_RETURN_IF_ERROR(check_box(boxes[i].box, image.size(), i));

  Estimate estimate;
  const Size size = s.card.crop.size;
  const std::int64_t pixels = static_cast<std::int64_t>(size.width) * size.height * 3;
  const std::int64_t crops = s.options.flip_test ? 2 : 1;
  for (std::size_t first = 0; first < boxes.size();) {
    const std::int64_t persons = s.persons_a_run(boxes.size() - first);
    Tensor& input = s.input_for({persons * crops, 3, size.height, size.width});
    float* planes = input.floats().data();
    const int threads = s.threads;
#pragma omp parallel for schedule(static) num_threads(threads)
    for (std::int64_t p = 0; p < persons; ++p) {
      const Affine to_crop = crop_from_image(boxes[first + static_cast<std::size_t>(p)].box, s.card.crop);
      float* plane = planes + p * pixels;
      write_crop(image, to_crop, size, s.card.normalisation, std::span(plane, static_cast<std::size_t>(pixels)),
                 s.card.resample);
      if (crops == 2) mirror_rows(plane, planes + (persons + p) * pixels, 3LL * size.height, size.width);
    }
    POISE_RETURN_IF_ERROR(s.forward(input, s.outputs));
    POISE_RETURN_IF_ERROR(s.check_outputs());
    Tensor& maps = s.outputs[0];
    const int joints = static_cast<int>(maps.dim(1));
    const Size heatmap{static_cast<int>(maps.dim(3)), static_cast<int>(maps.dim(2))};
    const std::int64_t map = maps.count() / maps.dim(0);
    for (std::int64_t p = 0; p < persons; ++p) {
      const PersonBox& person = boxes[first + static_cast<std::size_t>(p)];
      float* own = maps.floats().data() + p * map;
      if (crops == 2) {
        merge_flipped(own, maps.floats().data() + (persons + p) * map, joints, heatmap, s.flip_index,
                      s.card.flip_shift);
      }
      const Affine to_heatmap = heatmap_from_image(person.box, s.card.crop, heatmap);
      const Affine to_image = to_heatmap.inverse();
      Pose pose;
      pose.keypoints = decode(s.card.codec, own, joints, heatmap, s.card.refine);
      for (Keypoint& keypoint : pose.keypoints) keypoint.point = to_image(keypoint.point);
      pose.box = person.box;
      pose.box_score = person.score;
      pose.score = person_score(pose.keypoints, person.score);
      if (!s.report.base.empty()) pose = derive(pose, s.report);
      estimate.poses.push_back(std::move(pose));
      if (!want_heatmaps) continue;
      Tensor kept(Shape{joints, heatmap.height, heatmap.width});
      std::copy_n(own, map, kept.floats().data());
      estimate.heatmaps.push_back({std::move(kept), to_heatmap});
    }
    first += static_cast<std::size_t>(persons);
  }
  return estimate;
}

std::vector<Pose> Estimator::operator()(const Image& image) {
  const PersonBox whole{{0, 0, static_cast<float>(image.width()), static_cast<float>(image.height())}, 1.0F};
  return estimate(image.view(), std::span(&whole, 1)).value().poses;
}

const ModelCard& Estimator::card() const { return state_->card; }
const Skeleton& Estimator::skeleton() const { return state_->report; }
const std::string& Estimator::model_hash() const { return state_->hash; }
Precision Estimator::precision() const { return state_->precision; }

}  // namespace poise
