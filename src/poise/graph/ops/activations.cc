// The layers' non-linearities. NaN stays NaN.

#include <algorithm>
#include <cmath>
#include <limits>

#include "poise/graph/ops/elements.h"

namespace poise {
namespace {

using Inputs = std::span<const Tensor* const>;

void run_relu(const Node&, Inputs inputs, std::span<Tensor> outputs) {
  map_floats(*inputs[0], outputs[0], [](float x) { return std::max(x, 0.0F); });
}

void run_sigmoid(const Node&, Inputs inputs, std::span<Tensor> outputs) {
  map_floats(*inputs[0], outputs[0],
             [](float x) { return static_cast<float>(1.0 / (1.0 + std::exp(-static_cast<double>(x)))); });
}

InferResult infer_clip(const Node& node, std::span<const ValueInfo> inputs) {
  for (std::size_t i = 1; i < inputs.size(); ++i) {
    if (!has_input(node, i)) continue;
    const char* what = i == 1 ? "lower bound" : "upper bound";
    POISE_RETURN_IF_ERROR(expect_float(inputs[i], what));
    POISE_TRY(const std::int64_t count, element_count(inputs[i].shape));
    if (count != 1) return malformed(std::string("the ") + what + " must be one number");
  }
  return infer_same_float(node, inputs);
}

// The bounds are inputs since opset 11, attributes before.
float bound(const Node& node, Inputs inputs, std::size_t i, const char* name, float fallback) {
  return has_input(node, i) ? inputs[i]->floats()[0] : node.real(name, fallback);
}

void run_clip(const Node& node, Inputs inputs, std::span<Tensor> outputs) {
  const float low = bound(node, inputs, 1, "min", std::numeric_limits<float>::lowest());
  const float high = bound(node, inputs, 2, "max", std::numeric_limits<float>::max());
  // Where low > high all become high, as ONNX has it: std::clamp would not do.
  map_floats(*inputs[0], outputs[0], [low, high](float x) { return std::min(std::max(x, low), high); });
}

InferResult infer_identity(const Node&, std::span<const ValueInfo> inputs) { return std::vector<ValueInfo>{inputs[0]}; }

void run_identity(const Node&, Inputs inputs, std::span<Tensor> outputs) { copy_elements(*inputs[0], outputs[0]); }

void run_leaky_relu(const Node& node, Inputs inputs, std::span<Tensor> outputs) {
  const float alpha = node.real("alpha", 0.01F);
  map_floats(*inputs[0], outputs[0], [alpha](float x) { return x < 0 ? alpha * x : x; });
}

InferResult infer_prelu(const Node& node, std::span<const ValueInfo> inputs) {
  POISE_RETURN_IF_ERROR(expect_float(inputs[1], "slope"));
  POISE_TRY(const Shape shape, broadcast(inputs[0].shape, inputs[1].shape));
  if (shape != inputs[0].shape) {
    return malformed("the slope is " + to_string(inputs[1].shape) + ", it does not broadcast to the input's " +
                     to_string(inputs[0].shape));
  }
  return infer_same_float(node, inputs);
}

void run_prelu(const Node&, Inputs inputs, std::span<Tensor> outputs) {
  combine<float, float, float>(*inputs[0], *inputs[1], outputs[0],
                               [](float x, float slope) { return x < 0 ? slope * x : x; });
}

float ramp(float x, float alpha, float beta) { return std::max(std::min(alpha * x + beta, 1.0F), 0.0F); }

void run_hard_sigmoid(const Node& node, Inputs inputs, std::span<Tensor> outputs) {
  const float alpha = node.real("alpha", 0.2F);
  const float beta = node.real("beta", 0.5F);
  map_floats(*inputs[0], outputs[0], [alpha, beta](float x) { return ramp(x, alpha, beta); });
}

void run_hard_swish(const Node&, Inputs inputs, std::span<Tensor> outputs) {
  map_floats(*inputs[0], outputs[0], [](float x) { return x * ramp(x, 1.0F / 6.0F, 0.5F); });
}

void run_elu(const Node& node, Inputs inputs, std::span<Tensor> outputs) {
  const double alpha = node.real("alpha", 1.0F);
  map_floats(*inputs[0], outputs[0],
             [alpha](float x) { return x < 0 ? static_cast<float>(alpha * std::expm1(static_cast<double>(x))) : x; });
}

void run_selu(const Node& node, Inputs inputs, std::span<Tensor> outputs) {
  // ONNX, docs/Operators.md, Selu: the fixed point of Klambauer et al. 2017, "Self-normalizing neural networks".
  const double alpha = node.real("alpha", 1.67326319217681884765625F);
  const double gamma = node.real("gamma", 1.05070102214813232421875F);
  map_floats(*inputs[0], outputs[0], [alpha, gamma](float x) {
    return static_cast<float>(gamma * (x < 0 ? alpha * std::expm1(static_cast<double>(x)) : static_cast<double>(x)));
  });
}

InferResult infer_gelu(const Node& node, std::span<const ValueInfo> inputs) {
  const std::string how = node.text("approximate", "none");
  if (how != "none" && how != "tanh") return malformed("approximate is \"" + how + "\", it must be none or tanh");
  return infer_same_float(node, inputs);
}

// Hendrycks and Gimpel 2016, "Gaussian error linear units", section 2.
void run_gelu(const Node& node, Inputs inputs, std::span<Tensor> outputs) {
  constexpr double kRootHalf = 0.70710678118654752440;
  constexpr double kRootTwoOverPi = 0.79788456080286535588;
  if (node.text("approximate", "none") == "tanh") {
    map_floats(*inputs[0], outputs[0], [](double x) {
      return static_cast<float>(0.5 * x * (1.0 + std::tanh(kRootTwoOverPi * (x + 0.044715 * x * x * x))));
    });
    return;
  }
  map_floats(*inputs[0], outputs[0],
             [](double x) { return static_cast<float>(0.5 * x * (1.0 + std::erf(x * kRootHalf))); });
}

// Misra 2019, "Mish: a self regularized non-monotonic activation function", equation 3.
void run_mish(const Node&, Inputs inputs, std::span<Tensor> outputs) {
  map_floats(*inputs[0], outputs[0], [](double x) {
    const double softplus = std::max(x, 0.0) + std::log1p(std::exp(-std::fabs(x)));
    return static_cast<float>(x * std::tanh(softplus));
  });
}

// x * sigmoid(alpha * x): with an alpha of 1 it is SiLU.
void run_swish(const Node& node, Inputs inputs, std::span<Tensor> outputs) {
  const double alpha = node.real("alpha", 1.0F);
  map_floats(*inputs[0], outputs[0],
             [alpha](double x) { return static_cast<float>(x / (1.0 + std::exp(-alpha * x))); });
}

void run_celu(const Node& node, Inputs inputs, std::span<Tensor> outputs) {
  const double alpha = node.real("alpha", 1.0F);
  map_floats(*inputs[0], outputs[0],
             [alpha](double x) { return static_cast<float>(x < 0 ? alpha * std::expm1(x / alpha) : x); });
}

void run_thresholded_relu(const Node& node, Inputs inputs, std::span<Tensor> outputs) {
  const float alpha = node.real("alpha", 1.0F);
  map_floats(*inputs[0], outputs[0], [alpha](float x) { return x <= alpha ? 0.0F : x; });
}

void run_softsign(const Node&, Inputs inputs, std::span<Tensor> outputs) {
  map_floats(*inputs[0], outputs[0], [](float x) { return x / (1.0F + std::fabs(x)); });
}

constexpr AttributeRule kClipAttributes[] = {{"max", AttributeKind::kReal}, {"min", AttributeKind::kReal}};
constexpr AttributeRule kAlpha[] = {{"alpha", AttributeKind::kReal}};
constexpr AttributeRule kApproximate[] = {{"approximate", AttributeKind::kText}};
constexpr AttributeRule kAlphaBeta[] = {{"alpha", AttributeKind::kReal}, {"beta", AttributeKind::kReal}};
constexpr AttributeRule kAlphaGamma[] = {{"alpha", AttributeKind::kReal}, {"gamma", AttributeKind::kReal}};

}  // namespace

const Operator kRelu{"Relu", 1, 1, {}, infer_same_float, run_relu};
const Operator kSigmoid{"Sigmoid", 1, 1, {}, infer_same_float, run_sigmoid};
const Operator kClip{"Clip", 1, 3, kClipAttributes, infer_clip, run_clip};
const Operator kIdentity{"Identity", 1, 1, {}, infer_identity, run_identity};
const Operator kLeakyRelu{"LeakyRelu", 1, 1, kAlpha, infer_same_float, run_leaky_relu};
const Operator kPRelu{"PRelu", 2, 2, {}, infer_prelu, run_prelu};
const Operator kHardSigmoid{"HardSigmoid", 1, 1, kAlphaBeta, infer_same_float, run_hard_sigmoid};
const Operator kHardSwish{"HardSwish", 1, 1, {}, infer_same_float, run_hard_swish};
const Operator kElu{"Elu", 1, 1, kAlpha, infer_same_float, run_elu};
const Operator kGelu{"Gelu", 1, 1, kApproximate, infer_gelu, run_gelu};
const Operator kMish{"Mish", 1, 1, {}, infer_same_float, run_mish};
const Operator kSwish{"Swish", 1, 1, kAlpha, infer_same_float, run_swish};
const Operator kCelu{"Celu", 1, 1, kAlpha, infer_same_float, run_celu};
const Operator kThresholdedRelu{"ThresholdedRelu", 1, 1, kAlpha, infer_same_float, run_thresholded_relu};
const Operator kSoftsign{"Softsign", 1, 1, {}, infer_same_float, run_softsign};
const Operator kSelu{"Selu", 1, 1, kAlphaGamma, infer_same_float, run_selu};

}  // namespace poise
