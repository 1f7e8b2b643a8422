#pragma once
// MATLAB's .mat files, as far as data sets use them: arrays of numbers, and lists of texts. Pixel conventions are the
// readers' of the formats above this (lsp.h, mpii.h). No state of its own: thread-safe.

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
/// is used; no other library sees the bytes but zlib. At most 16 Mi numbers and 128 MiB when inflated, within a
/// ReadingBudget of the file's bytes. Errors: kMalformed (not a .mat file, truncated, lengths that disagree),
/// kUnsupported (version 4, 7.3, big-endian), kTooLarge.
Result<std::vector<MatVariable>> parse_mat(BytesView bytes);

/// What reads version 7.3, which is HDF5: what calls read_mat_hdf5 of formats/mat_hdf5.h, for who links poise::mat.
/// Messages do without the path.
using MatHdf5Reader = Result<std::vector<MatVariable>> (*)(const std::filesystem::path& path);

/// A file of 256 MiB at most; of version 7.3 only where `hdf5` is given. Errors as parse_mat and read_file, or what
/// `hdf5` says; messages start with the path.
Result<std::vector<MatVariable>> read_mat(const std::filesystem::path& path, MatHdf5Reader hdf5 = nullptr);

/// Version 5, not compressed: doubles, or a cell of texts where a variable has `texts`. The product of `dims` must be
/// the count of either. Names: as MATLAB's identifiers.
Bytes write_mat(const std::vector<MatVariable>& variables);

/// "joints 3x14x2000 double, info 1x1 struct": for messages.
std::string describe(const std::vector<MatVariable>& variables);

}  // namespace poise
