#include "read_config.h"

#include <filesystem>
#include <string_view>

#include "poise/base/yaml.h"

namespace poise::app {

Result<Json> read_config(const std::string& path) {
  constexpr std::uint64_t kMaxBytes = 1U << 20U;
  const auto bytes = read_file(path, kMaxBytes);
  if (!bytes.ok()) return bytes.error().prefixed(path);
  const std::string_view text(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  auto root = std::filesystem::path(path).extension() == ".json" ? parse_json(text) : parse_yaml(text);
  if (!root.ok()) return root.error().prefixed(path);
  return root;
}

}  // namespace poise::app
