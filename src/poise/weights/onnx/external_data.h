#pragma once
// Tensors that an ONNX file keeps in files beside it.

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "poise/base/result.h"

namespace poise {

/// The folder a model's external data may lie in. One model file, one object: not thread-safe.
class ExternalData {
 public:
  ExternalData(std::filesystem::path folder, std::uint64_t max_bytes)
      : folder_(std::move(folder)), max_bytes_(max_bytes) {}

  /// Exactly `need` bytes from `offset`. Only regular files, plainly named, neither symbolic nor hard links; `length`,
  /// where the model states it, must be `need`. All reads of a file together take no more bytes than it holds, so that
  /// a small model cannot ask for one big file many times over.
  Result<std::string> read(const std::string& location, std::uint64_t offset, std::optional<std::uint64_t> length,
                           std::uint64_t need);

 private:
  std::filesystem::path folder_;  // empty: nothing is followed
  std::uint64_t max_bytes_;
  std::map<std::string, std::uint64_t> taken_;
};

}  // namespace poise
