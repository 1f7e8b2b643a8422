#include "poise/infer/estimator.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "poise/card/check_card.h"
#include "poise/card/picture_input.h"
#include "poise/card/pose_card.h"
#include "poise/crop/crop.h"

namespace poise {
namespace {

std::string describe(const Box& box) {
  const auto number = [](float v) { return std::to_string(std::lround(v)); };
  return "[" + number(box.x) + ", " + number(box.y) + ", " + number(box.width) + ", " + number(box.height) + "]";
}

/// What else the network gives, of earlier stacks for one, need not be computed.
void keep_answer(Graph& graph, const PoseAnswer& answer) {
  std::vector<ValueId> kept;
  for (const std::size_t index : answer.outputs) kept.push_back(graph.outputs.at(index));
  graph.outputs = std::move(kept);
}

void mirror_rows(const float* from, float* to, std::int64_t rows, std::int64_t width) {
  for (std::int64_t y = 0; y < rows; ++y) std::reverse_copy(from + y * width, from + (y + 1) * width, to + y * width);
}

/// What is cut out of the picture for this person.
Affine crop_of(const PersonBox& person, const ModelCard& card) {
  CropOptions options = card.crop();
  if (card.codec->wants_edges() && person.annotated) return crop_from_image(*person.annotated, options);
  if (!person.upright || !card.codec->wants_upright()) return crop_from_image(person.box, options);
  options.rotation = person.upright->degrees;
  return crop_from_image(person.upright->box, options);
}

}  // namespace

Box whole_box(Size image) { return {0, 0, static_cast<float>(image.width), static_cast<float>(image.height)}; }

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

struct Estimator::Model {
  ModelCard card;
  PoseAnswer answer;
  std::string hash;
  int batch = 1;  // persons run together at most
  bool flip_test = false;
  std::int64_t fixed_batch = -1;  // what the graph insists on, or -1
  Precision precision = Precision::kFloat32;
  std::string backend;

  /// Persons a run: two crops each with the flip test.
  std::int64_t persons_a_run(std::size_t left) const {
    const std::int64_t wanted = std::min<std::int64_t>(batch, static_cast<std::int64_t>(left));
    return fixed_batch > 0 ? 1 : wanted;
  }

  /// That the network gives what it said it would, of `count` crops.
  Status check_outputs(const std::vector<Tensor>& outputs, std::int64_t count) const {
    bool fits = outputs.size() == answer.shapes.size();
    for (std::size_t k = 0; fits && k < outputs.size(); ++k) {
      const Shape& shape = outputs[k].shape();
      fits = outputs[k].type() == DType::kFloat32 && !shape.empty() && shape[0] == count &&
             std::equal(shape.begin() + 1, shape.end(), answer.shapes[k].begin(), answer.shapes[k].end());
    }
    if (fits) return {};
    std::string given;
    for (const Tensor& output : outputs) given += (given.empty() ? "" : ", ") + to_string(output.shape());
    return unsupported("the network gives " + given + " of " + std::to_string(count) + " crops, and promised " +
                       to_string(answer.shapes.at(0)) + " of each: run it with batch 1");
  }
};

struct Estimator::State {
  State(std::unique_ptr<Runner> runner, int compute_threads) : network(std::move(runner)), threads(compute_threads) {}

  std::unique_ptr<Runner> network;
  int threads;  // of the crops
  struct Person {
    std::size_t picture;
    PersonBox found;
  };
  std::vector<Person> persons;
  Tensor crops;  // the network's input
  std::vector<Tensor> outputs;
  std::vector<float*> own;  // where one person's outputs lie
  std::vector<const float*> flipped;

  /// Kept from call to call: steady work asks for no memory.
  Tensor& input_for(const Shape& shape) {
    if (crops.shape() != shape) crops = Tensor(shape);
    return crops;
  }

  /// Cuts the persons from `first` on out of their pictures, and behind them, with the flip test, their mirror images.
  void write_crops(const Model& model, std::span<const PicturePeople> pictures, std::size_t first, std::int64_t count);
  Status forward(const Model& model);
  void read_person(const Model& model, const PersonBox& person, std::int64_t p, bool want_heatmaps, Estimate& estimate);
};

void Estimator::State::write_crops(const Model& model, std::span<const PicturePeople> pictures, std::size_t first,
                                   std::int64_t count) {
  const InputForm& form = model.card.input;
  const std::int64_t pixels = static_cast<std::int64_t>(form.size.width) * form.size.height * 3;
  const std::int64_t crops_each = model.flip_test ? 2 : 1;
  float* planes = input_for({count * crops_each, 3, form.size.height, form.size.width}).floats().data();
  // A person alone is cut out by all threads, each some rows of it.
  const int bands = count < threads && form.resample == Resample::kLinear ? threads : 1;
#pragma omp parallel for schedule(static) num_threads(threads)
  for (std::int64_t part = 0; part < count * bands; ++part) {
    const std::int64_t p = part / bands;
    const auto band = static_cast<int>(part % bands);
    const Person& person = persons[first + static_cast<std::size_t>(p)];
    const ImageView& image = pictures[person.picture].image;
    const Affine to_crop = crop_of(person.found, model.card);
    const std::span<float> plane(planes + p * pixels, static_cast<std::size_t>(pixels));
    if (bands > 1) {
      write_crop_rows(image, to_crop, form, plane, form.size.height * band / bands,
                      form.size.height * (band + 1) / bands);
    } else {
      write_crop(image, to_crop, form, plane);
    }
  }
  if (crops_each == 1) return;
#pragma omp parallel for schedule(static) num_threads(threads)
  for (std::int64_t p = 0; p < count; ++p) {
    mirror_rows(planes + p * pixels, planes + (count + p) * pixels, 3LL * form.size.height, form.size.width);
  }
}

/// Runs all crops; a graph of fixed batch runs them in turns of that size.
Status Estimator::State::forward(const Model& model) {
  const std::int64_t count = crops.dim(0), turn = model.fixed_batch;
  if (turn < 0 || turn == count) {
    const TensorView view(crops);
    POISE_RETURN_IF_ERROR(network->run(std::span(&view, 1), outputs));
    return model.check_outputs(outputs, count);
  }
  Tensor part(Shape{turn, crops.dim(1), crops.dim(2), crops.dim(3)});
  const std::int64_t image = crops.count() / count;
  for (std::int64_t first = 0; first < count; first += turn) {
    const std::int64_t here = std::min(turn, count - first);
    std::copy_n(crops.floats().data() + first * image, here * image, part.floats().data());
    std::vector<Tensor> partial;
    const TensorView view(part);
    POISE_RETURN_IF_ERROR(network->run(std::span(&view, 1), partial));
    POISE_RETURN_IF_ERROR(model.check_outputs(partial, turn));
    outputs.resize(partial.size());
    for (std::size_t k = 0; k < partial.size(); ++k) {
      Shape whole = partial[k].shape();
      whole[0] = count;
      if (outputs[k].shape() != whole) outputs[k] = Tensor(whole);
      const std::int64_t each = partial[k].count() / turn;
      std::copy_n(partial[k].floats().data(), here * each, outputs[k].floats().data() + first * each);
    }
  }
  return {};
}

/// Person `p` of those that were run: the pose in the picture, and heatmaps where wanted.
void Estimator::State::read_person(const Model& model, const PersonBox& person, std::int64_t p, bool want_heatmaps,
                                   Estimate& estimate) {
  const PoseCodec& codec = *model.card.codec;
  const PoseAnswer& answer = model.answer;
  own.clear();
  flipped.clear();
  for (Tensor& output : outputs) {
    const std::int64_t each = output.count() / output.dim(0);
    own.push_back(output.floats().data() + p * each);
    if (model.flip_test) flipped.push_back(own.back() + output.count() / 2);  // mirror images lie behind all others
  }
  if (model.flip_test) codec.merge_flipped(answer, own, flipped);
  const Affine input_from_image = crop_of(person, model.card);
  Pose pose = decode_pose(codec, answer, own, input_from_image.inverse(), person);
  const Skeleton& reported = model.card.reported;
  if (reported.name != model.card.skeleton.name) pose = derive(pose, reported);
  estimate.poses.push_back(std::move(pose));
  if (!want_heatmaps) return;
  const PoseMaps maps = codec.maps(answer).value();
  Tensor kept(answer.shapes[maps.output]);
  std::copy_n(own[maps.output], kept.count(), kept.floats().data());
  estimate.heatmaps.push_back({std::move(kept), maps.maps_from_input * input_from_image});
}

Result<Estimator> Estimator::load(const std::filesystem::path& model, const EstimatorOptions& options) {
  POISE_TRY(NetworkFile onnx, read_network(model));
  return create(std::move(onnx), options, model);
}

Result<Estimator> Estimator::create(NetworkFile model, const EstimatorOptions& options,
                                    const std::filesystem::path& file) {
  const auto named = [&](const Error& error) { return file.empty() ? error : error.prefixed(file.string()); };
  if (options.batch < 1 || options.batch > 1024) return invalid_argument("batch must be 1 to 1024");
  read_planes(model.graph);
  auto size = picture_input(model.graph, "a top-down pose network");
  if (!size.ok()) return named(size.error());
  const auto layers = gather_pose_card(file, model.metadata, model.graph, options.card);
  if (!layers.ok()) return layers.error();
  if (is_one_stage_card(*layers)) {
    return named(
        invalid_argument("the network finds everyone in the whole picture, it does not look at one person: "
                         "open it as a PoseFinder or a OneStage"));
  }
  auto card = card_from_json(*layers, *size, options.codecs);
  if (!card.ok()) {
    // Without a codec nothing is known of what it says: what it gives may tell the user.
    const auto outputs = outputs_of(model.graph, size->width > 0 ? *size : Size{256, 256});
    const bool unread = layers->is_object() && layers->find("codec") == nullptr && outputs.ok();
    Error error = card.error();
    if (unread) error.message += "; it gives " + describe(*outputs);
    return named(error);
  }
  const auto answer = find_answer(model.graph, *card);
  if (!answer.ok()) return named(answer.error());
  const std::int64_t batch = model.graph.values.at(model.graph.inputs[0]).shape[0];
  keep_answer(model.graph, *answer);
  auto made = make_runner(std::move(model.graph), options.run, card->precision);
  if (!made.ok()) return named(made.error());
  auto shared =
      std::make_shared<const Model>(Model{std::move(*card), *answer, std::move(model.hash), options.batch,
                                          options.flip_test, batch, made->precision, std::move(made->backend)});
  return Estimator(std::move(shared), std::make_unique<State>(std::move(made->runner), made->threads));
}

Estimator::Estimator(std::shared_ptr<const Model> model, std::unique_ptr<State> state)
    : model_(std::move(model)), state_(std::move(state)) {}
Estimator::Estimator(Estimator&&) noexcept = default;
Estimator& Estimator::operator=(Estimator&&) noexcept = default;
Estimator::~Estimator() = default;

Result<Estimate> Estimator::estimate(const ImageView& image, std::span<const PersonBox> boxes, bool want_heatmaps) {
  const PicturePeople people{image, boxes};
  POISE_TRY(std::vector<Estimate> estimates, estimate(std::span(&people, 1), want_heatmaps));
  return std::move(estimates.front());
}

Result<std::vector<Estimate>> Estimator::estimate(std::span<const PicturePeople> pictures, bool want_heatmaps) {
  const Model& m = *model_;
  State& s = *state_;
  if (want_heatmaps && !m.card.codec->maps(m.answer)) {
    return unsupported(std::string("the network's codec is ") + m.card.codec->name() +
                       ", which has no heatmaps to show: leave them out");
  }
  s.persons.clear();
  for (std::size_t k = 0; k < pictures.size(); ++k) {
    if (pictures[k].image.empty()) return invalid_argument("the image is empty");
    for (std::size_t i = 0; i < pictures[k].boxes.size(); ++i) {
      POISE_RETURN_IF_ERROR(check_box(pictures[k].boxes[i].box, pictures[k].image.size(), i));
      s.persons.push_back({k, pictures[k].boxes[i]});
    }
  }
  std::vector<Estimate> estimates(pictures.size());
  for (std::size_t first = 0; first < s.persons.size();) {
    const std::int64_t count = m.persons_a_run(s.persons.size() - first);
    s.write_crops(m, pictures, first, count);
    POISE_RETURN_IF_ERROR(s.forward(m));
    for (std::int64_t p = 0; p < count; ++p) {
      const State::Person& person = s.persons[first + static_cast<std::size_t>(p)];
      s.read_person(m, person.found, p, want_heatmaps, estimates[person.picture]);
    }
    first += static_cast<std::size_t>(count);
  }
  return estimates;
}

std::vector<Pose> Estimator::operator()(const Image& image) {
  const PersonBox whole{whole_box(image.size()), 1.0F};
  return (*this)(image, std::span(&whole, 1));
}

std::vector<Pose> Estimator::operator()(const Image& image, std::span<const PersonBox> boxes) {
  return estimate(image.view(), boxes).value().poses;
}

const ModelCard& Estimator::card() const { return model_->card; }
const Skeleton& Estimator::skeleton() const { return model_->card.reported; }
const std::string& Estimator::model_hash() const { return model_->hash; }
Precision Estimator::precision() const { return model_->precision; }
const std::string& Estimator::backend() const { return model_->backend; }
int Estimator::threads() const { return state_->threads; }
int Estimator::batch() const { return model_->batch; }
bool Estimator::flip_test() const { return model_->flip_test; }

std::optional<Estimator> Estimator::sibling(int threads) const {
  auto network = state_->network->sibling(threads);
  if (network == nullptr) return std::nullopt;
  return Estimator(model_, std::make_unique<State>(std::move(network), threads > 0 ? threads : state_->threads));
}

}  // namespace poise
