#pragma once
// What PyTorch's checkpoints put into a pickle: storages, tensors that are views of them, dictionaries around.

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "poise/weights/torch/pickle.h"
#include "poise/weights/torch/stored_tensor.h"

namespace poise {

/// The names a checkpoint may mention; read_pickle() refuses all others.
std::span<const PickleGlobal> torch_globals();

/// A storage as a persistent identity states it; views of the pickle's bytes.
struct TorchStorage {
  std::string_view key;
  const ElementType* type = nullptr;
  std::uint64_t count = 0;  // elements, at most 2^40
};

struct TorchTensor {
  std::string name;
  TorchStorage storage;
  std::uint64_t first = 0;  // element of the storage
  Shape shape;
  std::vector<std::int64_t> strides;
};

struct TorchState {
  std::vector<TorchTensor> tensors;  // each within its storage as stated
  std::map<std::string, std::string> metadata;
  std::string taken;  // as StateDict's, and the next
  std::vector<std::string> other_members;
};

/// The member "state_dict", "model", "net" or "ema" that holds tensors, or else the whole dictionary. Errors:
/// kMalformed naming the tensor, kUnsupported, kTooLarge.
Result<TorchState> find_torch_state(const Pickle& pickle, const StateDictLimits& limits);

/// All storages the pickle mentions, an optimizer's too, by key. Errors: kMalformed (one key with two types or sizes),
/// kTooLarge.
Result<std::map<std::string_view, TorchStorage>> find_torch_storages(const Pickle& pickle,
                                                                     const StateDictLimits& limits);

/// Where a storage's elements begin in the file; the layout has checked that all of them are there.
using StoragePlace = std::function<Result<std::uint64_t>(const TorchStorage&)>;
/// Errors: those of `place`, with the tensor's name.
Result<StoredState> place_tensors(TorchState state, const StoragePlace& place);

}  // namespace poise
