#include "poise/train/train_config.h"

#include <algorithm>

#include "poise/models/config_reader.h"

namespace poise {
namespace {

/// "0,1,2,3" or (0,1,2,3): how many.
Result<int> count_gpus(const ConfigReader& reader) {
  const Json* gpus = reader.find("GPUS");
  if (gpus == nullptr || gpus->is_integer()) return 1;
  if (gpus->is_array()) return std::max(1, static_cast<int>(gpus->as_array().size()));
  if (!gpus->is_string()) return ConfigReader::wrong("GPUS", "must be a list as in '0,1,2,3'", *gpus);
  const std::string& text = gpus->as_string();
  constexpr std::size_t kMost = 256;
  if (text.size() > kMost) return ConfigReader::wrong("GPUS", "must be a list as in '0,1,2,3'", *gpus);
  return 1 + static_cast<int>(std::count(text.begin(), text.end(), ','));
}

Status read_optimizer(const ConfigReader& reader, OptimizerOptions& options) {
  POISE_TRY(std::string name, reader.text("TRAIN.OPTIMIZER", "adam"));
  std::transform(name.begin(), name.end(), name.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
  POISE_TRY(options.learning_rate, reader.number("TRAIN.LR", 1e-3));
  POISE_TRY(const double decay, reader.number("TRAIN.WD", 1e-4));
  POISE_TRY(options.momentum, reader.number("TRAIN.MOMENTUM", 0.9));
  POISE_TRY(options.nesterov, reader.boolean("TRAIN.NESTEROV", false));
  // lib/utils/utils.py, get_optimizer: only SGD is given the weight decay.
  options.weight_decay = name == "adam" ? 0.0 : decay;
  if (name == "adam") {
    options.kind = OptimizerOptions::Kind::kAdam;
  } else if (name == "adamw") {
    options.kind = OptimizerOptions::Kind::kAdamW;
  } else if (name == "sgd") {
    options.kind = OptimizerOptions::Kind::kSgd;
  } else {
    return ConfigReader::wrong("TRAIN.OPTIMIZER", "must be adam, adamw or sgd", Json(name));
  }
  return {};
}

Status read_schedule(const ConfigReader& reader, ScheduleOptions& options) {
  POISE_TRY(const std::string name, reader.text("TRAIN.SCHEDULE", "step"));
  if (name != "step" && name != "cosine") {
    return ConfigReader::wrong("TRAIN.SCHEDULE", "must be step or cosine", Json(name));
  }
  options.kind = name == "step" ? ScheduleOptions::Kind::kStep : ScheduleOptions::Kind::kCosine;
  POISE_TRY(options.factor, reader.number("TRAIN.LR_FACTOR", 0.1));
  POISE_TRY(options.warmup_steps, reader.integer("TRAIN.WARMUP_STEPS", 0));
  options.epochs = {90, 110};  // lib/core/config.py
  if (const Json* steps = reader.find("TRAIN.LR_STEP"); steps != nullptr) {
    if (!steps->is_array()) return ConfigReader::wrong("TRAIN.LR_STEP", "must be a list of epochs", *steps);
    options.epochs.clear();
    constexpr std::int64_t kMost = 1'000'000;
    for (const Json& step : steps->as_array()) {
      if (!step.is_integer() || step.as_integer() < 0 || step.as_integer() > kMost) {
        return ConfigReader::wrong("TRAIN.LR_STEP", "must be a list of epochs", *steps);
      }
      options.epochs.push_back(static_cast<int>(step.as_integer()));
    }
  }
  return {};
}

/// A list of names, or one.
Status read_frozen(const ConfigReader& reader, std::vector<std::string>& names) {
  const Json* found = reader.find("TRAIN.FREEZE");
  if (found == nullptr) return {};
  const Json::Array list = found->is_array() ? found->as_array() : Json::Array{*found};
  for (const Json& name : list) {
    if (!name.is_string() || name.as_string().empty()) {
      return ConfigReader::wrong("TRAIN.FREEZE", "must be a list of layers' names, as in [conv1, layer1]", *found);
    }
    names.push_back(name.as_string());
  }
  return {};
}

Status read_number(const ConfigReader& reader, const std::string& path, float& value) {
  POISE_TRY(const double given, reader.number(path, static_cast<double>(value)));
  value = static_cast<float>(given);
  return {};
}

Status read_augmentation(const ConfigReader& reader, AugmentOptions& options) {
  // lib/core/config.py of the first repository.
  options.scale = 0.25F;
  options.rotation = 30.0F;
  POISE_RETURN_IF_ERROR(read_number(reader, "DATASET.SCALE_FACTOR", options.scale));
  POISE_RETURN_IF_ERROR(read_number(reader, "DATASET.ROT_FACTOR", options.rotation));
  POISE_RETURN_IF_ERROR(read_number(reader, "DATASET.ROT_LIMIT", options.rotation_limit));
  POISE_RETURN_IF_ERROR(read_number(reader, "DATASET.ROT_PROB", options.rotation_probability));
  POISE_RETURN_IF_ERROR(read_number(reader, "DATASET.PROB_HALF_BODY", options.half_body));
  POISE_RETURN_IF_ERROR(read_number(reader, "DATASET.TRUNCATE", options.truncate));
  POISE_RETURN_IF_ERROR(read_number(reader, "DATASET.TRANSLATION", options.translation));
  POISE_RETURN_IF_ERROR(read_number(reader, "DATASET.COLOUR", options.colour));
  POISE_RETURN_IF_ERROR(read_number(reader, "DATASET.SATURATION", options.saturation));
  POISE_RETURN_IF_ERROR(read_number(reader, "DATASET.CUTOUT", options.cutout));
  POISE_RETURN_IF_ERROR(read_number(reader, "DATASET.GROW_FROM", options.grow_from));
  POISE_TRY(options.half_body_joints, reader.integer("DATASET.NUM_JOINTS_HALF_BODY", options.half_body_joints));
  POISE_TRY(const int grow, reader.integer("DATASET.GROW_EPOCHS", 0));
  options.grow_epochs = static_cast<std::uint64_t>(grow);
  POISE_TRY(const bool flip, reader.boolean("DATASET.FLIP", true));
  options.flip = flip ? 0.5F : 0.0F;
  return check(options);
}

/// Of a network of centres; flips and colours are under the same keys as those of poses.
Status read_scenes(const ConfigReader& reader, const AugmentOptions& augment, SceneOptions& options) {
  POISE_TRY(const int scenes, reader.integer("DATASET.SCENES", static_cast<int>(options.scenes)));
  options.scenes = static_cast<std::size_t>(scenes);
  options.flip = augment.flip;
  POISE_RETURN_IF_ERROR(read_number(reader, "DATASET.COLOUR", options.colour));
  POISE_RETURN_IF_ERROR(read_number(reader, "DATASET.SATURATION", options.saturation));
  POISE_RETURN_IF_ERROR(read_number(reader, "DATASET.SHARPNESS", options.sharpness));
  POISE_RETURN_IF_ERROR(read_number(reader, "DATASET.MOSAIC", options.mosaic));
  POISE_RETURN_IF_ERROR(read_number(reader, "DATASET.NOBODY", options.nobody));
  POISE_RETURN_IF_ERROR(read_number(reader, "DATASET.HIDDEN", options.hidden));
  POISE_RETURN_IF_ERROR(read_number(reader, "DATASET.BOX_SIGMA", options.codec.box_sigma));
  POISE_RETURN_IF_ERROR(read_number(reader, "DATASET.SMALLEST", options.smallest));
  POISE_RETURN_IF_ERROR(read_number(reader, "DATASET.LARGEST", options.largest));
  return check(options);
}

}  // namespace

Result<TrainConfig> train_config_from_json(const Json& root) {
  const ConfigReader reader(root);
  TrainConfig config;
  TrainOptions& options = config.options;
  POISE_TRY(options.loss.target_weights, reader.boolean("LOSS.USE_TARGET_WEIGHT", true));
  POISE_TRY(const bool hard, reader.boolean("LOSS.USE_OHKM", false));
  POISE_TRY(const int hardest, reader.integer("LOSS.TOPK", 8));
  options.loss.hard_joints = hard ? hardest : 0;
  POISE_TRY(config.joint_weights, reader.boolean("LOSS.USE_DIFFERENT_JOINTS_WEIGHT", false));
  POISE_TRY(options.centre_loss.giou, reader.number("LOSS.GIOU", options.centre_loss.giou));
  POISE_RETURN_IF_ERROR(read_number(reader, "DATASET.CUT_WEIGHT", config.cut_weight));
  POISE_TRY(config.poses, reader.integer("DATASET.POSES", config.poses));
  POISE_RETURN_IF_ERROR(read_number(reader, "DATASET.NOISE", config.noise));
  POISE_RETURN_IF_ERROR(read_optimizer(reader, options.optimizer));
  POISE_RETURN_IF_ERROR(read_schedule(reader, options.schedule));
  POISE_RETURN_IF_ERROR(read_augmentation(reader, config.augment));
  POISE_RETURN_IF_ERROR(read_scenes(reader, config.augment, config.scene));
  POISE_TRY(options.epochs, reader.integer("TRAIN.END_EPOCH", 140));
  POISE_TRY(options.patience, reader.integer("TRAIN.PATIENCE", 0));
  POISE_RETURN_IF_ERROR(read_frozen(reader, options.frozen));
  const std::string batch =
      reader.find("TRAIN.BATCH_SIZE") != nullptr ? "TRAIN.BATCH_SIZE" : "TRAIN.BATCH_SIZE_PER_GPU";
  POISE_TRY(options.batch, reader.integer(batch, 32));
  POISE_TRY(const int gpus, count_gpus(reader));
  POISE_TRY(options.accumulate, reader.integer("TRAIN.ACCUMULATE", gpus));
  POISE_TRY(options.ema, reader.number("TRAIN.EMA", 0));
  POISE_TRY(const int seed, reader.integer("TRAIN.SEED", 1));
  options.seed = static_cast<std::uint64_t>(seed);
  POISE_TRY(const std::string precision, reader.text("TRAIN.PRECISION", "float32"));
  if (precision != "float32" && precision != "bfloat16") {
    return ConfigReader::wrong("TRAIN.PRECISION", "must be float32 or bfloat16", Json(precision));
  }
  options.bfloat16 = precision == "bfloat16";
  POISE_TRY(options.log_steps, reader.integer("PRINT_FREQ", options.log_steps));
  POISE_TRY(config.select, reader.boolean("DATASET.SELECT_DATA", false));
  POISE_TRY(config.root, reader.text("DATASET.ROOT", ""));
  POISE_TRY(config.train_set, reader.text("DATASET.TRAIN_SET", "train"));
  POISE_TRY(config.val_set, reader.text("DATASET.TEST_SET", "valid"));
  POISE_TRY(const std::string format, reader.text("DATASET.DATASET", "mpii"));
  config.mpii = format == "mpii";
  return config;
}

}  // namespace poise
