#include "poise/engine/backends/onednn/forms.h"

#include <algorithm>
#include <oneapi/dnnl/dnnl.hpp>

#include "poise/base/file.h"
#include "poise/base/json.h"
#include "poise/base/sha256.h"

namespace poise::onednn {
namespace {

constexpr const char* kNames[] = {"direct", "winograd", "tiles"};
constexpr std::uint64_t kMostBytes = 4 << 20;

/// "AMD EPYC 9B14, instruction set 751", the latter of those that are to be used.
std::string processor() {
  const std::string used = "instruction set " + std::to_string(static_cast<int>(dnnl::get_effective_cpu_isa()));
  const auto bytes = read_file("/proc/cpuinfo", kMostBytes);
  if (bytes.ok()) {
    const std::string text(bytes->begin(), bytes->end());
    const std::size_t line = text.find("model name");
    const std::size_t colon = line == std::string::npos ? line : text.find(": ", line);
    if (colon != std::string::npos) return text.substr(colon + 2, text.find('\n', colon) - colon - 2) + ", " + used;
  }
  return used;
}

std::string digest(const std::string& text) {
  return sha256_hex(BytesView(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
}

std::filesystem::path file_of(const std::filesystem::path& folder, const std::string& key) {
  constexpr std::size_t kDigits = 32;
  return folder / (digest(key).substr(0, kDigits) + ".json");
}

}  // namespace

const char* name_of(Form form) { return kNames[static_cast<int>(form)]; }

std::optional<Form> find_form(std::string_view name) {
  const auto* const found =
      std::find_if(std::begin(kForms), std::end(kForms), [&](Form form) { return name == name_of(form); });
  if (found == std::end(kForms)) return std::nullopt;
  return *found;
}

std::string forms_key(const Graph& graph, const std::vector<ValueInfo>& infos, Precision precision, int threads) {
  std::string layers;
  for (const Node& node : graph.nodes) {
    layers += node.label();
    for (const ValueId id : node.inputs) layers += id == kNoValue ? " -" : " " + to_string(infos.at(id).shape);
    for (const ValueId id : node.outputs) layers += " " + to_string(infos.at(id).shape);
    layers += node.fusion.residual == kNoValue ? "\n" : " +\n";
  }
  std::string inputs;
  for (const ValueId id : graph.inputs) inputs += " " + to_string(infos.at(id).shape);
  const dnnl_version_t& version = *dnnl_version();
  static const std::string machine = processor();  // the same for all plans of a process
  return machine + ", oneDNN " + std::to_string(version.major) + "." + std::to_string(version.minor) + "." +
         std::to_string(version.patch) + ", " + poise::name_of(precision) + ", " + std::to_string(threads) +
         " threads, inputs" + inputs + ", layers " + digest(layers);
}

std::optional<Forms> read_forms(const std::filesystem::path& folder, const std::string& key) {
  const auto bytes = read_file(file_of(folder, key), kMostBytes);
  const auto json = bytes.ok() ? parse_json(BytesView(*bytes)) : Result<Json>(bytes.error());
  if (!json.ok()) return std::nullopt;
  const auto kept = json->string("plan");
  const Json* layers = json->find("layers");
  if (!kept.ok() || *kept != key || layers == nullptr || !layers->is_object()) return std::nullopt;
  Forms forms;
  for (const auto& [label, given] : layers->as_object()) {
    const auto found = find_form(given.is_string() ? given.as_string() : "");
    if (!found) return std::nullopt;
    forms.emplace(label, *found);
  }
  return forms;
}

Status write_forms(const std::filesystem::path& folder, const std::string& key, const Forms& forms) {
  Json layers = Json::object();
  for (const auto& [label, form] : forms) layers.set(label, std::string(name_of(form)));
  Json json = Json::object();
  json.set("plan", key);
  json.set("layers", std::move(layers));
  return write_file_atomic(file_of(folder, key), json.dump(1) + "\n");
}

}  // namespace poise::onednn
