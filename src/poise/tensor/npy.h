#pragma once
// Tensors from and to NumPy's files. Reads and writes files, with no state of its own: thread-safe.

#include <filesystem>

#include "poise/base/file.h"
#include "poise/tensor/tensor.h"

namespace poise {
/// NumPy .npy versions 1 to 3, little-endian f4 f8 i8 i4 u1 i1 b1, C order. Errors: kMalformed, kUnsupported
/// (Fortran order, objects), kTooLarge. f8 is kept as float64.
Result<Tensor> parse_npy(BytesView bytes);
Result<Tensor> read_npy(const std::filesystem::path& path);
Status write_npy(const std::filesystem::path& path, const Tensor& tensor);
}  // namespace poise
