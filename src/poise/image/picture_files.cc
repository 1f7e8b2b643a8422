#include "poise/image/picture_files.h"

#include <glob.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "poise/image/decoders.h"

namespace poise {
namespace {

namespace fs = std::filesystem;

bool is_picture(const std::string& kind) {
  constexpr std::array kKinds{"JPG", "JPEG", "JPE", "JFIF", "PNG", "WEBP"};
  constexpr std::array kHeifKinds{"HEIC", "HEIF", "AVIF"};
  return std::ranges::find(kKinds, kind) != kKinds.end() ||
         (image_detail::reads_heif() && std::ranges::find(kHeifKinds, kind) != kHeifKinds.end());
}

/// Hidden files, macOS's ._x.jpg among them, and what an earlier run drew there.
bool is_passed_by(const fs::path& path) {
  const std::string name = path.filename().string();
  return name.starts_with('.') || name.ends_with(".poses.jpg") || name.ends_with(".heatmaps.jpg");
}

/// Relative and without "..", so that nothing is written outside the output folder. Of an absolute path only what lies
/// below `base` is kept.
fs::path name_of(const fs::path& path, const fs::path& base) {
  const fs::path below =
      path.is_absolute() ? path.lexically_normal().lexically_relative(base.lexically_normal()) : path;
  fs::path name;
  for (const fs::path& part : below.lexically_normal().relative_path()) {
    if (part != ".." && part != "." && !part.empty()) name /= part;
  }
  return name;
}

/// What it is, where it is neither a file nor a folder that is searched.
const char* no_file(const fs::directory_entry& entry) {
  std::error_code error;
  const bool is_link = entry.is_symlink(error);
  if (is_link && entry.is_directory(error)) return "link to a folder";
  if (is_link && !entry.exists(error)) return "broken link";
  return entry.is_directory(error) ? nullptr : "pipe, socket or device";
}

Status add_folder(const fs::path& folder, const fs::path& base, FoundPictures& sources) {
  std::vector<fs::path> found;
  FileKinds others;
  std::error_code error;
  fs::recursive_directory_iterator walk(folder, fs::directory_options::skip_permission_denied, error);
  for (; !error && walk != fs::recursive_directory_iterator(); walk.increment(error)) {
    if (is_passed_by(walk->path())) continue;
    if (!walk->is_regular_file(error)) {
      if (const char* what = no_file(*walk); what != nullptr) ++others[what];
      error.clear();  // a broken link is no fault of the folder
      continue;
    }
    const std::string kind = file_kind(walk->path());
    if (is_picture(kind)) {
      found.push_back(walk->path());
    } else {
      ++others[kind];
    }
  }
  if (error) return io_error(folder.string() + ": cannot be searched (" + error.message() + ")");
  if (found.empty()) {
    const std::string note = files_not_read(others);
    return not_found(folder.string() + ": no .jpg, .jpeg, .png" + (image_detail::reads_heif() ? ", .heic" : "") +
                     " or .webp picture in this folder" + (note.empty() ? "" : "; " + note));
  }
  std::sort(found.begin(), found.end());
  for (const fs::path& path : found) sources.files.push_back({path, name_of(path, base), {}});
  for (const auto& [kind, count] : others) sources.passed_over[kind] += count;
  return {};
}

Status add_glob(const std::string& pattern, FoundPictures& sources) {
  glob_t matches{};
  const int code = ::glob(pattern.c_str(), 0, nullptr, &matches);
  std::vector<fs::path> found;
  for (std::size_t i = 0; code == 0 && i < matches.gl_pathc; ++i) found.emplace_back(matches.gl_pathv[i]);
  ::globfree(&matches);
  if (found.empty()) return not_found(pattern + ": nothing matches");
  const fs::path base = fs::path(pattern.substr(0, pattern.find_first_of("*?["))).parent_path();
  for (const fs::path& path : found) {
    std::error_code error;
    if (fs::is_directory(path, error)) {
      POISE_RETURN_IF_ERROR(add_folder(path, base, sources));
    } else {
      sources.files.push_back({path, name_of(path, base), {}});
    }
  }
  return {};
}

}  // namespace

std::string FoundPictures::note() const { return files_not_read(passed_over); }

Result<FoundPictures> find_pictures(const std::vector<std::string>& names) {
  FoundPictures sources;
  for (const std::string& name : names) {
    std::error_code error;
    if (fs::is_directory(name, error)) {
      fs::path folder = (fs::path(name) / "").lexically_normal().parent_path();
      if (folder.empty()) folder = ".";
      POISE_RETURN_IF_ERROR(add_folder(folder, folder.parent_path(), sources));
    } else if (fs::exists(name, error)) {
      sources.files.push_back({name, name_of(name, fs::path(name).parent_path()), {}});
    } else if (name.find_first_of("*?[") != std::string::npos) {
      POISE_RETURN_IF_ERROR(add_glob(name, sources));
    } else {
      return not_found(name + ": no such file or folder");
    }
  }
  // Results are named after the stem, so a.jpg and a.png of one folder would meet: the later keeps its extension.
  std::map<fs::path, fs::path> taken;
  std::set<fs::path> stems;
  std::vector<PictureFile> distinct;
  for (PictureFile& source : sources.files) {
    const auto [first, is_new] = taken.emplace(source.name, source.path);
    std::error_code error;
    if (!is_new && fs::equivalent(first->second, source.path, error)) continue;  // named twice: done once
    if (!is_new) {
      return invalid_argument(source.path.string() + " and " + first->second.string() +
                              " would be written to the same place: run them apart");
    }
    source.place = source.name;
    fs::path stem = source.name;
    if (!stems.insert(stem.replace_extension()).second) {
      source.place += ".picture";  // the extension that replace_extension takes away again
    }
    distinct.push_back(std::move(source));
  }
  sources.files = std::move(distinct);
  return sources;
}

}  // namespace poise
