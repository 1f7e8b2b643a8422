#include "poise/weights/state_dict.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "poise/base/printable.h"
#include "poise/base/sha256.h"
#include "poise/weights/torch/byte_source.h"
#include "poise/weights/torch/stored_tensor.h"

namespace poise {
namespace {

struct Layout {
  const char* name;
  Result<StoredState> (*find)(ByteSource&, const StateDictLimits&);
};
constexpr Layout kZip{"torch zip", find_in_torch_zip};
constexpr Layout kLegacy{"torch legacy", find_in_torch_legacy};
constexpr Layout kSafetensors{"safetensors", find_in_safetensors};

Result<Layout> detect(ByteSource& source) {
  std::array<std::uint8_t, 9> head{};
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(head.size(), source.size()));
  POISE_RETURN_IF_ERROR(source.read(0, std::span(head).first(size)));
  const std::string_view start(reinterpret_cast<const char*>(head.data()), size);
  if (start.empty()) return malformed("it is empty");
  // Its length may begin with any byte, a pickle's too; that of a real header has 32 bits and no pickle has four zeros
  // there.
  const bool braced = start.size() == head.size() && start.back() == '{';
  if (braced && start.substr(4, 4) == std::string_view("\0\0\0\0", 4)) return kSafetensors;
  if (start.starts_with("PK\x03\x04")) return kZip;
  if (start.starts_with('\x80')) return kLegacy;  // a pickle of protocol 2 or later
  if (braced) return kSafetensors;
  if (start.starts_with('\x08')) return unsupported("it looks like an ONNX file: read it as a model");
  return malformed("it is neither a PyTorch checkpoint nor a safetensors file");
}

/// Shared storages and repeating strides let a small file ask for much memory: no more than a few times its size.
class Budget {
 public:
  Budget(std::uint64_t file, std::uint64_t most) : left_(std::min(most, kTimes * file)) {}

  Status take(const StoredTensor& stored) {
    POISE_TRY(const std::uint64_t span, element_span(stored.shape, stored.strides));
    POISE_TRY(const std::int64_t count, element_count(stored.shape));
    const std::uint64_t bytes =
        std::max(span * stored.type->bytes, static_cast<std::uint64_t>(count) * size_of(stored.type->type));
    if (bytes > left_)
      return too_large("its shape " + to_string(stored.shape) +
                       " is over the limit: all tensors together take far more memory than the file has bytes");
    left_ -= bytes;
    return {};
  }

 private:
  static constexpr std::uint64_t kTimes = 8;  // half precision doubles; a few tensors may share a storage
  std::uint64_t left_;
};

/// DataParallel's prefix goes where every name has it.
void strip_module(std::vector<StoredTensor>& tensors) {
  constexpr std::string_view kPrefix = "module.";
  const auto has = [&](const StoredTensor& tensor) {
    return tensor.name.starts_with(kPrefix) && tensor.name.size() > kPrefix.size();
  };
  if (!std::all_of(tensors.begin(), tensors.end(), has)) return;
  for (StoredTensor& tensor : tensors) tensor.name.erase(0, kPrefix.size());
}

/// All but the hash.
Result<StateDict> read_all(ByteSource& source, const StateDictLimits& limits) {
  if (source.size() > limits.max_bytes)
    return too_large("it has " + std::to_string(source.size()) + " bytes, the limit is " +
                     std::to_string(limits.max_bytes));
  POISE_TRY(const Layout layout, detect(source));
  POISE_TRY(StoredState stored, layout.find(source, limits));
  strip_module(stored.tensors);
  StateDict out;
  out.layout = layout.name;
  out.metadata = std::move(stored.metadata);
  Budget budget(source.size(), limits.max_bytes);
  for (const StoredTensor& tensor : stored.tensors) {
    const Status status = budget.take(tensor);
    if (!status.ok()) return status.error().prefixed("tensor " + printable(tensor.name));
  }
  for (const StoredTensor& tensor : stored.tensors) {
    Result<Tensor> loaded = load_tensor(source, tensor);
    if (!loaded) return loaded.error().prefixed("tensor " + printable(tensor.name));
    out.tensors.emplace(tensor.name, std::make_shared<const Tensor>(std::move(*loaded)));
  }
  return out;
}

Result<StateDict> read_file_source(const std::filesystem::path& path, const StateDictLimits& limits) {
  POISE_TRY(const std::unique_ptr<FileSource> file, FileSource::open(path));
  POISE_TRY(StateDict state, read_all(*file, limits));
  POISE_TRY(state.hash, file->hash());
  return state;
}

}  // namespace

Result<StateDict> read_state_dict(const std::filesystem::path& path, const StateDictLimits& limits) {
  Result<StateDict> state = read_file_source(path, limits);
  if (!state) return state.error().prefixed(path.string());
  return state;
}

Result<StateDict> parse_state_dict(BytesView bytes, const StateDictLimits& limits) {
  MemorySource source(bytes);
  Result<StateDict> state = read_all(source, limits);
  if (state) state->hash = sha256_hex(bytes);
  return state;
}

}  // namespace poise
