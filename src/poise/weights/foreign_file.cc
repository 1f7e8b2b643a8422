#include "poise/weights/foreign_file.h"

#include <array>
#include <cctype>
#include <string>
#include <string_view>

namespace poise {
namespace {

using Start = std::string_view;

bool is_json(Start start) { return start.starts_with('{'); }
bool is_hdf5(Start start) { return start.starts_with("\x89HDF"); }
bool is_picture(Start start) {
  return start.starts_with("\xff\xd8\xff") || start.starts_with("\x89PNG") || start.starts_with("GIF8") ||
         (start.starts_with("RIFF") && start.substr(0, 12).ends_with("WEBP"));
}
/// What Git has in place of a large file that was not fetched (git-lfs, docs/spec.md).
bool is_lfs_pointer(Start start) { return start.starts_with("version https://git-lfs.github.com/spec/"); }
/// A page that says no, or asks for a password, in place of a download.
bool is_web_page(Start start) {
  const std::size_t first = start.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  if (first == Start::npos) return false;
  std::string word(start.substr(first, 9));
  for (char& c : word) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return word.starts_with("<!doctype") || word.starts_with("<html");
}
bool is_darknet_cfg(Start start) { return start.starts_with("[net]") || start.starts_with("[network]"); }

struct Kind {
  bool (*recognises)(Start start);
  const char* message;
};
constexpr std::array<Kind, 6> kKinds{{
    {is_hdf5, "it is an HDF5 file, as Keras writes its models, which is not read: have it exported as ONNX"},
    {is_picture, "it is a picture: name a network's file"},
    {is_lfs_pointer, "it is a Git LFS pointer, not the file itself: fetch that with git lfs pull"},
    {is_web_page, "it is a web page (HTML), not a model: download the file itself"},
    {is_darknet_cfg, "it is darknet's list of layers: name the .weights beside it"},
    {is_json, "it is a JSON text: name a network's file; its card may lie beside it"},
}};

}  // namespace

std::string foreign_file(BytesView start) {
  const Start text(reinterpret_cast<const char*>(start.data()), start.size());
  for (const Kind& kind : kKinds) {
    if (kind.recognises(text)) return kind.message;
  }
  return {};
}

}  // namespace poise
