#include "poise/weights/state_dict.h"

#include <algorithm>
#include <string_view>

#include "poise/base/printable.h"
#include "poise/base/sha256.h"
#include "poise/weights/foreign_file.h"
#include "poise/weights/torch/layouts.h"

namespace poise {
namespace {

/// Errors: what the file is instead.
Result<const Layout*> detect(ByteSource& source) {
  POISE_TRY(const Bytes start, read_start(source));
  if (start.empty()) return malformed("it is empty");
  if (const Layout* found = find_layout(start)) return found;
  if (start[0] == 0x08) return unsupported("it looks like an ONNX file: read it as a model");
  if (const std::string foreign = foreign_file(start); !foreign.empty()) return unsupported(foreign);
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

/// The prefixes of wrappers, DataParallel's and Lightning's, go where every name has them, however many there are.
void strip_wrappers(std::vector<StoredTensor>& tensors) {
  if (tensors.empty()) return;
  for (bool stripped = true; stripped;) {
    stripped = false;
    for (const std::string_view prefix : {"module.", "model."}) {
      const auto has = [&](const StoredTensor& tensor) {
        return tensor.name.starts_with(prefix) && tensor.name.size() > prefix.size();
      };
      if (!std::all_of(tensors.begin(), tensors.end(), has)) continue;
      for (StoredTensor& tensor : tensors) tensor.name.erase(0, prefix.size());
      stripped = true;
    }
  }
}

/// All but the hash.
Result<StateDict> read_all(ByteSource& source, const StateDictLimits& limits) {
  if (source.size() > limits.max_bytes)
    return too_large("it has " + std::to_string(source.size()) + " bytes, the limit is " +
                     std::to_string(limits.max_bytes));
  POISE_TRY(const Layout* layout, detect(source));
  POISE_TRY(StoredState stored, layout->find(source, limits));
  strip_wrappers(stored.tensors);
  StateDict out;
  out.layout = layout->name;
  out.metadata = std::move(stored.metadata);
  out.taken = std::move(stored.taken);
  out.other_members = std::move(stored.other_members);
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

bool is_state_dict(const std::filesystem::path& path) {
  const auto file = FileSource::open(path);
  if (!file.ok()) return false;
  const auto start = read_start(**file);
  return start.ok() && find_layout(*start) != nullptr;
}

Result<StateDict> parse_state_dict(BytesView bytes, const StateDictLimits& limits) {
  MemorySource source(bytes);
  Result<StateDict> state = read_all(source, limits);
  if (state) state->hash = sha256_hex(bytes);
  return state;
}

}  // namespace poise
