// Files as the exporters of PyTorch, TensorFlow and MXNet write them (make_exports*.py: the networks of
// 2023 to 2026 in make_exports_modern.py), run by every backend; the
// outputs to have are ONNX Runtime's (check_onnx.py).

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>

#include "poise/engine/session.h"
#include "poise/tensor/npy.h"
#include "poise/weights/network_file.h"

namespace poise {
namespace {

namespace fs = std::filesystem;

constexpr float kTolerance = 1e-4F;  // of the largest value

std::vector<fs::path> find_models() {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(POISE_SOURCE_DIR "/tests/golden/exports")) {
    if (entry.path().extension() == ".onnx") found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

Tensor tensor_beside(const fs::path& model, const std::string& what) {
  return read_npy(model.parent_path() / (model.stem().string() + "_" + what + ".npy")).value();
}

/// The file beside it, or what check_onnx.py gives where there is none.
Tensor input_of(const fs::path& model, const Graph& graph) {
  if (fs::exists(model.parent_path() / (model.stem().string() + "_input.npy"))) return tensor_beside(model, "input");
  Shape shape = graph.values.at(graph.inputs.at(0)).shape;
  std::replace(shape.begin(), shape.end(), std::int64_t{-1}, std::int64_t{1});
  Tensor input(shape);
  std::int64_t i = 0;
  for (float& value : input.floats()) value = static_cast<float>((i++ * 37 + 11) % 101) / 50.0F - 1.0F;
  return input;
}

/// Of the outputs, the first ones: those that ONNX Runtime was asked for.
std::vector<Tensor> outputs_of(const fs::path& model) {
  std::vector<Tensor> outputs;
  outputs.push_back(tensor_beside(model, "output"));
  for (int i = 1; fs::exists(model.parent_path() / (model.stem().string() + "_output" + std::to_string(i) + ".npy"));
       ++i) {
    outputs.push_back(tensor_beside(model, "output" + std::to_string(i)));
  }
  return outputs;
}

std::vector<Tensor> run(Graph graph, const std::string& backend, const Tensor& input) {
  Session session = Session::create(std::move(graph), {.backend = backend, .threads = 1}).value();
  const TensorView view(input);
  std::vector<Tensor> outputs;
  session.run(std::span(&view, 1), outputs).value();
  return outputs;
}

void expect_near(const Tensor& have, const Tensor& want) {
  ASSERT_EQ(have.shape(), want.shape());
  float largest = 0;
  float apart = 0;
  for (std::size_t i = 0; i < want.floats().size(); ++i) {
    const float difference = std::abs(have.floats()[i] - want.floats()[i]);
    largest = std::max(largest, std::abs(want.floats()[i]));
    apart = std::isnan(difference) ? std::numeric_limits<float>::infinity() : std::max(apart, difference);
  }
  EXPECT_GT(largest, 0.0F);
  EXPECT_LE(apart, kTolerance * largest);
}

void expect_near(const std::vector<Tensor>& have, const std::vector<Tensor>& want) {
  ASSERT_GE(have.size(), want.size());
  for (std::size_t i = 0; i < want.size(); ++i) {
    SCOPED_TRACE("output " + std::to_string(i));
    expect_near(have[i], want[i]);
  }
}

class Exports : public ::testing::TestWithParam<fs::path> {};

TEST_P(Exports, GiveWhatOnnxRuntimeGives) {
  const NetworkFile model = read_network(GetParam()).value();
  const Tensor input = input_of(GetParam(), model.graph);
  const std::vector<Tensor> want = outputs_of(GetParam());
  for (const std::string& backend : backend_names()) {
    SCOPED_TRACE(backend);
    expect_near(run(model.graph, backend, input), want);
  }
}

/// Brought up to opset 13 by the reader and written as such, it is still the same network.
TEST_P(Exports, SayTheSameWrittenAgain) {
  const std::string bytes = to_onnx(read_network(GetParam()).value().graph).value();
  const NetworkFile again = parse_onnx({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}).value();
  EXPECT_GE(again.graph.opset, 13);
  const Tensor input = input_of(GetParam(), again.graph);
  expect_near(run(again.graph, "reference", input), outputs_of(GetParam()));
}

INSTANTIATE_TEST_SUITE_P(All, Exports, ::testing::ValuesIn(find_models()),
                         [](const auto& test) { return test.param.stem().string(); });

TEST(ExportFiles, AreFromThreeExporters) {
  for (const std::string maker : {"pytorch", "tensorflow", "mxnet"}) {
    const std::vector<fs::path> models = find_models();
    EXPECT_TRUE(std::any_of(models.begin(), models.end(), [&maker](const fs::path& model) {
      return model.stem().string().starts_with(maker);
    })) << maker;
  }
}

}  // namespace
}  // namespace poise
