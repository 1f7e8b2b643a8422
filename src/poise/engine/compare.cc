#include "poise/engine/compare.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <deque>
#include <limits>
#include <map>
#include <utility>

#include "poise/base/random.h"
#include "poise/graph/known.h"
#include "poise/graph/passes/passes.h"

namespace poise {
namespace {

constexpr int kNoLayer = -1;

/// A network as it is compared: its nodes are the layers.
struct Side {
  const char* letter;
  Graph graph;
  std::vector<ValueInfo> infos;
  std::vector<int> producers;  // by value

  Error error(const Error& what) const { return what.prefixed(letter); }
  const Node& layer(int n) const { return graph.nodes[n]; }
};

Result<Side> make_side(const char* letter, const Graph& graph, std::span<const TensorView> inputs) {
  std::vector<Shape> shapes;
  for (const TensorView& input : inputs) shapes.push_back(input.shape);
  Side side{.letter = letter, .graph = graph, .infos = {}, .producers = {}};
  const auto prepare = [&side, &shapes]() -> Status {
    POISE_RETURN_IF_ERROR(side.graph.validate());
    remove_identities(side.graph);
    POISE_TRY(side.infos, infer_shapes(side.graph, shapes));
    fold_known(side.graph, side.infos);
    return fold_constants(side.graph);
  };
  if (const Status status = prepare(); !status.ok()) return side.error(status.error());
  side.producers.assign(side.graph.values.size(), kNoLayer);
  for (std::size_t n = 0; n < side.graph.nodes.size(); ++n) {
    for (const ValueId id : side.graph.nodes[n].outputs) side.producers[id] = static_cast<int>(n);
  }
  return side;
}

Result<std::vector<Tensor>> run(const Side& side, Graph graph, std::span<const TensorView> inputs,
                                const SessionOptions& options) {
  Result<Session> session = Session::create(std::move(graph), options);
  if (!session.ok()) return side.error(session.error());
  std::vector<Tensor> outputs;
  if (const Status status = session->run(inputs, outputs); !status.ok()) return side.error(status.error());
  return outputs;
}

template <typename T>
void measure(std::span<const T> a, std::span<const T> b, Difference& out) {
  double most = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const auto x = static_cast<double>(a[i]);
    const auto y = static_cast<double>(b[i]);
    if (std::isfinite(x)) out.largest = std::max(out.largest, std::abs(x));
    if (x == y || (std::isnan(x) && std::isnan(y))) continue;
    const double apart = std::abs(x - y);
    most = std::max(most, std::isnan(apart) ? std::numeric_limits<double>::infinity() : apart);
  }
  out.apart = most == 0 ? 0 : most / out.largest;
}

Difference measure(const Tensor& a, const Tensor& b) {
  Difference out{.first = {}, .second = {}, .shape = a.shape()};
  if (a.shape() != b.shape() || a.type() != b.type()) {
    out.apart = std::numeric_limits<double>::infinity();
    return out;
  }
  const auto as = [&]<typename T>(T) { measure(a.as<T>(), b.as<T>(), out); };
  switch (a.type()) {
    case DType::kFloat32:
      as(float{});
      break;
    case DType::kFloat64:
      as(double{});
      break;
    case DType::kInt64:
      as(std::int64_t{});
      break;
    case DType::kInt32:
      as(std::int32_t{});
      break;
    case DType::kUint8:
    case DType::kBool:
      as(std::uint8_t{});
      break;
    case DType::kInt8:
      as(std::int8_t{});
      break;
  }
  return out;
}

bool same_bits(const Tensor& a, const Tensor& b) {
  return a.shape() == b.shape() && a.type() == b.type() &&
         (a.bytes() == 0 || std::memcmp(a.data(), b.data(), a.bytes()) == 0);
}

// "Conv 1x64x128x96": layers with other signatures are never the same.
std::string signature(const Side& side, int n) {
  std::string out = side.layer(n).op;
  for (const ValueId id : side.layer(n).outputs) out += " " + to_string(side.infos[id].shape);
  return out;
}

std::vector<std::string> signatures(const Side& side) {
  std::vector<std::string> out;
  for (std::size_t n = 0; n < side.graph.nodes.size(); ++n) out.push_back(signature(side, static_cast<int>(n)));
  return out;
}

/// By layer of a: the layer of b, or kNoLayer.
std::vector<int> match(const Side& a, const Side& b) {
  const std::vector<std::string> in_a = signatures(a);
  const std::vector<std::string> in_b = signatures(b);
  std::map<std::string_view, int> named;
  for (std::size_t n = 0; n < in_b.size(); ++n) {
    named.emplace(b.graph.values[b.graph.nodes[n].outputs[0]].name, static_cast<int>(n));
  }
  std::vector<int> found(in_a.size(), kNoLayer);
  std::vector<char> taken(in_b.size(), 0);
  for (std::size_t n = 0; n < in_a.size(); ++n) {
    const auto other = named.find(a.graph.values[a.graph.nodes[n].outputs[0]].name);
    if (other == named.end() || in_b[other->second] != in_a[n]) continue;
    found[n] = other->second;
    taken[found[n]] = 1;
  }
  // Exporters number values: where not all names agree, two numbers may agree by accident, but not all operators.
  if (in_a == in_b && std::count(found.begin(), found.end(), kNoLayer) > 0) {
    for (std::size_t n = 0; n < found.size(); ++n) found[n] = static_cast<int>(n);
    return found;
  }
  std::map<std::string_view, std::deque<int>> left;
  for (std::size_t n = 0; n < in_b.size(); ++n) {
    if (taken[n] == 0) left[in_b[n]].push_back(static_cast<int>(n));
  }
  for (std::size_t n = 0; n < in_a.size(); ++n) {
    const auto others = left.find(in_a[n]);
    if (found[n] != kNoLayer || others == left.end() || others->second.empty()) continue;
    found[n] = others->second.front();
    others->second.pop_front();
  }
  return found;
}

std::string describe_structure(const Side& a, const Side& b, const std::vector<int>& matches) {
  std::vector<char> taken(b.graph.nodes.size(), 0);
  for (const int n : matches) {
    if (n != kNoLayer) taken[n] = 1;
  }
  const auto lacking = [](const Side& side, int n, const Side& other) {
    return std::string(side.letter) + " has " + side.layer(n).label() + " (" + signature(side, n) + "), " +
           other.letter + " has no layer like it";
  };
  const auto in_a = std::find(matches.begin(), matches.end(), kNoLayer) - matches.begin();
  const auto in_b = std::find(taken.begin(), taken.end(), 0) - taken.begin();
  const bool all_of_a = in_a == static_cast<std::ptrdiff_t>(matches.size());
  const bool all_of_b = in_b == static_cast<std::ptrdiff_t>(taken.size());
  if (all_of_a && all_of_b) return {};
  const bool a_first = all_of_b || (!all_of_a && in_a <= in_b);
  return a_first ? lacking(a, static_cast<int>(in_a), b) : lacking(b, static_cast<int>(in_b), a);
}

std::string quoted(const std::string& name) { return '"' + name + '"'; }

std::string short_number(double value) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.3g", value);
  return text;
}

std::string describe_tensors(const Tensor& a, const Tensor& b) {
  if (a.shape() != b.shape())
    return "differs: it is " + to_string(a.shape()) + " in a and " + to_string(b.shape()) + " in b";
  if (a.type() != b.type())
    return std::string("differs: it is ") + name_of(a.type()) + " in a and " + name_of(b.type()) + " in b";
  return "differs by " + short_number(measure(a, b).apart) + " of its maximum";
}

std::string describe_weights(const Side& a, const Side& b) {
  std::map<std::string_view, const Tensor*> named;
  for (const Value& value : b.graph.values) {
    if (value.constant != nullptr) named.emplace(value.name, value.constant.get());
  }
  for (const Node& node : a.graph.nodes) {
    for (const ValueId id : node.inputs) {
      const Tensor* tensor = a.graph.constant(id);
      if (tensor == nullptr) continue;
      const std::string& name = a.graph.values[id].name;
      const auto other = named.find(name);
      if (other != named.end() && !same_bits(*tensor, *other->second))
        return quoted(name) + " " + describe_tensors(*tensor, *other->second);
    }
  }
  return {};
}

std::string to_text(const Attribute& attribute) {
  const auto list = [](const auto& values) {
    std::string out = "[";
    for (const auto value : values) {
      if (out.size() > 1) out += ", ";
      out += short_number(static_cast<double>(value));
    }
    return out + "]";
  };
  if (const auto* integer = std::get_if<std::int64_t>(&attribute)) return std::to_string(*integer);
  if (const auto* real = std::get_if<float>(&attribute)) return short_number(*real);
  if (const auto* text = std::get_if<std::string>(&attribute)) return quoted(*text);
  if (const auto* integers = std::get_if<std::vector<std::int64_t>>(&attribute)) return list(*integers);
  if (const auto* reals = std::get_if<std::vector<float>>(&attribute)) return list(*reals);
  return "a tensor";
}

// Of a layer that is known to be apart, so a default that only one file spells out is worth saying too.
std::string describe_cause(const Side& a, const Node& in_a, const Side& b, const Node& in_b) {
  for (std::size_t i = 0; i < std::min(in_a.inputs.size(), in_b.inputs.size()); ++i) {
    const Tensor* first = a.graph.constant(in_a.inputs[i]);
    const Tensor* second = b.graph.constant(in_b.inputs[i]);
    if (first == nullptr || second == nullptr || same_bits(*first, *second)) continue;
    return "its input " + quoted(a.graph.values[in_a.inputs[i]].name) + " " + describe_tensors(*first, *second);
  }
  const auto text = [](const Node& node, const std::string& name) {
    const auto found = node.attributes.find(name);
    return found == node.attributes.end() ? std::string("left out") : to_text(found->second);
  };
  std::map<std::string, Attribute, std::less<>> all = in_a.attributes;
  all.insert(in_b.attributes.begin(), in_b.attributes.end());
  for (const auto& entry : all) {
    const std::string first = text(in_a, entry.first);
    const std::string second = text(in_b, entry.first);
    if (first != second) return "its attribute " + entry.first + " is " + first + " in a and " + second + " in b";
  }
  return {};
}

std::size_t bytes_of(const Side& side, int n) {
  std::size_t bytes = 0;
  for (const ValueId id : side.layer(n).outputs) bytes += bytes_of(side.infos[id]);
  return bytes;
}

/// All values of these layers, from one run.
Result<std::vector<Tensor>> run_layers(const Side& side, const std::vector<int>& layers,
                                       std::span<const TensorView> inputs, const SessionOptions& options) {
  Graph graph = side.graph;
  graph.outputs.clear();
  for (const int n : layers) {
    const Node& node = side.layer(n);
    graph.outputs.insert(graph.outputs.end(), node.outputs.begin(), node.outputs.end());
  }
  return run(side, std::move(graph), inputs, options);
}

/// By layer of a; nothing where it has no match.
Result<std::vector<std::optional<Difference>>> compare_layers(const Side& a, const Side& b,
                                                              const std::vector<int>& matches,
                                                              std::span<const TensorView> inputs,
                                                              const CompareOptions& options) {
  std::vector<std::optional<Difference>> found(matches.size());
  std::vector<int> in_a;
  std::vector<int> in_b;
  std::size_t bytes = 0;
  for (std::size_t n = 0; n <= matches.size(); ++n) {
    const bool end = n == matches.size();
    if (!end && matches[n] == kNoLayer) continue;
    const std::size_t more = end ? 0 : bytes_of(a, static_cast<int>(n));
    if (!in_a.empty() && (end || bytes + more > options.max_bytes)) {
      POISE_TRY(const std::vector<Tensor> first, run_layers(a, in_a, inputs, options.session));
      POISE_TRY(const std::vector<Tensor> second, run_layers(b, in_b, inputs, options.session));
      std::size_t value = 0;
      for (std::size_t i = 0; i < in_a.size(); ++i) {
        Difference worst;
        for (std::size_t k = 0; k < a.layer(in_a[i]).outputs.size(); ++k, ++value) {
          Difference one = measure(first[value], second[value]);
          if (k == 0 || one.apart > worst.apart) worst = std::move(one);
        }
        worst.first = a.layer(in_a[i]).label();
        worst.second = b.layer(in_b[i]).label();
        found[in_a[i]] = std::move(worst);
      }
      in_a.clear();
      in_b.clear();
      bytes = 0;
    }
    if (end) break;
    in_a.push_back(static_cast<int>(n));
    in_b.push_back(matches[n]);
    bytes += more;
  }
  return found;
}

/// Backwards from the outputs that are apart, through layers that are apart or have no match: the first of them. A
/// layer that is apart while all that follows agrees was only written in another way, as one with its norm folded in.
int find_parting(const Side& a, const std::vector<Difference>& outputs,
                 const std::vector<std::optional<Difference>>& layers, double tolerance) {
  std::vector<int> open;
  std::vector<char> seen(layers.size(), 0);
  const auto visit = [&](ValueId id) {
    const int n = id == kNoValue ? kNoLayer : a.producers[id];
    if (n == kNoLayer || seen[n] != 0) return;
    seen[n] = 1;
    if (!layers[n] || !(layers[n]->apart <= tolerance)) open.push_back(n);
  };
  for (std::size_t i = 0; i < a.graph.outputs.size(); ++i) {
    if (!(outputs[i].apart <= tolerance)) visit(a.graph.outputs[i]);
  }
  int first = kNoLayer;
  while (!open.empty()) {
    const int n = open.back();
    open.pop_back();
    if (layers[n] && (first == kNoLayer || n < first)) first = n;
    for (const ValueId id : a.layer(n).inputs) visit(id);
  }
  return first;
}

}  // namespace

Result<Comparison> compare(const Graph& a, const Graph& b, std::span<const TensorView> inputs,
                           const CompareOptions& options) {
  POISE_TRY(const Side in_a, make_side("a", a, inputs));
  POISE_TRY(const Side in_b, make_side("b", b, inputs));
  POISE_TRY(const std::vector<Tensor> first, run(in_a, a, inputs, options.session));
  POISE_TRY(const std::vector<Tensor> second, run(in_b, b, inputs, options.session));
  const std::vector<int> matches = match(in_a, in_b);

  Comparison out;
  out.equal = true;
  out.layers = static_cast<int>(matches.size());
  out.matched = out.layers - static_cast<int>(std::count(matches.begin(), matches.end(), kNoLayer));
  out.structure = describe_structure(in_a, in_b, matches);
  out.weights = describe_weights(in_a, in_b);
  for (std::size_t i = 0; i < std::max(first.size(), second.size()); ++i) {
    const bool both = i < first.size() && i < second.size();
    Difference& one = out.outputs.emplace_back(both ? measure(first[i], second[i]) : Difference{});
    if (!both) one.apart = std::numeric_limits<double>::infinity();
    if (i < first.size()) one.first = a.values[a.outputs[i]].name;
    if (i < second.size()) one.second = b.values[b.outputs[i]].name;
    out.equal = out.equal && one.apart <= options.tolerance;
  }
  if (out.equal) return out;
  POISE_TRY(const auto layers, compare_layers(in_a, in_b, matches, inputs, options));
  const int parting = find_parting(in_a, out.outputs, layers, options.tolerance);
  if (parting == kNoLayer) return out;
  out.parting = layers[parting];
  out.cause = describe_cause(in_a, in_a.layer(parting), in_b, in_b.layer(matches[parting]));
  return out;
}

Json to_json(const Comparison& found, double tolerance) {
  const auto difference = [](const Difference& one) {
    Json json = Json::object();
    json.set("a", one.first);
    json.set("b", one.second);
    json.set("shape", to_string(one.shape));
    json.set("largest", one.largest);
    json.set("apart", one.apart);  // null: shapes or non-finite values differ
    return json;
  };
  Json json = Json::object();
  json.set("poise_compare", 1);
  json.set("equal", found.equal);
  json.set("tolerance", tolerance);
  Json outputs = Json::array();
  for (const Difference& one : found.outputs) outputs.push(difference(one));
  json.set("outputs", std::move(outputs));
  json.set("parting", found.parting ? difference(*found.parting) : Json());
  json.set("cause", found.cause);
  json.set("structure", found.structure);
  json.set("weights", found.weights);
  json.set("layers", found.layers);
  json.set("matched", found.matched);
  return json;
}

Result<std::vector<Tensor>> random_inputs(const Graph& graph, std::uint64_t seed) {
  std::vector<Tensor> inputs;
  for (const ValueId id : graph.inputs) {
    Shape shape = graph.values[id].shape;
    if (!shape.empty() && shape[0] < 0) shape[0] = 1;
    const Result<std::int64_t> count = element_count(shape);
    if (!count || *count > (std::int64_t{1} << 31U)) {
      return invalid_argument("input \"" + graph.values[id].name + "\" is " + to_string(graph.values[id].shape) +
                              ": give a tensor with option \"input\"");
    }
    Random random(seed, inputs.size());
    for (float& value : inputs.emplace_back(shape).floats()) value = static_cast<float>(random.normal());
  }
  return inputs;
}

}  // namespace poise
