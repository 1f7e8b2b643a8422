#include "poise/weights/checkpoint.h"

#include "poise/card/model_card.h"
#include "poise/weights/state_dict.h"
#include "poise/weights/torch/safetensors_writer.h"

namespace poise {
namespace {
constexpr const char* kConfigKey = "poise.config";
constexpr const char* kProgressKey = "poise.progress";
}  // namespace

Status write_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint) {
  POISE_TRY(const Bytes bytes, to_safetensors(checkpoint.tensors, {{kConfigKey, checkpoint.config.dump()},
                                                                   {kCardKey, checkpoint.card.dump()},
                                                                   {kProgressKey, checkpoint.progress.dump()}}));
  return write_file_atomic(path, bytes);
}

Result<Checkpoint> read_checkpoint(const std::filesystem::path& path) {
  POISE_TRY(StateDict state, read_state_dict(path));
  Checkpoint checkpoint;
  checkpoint.tensors = std::move(state.tensors);
  for (const auto& [key, into] : {std::pair(kConfigKey, &checkpoint.config), std::pair(kCardKey, &checkpoint.card),
                                  std::pair(kProgressKey, &checkpoint.progress)}) {
    const auto found = state.metadata.find(key);
    if (found == state.metadata.end()) {
      return malformed(path.string() + ": it is no checkpoint of poise train: it has no " + key);
    }
    auto parsed = parse_json(found->second);
    if (!parsed.ok()) return parsed.error().prefixed(path.string() + ": " + key);
    *into = std::move(*parsed);
  }
  return checkpoint;
}

std::map<std::string, std::shared_ptr<const Tensor>> weights_of(const Checkpoint& checkpoint) {
  std::map<std::string, std::shared_ptr<const Tensor>> weights;
  for (const auto& [name, tensor] : checkpoint.tensors) {
    if (!name.starts_with(kTrainPrefix)) weights.emplace(name, tensor);
  }
  return weights;
}

}  // namespace poise
