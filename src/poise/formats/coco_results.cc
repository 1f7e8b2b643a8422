#include <map>
#include <set>
#include <utility>

#include "poise/base/counted.h"
#include "poise/formats/output_formats.h"
#include "poise/formats/stem_number.h"

namespace poise {

void append_coco_results(const FrameResult& frame, std::int64_t fallback_id, Json& results) {
  if (results.is_null()) results = Json::array();
  const auto number = stem_number(frame.source);
  const std::int64_t id = frame.image_id ? *frame.image_id : number ? *number : fallback_id;
  for (const Pose& pose : frame.poses) {
    Json::Array keypoints;
    keypoints.reserve(pose.keypoints.size() * 3);
    for (const Keypoint& keypoint : pose.keypoints) {
      keypoints.insert(keypoints.end(), {keypoint.point.x, keypoint.point.y, keypoint.score});
    }
    Json entry = Json::Object{{"image_id", id},
                              {"category_id", 1},
                              {"keypoints", std::move(keypoints)},
                              {"score", pose.score},
                              {"bbox", Json::Array{pose.box.x, pose.box.y, pose.box.width, pose.box.height}},
                              {"file_name", frame.source}};
    if (pose.track_id) entry.set("track_id", *pose.track_id);
    results.push(std::move(entry));
  }
}

ImageIds image_ids(std::span<const std::filesystem::path> pictures, std::span<const std::optional<std::int64_t>> own) {
  std::set<std::int64_t> taken;
  for (const auto& id : own) {
    if (id) taken.insert(*id);
  }
  const auto own_of = [&](std::size_t i) { return i < own.size() ? own[i] : std::nullopt; };
  std::map<std::int64_t, std::size_t> wanted;  // numbers that end names, and by how many pictures
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    if (const auto number = stem_number(pictures[i]); number && !own_of(i)) ++wanted[*number];
  }
  ImageIds result;
  std::size_t shared = 0, without = 0;
  std::int64_t next = 1;
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    const auto number = stem_number(pictures[i]);
    std::optional<std::int64_t> id = own_of(i);
    if (!id && number && wanted[*number] == 1 && !taken.contains(*number)) id = number;
    if (!id) {
      // One that several want is nobody's own.
      const auto is_anothers = [&](std::int64_t at) { return wanted.contains(at) && wanted.at(at) == 1; };
      while (taken.contains(next) || is_anothers(next)) ++next;
      id = next++;
      ++(number ? shared : without);
    }
    result.ids.push_back(*id);
  }
  if (shared + without == 0 || wanted.empty()) return result;
  result.note = "image_id is the number that ends a picture's name; of " + counted(pictures.size(), "picture") + " ";
  if (shared > 0) result.note += counted(shared, "shares its number with another", "share their number with others");
  if (without > 0) result.note += (shared > 0 ? " and " : "") + counted(without, "has none", "have none");
  result.note += ": free numbers were given, file_name says of which picture";
  return result;
}

void append_coco_detections(const std::string& file_name, std::int64_t image_id, std::span<const PersonBox> persons,
                            bool exif_applied, Json& detections) {
  if (detections.is_null()) detections = Json::array();
  for (const PersonBox& person : persons) {
    Json entry = Json::Object{{"image_id", image_id},
                              {"file_name", file_name},
                              {"category_id", 1},
                              {"bbox", Json::Array{person.box.x, person.box.y, person.box.width, person.box.height}},
                              {"score", person.score}};
    if (exif_applied) entry.set("exif_applied", true);
    detections.push(std::move(entry));
  }
}

namespace {

/// One array, an entry a line; image_id is the frame's number.
class CocoSequence final : public TextSequence {
 public:
  static constexpr const char* kEnding = ".results.json";
  using TextSequence::TextSequence;

 private:
  std::string begin() override { return "["; }
  std::string of_frame(const TimedFrame& frame) override {
    FrameResult numbered = frame.result;
    numbered.image_id = frame.index;
    Json entries;
    append_coco_results(numbered, frame.index, entries);
    std::string text;
    for (const Json& entry : entries.as_array()) {
      text += (std::exchange(first_, false) ? "\n" : ",\n") + entry.dump();
    }
    return text;
  }
  std::string end() override { return "\n]\n"; }
  bool first_ = true;
};

}  // namespace

OutputFormat coco_format() {
  return {"coco",
          "COCO results, one results.json a run, or one of a video",
          {.run_file = "results.json", .add_to_run = append_coco_results},
          open_text<CocoSequence>};
}

}  // namespace poise
