#pragma once
// A network's parameters by name, as PyTorch checkpoints and safetensors files hold them. Nothing in a file is ever
// executed: pickles go through a machine that can build numbers, texts, containers and tensors, and nothing else.

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "poise/base/file.h"
#include "poise/base/result.h"
#include "poise/tensor/tensor.h"

namespace poise {

struct StateDict {
  /// Row-major, contiguous. float16, bfloat16 and float64 have become float32; prefixes "module." (DataParallel's) and
  /// "model." (Lightning's) that all names share are gone.
  std::map<std::string, std::shared_ptr<const Tensor>> tensors;
  std::string layout;                           // "torch zip", "torch legacy" (before PyTorch 1.6), "safetensors"
  std::string hash;                             // SHA-256 of the file, hexadecimal
  std::map<std::string, std::string> metadata;  // safetensors' __metadata__; a checkpoint's plain members ("epoch")
  std::string taken;                            // a checkpoint's member that holds `tensors`; "": the whole of it
  std::vector<std::string> other_members;       // that hold tensors too ("ema_state_dict"), and were not taken
};

struct StateDictLimits {
  std::uint64_t max_bytes = 4ULL << 30U;  // of the file, and of all tensors together
  int max_tensors = 65'536;               // no network of poses comes near
};

/// Tells the layout by the first bytes (torch/layouts.cc lists them). In a checkpoint the parameters are the member
/// "state_dict" (or "model", "net", "ema" that holds tensors), or the whole dictionary. Errors, one line that starts
/// with the path: kMalformed (truncated, lengths and offsets that do not fit), kUnsupported (a pickle that wants to
/// call anything else: names it; TorchScript; ONNX and what else is known and is no checkpoint), kTooLarge, kNotFound,
/// kIo. Peak memory: the parameters once, plus one tensor, plus the pickle. Thread-safe. Sources: PyTorch's
/// serialization.py for both layouts; the safetensors format's README.
Result<StateDict> read_state_dict(const std::filesystem::path& path, const StateDictLimits& limits = {});
/// Whether the file starts as one of the layouts does; false where it cannot be read.
bool is_state_dict(const std::filesystem::path& path);
/// From memory; messages name no file.
Result<StateDict> parse_state_dict(BytesView bytes, const StateDictLimits& limits = {});

}  // namespace poise
