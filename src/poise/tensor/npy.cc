#include "poise/tensor/npy.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <optional>
#include <string_view>

#include "poise/base/counted.h"

namespace poise {
namespace {

static_assert(std::endian::native == std::endian::little, ".npy data is copied as it lies in the file");
static_assert(sizeof(bool) == 1);

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::uint64_t kMaxFileBytes = std::uint64_t{1} << 35U;
constexpr std::size_t kMaxHeaderBytes = 65536;
constexpr std::size_t kMaxRank = 32;  // NumPy's own limit (NPY_MAXDIMS)
constexpr std::size_t kAlignment = 64;

struct Description {
  const char* text;
  DType type;
};
constexpr std::array<Description, 7> kDescriptions = {{{"<f4", DType::kFloat32},
                                                       {"<f8", DType::kFloat64},
                                                       {"<i8", DType::kInt64},
                                                       {"<i4", DType::kInt32},
                                                       {"|u1", DType::kUint8},
                                                       {"|i1", DType::kInt8},
                                                       {"|b1", DType::kBool}}};

struct Header {
  std::optional<std::string> descr;
  std::optional<bool> fortran_order;
  std::optional<Shape> shape;
};

/// Reads the one Python literal that NumPy writes: {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }.
class HeaderReader {
 public:
  explicit HeaderReader(std::string_view text) : rest_(text) {}

  Result<Header> read() {
    Header header;
    if (!take("{")) return bad("no dictionary");
    while (!take("}")) {
      POISE_TRY(const std::string key, quoted());
      if (!take(":")) return bad("no ':' after '" + key + "'");
      POISE_RETURN_IF_ERROR(member(key, header));
      if (take(",")) continue;
      if (!take("}")) return bad("no ',' or '}' after '" + key + "'");
      break;
    }
    skip_space();
    if (!rest_.empty()) return bad("text after the dictionary");
    if (!header.descr || !header.fortran_order || !header.shape) {
      return bad("it must have descr, fortran_order and shape");
    }
    return header;
  }

 private:
  static Error bad(const std::string& what) { return malformed("the .npy header is damaged: " + what); }

  Status member(const std::string& key, Header& header) {
    if (key == "descr" && !header.descr) {
      if (peek('[')) return unsupported("the .npy file holds records, save plain numbers");
      POISE_TRY(header.descr, quoted());
    } else if (key == "fortran_order" && !header.fortran_order) {
      const bool yes = take("True");
      if (!yes && !take("False")) return bad("fortran_order is neither True nor False");
      header.fortran_order = yes;
    } else if (key == "shape" && !header.shape) {
      POISE_TRY(header.shape, tuple());
    } else {
      return bad("unexpected or repeated '" + key + "'");
    }
    return {};
  }

  Result<std::string> quoted() {
    skip_space();
    if (rest_.empty() || (rest_[0] != '\'' && rest_[0] != '"')) return bad("a quoted word is missing");
    const std::size_t end = rest_.find(rest_[0], 1);
    if (end == std::string_view::npos || end > kAlignment) return bad("a quote is not closed");
    std::string word(rest_.substr(1, end - 1));
    rest_.remove_prefix(end + 1);
    return word;
  }

  Result<Shape> tuple() {
    Shape shape;
    if (!take("(")) return bad("shape is no tuple");
    while (!take(")")) {
      skip_space();
      std::int64_t extent = -1;
      const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), extent);
      if (error != std::errc() || extent < 0) return bad("an extent of shape is no non-negative number");
      rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
      if (shape.size() == kMaxRank) return bad("shape has more than 32 extents");
      shape.push_back(extent);
      if (take(",")) continue;
      if (shape.size() == 1 || !take(")")) return bad("a ',' is missing in shape");  // "(3)" is no tuple
      break;
    }
    return shape;
  }

  void skip_space() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\n"), rest_.size())); }
  bool peek(char c) {
    skip_space();
    return rest_.starts_with(c);
  }
  bool take(std::string_view token) {
    skip_space();
    if (!rest_.starts_with(token)) return false;
    rest_.remove_prefix(token.size());
    return true;
  }

  std::string_view rest_;
};

Result<DType> type_of(const std::string& descr) {
  for (const Description& known : kDescriptions) {
    if (descr == known.text) return known.type;
  }
  return unsupported("the .npy file holds \"" + descr + "\", save one of <f4 <f8 <i8 <i4 |u1 |i1 |b1");
}

std::string header_of(const Tensor& tensor) {
  std::string text = "{'descr': '";
  for (const Description& known : kDescriptions) {
    if (known.type == tensor.type()) text += known.text;
  }
  text += "', 'fortran_order': False, 'shape': (";
  for (std::size_t i = 0; i < tensor.rank(); ++i) {
    if (i > 0) text += ", ";
    text += std::to_string(tensor.dim(i));
  }
  if (tensor.rank() == 1) text += ',';  // a tuple of one ends in a comma
  return text + "), }";
}

}  // namespace

Result<Tensor> parse_npy(BytesView bytes) {
  if (bytes.size() < kMagic.size() + 4 || std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) != 0) {
    return malformed("not a .npy file");
  }
  const unsigned major = bytes[6];
  if (major < 1 || major > 3 || bytes[7] != 0) {
    return unsupported("version " + std::to_string(major) + "." + std::to_string(bytes[7]) +
                       " of .npy is unknown, save it as 1.0, 2.0 or 3.0");
  }
  const std::size_t length_bytes = major == 1 ? 2 : 4;
  const std::size_t start = kMagic.size() + 2 + length_bytes;
  if (bytes.size() < start) return malformed("the .npy file ends inside its header");
  std::size_t length = 0;
  for (std::size_t i = 0; i < length_bytes; ++i) length |= std::size_t{bytes[8 + i]} << (8 * i);
  if (length > kMaxHeaderBytes) return too_large("the .npy header is larger than 65536 bytes");
  if (bytes.size() - start < length) return malformed("the .npy file ends inside its header");
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()) + start, length);

  POISE_TRY(Header header, HeaderReader(text).read());
  POISE_TRY(const DType type, type_of(*header.descr));
  if (*header.fortran_order) return unsupported("the .npy file is in Fortran order, save np.ascontiguousarray(x)");
  POISE_TRY(const std::int64_t count, element_count(*header.shape));
  const std::size_t wanted = static_cast<std::size_t>(count) * size_of(type);
  const BytesView data = bytes.subspan(start + length);
  if (data.size() != wanted) {
    return malformed("the .npy file has " + counted(data.size(), "byte") + " of data, shape " +
                     to_string(*header.shape) + " of " + name_of(type) + " wants " + std::to_string(wanted));
  }
  Tensor tensor(std::move(*header.shape), type);
  if (wanted > 0) std::memcpy(tensor.data(), data.data(), wanted);
  if (type == DType::kBool) {  // a bool that is neither 0 nor 1 must never exist
    for (std::uint8_t& value : tensor.as<std::uint8_t>()) value = value != 0 ? 1 : 0;
  }
  return tensor;
}

Result<Tensor> read_npy(const std::filesystem::path& path) {
  const auto bytes = read_file(path, kMaxFileBytes);
  if (!bytes) return bytes.error().prefixed(path.string());
  auto tensor = parse_npy(*bytes);
  if (!tensor) return tensor.error().prefixed(path.string());
  return tensor;
}

Status write_npy(const std::filesystem::path& path, const Tensor& tensor) {
  if (tensor.data() == nullptr) return invalid_argument("an empty tensor cannot be written to " + path.string());
  if (tensor.rank() > kMaxRank) return unsupported("a .npy file has at most 32 extents");
  std::string header = header_of(tensor);
  const std::size_t start = kMagic.size() + 4;  // version and a length of two bytes
  const std::size_t total = (start + header.size() + 1 + kAlignment - 1) / kAlignment * kAlignment;
  header.append(total - start - header.size() - 1, ' ');
  header += '\n';

  Bytes bytes(total + tensor.bytes());
  std::memcpy(bytes.data(), kMagic.data(), kMagic.size());
  bytes[6] = 1;
  bytes[8] = static_cast<std::uint8_t>(header.size() & 0xFFU);
  bytes[9] = static_cast<std::uint8_t>(header.size() >> 8U);
  std::memcpy(bytes.data() + start, header.data(), header.size());
  if (tensor.count() > 0) std::memcpy(bytes.data() + total, tensor.data(), tensor.bytes());
  return write_file_atomic(path, bytes);
}

}  // namespace poise
