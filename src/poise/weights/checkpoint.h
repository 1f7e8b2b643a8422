#pragma once
// A training run's state in one safetensors file: the weights to run under their own names, so that any reader of that
// format gets them, all else under names that start with "train.". Names no type of LibTorch. Thread-safe.

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "poise/base/json.h"
#include "poise/tensor/tensor.h"

namespace poise {

struct Checkpoint {
  std::map<std::string, std::shared_ptr<const Tensor>> tensors;
  Json config;    // the configuration's mapping, as read
  Json card;      // of the model
  Json progress;  // where the run is
};

/// Whole or not at all: a temporary file, synchronised, renamed. Errors: kIo, naming the path and the reason; the file
/// that was there stays.
Status write_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint);
/// Errors: those of read_state_dict(), kMalformed (no training run's); messages start with the path.
Result<Checkpoint> read_checkpoint(const std::filesystem::path& path);

inline constexpr const char* kTrainPrefix = "train.";
/// Without what only training needs.
std::map<std::string, std::shared_ptr<const Tensor>> weights_of(const Checkpoint& checkpoint);

}  // namespace poise
