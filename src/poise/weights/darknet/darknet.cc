#include "poise/weights/darknet/darknet.h"

#include "poise/base/sha256.h"
#include "poise/card/model_card.h"
#include "poise/weights/darknet/darknet_graph.h"

namespace poise {
namespace {

constexpr std::size_t kMostSections = 2000;  // yolov4-p6 has 370
constexpr std::uint64_t kMaxCfgBytes = 1U << 20U;
constexpr std::uint64_t kMaxBytes = 2ULL << 30U;

/// One name a line, as darknet's data/coco.names.
Json class_names(BytesView bytes) {
  std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  Json names = Json::array();
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
    if (!line.empty()) names.push(std::string(line));
  }
  return names;
}

Result<NetworkFile> build(std::string_view cfg, BytesView weights, const Json& names) {
  if (cfg.size() > kMaxCfgBytes) return too_large("the .cfg is larger than any network's");
  auto sections = parse_cfg(cfg, kMostSections);
  if (!sections.ok()) return sections.error().prefixed("the .cfg");
  POISE_TRY(DarknetGraph built, darknet_graph(*sections, weights));
  if (!names.as_array().empty()) built.card.set("classes", names);
  NetworkFile model;
  model.metadata[kCardKey] = built.card.dump();
  model.graph = std::move(built.graph);
  model.opset = model.graph.opset;
  model.producer = "darknet";
  model.hash = sha256_hex(weights);
  return model;
}

}  // namespace

Result<NetworkFile> parse_darknet(std::string_view cfg, BytesView weights) {
  return build(cfg, weights, Json::array());
}

Result<NetworkFile> read_darknet(const std::filesystem::path& weights) {
  std::filesystem::path beside = weights;
  const Result<Bytes> bytes = read_file(weights, kMaxBytes);
  if (!bytes) return bytes.error().prefixed(weights.string());
  const Result<Bytes> cfg = read_file(beside.replace_extension(".cfg"), kMaxCfgBytes);
  if (!cfg) {
    if (cfg.error().code != ErrorCode::kNotFound) return cfg.error().prefixed(beside.string());
    return not_found(weights.string() + ": its layers are in " + beside.filename().string() +
                     ", which must lie beside it");
  }
  Json names = Json::array();
  const Result<Bytes> listed = read_file(beside.replace_extension(".names"), kMaxCfgBytes);
  if (listed) names = class_names(*listed);
  if (!listed && listed.error().code != ErrorCode::kNotFound) return listed.error().prefixed(beside.string());
  Result<NetworkFile> model = build({reinterpret_cast<const char*>(cfg->data()), cfg->size()}, *bytes, names);
  if (!model) return model.error().prefixed(weights.string());
  return model;
}

}  // namespace poise
