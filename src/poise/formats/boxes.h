#pragma once
// Who is where: COCO detections or COCO annotations, matched to picture files. Read by any threads.

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "poise/base/json.h"
#include "poise/person/pose.h"

namespace poise {

struct ImageBoxes {
  std::optional<std::int64_t> image_id;
  std::optional<Size> size = {};   // pixels, where annotations give it
  std::vector<PersonBox> persons;  // in the file's order
  bool maybe_corners = false;      // all boxes of the file could be x1, y1, x2, y2
  std::size_t far_beyond = 0;      // of annotations: boxes that reached far beyond `size` before they were cut to it
};

/// Whether it ends beyond the picture by more than a twentieth of the picture.
bool reaches_far_beyond(const Box& box, Size picture);

/// What of a file became nobody, by reason: to be said aloud.
struct BoxesLeftOut {
  std::size_t other_category = 0;  // not the one for people
  std::size_t crowd = 0;           // regions of many
  std::size_t no_joints = 0;       // persons without a labelled joint
  std::size_t no_area = 0;         // whose area is given and not above 0
  std::size_t outside = 0;         // nothing of the box lies in the picture of the size the file gives
};

class BoxesFile {
 public:
  /// Detections: an array of {image_id | file_name, bbox, score, category_id?}, or {"detections": [the same]}; other
  /// categories than 1 are passed over; boxes stay as the file gives them. Whole numbers may be written as 17.0.
  /// Annotations: {images, annotations, categories?}, read as Simple Baselines reads its ground truth
  /// (lib/dataset/coco.py, _load_coco_keypoint_annotation_kernal): crowd regions, persons without keypoints
  /// (num_keypoints or the largest keypoint entry 0; a file that gives neither is taken whole) and those whose area is
  /// given and not above 0 are passed over, other categories than the one named "person" (else the one named "pose",
  /// the only one with joint names, or the only one; without categories, 1) too. Where the image's width and height are
  /// given, boxes go through clean_box, and a person whose box is then empty is passed over; PersonBox::annotated is
  /// the box within the picture. Score 1. "exif_applied" at the top of an object form is kept; so is that of any
  /// detection (pictures that needed no turning have none).
  /// Poses of ours ("poise_poses", one picture): their boxes, with the scores of the boxes.
  /// Errors: kMalformed, naming the entry: "annotations[3].bbox must be four finite numbers"; or where all boxes lie
  /// within two pixels, as shares of the picture do.
  static Result<BoxesFile> parse(BytesView bytes);
  /// A file; or a folder, of which all *.poses.json are read, in the folders below it too. Errors as parse and
  /// read_file (1 GiB at most), kNotFound where a folder holds none; messages start with the path.
  static Result<BoxesFile> read(const std::filesystem::path& path);

  /// By file_name: the longest run of trailing path parts that agrees, at least the last one; of several images that
  /// agree equally well, one whose whole name agrees, else the first of the file. Else, for detections without file
  /// names, by image_id against the number that ends the file's stem. nullptr where the file does not speak of this
  /// picture; a picture it names without a person has an empty list.
  const ImageBoxes* find(const std::filesystem::path& picture) const;
  /// By the id that the file itself gives; nullptr where it has none such.
  const ImageBoxes* find(std::int64_t image_id) const;

  /// Whether entries name files: then find() by path is surer than by an id, which may count something else.
  bool is_named() const { return !by_name_.empty(); }
  bool is_annotations() const { return is_annotations_; }
  bool exif_applied() const { return exif_applied_; }
  std::size_t image_count() const { return images_.size(); }
  /// Persons of pictures that none of `taken` is (answers of find()): to be said aloud.
  std::size_t persons_beside(const std::set<const ImageBoxes*>& taken) const;
  const BoxesLeftOut& left_out() const { return left_out_; }
  /// The same in words, one line a reason: "2 detections left out: of another category than 1, people"; and which files
  /// of a folder were not read.
  std::vector<std::string> notes() const;

 private:
  Status add_detections(const Json::Array& entries);
  Status add_annotations(const Json& file);
  Status add_poses(const Json& file, std::set<std::string>& seen);
  static Result<BoxesFile> read_folder(const std::filesystem::path& folder);
  std::size_t add_image(std::optional<std::int64_t> id, const std::string& name);

  bool is_annotations_ = false;
  bool exif_applied_ = false;
  BoxesLeftOut left_out_;
  std::string not_read_;  // files of a folder, in words
  std::vector<ImageBoxes> images_;
  std::vector<std::string> names_;                   // of images_, "" where only the id is known
  std::multimap<std::string, std::size_t> by_name_;  // last path part -> image
  std::map<std::int64_t, std::size_t> by_id_;
};

}  // namespace poise
