// Matrix products on oneDNN: MatMul and Gemm, a stack's matrices side by side where they share the right one.

#include <algorithm>

#include "poise/engine/backends/onednn/builder.h"
#include "poise/graph/ops/rules.h"

namespace poise::onednn {
namespace {

struct Product {
  Shape left, right, out;  // of equal rank, 2 or more; batch extents of 1 are repeated
  Shape right_steps;       // elements to step by in the right matrix's memory
  ValueId right_id = kNoValue;
  ValueId bias = kNoValue;  // one number a column
};

Shape padded_to(const Shape& shape, std::size_t rank) {
  Shape padded(rank - std::min(rank, shape.size()), 1);
  padded.insert(padded.end(), shape.begin(), shape.end());
  return padded;
}

void add_product(Builder& builder, const Node& node, const Product& p) {
  const Desc left = Builder::plain(p.left);
  const Desc right(p.right, Type::f32, p.right_steps);
  const Desc out = Builder::plain(p.out);
  const Tensor* constant = builder.graph.constant(p.right_id);
  const bool packs = constant != nullptr && p.right.size() == 2;
  const Desc wanted = packs ? Desc(p.right, Type::f32, Tag::any) : right;
  const Desc bias_layout = Builder::plain(padded_to({p.out.back()}, p.out.size()));
  const dnnl::matmul::desc desc =
      p.bias == kNoValue ? dnnl::matmul::desc(left, wanted, out) : dnnl::matmul::desc(left, wanted, bias_layout, out);
  const dnnl::matmul::primitive_desc planned(desc, user_scratchpad(), builder.engine);
  std::unordered_map<int, dnnl::memory> arguments;
  const dnnl::memory a = builder.read(node.inputs[0], Builder::plain(builder.shape(node.inputs[0])));
  if (packs) {
    arguments.emplace(DNNL_ARG_WEIGHTS,
                      builder.weights(p.right_id).get({p.right_id}, right, planned.weights_desc(), [constant] {
                        return constant->clone();
                      }));
  } else {
    const dnnl::memory b = builder.read(p.right_id, Builder::plain(builder.shape(p.right_id)));
    arguments.emplace(DNNL_ARG_WEIGHTS, constant != nullptr ? dnnl::memory(right, builder.engine, b.get_data_handle())
                                                            : builder.view(b, right));
  }
  if (p.bias != kNoValue) {
    const Tensor* bias = builder.graph.constant(p.bias);
    const dnnl::memory values = builder.weights(p.bias).vector({p.bias}, [bias] { return bias->clone(); });
    arguments.emplace(DNNL_ARG_BIAS, dnnl::memory(bias_layout, builder.engine, values.get_data_handle()));
  }
  const dnnl::memory c = builder.write(node.outputs[0], Builder::plain(builder.shape(node.outputs[0])));
  // A computed left side lies in the arena; a constant one where it always is.
  arguments.emplace(DNNL_ARG_SRC, builder.graph.constant(node.inputs[0]) != nullptr
                                      ? dnnl::memory(left, builder.engine, a.get_data_handle())
                                      : builder.view(a, left));
  arguments.emplace(DNNL_ARG_DST, builder.view(c, out));
  builder.add_primitive(node, "", planned, std::move(arguments), builder.work(node));
}

bool lower_gemm(Builder& builder, const Node& node) {
  if (node.real("alpha", 1.0F) != 1.0F || node.integer("transA", 0) != 0) return false;
  Product p;
  p.left = builder.shape(node.inputs[0]);
  p.right = builder.shape(node.inputs[1]);
  p.out = builder.shape(node.outputs[0]);
  p.right_steps = Builder::row_steps(p.right);
  if (node.integer("transB", 0) != 0) {
    std::swap(p.right[0], p.right[1]);
    std::swap(p.right_steps[0], p.right_steps[1]);
  }
  p.right_id = node.inputs[1];
  if (has_input(node, 2)) {
    const Tensor* bias = builder.graph.constant(node.inputs[2]);
    if (bias == nullptr || bias->count() != p.out[1] || node.real("beta", 1.0F) != 1.0F) return false;
    if (bias->rank() == 2 && bias->dim(0) != 1) return false;
    p.bias = node.inputs[2];
  }
  add_product(builder, node, p);
  return true;
}

}  // namespace

bool lower_matmul(Builder& builder, const Node& node) {
  constexpr std::size_t kMostAxes = 12;  // oneDNN's
  if (node.op == "Gemm") return lower_gemm(builder, node);
  const Shape& a = builder.shape(node.inputs[0]);
  const Shape& b = builder.shape(node.inputs[1]);
  if (a.empty() || b.empty() || std::max(a.size(), b.size()) > kMostAxes) return false;
  Product p;
  p.right_id = node.inputs[1];
  p.left = a.size() == 1 ? Shape{1, a[0]} : a;
  p.right = b.size() == 1 ? Shape{b[0], 1} : b;
  if (p.right.size() == 2) {
    const std::int64_t rows = element_count(p.left).value() / p.left.back();
    p.left = {rows, p.left.back()};
    p.out = {rows, p.right[1]};
  } else {
    const std::size_t rank = std::max(p.left.size(), p.right.size());
    p.left = padded_to(p.left, rank);
    p.right = padded_to(p.right, rank);
    for (std::size_t i = 0; i + 2 < rank; ++i) p.out.push_back(std::max(p.left[i], p.right[i]));
    p.out.insert(p.out.end(), {p.left[rank - 2], p.right[rank - 1]});
  }
  p.right_steps = Builder::row_steps(p.right);
  add_product(builder, node, p);
  return true;
}

}  // namespace poise::onednn
