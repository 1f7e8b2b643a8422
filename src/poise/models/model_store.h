#pragma once
// The models a name can mean: files, a folder of models with an index that says what each file was when it was added,
// and what comes with Poise.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "poise/base/json.h"
#include "poise/base/result.h"
#include "poise/weights/network_file.h"

namespace poise {

struct StoredModel {
  std::string name;                       // "pose_resnet50", the file's name without .onnx
  std::string sha256;                     // of the file as it was added; empty: it was put there by hand
  std::string card_sha256;                // of NAME.card.json as it was added; empty: there was none
  std::string licence, source, accuracy;  // of its card as it was added
  std::filesystem::path path;
};
Json to_json(const StoredModel& model);

struct OpenModel {
  std::string name;            // "pose.onnx", "poise-small": what outputs call it
  std::filesystem::path path;  // empty: it comes with Poise
  NetworkFile onnx;            // of whatever kind the file is
};

/// A folder of models, which need not be there yet. Keeps nothing: each call looks at the folder. Thread-safe, but for
/// add(), which one caller at a time may use on one folder.
class ModelStore {
 public:
  /// Empty: no folder; names are then those of files and of what comes with Poise.
  explicit ModelStore(std::filesystem::path folder = {});

  const std::filesystem::path& folder() const { return folder_; }

  /// What is recorded in index.json and what else ends in .onnx there, by name. No folder is no model. Errors:
  /// kMalformed, an index that is not ours; kIo.
  Result<std::vector<StoredModel>> list() const;

  /// Copies the ONNX file, and the card beside it, as `name`; nothing is changed where it is there already with the
  /// same bytes, which returns false. The file is read as a model first. Errors: those of parse_onnx and check_card;
  /// kInvalidArgument: another model has the name, or it is none.
  Result<bool> add(const std::filesystem::path& file, const std::string& name) const;

  /// What a user calls a network, the one rule for it: `given` where such a file exists, else the stored model of that
  /// name (with or without .onnx), else the one of that name that comes with Poise. Nothing given is `otherwise`, which
  /// comes with Poise; empty: its first. Errors: kNotFound, those of read_network.
  Result<OpenModel> open(const std::string& given, std::string_view otherwise = {}) const;

 private:
  std::filesystem::path folder_;
};

/// Empty where the file, and the card beside it, are what they were when they were added, and the file reads as a
/// model; else a sentence. For models that are recorded.
std::string fault_of(const StoredModel& model);

}  // namespace poise
