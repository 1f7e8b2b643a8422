// The ONNX project's own operator cases (Debian's libonnx-testdata), on every backend. A case is left out only where
// its operator is not ours or where the table below gives a reason; both are printed.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <optional>
#include <set>

#include "operator_cases.h"
#include "poise/base/file.h"
#include "poise/engine/session.h"
#include "poise/graph/ops/operator.h"
#include "poise/weights/network_file.h"
#include "poise/weights/onnx/onnx_tensor.h"
#include "poise/weights/onnx/onnx_upgrade.h"

namespace poise {
namespace {

namespace fs = std::filesystem;
/// Debian's, or newer ones that PyPI's onnx has made (scripts/test --long).
fs::path data_folder() {
  const char* given = std::getenv("POISE_NODE_DATA");
  return given != nullptr ? given : "/usr/share/libonnx-testdata/data/node";
}

struct LeftOut {
  const char* part;  // of the case's name
  const char* reason;
};
constexpr LeftOut kLeftOut[] = {
    {"_3d_default", "three spatial axes: pictures have two"},
    {"convtranspose_3d", "three spatial axes: pictures have two"},
    {"training", "training, not inference"},
    {"maxpool_with_argmax", "the indices of a maximum are not given"},
    {"tf_crop_and_resize", "crops by a region of interest"},
    {"STRING", "text"},
    {"to_FLOAT16", "half precision: kept as float32"},
    {"BFLOAT16", "half precision: kept as float32"},
    {"bf16", "half precision: kept as float32"},
    {"fp16", "half precision: kept as float32"},
    {"softmax_precision", "half precision: kept as float32"},
    {"celu_bfloat16", "half precision: kept as float32"},
    {"swiglu_float16", "half precision: kept as float32"},
    {"fmod_0", "of a newer opset than 24"},
    {"spacetodepth_crd_mode", "of a newer opset than 24"},
    {"spacetodepth_dcr_mode", "of a newer opset than 24"},
    {"clip_default_int8", "integer arithmetic where networks have floats"},
    {"maxpool_2d_uint8", "integer arithmetic where networks have floats"},
    {"downsample_scales_cubic_align_corners",
     "divides by the unrounded extent; PyTorch and ONNX Runtime round, as we do"},
    {"downsample_scales_linear_align_corners",
     "divides by the unrounded extent; PyTorch and ONNX Runtime round, as we do"},
    {"allowzero_reordered", "an empty tensor"},
    {"uint16", "an element type that is not ours"},
    {"uint32", "an element type that is not ours"},
    {"uint64", "an element type that is not ours"},
    {"int16", "an element type that is not ours"},
    {"identity_opt", "an optional, no tensor"},
    {"identity_sequence", "a sequence, no tensor"},
    {"constantofshape_int_shape_zero", "an empty tensor"},
    {"zero_size", "an empty tensor"},
    {"tril_zero", "an empty tensor"},
    {"triu_zero", "an empty tensor"},
    {"window", "the answers are 5e-5 off: Hann's (1 - cos(4 pi / 9)) / 2 is .413176, not .413156"},
    {"slice_start_out_of_bounds", "an empty tensor"},
};

/// What is refused with such words is left out too: the library says what it does not do.
constexpr LeftOut kRefused[] = {
    {"no tensor of a supported type", "an element type that is not ours"},
    {"it casts to ONNX data type", "an element type that is not ours"},
    {"only two-dimensional layers", "three spatial axes: pictures have two"},
    {"they must be (N, C, H, W) and (N, h, w, 2)", "three spatial axes: pictures have two"},
    {": it is empty", "an empty tensor"},
    {"has an extent below 1", "an empty tensor"},
    {"the input is bool, it must be float32", "truth values where networks have numbers"},
    {"a scale for each block of numbers", "a scale for each block of numbers"},
};

/// Cases whose answers are written with four decimals.
constexpr const char* kRounded = "roialign_aligned";

template <std::size_t N>
const LeftOut* find_reason(const LeftOut (&table)[N], const std::string& text) {
  const auto* found = std::find_if(std::begin(table), std::end(table),
                                   [&](const LeftOut& one) { return text.find(one.part) != std::string::npos; });
  return found == std::end(table) ? nullptr : found;
}

Result<Tensor> read_tensor(const fs::path& path) {
  POISE_TRY(const Bytes bytes, read_file(path, 1U << 26U));
  onnx_proto::TensorProto proto;
  if (!proto.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return malformed("no TensorProto");
  ExternalData none({}, 0);
  return to_tensor(proto, none);
}

/// The first operator of the model that is not ours, or the opset where that is not.
std::optional<std::string> foreign_operator(const fs::path& model) {
  const Bytes bytes = read_file(model, 1U << 26U).value();
  onnx_proto::ModelProto proto;
  if (!proto.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return "unreadable";
  for (const auto& opset : proto.opset_import()) {
    if (opset.domain().empty() && opset.version() < 8) return "opset " + std::to_string(opset.version());
  }
  for (const auto& node : proto.graph().node()) {
    if (!node.domain().empty()) return node.domain() + "." + node.op_type();
    if (find_operator(node.op_type()) == nullptr && !is_retired_operator(node.op_type())) return node.op_type();
  }
  return std::nullopt;
}

/// The graph with the inputs that `keep` refuses turned into constants; `inputs` shrinks with it.
template <typename Keep>
Graph with_constants(const Graph& from, std::vector<Tensor>& inputs, Keep&& keep) {
  Graph graph = from;
  std::vector<ValueId> kept;
  std::vector<Tensor> kept_inputs;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (keep(i, inputs[i])) {
      kept.push_back(graph.inputs[i]);
      kept_inputs.push_back(std::move(inputs[i]));
      continue;
    }
    Value& value = graph.values[graph.inputs[i]];
    value.constant = std::make_shared<const Tensor>(std::move(inputs[i]));
    value.type = value.constant->type();
    value.shape = value.constant->shape();
  }
  graph.inputs = std::move(kept);
  inputs = std::move(kept_inputs);
  return graph;
}

struct Ready {
  Session session;
  std::vector<Tensor> inputs;
};

std::vector<Tensor> copies(const std::vector<Tensor>& tensors) {
  std::vector<Tensor> out;
  for (const Tensor& tensor : tensors) out.push_back(tensor.clone());
  return out;
}

/// As many inputs at run time as the operator allows: all floats, or the first, or (shapes, integers) none.
Result<Ready> prepare(const Graph& graph, const std::vector<Tensor>& inputs, const std::string& backend) {
  Error last;
  for (const int most : {99, 1, 0}) {
    int taken = 0;
    std::vector<Tensor> given = copies(inputs);
    Graph fixed = with_constants(graph, given, [&](std::size_t, const Tensor& tensor) {
      return tensor.type() == DType::kFloat32 && tensor.count() > 0 && taken++ < most;
    });
    auto session = Session::create(std::move(fixed), {backend, 1});
    if (!session.ok()) {
      last = session.error();
      continue;
    }
    std::vector<Shape> shapes;
    for (const Tensor& tensor : given) shapes.push_back(tensor.shape());
    auto plan = session->plan(shapes);
    if (plan.ok()) return Ready{std::move(*session), std::move(given)};
    last = plan.error();
  }
  return last;
}

template <typename T>
std::string compare(std::span<const T> have, std::span<const T> want, double tolerance) {
  double most = 0;
  for (const T value : want) {
    if (std::isfinite(static_cast<double>(value))) most = std::max(most, std::abs(static_cast<double>(value)));
  }
  for (std::size_t i = 0; i < want.size(); ++i) {
    const auto a = static_cast<double>(have[i]);
    const auto b = static_cast<double>(want[i]);
    if (a == b || (std::isnan(a) && std::isnan(b)) || std::abs(a - b) <= tolerance * most) continue;
    return "element " + std::to_string(i) + " is " + std::to_string(a) + ", wanted " + std::to_string(b);
  }
  return "";
}

std::string compare(const Tensor& have, const Tensor& want, double tolerance) {
  if (have.shape() != want.shape()) return "shape " + to_string(have.shape()) + ", wanted " + to_string(want.shape());
  if (have.type() != want.type()) {
    return std::string("type ") + name_of(have.type()) + ", wanted " + name_of(want.type());
  }
  switch (want.type()) {
    case DType::kFloat32:
      return compare(have.floats(), want.floats(), tolerance);
    case DType::kInt64:
      return compare(have.ints(), want.ints(), 0);
    case DType::kInt32:
      return compare(have.as<std::int32_t>(), want.as<std::int32_t>(), 0);
    case DType::kUint8:
      return compare(have.as<std::uint8_t>(), want.as<std::uint8_t>(), 0);
    case DType::kInt8:
      return compare(have.as<std::int8_t>(), want.as<std::int8_t>(), 0);
    case DType::kBool:
      return compare(have.as<bool>(), want.as<bool>(), 0);
    case DType::kFloat64:
      return compare(have.as<double>(), want.as<double>(), tolerance);
  }
  return "";
}

/// Empty where all is well.
std::string run_case(const fs::path& folder, const std::string& backend,
                     const std::vector<conformance::OperatorCase>& cases) {
  auto model = read_network(folder / "model.onnx");
  if (!model.ok()) return model.error().message;
  double tolerance = folder.string().find(kRounded) != std::string::npos ? 1e-4 : 1e-6;
  for (const Node& node : model->graph.nodes) {
    tolerance = std::max(tolerance, static_cast<double>(conformance::tolerance_of(cases, node.op)));
  }
  const fs::path set = folder / "test_data_set_0";
  std::vector<Tensor> inputs;
  for (std::size_t i = 0; i < model->graph.inputs.size(); ++i) {
    auto tensor = read_tensor(set / ("input_" + std::to_string(i) + ".pb"));
    if (!tensor.ok()) return tensor.error().message;
    inputs.push_back(std::move(*tensor));
  }
  auto ready = prepare(model->graph, inputs, backend);
  if (!ready.ok()) return ready.error().message;
  std::vector<TensorView> views(ready->inputs.begin(), ready->inputs.end());
  std::vector<Tensor> outputs;
  if (const Status status = ready->session.run(views, outputs); !status.ok()) return status.error().message;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    auto want = read_tensor(set / ("output_" + std::to_string(i) + ".pb"));
    if (!want.ok()) return want.error().message;
    const std::string difference = compare(outputs[i], *want, tolerance);
    if (!difference.empty()) return "output " + std::to_string(i) + ": " + difference;
  }
  return "";
}

TEST(OnnxNodeData, CasesOfOurOperatorsPassOnEveryBackend) {
  if (!fs::exists(data_folder())) GTEST_SKIP() << "libonnx-testdata is not installed: scripts/setup installs it";
  std::vector<fs::path> folders;
  for (const auto& entry : fs::directory_iterator(data_folder())) folders.push_back(entry.path());
  std::sort(folders.begin(), folders.end());
  const auto cases = conformance::operator_cases();
  std::map<std::string, int> foreign;
  std::map<std::string, std::vector<std::string>> left_out;
  int passed = 0;
  for (const fs::path& folder : folders) {
    const std::string name = folder.filename().string();
    if (const auto op = foreign_operator(folder / "model.onnx")) {
      ++foreign[*op];
      continue;
    }
    const LeftOut* reason = find_reason(kLeftOut, name);
    bool good = reason == nullptr;
    for (const std::string& backend : backend_names()) {
      if (reason != nullptr) break;
      const std::string problem = run_case(folder, backend, cases);
      reason = find_reason(kRefused, problem);
      good = good && problem.empty();
      if (reason == nullptr) {
        EXPECT_EQ(problem, "") << name << " on " << backend;
      }
    }
    if (reason != nullptr) left_out[reason->reason].push_back(name);
    passed += good ? 1 : 0;
  }
  std::printf("%d cases passed on every backend\n", passed);
  for (const auto& [reason, names] : left_out) {
    std::printf("left out, %s:", reason.c_str());
    for (const std::string& name : names) std::printf(" %s", name.c_str());
    std::printf("\n");
  }
  std::printf("left out, operators and opsets that are not ours:");
  for (const auto& [op, count] : foreign) std::printf(" %s (%d)", op.c_str(), count);
  std::printf("\n");
  EXPECT_GT(passed, 200);
}

}  // namespace
}  // namespace poise
