#pragma once
// Detections in COCO's results format, as measuring wants them: rows of plain arrays, in doubles as the file gives
// them. Reads files, with no state of its own: thread-safe.

#include <array>
#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "poise/base/file.h"
#include "poise/base/result.h"
#include "poise/formats/coco_ground_truth.h"
#include "poise/person/pose.h"

namespace poise {

struct CocoResultsOptions {
  CocoPart part = CocoPart::kBody;  // must be what the truth was read with
  /// Of one image and category the best so many are kept, of equal scores the earlier; more count for nothing in COCO's
  /// metrics (20 for keypoints, 100 for boxes), and so a file of any size takes bounded memory. 0: all.
  int max_per_image = 20;
  bool drop_unseen =
      false;        // xtcocotools (cocoeval.py, _prepare): a detection without a joint of v > 0 is no detection
  int threads = 0;  // that parse; 0: as many as there are processors
};

struct CocoResults {
  int joints = 0;
  bool has_boxes = false;  // the file gives them

  // One row a detection that was kept, by category, image, falling score, place in the file.
  std::vector<std::uint64_t> index;  // place in the file
  std::vector<int> image, category;  // indices in the truth
  std::vector<double> score;
  std::vector<double> area;                // as cocoapi's COCO.loadRes: see below
  std::vector<std::array<double, 4>> box;  // x, y, width, height; around the joints where the file gives none
  std::vector<double> keypoints;           // 3 * joints a row: x, y, score

  // What was left out, to be said aloud.
  std::uint64_t in_file = 0;
  std::uint64_t beyond_max = 0;        // worse than the best max_per_image
  std::uint64_t unseen = 0;            // dropped by drop_unseen
  std::uint64_t unknown_category = 0;  // of a category the truth does not list

  std::size_t size() const { return score.size(); }
};

/// The area of a detection is width times height of its bbox where the FIRST entry has one (then all must), else of the
/// box around all its "keypoints", zeros too (pycocotools/coco.py, loadRes). An empty list is no detection, not an
/// error. Errors: kNotFound, kIo, kMalformed (broken JSON or NaN; an image the truth has not; another joint count; a
/// missing or wrong member: "results[12].score must be a finite number"), kUnsupported (segmentations without bbox),
/// kTooLarge; messages start with the path.
Result<CocoResults> read_coco_results(const std::filesystem::path& path, const CocoTruth& truth,
                                      const CocoResultsOptions& options = {});
Result<CocoResults> parse_coco_results(BytesView bytes, const CocoTruth& truth, const CocoResultsOptions& options = {});

/// The same of what was found, without a file: bit for bit what reading the file that append_coco_results() or
/// append_coco_detections() writes would give, numbers as they are written there. Each frame has an image id; with
/// CocoPart::kNone poses are boxes and Pose::score. Errors: as above ("results[12]" counts the poses).
Result<CocoResults> coco_results_of(std::span<const FrameResult> frames, const CocoTruth& truth,
                                    const CocoResultsOptions& options = {}, std::int64_t category_id = 1);

}  // namespace poise
