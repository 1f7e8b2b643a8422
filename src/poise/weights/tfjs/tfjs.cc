#include "poise/weights/tfjs/tfjs.h"

#include <sys/stat.h>

#include <algorithm>
#include <string_view>

#include "poise/base/printable.h"
#include "poise/base/sha256.h"
#include "poise/weights/onnx/external_data.h"
#include "poise/weights/tfjs/tfjs_nodes.h"

namespace poise {
namespace {

constexpr std::uint64_t kMostJson = 256U << 20U;
constexpr std::size_t kMostFiles = 4096;

Result<Json> read_model(std::string_view text) {
  POISE_TRY(Json model, parse_json(text));
  const Json* const format = model.find("format");
  if (format != nullptr && format->is_string() && format->as_string() != "graph-model") {
    return unsupported("it is a " + printable(format->as_string()) +
                       " of TensorFlow.js: only graph models are read, convert it to one");
  }
  return model;
}

/// In the order in which the manifest names them.
Result<std::vector<std::string>> weight_files(const Json& model) {
  std::vector<std::string> files;
  const Json* const manifest = model.find("weightsManifest");
  if (manifest == nullptr || !manifest->is_array()) return malformed("it has no list \"weightsManifest\"");
  for (const Json& group : manifest->as_array()) {
    const Json* const paths = group.find("paths");
    if (paths == nullptr || !paths->is_array())
      return malformed("a group of the weightsManifest has no list \"paths\"");
    for (const Json& path : paths->as_array()) {
      if (!path.is_string()) return malformed("a path of the weightsManifest is no text");
      if (files.size() == kMostFiles) return too_large("its weights are in more than 4096 files");
      files.push_back(path.as_string());
    }
  }
  return files;
}

Result<Bytes> read_weights(const std::filesystem::path& folder, const std::vector<std::string>& files,
                           std::uint64_t max_bytes) {
  ExternalData data(folder, max_bytes);
  Bytes all;
  for (const std::string& file : files) {
    std::error_code error;
    const std::uint64_t size = std::filesystem::file_size(folder / file, error);
    if (!error && size > max_bytes - all.size()) return too_large("its weights take more bytes than are read");
    // What cannot be asked for its size cannot be read either: the reader says why.
    POISE_TRY(const std::string bytes, data.read(file, 0, std::nullopt, error ? 0 : size));
    all.insert(all.end(), bytes.begin(), bytes.end());
  }
  return all;
}

std::string text_of(const Json& model, const char* member) {
  constexpr std::size_t kLongest = 256;
  const Json* const found = model.find(member);
  if (found == nullptr || !found->is_string()) return {};
  std::string text = found->as_string().substr(0, kLongest);
  std::ranges::replace_if(text, is_control, '?');
  return text;
}

Result<NetworkFile> build(const Json& model, std::string_view json, BytesView weights, const NetworkLimits& limits) {
  const Json* const manifest = model.find("weightsManifest");
  if (manifest == nullptr) return malformed("it has no list \"weightsManifest\"");
  ReadingBudget budget(json.size() + weights.size());
  POISE_TRY(TfjsWeights tensors, tfjs_weights(*manifest, weights, budget, limits.max_tensors));
  POISE_TRY(TfNetwork network, tfjs_network(model, std::move(tensors), budget, limits.max_nodes));
  NetworkFile file;
  POISE_TRY(file.graph, graph_of(std::move(network), budget));
  file.opset = file.graph.opset;
  file.kind = "tfjs";
  file.producer = "tensorflow.js";
  for (const auto& [key, member] :
       {std::pair("tfjs.generated_by", "generatedBy"), {"tfjs.converted_by", "convertedBy"}}) {
    if (std::string text = text_of(model, member); !text.empty()) file.metadata[key] = std::move(text);
  }
  Sha256 hash;
  hash.update({reinterpret_cast<const std::uint8_t*>(json.data()), json.size()});
  hash.update(weights);
  file.hash = hash.hex();
  return file;
}

}  // namespace

bool is_tfjs(BytesView start) {
  const std::string_view text(reinterpret_cast<const char*>(start.data()), start.size());
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos || text[first] != '{') return false;
  const auto has = [text](std::string_view word) { return text.find(word) != std::string_view::npos; };
  return has("\"modelTopology\"") || has("\"graph-model\"") || has("\"layers-model\"") || has("\"weightsManifest\"");
}

Result<NetworkFile> parse_tfjs(std::string_view json, BytesView weights, const NetworkLimits& limits) {
  POISE_TRY(const Json model, read_model(json));
  return build(model, json, weights, limits);
}

Result<NetworkFile> read_tfjs(const std::filesystem::path& path, const NetworkLimits& limits) {
  const auto read = [&]() -> Result<NetworkFile> {
    POISE_TRY(const Bytes bytes, read_file(path, std::min(limits.max_bytes, kMostJson)));
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    POISE_TRY(const Json model, read_model(text));
    POISE_TRY(const std::vector<std::string> files, weight_files(model));
    const std::filesystem::path parent = path.parent_path();
    POISE_TRY(const Bytes weights, read_weights(parent.empty() ? "." : parent, files, limits.max_bytes));
    return build(model, text, BytesView(weights), limits);
  };
  Result<NetworkFile> file = read();
  if (!file.ok()) return file.error().prefixed(path.string());
  return file;
}

}  // namespace poise
