#include "poise/quantize/quantize.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "poise/engine/session.h"
#include "poise/graph/passes/passes.h"
#include "poise/quantize/qdq.h"

namespace poise {
namespace {

/// Folded as engines do it, so that what is rounded is what they compute.
Result<Graph> folded(const Graph& graph) {
  Graph copy = graph;
  POISE_RETURN_IF_ERROR(copy.validate());
  remove_identities(copy);
  POISE_RETURN_IF_ERROR(fold_constants(copy));
  fold_batch_norm(copy);
  remove_dead(copy);
  POISE_RETURN_IF_ERROR(copy.validate());
  return copy;
}

class Quantizer {
 public:
  Quantizer(Graph graph, std::vector<Tensor> calibration, std::vector<Tensor> kept, const QuantizeOptions& options)
      : graph_(std::move(graph)),
        calibration_(std::move(calibration)),
        kept_(std::move(kept)),
        options_(options),
        candidates_(integer_candidates(graph_)),
        all_(candidates_.begin(), candidates_.end()),
        total_(candidates_.size() + 5) {}

  Result<Quantized> run() {
    if (candidates_.empty()) return invalid_argument("the network has no layer that could be computed in integers");
    POISE_RETURN_IF_ERROR(look());
    POISE_RETURN_IF_ERROR(choose_rule());
    POISE_RETURN_IF_ERROR(choose_biases());
    POISE_RETURN_IF_ERROR(measure_layers());
    POISE_RETURN_IF_ERROR(choose_layers());
    result_.graph = to_qdq(graph_, chosen_, grids_, biases_);
    return std::move(result_);
  }

 private:
  Status step(const std::string& what) {
    ++done_;
    if (options_.progress && !options_.progress(std::min(done_, total_), total_, what)) return io_error("stopped");
    return {};
  }

  /// The float network's outputs, and what it computes on the way.
  Status look() {
    std::vector<ValueId> values;
    for (const Rounded& entry : rounded_values(graph_, all_)) values.push_back(entry.like);
    // With fewer layers in integers, other values are rounded at most where a sum or a pooling stands.
    for (const Node& node : graph_.nodes) {
      if (node.op == "MaxPool") values.push_back(node.outputs[0]);
      if (node.op != "Add") continue;
      for (const ValueId id : node.inputs) {
        const bool is_layer = std::any_of(candidates_.begin(), candidates_.end(),
                                          [&](int n) { return graph_.nodes[n].outputs[0] == id; });
        if (is_layer) values.push_back(id);
      }
    }
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
    POISE_TRY(ranges_, measure_ranges(graph_, values, calibration_, options_.threads));
    POISE_TRY(wanted_, outputs_of(graph_, Precision::kFloat32));
    std::vector<Shape> shapes{calibration_.front().shape()};
    POISE_TRY(infos_, infer_shapes(graph_, shapes));
    return step("ranges");
  }

  Result<std::vector<Tensor>> outputs_of(const Graph& graph, Precision precision) const {
    POISE_TRY(Session session, Session::create(Graph(graph), {"onednn", options_.threads, precision}));
    std::vector<Tensor> all;
    for (const Tensor& batch : kept_) {
      std::vector<Tensor> outputs;
      const TensorView view(batch);
      POISE_RETURN_IF_ERROR(session.run({&view, 1}, outputs));
      for (Tensor& output : outputs) all.push_back(std::move(output));
    }
    return all;
  }

  Result<double> damage_of(const std::set<int>& layers, const std::map<ValueId, Grid>& grids,
                           const std::map<int, std::vector<float>>& biases) const {
    if (layers.empty()) return 0.0;
    POISE_TRY(const auto have, outputs_of(to_qdq(graph_, layers, grids, biases), Precision::kInt8));
    double error = 0, size = 0;
    for (std::size_t i = 0; i < have.size(); ++i) {
      const auto found = have[i].floats();
      const auto want = wanted_[i].floats();
      for (std::size_t j = 0; j < found.size(); ++j) {
        const double apart = static_cast<double>(found[j]) - want[j];
        error += apart * apart;
        size += static_cast<double>(want[j]) * want[j];
      }
    }
    return size > 0 ? std::sqrt(error / size) : std::sqrt(error);
  }

  std::map<ValueId, Grid> grids_by(RangeRule rule) const {
    std::map<ValueId, Grid> grids;
    for (const auto& [id, range] : ranges_) grids[id] = range.grid(rule);
    return grids;
  }

  Status choose_rule() {
    double least = 0;
    bool first = true;
    for (const RangeRule rule : {RangeRule::kMinMax, RangeRule::kPercentile, RangeRule::kLeastSquares}) {
      if (options_.rule && *options_.rule != rule) continue;
      std::map<ValueId, Grid> grids = grids_by(rule);
      POISE_TRY(const double damage, damage_of(all_, grids, {}));
      if (first || damage < least) {
        least = damage;
        result_.rule = rule;
        grids_ = std::move(grids);
      }
      first = false;
      POISE_RETURN_IF_ERROR(step(std::string("ranges by ") + name_of(rule)));
    }
    result_.damage = least;
    return {};
  }

  /// What rounding the weights adds to each output channel on the average (Nagel et al., ICCV 2019, section 4.2.1) is
  /// taken from its bias.
  std::vector<float> corrected_bias(int n) const {
    const Node& layer = graph_.nodes[n];
    const Tensor& weight = *graph_.constant(layer.inputs[1]);
    const int axis = output_axis(layer, weight);
    const Int8Weight stored = to_int8(weight, axis);
    const std::vector<double>& mean = ranges_.at(layer.inputs[0]).channel_mean;
    const bool transposed = axis == 1;
    const auto second = static_cast<std::size_t>(weight.dim(1));
    const auto taps = static_cast<std::size_t>(weight.dim(2) * weight.dim(3));
    const auto channels = static_cast<std::size_t>(stored.scales.count());
    // Of a strided transposed layer, an output pixel sees one in so many taps.
    double share = 1;
    if (transposed) {
      for (const std::int64_t stride : layer.integers("strides")) share /= static_cast<double>(stride);
    }
    const bool has_bias = layer.inputs.size() > 2 && layer.inputs[2] != kNoValue;
    std::vector<double> bias(channels);
    for (std::size_t c = 0; c < channels; ++c)
      bias[c] = has_bias ? graph_.constant(layer.inputs[2])->floats()[c] : 0.0F;
    const std::size_t outputs_a_group = channels / static_cast<std::size_t>(layer.integer("group", 1));
    const auto integers = stored.values.as<std::int8_t>();
    for (std::size_t i = 0; i < integers.size(); ++i) {
      const std::size_t row = i / (second * taps);
      const std::size_t column = i / taps % second;
      const std::size_t out = transposed ? column : row;
      const std::size_t in = transposed ? row : row / outputs_a_group * second + column;
      const double lost = weight.floats()[i] - static_cast<double>(stored.scales.floats()[out]) * integers[i];
      bias[out] += lost * share * mean[in];
    }
    return {bias.begin(), bias.end()};
  }

  Status choose_biases() {
    if (!options_.correct_biases) return {};
    std::map<int, std::vector<float>> biases;
    for (const int n : candidates_) biases[n] = corrected_bias(n);
    POISE_TRY(const double damage, damage_of(all_, grids_, biases));
    if (damage < result_.damage) {
      result_.damage = damage;
      result_.biases_corrected = true;
      biases_ = std::move(biases);
    }
    return step("biases");
  }

  Status measure_layers() {
    for (const int n : candidates_) {
      QuantizedLayer layer;
      layer.name = graph_.nodes[n].name;
      layer.multiply_adds = multiply_adds(graph_.nodes[n], infos_) / calibration_.front().dim(0);
      POISE_TRY(layer.damage, damage_of({n}, grids_, biases_));
      result_.layers.push_back(std::move(layer));
      POISE_RETURN_IF_ERROR(step(result_.layers.back().name));
    }
    return {};
  }

  Status choose_layers() {
    chosen_ = all_;
    std::vector<std::size_t> order(candidates_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return result_.layers[a].damage > result_.layers[b].damage; });
    for (const std::size_t worst : order) {
      if (result_.damage <= options_.most_damage) break;
      chosen_.erase(candidates_[worst]);
      result_.layers[worst].integers = false;
      POISE_TRY(result_.damage, damage_of(chosen_, grids_, biases_));
    }
    if (!chosen_.empty()) return {};
    return invalid_argument("in integers the outputs would err by more than " + std::to_string(options_.most_damage) +
                            " whatever layers are left out: the pictures may not suit the network");
  }

  Graph graph_;
  std::vector<Tensor> calibration_, kept_;
  const QuantizeOptions& options_;
  std::vector<int> candidates_;
  std::set<int> all_, chosen_;
  std::size_t total_, done_ = 0;
  std::map<ValueId, Range> ranges_;
  std::map<ValueId, Grid> grids_;
  std::map<int, std::vector<float>> biases_;
  std::vector<Tensor> wanted_;
  std::vector<ValueInfo> infos_;
  Quantized result_;
};

}  // namespace

Result<Quantized> quantize(const Graph& graph, std::span<const Tensor> batches, const QuantizeOptions& options) {
  const auto native = native_precisions();
  if (std::find(native.begin(), native.end(), Precision::kInt8) == native.end()) {
    return unsupported("this processor has no instructions for eight-bit integers (VNNI): quantize on one that has");
  }
  if (batches.size() < 2) return invalid_argument("quantizing needs two batches at least, one to measure on");
  POISE_TRY(Graph plain, folded(graph));
  std::vector<Tensor> calibration, kept;
  constexpr std::size_t kEvery = 4;
  for (std::size_t i = 0; i < batches.size(); ++i) {
    const bool measures = i % kEvery == std::min(kEvery, batches.size()) - 1;
    (measures ? kept : calibration).push_back(batches[i].clone());
  }
  return Quantizer(std::move(plain), std::move(calibration), std::move(kept), options).run();
}

}  // namespace poise
