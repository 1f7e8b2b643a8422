#include "poise/formats/mat_hdf5.h"

#include <hdf5.h>
#include <matio.h>

#include <memory>

#include "poise/formats/mat_limits.h"

namespace poise {
namespace {

struct CloseFile {
  void operator()(mat_t* file) const { Mat_Close(file); }
};
struct FreeVariable {
  void operator()(matvar_t* variable) const { Mat_VarFree(variable); }
};
using Variable = std::unique_ptr<matvar_t, FreeVariable>;

const char* name_of(const matvar_t& variable) {
  if (variable.isLogical != 0) return "logical";
  switch (variable.class_type) {
    case MAT_C_CELL:
      return "cell";
    case MAT_C_STRUCT:
      return "struct";
    case MAT_C_CHAR:
      return "char";
    case MAT_C_SPARSE:
      return "sparse";
    case MAT_C_DOUBLE:
      return "double";
    case MAT_C_SINGLE:
      return "single";
    case MAT_C_INT8:
    case MAT_C_UINT8:
    case MAT_C_INT16:
    case MAT_C_UINT16:
    case MAT_C_INT32:
    case MAT_C_UINT32:
    case MAT_C_INT64:
    case MAT_C_UINT64:
      return "integer";
    default:
      return "object";
  }
}

template <typename T>
std::vector<double> widen(const matvar_t& variable, std::uint64_t count) {
  const T* from = static_cast<const T*>(variable.data);
  return std::vector<double>(from, from + count);
}

/// Empty where the class is none of numbers, or the bytes read are not what the class says.
std::vector<double> numbers_of(const matvar_t& variable, std::uint64_t count) {
  const std::size_t size = Mat_SizeOfClass(variable.class_type);
  if (variable.data == nullptr || size == 0 || variable.nbytes / size < count) return {};
  switch (variable.class_type) {
    case MAT_C_DOUBLE:
      return widen<double>(variable, count);
    case MAT_C_SINGLE:
      return widen<float>(variable, count);
    case MAT_C_INT8:
      return widen<std::int8_t>(variable, count);
    case MAT_C_UINT8:
      return widen<std::uint8_t>(variable, count);
    case MAT_C_INT16:
      return widen<std::int16_t>(variable, count);
    case MAT_C_UINT16:
      return widen<std::uint16_t>(variable, count);
    case MAT_C_INT32:
      return widen<std::int32_t>(variable, count);
    case MAT_C_UINT32:
      return widen<std::uint32_t>(variable, count);
    case MAT_C_INT64:
      return widen<std::int64_t>(variable, count);
    case MAT_C_UINT64:
      return widen<std::uint64_t>(variable, count);
    default:
      return {};
  }
}

/// HDF5 prints what it finds wrong; the library does not print.
class Silence {
 public:
  Silence() {
    H5Eget_auto2(H5E_DEFAULT, &print_, &data_);
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  }
  ~Silence() { H5Eset_auto2(H5E_DEFAULT, print_, data_); }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;

 private:
  H5E_auto2_t print_ = nullptr;
  void* data_ = nullptr;
};

bool is_numeric(const matvar_t& variable) {
  return variable.class_type >= MAT_C_DOUBLE && variable.class_type <= MAT_C_UINT64 && variable.isComplex == 0;
}

}  // namespace

Result<std::vector<MatVariable>> read_mat_hdf5(const std::filesystem::path& path) {
  const Silence silence;
  const std::unique_ptr<mat_t, CloseFile> file(Mat_Open(path.c_str(), MAT_ACC_RDONLY));
  if (!file) return malformed("not a .mat file of version 7.3, or damaged");
  std::vector<MatVariable> variables;
  std::uint64_t total = 0;
  while (true) {
    const Variable next(Mat_VarReadNextInfo(file.get()));
    if (!next) break;
    if (variables.size() >= mat::kMaxVariables) return too_large("over 4096 variables");
    MatVariable& variable = variables.emplace_back();
    variable.name = mat::printable(next->name == nullptr ? "" : next->name);
    variable.kind = name_of(*next);
    if (next->rank < 2 || static_cast<std::size_t>(next->rank) > mat::kMaxRank || next->dims == nullptr) continue;
    variable.dims.assign(next->dims, next->dims + next->rank);
    if (!is_numeric(*next)) continue;
    POISE_TRY(const std::uint64_t count, mat::count_of(variable.dims));
    total += count;
    if (total > mat::kMaxNumbers) return too_large("over 16 Mi numbers");
    if (count == 0) continue;
    if (Mat_VarReadDataAll(file.get(), next.get()) != 0) return malformed(variable.name + " cannot be read: damaged");
    variable.numbers = numbers_of(*next, count);
    if (variable.numbers.size() != count)
      return malformed(variable.name + " holds fewer numbers than its dimensions say");
  }
  if (variables.empty()) return malformed("a .mat file of version 7.3 without a variable: truncated or damaged");
  return variables;
}

}  // namespace poise
