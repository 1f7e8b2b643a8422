#include <algorithm>
#include <cstring>

#include "poise/weights/tflite/tflite_tensor.h"

namespace poise {
namespace {

/// schema.fbs, SparseIndexVector: 32-, 16- or 8-bit numbers behind one more table.
class Indices {
 public:
  Indices(const FlatTable& dimension, unsigned type_field) {
    const auto type = dimension.scalar<std::uint8_t>(type_field);
    const FlatTable held = dimension.table(type_field + 1);
    if (type == 1) wide_ = held.vector<std::int32_t>(0);
    if (type == 2) half_ = held.vector<std::uint16_t>(0);
    if (type == 3) bytes_ = held.vector<std::uint8_t>(0);
  }
  std::size_t size() const { return wide_.size() + half_.size() + bytes_.size(); }
  /// -1 outside.
  std::int64_t operator[](std::int64_t i) const {
    const auto at = static_cast<std::size_t>(i);
    if (i < 0 || at >= size()) return -1;
    if (!wide_.empty()) return wide_[at];
    return half_.empty() ? bytes_[at] : half_[at];
  }

 private:
  FlatVector<std::int32_t> wide_;
  FlatVector<std::uint16_t> half_;
  FlatVector<std::uint8_t> bytes_;
};

struct Level {
  bool sparse = false;
  std::int64_t extent = 1;
  std::int64_t step = 1;  // elements to step by in the dense tensor
  Indices segments, indices;
};

/// One level inside another: as deep as the tensor has axes and blocks, which are few.
class Filler {
 public:
  Filler(std::vector<Level> levels, BytesView values, std::size_t element, Bytes& dense)
      : levels_(std::move(levels)), values_(values), element_(element), dense_(dense) {}

  Status fill(std::size_t depth, std::int64_t before, std::int64_t offset) {
    if (depth == levels_.size()) return put(offset);
    const Level& level = levels_[depth];
    std::int64_t begin = 0, end = level.extent;
    if (level.sparse) {
      begin = level.segments[before];
      end = level.segments[before + 1];
      if (begin < 0 || end < begin || end > static_cast<std::int64_t>(level.indices.size())) {
        return malformed("its sparse segments leave their list");
      }
    }
    std::int64_t last = -1;
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t index = level.sparse ? level.indices[i] : i;
      if (index <= last || index >= level.extent) return malformed("its sparse indices are out of order or range");
      last = index;
      POISE_RETURN_IF_ERROR(fill(depth + 1, level.sparse ? i : before * level.extent + i, offset + index * level.step));
    }
    return {};
  }
  bool took_all() const { return taken_ * element_ == values_.size(); }

 private:
  Status put(std::int64_t offset) {
    if ((taken_ + 1) * element_ > values_.size()) return malformed("it has fewer values than its sparse indices name");
    std::memcpy(dense_.data() + static_cast<std::size_t>(offset) * element_, values_.data() + taken_ * element_,
                element_);
    ++taken_;
    return {};
  }

  std::vector<Level> levels_;
  BytesView values_;
  std::size_t element_;
  Bytes& dense_;
  std::size_t taken_ = 0;
};

/// For each level the axis it belongs to, and whether it is a block's inner one.
Result<std::vector<Level>> read_levels(const FlatTable& sparsity, const Shape& shape) {
  const auto order = sparsity.vector<std::int32_t>(0);
  const auto block_map = sparsity.vector<std::int32_t>(1);
  const FlatTables dimensions = sparsity.tables(2);
  const std::size_t rank = shape.size();
  if (rank > 8 || block_map.size() > rank || order.size() != rank + block_map.size() ||
      dimensions.size() != order.size()) {
    return malformed("its sparse axes do not fit its shape");
  }
  Shape outer = shape, inner(rank, 1), steps(rank, 1);
  for (std::size_t axis = rank; axis-- > 1;) steps[axis - 1] = steps[axis] * shape[axis];
  std::vector<char> seen(order.size(), 0);
  for (std::size_t i = 0; i < order.size(); ++i) {
    const auto level = static_cast<std::size_t>(order[i]);  // a negative one becomes large
    if (level >= order.size() || seen[level] != 0) return malformed("its sparse axes are not each named once");
    seen[level] = 1;
    if (level < rank) continue;
    const auto axis = static_cast<std::size_t>(block_map[level - rank]);
    const std::int64_t block = dimensions[i].scalar<std::int32_t>(1);
    if (axis >= rank || inner[axis] != 1 || block < 1 || shape[axis] % block != 0) {
      return malformed("its sparse blocks do not fit its shape");
    }
    inner[axis] = block;
    outer[axis] = shape[axis] / block;
  }
  std::vector<Level> levels;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const auto level = static_cast<std::size_t>(order[i]);
    const bool is_block = level >= rank;
    const std::size_t axis = is_block ? static_cast<std::size_t>(block_map[level - rank]) : level;
    const FlatTable dimension = dimensions[i];
    const auto format = dimension.scalar<std::uint8_t>(0);
    if (format > 1) return unsupported("its sparse format " + std::to_string(format) + " is not known");
    levels.push_back({.sparse = format == 1,
                      .extent = is_block ? inner[axis] : outer[axis],
                      .step = is_block ? steps[axis] : steps[axis] * inner[axis],
                      .segments = Indices(dimension, 2),
                      .indices = Indices(dimension, 4)});
    if (format == 0 && dimension.scalar<std::int32_t>(1) != levels.back().extent) {
      return malformed("its dense extents do not fit its shape");
    }
  }
  return levels;
}

}  // namespace

Result<Bytes> densify(const FlatTable& sparsity, const Shape& shape, BytesView values, std::size_t element) {
  POISE_TRY(std::vector<Level> levels, read_levels(sparsity, shape));
  POISE_TRY(const std::int64_t count, element_count(shape));
  Bytes dense(static_cast<std::size_t>(count) * element, 0);
  Filler filler(std::move(levels), values, element, dense);
  POISE_RETURN_IF_ERROR(filler.fill(0, 0, 0));
  if (!filler.took_all()) return malformed("it has more values than its sparse indices name");
  return dense;
}

}  // namespace poise
