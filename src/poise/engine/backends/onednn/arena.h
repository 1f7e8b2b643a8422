#pragma once
// One allocation for all activations and scratchpads of a plan: buffers that never live together share memory.

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <vector>

namespace poise::onednn {

class Arena {
 public:
  /// A buffer that exists from step `step` on; returns its id.
  int add(std::size_t bytes, int step);
  /// The buffer is still needed at `step`.
  void touch(int buffer, int step);

  /// Places all buffers; call once, after the last touch(). Largest first, at the lowest free offset; of over 8192
  /// buffers in the order of their steps, which takes time by their number, not its square.
  void place();
  /// False: there is no memory. After place().
  bool allocate();

  void* data(int buffer) const { return base_.get() + buffers_[static_cast<std::size_t>(buffer)].offset; }
  std::size_t bytes() const { return total_; }
  /// Most bytes alive at one step: no placement can need less.
  std::size_t ideal_bytes() const;

 private:
  struct Buffer {
    std::size_t bytes = 0;
    int first = 0;
    int last = 0;
    std::size_t offset = 0;
  };
  struct Free {
    void operator()(std::byte* p) const { std::free(p); }
  };
  void place_by_size();
  void place_by_step();
  std::vector<Buffer> buffers_;
  std::size_t total_ = 0;
  std::unique_ptr<std::byte, Free> base_;
};

}  // namespace poise::onednn
