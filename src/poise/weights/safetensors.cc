// safetensors: the header's length in 64 bits, the header in JSON, then the tensors without holes or overlaps.
// Source: the format's README (huggingface/safetensors), "Format" and "Notes".

#include <simdjson.h>

#include <algorithm>
#include <set>
#include <string>

#include "poise/weights/printable.h"
#include "poise/weights/stored_tensor.h"

namespace poise {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;

constexpr std::uint64_t kMaxHeader = 100'000'000;  // README: "a limit on the size of the header of 100MB"

struct Range {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

/// Two unsigned numbers, the first not above the second.
Result<Range> read_range(element node) {
  simdjson::dom::array items;
  Range range;
  if (node.get_array().get(items) != simdjson::SUCCESS || items.size() != 2 ||
      items.at(0).get_uint64().get(range.begin) != simdjson::SUCCESS ||
      items.at(1).get_uint64().get(range.end) != simdjson::SUCCESS || range.begin > range.end)
    return malformed("its data_offsets are no two offsets");
  return range;
}

Result<Shape> read_shape(element node) {
  simdjson::dom::array items;
  if (node.get_array().get(items) != simdjson::SUCCESS) return malformed("its shape is no list");
  Shape shape;
  for (const element item : items) {
    std::int64_t extent = 0;
    if (item.get_int64().get(extent) != simdjson::SUCCESS) return malformed("its shape holds what is no extent");
    shape.push_back(extent);
    if (shape.size() > 64) return malformed("its shape has more than 64 axes");
  }
  return shape;
}

/// One entry of the header; `range` is where its bytes lie behind the header.
Result<StoredTensor> read_entry(std::string_view name, element node, Range& range) {
  POISE_RETURN_IF_ERROR(check_tensor_name(name));
  object members;
  element dtype;
  element shape;
  element offsets;
  if (node.get_object().get(members) != simdjson::SUCCESS || members.size() != 3 ||
      members.at_key("dtype").get(dtype) != simdjson::SUCCESS ||
      members.at_key("shape").get(shape) != simdjson::SUCCESS ||
      members.at_key("data_offsets").get(offsets) != simdjson::SUCCESS)
    return malformed("it wants dtype, shape and data_offsets, once each");
  StoredTensor tensor;
  tensor.name = name;
  std::string_view code;
  if (dtype.get_string().get(code) != simdjson::SUCCESS) return malformed("its dtype is no text");
  tensor.type = find_safetensors_type(code);
  if (tensor.type == nullptr) return unsupported("its dtype " + printable(code) + " is not supported");
  POISE_TRY(tensor.shape, read_shape(shape));
  POISE_TRY(range, read_range(offsets));
  tensor.strides = row_major(tensor.shape);
  POISE_TRY(const std::uint64_t count, element_span(tensor.shape, tensor.strides));
  const std::uint64_t need = count * tensor.type->bytes;  // at most 2^43
  if (need != range.end - range.begin)
    return malformed("shape " + to_string(tensor.shape) + " of " + tensor.type->name + " wants " +
                     std::to_string(need) + " bytes, its offsets give " + std::to_string(range.end - range.begin));
  return tensor;
}

Status read_metadata(element node, StoredState& state) {
  object members;
  if (node.get_object().get(members) != simdjson::SUCCESS) return malformed("its __metadata__ is no object");
  for (const auto& [key, value] : members) {
    std::string_view text;
    if (value.get_string().get(text) != simdjson::SUCCESS)
      return malformed("the __metadata__ " + printable(key) + " is no text");
    if (!state.metadata.emplace(key, text).second)
      return malformed("the __metadata__ " + printable(key) + " is given twice");
  }
  return {};
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
    return malformed("the tensors cover " + std::to_string(covered) + " bytes of " + std::to_string(size));
  return {};
}

Result<Bytes> read_header(ByteSource& source) {
  POISE_TRY(const std::uint64_t length, source.read_u64(0));
  if (length > kMaxHeader)
    return too_large("the safetensors header states " + std::to_string(length) + " bytes, the format allows 100 MB");
  if (length > source.size() - sizeof length)
    return malformed("the safetensors header states " + std::to_string(length) + " bytes, the file has " +
                     std::to_string(source.size()) + ": is it truncated?");
  Bytes header(static_cast<std::size_t>(length) + simdjson::SIMDJSON_PADDING);
  POISE_RETURN_IF_ERROR(source.read(sizeof length, std::span(header).first(static_cast<std::size_t>(length))));
  return header;
}

}  // namespace

Result<StoredState> find_in_safetensors(ByteSource& source, const StateDictLimits& limits) {
  POISE_TRY(const Bytes header, read_header(source));
  const std::size_t length = header.size() - simdjson::SIMDJSON_PADDING;
  const std::uint64_t start = sizeof(std::uint64_t) + length;
  constexpr std::size_t kDepth = 4;
  simdjson::dom::parser parser;
  element root;
  object entries;
  auto error = parser.allocate(length, kDepth);
  if (!error) error = parser.parse(header.data(), length, false).get(root);  // the padding is there already
  if (error)
    return malformed(std::string("the safetensors header is not valid JSON: ") + simdjson::error_message(error));
  if (root.get_object().get(entries) != simdjson::SUCCESS) return malformed("the safetensors header is no object");

  StoredState state;
  std::set<std::string_view> names;
  std::vector<std::pair<Range, std::size_t>> ranges;
  for (const auto& [name, node] : entries) {
    if (!names.insert(name).second) return malformed("the name " + printable(name) + " is given twice");
    if (name == "__metadata__") {
      POISE_RETURN_IF_ERROR(read_metadata(node, state));
      continue;
    }
    if (state.tensors.size() == static_cast<std::size_t>(limits.max_tensors))
      return too_large("it holds more than " + std::to_string(limits.max_tensors) + " tensors");
    Range range;
    Result<StoredTensor> tensor = read_entry(name, node, range);
    if (!tensor) return tensor.error().prefixed("tensor " + printable(name));
    tensor->offset = start + range.begin;  // cannot wrap where check_cover() is content; not used before
    ranges.emplace_back(range, state.tensors.size());
    state.tensors.push_back(std::move(*tensor));
  }
  POISE_RETURN_IF_ERROR(check_cover(state, ranges, source.size() - start));
  return state;
}

}  // namespace poise
