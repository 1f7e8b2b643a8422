// What looks at all values along an axis: softmax, normalizations, reductions.

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "poise/engine/backends/onednn/builder.h"
#include "poise/graph/ops/rules.h"

namespace poise::onednn {
namespace {

const float* values(const dnnl::memory& memory) { return static_cast<const float*>(memory.get_data_handle()); }
float* target(const dnnl::memory& memory) { return static_cast<float*>(memory.get_data_handle()); }

constexpr std::int64_t kSmall = 4096;  // values that are not worth a second thread

/// to = from - the largest along the axis; columns of up to kColumns side by side.
constexpr std::int64_t kColumns = 256;

void subtract_largest(const Parts& p, const float* from, float* to) {
  const std::int64_t groups = (p.inner + kColumns - 1) / kColumns;
#pragma omp parallel for schedule(static) if (p.outer * p.extent * p.inner > kSmall)
  for (std::int64_t group = 0; group < p.outer * groups; ++group) {
    const std::int64_t first = group % groups * kColumns;
    const std::int64_t count = std::min(kColumns, p.inner - first);
    const float* in = from + group / groups * p.extent * p.inner + first;
    float* out = to + group / groups * p.extent * p.inner + first;
    std::array<float, kColumns> most;
    std::copy_n(in, count, most.begin());
    for (std::int64_t i = 1; i < p.extent; ++i) {
      const float* row = in + i * p.inner;
      for (std::int64_t c = 0; c < count; ++c) most[c] = most[c] < row[c] ? row[c] : most[c];
    }
    for (std::int64_t i = 0; i < p.extent; ++i) {
      for (std::int64_t c = 0; c < count; ++c) out[i * p.inner + c] = in[i * p.inner + c] - most[c];
    }
  }
}

void divide_by_sum(const Parts& p, float* values_in_place) {
  const std::int64_t groups = (p.inner + kColumns - 1) / kColumns;
#pragma omp parallel for schedule(static) if (p.outer * p.extent * p.inner > kSmall)
  for (std::int64_t group = 0; group < p.outer * groups; ++group) {
    const std::int64_t first = group % groups * kColumns;
    const std::int64_t count = std::min(kColumns, p.inner - first);
    float* rows = values_in_place + group / groups * p.extent * p.inner + first;
    std::array<float, kColumns> sums{};
    for (std::int64_t i = 0; i < p.extent; ++i) {
      for (std::int64_t c = 0; c < count; ++c) sums[c] += rows[i * p.inner + c];
    }
    for (std::int64_t c = 0; c < count; ++c) sums[c] = 1.0F / sums[c];
    for (std::int64_t i = 0; i < p.extent; ++i) {
      for (std::int64_t c = 0; c < count; ++c) rows[i * p.inner + c] *= sums[c];
    }
  }
}

/// Exponentials by oneDNN, between passes of our own: axes that are not the last.
void add_softmax_by_columns(Builder& builder, const Node& node, const Parts& parts, const Desc& layout) {
  const dnnl::memory from = builder.read(node.inputs[0], layout);
  const dnnl::memory to = builder.write(node.outputs[0], layout);
  builder.add_step(node, "columns", 0, [=](dnnl::stream&) { subtract_largest(parts, values(from), target(to)); });
  const dnnl::eltwise_forward::desc desc(kInference, dnnl::algorithm::eltwise_exp, layout);
  const dnnl::eltwise_forward::primitive_desc planned(desc, user_scratchpad(), builder.engine);
  const dnnl::memory again = builder.view(to, layout);
  builder.add_primitive(node, ", exp", planned, {{DNNL_ARG_SRC, again}, {DNNL_ARG_DST, again}}, 0);
  const dnnl::memory last = builder.view(to, layout);
  builder.add_step(node, "columns", 0, [=](dnnl::stream&) { divide_by_sum(parts, target(last)); });
}

}  // namespace

bool lower_softmax(Builder& builder, const Node& node) {
  const Shape& shape = builder.shape(node.inputs[0]);
  const auto axis = resolve_axis(node.integer("axis", -1), shape.size());
  if (!axis.ok() || builder.graph.constant(node.inputs[0]) != nullptr) return false;
  const Desc layout = Builder::plain(shape);
  const Parts parts = split_at(shape, *axis);
  const Desc rows = Builder::plain({parts.outer * parts.inner, parts.extent});
  if (parts.inner == 1) {
    const dnnl::softmax_forward::desc desc(kInference, rows, 1);
    const dnnl::softmax_forward::primitive_desc planned(desc, user_scratchpad(), builder.engine, true);
    if (is_fast(planned)) {
      const dnnl::memory from = builder.view(builder.read(node.inputs[0], layout), rows);
      const dnnl::memory to = builder.view(builder.write(node.outputs[0], layout), rows);
      builder.add_primitive(node, "", planned, {{DNNL_ARG_SRC, from}, {DNNL_ARG_DST, to}}, 0);
      return true;
    }
  }
  add_softmax_by_columns(builder, node, parts, layout);
  return true;
}

namespace {

/// Scale and bias, one number a channel or for each value of a row; empty: 1 and 0.
struct Affine {
  std::vector<float> scale, bias;
};

struct Groups {
  std::int64_t count = 1;     // of groups
  std::int64_t channels = 1;  // of each
  std::int64_t area = 1;      // values of a channel
  std::int64_t period = 1;    // groups after which scale and bias begin again
  float epsilon = 0;
  bool centred = true;  // else only the mean square counts
};

/// Sums of values in eight lanes, which the compiler keeps in registers; then in double.
template <typename F>
double sum_of(const float* from, std::int64_t count, F f) {
  constexpr std::int64_t kRun = 4096;  // so that a lane's sum stays short
  double total = 0;
  for (std::int64_t first = 0; first < count; first += kRun) {
    const std::int64_t end = std::min(count, first + kRun);
    std::array<float, 8> lanes{};
    std::int64_t i = first;
    for (; i + 8 <= end; i += 8) {
      for (std::size_t k = 0; k < 8; ++k) lanes[k] += f(from[i + static_cast<std::int64_t>(k)]);
    }
    for (; i < end; ++i) total += static_cast<double>(f(from[i]));
    for (const float lane : lanes) total += static_cast<double>(lane);
  }
  return total;
}

void normalize(const Groups& g, const Affine& affine, const float* from, float* to) {
  const std::int64_t each = g.channels * g.area;
#pragma omp parallel for schedule(static) if (g.count * each > kSmall)
  for (std::int64_t group = 0; group < g.count; ++group) {
    const float* in = from + group * each;
    float* out = to + group * each;
    const auto number = static_cast<double>(each);
    const auto mean = g.centred ? static_cast<float>(sum_of(in, each, [](float x) { return x; }) / number) : 0.0F;
    const double squares = sum_of(in, each, [mean](float x) { return (x - mean) * (x - mean); }) / number;
    const auto factor = static_cast<float>(1.0 / std::sqrt(squares + static_cast<double>(g.epsilon)));
    const std::int64_t first = group % g.period * g.channels;
    for (std::int64_t c = 0; c < g.channels; ++c) {
      const float scale = factor * affine.scale[first + c];
      const float shift = affine.bias[first + c];
      for (std::int64_t i = c * g.area; i < (c + 1) * g.area; ++i) out[i] = (in[i] - mean) * scale + shift;
    }
  }
}

/// The constant's numbers repeated to `count`; `each`: how often each of them is taken at a stretch.
std::optional<std::vector<float>> repeated(const Tensor* constant, std::int64_t count, float fallback, bool given) {
  if (!given) return std::vector<float>(static_cast<std::size_t>(count), fallback);
  if (constant == nullptr || constant->type() != DType::kFloat32 || constant->count() == 0) return std::nullopt;
  const std::int64_t each = count / constant->count();
  if (each * constant->count() != count) return std::nullopt;
  std::vector<float> all;
  for (const float value : constant->floats()) all.insert(all.end(), static_cast<std::size_t>(each), value);
  return all;
}

std::optional<Groups> groups_of(const Builder& builder, const Node& node) {
  const Shape& shape = builder.shape(node.inputs[0]);
  Groups g;
  g.epsilon = node.real("epsilon", 1e-5F);
  if (node.op == "InstanceNormalization" || node.op == "GroupNormalization") {
    const std::int64_t groups = node.op == "GroupNormalization" ? node.integer("num_groups", 1) : shape[1];
    g.count = shape[0] * groups;
    g.channels = shape[1] / groups;
    g.area = element_count(shape).value() / (shape[0] * shape[1]);
    g.period = groups;
    return g;
  }
  if (node.op != "LayerNormalization" && node.op != "RMSNormalization") return std::nullopt;
  const auto axis = resolve_axis(node.integer("axis", -1), shape.size());
  if (!axis.ok() || node.outputs.size() != 1) return std::nullopt;
  g.centred = node.op == "LayerNormalization";
  for (std::size_t i = 0; i < shape.size(); ++i) (i < *axis ? g.count : g.channels) *= shape[i];
  return g;
}

/// Layer normalization of the last axis by oneDNN.
bool lower_layer_norm(Builder& builder, const Node& node, const Groups& g) {
  using Flags = dnnl::normalization_flags;
  const bool has_bias = has_input(node, 2);
  const Desc rows = Builder::plain({g.count, g.channels});
  const auto flags = has_bias ? Flags::use_scale | Flags::use_shift : Flags::use_scale;
  const dnnl::layer_normalization_forward::desc desc(kInference, rows, g.epsilon, flags);
  const dnnl::layer_normalization_forward::primitive_desc planned(desc, user_scratchpad(), builder.engine, true);
  if (!is_fast(planned)) return false;
  const Desc layout = Builder::plain(builder.shape(node.inputs[0]));
  const auto vector = [&](std::size_t i) {
    const Tensor* tensor = builder.graph.constant(node.inputs[i]);
    return builder.weights(node.inputs[i]).vector({node.inputs[i]}, [tensor] { return tensor->clone(); });
  };
  const dnnl::memory from = builder.view(builder.read(node.inputs[0], layout), rows);
  const dnnl::memory to = builder.view(builder.write(node.outputs[0], layout), rows);
  std::unordered_map<int, dnnl::memory> arguments{
      {DNNL_ARG_SRC, from}, {DNNL_ARG_DST, to}, {DNNL_ARG_SCALE, vector(1)}};
  if (has_bias) arguments.emplace(DNNL_ARG_SHIFT, vector(2));
  builder.add_primitive(node, "", planned, std::move(arguments), 0);
  return true;
}

}  // namespace

bool lower_norm(Builder& builder, const Node& node) {
  const auto groups = groups_of(builder, node);
  if (!groups || builder.graph.constant(node.inputs[0]) != nullptr) return false;
  const Groups& g = *groups;
  const std::int64_t count = g.period * g.channels;
  const auto constant = [&](std::size_t i) {
    return has_input(node, i) ? builder.graph.constant(node.inputs[i]) : nullptr;
  };
  const auto scale = repeated(constant(1), count, 1.0F, true);
  const auto bias = repeated(constant(2), count, 0.0F, has_input(node, 2));
  if (!scale || !bias) return false;
  // Fewer numbers than values broadcast from the last axis on, not as groups of channels do.
  const bool by_row = g.area == 1 && g.period == 1;
  const bool whole =
      constant(1)->count() == g.channels && (constant(2) == nullptr || constant(2)->count() == g.channels);
  if (by_row && !whole) return false;
  if (node.op == "LayerNormalization" && lower_layer_norm(builder, node, g)) return true;
  const Desc layout = Builder::plain(builder.shape(node.inputs[0]));
  const dnnl::memory from = builder.read(node.inputs[0], layout);
  const dnnl::memory to = builder.write(node.outputs[0], layout);
  builder.add_step(node, "plain", 0, [=, affine = Affine{*scale, *bias}](dnnl::stream&) {
    normalize(g, affine, values(from), target(to));
  });
  return true;
}

namespace {

enum class Fold { kSum, kMean, kSquares, kNorm, kMagnitudes, kMost, kLeast };

std::optional<Fold> fold_of(const Node& node) {
  if (node.op == "ReduceSum") return Fold::kSum;
  if (node.op == "ReduceMean") return Fold::kMean;
  if (node.op == "ReduceSumSquare") return Fold::kSquares;
  if (node.op == "ReduceL2") return Fold::kNorm;
  if (node.op == "ReduceL1") return Fold::kMagnitudes;
  if (node.op == "ReduceMax") return Fold::kMost;
  if (node.op == "ReduceMin") return Fold::kLeast;
  return std::nullopt;
}

/// The next value folded in; NaN wins.
float folded(Fold fold, float sum, float x) {
  switch (fold) {
    case Fold::kSum:
    case Fold::kMean:
      return sum + x;
    case Fold::kSquares:
    case Fold::kNorm:
      return sum + x * x;
    case Fold::kMagnitudes:
      return sum + std::fabs(x);
    case Fold::kMost:
      return x > sum || x != x ? x : sum;
    case Fold::kLeast:
      return x < sum || x != x ? x : sum;
  }
  return sum;
}

template <Fold fold>
void reduce(const Parts& p, const float* from, float* to) {
  constexpr bool kExtreme = fold == Fold::kMost || fold == Fold::kLeast;
  const std::int64_t groups = (p.inner + kColumns - 1) / kColumns;
#pragma omp parallel for schedule(static) if (p.outer * p.extent * p.inner > kSmall)
  for (std::int64_t group = 0; group < p.outer * groups; ++group) {
    const std::int64_t first = group % groups * kColumns;
    const std::int64_t count = std::min(kColumns, p.inner - first);
    const float* in = from + group / groups * p.extent * p.inner + first;
    std::array<float, kColumns> sums{};
    if (kExtreme) std::copy_n(in, count, sums.begin());
    if (p.inner == 1 && !kExtreme) {
      sums[0] = static_cast<float>(sum_of(in, p.extent, [](float x) { return folded(fold, 0.0F, x); }));
    } else {
      for (std::int64_t i = kExtreme ? 1 : 0; i < p.extent; ++i) {
        for (std::int64_t c = 0; c < count; ++c) sums[c] = folded(fold, sums[c], in[i * p.inner + c]);
      }
    }
    float* out = to + group / groups * p.inner + first;
    for (std::int64_t c = 0; c < count; ++c) {
      if (fold == Fold::kMean) sums[c] /= static_cast<float>(p.extent);
      out[c] = fold == Fold::kNorm ? std::sqrt(sums[c]) : sums[c];
    }
  }
}

using Reduce = void (*)(const Parts& parts, const float* from, float* to);

Reduce reduction_of(Fold fold) {
  switch (fold) {
    case Fold::kSum:
      return reduce<Fold::kSum>;
    case Fold::kMean:
      return reduce<Fold::kMean>;
    case Fold::kSquares:
      return reduce<Fold::kSquares>;
    case Fold::kNorm:
      return reduce<Fold::kNorm>;
    case Fold::kMagnitudes:
      return reduce<Fold::kMagnitudes>;
    case Fold::kMost:
      return reduce<Fold::kMost>;
    case Fold::kLeast:
      break;
  }
  return reduce<Fold::kLeast>;
}

/// The axes that are reduced, as one; empty where they are not neighbours.
std::optional<Parts> reduced_parts(const Builder& builder, const Node& node) {
  const Shape& shape = builder.shape(node.inputs[0]);
  std::vector<std::int64_t> axes = node.integers("axes");
  if (has_input(node, 1)) {
    const Tensor* given = builder.info(node.inputs[1]).constant.get();
    if (given == nullptr) return std::nullopt;
    axes = list_of(*given);
  }
  auto marked = mark_axes(axes, shape.size());
  if (!marked.ok() || (axes.empty() && node.integer("noop_with_empty_axes", 0) != 0)) return std::nullopt;
  if (axes.empty()) marked->assign(shape.size(), 1);
  const auto begin = std::find(marked->begin(), marked->end(), 1);
  const auto end = std::find(begin, marked->end(), 0);
  if (begin == marked->end() || std::find(end, marked->end(), 1) != marked->end()) return std::nullopt;
  Parts parts{.outer = 1, .extent = 1, .inner = 1};
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const auto at = marked->begin() + static_cast<std::ptrdiff_t>(i);
    (at < begin ? parts.outer : at < end ? parts.extent : parts.inner) *= shape[i];
  }
  return parts;
}

}  // namespace

bool lower_reduction(Builder& builder, const Node& node) {
  const auto fold = fold_of(node);
  const auto parts = reduced_parts(builder, node);
  if (!fold || !parts || builder.graph.constant(node.inputs[0]) != nullptr) return false;
  const dnnl::memory from = builder.read(node.inputs[0], Builder::plain(builder.shape(node.inputs[0])));
  const dnnl::memory to = builder.write(node.outputs[0], Builder::plain(builder.shape(node.outputs[0])));
  builder.add_step(node, "plain", 0, [parts = *parts, reduce = reduction_of(*fold), from, to](dnnl::stream&) {
    reduce(parts, values(from), target(to));
  });
  return true;
}

}  // namespace poise::onednn
