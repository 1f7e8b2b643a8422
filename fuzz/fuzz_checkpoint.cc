// A training run's state, as a run reads it that goes on: an error, or tensors and a place in the run.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "poise/weights/checkpoint.h"
#include "scratch_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const ScratchFolder folder;
  const auto checkpoint = poise::read_checkpoint(folder.write("last.ckpt", data, size));
  if (!checkpoint) {
    if (checkpoint.error().message.find("last.ckpt") == std::string::npos) std::abort();
    return 0;
  }
  std::uint64_t bytes = 0;
  for (const auto& [name, tensor] : checkpoint->tensors) bytes += tensor->bytes();
  if (bytes > 8 * size + 64) std::abort();  // bfloat16 becomes float32
  if (weights_of(*checkpoint).size() > checkpoint->tensors.size()) std::abort();
  for (const char* member : {"epoch", "batch", "step", "best_epoch", "persons"})
    (void)checkpoint->progress.integer(member);
  return 0;
}
