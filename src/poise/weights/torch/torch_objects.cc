#include "poise/weights/torch/torch_objects.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "poise/base/printable.h"

namespace poise {
namespace {

using Ref = Pickle::Ref;
using Use = PickleGlobal::Use;

// torch/_utils.py, torch/_weights_only_unpickler.py; numpy's and Counter come with metrics and schedulers.
constexpr std::array<PickleGlobal, 48> kGlobals{{
    {"collections", "OrderedDict", Use::kDict},
    {"collections", "Counter", Use::kCall},
    {"torch._utils", "_rebuild_tensor", Use::kCall},
    {"torch._utils", "_rebuild_tensor_v2", Use::kCall},
    {"torch._utils", "_rebuild_parameter", Use::kCall},
    {"torch._utils", "_rebuild_parameter_with_state", Use::kCall},
    {"torch", "Size", Use::kCall},
    {"torch", "device", Use::kCall},
    {"torch.nn.parameter", "Parameter", Use::kName},
    {"torch", "FloatStorage", Use::kName},
    {"torch", "DoubleStorage", Use::kName},
    {"torch", "HalfStorage", Use::kName},
    {"torch", "BFloat16Storage", Use::kName},
    {"torch", "LongStorage", Use::kName},
    {"torch", "IntStorage", Use::kName},
    {"torch", "ShortStorage", Use::kName},
    {"torch", "ByteStorage", Use::kName},
    {"torch", "CharStorage", Use::kName},
    {"torch", "BoolStorage", Use::kName},
    {"torch.cuda", "FloatStorage", Use::kName},
    {"torch.cuda", "DoubleStorage", Use::kName},
    {"torch.cuda", "HalfStorage", Use::kName},
    {"torch.cuda", "BFloat16Storage", Use::kName},
    {"torch.cuda", "LongStorage", Use::kName},
    {"torch.cuda", "IntStorage", Use::kName},
    {"torch.cuda", "ShortStorage", Use::kName},
    {"torch.cuda", "ByteStorage", Use::kName},
    {"torch.cuda", "CharStorage", Use::kName},
    {"torch.cuda", "BoolStorage", Use::kName},
    {"torch.storage", "TypedStorage", Use::kName},
    {"torch.storage", "_TypedStorage", Use::kName},
    {"torch.storage", "UntypedStorage", Use::kName},
    {"torch.storage", "_UntypedStorage", Use::kName},
    {"torch", "float32", Use::kName},
    {"torch", "float64", Use::kName},
    {"torch", "float16", Use::kName},
    {"torch", "bfloat16", Use::kName},
    {"torch", "int64", Use::kName},
    {"torch", "int32", Use::kName},
    {"torch", "int16", Use::kName},
    {"torch", "uint8", Use::kName},
    {"torch", "int8", Use::kName},
    {"torch", "bool", Use::kName},
    {"numpy", "dtype", Use::kCall},
    {"numpy.core.multiarray", "scalar", Use::kCall},
    {"numpy._core.multiarray", "scalar", Use::kCall},
    {"_codecs", "encode", Use::kCall},
    {"torch.serialization", "_get_layout", Use::kCall},
}};

bool is_call(const Pickle& pickle, Ref ref, std::string_view module, std::string_view name_start) {
  if (!pickle.is(ref, PickleKind::kCall)) return false;
  const PickleGlobal& global = kGlobals[pickle.index(ref)];
  return global.module == module && global.name.starts_with(name_start);
}

bool is_tensor(const Pickle& pickle, Ref ref) { return is_call(pickle, ref, "torch._utils", "_rebuild_"); }

/// Argument i of a call, element i of a tuple. Errors: kMalformed where there is none.
Result<Ref> element(const Pickle& pickle, Ref ref, std::size_t i) {
  if (pickle.is(ref, PickleKind::kCall)) ref = pickle.child(ref, 0);
  if (!pickle.is(ref, PickleKind::kTuple) || i >= pickle.count(ref)) return malformed("it lacks an argument");
  return pickle.child(ref, i);
}

Result<std::uint64_t> natural(const Pickle& pickle, Ref ref, const char* what) {
  constexpr std::int64_t kMost = std::int64_t{1} << 40U;
  if (!pickle.is(ref, PickleKind::kInt)) return malformed(std::string("its ") + what + " is no number");
  const std::int64_t value = pickle.integer(ref);
  if (value < 0 || value > kMost) return malformed(std::string("its ") + what + " is " + std::to_string(value));
  return static_cast<std::uint64_t>(value);
}

Result<std::vector<std::int64_t>> integers(const Pickle& pickle, Ref ref, const char* what) {
  if (is_call(pickle, ref, "torch", "Size")) {
    POISE_TRY(ref, element(pickle, ref, 0));
  }
  if (!pickle.is(ref, PickleKind::kTuple)) return malformed(std::string("its ") + what + " is no tuple");
  constexpr std::size_t kLongest = 64;  // PyTorch's own limit on axes
  if (pickle.count(ref) > kLongest) return malformed(std::string("its ") + what + " is too long");
  std::vector<std::int64_t> values;
  for (std::size_t i = 0; i < pickle.count(ref); ++i) {
    const Ref item = pickle.child(ref, i);
    if (!pickle.is(item, PickleKind::kInt)) return malformed(std::string("its ") + what + " holds no number");
    values.push_back(pickle.integer(item));
  }
  return values;
}

struct Identity {
  TorchStorage storage;
  std::uint64_t view_first = 0;  // the legacy layout's views: a part of the storage
  std::uint64_t view_count = 0;
};

/// ("storage", type, key, location, count[, None or (view key, first, count)]): torch/serialization.py, persistent_id.
Result<Identity> read_identity(const Pickle& pickle, Ref ref) {
  if (!pickle.is(ref, PickleKind::kPersistent)) return malformed("it has no storage");
  const Ref tuple = pickle.child(ref, 0);
  POISE_TRY(const Ref word, element(pickle, tuple, 0));
  POISE_TRY(const Ref type, element(pickle, tuple, 1));
  POISE_TRY(const Ref key, element(pickle, tuple, 2));
  POISE_TRY(const Ref count, element(pickle, tuple, 4));
  if (!pickle.is(word, PickleKind::kText) || pickle.text(word) != "storage" || !pickle.is(key, PickleKind::kText) ||
      !pickle.is(type, PickleKind::kGlobal))
    return malformed("its storage is not described as PyTorch does");
  Identity identity;
  const PickleGlobal& global = kGlobals[pickle.index(type)];
  identity.storage.key = pickle.text(key);
  identity.storage.type = global.module.starts_with("torch") ? find_torch_type(global.name) : nullptr;
  if (identity.storage.type == nullptr)
    return unsupported("its storage is a " + std::string(global.name) + ", which is not supported");
  POISE_TRY(identity.storage.count, natural(pickle, count, "storage's size"));
  identity.view_count = identity.storage.count;
  if (pickle.count(tuple) > 5 && !pickle.is(pickle.child(tuple, 5), PickleKind::kNone)) {
    const Ref view = pickle.child(tuple, 5);
    POISE_TRY(const Ref first, element(pickle, view, 1));
    POISE_TRY(const Ref size, element(pickle, view, 2));
    POISE_TRY(identity.view_first, natural(pickle, first, "view's offset"));
    POISE_TRY(identity.view_count, natural(pickle, size, "view's size"));
    if (identity.view_first + identity.view_count > identity.storage.count)
      return malformed("its view lies outside its storage");
  }
  return identity;
}

/// _rebuild_tensor_v2(storage, offset, size, stride, ...), or _rebuild_parameter(that, ...).
Result<TorchTensor> read_tensor(const Pickle& pickle, Ref ref) {
  if (is_call(pickle, ref, "torch._utils", "_rebuild_parameter")) {
    POISE_TRY(ref, element(pickle, ref, 0));
  }
  if (!is_call(pickle, ref, "torch._utils", "_rebuild_tensor")) return malformed("it is no tensor");
  POISE_TRY(const Ref storage, element(pickle, ref, 0));
  POISE_TRY(const Ref offset, element(pickle, ref, 1));
  POISE_TRY(const Ref size, element(pickle, ref, 2));
  POISE_TRY(const Ref stride, element(pickle, ref, 3));
  POISE_TRY(const Identity identity, read_identity(pickle, storage));

  TorchTensor tensor;
  tensor.storage = identity.storage;
  POISE_TRY(const std::uint64_t first, natural(pickle, offset, "offset"));
  POISE_TRY(tensor.shape, integers(pickle, size, "size"));
  POISE_TRY(tensor.strides, integers(pickle, stride, "stride"));
  POISE_TRY(const std::uint64_t span, element_span(tensor.shape, tensor.strides));
  if (first > identity.view_count || span > identity.view_count - first)
    return malformed("it reaches from element " + std::to_string(first) + " over " + std::to_string(span) +
                     " elements, its storage has " + std::to_string(identity.view_count));
  tensor.first = identity.view_first + first;
  return tensor;
}

std::string shortest(double value) {
  std::array<char, 32> text{};
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr};
}

std::optional<std::string> plain(const Pickle& pickle, Ref ref) {
  constexpr std::size_t kLongest = 1024;
  switch (pickle.kind(ref)) {
    case PickleKind::kBool:
      return pickle.boolean(ref) ? "true" : "false";
    case PickleKind::kInt:
      return std::to_string(pickle.integer(ref));
    case PickleKind::kFloat:
      return shortest(pickle.number(ref));
    case PickleKind::kText: {
      const std::string_view text = pickle.text(ref);
      if (text.size() > kLongest || std::any_of(text.begin(), text.end(), is_control)) return std::nullopt;
      return std::string(text);
    }
    default:
      return std::nullopt;
  }
}

/// The last of equal keys wins, as in Python.
std::optional<Ref> member(const Pickle& pickle, Ref dict, std::string_view name) {
  for (std::size_t i = pickle.count(dict); i >= 2; i -= 2) {
    const Ref key = pickle.child(dict, i - 2);
    if (pickle.is(key, PickleKind::kText) && pickle.text(key) == name) return pickle.child(dict, i - 1);
  }
  return std::nullopt;
}

bool holds_tensors(const Pickle& pickle, Ref ref) {
  if (!pickle.is(ref, PickleKind::kDict)) return false;
  for (std::size_t i = 1; i < pickle.count(ref); i += 2)
    if (is_tensor(pickle, pickle.child(ref, i))) return true;
  return false;
}

Result<Ref> choose(const Pickle& pickle) {
  const Ref root = pickle.root();
  if (!pickle.is(root, PickleKind::kDict)) return malformed("the checkpoint holds no dictionary: save a state_dict");
  for (const char* name : {"state_dict", "model", "net", "ema"}) {
    const std::optional<Ref> found = member(pickle, root, name);
    if (found && holds_tensors(pickle, *found)) return *found;
  }
  if (holds_tensors(pickle, root)) return root;
  std::string names;
  for (std::size_t i = 0; i < std::min<std::size_t>(pickle.count(root), 10); i += 2)
    if (pickle.is(pickle.child(root, i), PickleKind::kText))
      names += (names.empty() ? "" : ", ") + printable(pickle.text(pickle.child(root, i)));
  return malformed("the checkpoint holds no tensors under \"state_dict\" or at the top" +
                   (names.empty() ? "" : "; it holds " + names));
}

}  // namespace

std::span<const PickleGlobal> torch_globals() { return kGlobals; }

Result<TorchState> find_torch_state(const Pickle& pickle, const StateDictLimits& limits) {
  POISE_TRY(const Ref chosen, choose(pickle));
  TorchState state;
  std::map<std::string_view, Ref> tensors;
  for (std::size_t i = 0; i + 1 < pickle.count(chosen); i += 2) {
    const Ref key = pickle.child(chosen, i);
    const Ref value = pickle.child(chosen, i + 1);
    if (!is_tensor(pickle, value)) continue;
    if (!pickle.is(key, PickleKind::kText)) return malformed("a tensor's name is no text");
    POISE_RETURN_IF_ERROR(check_tensor_name(pickle.text(key)));
    tensors.insert_or_assign(pickle.text(key), value);
    if (tensors.size() > static_cast<std::size_t>(limits.max_tensors))
      return too_large("it holds more than " + std::to_string(limits.max_tensors) + " tensors");
  }
  for (const auto& [name, value] : tensors) {
    Result<TorchTensor> tensor = read_tensor(pickle, value);
    if (!tensor) return tensor.error().prefixed("tensor " + printable(name));
    tensor->name = name;
    state.tensors.push_back(std::move(*tensor));
  }
  constexpr std::size_t kMostMembers = 1000;
  const Ref root = pickle.root();
  for (std::size_t i = 0; root != chosen && i < std::min(pickle.count(root), 2 * kMostMembers); i += 2) {
    const std::optional<std::string> key = plain(pickle, pickle.child(root, i));
    std::optional<std::string> value = plain(pickle, pickle.child(root, i + 1));
    if (key && pickle.child(root, i + 1) == chosen) {
      state.taken = *key;
    } else if (key && holds_tensors(pickle, pickle.child(root, i + 1))) {
      state.other_members.push_back(*key);
    }
    if (key && value) state.metadata.insert_or_assign(*key, std::move(*value));
  }
  return state;
}

Result<std::map<std::string_view, TorchStorage>> find_torch_storages(const Pickle& pickle,
                                                                     const StateDictLimits& limits) {
  const std::size_t most = 2 * static_cast<std::size_t>(limits.max_tensors);  // Adam keeps as many again, and again
  std::map<std::string_view, TorchStorage> storages;
  for (std::size_t i = 0; i < pickle.cells(); ++i) {
    if (!pickle.is(static_cast<Ref>(i), PickleKind::kPersistent)) continue;
    Result<Identity> identity = read_identity(pickle, static_cast<Ref>(i));
    if (!identity) return identity.error().prefixed("a tensor of the checkpoint");
    const TorchStorage& storage = identity->storage;
    const auto [found, fresh] = storages.emplace(storage.key, storage);
    if (!fresh && (found->second.type != storage.type || found->second.count != storage.count))
      return malformed("the storage " + printable(storage.key) + " has two types or sizes");
    if (storages.size() > most) return too_large("it holds more than " + std::to_string(most) + " storages");
  }
  return storages;
}

Result<StoredState> place_tensors(TorchState state, const StoragePlace& place) {
  StoredState stored;
  stored.metadata = std::move(state.metadata);
  stored.taken = std::move(state.taken);
  stored.other_members = std::move(state.other_members);
  for (TorchTensor& tensor : state.tensors) {
    const Result<std::uint64_t> start = place(tensor.storage);
    if (!start) return start.error().prefixed("tensor " + printable(tensor.name));
    stored.tensors.push_back({std::move(tensor.name), tensor.storage.type,
                              *start + tensor.first * tensor.storage.type->bytes, std::move(tensor.shape),
                              std::move(tensor.strides)});
  }
  return stored;
}

}  // namespace poise
