#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "poise/weights/tflite/tflite.h"
#include "poise/weights/tflite/tflite_tensor.h"

namespace poise {
namespace {

Bytes golden(const std::string& name) {
  return read_file(std::string(POISE_SOURCE_DIR "/tests/golden/tensorflow/") + name, 1U << 20U).value();
}

template <typename T>
void overwrite(Bytes& bytes, std::uint64_t position, T value) {
  ASSERT_LE(position + sizeof value, bytes.size());
  std::memcpy(bytes.data() + position, &value, sizeof value);
}

Error error_of(const Bytes& bytes) {
  const auto read = parse_tflite(BytesView(bytes));
  return read.ok() ? Error{ErrorCode::kIo, "was read"} : read.error();
}

/// Where things stand in a golden file, so that one of them can be spoilt.
class Places {
 public:
  explicit Places(const Bytes& bytes) : file_(BytesView(bytes)), model_(FlatTable::root(file_)) {}
  FlatTable graph() const { return model_.tables(2)[0]; }
  FlatTable tensor(std::size_t i) const { return graph().tables(0)[i]; }
  FlatTable node(std::size_t i) const { return graph().tables(3)[i]; }
  /// The first tensor that `wanted` says yes to.
  FlatTable tensor_that(const std::function<bool(const FlatTable&)>& wanted) const {
    for (std::size_t i = 0; i < graph().tables(0).size(); ++i) {
      if (wanted(tensor(i))) return tensor(i);
    }
    ADD_FAILURE() << "there is no such tensor";
    return {};
  }
  std::size_t input() const { return static_cast<std::size_t>(graph().vector<std::int32_t>(1)[0]); }

 private:
  FlatFile file_;
  FlatTable model_;
};

TEST(TfliteHostile, EveryShorterFileIsRefused) {
  for (const std::string name : {"layers.tflite", "sparse.tflite", "int8.tflite"}) {
    const Bytes whole = golden(name);
    ASSERT_TRUE(parse_tflite(BytesView(whole)).ok());
    for (std::size_t size = 0; size < whole.size(); size += size < 200 ? 1 : 13) {
      const Error error = error_of(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)));
      EXPECT_NE(error.message, "was read") << name << " " << size;
    }
  }
}

/// Any word may be anything: it is refused or read, and nothing else happens.
TEST(TfliteHostile, EverySpoiltWordIsSurvived) {
  for (const std::string name : {"half.tflite", "sparse.tflite", "int8.tflite", "movement.tflite"}) {
    const Bytes whole = golden(name);
    for (const std::uint32_t word : {0U, 1U, 0x7fffffffU, 0xffffffffU}) {
      for (std::size_t at = 0; at + 4 <= whole.size(); at += 4) {
        Bytes spoilt = whole;
        overwrite(spoilt, at, word);
        const auto read = parse_tflite(BytesView(spoilt));
        if (!read.ok()) {
          EXPECT_EQ(read.error().message.find('\n'), std::string::npos);
        }
      }
    }
  }
}

TEST(TfliteHostile, GiantShapesAreRefusedBeforeTheyAreMade) {
  Bytes bytes = golden("layers.tflite");
  const Places places(bytes);
  const auto shape = places.tensor(places.input()).vector<std::int32_t>(0);
  const auto open = places.tensor(places.input()).vector<std::int32_t>(7);
  ASSERT_EQ(shape.size(), 4U);
  for (std::size_t axis = 1; axis < 3; ++axis) {
    overwrite(bytes, shape.position(axis), std::int32_t{1 << 30});
    if (open.size() == 4) overwrite(bytes, open.position(axis), std::int32_t{1 << 30});
  }
  EXPECT_EQ(error_of(bytes).code, ErrorCode::kTooLarge) << error_of(bytes).message;

  Bytes weight = golden("layers.tflite");
  const Places at(weight);
  const auto stored =
      at.tensor(static_cast<std::size_t>(at.node(0).vector<std::int32_t>(1)[1])).vector<std::int32_t>(0);
  overwrite(weight, stored.position(0), std::int32_t{1 << 30});
  EXPECT_EQ(error_of(weight).code, ErrorCode::kMalformed);
  EXPECT_NE(error_of(weight).message.find("bytes, its shape"), std::string::npos) << error_of(weight).message;
}

TEST(TfliteHostile, OperatorsReadOnlyWhatIsThere) {
  Bytes bytes = golden("half.tflite");
  const Places places(bytes);
  std::size_t conv = 0;
  while (places.node(conv).vector<std::int32_t>(1).size() != 3) ++conv;
  const auto inputs = places.node(conv).vector<std::int32_t>(1);
  const std::int32_t output = places.node(conv).vector<std::int32_t>(2)[0];

  Bytes cyclic = bytes;
  overwrite(cyclic, inputs.position(0), output);  // its own
  EXPECT_NE(error_of(cyclic).message.find("before it is made"), std::string::npos) << error_of(cyclic).message;
  Bytes outside = bytes;
  overwrite(outside, inputs.position(0), std::int32_t{1 << 20});
  EXPECT_NE(error_of(outside).message.find("names tensor 1048576"), std::string::npos) << error_of(outside).message;
  Bytes twice = bytes;
  overwrite(twice, places.node(conv + 1).vector<std::int32_t>(2).position(0), output);
  EXPECT_EQ(error_of(twice).code, ErrorCode::kMalformed) << error_of(twice).message;
}

/// Flatbuffers by hand, parents before what they point to: fields are words, or places to fill in.
class Writer {
 public:
  Writer() { out_.assign({0, 0, 0, 0, 'T', 'F', 'L', '3'}); }
  /// A table of words; a field is at position(table, i).
  std::size_t table(const std::vector<std::uint32_t>& fields) {
    const std::size_t list = out_.size();
    put16(static_cast<std::uint16_t>(4 + 2 * fields.size()));
    put16(static_cast<std::uint16_t>(4 + 4 * fields.size()));
    for (std::size_t i = 0; i < fields.size(); ++i) put16(static_cast<std::uint16_t>(4 + 4 * i));
    const std::size_t start = out_.size();
    put(static_cast<std::uint32_t>(start - list));
    for (const std::uint32_t field : fields) put(field);
    return start;
  }
  static std::size_t position(std::size_t table, std::size_t field) { return table + 4 + 4 * field; }
  std::size_t words(const std::vector<std::uint32_t>& values) {
    const std::size_t start = out_.size();
    put(static_cast<std::uint32_t>(values.size()));
    for (const std::uint32_t value : values) put(value);
    return start;
  }
  std::size_t bytes(std::size_t count) {
    const std::size_t start = out_.size();
    put(static_cast<std::uint32_t>(count));
    out_.resize(out_.size() + count);
    return start;
  }
  void link(std::size_t from, std::size_t to) { overwrite(out_, from, static_cast<std::uint32_t>(to - from)); }
  Bytes finish(std::size_t root) {
    overwrite(out_, 0, static_cast<std::uint32_t>(root));
    return out_;
  }

 private:
  void put16(std::uint16_t value) { out_.insert(out_.end(), {std::uint8_t(value & 255U), std::uint8_t(value >> 8U)}); }
  void put(std::uint32_t value) {
    put16(static_cast<std::uint16_t>(value & 0xffffU));
    put16(static_cast<std::uint16_t>(value >> 16U));
  }
  Bytes out_;
};

/// One buffer of `bytes`, which each of `tensors` holds as int8 of no scale.
Bytes many_of_one(std::uint32_t tensors, std::uint32_t bytes) {
  Writer w;
  const std::size_t model = w.table({3, 0, 0, 0, 0});
  const std::size_t codes = w.words({}), graphs = w.words({0}), buffers = w.words({0});
  w.link(Writer::position(model, 1), codes);
  w.link(Writer::position(model, 2), graphs);
  w.link(Writer::position(model, 4), buffers);
  const std::size_t graph = w.table({0, 0, 0, 0});
  w.link(graphs + 4, graph);
  const std::size_t list = w.words(std::vector<std::uint32_t>(tensors, 0));
  w.link(Writer::position(graph, 0), list);
  const std::size_t tensor = w.table({0, 9, 0});
  for (std::uint32_t i = 0; i < tensors; ++i) w.link(list + 4 + 4 * std::size_t{i}, tensor);
  const std::size_t shape = w.words({bytes});
  w.link(Writer::position(tensor, 0), shape);
  const std::size_t buffer = w.table({0});
  w.link(buffers + 4, buffer);
  const std::size_t data = w.bytes(bytes);
  w.link(Writer::position(buffer, 0), data);
  return w.finish(model);
}

TEST(TfliteHostile, OneBufferIsNotManyTensors) {
  EXPECT_NE(error_of(many_of_one(3, 64)).message.find("no inputs or no outputs"), std::string::npos);
  const Error error = error_of(many_of_one(5000, 1U << 20U));  // 40 GB of int64 from a file of 1 MB
  EXPECT_EQ(error.code, ErrorCode::kTooLarge) << error.message;
}

TEST(TfliteHostile, OtherVersionsAndKindsAreNamed) {
  Bytes bytes = golden("half.tflite");
  EXPECT_EQ(error_of(Bytes(bytes.begin() + 4, bytes.end())).code, ErrorCode::kMalformed);
  const Bytes empty;
  EXPECT_EQ(error_of(empty).code, ErrorCode::kMalformed);
  Writer w;
  const std::size_t model = w.table({2});
  EXPECT_NE(error_of(w.finish(model)).message.find("version 2"), std::string::npos);
}

/// A 4 x 4 of two rows that hold something, rows sparse: (1, 2) = 7 and (3, 0) = 9.
struct SparseCase {
  std::vector<std::uint32_t> segments{0, 0, 1, 1, 2}, indices{2, 0};
  Shape shape{4, 4};
  std::size_t values = 2;
};

Result<Bytes> filled(const SparseCase& one) {
  Writer w;
  const std::size_t sparsity = w.table({0, 0, 0});
  w.link(Writer::position(sparsity, 0), w.words({0, 1}));
  w.link(Writer::position(sparsity, 1), w.words({}));
  const std::size_t dimensions = w.words({0, 0});
  w.link(Writer::position(sparsity, 2), dimensions);
  const std::size_t rows = w.table({0, 4, 0, 0, 0, 0});
  w.link(dimensions + 4, rows);
  const std::size_t columns = w.table({1, 0, 1, 0, 1, 0});
  w.link(dimensions + 8, columns);
  const std::size_t segments = w.table({0});
  w.link(Writer::position(columns, 3), segments);
  w.link(Writer::position(segments, 0), w.words(one.segments));
  const std::size_t indices = w.table({0});
  w.link(Writer::position(columns, 5), indices);
  w.link(Writer::position(indices, 0), w.words(one.indices));
  const Bytes bytes = w.finish(sparsity);
  FlatFile file{BytesView(bytes)};
  const Bytes values{7, 9, 11, 13};
  return densify(FlatTable::root(file), one.shape, BytesView(values).first(one.values), 1);
}

TEST(TfliteSparsity, ValuesStandWhereTheyBelong) {
  const Bytes dense = filled({}).value();
  Bytes want(16, 0);
  want[6] = 7;
  want[12] = 9;
  EXPECT_EQ(dense, want);
}

TEST(TfliteSparsity, WhatLeavesTheTensorIsRefused) {
  const std::vector<SparseCase> cases{
      {.indices = {4, 0}},                               // a column that is not there
      {.segments = {0, 0, 2, 2, 2}, .indices = {2, 2}},  // one place twice
      {.segments = {0, 0, 1, 1, 3}},                     // beyond the list
      {.segments = {0, 0, 1, 0, 2}},                     // backwards
      {.segments = {0, 0, 1}},                           // too few rows
      {.shape = {4, 4, 1}},                              // another rank
      {.shape = {5, 4}},                                 // another extent
      {.values = 1},                                     // fewer values
      {.values = 3},                                     // more
  };
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const auto dense = filled(cases[i]);
    ASSERT_FALSE(dense.ok()) << i;
    EXPECT_EQ(dense.error().code, ErrorCode::kMalformed) << i;
  }
}

}  // namespace
}  // namespace poise
