#include "poise/models/zoo.h"

#include <array>
#include <string>

namespace poise {

std::span<const ZooEntry> zoo() {
  // Depths and input of Simple Baselines, experiments/coco/*/256x192_d256x3_adam_lr1e-3.yaml; 18 and 34 are ours.
  static const std::array<ZooEntry, 5> entries{{
      {"pose_resnet18", "15.4 M parameters, 2.9 G multiply-adds at 256x192: small, quick to train",
       PoseResNetOptions{.depth = 18}},
      {"pose_resnet34", "25.5 M parameters, 4.7 G multiply-adds at 256x192", PoseResNetOptions{.depth = 34}},
      {"pose_resnet50", "34.0 M parameters, 5.4 G multiply-adds at 256x192: the usual choice",
       PoseResNetOptions{.depth = 50}},
      {"pose_resnet101", "53.0 M parameters, 9.1 G multiply-adds at 256x192", PoseResNetOptions{.depth = 101}},
      {"pose_resnet152", "68.6 M parameters, 12.7 G multiply-adds at 256x192: the most accurate",
       PoseResNetOptions{.depth = 152}},
  }};
  return entries;
}

Result<ZooEntry> find_in_zoo(std::string_view name) {
  std::string names;
  for (const ZooEntry& entry : zoo()) {
    if (entry.name == name) return entry;
    names.append(" ").append(entry.name);
  }
  return not_found("no model is named \"" + std::string(name) + "\"; there are" + names);
}

Result<Graph> build_model(const ModelOptions& options) { return pose_resnet(std::get<PoseResNetOptions>(options)); }

}  // namespace poise
