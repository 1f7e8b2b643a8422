#include "poise/engine/backends/onednn/arena.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <numeric>
#include <queue>
#include <set>
#include <utility>

namespace poise::onednn {
namespace {
constexpr std::size_t kAlignment = 64;

/// What is free below the end of all that was taken so far.
class Gaps {
 public:
  std::size_t take(std::size_t bytes) {
    const auto found = by_size_.lower_bound({bytes, 0});
    if (found == by_size_.end()) {
      end_ += bytes;
      return end_ - bytes;
    }
    const auto [size, offset] = *found;
    erase(offset, size);
    if (size > bytes) insert(offset + bytes, size - bytes);
    return offset;
  }
  void give_back(std::size_t offset, std::size_t bytes) {
    auto after = by_offset_.lower_bound(offset);
    if (after != by_offset_.begin()) {
      const auto [start, size] = *std::prev(after);
      if (start + size == offset) {
        erase(start, size);
        offset = start;
        bytes += size;
      }
    }
    after = by_offset_.lower_bound(offset);
    if (after != by_offset_.end() && after->first == offset + bytes) {
      const auto [start, size] = *after;
      erase(start, size);
      bytes += size;
    }
    insert(offset, bytes);
  }
  std::size_t end() const { return end_; }

 private:
  void insert(std::size_t offset, std::size_t size) {
    by_offset_.emplace(offset, size);
    by_size_.emplace(size, offset);
  }
  void erase(std::size_t offset, std::size_t size) {
    by_offset_.erase(offset);
    by_size_.erase({size, offset});
  }
  std::map<std::size_t, std::size_t> by_offset_;           // to size
  std::set<std::pair<std::size_t, std::size_t>> by_size_;  // size, offset
  std::size_t end_ = 0;
};

}  // namespace

int Arena::add(std::size_t bytes, int step) {
  const std::size_t rounded = (std::max<std::size_t>(bytes, 1) + kAlignment - 1) / kAlignment * kAlignment;
  buffers_.push_back({rounded, step, step, 0});
  return static_cast<int>(buffers_.size()) - 1;
}

void Arena::touch(int buffer, int step) {
  Buffer& touched = buffers_[static_cast<std::size_t>(buffer)];
  touched.last = std::max(touched.last, step);
}

void Arena::place() {
  constexpr std::size_t kFew = 8192;
  if (buffers_.size() <= kFew) {
    place_by_size();
  } else {
    place_by_step();
  }
}

void Arena::place_by_size() {
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
}

/// A buffer takes the smallest gap that it fits into; what ends gives its place back before the next begins.
void Arena::place_by_step() {
  Gaps gaps;
  using Ending = std::pair<int, std::size_t>;  // last step, buffer
  std::priority_queue<Ending, std::vector<Ending>, std::greater<>> alive;
  for (std::size_t i = 0; i < buffers_.size(); ++i) {  // add() is called in the order of steps
    for (; !alive.empty() && alive.top().first < buffers_[i].first; alive.pop()) {
      const Buffer& ended = buffers_[alive.top().second];
      gaps.give_back(ended.offset, ended.bytes);
    }
    buffers_[i].offset = gaps.take(buffers_[i].bytes);
    alive.emplace(buffers_[i].last, i);
  }
  total_ = gaps.end();
}

bool Arena::allocate() {
  if (total_ > 0) base_.reset(static_cast<std::byte*>(std::aligned_alloc(kAlignment, total_)));
  return total_ == 0 || base_ != nullptr;
}

std::size_t Arena::ideal_bytes() const {
  std::map<int, std::ptrdiff_t> changes;  // by step
  for (const Buffer& buffer : buffers_) {
    changes[buffer.first] += static_cast<std::ptrdiff_t>(buffer.bytes);
    changes[buffer.last + 1] -= static_cast<std::ptrdiff_t>(buffer.bytes);
  }
  std::ptrdiff_t alive = 0;
  std::ptrdiff_t most = 0;
  for (const auto& [step, change] : changes) most = std::max(most, alive += change);
  return static_cast<std::size_t>(most);
}

}  // namespace poise::onednn
