#include "poise/formats/mat_file.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "poise/base/check.h"
#include "poise/base/counted.h"
#include "poise/base/memory.h"
#include "poise/formats/mat_limits.h"

namespace poise {
namespace {

// MAT-File Format (MathWorks, R2023b): table 1-1, data types; table 1-3, array types; figure 1-1, header.
constexpr std::size_t kHeader = 128;
constexpr std::uint32_t kInt8 = 1, kUint16 = 4, kInt32 = 5, kUint32 = 6, kDouble = 9, kMatrix = 14, kCompressed = 15,
                        kUtf8 = 16, kUtf16 = 17;
constexpr std::uint32_t kCell = 1, kChar = 4, kDoubleClass = 6, kLastNumeric = 15;
constexpr std::array<const char*, 18> kClasses = {"empty",  "cell",   "struct", "object", "char",     "sparse",
                                                  "double", "single", "int8",   "uint8",  "int16",    "uint16",
                                                  "int32",  "uint32", "int64",  "uint64", "function", "opaque"};
constexpr std::uint32_t kComplex = 0x0800, kLogical = 0x0200;

std::uint32_t word(BytesView bytes, std::size_t at) {
  return std::uint32_t{bytes[at]} | std::uint32_t{bytes[at + 1]} << 8U | std::uint32_t{bytes[at + 2]} << 16U |
         std::uint32_t{bytes[at + 3]} << 24U;
}

struct Element {
  std::uint32_t type = 0;
  BytesView data;
};

/// The elements that lie in `bytes` one after the other.
class Walk {
 public:
  explicit Walk(BytesView bytes) : bytes_(bytes) {}
  bool done() const { return at_ >= bytes_.size(); }

  Result<Element> next() {
    if (bytes_.size() - at_ < 8) return cut();
    const std::uint32_t first = word(bytes_, at_);
    if (const std::uint32_t small = first >> 16U; small != 0) {  // at most four bytes, beside the tag
      if (small > 4) return malformed("an element of " + counted(small, "byte") + " has a tag for four at most");
      const Element element{first & 0xffffU, bytes_.subspan(at_ + 4, small)};
      at_ += 8;
      return element;
    }
    const std::size_t count = word(bytes_, at_ + 4);
    if (count > bytes_.size() - at_ - 8) return cut();
    const Element element{first, bytes_.subspan(at_ + 8, count)};
    const std::size_t padding = first == kCompressed ? 0 : (8 - count % 8) % 8;
    at_ = std::min(bytes_.size(), at_ + 8 + count + padding);  // the last one may lack its padding
    return element;
  }

 private:
  static Error cut() { return malformed("truncated: an element goes beyond the end"); }
  BytesView bytes_;
  std::size_t at_ = 0;
};

std::size_t size_of(std::uint32_t type) {
  constexpr std::array<std::size_t, 14> kSizes = {0, 1, 1, 2, 2, 4, 4, 4, 0, 8, 0, 0, 8, 8};
  return type < kSizes.size() ? kSizes[type] : 0;
}

template <typename T>
void widen(BytesView data, std::vector<double>& numbers) {
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    T value;
    std::memcpy(&value, data.data() + i * sizeof(T), sizeof(T));
    numbers[i] = static_cast<double>(value);
  }
}

void to_numbers(const Element& element, std::vector<double>& numbers) {
  switch (element.type) {
    case 1:
      return widen<std::int8_t>(element.data, numbers);
    case 2:
      return widen<std::uint8_t>(element.data, numbers);
    case 3:
      return widen<std::int16_t>(element.data, numbers);
    case 4:
      return widen<std::uint16_t>(element.data, numbers);
    case 5:
      return widen<std::int32_t>(element.data, numbers);
    case 6:
      return widen<std::uint32_t>(element.data, numbers);
    case 7:
      return widen<float>(element.data, numbers);
    case 12:
      return widen<std::int64_t>(element.data, numbers);
    case 13:
      return widen<std::uint64_t>(element.data, numbers);
    default:
      return widen<double>(element.data, numbers);
  }
}

/// Letters of a char array; UTF-16 ones beyond ASCII become '?': joint names have none.
std::string to_text(const Element& element) {
  std::string text;
  const bool wide = element.type == kUint16 || element.type == kUtf16;
  for (std::size_t i = 0; i + (wide ? 1 : 0) < element.data.size(); i += wide ? 2 : 1) {
    const bool plain = !wide || element.data[i + 1] == 0;
    text += plain ? static_cast<char>(element.data[i]) : '?';
  }
  return mat::printable(text);
}

class Reader {
 public:
  explicit Reader(std::size_t file_bytes) : budget_(file_bytes) {}

  Result<std::vector<MatVariable>> read(BytesView bytes) {
    Walk walk(bytes.subspan(kHeader));
    while (!walk.done()) {
      POISE_TRY(Element element, walk.next());
      Bytes inflated;
      if (element.type == kCompressed) {
        POISE_TRY(inflated, inflate_all(element.data));
        POISE_TRY(element, Walk(inflated).next());
      }
      if (element.type != kMatrix) {
        return malformed("not a variable: element of type " + std::to_string(element.type) + " where a matrix belongs");
      }
      if (variables_.size() >= mat::kMaxVariables) return too_large("over 4096 variables");
      POISE_TRY(MatVariable variable, matrix(element.data, true));
      variables_.push_back(std::move(variable));
      budget_.give_back(kGrowing * inflated.size());
    }
    return std::move(variables_);
  }

 private:
  Result<Bytes> inflate_all(BytesView data) {
    z_stream stream{};
    if (inflateInit(&stream) != Z_OK) return io_error("zlib cannot start: there is not memory enough");
    const std::unique_ptr<z_stream, int (*)(z_stream*)> guard(&stream, inflateEnd);
    stream.next_in = const_cast<Bytef*>(data.data());  // zlib's interface predates const
    stream.avail_in = static_cast<uInt>(data.size());
    Bytes out;
    std::array<std::uint8_t, 1U << 16U> chunk{};
    int state = Z_OK;
    while (state == Z_OK) {
      stream.next_out = chunk.data();
      stream.avail_out = chunk.size();
      state = inflate(&stream, Z_NO_FLUSH);
      const std::size_t got = chunk.size() - stream.avail_out;
      inflated_ += got;
      if (inflated_ > mat::kMaxInflated) return too_large("over 128 MiB when inflated");
      POISE_RETURN_IF_ERROR(budget_.take(kGrowing * got));
      out.insert(out.end(), chunk.begin(), chunk.begin() + static_cast<std::ptrdiff_t>(got));
    }
    if (state != Z_STREAM_END) return malformed("truncated or damaged: its compressed data do not inflate");
    return out;
  }

  /// `top`: one of the file's own; else an entry of a cell, of which only texts are kept.
  Result<MatVariable> matrix(BytesView bytes, bool top) {
    MatVariable variable;
    variable.kind = kClasses[0];
    if (bytes.empty()) {  // an empty entry of a cell
      variable.dims = {0, 0};
      return variable;
    }
    Walk walk(bytes);
    POISE_TRY(const Element flags, walk.next());
    if (flags.type != kUint32 || flags.data.size() != 8) return malformed("a variable without array flags");
    const std::uint32_t bits = word(flags.data, 0);
    const std::uint32_t kind = bits & 0xffU;
    if (kind == 0 || kind >= kClasses.size()) return malformed("array type " + std::to_string(kind) + " is none");
    variable.kind = (bits & kLogical) != 0 ? "logical" : kClasses[kind];
    if (kind >= 16) return variable;  // functions and opaque objects have no dimensions
    POISE_TRY(const std::uint64_t count, dimensions(walk, variable));
    POISE_TRY(const Element name, walk.next());
    if (name.type != kInt8 || name.data.size() > 4096) return malformed("a variable whose name is none");
    variable.name = mat::printable({reinterpret_cast<const char*>(name.data.data()), name.data.size()});
    if (kind == kCell && top) return cell(walk, count, std::move(variable));
    if (kind != kChar && (kind < kDoubleClass || kind > kLastNumeric)) return variable;
    if ((bits & kComplex) != 0) {
      variable.kind = "complex " + variable.kind;
      return variable;
    }
    POISE_TRY(const Element data, count == 0 && walk.done() ? Result<Element>(Element{}) : walk.next());
    if (kind == kChar) {
      if (variable.dims[0] == 1 && variable.dims.size() == 2) variable.texts = {to_text(data)};
      return variable;
    }
    if (!top || count == 0) return variable;
    return numbers(data, count, std::move(variable));
  }

  static Result<std::uint64_t> dimensions(Walk& walk, MatVariable& variable) {
    POISE_TRY(const Element dims, walk.next());
    const std::size_t rank = dims.data.size() / 4;
    if (dims.type != kInt32 || dims.data.size() % 4 != 0 || rank < 2 || rank > mat::kMaxRank) {
      return malformed("a variable must have 2 to 16 dimensions, it has " + std::to_string(rank));
    }
    for (std::size_t i = 0; i < rank; ++i) variable.dims.push_back(word(dims.data, 4 * i));
    return mat::count_of(variable.dims);
  }

  Result<MatVariable> numbers(const Element& data, std::uint64_t count, MatVariable variable) {
    const std::size_t size = size_of(data.type);
    if (size == 0) return malformed(variable.name + ": its numbers are of type " + std::to_string(data.type));
    if (data.data.size() / size != count || data.data.size() % size != 0) {
      return malformed(variable.name + " is " + mat::sides(variable.dims) + ", but holds " +
                       counted(data.data.size(), "byte") + " of numbers");
    }
    numbers_ += count;
    if (numbers_ > mat::kMaxNumbers) return too_large("over 16 Mi numbers");
    POISE_RETURN_IF_ERROR(budget_.take(count * sizeof(double)));
    variable.numbers.resize(count);
    to_numbers(data, variable.numbers);
    return variable;
  }

  /// Of a cell whose entries all are texts, these.
  Result<MatVariable> cell(Walk& walk, std::uint64_t count, MatVariable variable) {
    std::vector<std::string> texts;
    for (std::uint64_t i = 0; i < count; ++i) {
      if (walk.done()) return malformed(variable.name + ": truncated: a cell lacks entries");
      POISE_TRY(const Element entry, walk.next());
      if (entry.type != kMatrix) return malformed(variable.name + ": a cell's entry is no matrix");
      POISE_TRY(const MatVariable one, matrix(entry.data, false));
      if (one.texts.size() != 1) return variable;
      POISE_RETURN_IF_ERROR(budget_.take(2 * (sizeof(std::string) + one.texts[0].size())));
      texts.push_back(one.texts[0]);
    }
    variable.texts = std::move(texts);
    return variable;
  }

  static constexpr std::uint64_t kGrowing = 2;  // a list that grows holds its elements twice for a moment

  ReadingBudget budget_;
  std::vector<MatVariable> variables_;
  std::uint64_t inflated_ = 0, numbers_ = 0;
};

// --- writing ---

void put_word(Bytes& to, std::uint32_t value) {
  for (unsigned shift = 0; shift < 32; shift += 8) to.push_back(static_cast<std::uint8_t>(value >> shift));
}

void put_element(Bytes& to, std::uint32_t type, const void* data, std::size_t size) {
  POISE_CHECK(size <= std::numeric_limits<std::uint32_t>::max());
  put_word(to, type);
  put_word(to, static_cast<std::uint32_t>(size));
  const auto* bytes = static_cast<const std::uint8_t*>(data);
  to.insert(to.end(), bytes, bytes + size);
  to.insert(to.end(), (8 - size % 8) % 8, 0);
}

Bytes matrix_start(std::uint32_t kind, const std::vector<std::uint64_t>& dims, const std::string& name) {
  Bytes body;
  const std::array<std::uint32_t, 2> flags = {kind, 0};
  put_element(body, kUint32, flags.data(), 8);
  const std::vector<std::int32_t> sides(dims.begin(), dims.end());
  put_element(body, kInt32, sides.data(), 4 * sides.size());
  put_element(body, kInt8, name.data(), name.size());
  return body;
}

}  // namespace

namespace mat {

std::string printable(std::string_view text) {
  std::string result;
  for (const char c : text.substr(0, 64)) result += c >= ' ' && c <= '~' ? c : '?';
  return result;
}

std::string sides(const std::vector<std::uint64_t>& dims) {
  std::string text;
  for (const std::uint64_t side : dims) text += (text.empty() ? "" : "x") + std::to_string(side);
  return text;
}

Result<std::uint64_t> count_of(const std::vector<std::uint64_t>& dims) {
  std::uint64_t count = 1;
  for (const std::uint64_t side : dims) {
    if (side == 0) return std::uint64_t{0};
  }
  for (const std::uint64_t side : dims) {
    if (side > kMaxNumbers / count) return too_large("a variable of " + sides(dims) + " is over 16 Mi numbers");
    count *= side;
  }
  return count;
}

}  // namespace mat

Result<std::vector<MatVariable>> parse_mat(BytesView bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), std::min<std::size_t>(bytes.size(), 116));
  if (bytes.size() < kHeader || !text.starts_with("MATLAB")) {
    return malformed("not a .mat file of version 5: it does not begin with \"MATLAB\" and a header of 128 bytes");
  }
  if (bytes[126] == 'M' && bytes[127] == 'I')
    return unsupported("a big-endian .mat file: save it again on this machine");
  if (bytes[126] != 'I' || bytes[127] != 'M') return malformed("not a .mat file: its header does not end with MI");
  const unsigned version = unsigned{bytes[124]} | unsigned{bytes[125]} << 8U;
  if (version == 0x0200) return unsupported("a .mat file of version 7.3 (HDF5) must be read from a file of its own");
  if (version != 0x0100) return unsupported("a .mat file of version " + std::to_string(version) + "; 256 (v5) is read");
  return Reader(bytes.size()).read(bytes);
}

Result<std::vector<MatVariable>> read_mat(const std::filesystem::path& path, MatHdf5Reader hdf5) {
  constexpr std::uint64_t kMaxFile = std::uint64_t{256} << 20U;
  const auto bytes = read_file(path, kMaxFile);
  if (!bytes.ok()) return bytes.error().prefixed(path.string());
  const bool is_hdf5 = bytes->size() > kHeader && (*bytes)[124] == 0 && (*bytes)[125] == 2 && (*bytes)[126] == 'I' &&
                       (*bytes)[127] == 'M';
  if (is_hdf5 && hdf5 == nullptr) {
    return unsupported(path.string() +
                       ": a .mat file of version 7.3 (HDF5), which is not read here: save it as version 7");
  }
  auto variables = is_hdf5 ? hdf5(path) : parse_mat(*bytes);
  if (!variables.ok()) return variables.error().prefixed(path.string());
  return variables;
}

Bytes write_mat(const std::vector<MatVariable>& variables) {
  Bytes file(kHeader, ' ');
  constexpr std::string_view kText = "MATLAB 5.0 MAT-file, written by poise";
  std::copy(kText.begin(), kText.end(), file.begin());
  std::fill(file.begin() + 116, file.begin() + 124, std::uint8_t{0});
  file[124] = 0;
  file[125] = 1;
  file[126] = 'I';
  file[127] = 'M';
  for (const MatVariable& variable : variables) {
    const bool texts = !variable.texts.empty();
    const auto count = mat::count_of(variable.dims);
    POISE_CHECK(count.ok() && *count == (texts ? variable.texts.size() : variable.numbers.size()));
    Bytes body = matrix_start(texts ? kCell : kDoubleClass, variable.dims, variable.name);
    if (!texts) put_element(body, kDouble, variable.numbers.data(), 8 * variable.numbers.size());
    for (const std::string& text : variable.texts) {
      Bytes entry = matrix_start(kChar, {1, text.size()}, "");
      put_element(entry, kUtf8, text.data(), text.size());
      put_element(body, kMatrix, entry.data(), entry.size());
    }
    put_element(file, kMatrix, body.data(), body.size());
  }
  return file;
}

std::string describe(const std::vector<MatVariable>& variables) {
  std::string text;
  constexpr std::size_t kMost = 12;
  for (std::size_t i = 0; i < std::min(kMost, variables.size()); ++i) {
    const MatVariable& one = variables[i];
    text += (i == 0 ? "" : ", ") + one.name + " " + mat::sides(one.dims) + " " + one.kind;
  }
  if (variables.size() > kMost) text += ", and " + std::to_string(variables.size() - kMost) + " more";
  return variables.empty() ? "nothing" : text;
}

}  // namespace poise
