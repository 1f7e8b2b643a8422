#pragma once
// Where a training starts from: the weights of a trained network, taken over as far as they fit.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "poise/graph/graph.h"
#include "poise/skeleton/skeleton.h"

namespace poise {

/// Parameters by name, and of what.
struct InitialWeights {
  std::map<std::string, std::shared_ptr<const Tensor>> tensors;
  std::optional<Skeleton> skeleton;  // of the network's output, where the file has a card that says so
};

/// `given` is a file: a checkpoint (.pth .safetensors .ckpt), or a network (.onnx, .weights), whose integer weights
/// become floats; or the name of a network that comes with Poise ("poise-small"). Errors: those of read_state_dict and
/// read_network; kNotFound, neither a file nor such a name; kUnsupported, a network where only checkpoints are read
/// (POISE_TRAIN_ONLY).
Result<InitialWeights> read_initial_weights(const std::string& given);
/// The second kind alone.
Result<InitialWeights> read_initial_network(const std::string& given);

struct InitReport {
  int taken = 0;
  std::vector<std::string> other_shape;  // "final_layer.weight is 17x256x1x1, here 14x256x1x1"
  std::vector<std::string> missing;      // parameters that keep their random weights
  std::vector<std::string> new_joints;   // that the given network does not know, where joints were matched by name
};
/// What has the same name and shape is taken over. `joints`: of the graph's output, which is heatmaps; where the
/// weights say theirs, and they are not the same, the layer that makes the output takes the channels of joints of one
/// name, and the others stay as they are. nullptr: no joints. Errors: kInvalidArgument (nothing fits); then nothing is
/// changed.
Result<InitReport> initialise(Graph& graph, const InitialWeights& weights, const Skeleton* joints = nullptr);

}  // namespace poise
