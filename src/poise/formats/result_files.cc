#include "poise/formats/result_files.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <system_error>

namespace poise {
namespace {

namespace fs = std::filesystem;

/// Of what lies beside results and is none: hidden files, and what is drawn.
bool is_expected(std::string_view name) {
  constexpr std::array<std::string_view, 4> kDrawn{".poses.jpg", ".heatmaps.jpg", ".heatmaps.npy", ".poses.mp4"};
  return name.starts_with('.') ||
         std::ranges::any_of(kDrawn, [&](std::string_view ending) { return name.ends_with(ending); });
}

}  // namespace

std::string ResultFiles::note(const fs::path& folder) const {
  const std::string text = files_not_read(passed_over);
  return text.empty() ? text : folder.string() + ": " + text;
}

Result<ResultFiles> find_result_files(const fs::path& folder, const std::string& ending) {
  ResultFiles found;
  std::error_code error;
  fs::recursive_directory_iterator walk(folder, error);
  for (; !error && walk != fs::recursive_directory_iterator(); walk.increment(error)) {
    std::error_code ignored;
    if (!walk->is_regular_file(ignored)) continue;
    const std::string name = walk->path().filename().string();
    if (name.ends_with(ending)) {
      found.files.push_back(walk->path());
    } else if (!is_expected(name)) {
      ++found.passed_over[file_kind(walk->path())];
    }
  }
  if (error) return io_error(folder.string() + ": cannot be searched (" + error.message() + ")");
  if (found.files.empty()) return not_found(folder.string() + ": the folder holds no file that ends in " + ending);
  std::sort(found.files.begin(), found.files.end());
  return found;
}

std::string result_name(const fs::path& file, const fs::path& folder, const std::string& ending) {
  const fs::path below = file.lexically_relative(folder);
  std::string name = (below.empty() || below == "." ? file.filename() : below).generic_string();
  if (name.ends_with(ending)) name.resize(name.size() - ending.size());
  return name;
}

}  // namespace poise
