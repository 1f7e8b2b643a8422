// Operators of two values and more, with broadcasting: oneDNN's where it is fast, else a walk of our own.

#include <algorithm>
#include <cmath>
#include <optional>

#include "poise/engine/backends/onednn/builder.h"
#include "poise/graph/ops/rules.h"

namespace poise::onednn {
namespace {

template <int block, typename F>
void combine_channels(const Shape& full, bool one_image, const float* left, const float* right, float* out, F combine) {
  const std::int64_t blocks = (full[1] + block - 1) / block;
  const std::int64_t area = full[2] * full[3];
#pragma omp parallel for schedule(static)
  for (std::int64_t plane = 0; plane < full[0] * blocks; ++plane) {
    const float* channel = right + (one_image ? plane % blocks : plane) * block;
    for (std::int64_t i = 0; i < area; ++i) {
      const std::int64_t at = (plane * area + i) * block;
      for (int c = 0; c < block; ++c) out[at + c] = combine(left[at + c], channel[c]);
    }
  }
}

/// A map and a computed value a channel, as squeeze-and-excitation has them: oneDNN 2.6 is slow there. Sums and
/// products keep a block's empty channels at zero.
bool lower_channel_binary(Builder& builder, const Node& node, ValueId full, ValueId other, const Shape& padded) {
  const Shape& out = builder.shape(node.outputs[0]);
  if (out.size() != 4 || padded[1] != out[1] || padded[2] != 1 || padded[3] != 1) return false;
  if (builder.graph.constant(other) != nullptr || (node.op != "Add" && node.op != "Mul")) return false;
  const dnnl::memory left = builder.read(full, builder.blocked(out));
  const dnnl::memory right = builder.read(other, builder.blocked(padded));
  const dnnl::memory to = builder.write(node.outputs[0], builder.blocked(out));
  const bool product = node.op == "Mul";
  const bool one_image = padded[0] == 1;
  builder.add_step(node, "blocked", 0, [=, wide = builder.block == 16](dnnl::stream&) {
    const auto* a = static_cast<const float*>(left.get_data_handle());
    const auto* b = static_cast<const float*>(right.get_data_handle());
    auto* c = static_cast<float*>(to.get_data_handle());
    const auto run = [&](auto combine) {
      if (wide) {
        combine_channels<16>(out, one_image, a, b, c, combine);
      } else {
        combine_channels<8>(out, one_image, a, b, c, combine);
      }
    };
    if (product) {
      run([](float x, float y) { return x * y; });
    } else {
      run([](float x, float y) { return x + y; });
    }
  });
  return true;
}

std::optional<dnnl::algorithm> binary_algorithm(const Node& node) {
  if (node.op == "Add") return dnnl::algorithm::binary_add;
  if (node.op == "Sub") return dnnl::algorithm::binary_sub;
  if (node.op == "Mul") return dnnl::algorithm::binary_mul;
  if (node.op == "Div") return dnnl::algorithm::binary_div;
  if (node.op == "Min" && node.inputs.size() == 2) return dnnl::algorithm::binary_min;
  if (node.op == "Max" && node.inputs.size() == 2) return dnnl::algorithm::binary_max;
  return std::nullopt;
}

/// By oneDNN: a computed map and a constant, or a map of the same layout.
bool lower_onednn_binary(Builder& builder, const Node& node) {
  const auto algorithm = binary_algorithm(node);
  if (!algorithm) return false;
  const Shape& out = builder.shape(node.outputs[0]);
  ValueId full = node.inputs[0];
  ValueId other = node.inputs[1];
  const bool commutes = node.op != "Sub" && node.op != "Div";
  if (commutes && builder.shape(full) != out) std::swap(full, other);
  if (builder.shape(full) != out || out.empty() || builder.graph.constant(full) != nullptr) return false;
  Shape padded(out.size() - std::min(out.size(), builder.shape(other).size()), 1);
  padded.insert(padded.end(), builder.shape(other).begin(), builder.shape(other).end());
  // Only sums of two maps stay in bfloat16.
  const bool halves = type_of(builder.desc(full)) == Type::bf16 && padded == out;
  const bool as_it_is_now = halves || type_of(builder.desc(full)) == Type::f32;
  const Desc layout = as_it_is_now ? builder.desc(full) : builder.blocked(out);
  const Tensor* constant = builder.graph.constant(other);
  const bool fixed = constant != nullptr;
  // Division by a block's empty channels would leave 0/0 in them, and later sums would spread it.
  const bool divides_by_one_number = fixed && constant->count() == 1 && constant->floats()[0] != 0.0F;
  if (*algorithm == dnnl::algorithm::binary_div && layout != Builder::plain(out) && !divides_by_one_number)
    return false;
  Desc right_layout = layout;
  if (!fixed && builder.shape(other).size() != out.size()) return false;
  if (padded != out) {
    right_layout = fixed ? Builder::plain(padded) : builder.blocked(padded);
  }
  const dnnl::binary::desc desc(*algorithm, layout, right_layout, layout);
  const dnnl::binary::primitive_desc planned(desc, user_scratchpad(), builder.engine, true);
  if (!is_fast(planned)) return lower_channel_binary(builder, node, full, other, padded);
  dnnl::memory right;
  if (fixed && padded != builder.shape(other)) {
    if (right_layout != Builder::plain(padded)) return false;
    // The same bytes, with axes of one element in front.
    const dnnl::memory as_it_is = builder.read(other, Builder::plain(builder.shape(other)));
    right = dnnl::memory(right_layout, builder.engine, as_it_is.get_data_handle());
  } else {
    right = builder.read(other, right_layout);
  }
  const dnnl::memory left = builder.read(full, layout);
  const dnnl::memory to = builder.write(node.outputs[0], layout);
  builder.add_primitive(node, "", planned, {{DNNL_ARG_SRC_0, left}, {DNNL_ARG_SRC_1, right}, {DNNL_ARG_DST, to}}, 0);
  return true;
}

/// An output's elements and where each of two operands steps to: axes along which both step alike are one.
struct Broadcast {
  Shape extents, left, right;  // without the last axis
  std::int64_t rows = 1;       // their product
  std::int64_t inner = 1;      // the last axis, along which an operand stands still or steps by one
  std::int64_t left_step = 0, right_step = 0;
};

Broadcast plan_broadcast(const Shape& left_shape, const Shape& right_shape, const Shape& out) {
  const Shape left = broadcast_steps(left_shape, out);
  const Shape right = broadcast_steps(right_shape, out);
  Broadcast plan;
  for (std::size_t axis = 0; axis < out.size(); ++axis) {
    if (out[axis] == 1) continue;
    const bool joins = !plan.extents.empty() && plan.left.back() == left[axis] * out[axis] &&
                       plan.right.back() == right[axis] * out[axis];
    if (joins) {
      plan.extents.back() *= out[axis];
      plan.left.back() = left[axis];
      plan.right.back() = right[axis];
    } else {
      plan.extents.push_back(out[axis]);
      plan.left.push_back(left[axis]);
      plan.right.push_back(right[axis]);
    }
  }
  if (plan.extents.empty()) return plan;
  plan.inner = plan.extents.back();
  plan.left_step = plan.left.back();
  plan.right_step = plan.right.back();
  for (Shape* list : {&plan.extents, &plan.left, &plan.right}) list->pop_back();
  for (const std::int64_t extent : plan.extents) plan.rows *= extent;
  return plan;
}

template <typename F>
void combine_row(const Broadcast& plan, const float* a, const float* b, std::int64_t count, float* c, F f) {
  if (plan.right_step == 0) {
    const float y = *b;
    for (std::int64_t i = 0; i < count; ++i) c[i] = f(a[i], y);
  } else if (plan.left_step == 0) {
    const float x = *a;
    for (std::int64_t i = 0; i < count; ++i) c[i] = f(x, b[i]);
  } else {
    for (std::int64_t i = 0; i < count; ++i) c[i] = f(a[i], b[i]);
  }
}

template <typename F>
void combine_broadcast(const Broadcast& plan, const float* a, const float* b, float* c, F f) {
  constexpr std::int64_t kPiece = 4096;
  const std::int64_t pieces = (plan.inner + kPiece - 1) / kPiece;
#pragma omp parallel for schedule(static) if (plan.rows * plan.inner > kPiece)
  for (std::int64_t piece = 0; piece < plan.rows * pieces; ++piece) {
    std::int64_t rest = piece / pieces;
    const std::int64_t first = piece % pieces * kPiece;
    float* to = c + rest * plan.inner + first;
    std::int64_t left = first * plan.left_step;
    std::int64_t right = first * plan.right_step;
    for (std::size_t axis = plan.extents.size(); axis-- > 0; rest /= plan.extents[axis]) {
      left += rest % plan.extents[axis] * plan.left[axis];
      right += rest % plan.extents[axis] * plan.right[axis];
    }
    combine_row(plan, a + left, b + right, std::min(kPiece, plan.inner - first), to, f);
  }
}

using Combine = void (*)(const Broadcast& plan, const float* a, const float* b, float* c);

/// Null where the operator is no such one. NaN stays NaN, on either side.
Combine combine_of(const Node& node) {
  using B = const Broadcast&;
  if (node.op == "Add" || node.op == "Sum" || node.op == "Mean") {
    return [](B p, const float* a, const float* b, float* c) {
      combine_broadcast(p, a, b, c, [](float x, float y) { return x + y; });
    };
  }
  if (node.op == "Sub") {
    return [](B p, const float* a, const float* b, float* c) {
      combine_broadcast(p, a, b, c, [](float x, float y) { return x - y; });
    };
  }
  if (node.op == "Mul") {
    return [](B p, const float* a, const float* b, float* c) {
      combine_broadcast(p, a, b, c, [](float x, float y) { return x * y; });
    };
  }
  if (node.op == "Div") {
    return [](B p, const float* a, const float* b, float* c) {
      combine_broadcast(p, a, b, c, [](float x, float y) { return x / y; });
    };
  }
  if (node.op == "Min") {
    return [](B p, const float* a, const float* b, float* c) {
      combine_broadcast(p, a, b, c, [](float x, float y) { return x < y || x != x ? x : y; });
    };
  }
  if (node.op == "Max") {
    return [](B p, const float* a, const float* b, float* c) {
      combine_broadcast(p, a, b, c, [](float x, float y) { return x > y || x != x ? x : y; });
    };
  }
  if (node.op == "PRelu") {
    return [](B p, const float* a, const float* b, float* c) {
      combine_broadcast(p, a, b, c, [](float x, float y) { return x < 0 ? y * x : x; });
    };
  }
  if (node.op == "Pow") {
    return [](B p, const float* a, const float* b, float* c) {
      combine_broadcast(p, a, b, c, [](float x, float y) { return std::pow(x, y); });
    };
  }
  return nullptr;
}

/// Row-major, one operand after the other into the output; of a mean the last one divides.
bool lower_broadcast(Builder& builder, const Node& node) {
  const Combine combine = combine_of(node);
  if (combine == nullptr || node.inputs.size() < 2) return false;
  const Shape& out = builder.shape(node.outputs[0]);
  std::vector<dnnl::memory> operands;
  for (const ValueId id : node.inputs) {
    if (builder.type(id) != DType::kFloat32) return false;
    operands.push_back(builder.read(id, Builder::plain(builder.shape(id))));
  }
  const dnnl::memory to = builder.write(node.outputs[0], Builder::plain(out));
  std::vector<Broadcast> plans;
  for (std::size_t i = 1; i < operands.size(); ++i) {
    plans.push_back(plan_broadcast(i == 1 ? builder.shape(node.inputs[0]) : out, builder.shape(node.inputs[i]), out));
  }
  const float divisor = node.op == "Mean" ? static_cast<float>(operands.size()) : 0.0F;
  builder.add_step(node, "broadcast", 0, [=, plans = std::move(plans)](dnnl::stream&) {
    auto* result = static_cast<float*>(to.get_data_handle());
    const auto* left = static_cast<const float*>(operands[0].get_data_handle());
    for (std::size_t i = 0; i < plans.size(); ++i) {
      combine(plans[i], left, static_cast<const float*>(operands[i + 1].get_data_handle()), result);
      left = result;
    }
    const auto count = static_cast<std::int64_t>(to.get_desc().get_size() / sizeof(float));
    for (std::int64_t i = 0; divisor > 0 && i < count; ++i) result[i] /= divisor;
  });
  return true;
}

}  // namespace

bool lower_binary(Builder& builder, const Node& node) {
  return lower_onednn_binary(builder, node) || lower_broadcast(builder, node);
}

}  // namespace poise::onednn
