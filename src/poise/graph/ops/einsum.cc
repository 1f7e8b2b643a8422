#include "poise/graph/ops/einsum.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "poise/graph/ops/elements.h"

namespace poise {
namespace {

// An axis: a letter, or the ellipsis's axis of that number counted from the end (as negative numbers).
using Label = int;
constexpr Label kEllipsis = 0;

/// The letters of one term, kEllipsis for "...".
Result<std::vector<Label>> parse_term(const std::string& term) {
  std::vector<Label> labels;
  for (std::size_t i = 0; i < term.size(); ++i) {
    const char c = term[i];
    if (c == ' ') continue;
    if (term.compare(i, 3, "...") == 0) {
      labels.push_back(kEllipsis);
      i += 2;
    } else if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
      labels.push_back(c);
    } else {
      return malformed("the equation holds a character that is no letter");
    }
  }
  if (std::count(labels.begin(), labels.end(), kEllipsis) > 1) return malformed("a term has more than one \"...\"");
  return labels;
}

/// The ellipsis replaced by `count` axes, counted from the last one back.
std::vector<Label> expanded(const std::vector<Label>& labels, std::size_t count) {
  std::vector<Label> all;
  for (const Label label : labels) {
    if (label != kEllipsis) {
      all.push_back(label);
      continue;
    }
    for (std::size_t i = count; i > 0; --i) all.push_back(-static_cast<Label>(i));
  }
  return all;
}

struct Equation {
  std::vector<std::vector<Label>> inputs;
  std::vector<Label> output;
};

/// With the output that is meant where none is written: what comes once, in the alphabet's order, ellipsis first.
Result<Equation> parse(const std::string& text, const std::vector<Shape>& shapes) {
  const std::size_t arrow = text.find("->");
  const std::string left = text.substr(0, arrow);
  Equation equation;
  std::size_t widest = 0;  // axes under an ellipsis
  for (std::size_t begin = 0; begin <= left.size();) {
    const std::size_t end = std::min(left.find(',', begin), left.size());
    POISE_TRY(auto labels, parse_term(left.substr(begin, end - begin)));
    begin = end + 1;
    const std::size_t i = equation.inputs.size();
    if (i >= shapes.size()) return malformed("the equation has more terms than there are inputs");
    const bool has_ellipsis = std::find(labels.begin(), labels.end(), kEllipsis) != labels.end();
    const std::size_t named = labels.size() - (has_ellipsis ? 1 : 0);
    if (shapes[i].size() < named || (!has_ellipsis && shapes[i].size() != named)) {
      return malformed("input " + std::to_string(i) + " is " + to_string(shapes[i]) + ", the equation names " +
                       std::to_string(named) + " axes");
    }
    widest = std::max(widest, shapes[i].size() - named);
    equation.inputs.push_back(expanded(labels, shapes[i].size() - named));
  }
  if (equation.inputs.size() != shapes.size()) return malformed("the equation has fewer terms than there are inputs");
  if (arrow != std::string::npos) {
    POISE_TRY(const auto labels, parse_term(text.substr(arrow + 2)));
    equation.output = expanded(labels, widest);
    return equation;
  }
  std::map<Label, int> seen;
  for (const auto& labels : equation.inputs) {
    for (const Label label : labels) ++seen[label];
  }
  equation.output = expanded({kEllipsis}, widest);
  for (const auto& [label, count] : seen) {
    if (label > 0 && count == 1) equation.output.push_back(label);
  }
  return equation;
}

}  // namespace

Result<EinsumPlan> plan_einsum(const std::string& equation, const std::vector<Shape>& shapes) {
  POISE_TRY(const Equation parsed, parse(equation, shapes));
  std::map<Label, std::int64_t> extents;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    for (std::size_t axis = 0; axis < shapes[i].size(); ++axis) {
      const std::int64_t extent = shapes[i][axis];
      const auto [known, added] = extents.emplace(parsed.inputs[i][axis], extent);
      if (added || known->second == extent || extent == 1) continue;
      if (known->second != 1) return malformed("the inputs' extents do not fit the equation " + equation);
      known->second = extent;
    }
  }
  EinsumPlan plan;
  std::map<Label, std::size_t> index;
  for (const Label label : parsed.output) {
    if (!extents.contains(label) || !index.emplace(label, plan.extents.size()).second) {
      return malformed("the output of the equation " + equation + " names an index twice, or one that no input has");
    }
    plan.extents.push_back(extents[label]);
  }
  plan.outputs = plan.extents.size();
  for (const auto& [label, extent] : extents) {
    if (index.emplace(label, plan.extents.size()).second) plan.extents.push_back(extent);
  }
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    const Shape dense = dense_steps(shapes[i]);
    Shape steps(plan.extents.size(), 0);
    for (std::size_t axis = 0; axis < dense.size(); ++axis) {  // an index that comes twice is a diagonal
      if (shapes[i][axis] != 1) steps[index[parsed.inputs[i][axis]]] += dense[axis];
    }
    plan.steps.push_back(std::move(steps));
  }
  return plan;
}

namespace {

constexpr std::int64_t kMostProducts = std::int64_t{1} << 40U;

InferResult infer(const Node& node, std::span<const ValueInfo> inputs) {
  std::vector<Shape> shapes;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (node.inputs[i] == kNoValue) return malformed("input " + std::to_string(i) + " is left out");
    POISE_RETURN_IF_ERROR(expect_float(inputs[i], "input " + std::to_string(i)));
    POISE_RETURN_IF_ERROR(expect_elements(inputs[i], "input " + std::to_string(i)));
    shapes.push_back(inputs[i].shape);
  }
  POISE_TRY(const EinsumPlan plan, plan_einsum(node.text("equation", ""), shapes));
  POISE_TRY(const std::int64_t products, element_count(plan.extents));
  if (products > kMostProducts) return too_large("it takes more than 2^40 products");
  return one_output(DType::kFloat32, plan.output());
}

void run(const Node& node, std::span<const Tensor* const> inputs, std::span<Tensor> outputs) {
  std::vector<Shape> shapes;
  for (const Tensor* input : inputs) shapes.push_back(input->shape());
  const EinsumPlan plan = plan_einsum(node.text("equation", ""), shapes).value();
  const std::int64_t products = element_count(plan.extents).value();
  const std::int64_t terms = products / std::max<std::int64_t>(outputs[0].count(), 1);
  std::vector<Walk<1>> walks;
  for (const Shape& steps : plan.steps) walks.emplace_back(plan.extents, std::array{steps});
  for (float& value : outputs[0].floats()) {
    double sum = 0;
    for (std::int64_t term = 0; term < terms; ++term) {
      double product = 1;
      for (std::size_t i = 0; i < walks.size(); ++i) {
        product *= inputs[i]->floats()[walks[i][0]];
        walks[i].next();
      }
      sum += product;
    }
    value = static_cast<float>(sum);
  }
}

constexpr AttributeRule kAttributes[] = {{"equation", AttributeKind::kText}};

}  // namespace

const Operator kEinsum{"Einsum", 1, kAnyNumber, kAttributes, infer, run};

}  // namespace poise
