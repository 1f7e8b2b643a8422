#include "poise/models/config.h"

#include <algorithm>
#include <array>
#include <sstream>
#include <utility>

#include "poise/base/nearest.h"
#include "poise/base/printable.h"
#include "poise/base/yaml.h"
#include "poise/card/model_card.h"
#include "poise/models/config_reader.h"
#include "poise/models/zoo.h"

namespace poise {
namespace {

// lib/core/config.py of human-pose-estimation.pytorch and lib/config/default.py of deep-high-resolution-net.pytorch; on
// lines of their own what only we know (docs/training.md).
constexpr std::array<std::string_view, 11> kSections{"CUDNN",
                                                     "MODEL",
                                                     "MODEL.EXTRA",
                                                     "LOSS",
                                                     "TRAIN",
                                                     "MODEL.EXTRA.STAGE2",
                                                     "DATASET",
                                                     "TEST",
                                                     "MODEL.EXTRA.STAGE3",
                                                     "DEBUG",
                                                     "MODEL.EXTRA.STAGE4"};
struct Keys {
  std::string_view section;
  std::string_view names;  // each with a space before and after it
};
constexpr std::string_view kStage = " NUM_MODULES NUM_BRANCHES BLOCK NUM_BLOCKS NUM_CHANNELS FUSE_METHOD ";
constexpr std::array<Keys, 12> kKnown{{
    {"", " GPUS WORKERS PRINT_FREQ OUTPUT_DIR LOG_DIR DATA_DIR AUTO_RESUME PIN_MEMORY RANK "},
    {"CUDNN", " BENCHMARK DETERMINISTIC ENABLED "},
    {"MODEL",
     " NAME STYLE INIT_WEIGHTS PRETRAINED NUM_JOINTS IMAGE_SIZE HEATMAP_SIZE SIGMA TARGET_TYPE TAG_PER_JOINT "},
    {"MODEL.EXTRA",
     " WIDTH LATERAL "
     "NUM_LAYERS DECONV_WITH_BIAS NUM_DECONV_LAYERS NUM_DECONV_FILTERS NUM_DECONV_KERNELS FINAL_CONV_KERNEL "
     "TARGET_TYPE HEATMAP_SIZE SIGMA PRETRAINED_LAYERS "},
    {"MODEL.EXTRA.STAGE2", kStage},
    {"MODEL.EXTRA.STAGE3", kStage},
    {"MODEL.EXTRA.STAGE4", kStage},
    {"LOSS", " USE_TARGET_WEIGHT USE_OHKM TOPK USE_DIFFERENT_JOINTS_WEIGHT GIOU "},
    {"DATASET",
     " DATASET ROOT TRAIN_SET TEST_SET DATA_FORMAT HYBRID_JOINTS_TYPE SELECT_DATA FLIP SCALE_FACTOR ROT_FACTOR "
     "PROB_HALF_BODY NUM_JOINTS_HALF_BODY COLOR_RGB "
     "SKELETON ROT_LIMIT ROT_PROB TRUNCATE CUT_WEIGHT TRANSLATION COLOUR SATURATION CUTOUT GROW_EPOCHS GROW_FROM "
     "POSES NOISE SCENES MOSAIC NOBODY HIDDEN SMALLEST LARGEST SHARPNESS BOX_SIGMA "},
    {"TRAIN",
     " OPTIMIZER LR LR_FACTOR LR_STEP WD MOMENTUM NESTEROV GAMMA1 GAMMA2 BEGIN_EPOCH END_EPOCH BATCH_SIZE "
     "BATCH_SIZE_PER_GPU SHUFFLE RESUME CHECKPOINT "
     "SCHEDULE WARMUP_STEPS EMA ACCUMULATE PRECISION SEED PATIENCE FREEZE "},
    {"TEST",
     " BATCH_SIZE BATCH_SIZE_PER_GPU MODEL_FILE FLIP_TEST POST_PROCESS SHIFT_HEATMAP USE_GT_BBOX COCO_BBOX_FILE "
     "BBOX_THRE IMAGE_THRE IN_VIS_THRE NMS_THRE OKS_THRE SOFT_NMS "},
    {"DEBUG", " DEBUG SAVE_BATCH_IMAGES_GT SAVE_BATCH_IMAGES_PRED SAVE_HEATMAPS_GT SAVE_HEATMAPS_PRED "},
}};

bool is_known(const NetworkFamily& family, std::string_view section, const std::string& name) {
  if (section == "MODEL.EXTRA" && std::ranges::find(family.config_keys, name) != family.config_keys.end()) return true;
  const auto* found = std::find_if(kKnown.begin(), kKnown.end(), [&](const Keys& k) { return k.section == section; });
  return name.find(' ') == std::string::npos && found->names.find(" " + name + " ") != std::string_view::npos;
}

/// All keys of a family with their paths, sections too.
std::vector<std::string> known_keys(const NetworkFamily& family) {
  std::vector<std::string> all(kSections.begin(), kSections.end());
  const auto add = [&all](std::string_view section, std::string_view name) {
    all.push_back(section.empty() ? std::string(name) : std::string(section).append(".").append(name));
  };
  for (const Keys& keys : kKnown) {
    std::istringstream names{std::string(keys.names)};
    for (std::string name; names >> name;) add(keys.section, name);
  }
  for (const auto& name : family.config_keys) add("MODEL.EXTRA", name);
  return all;
}

/// The known key that `path` is likely meant to be: of its name under another section, else of nearly its path. Empty
/// where there is none.
std::string meant_by(const std::string& path, const std::vector<std::string>& known) {
  const std::size_t dot = path.rfind('.');
  const std::string last = "." + (dot == std::string::npos ? path : path.substr(dot + 1));
  const auto elsewhere =
      std::ranges::find_if(known, [&](const std::string& key) { return ("." + key).ends_with(last); });
  return elsewhere != known.end() ? *elsewhere : nearest(path, known);
}

/// `at` with the value under the path laid over it.
Result<Json> with_key(const Json* at, std::string_view path, Json value) {
  if (at != nullptr && !at->is_object() && !at->is_null()) {
    return invalid_argument("what stands before \"." + std::string(path) + "\" is " + at->kind() + ", no mapping");
  }
  Json object = at != nullptr && at->is_object() ? *at : Json::object();
  const std::size_t dot = path.find('.');
  const std::string_view name = path.substr(0, dot);
  if (dot == std::string_view::npos) {
    object.set(name, std::move(value));
    return object;
  }
  POISE_TRY(Json inner, with_key(object.find(name), path.substr(dot + 1), std::move(value)));
  object.set(name, std::move(inner));
  return object;
}

void collect_unknown(const Json& json, const NetworkFamily& family, const std::string& section,
                     std::vector<std::string>& unknown) {
  for (const auto& [name, value] : json.as_object()) {
    const std::string path = section.empty() ? name : std::string(section).append(".").append(name);
    const bool is_section = std::find(kSections.begin(), kSections.end(), path) != kSections.end();
    if (is_section && value.is_object()) {
      collect_unknown(value, family, path, unknown);
    } else if (!is_section && !is_known(family, section, name)) {
      unknown.push_back(path);
    }
  }
}

using Reader = ConfigReader;

// The second repository keeps under MODEL what the first has under MODEL.EXTRA, and has other defaults.
bool is_second_repository(const Reader& reader) {
  constexpr std::array<std::string_view, 8> kItsOwn{
      "MODEL.HEATMAP_SIZE", "MODEL.SIGMA",       "MODEL.TARGET_TYPE",       "MODEL.EXTRA.STAGE4",
      "AUTO_RESUME",        "DATASET.COLOR_RGB", "TEST.BATCH_SIZE_PER_GPU", "TRAIN.BATCH_SIZE_PER_GPU"};
  return std::any_of(kItsOwn.begin(), kItsOwn.end(), [&](std::string_view key) { return reader.find(key) != nullptr; });
}

std::string either(const Reader& reader, const std::string& key) {
  return reader.find("MODEL." + key) != nullptr ? "MODEL." + key : "MODEL.EXTRA." + key;
}

/// "pose_resnet, pose_hrnet and centre_net".
std::string family_names() {
  std::string names;
  const auto families = network_families();
  for (std::size_t i = 0; i < families.size(); ++i) {
    names.append(i == 0 ? "" : i + 1 == families.size() ? " and " : ", ").append(families[i]->name);
  }
  return names;
}

// A file whose heatmaps have another size than its network's was never trained as it stands.
Status check_heatmap_size(const Reader& reader, int stride, Size input) {
  if (input.width % 32 != 0 || input.height % 32 != 0) return {};  // the network refuses such an input by itself
  const Size given{input.width / stride, input.height / stride};
  const std::string path = either(reader, "HEATMAP_SIZE");
  POISE_TRY(const Size stated, reader.size(path, given));
  if (stated == given) return {};
  return Reader::wrong(
      path,
      "must be [" + std::to_string(given.width) + "," + std::to_string(given.height) + "], which this network gives",
      Json(Json::Array{Json(stated.width), Json(stated.height)}));
}

Result<Json> card_of(const Reader& reader, bool second, int joints) {
  POISE_TRY(const Json preset, card_preset("simple-baselines"));
  Json card = Json::object();
  for (const auto& [name, value] : preset.as_object()) {
    if (name != "skeleton") card.set(name, value);
  }
  if (joints == 17) card.set("skeleton", "coco17");
  if (joints == 16) card.set("skeleton", "mpii16");
  POISE_TRY(const std::string skeleton, reader.text("DATASET.SKELETON", ""));
  if (!skeleton.empty()) card.set("skeleton", skeleton);
  POISE_TRY(const bool rgb, reader.boolean("DATASET.COLOR_RGB", false));
  card.set("colour", rgb ? "rgb" : "bgr");
  POISE_TRY(const double sigma, reader.number(either(reader, "SIGMA"), 2));
  card.set("sigma", sigma);
  POISE_TRY(const bool refine, reader.boolean("TEST.POST_PROCESS", !second));
  card.set("refine", refine ? "quarter" : "none");
  POISE_TRY(const bool shift, reader.boolean("TEST.SHIFT_HEATMAP", !second));
  card.set("flip_shift", shift);
  return card;
}

}  // namespace

Status check_keys(const ModelConfig& config) {
  if (config.unknown.empty()) return {};
  POISE_TRY(const NetworkFamily* family, find_family(config.options.family));
  const std::vector<std::string> known = known_keys(*family);
  constexpr std::size_t kMost = 8;
  std::string text;
  for (std::size_t i = 0; i < std::min(kMost, config.unknown.size()); ++i) {
    const std::string meant = meant_by(config.unknown[i], known);
    text += (i == 0 ? "" : ", ") + printable(config.unknown[i]) + (meant.empty() ? "" : " (is " + meant + " meant?)");
  }
  if (config.unknown.size() > kMost) text += " and " + std::to_string(config.unknown.size() - kMost) + " more";
  return invalid_argument((config.unknown.size() == 1 ? "there is no key " : "there are no keys ") + text +
                          (config.unknown.size() == 1 ? ": mend it or take it out" : ": mend them or take them out"));
}

Status set_key(Json& root, std::string_view assignment) {
  const std::size_t equals = assignment.find('=');
  const std::string_view path = assignment.substr(0, equals);
  const bool is_path =
      !path.empty() && !path.starts_with('.') && !path.ends_with('.') && path.find("..") == std::string_view::npos;
  if (equals == std::string_view::npos || !is_path) {
    return invalid_argument(printable(std::string(assignment)) + " sets no key: write TRAIN.LR=0.0005");
  }
  const std::string_view text = assignment.substr(equals + 1);
  auto value = parse_yaml(text);
  if (!value.ok()) value = parse_json(text);  // a build without YAML
  if (text.empty() || (value.ok() && value->is_null())) {
    return invalid_argument(printable(std::string(assignment)) +
                            " gives no value: write TRAIN.LR=0.0005, or leave it out");
  }
  auto laid = with_key(&root, path, value.ok() ? std::move(*value) : Json(text));
  if (!laid.ok()) return laid.error().prefixed(printable(std::string(assignment)));
  root = std::move(*laid);
  return {};
}

Result<ModelConfig> parse_model_config(std::string_view text) {
  POISE_TRY(const Json root, parse_yaml(text));
  return model_config_from_json(root);
}

Result<ModelConfig> model_config_from_json(const Json& root) {
  const Reader reader(root);
  const Json* model = reader.find("MODEL");
  if (model == nullptr || !model->is_object()) {
    return invalid_argument("MODEL is missing: is this a configuration of pose_resnet or pose_hrnet?");
  }
  const bool second = is_second_repository(reader);
  POISE_TRY(const std::string name, reader.text("MODEL.NAME", second ? "pose_hrnet" : "pose_resnet"));
  const auto known = find_family(name);
  if (!known.ok()) {
    return unsupported("MODEL.NAME is " + printable(name) + ": " + family_names() + " are supported");
  }
  const NetworkFamily& family = **known;
  const std::string target = either(reader, "TARGET_TYPE");
  POISE_TRY(const std::string type, reader.text(target, "gaussian"));
  if (type != "gaussian") return Reader::wrong(target, "must be gaussian, others are not supported", type);

  POISE_TRY(ConfiguredNetwork network, family.from_config(reader));
  POISE_TRY(const int joints, reader.integer("MODEL.NUM_JOINTS", second ? 17 : 16));
  POISE_TRY(const Size input, reader.size("MODEL.IMAGE_SIZE", {256, 256}));
  ModelConfig config;
  config.options = {name, std::move(network.parameters)};
  if (family.takes_pictures) {
    POISE_RETURN_IF_ERROR(check_heatmap_size(reader, network.stride, input));
    config.options.parameters.set("input", Json::Array{input.width, input.height});
  }
  if (family.has("joints")) config.options.parameters.set("joints", joints);
  POISE_TRY(config.card,
            family.card != nullptr ? parse_json(std::string_view(family.card)) : card_of(reader, second, joints));
  for (const std::string_view section : kSections) {
    const Json* found = reader.find(section);
    if (found != nullptr && !found->is_object()) return Reader::wrong(std::string(section), "must hold keys", *found);
  }
  collect_unknown(root, family, "", config.unknown);
  return config;
}

Result<Json> read_config(const std::filesystem::path& path) {
  constexpr std::uint64_t kMaxBytes = 1U << 20U;
  const Result<Bytes> bytes = read_file(path, kMaxBytes);
  if (!bytes) return bytes.error().prefixed(path.string());
  const std::string_view text(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  auto root = path.extension() == ".json" ? parse_json(text) : parse_yaml(text);
  if (!root.ok()) return root.error().prefixed(path.string());
  return root;
}

Result<ModelConfig> read_model_config(const std::filesystem::path& path) {
  POISE_TRY(const Json root, read_config(path));
  auto config = model_config_from_json(root);
  if (!config) return config.error().prefixed(path.string());
  return config;
}

}  // namespace poise
