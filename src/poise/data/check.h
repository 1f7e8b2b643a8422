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
  kMissingImage,       // error: the file is not there
  kBrokenImage,        // error: it cannot be decoded
  kOtherSize,          // error: it has another size than the annotations say
  kEmptyBox,           // error: no width or height, or wholly outside the picture
  kJointOutsideImage,  // error: by more than a pixel
  kJointOutsideBox,    // warning: by more than a tenth of the box's longer side
  kSideSwap,           // warning: left and right of a pair look exchanged
  kTinyBox,            // warning: longer side below `tiny`
  kDuplicatePerson,    // warning: nearly the same joints twice in one picture
  kDuplicateImage,     // warning: the same bytes under two names, or one name twice
};
inline constexpr std::size_t kFaults = 10;
const char* name_of(Fault fault);  // "joint outside box"
bool is_error(Fault fault);

struct Finding {
  Fault fault{};
  std::size_t image = 0;  // index in the set
  std::size_t truth = 0;  // in the image, where the fault is a person's
  bool of_person = false;
  std::vector<int> joints;  // that are meant
  std::string detail;       // "left_wrist 34 px outside"
  float badness = 0;        // the larger the worse, within one kind
};

struct CheckOptions {
  int tiny = 32;       // pixels
  int threads = 2;     // that read pictures
  bool decode = true;  // pictures in full; else their presence alone
};

struct CheckReport {
  std::size_t images = 0;
  std::size_t persons = 0;
  std::size_t labelled = 0;                   // joints
  std::array<std::size_t, kFaults> counts{};  // findings by Fault
  std::vector<Finding> findings;              // by fault, worst first; of each the 10,000 worst
  std::size_t errors() const;                 // by the counts, as the next
  std::size_t warnings() const;
};

/// `set` holds truths. images: the folder of its pictures.
CheckReport check_data(const PoseSet& set, const std::filesystem::path& images, const CheckOptions& options = {});

/// What was found, findings by the names of their images and joints. `set`: the one that was checked.
Json to_json(const CheckReport& report, const PoseSet& set);

/// The flip pairs (first joints) whose two joints look exchanged: with them swapped, the limbs to their neighbours
/// would be less than half as long, or the lines from shoulder to hip cross. Pure.
std::vector<int> likely_swaps(const Annotation& truth, const Skeleton& skeleton);

}  // namespace poise
