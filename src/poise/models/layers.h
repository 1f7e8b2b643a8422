#pragma once
// What the networks are built from: each call adds its nodes and initial weights to `graph`, named as a PyTorch module
// of that name keeps them ("layer1.0.conv1.weight"). Internal to models. Nodes and values come in the order of the
// calls, and each random tensor has a stream of its own, so the same calls give the same graph, bit for bit.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "poise/geometry/point.h"
#include "poise/graph/graph.h"

namespace poise {

struct Window {
  std::int64_t kernel = 1;
  std::int64_t stride = 1;
  std::int64_t pad = 0;
};

/// Over the third axis alone, whose ends are not padded.
struct TimeWindow {
  std::int64_t kernel = 1;
  std::int64_t dilation = 1;
};

struct SliceRange {
  std::int64_t axis = 0, begin = 0, end = 0;  // end: below 0 from the end
};

struct BiasedOptions {
  std::string output = {};               // the result's name; empty: "NAME.out"
  std::optional<double> deviation = {};  // of the weights; none: the network's own
};

struct DeconvOptions {
  std::int64_t kernel = 4;  // 4 3 2
  bool bias = false;
  double deviation = 0.001;  // of the weights
};

class Layers {
 public:
  /// `deviation` of all convolutions' weights; none: He et al., ICCV 2015, equation 14 (fan out).
  Layers(std::string name, std::uint64_t seed, std::optional<double> deviation = {});

  Graph graph;

  ValueId conv(ValueId x, const std::string& name, std::int64_t inputs, std::int64_t outputs, const Window& window);
  ValueId conv_bias(ValueId x, const std::string& name, std::int64_t inputs, std::int64_t outputs, const Window& window,
                    const BiasedOptions& options = {});
  /// Without bias.
  ValueId conv_time(ValueId x, const std::string& name, std::int64_t inputs, std::int64_t outputs,
                    const TimeWindow& window);
  /// (N, inputs) -> (N, outputs); weights and bias He et al. by fan in. `output`: its name; empty: "NAME.out".
  ValueId linear(ValueId x, const std::string& name, std::int64_t inputs, std::int64_t outputs,
                 const std::string& output = {});
  ValueId slice(ValueId x, const std::string& name, const SliceRange& range);
  /// Doubles the map: stride 2, each kernel with the padding that does so.
  ValueId deconv(ValueId x, const std::string& name, std::int64_t inputs, std::int64_t outputs,
                 const DeconvOptions& options);
  ValueId norm(ValueId x, const std::string& name, std::int64_t channels);
  ValueId relu(ValueId x, const std::string& name);
  ValueId add(ValueId a, ValueId b, const std::string& name);
  ValueId max_pool(ValueId x, const std::string& name, const Window& window);
  /// Each pixel becomes factor x factor pixels, as nn.Upsample(mode="nearest") is exported.
  ValueId upsample(ValueId x, const std::string& name, int factor);

  /// A residual block of He et al., CVPR 2016, figure 5: conv1 bn1 [relu] conv2 bn2, or 1x1, 3x3, 1x1 to four times
  /// the planes; downsample.0 and .1 where the shape changes. `caffe`: the first 1x1 takes the stride, not the 3x3.
  ValueId basic(ValueId x, const std::string& name, std::int64_t inputs, std::int64_t planes, std::int64_t stride);
  ValueId bottleneck(ValueId x, const std::string& name, std::int64_t inputs, std::int64_t planes, std::int64_t stride,
                     bool caffe = false);

 private:
  ValueId shortcut(ValueId x, ValueId y, const std::string& name, std::int64_t inputs, std::int64_t outputs,
                   std::int64_t stride);
  ValueId conv_weight(const std::string& name, std::int64_t inputs, std::int64_t outputs, std::int64_t kernel,
                      std::optional<double> deviation);
  ValueId normal(std::string name, Shape shape, double deviation);
  ValueId filled(std::string name, std::int64_t channels, float value);

  std::uint64_t seed_;
  std::optional<double> deviation_;
  std::uint64_t ordinal_ = 0;         // of the random tensors
  std::map<int, ValueId> upsamples_;  // scales by factor, shared
};

/// Errors: kInvalidArgument, "OPTION is VALUE: give LOW to HIGH".
Status check_range(const char* option, int value, int low, int high);
/// Both sides of "input" are multiples of `unit`, up to 8192. Errors: kInvalidArgument, naming the side.
Status check_input(Size input, int unit);

}  // namespace poise
