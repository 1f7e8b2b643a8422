#pragma once
// MATLAB's .mat files, as far as data sets use them: arrays of numbers, and lists of texts. Pixel conventions are the
// readers' of the formats above this (lsp.h, mpii.h).

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "poise/base/file.h"
#include "poise/base/result.h"

namespace poise {

struct MatVariable {
  std::string name;
  std::string kind;                 // "double", "logical", "char", "cell", "struct", ...
  std::vector<std::uint64_t> dims;  // two at least, as MATLAB has them
  std::vector<double> numbers;      // of real full arrays, column by column (the first index runs fastest); else empty
  std::vector<std::string> texts;   // of a char row, or of a cell of char rows; else empty
};

/// Version 5 (MATLAB 5 to 7.2), compressed or not, little-endian. Every tag, length and dimension is checked before it
/// is used; no other library sees the bytes but zlib. At most 16 Mi numbers and 128 MiB when inflated. Errors:
/// kMalformed (not a .mat file, truncated, lengths that disagree), kUnsupported (version 4, 7.3, big-endian),
/// kTooLarge.
Result<std::vector<MatVariable>> parse_mat(BytesView bytes);

/// A file of 256 MiB at most. Version 7.3 too: that is HDF5, which libmatio and libhdf5 read, within the same bound on
/// numbers; both have had holes, so read 7.3 files only from people you trust, and one at a time:
/// libhdf5 knows no threads. Errors as parse_mat and read_file; messages start with the path.
Result<std::vector<MatVariable>> read_mat(const std::filesystem::path& path);

/// Version 5, not compressed: doubles, or a cell of texts where a variable has `texts`. The product of `dims` must be
/// the count of either. Names: as MATLAB's identifiers.
Bytes write_mat(const std::vector<MatVariable>& variables);

/// "joints 3x14x2000 double, info 1x1 struct": for messages.
std::string describe(const std::vector<MatVariable>& variables);

}  // namespace poise
