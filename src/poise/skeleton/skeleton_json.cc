#include <array>
#include <cmath>
#include <limits>

#include "poise/skeleton/skeleton.h"

namespace poise {
namespace {

constexpr std::size_t kMaxJoints = 4096;                                    // the largest set in use has 133
constexpr std::array<const char*, 3> kSides = {"left", "right", "centre"};  // in the order of Side

Side side_of(std::string_view name) {
  if (name.starts_with("left_") || name.starts_with("l_")) return Side::kLeft;
  if (name.starts_with("right_") || name.starts_with("r_")) return Side::kRight;
  return Side::kCentre;
}

Status read_non_negative(const Json& json, const char* name, float& value) {
  if (json.find(name) == nullptr) return {};
  POISE_TRY(const double number, json.number(name));
  if (number < 0 || number > std::numeric_limits<float>::max()) {
    return malformed("member \"" + std::string(name) + "\" must be a number from 0 on, it is " +
                     json.find(name)->dump());
  }
  value = static_cast<float>(number);
  return {};
}

Result<Joint> read_joint(const Json& json) {
  Joint joint;
  POISE_TRY(joint.name, json.string("name"));
  if (joint.name.empty()) return malformed("member \"name\" must not be empty");
  POISE_RETURN_IF_ERROR(read_non_negative(json, "sigma", joint.sigma));
  POISE_RETURN_IF_ERROR(read_non_negative(json, "weight", joint.weight));
  joint.side = side_of(joint.name);
  const Json* side = json.find("side");
  if (side == nullptr) return joint;
  for (std::size_t i = 0; i < kSides.size(); ++i) {
    if (!side->is_string() || side->as_string() != kSides[i]) continue;
    joint.side = static_cast<Side>(i);
    return joint;
  }
  return malformed("member \"side\" must be \"left\", \"right\" or \"centre\", it is " + side->dump());
}

/// [["a", "b"], ...] -> indices; a missing member is an empty list.
Result<std::vector<std::pair<int, int>>> read_pairs(const Json& json, const char* name, const Skeleton& skeleton) {
  std::vector<std::pair<int, int>> pairs;
  const Json* list = json.find(name);
  if (list == nullptr) return pairs;
  const std::string member = "member \"" + std::string(name) + "\"";
  if (!list->is_array()) return malformed(member + " must be an array, it is " + list->kind());
  for (const Json& pair : list->as_array()) {
    const std::string where = member + ", pair " + std::to_string(pairs.size()) + ": ";
    if (!pair.is_array() || pair.as_array().size() != 2) return malformed(where + "it must be two joint names");
    std::array<int, 2> indices{};
    for (std::size_t i = 0; i < 2; ++i) {
      const Json& joint = pair.as_array()[i];
      const auto index = joint.is_string() ? skeleton.index_of(joint.as_string()) : std::nullopt;
      if (!index) return malformed(where + joint.dump() + " is no joint of this skeleton");
      indices[i] = *index;
    }
    if (indices[0] == indices[1]) return malformed(where + "it joins " + pair.as_array()[0].dump() + " to itself");
    pairs.emplace_back(indices[0], indices[1]);
  }
  return pairs;
}

Result<Derivation> read_derivation(const Json& joint, const Skeleton& base) {
  const Json* names = joint.find("from");
  if (names == nullptr || !names->is_array() || names->as_array().empty()) {
    return malformed("member \"from\" must be an array of joints of " + base.name);
  }
  Derivation derivation;
  for (const Json& name : names->as_array()) {
    const auto index = name.is_string() ? base.index_of(name.as_string()) : std::nullopt;
    if (!index) return malformed("member \"from\": " + name.dump() + " is no joint of " + base.name);
    derivation.sources.push_back(*index);
  }
  return derivation;
}

Json pair_of_names(const Skeleton& skeleton, int a, int b) {
  const auto name = [&](int i) { return Json(skeleton.joints.at(static_cast<std::size_t>(i)).name); };
  return Json::Array{name(a), name(b)};
}

}  // namespace

Result<Skeleton> skeleton_from_json(const Json& json) {
  if (!json.is_object()) return malformed(std::string("a skeleton must be an object, it is ") + json.kind());
  Skeleton skeleton;
  POISE_TRY(skeleton.name, json.string("name"));
  if (skeleton.name.empty()) return malformed("member \"name\" must not be empty");
  Skeleton base;
  if (json.find("base") != nullptr) {
    POISE_TRY(skeleton.base, json.string("base"));
    auto found = find_skeleton(skeleton.base);
    if (!found) return malformed("member \"base\": " + found.error().message);
    base = std::move(*found);
  }

  const Json* joints = json.find("joints");
  if (joints == nullptr || !joints->is_array() || joints->as_array().empty()) {
    return malformed("member \"joints\" must be an array of one joint or more");
  }
  if (joints->as_array().size() > kMaxJoints) return too_large("a skeleton has at most 4096 joints");
  for (const Json& entry : joints->as_array()) {
    const std::string where = "joint " + std::to_string(skeleton.joints.size());
    auto joint = read_joint(entry);
    if (!joint) return joint.error().prefixed(where);
    if (skeleton.index_of(joint->name)) return malformed(where + ": a second joint is called \"" + joint->name + "\"");
    skeleton.joints.push_back(std::move(*joint));
    if (skeleton.base.empty()) continue;
    auto derivation = read_derivation(entry, base);
    if (!derivation) return derivation.error().prefixed(where);
    skeleton.derivations.push_back(std::move(*derivation));
  }

  POISE_TRY(skeleton.flip_pairs, read_pairs(json, "flip_pairs", skeleton));
  std::vector<bool> paired(skeleton.joints.size());
  for (const auto& pair : skeleton.flip_pairs) {
    for (const int joint : {pair.first, pair.second}) {
      const auto i = static_cast<std::size_t>(joint);
      if (paired[i]) return malformed("member \"flip_pairs\": \"" + skeleton.joints[i].name + "\" is in two pairs");
      paired[i] = true;
    }
  }
  POISE_TRY(const auto limbs, read_pairs(json, "limbs", skeleton));
  for (const auto& [from, to] : limbs) skeleton.limbs.push_back({from, to});
  return skeleton;
}

Json to_json(const Skeleton& skeleton) {
  const auto base = find_skeleton(skeleton.base);
  Json json = Json::object();
  json.set("name", skeleton.name);
  if (base) json.set("base", skeleton.base);
  Json joints = Json::array();
  for (std::size_t i = 0; i < skeleton.joints.size(); ++i) {
    const Joint& joint = skeleton.joints[i];
    Json entry = Json::object();
    entry.set("name", joint.name);
    if (joint.sigma > 0) entry.set("sigma", joint.sigma);
    if (joint.weight != 1) entry.set("weight", joint.weight);
    if (joint.side != side_of(joint.name)) entry.set("side", kSides.at(static_cast<std::size_t>(joint.side)));
    if (base) {
      Json from = Json::array();
      for (const int source : skeleton.derivations.at(i).sources) {
        from.push(base->joints.at(static_cast<std::size_t>(source)).name);
      }
      entry.set("from", std::move(from));
    }
    joints.push(std::move(entry));
  }
  json.set("joints", std::move(joints));
  Json flip_pairs = Json::array();
  for (const auto& [a, b] : skeleton.flip_pairs) flip_pairs.push(pair_of_names(skeleton, a, b));
  json.set("flip_pairs", std::move(flip_pairs));
  Json limbs = Json::array();
  for (const Limb& limb : skeleton.limbs) limbs.push(pair_of_names(skeleton, limb.from, limb.to));
  json.set("limbs", std::move(limbs));
  return json;
}

}  // namespace poise
