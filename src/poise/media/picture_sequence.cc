#include "poise/media/picture_sequence.h"

#include <algorithm>
#include <atomic>
#include <cctype>
#include <cmath>
#include <filesystem>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "poise/base/counted.h"
#include "poise/image/codec.h"
#include "poise/image/picture_files.h"

namespace poise {
namespace {

namespace fs = std::filesystem;

bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

/// The run of digits at `at`, without leading zeros, and where it ends.
std::string_view digits_at(std::string_view text, std::size_t at, std::size_t& end) {
  end = at;
  while (end < text.size() && is_digit(text[end])) ++end;
  while (at + 1 < end && text[at] == '0') ++at;
  return text.substr(at, end - at);
}

/// Runs of digits compare as the numbers they are, the rest byte by byte.
bool natural_less(const std::string& a, const std::string& b) {
  std::size_t i = 0, j = 0;
  while (i < a.size() && j < b.size()) {
    if (is_digit(a[i]) && is_digit(b[j])) {
      const std::string_view left = digits_at(a, i, i), right = digits_at(b, j, j);
      if (left.size() != right.size()) return left.size() < right.size();
      if (left != right) return left < right;
    } else if (a[i] != b[j]) {
      return static_cast<unsigned char>(a[i]) < static_cast<unsigned char>(b[j]);
    } else {
      ++i, ++j;
    }
  }
  if (a.size() - i != b.size() - j) return a.size() - i < b.size() - j;
  return a < b;  // 01 and 1
}

/// "frame_%06d.jpg" in its parts.
struct Pattern {
  fs::path folder;
  std::string before, after;
  std::size_t digits = 1;  // at least so many, filled up with zeros
};

std::optional<Pattern> parse_pattern(const std::string& source) {
  const fs::path path(source);
  const std::string name = path.filename().string();
  const std::size_t percent = name.find('%');
  if (percent == std::string::npos) return {};
  std::size_t at = percent + 1;
  const std::string_view width = digits_at(name, at, at);
  if (at >= name.size() || name[at] != 'd' || width.size() > 2) return {};
  Pattern pattern{path.parent_path(), name.substr(0, percent), name.substr(at + 1), 1};
  if (!width.empty()) pattern.digits = std::max<std::size_t>(1, std::stoul(std::string(width)));
  return pattern.after.find('%') == std::string::npos ? std::optional(pattern) : std::nullopt;
}

bool matches(const Pattern& pattern, std::string_view name) {
  if (name.size() < pattern.before.size() + pattern.after.size() + pattern.digits) return false;
  if (!name.starts_with(pattern.before) || !name.ends_with(pattern.after)) return false;
  const std::string_view number =
      name.substr(pattern.before.size(), name.size() - pattern.before.size() - pattern.after.size());
  return std::all_of(number.begin(), number.end(), is_digit) &&
         (number.size() == pattern.digits || number.front() != '0');
}

Result<std::vector<fs::path>> files_of(const Pattern& pattern, const std::string& source) {
  std::vector<fs::path> files;
  std::error_code error;
  const fs::path folder = pattern.folder.empty() ? fs::path(".") : pattern.folder;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    if (matches(pattern, name)) files.push_back(pattern.folder / name);
  }
  if (error) return not_found(source + ": its folder cannot be searched (" + error.message() + ")");
  if (files.empty()) return not_found(source + ": no file has such a name");
  return files;
}

class PictureSequence : public VideoSource {
 public:
  PictureSequence(std::vector<fs::path> files, const PictureSequenceOptions& options)
      : files_(std::move(files)), options_(options) {}

  /// Reads the first picture, which says the size.
  Status begin(const std::string& source) {
    POISE_TRY(first_, read_next());
    if (!first_) return malformed(source + ": none of its " + counted(files_.size(), "picture") + " can be read");
    info_ = {.width = first_->image.width(),
             .height = first_->image.height(),
             .frames_per_second = options_.frames_per_second,
             .frames = static_cast<std::int64_t>(files_.size()),
             .live = false,
             .audio = false,
             .codec = "pictures"};
    return {};
  }

  const VideoInfo& info() const override { return info_; }

  Result<std::optional<VideoFrame>> next() override {
    auto first = std::exchange(first_, std::nullopt);
    return first && !interrupted_ ? std::move(first) : read_next();
  }

  void interrupt() override { interrupted_ = true; }

 private:
  /// The next picture that can be read; nothing at the end.
  Result<std::optional<VideoFrame>> read_next() {
    while (!interrupted_ && index_ < files_.size()) {
      const std::size_t index = index_++;
      auto image = read_image(files_[index]);
      if (image.ok()) {
        const double seconds = static_cast<double>(index) / options_.frames_per_second;
        return std::optional<VideoFrame>(VideoFrame{std::move(*image), static_cast<std::int64_t>(index), seconds});
      }
      if (!options_.unreadable) return image.error();
      options_.unreadable(image.error());
    }
    return std::optional<VideoFrame>{};
  }

  std::vector<fs::path> files_;
  PictureSequenceOptions options_;
  VideoInfo info_;
  std::optional<VideoFrame> first_;
  std::size_t index_ = 0;
  std::atomic<bool> interrupted_ = false;
};

}  // namespace

bool names_pictures(const std::string& source) {
  std::error_code error;
  if (fs::is_directory(source, error)) return true;
  if (fs::exists(source, error)) return false;
  if (source.find("://") != std::string::npos) return false;  // an address may hold anything
  return source.find_first_of("*?[") != std::string::npos || parse_pattern(source).has_value();
}

Result<std::unique_ptr<VideoSource>> open_pictures(const std::string& source, const PictureSequenceOptions& options) {
  if (!std::isfinite(options.frames_per_second) || options.frames_per_second <= 0) {
    return invalid_argument("the rate of a sequence of pictures must be above 0");
  }
  std::vector<fs::path> files;
  std::error_code error;
  if (const auto pattern = parse_pattern(source); pattern && !fs::exists(source, error)) {
    POISE_TRY(files, files_of(*pattern, source));
  } else {
    POISE_TRY(const FoundPictures found, find_pictures({source}));
    if (const std::string note = found.note(); options.note && !note.empty()) options.note(note);
    for (const PictureFile& file : found.files) files.push_back(file.path);
  }
  std::sort(files.begin(), files.end(),
            [](const fs::path& a, const fs::path& b) { return natural_less(a.native(), b.native()); });
  auto sequence = std::make_unique<PictureSequence>(std::move(files), options);
  POISE_RETURN_IF_ERROR(sequence->begin(source));
  return std::unique_ptr<VideoSource>(std::move(sequence));
}

}  // namespace poise
