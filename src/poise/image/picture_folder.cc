#include "poise/image/picture_folder.h"

#include <algorithm>
#include <cctype>
#include <utility>
#include <vector>

namespace poise {
namespace {

namespace fs = std::filesystem;

struct Parts {
  std::vector<std::string> names;  // without "." and what leads to the root
  bool leads_out = false;          // it starts at a root, or climbs
};

Parts parts_of(const std::string& name) {
  Parts parts;
  const bool drive = name.size() > 1 && name[1] == ':' && std::isalpha(static_cast<unsigned char>(name[0])) != 0;
  parts.leads_out = drive || name.starts_with('/') || name.starts_with('\\');
  std::size_t at = drive ? 2 : 0;
  while (at <= name.size()) {
    const std::size_t end = std::min(name.find_first_of("/\\", at), name.size());
    const std::string part = name.substr(at, end - at);
    at = end + 1;
    if (part == "..") {
      parts.leads_out = true;
      parts.names.clear();  // what lies before is not below the folder
    } else if (!part.empty() && part != ".") {
      parts.names.push_back(part);
    }
  }
  return parts;
}

bool is_file(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

}  // namespace

Result<fs::path> PictureFolder::find(const std::string& name) {
  if (name.find('\0') != std::string::npos) return malformed("an image's name holds a NUL byte");
  const Parts parts = parts_of(name);
  if (parts.names.empty()) return malformed("an image has no file_name");
  fs::path found;
  const fs::path whole(name);
  if (!parts.leads_out && is_file(folder_ / whole))
    found = folder_ / whole.lexically_normal();  // a backslash may be part of a name here
  for (std::size_t first = 0; found.empty() && first < parts.names.size(); ++first) {
    fs::path end = folder_;
    for (std::size_t i = first; i < parts.names.size(); ++i) end /= parts.names[i];
    if (is_file(end)) found = end;
  }
  if (found.empty() && parts.leads_out) {
    return malformed("image \"" + name + "\" lies outside the folder of images, and no end of its path in " +
                     folder_.string());
  }
  if (found.empty()) return not_found("image \"" + name + "\" is not in " + folder_.string());
  const auto [taken, fresh] = taken_.emplace(found, name);
  if (!fresh && taken->second != name) {
    return malformed("images \"" + taken->second + "\" and \"" + name + "\" would both be " + found.string() +
                     ": name the folder that the labels' paths start from");
  }
  return found;
}

}  // namespace poise
