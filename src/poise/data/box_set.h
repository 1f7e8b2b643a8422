#pragma once
// Pictures with boxes around the people in them, to learn detection from. Boxes count from the edges of pixels:
// geometry/box.h. Reads files, with no state of its own: thread-safe.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

#include "poise/base/json.h"
#include "poise/geometry/box.h"

namespace poise {

struct BoxedPicture {
  std::filesystem::path path;
  Size picture;              // as the file of boxes says
  std::vector<Box> persons;  // not empty boxes, whole or in part within the picture
  std::vector<Box> ignored;  // neither persons nor background: crowds, doubtful ones
};
using BoxSet = std::vector<BoxedPicture>;

/// COCO's form: "images" with id, file_name, width, height, "annotations" with image_id and bbox; those with iscrowd or
/// ignore set are ignored boxes. With "categories" only those named person count, without them all. A picture without
/// annotations holds nobody, and is what the network learns background from. Errors: kNotFound, kIo, kMalformed (naming
/// the entry), kTooLarge (over 256 MiB), kInvalidArgument (no picture); messages start with the path.
Result<BoxSet> read_box_set(const std::filesystem::path& annotations, const std::filesystem::path& images);
/// The same of parsed JSON.
Result<BoxSet> parse_box_set(const Json& json, const std::filesystem::path& images);

/// Every `nth` picture for validation, the others to learn from. nth >= 2.
struct SplitBoxSet {
  BoxSet train, val;
};
SplitBoxSet split_box_set(BoxSet set, std::size_t nth);

}  // namespace poise
