#include "poise/formats/mat_hdf5_here.h"

#include <hdf5.h>
#include <matio.h>

#include <array>
#include <memory>
#include <system_error>

#include "poise/base/counted.h"
#include "poise/base/memory.h"
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

/// One of HDF5's handles.
class Handle {
 public:
  Handle(hid_t id, herr_t (*close)(hid_t)) : id_(id), close_(close) {}
  ~Handle() {
    if (id_ >= 0) close_(id_);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  hid_t id() const { return id_; }
  bool ok() const { return id_ >= 0; }

 private:
  hid_t id_;
  herr_t (*close_)(hid_t);
};

Error damaged(const std::string& name) { return malformed(name + " is damaged"); }

/// Where the bytes of a data set lie: in the file, as many as its extents need, in pieces of a size to be held.
Status check_storage(const Handle& set, const std::string& name, std::uint64_t need) {
  constexpr std::uint64_t kDeflateRatio = 1032;  // 258 bytes for two bits (RFC 1951, 3.2.5)
  const Handle plan(H5Dget_create_plist(set.id()), H5Pclose);
  if (!plan.ok()) return damaged(name);
  const H5D_layout_t layout = H5Pget_layout(plan.id());
  const std::uint64_t stored = H5Dget_storage_size(set.id());
  if (layout == H5D_COMPACT || layout == H5D_CONTIGUOUS) {
    if (H5Pget_external_count(plan.id()) != 0) return unsupported(name + " lies in another file: save it as one");
    if (stored < need)
      return malformed(name + " claims " + counted(need, "byte") + ", the file holds " + std::to_string(stored));
    return {};
  }
  if (layout != H5D_CHUNKED) return unsupported(name + " is stored in a way that MATLAB does not use");
  std::array<hsize_t, H5S_MAX_RANK> sides{};
  const int rank = H5Pget_chunk(plan.id(), H5S_MAX_RANK, sides.data());
  if (rank < 1) return damaged(name);
  POISE_RETURN_IF_ERROR(mat::count_of({sides.begin(), sides.begin() + rank}));
  if (need / kDeflateRatio > stored)
    return malformed(name + " claims " + counted(need, "byte") + ", the file holds " + std::to_string(stored));
  return {};
}

/// libmatio allocates what a data set claims to hold.
Status check_set(hid_t id, const std::string& name, ReadingBudget& budget) {
  const Handle set(H5Dopen2(id, name.c_str(), H5P_DEFAULT), H5Dclose);
  if (!set.ok()) return damaged(name);
  const Handle space(H5Dget_space(set.id()), H5Sclose);
  const Handle type(H5Dget_type(set.id()), H5Tclose);
  if (!space.ok() || !type.ok()) return damaged(name);
  const int rank = H5Sget_simple_extent_ndims(space.id());
  if (rank < 0 || static_cast<std::size_t>(rank) > mat::kMaxRank) return malformed(name + " has a rank that none has");
  std::vector<hsize_t> sides(static_cast<std::size_t>(rank));
  if (rank > 0 && H5Sget_simple_extent_dims(space.id(), sides.data(), nullptr) != rank) return damaged(name);
  POISE_TRY(const std::uint64_t count, mat::count_of({sides.begin(), sides.end()}));
  const std::uint64_t size = H5Tget_size(type.id());
  constexpr std::uint64_t kLargest = 4096;
  if (size == 0 || size > kLargest) return malformed(name + " has elements of " + counted(size, "byte"));
  POISE_RETURN_IF_ERROR(budget.take(count * (size + sizeof(double))));
  return count == 0 ? Status() : check_storage(set, name, count * size);
}

struct Walk {
  ReadingBudget& budget;
  Status status;
};

extern "C" herr_t check_link(hid_t group, const char* name, const H5L_info_t* info, void* data) {
  Walk& walk = *static_cast<Walk*>(data);
  const std::string plain = mat::printable(name);
  if (info->type != H5L_TYPE_HARD) {
    walk.status = unsupported(plain + " is a link to another place: save the variable itself");
    return 1;
  }
  const Handle object(H5Oopen(group, name, H5P_DEFAULT), H5Oclose);
  if (!object.ok()) {
    walk.status = damaged(plain);
  } else if (H5Iget_type(object.id()) == H5I_DATASET) {
    walk.status = check_set(group, name, walk.budget);
  }
  return walk.status.ok() ? 0 : 1;
}

Status check_extents(const std::filesystem::path& path) {
  std::error_code error;
  const std::uintmax_t bytes = std::filesystem::file_size(path, error);
  if (error) return io_error("cannot be read: " + error.message());
  const Handle file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose);
  if (!file.ok()) return malformed("not a .mat file of version 7.3, or damaged");
  ReadingBudget budget(bytes);
  Walk walk{budget, {}};
  if (H5Literate(file.id(), H5_INDEX_NAME, H5_ITER_NATIVE, nullptr, check_link, &walk) < 0)
    return damaged("its list of variables");
  return walk.status;
}

}  // namespace

Result<std::vector<MatVariable>> read_mat_hdf5_here(const std::filesystem::path& path) {
  const Silence silence;
  POISE_RETURN_IF_ERROR(check_extents(path));
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
