#include "poise/models/zoo.h"

#include <array>
#include <string>

#include "poise/models/centre_net.h"
#include "poise/models/hourglass.h"
#include "poise/models/hrnet.h"
#include "poise/models/martinez.h"
#include "poise/models/pose_resnet.h"
#include "poise/models/video_pose.h"

namespace poise {

std::span<const NetworkFamily* const> network_families() {
  static const std::array families{&pose_resnet_family(), &hrnet_family(),    &hourglass_family(),
                                   &centre_net_family(),  &martinez_family(), &video_pose_family()};
  return families;
}

Result<const NetworkFamily*> find_family(std::string_view name) {
  std::string names;
  for (const NetworkFamily* family : network_families()) {
    if (family->name == name) return family;
    names.append(" ").append(family->name);
  }
  return not_found("no family of networks is named \"" + std::string(name) + "\"; there are" + names);
}

const std::vector<ZooEntry>& zoo() {
  static const std::vector<ZooEntry> all = [] {
    std::vector<ZooEntry> entries;
    for (const NetworkFamily* family : network_families()) {
      entries.insert(entries.end(), family->entries.begin(), family->entries.end());
    }
    return entries;
  }();
  return all;
}

Result<ZooEntry> find_in_zoo(std::string_view name) {
  std::string names;
  for (const ZooEntry& entry : zoo()) {
    if (entry.name == name) return entry;
    names.append(" ").append(entry.name);
  }
  return not_found("no model is named \"" + std::string(name) + "\"; there are" + names);
}

Result<ModelOptions> find_network(std::string_view name) {
  std::string families;
  for (const NetworkFamily* family : network_families()) {
    if (family->name == name) return ModelOptions{std::string(name)};
    families.append(" ").append(family->name);
  }
  const auto entry = find_in_zoo(name);
  if (!entry.ok()) return not_found(entry.error().message + ", and the families" + families);
  return entry->options;
}

Result<Graph> build_model(const ModelOptions& options) {
  POISE_TRY(const NetworkFamily* family, find_family(options.family));
  return family->build(options.parameters);
}

}  // namespace poise
