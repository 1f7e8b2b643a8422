// PyTorch's checkpoints before 1.6: five pickles one after another (a magic number, the version, the system, the
// object, the storages' keys), then each storage in the keys' order: its number of elements in 64 bits, and its
// elements. Source: torch/serialization.py, _legacy_save and _legacy_load.

#include <algorithm>
#include <array>
#include <string>

#include "poise/base/printable.h"
#include "poise/weights/torch/stored_tensor.h"
#include "poise/weights/torch/torch_objects.h"

namespace poise {
namespace {

// 0x1950a86a20f9469cfc6c, little-endian.
constexpr std::array<std::uint8_t, 10> kMagic{0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19};
constexpr std::int64_t kVersion = 1001;

/// The magic number, the version, the system; gives the offset behind them.
Result<std::uint64_t> read_preamble(ByteSource& source) {
  POISE_TRY(const Pickle magic, read_pickle(source, 0, {}));
  if (!magic.is(magic.root(), PickleKind::kBigInt) || !std::ranges::equal(magic.bytes(magic.root()), kMagic))
    return unsupported("it is a pickle, but none that torch.save() has written");
  POISE_TRY(const Pickle version, read_pickle(source, magic.end(), {}));
  if (!version.is(version.root(), PickleKind::kInt) || version.integer(version.root()) != kVersion)
    return unsupported("it has a version of PyTorch's layout other than 1001: save it again");
  POISE_TRY(const Pickle system, read_pickle(source, version.end(), {}));
  const Pickle::Ref root = system.root();
  for (std::size_t i = 0; system.is(root, PickleKind::kDict) && i + 1 < system.count(root); i += 2) {
    const Pickle::Ref key = system.child(root, i);
    const Pickle::Ref value = system.child(root, i + 1);
    if (system.is(key, PickleKind::kText) && system.text(key) == "little_endian" &&
        system.is(value, PickleKind::kBool) && !system.boolean(value))
      return unsupported("its numbers are not little-endian");
  }
  return system.end();
}

using Places = std::map<std::string_view, std::uint64_t>;

/// Where each storage's elements begin; all that the keys name are checked to be there.
Result<Places> find_places(ByteSource& source, const Pickle& keys,
                           const std::map<std::string_view, TorchStorage>& storages) {
  const Pickle::Ref root = keys.root();
  if (!keys.is(root, PickleKind::kList)) return malformed("the list of storages is missing");
  Places places;
  std::uint64_t at = keys.end();
  for (std::size_t i = 0; i < keys.count(root); ++i) {
    const Pickle::Ref key = keys.child(root, i);
    if (!keys.is(key, PickleKind::kText)) return malformed("the list of storages holds what is no text");
    const auto found = storages.find(keys.text(key));
    if (found == storages.end())
      return malformed("the storage " + printable(keys.text(key)) + " is listed, but no tensor has it");
    const TorchStorage& storage = found->second;
    POISE_TRY(const std::uint64_t count, source.read_u64(at));
    at += sizeof count;
    if (count != storage.count)
      return malformed("the storage " + printable(storage.key) + " has " + std::to_string(count) +
                       " elements, the tensors say " + std::to_string(storage.count));
    if (storage.count * storage.type->bytes > source.size() - at)
      return malformed("the storage " + printable(storage.key) + " reaches beyond the file: is it truncated?");
    if (!places.emplace(storage.key, at).second)
      return malformed("the storage " + printable(storage.key) + " is listed twice");
    at += storage.count * storage.type->bytes;
  }
  return places;
}

}  // namespace

Result<StoredState> find_in_torch_legacy(ByteSource& source, const StateDictLimits& limits) {
  POISE_TRY(const std::uint64_t start, read_preamble(source));
  POISE_TRY(const Pickle pickle, read_pickle(source, start, torch_globals()));
  POISE_TRY(TorchState state, find_torch_state(pickle, limits));
  POISE_TRY(const auto storages, find_torch_storages(pickle, limits));
  POISE_TRY(const Pickle keys, read_pickle(source, pickle.end(), {}));
  POISE_TRY(const Places places, find_places(source, keys, storages));
  return place_tensors(std::move(state), [&](const TorchStorage& storage) -> Result<std::uint64_t> {
    const auto found = places.find(storage.key);
    if (found == places.end()) return malformed("its storage " + printable(storage.key) + " is not in the file");
    return found->second;
  });
}

}  // namespace poise
