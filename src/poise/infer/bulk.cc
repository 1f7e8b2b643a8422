#include "poise/infer/bulk.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <optional>
#include <system_error>
#include <utility>

#include "poise/base/file.h"
#include "poise/base/version.h"
#include "poise/person/written_scores.h"

namespace poise {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPart = "part";
constexpr const char* kFailed = "failed";
constexpr const char* kEnding = ".jsonl";
constexpr std::uint64_t kMostPartBytes = 4ULL << 30U;

std::string digits(std::size_t number, int width) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%0*zu", width, number);
  return text.data();
}

/// "part-00003-of-00064-".
std::string start_of(const char* kind, const Shard& shard) {
  constexpr int kWidth = 5;
  return std::string(kind) + "-" + digits(static_cast<std::size_t>(shard.number), kWidth) + "-of-" +
         digits(static_cast<std::size_t>(shard.count), kWidth) + "-";
}

Json run_json(const Skeleton& skeleton, const Provenance& provenance) {
  return Json::Object{{"poise_bulk", 1},
                      {"poise_version", kVersion},
                      {"model", Json::Object{{"file", provenance.model}, {"sha256", provenance.model_hash}}},
                      {"settings", provenance.settings},
                      {"skeleton", to_json(skeleton)}};
}

/// Without what may differ between two runs of the same kind.
std::string essence_of(Json run) {
  run.set("poise_version", nullptr);
  return run.dump();
}

}  // namespace

Result<BulkFolder> BulkFolder::open(BulkFolderOptions options, const Skeleton& skeleton, const Provenance& provenance) {
  if (options.part == 0) return invalid_argument("a part must hold at least one picture");
  POISE_RETURN_IF_ERROR(prepare_folder(options.folder));
  BulkFolder folder(std::move(options), skeleton.joints.size());
  Status status = folder.lock();
  if (status.ok()) status = folder.check_run(skeleton, provenance);
  if (status.ok()) status = folder.read_back();
  if (!status.ok()) return status.error().prefixed(folder.options_.folder.string());
  folder.begun_ = std::chrono::steady_clock::now();
  return folder;
}

BulkFolder::BulkFolder(BulkFolder&& other) noexcept
    : options_(std::move(other.options_)),
      joints_(other.joints_),
      done_(std::move(other.done_)),
      next_(other.next_),
      parts_(other.parts_),
      held_(other.held_),
      failed_before_(other.failed_before_),
      results_(std::move(other.results_)),
      failures_(std::move(other.failures_)),
      begun_(other.begun_),
      lock_(std::exchange(other.lock_, -1)) {}

BulkFolder::~BulkFolder() {
  if (lock_ >= 0) ::close(lock_);
}

std::string BulkFolder::name_of(const char* kind, std::size_t number) const {
  constexpr int kWidth = 6;
  return start_of(kind, options_.shard) + digits(number, kWidth) + kEnding;
}

/// Two processes of one shard would do everything twice.
Status BulkFolder::lock() {
  const fs::path file = options_.folder / ("." + start_of("shard", options_.shard) + "lock");
  lock_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (lock_ < 0) return io_error("cannot make a lock: " + std::error_code(errno, std::generic_category()).message());
  if (::flock(lock_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    return invalid_argument("another process does shard " + std::to_string(options_.shard.number) + " of " +
                            std::to_string(options_.shard.count) + " here");
  }
  return {};
}

Status BulkFolder::check_run(const Skeleton& skeleton, const Provenance& provenance) const {
  const fs::path file = options_.folder / "run.json";
  const Json own = run_json(skeleton, provenance);
  std::error_code ignored;
  if (!fs::exists(file, ignored)) return write_file_atomic(file, own.dump(2) + "\n");
  POISE_TRY(const Bytes bytes, read_file(file, kMostPartBytes));
  const auto there = parse_json(bytes);
  if (!there.ok()) return there.error().prefixed("run.json");
  if (essence_of(*there) != essence_of(own)) {
    return invalid_argument(
        "the results here are of another model or other settings (run.json says which): take another folder");
  }
  return {};
}

Status BulkFolder::read_back() {
  const std::string own = start_of(kPart, options_.shard), own_failed = start_of(kFailed, options_.shard);
  std::error_code error;
  std::vector<fs::path> files;
  for (fs::directory_iterator entry(options_.folder, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (!name.ends_with(kEnding)) continue;
    if (!name.starts_with(std::string(kPart) + "-") && !name.starts_with(std::string(kFailed) + "-")) continue;
    files.push_back(entry->path());
    const std::size_t start = name.starts_with(own) ? own.size() : name.starts_with(own_failed) ? own_failed.size() : 0;
    if (start == 0) continue;
    if (!options_.resume) {
      return invalid_argument("results of this shard are here already: option \"resume\" goes on with them");
    }
    std::size_t number = 0;
    std::from_chars(name.data() + start, name.data() + name.size(), number);
    next_ = std::max(next_, number + 1);
  }
  if (error) return io_error("cannot list the folder: " + error.message());
  for (const fs::path& file : files) POISE_RETURN_IF_ERROR(read_ids(file));
  return {};
}

Status BulkFolder::read_ids(const fs::path& file) {
  const std::string name = file.filename().string();
  const auto bytes = read_file(file, kMostPartBytes);
  if (!bytes.ok()) return bytes.error().prefixed(name);
  const std::string_view text(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  const bool is_failure = name.starts_with(std::string(kFailed) + "-");
  std::size_t number = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const auto line = parse_json(text.substr(at, end - at));
    const auto id = line.ok() ? line->string("id") : Result<std::string>(line.error());
    ++number;
    if (!id.ok()) return id.error().prefixed(name + ", line " + std::to_string(number));
    if (options_.shard.has(*id) && done_.insert(*id).second && is_failure) ++failed_before_;
    at = end + 1;
  }
  return {};
}

Status BulkFolder::add(const std::string& id, const FrameResult& found) {
  FrameResult frame = found;
  written_scores(frame.poses);
  const Json line = Json::Object{{"id", id},
                                 {"source", frame.source},
                                 {"width", frame.width},
                                 {"height", frame.height},
                                 {"persons", persons_json(frame, joints_)}};
  results_ += line.dump() + "\n";
  done_.insert(id);
  return count_and_commit();
}

Status BulkFolder::add_failure(const std::string& id, const std::string& source, const std::string& error) {
  failures_ += Json(Json::Object{{"id", id}, {"source", source}, {"error", error}}).dump() + "\n";
  done_.insert(id);
  return count_and_commit();
}

Status BulkFolder::count_and_commit() {
  const double age = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun_).count();
  return ++held_ < options_.part && age < options_.part_seconds ? Status{} : finish();
}

Status BulkFolder::finish() {
  if (held_ == 0) return {};
  for (const auto& [kind, text] : {std::pair{kFailed, &failures_}, std::pair{kPart, &results_}}) {
    if (text->empty()) continue;
    POISE_RETURN_IF_ERROR(write_file_atomic(options_.folder / name_of(kind, next_), *text));
    ++parts_;
    text->clear();
  }
  ++next_;
  held_ = 0;
  begun_ = std::chrono::steady_clock::now();
  return {};
}

Result<BulkReport> run_bulk(const std::vector<ManifestEntry>& entries, PoseFinder& finder, BulkFolder& folder,
                            const BulkOptions& options) {
  BulkReport report;
  std::vector<const ManifestEntry*> left;
  for (const ManifestEntry& entry : entries) {
    if (!folder.is_done(entry.id)) left.push_back(&entry);
  }
  report.before = entries.size() - left.size();
  report.failed_before = folder.failed_before();
  std::optional<Error> broken;
  PipelineOptions pipeline;
  pipeline.stop = [&] {
    report.stopped = report.stopped || (options.stop && options.stop());
    return report.stopped || broken;
  };
  const auto read = [&](std::size_t i, const AdmitPixels& admit) {
    return finder.people().picture(left[i]->path, options.decode.admitted_by(admit));
  };
  std::size_t done = 0;
  run_pipeline(
      left.size(), finder, read,
      [&](std::size_t i, Result<PipelineAnswer> answer) {
        if (broken) return;
        const ManifestEntry& entry = *left[i];
        Status status;
        if (answer.ok()) {
          status = folder.add(entry.id, answer->frame);
          report.pictures += 1;
          report.persons += answer->frame.poses.size();
        } else {
          status = folder.add_failure(entry.id, entry.path.string(), answer.error().message);
          report.failed += 1;
        }
        if (!status.ok()) broken = status.error();
        if (options.progress) options.progress(++done, left.size(), entry.id);
      },
      pipeline);
  if (!broken) {
    if (const Status status = folder.finish(); !status.ok()) broken = status.error();
  }
  if (broken) return *broken;
  report.parts = folder.parts();
  return report;
}

}  // namespace poise
