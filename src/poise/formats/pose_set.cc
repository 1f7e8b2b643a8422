#include "poise/formats/pose_set.h"

#include <algorithm>
#include <utility>

#include "poise/formats/json_elements.h"
#include "poise/formats/pose_readers.h"

namespace poise {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxJson = std::uint64_t{1} << 30U;
constexpr std::uint64_t kMaxPicture = std::uint64_t{64} << 20U;  // one picture's poses
constexpr const char* kOpenposeEnd = "_keypoints.json";
constexpr const char* kPoiseEnd = ".poses.json";

Result<Json> read_json(const fs::path& path, std::uint64_t most) {
  const auto bytes = read_file(path, most);
  if (!bytes.ok()) return bytes.error().prefixed(path.string());
  auto json = parse_json(*bytes);
  if (!json.ok()) return json.error().prefixed(path.string());
  return json;
}

/// The file itself, or of a folder those whose names end so, sorted.
Result<std::vector<fs::path>> files_of(const fs::path& path, const std::string& ending) {
  std::error_code error;
  if (!fs::is_directory(path, error)) return std::vector<fs::path>{path};
  std::vector<fs::path> files;
  for (fs::directory_iterator it(path, error), end; !error && it != end; it.increment(error)) {
    if (it->path().filename().string().ends_with(ending)) files.push_back(it->path());
  }
  if (error) return io_error(path.string() + ": cannot be listed (" + error.message() + ")");
  if (files.empty()) return not_found(path.string() + ": the folder holds no file that ends in " + ending);
  std::sort(files.begin(), files.end());
  return files;
}

Result<PoseSet> read_openpose(const fs::path& path, const PoseReadOptions& options) {
  POISE_TRY(const auto files, files_of(path, kOpenposeEnd));
  PoseSet set;
  std::optional<Skeleton> skeleton = options.skeleton;
  for (const fs::path& file : files) {
    POISE_TRY(const Json json, read_json(file, kMaxPicture));
    auto poses = openpose_poses(json, skeleton);
    if (!poses.ok()) return poses.error().prefixed(file.string());
    PoseSet::Image& image = set.images.emplace_back();
    image.name = file.filename().string();
    const std::string end = kOpenposeEnd;
    if (image.name.ends_with(end)) image.name.resize(image.name.size() - end.size());
    image.poses = std::move(*poses);
  }
  if (!skeleton) {  // nobody in any picture
    POISE_TRY(skeleton, skeleton_of_joints(body25_joints()));
  }
  set.skeleton = std::move(*skeleton);
  return set;
}

Result<PoseSet> read_poise(const fs::path& path) {
  POISE_TRY(const auto files, files_of(path, kPoiseEnd));
  PoseSet set;
  for (const fs::path& file : files) {
    POISE_TRY(const Json json, read_json(file, kMaxPicture));
    const Status added = add_poses_json(json, set);
    if (!added.ok()) return added.error().prefixed(file.string());
  }
  return set;
}

Result<PoseSet> read_csv(const fs::path& path) {
  POISE_TRY(const Bytes bytes, [&]() -> Result<Bytes> {
    auto read = read_file(path, kMaxJson);
    return read.ok() ? std::move(read) : Result<Bytes>(read.error().prefixed(path.string()));
  }());
  auto set = csv_pose_set({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  if (!set.ok()) return set.error().prefixed(path.string());
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
  if (path.filename().string().ends_with(kPoiseEnd)) return PoseFormat::kPoise;
  if (path.filename().string().ends_with(kOpenposeEnd)) return PoseFormat::kOpenpose;
  if (!*more) return PoseFormat::kCoco;
  if (batch.array == "people") return PoseFormat::kOpenpose;
  if (batch.array == "annolist") return PoseFormat::kPosetrack17;
  return batch.array == "persons" ? PoseFormat::kPoise : PoseFormat::kCoco;
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
    if (files_of(path, kPoiseEnd).ok()) return PoseFormat::kPoise;
    if (files_of(path, kOpenposeEnd).ok()) return PoseFormat::kOpenpose;
    return not_found(path.string() + ": the folder holds neither *.poses.json nor *_keypoints.json");
  }
  const std::string extension = path.extension().string();
  if (extension == ".csv") return PoseFormat::kCsv;
  if (extension != ".mat") return guess_json(path);
  POISE_TRY(const auto variables, read_mat(path, options.hdf5));
  for (const MatVariable& variable : variables) {
    if (variable.name == "preds" || variable.name == "pos_gt_src") return PoseFormat::kMpii;
  }
  if (is_lsp(variables)) return PoseFormat::kLsp;
  return malformed(path.string() +
                   ": neither of the Leeds sets (joints 3x14xN or 14x3xN, predictions 2x14xN) nor of MPII "
                   "(pos_gt_src 16x2xN, preds Nx16x2); it holds " +
                   describe(variables));
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
