#include "poise/weights/network_file.h"

#include <array>
#include <fstream>

#include "poise/weights/darknet/darknet.h"
#include "poise/weights/onnx/onnx_reader.h"

namespace poise {
namespace {

constexpr std::size_t kStartBytes = 64;

/// Darknet's weights start with three numbers of a version, 0.1.0 to 0.2.5 in the wild, and nothing that says who they
/// are; the extension decides where they are told from a protobuf message by nothing else.
bool is_darknet(BytesView /*start*/, const std::filesystem::path& path) { return path.extension() == ".weights"; }

Result<NetworkFile> read_darknet_file(const std::filesystem::path& path, const NetworkLimits& /*limits*/) {
  return read_darknet(path);
}

/// Field 1 of ModelProto, ir_version, which writers put first; a file that starts with another field is read, too.
bool is_onnx(BytesView /*start*/, const std::filesystem::path& /*path*/) { return true; }

constexpr std::array<NetworkReader, 2> kReaders{{
    {"darknet", is_darknet, read_darknet_file}, {"ONNX", is_onnx, read_onnx},  // last: protobuf has no mark of its own
}};

}  // namespace

std::span<const NetworkReader> network_readers() { return kReaders; }

Result<NetworkFile> read_network(const std::filesystem::path& path, const NetworkLimits& limits) {
  std::array<std::uint8_t, kStartBytes> start{};
  std::ifstream file(path, std::ios::binary);
  file.read(reinterpret_cast<char*>(start.data()), start.size());
  const BytesView view(start.data(), static_cast<std::size_t>(file.gcount()));
  for (const NetworkReader& reader : kReaders) {
    if (reader.recognises(view, path)) return reader.read(path, limits);
  }
  return unsupported(path.string() + ": no kind of network file that is known");
}

}  // namespace poise
