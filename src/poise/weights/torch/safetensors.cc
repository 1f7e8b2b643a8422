// safetensors: the header's length in 64 bits, the header in JSON, then the tensors without holes or overlaps.
// Source: the format's README (huggingface/safetensors), "Format" and "Notes".

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "poise/base/counted.h"
#include "poise/base/json_reader.h"
#include "poise/base/memory.h"
#include "poise/base/printable.h"
#include "poise/weights/torch/stored_tensor.h"

namespace poise {
namespace {

using Token = JsonReader::Token;

constexpr std::uint64_t kMaxHeader = 100'000'000;  // README: "a limit on the size of the header of 100MB"

// In memory, beside their texts: nodes of sets and maps, a StoredTensor with its shape and strides.
constexpr std::uint64_t kMetadataBytes = 128;
constexpr std::uint64_t kTensorBytes = 400;

struct Range {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

Result<Token> next(JsonReader& reader) {
  auto token = reader.next();
  if (!token.ok()) return token.error().prefixed("the safetensors header");
  return token;
}

std::optional<std::uint64_t> unsigned_number(const JsonReader& reader, Token token) {
  if (token != Token::kNumber) return std::nullopt;
  if (const auto integer = reader.integer()) {
    return *integer < 0 ? std::nullopt : std::optional(static_cast<std::uint64_t>(*integer));
  }
  return reader.beyond_int64();
}

/// Two unsigned numbers, the first not above the second. `token` is the value's first one, as below.
Result<Range> read_range(JsonReader& reader, Token token) {
  const Error none = malformed("its data_offsets are no two offsets");
  if (token != Token::kBeginArray) return none;
  Range range;
  for (std::uint64_t* into : {&range.begin, &range.end}) {
    POISE_TRY(token, next(reader));
    const auto offset = unsigned_number(reader, token);
    if (!offset) return none;
    *into = *offset;
  }
  POISE_TRY(token, next(reader));
  if (token != Token::kEndArray || range.begin > range.end) return none;
  return range;
}

Result<Shape> read_shape(JsonReader& reader, Token token) {
  if (token != Token::kBeginArray) return malformed("its shape is no list");
  Shape shape;
  while (true) {
    POISE_TRY(token, next(reader));
    if (token == Token::kEndArray) return shape;
    if (token != Token::kNumber || !reader.integer()) return malformed("its shape holds what is no extent");
    shape.push_back(*reader.integer());
    if (shape.size() > 64) return malformed("its shape has more than 64 axes");
  }
}

Result<const ElementType*> read_type(const JsonReader& reader, Token token) {
  if (token != Token::kString) return malformed("its dtype is no text");
  const ElementType* type = find_safetensors_type(reader.string());
  if (type == nullptr) return unsupported("its dtype " + printable(reader.string()) + " is not supported");
  return type;
}

/// One entry of the header, behind its name; `range` is where its bytes lie behind the header.
Result<StoredTensor> read_entry(JsonReader& reader, const std::string& name, Range& range) {
  POISE_RETURN_IF_ERROR(check_tensor_name(name));
  const Error members = malformed("it wants dtype, shape and data_offsets, once each");
  StoredTensor tensor;
  tensor.name = name;
  bool shaped = false;
  bool placed = false;
  POISE_TRY(Token token, next(reader));
  if (token != Token::kBeginObject) return members;
  while (true) {
    POISE_TRY(token, next(reader));
    if (token == Token::kEndObject) break;
    const std::string member(reader.string());
    POISE_TRY(token, next(reader));
    if (member == "dtype" && tensor.type == nullptr) {
      POISE_TRY(tensor.type, read_type(reader, token));
    } else if (member == "shape" && !std::exchange(shaped, true)) {
      POISE_TRY(tensor.shape, read_shape(reader, token));
    } else if (member == "data_offsets" && !std::exchange(placed, true)) {
      POISE_TRY(range, read_range(reader, token));
    } else {
      return members;
    }
  }
  if (tensor.type == nullptr || !shaped || !placed) return members;
  tensor.strides = row_major(tensor.shape);
  POISE_TRY(const std::uint64_t count, element_span(tensor.shape, tensor.strides));
  const std::uint64_t need = count * tensor.type->bytes;  // at most 2^43
  if (need != range.end - range.begin)
    return malformed("shape " + to_string(tensor.shape) + " of " + tensor.type->name + " wants " +
                     counted(need, "byte") + ", its offsets give " + std::to_string(range.end - range.begin));
  return tensor;
}

Status read_metadata(JsonReader& reader, StoredState& state, ReadingBudget& budget) {
  POISE_TRY(Token token, next(reader));
  if (token != Token::kBeginObject) return malformed("its __metadata__ is no object");
  while (true) {
    POISE_TRY(token, next(reader));
    if (token == Token::kEndObject) return {};
    const std::string key(reader.string());
    POISE_TRY(token, next(reader));
    POISE_RETURN_IF_ERROR(budget.take(kMetadataBytes + key.size() + reader.string().size()));
    if (token != Token::kString) return malformed("the __metadata__ " + printable(key) + " is no text");
    if (!state.metadata.emplace(key, reader.string()).second)
      return malformed("the __metadata__ " + printable(key) + " is given twice");
  }
}

/// The tensors cover the `size` bytes behind the header, each byte once.
Status check_cover(const StoredState& state, std::vector<std::pair<Range, std::size_t>>& ranges, std::uint64_t size) {
  std::sort(ranges.begin(), ranges.end(), [](const auto& a, const auto& b) {
    return std::pair(a.first.begin, a.first.end) < std::pair(b.first.begin, b.first.end);
  });
  std::uint64_t covered = 0;
  for (const auto& [range, index] : ranges) {
    const std::string what = "tensor " + printable(state.tensors[index].name) + " ";
    if (range.end > size) return malformed(what + "reaches beyond the file: is it truncated?");
    if (range.begin < covered) return malformed(what + "overlaps another: refused");
    if (range.begin > covered) return malformed(what + "leaves a hole before it: refused");
    covered = range.end;
  }
  if (covered != size)
    return malformed("the tensors cover " + counted(covered, "byte") + " of " + std::to_string(size));
  return {};
}

Result<Bytes> read_header(ByteSource& source) {
  POISE_TRY(const std::uint64_t length, source.read_u64(0));
  if (length > kMaxHeader)
    return too_large("the safetensors header states " + counted(length, "byte") + ", the format allows 100 MB");
  if (length > source.size() - sizeof length)
    return malformed("the safetensors header states " + counted(length, "byte") + ", the file has " +
                     std::to_string(source.size()) + ": is it truncated?");
  Bytes header(static_cast<std::size_t>(length));
  POISE_RETURN_IF_ERROR(source.read(sizeof length, header));
  return header;
}

/// What the header says; `ranges` is where each tensor's bytes lie behind it.
Result<StoredState> read_entries(JsonReader& reader, const StateDictLimits& limits, std::uint64_t start,
                                 std::vector<std::pair<Range, std::size_t>>& ranges) {
  POISE_TRY(Token token, next(reader));
  if (token != Token::kBeginObject) return malformed("the safetensors header is no object");
  StoredState state;
  ReadingBudget budget(start);
  std::set<std::string> names;
  while (true) {
    POISE_TRY(token, next(reader));
    if (token == Token::kEndObject) break;
    const std::string name(reader.string());
    POISE_RETURN_IF_ERROR(budget.take(kTensorBytes + 2 * name.size()));
    if (!names.insert(name).second) return malformed("the name " + printable(name) + " is given twice");
    if (name == "__metadata__") {
      POISE_RETURN_IF_ERROR(read_metadata(reader, state, budget));
      continue;
    }
    if (state.tensors.size() == static_cast<std::size_t>(limits.max_tensors))
      return too_large("it holds more than " + counted(limits.max_tensors, "tensor"));
    Range range;
    Result<StoredTensor> tensor = read_entry(reader, name, range);
    if (!tensor) return tensor.error().prefixed("tensor " + printable(name));
    tensor->offset = start + range.begin;  // cannot wrap where check_cover() is content; not used before
    ranges.emplace_back(range, state.tensors.size());
    state.tensors.push_back(std::move(*tensor));
  }
  POISE_RETURN_IF_ERROR(next(reader));  // the end, nothing behind it
  return state;
}

}  // namespace

Result<StoredState> find_in_safetensors(ByteSource& source, const StateDictLimits& limits) {
  POISE_TRY(const Bytes header, read_header(source));
  const std::uint64_t start = sizeof(std::uint64_t) + header.size();
  constexpr std::size_t kDepth = 4;
  JsonReader reader({reinterpret_cast<const char*>(header.data()), header.size()}, kDepth);
  std::vector<std::pair<Range, std::size_t>> ranges;
  POISE_TRY(StoredState state, read_entries(reader, limits, start, ranges));
  POISE_RETURN_IF_ERROR(check_cover(state, ranges, source.size() - start));
  return state;
}

}  // namespace poise
