#pragma once
// The truth of a COCO data set, as measuring wants it: rows of plain arrays, in doubles as the file gives them.

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "poise/base/file.h"
#include "poise/base/result.h"

namespace poise {

/// Which joints of a person are read. The first is COCO's own member "keypoints"; the others are COCO-WholeBody's, with
/// the names of xtcocotools (cocoeval.py, _prepare); kWholeBody is all five, body first. kNone: boxes alone.
enum class CocoPart { kBody, kFoot, kFace, kLeftHand, kRightHand, kWholeBody, kNone };

struct CocoTruth {
  struct Image {
    std::int64_t id = 0;
    std::string file_name;
    double crowd_index = -1;  // CrowdPose's; -1 where the file does not give it
    int width = 0;            // pixels; 0 where the file does not give them
    int height = 0;
  };
  struct Category {
    std::int64_t id = 0;
    std::string name;
    std::vector<std::string> keypoints;  // joint names, where the file gives them
  };

  std::vector<Image> images;         // by id, each id once
  std::vector<Category> categories;  // by id, each id once
  int joints = 0;                    // of every truth; 0 where nobody has any

  // One row a truth, in the file's order.
  std::vector<std::int64_t> id;
  std::vector<int> image, category;  // indices above
  std::vector<std::array<double, 4>> box;
  std::vector<double> area;  // -1 where the file does not give it
  std::vector<std::uint8_t> crowd;
  std::vector<int> num_keypoints;  // the file's; where it gives none, counted from v > 0
  std::vector<double> keypoints;   // 3 * joints a row: x, y, v; all 0 where the file gives none

  // What was left out, or is odd: to be said aloud.
  std::size_t duplicate_images = 0;      // an image listed again counts once, as in cocoapi
  std::size_t unknown_image = 0;         // truths whose image is not listed: left out, as in cocoapi
  std::int64_t first_unknown_image = 0;  // the image_id of the first of them
  std::size_t unknown_category = 0;      // likewise
  std::size_t without_keypoints = 0;     // truths without the member: as if no joint were labelled
  std::size_t without_area = 0;
  bool has_id_zero = false;         // cocoapi takes a match with it for a miss
  std::vector<std::string> faults;  // of entries that were passed over, where the reader was to go on after one

  std::size_t size() const { return id.size(); }
  /// Index of the image or category, -1 where it is not listed.
  int find_image(std::int64_t image_id) const;
  int find_category(std::int64_t category_id) const;
};

/// Streams: a file of any size with bounded memory beside the rows. Errors: kNotFound, kIo, kMalformed (broken JSON; a
/// missing or wrong member: "annotations[3].bbox must be ..."; two truths of one id; joint counts that differ),
/// kTooLarge; messages start with the path. most_faults: so many wrong entries are passed over and named in
/// CocoTruth::faults before one is an error. Reads files, with no state of its own: thread-safe.
Result<CocoTruth> read_coco_truth(const std::filesystem::path& path, CocoPart part = CocoPart::kBody,
                                  std::size_t most_faults = 0);
Result<CocoTruth> parse_coco_truth(BytesView bytes, CocoPart part = CocoPart::kBody);

/// The members of a part, and the member of its score: {"foot_kpts"}, "foot_score".
std::vector<std::string> keypoint_members(CocoPart part);
std::string score_member(CocoPart part);

}  // namespace poise
