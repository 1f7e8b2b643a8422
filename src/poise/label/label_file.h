#pragma once
// Labels on their way to a file: what is known of each picture is kept in a journal beside it, so that a run that was
// stopped, or killed, goes on where it was; at the end the journal becomes COCO annotations. One thread at a time.

#include <cstddef>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "poise/base/json.h"
#include "poise/base/result.h"
#include "poise/label/labeller.h"
#include "poise/skeleton/skeleton.h"

namespace poise {

struct LabelledPicture {
  std::string file_name;
  Size size;  // pixels as stored
  std::vector<LabelledPerson> people;
};

struct LabelFileOptions {
  Json settings = Json::object();  // how the labels come about: a run goes on only with the same
  float sure_box = 0;              // boxes that score less are marked "ignore": there may be somebody
  std::size_t min_joints = 1;      // persons with fewer kept joints have none: their box alone
};

struct LabelTotals {
  std::size_t pictures = 0, persons = 0, ignored = 0, joints = 0;
};

class LabelFile {
 public:
  /// Goes on with the journal FILE.part where there is one. Errors: kInvalidArgument (FILE is there and its journal is
  /// not; the journal is of other settings; another run holds it), kMalformed (not a journal), kIo; messages start with
  /// the path.
  static Result<LabelFile> open(const std::filesystem::path& file, const Skeleton& skeleton, LabelFileOptions options);
  LabelFile(LabelFile&& other) noexcept;
  LabelFile& operator=(LabelFile&&) = delete;
  ~LabelFile();

  bool has(const std::string& file_name) const { return pictures_.contains(file_name); }
  std::size_t size() const { return pictures_.size(); }
  /// Into the journal, at once. Errors: kIo.
  Status add(const LabelledPicture& picture);
  /// Writes FILE: COCO annotations of those of `names` that were added, in this order, with the ids 1, 2, ... Errors:
  /// kIo.
  Result<LabelTotals> write(std::span<const std::string> names) const;
  /// The journal is needed no more.
  void remove_journal();

  /// Of those of `names` that were added, to look at: half of them the least sure, half spread evenly. Poses are of the
  /// skeleton, with their scores; of joints not kept the score is 0.
  struct Sample {
    std::string file_name;
    Pose pose;
  };
  std::vector<Sample> sample(std::span<const std::string> names, std::size_t most) const;

 private:
  LabelFile(std::filesystem::path file, const Skeleton& skeleton, LabelFileOptions options)
      : file_(std::move(file)), skeleton_(skeleton), options_(std::move(options)) {}
  std::filesystem::path journal() const { return file_.string() + ".part"; }
  Status lock();
  Status go_on();
  Status begin();
  Status append(const std::string& line);

  std::filesystem::path file_;
  Skeleton skeleton_;
  LabelFileOptions options_;
  int journal_fd_ = -1;
  std::map<std::string, Json> pictures_;  // by file name: the journal's entries
};

}  // namespace poise
