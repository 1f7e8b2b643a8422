#pragma once
// People followed through a video, on their way into files: a file that grows, a file a frame, or a file a person. What
// a format writes stands in its own file (formats/mot.cc for one); output_formats.h lists them.

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "poise/base/file.h"
#include "poise/formats/writers.h"
#include "poise/person/timed_frame.h"

namespace poise {

/// What a format is told before the first frame.
struct SequenceTarget {
  std::filesystem::path stem;  // folder and beginning of the files' names: "out/match"
  Skeleton skeleton;
  Provenance provenance;
  float min_score = 0;            // joints under it were not seen, for formats that can say so
  double frames_per_second = 30;  // of the source; the times of two frames or more say it better
};

/// One thread at a time.
class SequenceSink {
 public:
  virtual ~SequenceSink() = default;
  /// Errors: kIo.
  virtual Status add(const TimedFrame& frame) = 0;
  /// The files get their names: without it nothing is left, but for files of single frames. Once. Errors: kIo.
  virtual Status finish() = 0;
  /// What finish() leaves, or has left; a folder of files a frame is one.
  virtual std::vector<std::filesystem::path> files() const = 0;
};

using OpenSequence = Result<std::unique_ptr<SequenceSink>> (*)(const SequenceTarget& target);

/// A format whose text grows with the frames: one file, stem + ending, under a temporary name until the end. Memory
/// does not grow.
class TextSequence : public SequenceSink {
 public:
  TextSequence(SequenceTarget target, std::filesystem::path path, GrowingFile file)
      : target_(std::move(target)), path_(std::move(path)), file_(std::move(file)) {}
  Status add(const TimedFrame& frame) final;
  Status finish() final;
  std::vector<std::filesystem::path> files() const final { return {path_}; }

 protected:
  const SequenceTarget& target() const { return target_; }

 private:
  virtual std::string begin() { return ""; }
  virtual std::string of_frame(const TimedFrame& frame) = 0;
  virtual std::string end() { return ""; }
  Status begin_once();

  SequenceTarget target_;
  std::filesystem::path path_;
  GrowingFile file_;
  bool begun_ = false;
};

/// Opens a TextSequence that has a constructor of the base's arguments and a kEnding. Errors: kIo.
template <typename T>
Result<std::unique_ptr<SequenceSink>> open_text(const SequenceTarget& target) {
  std::filesystem::path path = target.stem.string() + T::kEnding;
  POISE_TRY(GrowingFile file, GrowingFile::create(path));
  return std::unique_ptr<SequenceSink>(std::make_unique<T>(target, std::move(path), std::move(file)));
}

/// One person from the first to the last frame of theirs.
struct PersonTrack {
  struct Moment {
    std::int64_t frame = 0;  // of the source
    double seconds = 0;
    std::vector<Keypoint> keypoints;  // empty: not seen in this frame
  };
  int id = 0;
  double frames_per_second = 30;  // of the frames that were taken
  std::vector<Moment> moments;    // one a frame that was taken
};

/// A format with a file a person, stem + "_person7" + ending, written at the end. What comes waits in a temporary file
/// beside the stem; memory holds one person at a time, and a few bytes a person and frame.
class PersonSequence : public SequenceSink {
 public:
  PersonSequence(SequenceTarget target, const char* ending, GrowingFile waiting)
      : target_(std::move(target)), ending_(ending), waiting_(std::move(waiting)) {}
  Status add(const TimedFrame& frame) final;
  Status finish() final;
  std::vector<std::filesystem::path> files() const final { return files_; }

 protected:
  const SequenceTarget& target() const { return target_; }

 private:
  virtual std::string of_person(const PersonTrack& track) = 0;
  Result<PersonTrack> read(int id, const std::vector<std::pair<std::uint32_t, std::uint64_t>>& places) const;

  SequenceTarget target_;
  const char* ending_;
  GrowingFile waiting_;
  std::uint64_t records_ = 0;
  std::vector<std::pair<std::int64_t, double>> frames_;  // index and seconds
  /// Of each person: place in frames_, and record.
  std::map<int, std::vector<std::pair<std::uint32_t, std::uint64_t>>> places_;
  std::vector<std::filesystem::path> files_;
};

/// Opens a PersonSequence that has a constructor of the base's arguments and a kEnding. Errors: kIo.
template <typename T>
Result<std::unique_ptr<SequenceSink>> open_persons(const SequenceTarget& target) {
  POISE_TRY(GrowingFile waiting, GrowingFile::create(target.stem.string() + T::kEnding));
  return std::unique_ptr<SequenceSink>(std::make_unique<T>(target, T::kEnding, std::move(waiting)));
}

/// Frames a second of frames at these times, `otherwise` where there are fewer than two.
double frame_rate(const std::vector<std::pair<std::int64_t, double>>& frames, double otherwise);

}  // namespace poise
