#include "poise/base/file_kinds.h"

#include <algorithm>
#include <cctype>

#include "poise/base/counted.h"

namespace poise {

std::string file_kind(const std::filesystem::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return extension.empty() ? extension : extension.substr(1);
}

std::string files_not_read(const FileKinds& passed_over) {
  constexpr std::size_t kMostKinds = 6;
  std::size_t files = 0;
  std::string kinds;
  std::size_t named = 0;
  for (const auto& [kind, count] : passed_over) {
    files += count;
    if (++named > kMostKinds) continue;
    const std::string name = kind.empty() ? "without an extension" : kind;
    kinds += (kinds.empty() ? "" : ", ") + (passed_over.size() == 1 ? "" : std::to_string(count) + " ") + name;
  }
  if (named > kMostKinds) kinds += " and others";
  if (files == 0) return {};
  return counted(files, "file") + " not read: " + kinds;
}

}  // namespace poise
