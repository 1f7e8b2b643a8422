#pragma once
// Poses or truths of a whole set of pictures, whatever file they came from: what stands between the formats, and what
// the person metrics measure. Pixels are ours (the centre of the top-left one is (0, 0)): readers and writers convert.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "poise/base/result.h"
#include "poise/formats/mat_file.h"
#include "poise/person/pose.h"

namespace poise {

enum class PoseFormat { kCoco, kMpii, kLsp, kLspet, kOpenpose, kCsv, kPosetrack, kPosetrack17, kPoise };

/// Whose left a "left" joint is: the person's own, or that of whoever looks at the picture. Thread-safe.
enum class Annotated { kUnstated, kPersonCentric, kObserverCentric };
const char* name_of(Annotated annotated);  // "person-centric", "observer-centric", "convention not stated"

struct PoseSet {
  struct Image {
    std::optional<std::int64_t> id;
    std::string name;  // file name; "" where the format has none
    int width = 0;     // 0 where the format does not say
    int height = 0;
    std::vector<Pose> poses;         // predictions: a joint that was not found has NaN for its point and score 0
    std::vector<Annotation> truths;  // or truths; a set holds one of the two
    std::vector<Box> head_boxes;     // MPII, PoseTrack: one a truth; else empty
    std::vector<std::optional<int>> track_ids;  // PoseTrack: one a truth; else empty
    std::vector<std::vector<Point>> ignored;    // PoseTrack: regions where nobody is annotated
  };

  Skeleton skeleton;
  Annotated annotated = Annotated::kUnstated;
  bool is_truth = false;
  bool nameless = false;  // rows without image names (pred.mat, gt_valid.mat): they meet others row by row
  std::vector<Image> images;
  std::vector<std::string> notes;         // what was left out or is odd, to be said aloud
  std::size_t unlisted_image = 0;         // of COCO's annotations left out: those whose image is not listed
  std::int64_t first_unlisted_image = 0;  // the id that the first of them names
  std::size_t unlisted_category = 0;      // likewise
  std::vector<std::string> faults;        // of entries that were passed over (PoseReadOptions::most_faults)

  std::size_t persons() const;
};

struct PoseReadOptions {
  std::optional<Skeleton> skeleton = {};  // counts where the file does not name its joints, if it has as many
  std::size_t most_faults = 0;   // COCO: so many wrong annotations are passed over and named before one is an error
  MatHdf5Reader hdf5 = nullptr;  // for .mat of version 7.3: read_mat_hdf5 (formats/mat_hdf5.h)
};

/// By extension and content: .mat (LSP, LSPET or MPII by its variables), .csv, a folder (of *_keypoints.json or
/// *.poses.json), .json (COCO, MPII, OpenPose, PoseTrack17 or ours by its members; PoseTrack18 is taken for COCO, whose
/// members it has). Errors: kMalformed where none fits.
Result<PoseFormat> guess_format(const std::filesystem::path& path, const PoseReadOptions& options = {});
/// Errors: kNotFound, kIo, kMalformed (naming the entry), kTooLarge (JSON of 1 GiB, .mat of 256 MiB), kInvalidArgument
/// (a skeleton that does not fit); messages start with the path.
Result<PoseSet> read_pose_set(const std::filesystem::path& path, PoseFormat format,
                              const PoseReadOptions& options = {});

/// The set in another format; files are written whole or not at all. coco: results, or annotations of a truth. mpii:
/// pred.mat (rows in the set's order), or the authors' JSON of a truth. lsp: `pred` 2x14xN, or `joints` 3x14xN of a
/// truth; lspet: `joints` 14x3xN of a truth. openpose, poise: a folder, a file a picture; csv: one file. posetrack and
/// posetrack17: one sequence, of truths or predictions, with what they alone have (read by posetrack or posetrack17,
/// which read both): ids of truths, head boxes, ignored regions. A truth in a
/// format of predictions: labelled joints get score 1. Joints are matched by name where the format has its own
/// skeleton. `notes` gets what could not be carried over. Errors: kInvalidArgument (the format cannot hold the set),
/// kIo.
Status write_pose_set(const PoseSet& set, PoseFormat format, const std::filesystem::path& out,
                      std::vector<std::string>& notes);

const char* name_of(PoseFormat format);
Result<PoseFormat> format_by_name(const std::string& name);  // coco mpii lsp lspet openpose csv posetrack ...
const std::vector<std::string>& format_names();

/// The built-in skeleton of exactly these joints in this order, else one made of the names: sides and flip pairs
/// follow left_ and right_. Errors: kMalformed (an empty or repeated name).
Result<Skeleton> skeleton_of_joints(const std::vector<std::string>& names, const std::vector<Limb>& limbs = {});

}  // namespace poise
