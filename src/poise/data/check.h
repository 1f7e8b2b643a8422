#pragma once
// Faults of labels that spoil training, found before it starts.

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "poise/base/json.h"
#include "poise/formats/pose_set.h"

namespace poise {

enum class Fault {
  kEmptySet,           // error: nobody has a labelled joint
  kWrongEntry,         // error: an annotation that cannot be read
  kUnlistedImage,      // error: annotations of images, or categories, that the file does not list
  kMissingImage,       // error: the file is not there, or the folder
  kBrokenImage,        // error: it cannot be decoded
  kOtherSize,          // error: it has another size than the annotations say
  kNormalised,         // error: numbers of 0 to 1 where pixels are wanted
  kEmptyBox,           // error: no width or height, or wholly outside the picture
  kJointOutsideImage,  // error: by more than a pixel
  kJointOutsideBox,    // warning: by more than a tenth of the box's longer side
  kSideSwap,           // warning: left and right of a pair look exchanged
  kTinyBox,            // warning: longer side below `tiny`
  kDuplicatePerson,    // warning: nearly the same joints twice in one picture
  kDuplicateImage,     // warning: the same bytes under two names, or one file twice
};
inline constexpr std::size_t kFaults = 14;
const char* name_of(Fault fault);  // "joint outside box"
bool is_error(Fault fault);

struct Finding {
  Fault fault{};
  std::size_t image = 0;  // index in the set
  std::size_t truth = 0;  // in the image, where the fault is a person's
  bool of_person = false;
  bool of_set = false;      // neither an image's nor a person's
  std::vector<int> joints;  // that are meant
  std::string detail;       // "left_wrist 34 px outside"
  float badness = 0;        // the larger the worse, within one kind
  std::size_t entries = 1;  // that this one stands for
};

struct CheckOptions {
  int tiny = 32;       // pixels
  int threads = 2;     // that read pictures
  bool decode = true;  // pictures in full; else their presence alone
};

/// How a joint is labelled, over all persons but crowds.
struct JointFigures {
  std::size_t visible = 0, occluded = 0;  // the rest of the persons have no label for it
};

struct CheckReport {
  std::size_t images = 0;
  std::size_t persons = 0;
  std::size_t labelled = 0;                   // joints
  std::vector<JointFigures> joints;           // of the skeleton, in its order
  std::array<std::size_t, kFaults> counts{};  // findings by Fault; one may stand for several entries
  std::vector<Finding> findings;              // by fault, worst first; of each the 10,000 worst
  std::size_t errors() const;                 // by the counts, as the next
  std::size_t warnings() const;
};

/// `set` holds truths, read with PoseReadOptions::most_faults where all wrong entries are to be told at once. images:
/// the folder of its pictures (image/picture_folder.h has the rule).
CheckReport check_data(const PoseSet& set, const std::filesystem::path& images, const CheckOptions& options = {});

/// What was found, findings by the names of their images and joints. `set`: the one that was checked.
Json to_json(const CheckReport& report, const PoseSet& set);

/// The flip pairs (first joints) whose two joints look exchanged: with them swapped, the limbs to their neighbours
/// would be less than half as long, or the lines from shoulder to hip cross. Pure.
std::vector<int> likely_swaps(const Annotation& truth, const Skeleton& skeleton);

}  // namespace poise
