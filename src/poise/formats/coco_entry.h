#pragma once
// One entry of a COCO file, an annotation or a result: the members that measuring needs, checked. Not for users: the
// two readers beside this share it.

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "poise/base/result.h"
#include "poise/formats/json_elements.h"

namespace poise {

struct CocoEntry {
  std::uint64_t index = 0;  // in the file's array
  std::optional<std::int64_t> id, image_id, category_id, num_keypoints;
  std::optional<double> score, area;
  std::optional<std::array<double, 4>> box;  // x, y, width, height; nothing where missing or []
  bool has_segmentation = false;
  bool has_keypoints = false;  // the member "keypoints"
  double extent = 0;           // area of the box around all of "keypoints", zeros too (cocoapi, COCO.loadRes)
  bool crowd = false;
  std::size_t first = 0;  // of its joints in CocoEntries::keypoints, three numbers a joint
  std::size_t joints = 0;
};

struct CocoEntries {
  std::vector<CocoEntry> entries;
  std::vector<double> keypoints;  // x, y, and v or score
};

struct CocoEntryOptions {
  std::vector<std::string> keypoints = {"keypoints"};  // members laid one after the other; empty: none is kept
  std::string score = "score";                         // where an entry has no such member, its "score" counts
};

/// An id that is no integer: "images[0].id must be an integer, it is \"a\": ...", found as JSON. Pure.
Error wrong_id(const std::string& where, const std::string& found);

/// One a thread.
class CocoEntryParser {
 public:
  explicit CocoEntryParser(CocoEntryOptions options);
  ~CocoEntryParser();
  CocoEntryParser(CocoEntryParser&&) noexcept;
  /// Errors: kMalformed, naming the entry: "annotations[3].bbox must be four finite numbers". `array` names what has no
  /// name in the file ("results"). Of equal members the last counts. `into` is written over, so that its memory serves
  /// batch after batch.
  Status parse(const JsonBatch& batch, const std::string& array, CocoEntries& into);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace poise
