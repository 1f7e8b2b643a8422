#pragma once
// Skeletons are values: the known sets are built in as data, users bring their own. Compared by name and joints.

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "poise/base/json.h"
#include "poise/base/result.h"

namespace poise {

enum class Side { kLeft, kRight, kCentre };  // the person's own left and right

struct Joint {
  std::string name;  // "left_wrist"
  Side side = Side::kCentre;
  float sigma = 0.0F;   // OKS sigma (COCO: k_i = 2 sigma_i); 0 where the literature gives none
  float weight = 1.0F;  // joint weight of the loss
};

struct Limb {
  int from = 0;
  int to = 0;
};

/// How a joint of this skeleton is made from joints of `Skeleton::base`: the mean of those named, its score their
/// smallest (ailia's rule). One source: a plain renumbering. Plain values and pure functions: thread-safe.
struct Derivation {
  std::vector<int> sources;
};

struct Skeleton {
  std::string name;  // "coco17"
  std::vector<Joint> joints;
  std::vector<std::pair<int, int>> flip_pairs;
  std::vector<Limb> limbs;
  std::string base;                     // "" or the skeleton this one is derived from
  std::vector<Derivation> derivations;  // one a joint where base is not empty

  int size() const { return static_cast<int>(joints.size()); }
  std::optional<int> index_of(std::string_view joint) const;
  /// flip_index()[i] is the joint that i becomes in a mirrored picture.
  std::vector<int> flip_index() const;
  friend bool operator==(const Skeleton& a, const Skeleton& b);
};

/// Built in: coco17 openpose18 ailia19 lsp14 mpii16 openpose25 halpe26 blazepose33 wholebody133. Errors: kNotFound,
/// listing the names.
Result<Skeleton> find_skeleton(std::string_view name);
std::vector<std::string> skeleton_names();

/// {"name", "joints": [{"name", "sigma"?, "weight"?, "side"?}], "flip_pairs": [["a","b"]], "limbs": [["a","b"]]};
/// the side follows the name (left_, right_, l_, r_) where it is not given. A derived one has "base", the name of a
/// built-in, and in each joint "from": [names there]. Errors: kMalformed, naming the member; kTooLarge.
Result<Skeleton> skeleton_from_json(const Json& json);
Json to_json(const Skeleton& skeleton);

}  // namespace poise
