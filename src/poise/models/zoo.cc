#include "poise/models/zoo.h"

#include <array>
#include <string>

namespace poise {

std::span<const ZooEntry> zoo() {
  // Depths and input of Simple Baselines, experiments/coco/*/256x192_d256x3_adam_lr1e-3.yaml; 18 and 34 are ours.
  // Widths of HRNet: Sun et al., section 4. Stacks of Hourglass: the checkpoints of bearpaw/pytorch-pose.
  static const std::array<ZooEntry, 11> entries{{
      {"pose_resnet18", "15.4 M parameters, 2.9 G multiply-adds at 256x192: small, quick to train",
       PoseResNetOptions{.depth = 18}},
      {"pose_resnet34", "25.5 M parameters, 4.7 G multiply-adds at 256x192", PoseResNetOptions{.depth = 34}},
      {"pose_resnet50", "34.0 M parameters, 5.4 G multiply-adds at 256x192: the usual choice",
       PoseResNetOptions{.depth = 50}},
      {"pose_resnet101", "53.0 M parameters, 9.1 G multiply-adds at 256x192", PoseResNetOptions{.depth = 101}},
      {"pose_resnet152", "68.6 M parameters, 12.7 G multiply-adds at 256x192: the most accurate",
       PoseResNetOptions{.depth = 152}},
      {"hrnet_w32", "28.5 M parameters, 7.6 G multiply-adds at 256x192: finer than any PoseResNet",
       HrnetOptions{.width = 32}},
      {"hrnet_w48", "63.6 M parameters, 15.7 G multiply-adds at 256x192", HrnetOptions{.width = 48}},
      {"hourglass1", "3.6 M parameters, 5.8 G multiply-adds at 256x256: the smallest", HourglassOptions{.stacks = 1}},
      {"hourglass2", "6.7 M parameters, 9.0 G multiply-adds at 256x256", HourglassOptions{.stacks = 2}},
      {"hourglass8", "25.6 M parameters, 28.1 G multiply-adds at 256x256: as published", HourglassOptions{.stacks = 8}},
      {"centre_net18", "3.2 M parameters, 1.1 G multiply-adds at 320x320: finds people, in pictures of any size",
       CentreNetOptions{.depth = 18}},
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

Result<Graph> build_model(const ModelOptions& options) {
  struct Build {
    Result<Graph> operator()(const PoseResNetOptions& o) const { return pose_resnet(o); }
    Result<Graph> operator()(const HrnetOptions& o) const { return hrnet(o); }
    Result<Graph> operator()(const HourglassOptions& o) const { return hourglass(o); }
    Result<Graph> operator()(const CentreNetOptions& o) const { return centre_net(o); }
  };
  return std::visit(Build{}, options);
}

}  // namespace poise
