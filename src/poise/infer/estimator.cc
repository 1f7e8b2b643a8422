#include "poise/infer/estimator.h"

#include <algorithm>
#include <cmath>

namespace poise {
namespace {

std::string describe(const Box& box) {
  const auto number = [](float v) { return std::to_string(std::lround(v)); };
  return "[" + number(box.x) + ", " + number(box.y) + ", " + number(box.width) + ", " + number(box.height) + "]";
}

/// Networks of several stacks answer once a stack; ours name the one to use.
void keep_heatmaps(Graph& graph) {
  const ValueId heatmaps = graph.find_value("heatmaps");
  if (std::find(graph.outputs.begin(), graph.outputs.end(), heatmaps) != graph.outputs.end())
    graph.outputs = {heatmaps};
}

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
  struct Person {
    std::size_t scene;
    PersonBox found;
  };
  std::vector<Person> persons;
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

  /// Person `p` of `persons` in the outputs: keypoints in image pixels, and heatmaps where wanted.
  void read_person(const PersonBox& person, std::int64_t p, std::int64_t count, bool want_heatmaps,
                   Estimate& estimate) {
    Tensor& maps = outputs[0];
    const int joints = static_cast<int>(maps.dim(1));
    const Size heatmap{static_cast<int>(maps.dim(3)), static_cast<int>(maps.dim(2))};
    const std::int64_t map = maps.count() / maps.dim(0);
    float* own = maps.floats().data() + p * map;
    if (options.flip_test) {
      merge_flipped(own, maps.floats().data() + (count + p) * map, joints, heatmap, flip_index, card.flip_shift);
    }
    const Affine to_heatmap = heatmap_from_image(person.box, card.crop, heatmap);
    const Affine to_image = to_heatmap.inverse();
    Pose pose;
    pose.keypoints = decode(card.codec, own, joints, heatmap, card.refine);
    for (Keypoint& keypoint : pose.keypoints) keypoint.point = to_image(keypoint.point);
    pose.box = person.box;
    pose.box_score = person.score;
    pose.score = person_score(pose.keypoints, person.score);
    if (!report.base.empty()) pose = derive(pose, report);
    estimate.poses.push_back(std::move(pose));
    if (!want_heatmaps) return;
    Tensor kept(Shape{joints, heatmap.height, heatmap.width});
    std::copy_n(own, map, kept.floats().data());
    estimate.heatmaps.push_back({std::move(kept), to_heatmap});
  }

  Status check_outputs() const {
    const auto joints = static_cast<std::int64_t>(card.skeleton.size());
    if (outputs.size() != 1 || outputs[0].rank() != 4) {
      return unsupported("the network does not give one (N, joints, h, w) heatmap tensor");
    }
    if (outputs[0].dim(1) != joints) {
      return invalid_argument("the network gives " + std::to_string(outputs[0].dim(1)) + " heatmaps, skeleton \"" +
                              card.skeleton.name + "\" has " + std::to_string(joints) +
                              " joints: name the right one as card member \"skeleton\"");
    }
    return {};
  }
};

Result<Estimator> Estimator::load(const std::filesystem::path& model, const EstimatorOptions& options) {
  POISE_TRY(NetworkFile onnx, read_network(model));
  return create(std::move(onnx), options, model);
}

Result<Estimator> Estimator::create(NetworkFile model, const EstimatorOptions& options,
                                    const std::filesystem::path& file) {
  const auto named = [&](const Error& error) { return file.empty() ? error : error.prefixed(file.string()); };
  if (options.batch < 1 || options.batch > 1024) return invalid_argument("batch must be 1 to 1024");
  POISE_TRY(const Json layers, gather_card(file, model.metadata, options.card));
  auto size = picture_input(model.graph, "a top-down pose network");
  if (!size.ok()) return named(size.error());
  auto card = card_from_json(layers, *size);
  if (!card.ok()) return named(card.error());
  const std::int64_t batch = model.graph.values.at(model.graph.inputs[0]).shape[0];
  keep_heatmaps(model.graph);
  auto state = std::make_unique<State>();
  auto made = make_runner(std::move(model.graph), options.run, card->precision);
  if (!made.ok()) return named(made.error());
  state->network = std::move(made->runner);
  state->threads = made->threads;
  state->precision = made->precision;
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
  const Scene scene{image, boxes};
  POISE_TRY(std::vector<Estimate> estimates, estimate(std::span(&scene, 1), want_heatmaps));
  return std::move(estimates.front());
}

Result<std::vector<Estimate>> Estimator::estimate(std::span<const Scene> scenes, bool want_heatmaps) {
  State& s = *state_;
  s.persons.clear();
  for (std::size_t k = 0; k < scenes.size(); ++k) {
    if (scenes[k].image.empty()) return invalid_argument("the image is empty");
    for (std::size_t i = 0; i < scenes[k].boxes.size(); ++i) {
      POISE_RETURN_IF_ERROR(check_box(scenes[k].boxes[i].box, scenes[k].image.size(), i));
      s.persons.push_back({k, scenes[k].boxes[i]});
    }
  }

  std::vector<Estimate> estimates(scenes.size());
  const Size size = s.card.crop.size;
  const std::int64_t pixels = static_cast<std::int64_t>(size.width) * size.height * 3;
  const std::int64_t crops = s.options.flip_test ? 2 : 1;
  for (std::size_t first = 0; first < s.persons.size();) {
    const std::int64_t persons = s.persons_a_run(s.persons.size() - first);
    Tensor& input = s.input_for({persons * crops, 3, size.height, size.width});
    float* planes = input.floats().data();
    const int threads = s.threads;
    // A person alone is cut out by all threads, each some rows of it.
    const int bands = persons < threads && s.card.resample == Resample::kLinear ? threads : 1;
#pragma omp parallel for schedule(static) num_threads(threads)
    for (std::int64_t part = 0; part < persons * bands; ++part) {
      const std::int64_t p = part / bands;
      const auto band = static_cast<int>(part % bands);
      const State::Person& person = s.persons[first + static_cast<std::size_t>(p)];
      const Affine to_crop = crop_from_image(person.found.box, s.card.crop);
      const std::span<float> plane(planes + p * pixels, static_cast<std::size_t>(pixels));
      if (bands > 1) {
        write_crop_rows(scenes[person.scene].image, to_crop, size, s.card.normalisation, plane,
                        size.height * band / bands, size.height * (band + 1) / bands);
      } else {
        write_crop(scenes[person.scene].image, to_crop, size, s.card.normalisation, plane, s.card.resample);
      }
    }
    if (crops == 2) {
#pragma omp parallel for schedule(static) num_threads(threads)
      for (std::int64_t p = 0; p < persons; ++p) {
        mirror_rows(planes + p * pixels, planes + (persons + p) * pixels, 3LL * size.height, size.width);
      }
    }
    POISE_RETURN_IF_ERROR(s.forward(input, s.outputs));
    POISE_RETURN_IF_ERROR(s.check_outputs());
    for (std::int64_t p = 0; p < persons; ++p) {
      const State::Person& person = s.persons[first + static_cast<std::size_t>(p)];
      s.read_person(person.found, p, persons, want_heatmaps, estimates[person.scene]);
    }
    first += static_cast<std::size_t>(persons);
  }
  return estimates;
}

std::vector<Pose> Estimator::operator()(const Image& image) {
  const PersonBox whole{{0, 0, static_cast<float>(image.width()), static_cast<float>(image.height())}, 1.0F};
  return (*this)(image, std::span(&whole, 1));
}

std::vector<Pose> Estimator::operator()(const Image& image, std::span<const PersonBox> boxes) {
  return estimate(image.view(), boxes).value().poses;
}

const ModelCard& Estimator::card() const { return state_->card; }
const Skeleton& Estimator::skeleton() const { return state_->report; }
const std::string& Estimator::model_hash() const { return state_->hash; }
Precision Estimator::precision() const { return state_->precision; }
int Estimator::threads() const { return state_->threads; }
int Estimator::batch() const { return state_->options.batch; }

std::optional<Estimator> Estimator::sibling(int threads) const {
  auto network = state_->network->sibling(threads);
  if (network == nullptr) return std::nullopt;
  auto state = std::make_unique<State>();
  state->options = state_->options;
  state->card = state_->card;
  state->report = state_->report;
  state->flip_index = state_->flip_index;
  state->hash = state_->hash;
  state->fixed_batch = state_->fixed_batch;
  state->network = std::move(network);
  state->threads = threads > 0 ? threads : state_->threads;
  state->precision = state_->precision;
  return Estimator(std::move(state));
}

}  // namespace poise
