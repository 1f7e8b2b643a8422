#pragma once
// What the layouts (torch_zip.cc, torch_legacy.cc, safetensors.cc) find out about a file before any tensor is read.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "poise/tensor/tensor.h"
#include "poise/weights/state_dict.h"
#include "poise/weights/torch/byte_source.h"

namespace poise {

struct ElementType {
  const char* name;         // "float16"
  const char* storage;      // PyTorch's, "HalfStorage"
  const char* safetensors;  // "F16"
  std::size_t bytes;        // of an element in the file
  DType type;               // in memory
};

/// nullptr where we have no such type.
const ElementType* find_torch_type(std::string_view storage);
const ElementType* find_safetensors_type(std::string_view code);

/// A tensor whose bytes are known to lie inside the file.
struct StoredTensor {
  std::string name;
  const ElementType* type = nullptr;
  std::uint64_t offset = 0;  // of the first element, in bytes from the file's start
  Shape shape;
  std::vector<std::int64_t> strides;  // in elements, none negative, as many as extents
};

struct StoredState {
  std::vector<StoredTensor> tensors;
  std::map<std::string, std::string> metadata;
  std::string taken = {};  // as StateDict's, and the next
  std::vector<std::string> other_members = {};
};

/// Elements from the first to the last one, both included; 0 where there is none. Errors: kMalformed, kTooLarge,
/// kUnsupported (more than 8 axes).
Result<std::uint64_t> element_span(const Shape& shape, const std::vector<std::int64_t>& strides);
std::vector<std::int64_t> row_major(const Shape& shape);
/// Names end up in messages of one line. Errors: kMalformed.
Status check_tensor_name(std::string_view name);

/// The layouts. Errors: see read_state_dict().
Result<StoredState> find_in_torch_zip(ByteSource& source, const StateDictLimits& limits);
Result<StoredState> find_in_torch_legacy(ByteSource& source, const StateDictLimits& limits);
Result<StoredState> find_in_safetensors(ByteSource& source, const StateDictLimits& limits);

/// Reads a tensor: row-major, its floats as float32.
Result<Tensor> load_tensor(ByteSource& source, const StoredTensor& stored);

}  // namespace poise
