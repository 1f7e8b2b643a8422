#include "poise/engine/backends/onednn/arena.h"

#include <algorithm>
#include <new>
#include <numeric>

namespace poise::onednn {
namespace {
constexpr std::size_t kAlignment = 64;
}

int Arena::add(std::size_t bytes, int step) {
  const std::size_t rounded = (std::max<std::size_t>(bytes, 1) + kAlignment - 1) / kAlignment * kAlignment;
  buffers_.push_back({rounded, step, step, 0});
  return static_cast<int>(buffers_.size()) - 1;
}

void Arena::touch(int buffer, int step) {
  Buffer& touched = buffers_[static_cast<std::size_t>(buffer)];
  touched.last = std::max(touched.last, step);
}

void Arena::allocate() {
  std::vector<std::size_t> order(buffers_.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return buffers_[a].bytes > buffers_[b].bytes; });
  std::vector<const Buffer*> placed;  // by offset
  for (const std::size_t index : order) {
    Buffer& buffer = buffers_[index];
    std::size_t offset = 0;
    for (const Buffer* other : placed) {
      const bool together = buffer.first <= other->last && other->first <= buffer.last;
      if (!together) continue;
      if (offset + buffer.bytes <= other->offset) break;
      offset = std::max(offset, other->offset + other->bytes);
    }
    buffer.offset = offset;
    total_ = std::max(total_, offset + buffer.bytes);
    placed.insert(std::upper_bound(placed.begin(), placed.end(), &buffer,
                                   [](const Buffer* a, const Buffer* b) { return a->offset < b->offset; }),
                  &buffer);
  }
  if (total_ == 0) return;
  base_.reset(static_cast<std::byte*>(std::aligned_alloc(kAlignment, total_)));
  if (!base_) throw std::bad_alloc();
}

std::size_t Arena::ideal_bytes() const {
  std::size_t most = 0;
  for (const Buffer& moment : buffers_) {  // the sum can only rise where a buffer begins
    std::size_t alive = 0;
    for (const Buffer& buffer : buffers_) {
      if (buffer.first <= moment.first && moment.first <= buffer.last) alive += buffer.bytes;
    }
    most = std::max(most, alive);
  }
  return most;
}

}  // namespace poise::onednn
