#include "poise/card/recognise.h"

#include <algorithm>
#include <array>
#include <vector>

#include "poise/base/printable.h"
#include "poise/card/card_reader.h"
#include "poise/card/export_metadata.h"
#include "poise/codec/one_stage_codec.h"

namespace poise {
using namespace card;
namespace {

constexpr int kMostJoints = 1000;

const NetworkOutput* find(std::span<const NetworkOutput> outputs, std::string_view name) {
  const auto found = std::ranges::find_if(outputs, [&](const NetworkOutput& output) { return output.name == name; });
  return found == outputs.end() ? nullptr : &*found;
}

/// Whether the shape is this one but for the extents of -1, and for N.
bool is_shape(const Shape& shape, std::span<const std::int64_t> wanted) {
  if (shape.size() != wanted.size() + 1) return false;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i] >= 0 && shape[i + 1] != wanted[i]) return false;
  }
  return true;
}

/// Joints that nobody has named, or that the file names.
Json skeleton_of(int joints, const std::vector<std::string>& names) {
  Json list = Json::array();
  for (int i = 0; i < joints; ++i) {
    const auto at = static_cast<std::size_t>(i);
    list.push(Json::Object{{"name", at < names.size() ? names[at] : "joint_" + std::to_string(i)}});
  }
  return Json::Object{{"name", "keypoints" + std::to_string(joints)},
                      {"joints", std::move(list)},
                      {"flip_pairs", Json::array()},
                      {"limbs", Json::array()}};
}

/// Ultralytics write 17 joints of a person in COCO's order.
Json ultralytics_skeleton(int joints, const std::vector<std::string>& classes, std::vector<std::string> names) {
  const Skeleton coco = find_skeleton("coco17").value();
  const bool person = classes.size() == 1 && is_called_person(classes.front());
  const bool same = std::ranges::equal(names, coco.joints, {}, {}, &Joint::name);
  if (joints == coco.size() && (same || (person && names.empty()))) return coco.name;
  if (names.size() != static_cast<std::size_t>(joints)) names.clear();
  return skeleton_of(joints, names);
}

Result<std::optional<Reading>> ultralytics(const std::map<std::string, std::string>& metadata) {
  const std::string_view task = exported(metadata, "task");
  if (task.empty() || exported(metadata, "names").empty()) return std::optional<Reading>();
  if (task != "pose") {
    return unsupported("the file says that its task is " + printable(std::string(task)) +
                       ", not pose: a detector is given as option \"detector\"");
  }
  const std::vector<std::int64_t> shape = exported_numbers(exported(metadata, "kpt_shape"));
  if (shape.size() != 2 || shape[0] < 1 || shape[0] > kMostJoints || shape[1] < 2 || shape[1] > 3) {
    return unsupported("the file says that its task is pose, and its kpt_shape, [joints, 2 or 3], cannot be read (" +
                       printable(std::string(exported(metadata, "kpt_shape").substr(0, 60))) +
                       "): write a card beside it");
  }
  Reading reading;
  reading.preset = "yolo-pose";
  reading.certain = true;
  reading.why = "its metadata say task pose";
  const std::vector<std::string> classes = exported_names(exported(metadata, "names"));
  if (!classes.empty()) reading.members.set("classes", class_names_member(classes));
  reading.members.set("skeleton", ultralytics_skeleton(static_cast<int>(shape[0]), classes,
                                                       exported_joint_names(exported(metadata, "kpt_names"))));
  reading.members.set("dimensions", shape[1]);
  if (const Size size = exported_input_size(metadata); size.width > 0) {
    reading.members.set("input", Json(Json::Array{Json(size.width), Json(size.height)}));
  }
  return std::optional(std::move(reading));
}

/// The skeleton that a person's network of so many joints has, where there is only one.
const char* skeleton_of_people(std::int64_t joints) {
  switch (joints) {
    case 17:
      return "coco17";
    case 26:
      return "halpe26";
    case 133:
      return "wholebody133";
    default:
      return nullptr;
  }
}

std::optional<Reading> simcc(const RecogniseInput& file) {
  const NetworkOutput* x = find(file.outputs, "simcc_x");
  const NetworkOutput* y = find(file.outputs, "simcc_y");
  const bool named = x != nullptr && y != nullptr;
  if (!named && file.outputs.size() == 2) {
    x = &file.outputs[0];
    y = &file.outputs[1];
  }
  if (x == nullptr || y == nullptr || x->shape.size() != 3 || y->shape.size() != 3) return std::nullopt;
  const std::int64_t joints = x->shape[1];
  const bool fits = joints == y->shape[1] && x->shape[2] > 0 && y->shape[2] > 0 && x->shape[2] >= file.input.width &&
                    x->shape[2] * file.input.height == y->shape[2] * file.input.width;
  if (!fits) return std::nullopt;
  Reading reading;
  reading.preset = "rtmpose";
  reading.certain = named;
  reading.why = named ? "its outputs are called simcc_x and simcc_y"
                      : "its outputs are as long as its input is wide and high, as SimCC's are";
  // 17 joints of a square are animals', hands' and faces' too: of a person's upright input they are COCO's.
  const bool upright = file.input.height > file.input.width;
  if (const char* skeleton = skeleton_of_people(joints); skeleton != nullptr && (joints != 17 || upright)) {
    reading.members.set("skeleton", skeleton);
  }
  return reading;
}

std::optional<Reading> openpose(const RecogniseInput& file) {
  const auto maps = [&](std::int64_t channels) {
    return std::ranges::any_of(file.outputs, [&](const NetworkOutput& output) {
      return output.shape.size() == 4 && output.shape[1] == channels;
    });
  };
  if (!maps(19) || !maps(38)) return std::nullopt;
  // export of lightweight-human-pose-estimation.pytorch, scripts/convert_to_onnx.py
  const bool lightweight = find(file.outputs, "stage_1_output_1_heatmaps") != nullptr &&
                           find(file.outputs, "stage_1_output_0_pafs") != nullptr;
  Reading reading;
  reading.preset = lightweight ? "lightweight-openpose" : "lightweight-openpose or openpose";
  reading.certain = lightweight;
  reading.why = lightweight ? "its outputs are called stage_1_output_1_heatmaps and stage_1_output_0_pafs"
                            : "it gives 19 heatmaps and 38 part affinity fields";
  return reading;
}

std::optional<Reading> by_outputs(const RecogniseInput& file) {
  const std::span<const NetworkOutput> outputs = file.outputs;
  const auto reading = [](const char* preset, bool certain, const char* why) {
    return std::optional(Reading{preset, Json::object(), certain, why});
  };
  if (auto found = simcc(file)) return found;
  const NetworkOutput* dets = find(outputs, "dets");
  const NetworkOutput* keypoints = find(outputs, "keypoints");
  if (dets != nullptr && keypoints != nullptr && is_shape(dets->shape, std::array<std::int64_t, 2>{-1, 5}) &&
      is_shape(keypoints->shape, std::array<std::int64_t, 3>{-1, -1, 3})) {
    auto rtmo = reading("rtmo", true, "its outputs are called dets and keypoints");
    if (const char* skeleton = skeleton_of_people(keypoints->shape[2])) rtmo->members.set("skeleton", skeleton);
    return rtmo;
  }
  if (outputs.size() == 1 && is_shape(outputs[0].shape, std::array<std::int64_t, 3>{1, 17, 3})) {
    return reading("movenet", true, "its one output is 1x1x17x3");
  }
  if (outputs.size() == 1 && is_shape(outputs[0].shape, std::array<std::int64_t, 2>{6, 56})) {
    return reading("movenet-multipose", true, "its one output is 1x6x56");
  }
  const auto has = [&](std::int64_t numbers) {
    return std::ranges::any_of(outputs, [&](const NetworkOutput& output) {
      return is_shape(output.shape, std::array<std::int64_t, 1>{numbers});
    });
  };
  if (has(195) && has(1)) return reading("blazepose", true, "it gives 39 landmarks and a flag");
  if (auto found = openpose(file)) return found;
  const bool coordinates = outputs.size() == 1 && ((outputs[0].shape.size() == 2 && outputs[0].shape[1] == 2 * 17) ||
                                                   (outputs[0].shape.size() == 3 && outputs[0].shape[1] == 17 &&
                                                    (outputs[0].shape[2] == 2 || outputs[0].shape[2] == 4)));
  if (coordinates) return reading("deeppose", false, "it gives as many numbers as 17 joints have coordinates");
  return std::nullopt;
}

}  // namespace

Size exported_input_size(const std::map<std::string, std::string>& metadata) {
  const std::vector<std::int64_t> sides = exported_numbers(exported(metadata, "imgsz"));
  if (sides.empty() || sides.size() > 2) return {};
  const std::int64_t height = sides.front(), width = sides.back();
  const auto sane = [](std::int64_t side) { return side > 0 && side <= kLargestInputSide; };
  if (!sane(width) || !sane(height)) return {};
  return {static_cast<int>(width), static_cast<int>(height)};
}

Result<std::optional<Reading>> recognise_pose_network(const RecogniseInput& file) {
  POISE_TRY(std::optional<Reading> reading, ultralytics(file.metadata));
  if (!reading) reading = by_outputs(file);
  return reading;
}

}  // namespace poise
