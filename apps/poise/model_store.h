#pragma once
// The models a name can mean: files, the folder of models on this machine with the index that says what each file was
// when it was added, and what comes with the program.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "poise/base/result.h"
#include "poise/weights/network_file.h"

namespace poise::app {

struct StoredModel {
  std::string name;                       // "pose_resnet50", the file's name without .onnx
  std::string sha256;                     // of the file as it was added; empty: it was put there by hand
  std::string card_sha256;                // of NAME.card.json as it was added; empty: there was none
  std::string licence, source, accuracy;  // of its card as it was added
  std::filesystem::path path;
};

/// $POISE_MODELS, else $XDG_DATA_HOME/poise/models, else ~/.local/share/poise/models. Errors: kNotFound, where none of
/// the three is set.
Result<std::filesystem::path> models_folder();

/// Where `poise bench --tune` keeps its plans: $POISE_PLANS, else $XDG_CACHE_HOME/poise/plans, else
/// ~/.cache/poise/plans; empty, where none of the three is set.
std::filesystem::path plans_folder();

/// What is recorded in index.json and what else ends in .onnx there, by name. No folder is no model. Errors:
/// kMalformed, an index that is not ours; kIo.
Result<std::vector<StoredModel>> stored_models(const std::filesystem::path& folder);

/// Copies the model, and the card beside it, as `name`; nothing is changed where it is there already with the same
/// bytes, which returns false. The file is read as a model first. Errors: those of parse_onnx; kInvalidArgument:
/// another model has the name.
Result<bool> add_model(const std::filesystem::path& folder, const std::filesystem::path& file, const std::string& name);

struct OpenModel {
  std::string name;            // "pose.onnx", "poise-small": what outputs call it
  std::filesystem::path path;  // empty: it comes with the program
  NetworkFile onnx;
};

/// A model that comes with the program, whatever files are called so.
Result<OpenModel> open_shipped(std::string_view name);

/// `given` where such a file exists, else the stored model of that name (with or without .onnx), else the one of that
/// name that comes with the program; an empty name is its default. Errors: kNotFound, those of read_network.
Result<OpenModel> open_model(const std::string& given);

}  // namespace poise::app
