#include "poise/formats/pose_set.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>
#include <utility>

#include "poise/base/input_file.h"
#include "poise/formats/json_elements.h"
#include "poise/formats/pose_readers.h"
#include "poise/formats/result_files.h"

namespace poise {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxJson = std::uint64_t{1} << 30U;
constexpr std::uint64_t kMaxPicture = std::uint64_t{64} << 20U;  // one picture's poses

Result<Json> read_json(const fs::path& path, std::uint64_t most) {
  const auto bytes = read_file(path, most);
  if (!bytes.ok()) return bytes.error().prefixed(path.string());
  auto json = parse_json(*bytes);
  if (!json.ok()) return json.error().prefixed(path.string());
  return json;
}

/// The file itself, or those of a folder; what is passed over there is noted.
Result<std::vector<fs::path>> files_of(const fs::path& path, const std::string& ending, PoseSet& set) {
  std::error_code error;
  if (!fs::is_directory(path, error)) return std::vector<fs::path>{path};
  POISE_TRY(ResultFiles found, find_result_files(path, ending));
  if (std::string note = found.note(path); !note.empty()) set.notes.push_back(std::move(note));
  return std::move(found.files);
}

Result<PoseSet> read_openpose(const fs::path& path, const PoseReadOptions& options) {
  PoseSet set;
  POISE_TRY(const auto files, files_of(path, kOpenposeEnding, set));
  std::optional<Skeleton> skeleton = options.skeleton;
  for (const fs::path& file : files) {
    POISE_TRY(const Json json, read_json(file, kMaxPicture));
    auto poses = openpose_poses(json, skeleton);
    if (!poses.ok()) return poses.error().prefixed(file.string());
    PoseSet::Image& image = set.images.emplace_back();
    image.name = result_name(file, path, kOpenposeEnding);
    image.poses = std::move(*poses);
  }
  if (!skeleton) {  // nobody in any picture
    POISE_TRY(skeleton, skeleton_of_joints(body25_joints()));
  }
  set.skeleton = std::move(*skeleton);
  return set;
}

Result<Bytes> read_bytes(const fs::path& path) {
  auto bytes = read_file(path, kMaxJson);
  if (!bytes.ok()) return bytes.error().prefixed(path.string());
  return bytes;
}

std::string_view text_of(const Bytes& bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

/// One document, or JSON Lines: of pictures, or of a video.
Status add_poise_file(const fs::path& file, PoseSet& set) {
  POISE_TRY(const Bytes bytes, read_bytes(file));
  const std::string_view text = text_of(bytes);
  const Status added = is_json_lines(text) ? add_poses_lines(text, set) : [&]() -> Status {
    if (text.size() > kMaxPicture) return too_large("over 64 MiB of one picture's poses");
    POISE_TRY(const Json json, parse_json(text));
    return add_poses_json(json, set);
  }();
  return added.ok() ? added : added.error().prefixed(file.string());
}

Result<PoseSet> read_poise(const fs::path& path) {
  PoseSet set;
  POISE_TRY(const auto files, files_of(path, kPoiseEnding, set));
  for (const fs::path& file : files) POISE_RETURN_IF_ERROR(add_poise_file(file, set));
  return set;
}

Result<PoseSet> read_csv(const fs::path& path) {
  PoseSet set;
  POISE_TRY(const auto files, files_of(path, kCsvEnding, set));
  for (const fs::path& file : files) {
    POISE_TRY(const Bytes bytes, read_bytes(file));
    auto one = csv_pose_set(text_of(bytes));
    if (!one.ok()) return one.error().prefixed(file.string());
    if (set.images.empty()) {
      set.skeleton = std::move(one->skeleton);
    } else if (!one->images.empty() && !(one->skeleton == set.skeleton)) {
      return malformed(file.string() + ": its joints are others than those of the pictures before");
    }
    std::move(one->images.begin(), one->images.end(), std::back_inserter(set.images));
  }
  return set;
}

Result<PoseSet> from_mat(const fs::path& path, const PoseReadOptions& options,
                         Result<PoseSet> (*parse)(const std::vector<MatVariable>&)) {
  POISE_TRY(const auto variables, read_mat(path, options.hdf5));
  auto set = parse(variables);
  if (!set.ok()) return set.error().prefixed(path.string());
  return set;
}

Result<PoseSet> read_mpii(const fs::path& path, const PoseReadOptions& options) {
  if (path.extension() == ".mat") return from_mat(path, options, mpii_from_mat);
  POISE_TRY(const Json json, read_json(path, kMaxJson));
  auto set = mpii_from_json(json);
  if (!set.ok()) return set.error().prefixed(path.string());
  return set;
}

struct Named {
  const char* name;
  PoseFormat format;
};
constexpr Named kFormats[] = {{"coco", PoseFormat::kCoco},
                              {"mpii", PoseFormat::kMpii},
                              {"lsp", PoseFormat::kLsp},
                              {"lspet", PoseFormat::kLspet},
                              {"openpose", PoseFormat::kOpenpose},
                              {"csv", PoseFormat::kCsv},
                              {"posetrack", PoseFormat::kPosetrack},
                              {"posetrack17", PoseFormat::kPosetrack17},
                              {"poise", PoseFormat::kPoise}};

/// Of a JSON file by its members, without reading it whole.
Result<PoseFormat> guess_json(const fs::path& path) {
  POISE_TRY(JsonElements elements,
            JsonElements::open(path, {"people", "persons", "annotations", "images", "annolist"}));
  const auto named = [&](const Error& error) { return error.prefixed(path.string()); };
  const auto top = elements.top();
  if (!top.ok()) return named(top.error());
  JsonBatch batch;
  const auto more = elements.next(batch);
  if (!more.ok()) return named(more.error());
  if (*top == '[') {
    if (!*more) return PoseFormat::kCoco;  // no results at all
    const std::string first = batch.text.substr(0, batch.at.size() > 1 ? batch.at[1] : batch.text.size());
    return first.find("\"joints_vis\"") != std::string::npos ? PoseFormat::kMpii : PoseFormat::kCoco;
  }
  if (path.filename().string().ends_with(kPoiseEnding)) return PoseFormat::kPoise;
  if (path.filename().string().ends_with(kOpenposeEnding)) return PoseFormat::kOpenpose;
  if (!*more) return PoseFormat::kCoco;
  if (batch.array == "people") return PoseFormat::kOpenpose;
  if (batch.array == "annolist") return PoseFormat::kPosetrack17;
  return batch.array == "persons" ? PoseFormat::kPoise : PoseFormat::kCoco;
}

Result<PoseFormat> guess_mat(const fs::path& path, const PoseReadOptions& options) {
  POISE_TRY(const auto variables, read_mat(path, options.hdf5));
  for (const MatVariable& variable : variables) {
    if (variable.name == "preds" || variable.name == "pos_gt_src") return PoseFormat::kMpii;
  }
  if (is_lsp(variables)) return PoseFormat::kLsp;
  return malformed(path.string() +
                   ": neither of the Leeds sets (joints 3x14xN or 14x3xN, predictions 2x14xN or 14x2xN) nor of MPII "
                   "(pos_gt_src 16x2xN, preds Nx16x2); it holds " +
                   describe(variables));
}

/// Enough to tell what a file is; "" where it is none that can be read, which its reader says.
std::string beginning_of(const fs::path& path) {
  constexpr std::size_t kEnough = 1U << 20U;
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return {};  // a pipe gives its bytes once
  auto file = InputFile::open(path);
  std::string text;
  while (file.ok() && text.size() < kEnough) {
    std::array<std::uint8_t, 65536> part;
    const auto got = file->read(part);
    if (!got.ok() || *got == 0) break;
    text.append(reinterpret_cast<const char*>(part.data()), *got);
  }
  return text;
}

bool is_json(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && (text[first] == '[' || text[first] == '{');
}

/// A line of columns' names, joint among them, whatever stands between them: the reader says what is wrong with it.
bool is_csv(std::string_view text) {
  const std::string_view line = text.substr(0, text.find_first_of("\r\n"));
  return !is_json(text) && line.find_first_of(",;\t") != std::string_view::npos &&
         line.find("joint") != std::string_view::npos;
}

}  // namespace

const char* name_of(Annotated annotated) {
  switch (annotated) {
    case Annotated::kPersonCentric:
      return "person-centric";
    case Annotated::kObserverCentric:
      return "observer-centric";
    case Annotated::kUnstated:
      break;
  }
  return "convention not stated";
}

std::size_t PoseSet::persons() const {
  std::size_t count = 0;
  for (const Image& image : images) count += is_truth ? image.truths.size() : image.poses.size();
  return count;
}

const std::vector<std::string>& format_names() {
  static const std::vector<std::string> kNames = [] {
    std::vector<std::string> names;
    for (const Named& one : kFormats) names.emplace_back(one.name);
    return names;
  }();
  return kNames;
}

const char* name_of(PoseFormat format) {
  for (const Named& one : kFormats) {
    if (one.format == format) return one.name;
  }
  return "";
}

Result<PoseFormat> format_by_name(const std::string& name) {
  std::string names;
  for (const Named& one : kFormats) {
    if (name == one.name) return one.format;
    names += std::string(names.empty() ? "" : ", ") + one.name;
  }
  return not_found("no format is called \"" + name + "\"; there are " + names);
}

Result<PoseFormat> guess_format(const fs::path& path, const PoseReadOptions& options) {
  std::error_code error;
  if (fs::is_directory(path, error)) {
    for (const auto& [ending, format] :
         {std::pair(kPoiseEnding, PoseFormat::kPoise), std::pair(kOpenposeEnding, PoseFormat::kOpenpose),
          std::pair(kCsvEnding, PoseFormat::kCsv)}) {
      const auto found = find_result_files(path, ending);
      if (found.ok()) return format;
      if (found.error().code != ErrorCode::kNotFound) return found.error();
    }
    return not_found(path.string() +
                     ": the folder holds neither *.poses.json nor *_keypoints.json nor *.poses.csv, nor do those below "
                     "it");
  }
  const std::string extension = path.extension().string();
  if (extension == ".mat") return guess_mat(path, options);
  const std::string begin = beginning_of(path);
  if (is_json_lines(begin)) return PoseFormat::kPoise;
  if (is_csv(begin) || (extension == ".csv" && !is_json(begin))) return PoseFormat::kCsv;
  return guess_json(path);
}

Result<PoseSet> read_pose_set(const fs::path& path, PoseFormat format, const PoseReadOptions& options) {
  switch (format) {
    case PoseFormat::kCoco:
      return coco_pose_set(path, options);
    case PoseFormat::kMpii:
      return read_mpii(path, options);
    case PoseFormat::kLsp:
    case PoseFormat::kLspet:
      return from_mat(path, options, lsp_from_mat);
    case PoseFormat::kOpenpose:
      return read_openpose(path, options);
    case PoseFormat::kCsv:
      return read_csv(path);
    case PoseFormat::kPosetrack:
    case PoseFormat::kPosetrack17: {
      POISE_TRY(const PosetrackSequence sequence, read_posetrack(path));
      return posetrack_pose_set(sequence);
    }
    case PoseFormat::kPoise:
      break;
  }
  return read_poise(path);
}

}  // namespace poise
