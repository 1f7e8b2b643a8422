// Finds operators that exporters write as several: SiLU, Mish, HardSwish, Gelu, layer normalization, casts there and
// back.

#include <cmath>
#include <optional>
#include <utility>

#include "poise/graph/ops/rules.h"
#include "poise/graph/passes/passes.h"
#include "poise/graph/passes/rewrite.h"

namespace poise {
namespace {

class Recogniser {
 public:
  explicit Recogniser(Graph& graph)
      : graph_(graph), readers_(count_readers(graph)), producers_(index_producers(graph)) {}

  void run() {
    std::vector<char> dropped(graph_.nodes.size(), 0);
    dropped_ = &dropped;
    for (std::size_t n = 0; n < graph_.nodes.size(); ++n) {
      Node& node = graph_.nodes[n];
      if (node.fusion.any() || node.outputs.size() != 1) continue;
      if (node.op == "Mul" && !(find_gated(node) || find_gelu(node))) find_norm_without_bias(node);
      if (node.op == "Add") find_norm(node);
      if (node.op == "Cast") find_clip(node);
    }
    drop_nodes(graph_, dropped);
  }

 private:
  /// The node that makes a value for one reader alone; null where there is none, or it is of another operator.
  Node* only(ValueId id, std::string_view op) { return readers_.at(id) == 1 ? any(id, op) : nullptr; }
  Node* any(ValueId id, std::string_view op) {
    const int producer = producers_.at(id);
    if (producer < 0 || (*dropped_)[producer] != 0) return nullptr;
    Node& node = graph_.nodes[producer];
    return node.op == op ? &node : nullptr;
  }
  void drop(const Node* node) { (*dropped_)[node - graph_.nodes.data()] = 1; }

  std::optional<float> number(ValueId id) const {
    const Tensor* tensor = graph_.constant(id);
    if (tensor == nullptr || tensor->type() != DType::kFloat32 || tensor->count() != 1) return std::nullopt;
    return tensor->floats()[0];
  }
  bool is_near(ValueId id, double wanted) const {
    const auto value = number(id);
    return value && std::fabs(*value - wanted) <= 1e-4 * std::fabs(wanted);
  }
  /// Of two inputs, one of which is this number: the other; kNoValue where neither is.
  ValueId beside(const Node& node, double wanted) const {
    if (is_near(node.inputs[1], wanted)) return node.inputs[0];
    return is_near(node.inputs[0], wanted) ? node.inputs[1] : kNoValue;
  }

  static void become(Node& node, const char* op, std::vector<ValueId> inputs,
                     std::map<std::string, Attribute, std::less<>> attributes = {}) {
    node.op = op;
    node.inputs = std::move(inputs);
    node.attributes = std::move(attributes);
  }

  /// Floats that are rounded, cast to integers and back: only what is out of range changes.
  void find_clip(Node& node) {
    constexpr std::int64_t kFloat = 1;  // onnx/onnx.proto, TensorProto.DataType
    Node* cast = only(node.inputs[0], "Cast");
    const Node* round = cast != nullptr ? only(cast->inputs[0], "Round") : nullptr;
    if (round == nullptr || node.integer("to", 0) != kFloat) return;
    const std::int64_t to = cast->integer("to", 0);
    const bool bytes = to == 2 || to == 3;
    if (!bytes && to != 6 && to != 7) return;
    const float low = to == 2 ? 0.0F : to == 3 ? -128.0F : -0x1p31F;
    const float high = to == 2 ? 255.0F : to == 3 ? 127.0F : 0x1p31F;
    const ValueId x = cast->inputs[0];
    drop(cast);
    become(node, "Clip", {x}, {{"min", low}, {"max", high}});
  }

  /// x * gate(x).
  bool find_gated(Node& node) {
    for (const std::size_t i : {std::size_t{0}, std::size_t{1}}) {
      const ValueId x = node.inputs[1 - i];
      if (Node* gate = only(node.inputs[i], "Sigmoid"); gate != nullptr && gate->inputs[0] == x) {
        drop(gate);
        become(node, "Swish", {x});
        return true;
      }
      if (Node* gate = only(node.inputs[i], "HardSigmoid"); gate != nullptr && gate->inputs[0] == x) {
        const bool same = std::fabs(gate->real("alpha", 0.2F) - 1.0F / 6) < 1e-5F && gate->real("beta", 0.5F) == 0.5F;
        if (!same) continue;
        drop(gate);
        become(node, "HardSwish", {x});
        return true;
      }
      Node* gate = only(node.inputs[i], "Tanh");
      Node* inner = gate != nullptr ? only(gate->inputs[0], "Softplus") : nullptr;
      if (inner != nullptr && inner->inputs[0] == x) {
        drop(gate);
        drop(inner);
        become(node, "Mish", {x});
        return true;
      }
    }
    return false;
  }

  /// (1 + erf(x / sqrt 2)) times x times a half, in any order of the factors.
  bool find_gelu(Node& node) {
    constexpr double kRoot = 1.4142135623730951;
    std::vector<Node*> products;
    std::vector<ValueId> factors;
    for (const ValueId id : node.inputs) {
      Node* product = only(id, "Mul");
      if (product != nullptr && products.empty()) {
        products.push_back(product);
        factors.insert(factors.end(), product->inputs.begin(), product->inputs.end());
      } else {
        factors.push_back(id);
      }
    }
    if (factors.size() != 3) return false;
    for (std::size_t i = 0; i < 3; ++i) {
      Node* sum = only(factors[i], "Add");
      if (sum == nullptr) continue;
      const ValueId error = beside(*sum, 1.0);
      Node* erf = error == kNoValue ? nullptr : only(error, "Erf");
      if (erf == nullptr) continue;
      const ValueId a = factors[(i + 1) % 3];
      const ValueId b = factors[(i + 2) % 3];
      const ValueId x = is_near(a, 0.5) ? b : is_near(b, 0.5) ? a : kNoValue;
      Node* scaled = only(erf->inputs[0], "Div");
      const bool divided = scaled != nullptr && scaled->inputs[0] == x && is_near(scaled->inputs[1], kRoot);
      if (!divided) scaled = only(erf->inputs[0], "Mul");
      if (x == kNoValue || scaled == nullptr || (!divided && beside(*scaled, 1 / kRoot) != x)) continue;
      for (const Node* gone : {sum, erf, scaled, products[0]}) drop(gone);
      become(node, "Gelu", {x});
      return true;
    }
    return false;
  }

  struct Norm {
    ValueId x = kNoValue;
    ValueId scale = kNoValue;
    float epsilon = 0;
    std::vector<Node*> nodes;
  };

  bool is_last_axis(const Node& mean) const {
    std::vector<std::int64_t> axes = mean.integers("axes");
    if (mean.inputs.size() > 1) {
      const Tensor* given = graph_.constant(mean.inputs[1]);
      if (given == nullptr || given->type() != DType::kInt64) return false;
      axes.assign(given->ints().begin(), given->ints().end());
    }
    return axes == std::vector<std::int64_t>{-1} && mean.integer("keepdims", 1) != 0;
  }

  /// scale * (x - mean) / sqrt(mean of its squares + epsilon), as exporters write it before opset 17.
  std::optional<Norm> norm_of(Node& product) {
    for (const std::size_t i : {std::size_t{0}, std::size_t{1}}) {
      const Tensor* scale = graph_.constant(product.inputs[1 - i]);
      Node* quotient = only(product.inputs[i], "Div");
      if (quotient == nullptr || scale == nullptr || scale->rank() != 1) continue;
      Node* root = only(quotient->inputs[1], "Sqrt");
      Node* sum = root != nullptr ? only(root->inputs[0], "Add") : nullptr;
      Node* centred = any(quotient->inputs[0], "Sub");
      if (sum == nullptr || centred == nullptr || readers_.at(centred->outputs[0]) != 2) continue;
      Node* variance = nullptr;
      std::optional<float> epsilon;
      for (const std::size_t k : {std::size_t{0}, std::size_t{1}}) {
        if (!variance) variance = only(sum->inputs[k], "ReduceMean");
        if (!epsilon) epsilon = number(sum->inputs[k]);
      }
      Node* square = variance != nullptr ? only(variance->inputs[0], "Pow") : nullptr;
      Node* mean = only(centred->inputs[1], "ReduceMean");
      if (!epsilon || square == nullptr || mean == nullptr || !is_last_axis(*mean) || !is_last_axis(*variance))
        continue;
      const bool fits = square->inputs[0] == centred->outputs[0] && is_near(square->inputs[1], 2.0) &&
                        mean->inputs[0] == centred->inputs[0];
      if (!fits) continue;
      return Norm{
          mean->inputs[0], product.inputs[1 - i], *epsilon, {quotient, root, sum, centred, variance, square, mean}};
    }
    return std::nullopt;
  }

  /// A bias behind what find_norm_without_bias() made.
  void find_norm(Node& node) {
    for (const std::size_t i : {std::size_t{0}, std::size_t{1}}) {
      const Tensor* bias = graph_.constant(node.inputs[1 - i]);
      Node* norm = only(node.inputs[i], "LayerNormalization");
      if (norm == nullptr || bias == nullptr || norm->inputs.size() != 2 || norm->integer("axis", -1) != -1) continue;
      const Tensor* scale = graph_.constant(norm->inputs[1]);
      if (scale == nullptr || scale->shape() != bias->shape()) continue;
      become(node, "LayerNormalization", {norm->inputs[0], norm->inputs[1], node.inputs[1 - i]}, norm->attributes);
      drop(norm);
      return;
    }
  }

  void find_norm_without_bias(Node& node) {
    const auto norm = norm_of(node);
    if (!norm) return;
    for (const Node* gone : norm->nodes) drop(gone);
    become(node, "LayerNormalization", {norm->x, norm->scale},
           {{"axis", std::int64_t{-1}}, {"epsilon", norm->epsilon}});
  }

  Graph& graph_;
  std::vector<int> readers_, producers_;
  std::vector<char>* dropped_ = nullptr;
};

}  // namespace

void recognise_operators(Graph& graph) { Recogniser(graph).run(); }

}  // namespace poise
