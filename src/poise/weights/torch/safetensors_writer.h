#pragma once
// Checkpoints written as safetensors.

#include <map>
#include <memory>
#include <string>

#include "poise/base/file.h"
#include "poise/tensor/tensor.h"

namespace poise {

/// safetensors bytes that parse_state_dict() reads back bit for bit: float32 and int64, the header padded to eight
/// bytes. The same tensors and metadata give the same bytes. Errors: kInvalidArgument (another type; a name that is
/// empty, "__metadata__" or holds a control character), kTooLarge (over 2^40 bytes).
/// Source: the format's README (huggingface/safetensors).
Result<Bytes> to_safetensors(const std::map<std::string, std::shared_ptr<const Tensor>>& tensors,
                             const std::map<std::string, std::string>& metadata);

}  // namespace poise
