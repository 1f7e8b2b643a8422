#pragma once
// Pictures without end, by several processes that may be killed at any moment: each picture has an id, each process
// does its shard of the ids, and what is done is written in parts, JSON Lines that get their names when they are whole.
// A later run reads the ids back from them and does the rest: every id is once in the parts, or once among the
// failures.
// One thread at a time a folder.

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "poise/formats/manifest.h"
#include "poise/formats/writers.h"
#include "poise/image/codec.h"
#include "poise/infer/pose_finder.h"

namespace poise {

struct BulkFolderOptions {
  std::filesystem::path folder = {};
  Shard shard = {};
  bool resume = false;       // results of this shard may be there, and are gone on with
  std::size_t part = 500;    // pictures a file holds at most: no more are lost where a process is killed
  double part_seconds = 60;  // a file is closed after so long
};

/// The folder of results: part-00003-of-00064-000001.jsonl, a line {"id", "source", "width", "height", "persons"} a
/// picture; failed-00003-of-00064-000001.jsonl, a line {"id", "source", "error"} each that could not be done; run.json,
/// which says of which model and settings all of them are. Who removes files of failures gets those tried again. One
/// thread at a time; several shards' processes may write into one folder.
class BulkFolder {
 public:
  /// Reads back what is done, of any number of shards. Errors: kInvalidArgument (results of this shard, without
  /// `resume`; a folder of another model or settings; another process does this shard), kMalformed (a line that is none
  /// of ours), kIo; messages start with the path.
  static Result<BulkFolder> open(BulkFolderOptions options, const Skeleton& skeleton, const Provenance& provenance);
  BulkFolder(BulkFolder&& other) noexcept;
  BulkFolder& operator=(BulkFolder&&) = delete;
  ~BulkFolder();

  bool is_done(const std::string& id) const { return done_.contains(id); }
  /// Part files get their names when they are full or old, and in finish(). Errors: kIo.
  Status add(const std::string& id, const FrameResult& found);
  Status add_failure(const std::string& id, const std::string& source, const std::string& error);
  Status finish();
  std::size_t parts() const { return parts_; }                  // that were written
  std::size_t failed_before() const { return failed_before_; }  // of this shard, by earlier runs

 private:
  BulkFolder(BulkFolderOptions options, std::size_t joints) : options_(std::move(options)), joints_(joints) {}
  Status lock();
  Status check_run(const Skeleton& skeleton, const Provenance& provenance) const;
  Status read_back();
  Status read_ids(const std::filesystem::path& file);
  Status count_and_commit();
  std::string name_of(const char* kind, std::size_t number) const;

  BulkFolderOptions options_;
  std::size_t joints_ = 0;
  std::unordered_set<std::string> done_;  // of this shard
  std::size_t next_ = 1, parts_ = 0, held_ = 0, failed_before_ = 0;
  std::string results_, failures_;  // lines that have no file yet
  std::chrono::steady_clock::time_point begun_;
  int lock_ = -1;
};

struct BulkReport {
  std::size_t before = 0;         // that earlier runs did ...
  std::size_t failed_before = 0;  // ... or could not do
  std::size_t pictures = 0, persons = 0, failed = 0;
  std::size_t parts = 0;
  bool stopped = false;
};

struct BulkOptions {
  DecodeOptions decode = {};
  std::function<bool()> stop = {};  // asked before each picture: true ends the run after those begun
  /// Called after each picture: how many of this run's are done, of how many, and its id.
  std::function<void(std::size_t done, std::size_t total, const std::string& id)> progress = {};
};

/// Finds everyone in those of `entries` that are not done yet. What cannot be read is a failure in the folder, not an
/// error. Errors: kIo, of writing; what was committed before stays.
Result<BulkReport> run_bulk(const std::vector<ManifestEntry>& entries, PoseFinder& finder, BulkFolder& folder,
                            const BulkOptions& options = {});

}  // namespace poise
