#include "poise/weights/network_file.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include "poise/weights/darknet/darknet.h"
#include "poise/weights/foreign_file.h"
#include "poise/weights/onnx/onnx_reader.h"
#include "poise/weights/tfjs/tfjs.h"
#include "poise/weights/tflite/tflite.h"
#include "poise/weights/torch/layouts.h"

namespace poise {
namespace {

/// Three numbers of a version, 0.1.0 to 0.2.5 in the wild, before the pictures seen (darknet, src/parser.c,
/// save_weights_upto). Small ones end in zeros, which no other kind of file has in its first words.
bool is_darknet(BytesView start) {
  constexpr std::uint32_t kLargest = 1000;  // src/parser.c, load_weights_upto
  std::array<std::uint32_t, 3> version{};
  if (start.size() < sizeof version) return false;
  std::memcpy(version.data(), start.data(), sizeof version);
  return std::ranges::all_of(version, [](std::uint32_t part) { return part <= kLargest; });
}

Result<NetworkFile> read_darknet_file(const std::filesystem::path& path, const NetworkLimits& /*limits*/) {
  return read_darknet(path);
}

/// The key of a field of ModelProto: its numbers 1 to 8, 14, 20, 25 and 26 (onnx/onnx.proto) with the wire type of
/// each. Most writers begin with the first, ir_version. Weights alone may begin with the same byte.
bool is_onnx(BytesView start) {
  constexpr std::string_view kKeys = "\x08\x12\x1a\x22\x28\x32\x3a\x42\x72";
  if (start.empty() || find_layout(start) != nullptr || !foreign_file(start).empty()) return false;
  const char first = static_cast<char>(start[0]);
  const bool two_bytes =
      start.size() > 1 && start[1] == 0x01 && (start[0] == 0xa2 || start[0] == 0xca || start[0] == 0xd2);
  return kKeys.find(first) != std::string_view::npos || two_bytes;
}

constexpr std::array<NetworkReader, 4> kReaders{{
    {"tflite", is_tflite, read_tflite},
    {"tfjs", is_tfjs, read_tfjs},
    {"darknet", is_darknet, read_darknet_file},
    {"onnx", is_onnx, read_onnx},  // last: protobuf has no mark of its own
}};

Error other_kind(BytesView start, std::span<const NetworkReader> readers) {
  if (start.empty()) return malformed("it is empty");
  if (const Layout* layout = find_layout(start)) {
    return unsupported("it holds weights only (" + std::string(layout->name) +
                       "): convert it with its network's configuration");
  }
  if (const std::string foreign = foreign_file(start); !foreign.empty()) return unsupported(foreign);
  std::string names;
  for (const NetworkReader& reader : readers) names += (names.empty() ? "" : ", ") + std::string(reader.name);
  return unsupported("it is no network file of a kind that is read (" + names + ")");
}

}  // namespace

std::span<const NetworkReader> network_readers() { return kReaders; }

Result<NetworkFile> read_network(const std::filesystem::path& path, const NetworkLimits& limits,
                                 std::span<const NetworkReader> readers) {
  const auto source = FileSource::open(path);
  if (!source.ok()) return source.error().prefixed(path.string());
  const auto start = read_start(**source);
  if (!start.ok()) return start.error().prefixed(path.string());
  for (const NetworkReader& reader : readers) {
    if (!reader.recognises(*start)) continue;
    POISE_TRY(NetworkFile file, reader.read(path, limits));
    file.kind = reader.name;
    return file;
  }
  return other_kind(*start, readers).prefixed(path.string());
}

}  // namespace poise
