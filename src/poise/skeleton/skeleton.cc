#include "poise/skeleton/skeleton.h"

#include <algorithm>
#include <numeric>

// The list of the built-in sets: each is the function of that name in sets/<name>.cc.
#define POISE_SKELETONS(ENTRY) \
  ENTRY(coco17)                \
  ENTRY(openpose18)            \
  ENTRY(ailia19)               \
  ENTRY(lsp14)                 \
  ENTRY(mpii16)                \
  ENTRY(openpose25)            \
  ENTRY(halpe26)               \
  ENTRY(blazepose33)           \
  ENTRY(wholebody133)

namespace poise {

#define POISE_DECLARE(set) Skeleton set();
POISE_SKELETONS(POISE_DECLARE)
#undef POISE_DECLARE

std::optional<int> Skeleton::index_of(std::string_view joint) const {
  const auto found = std::find_if(joints.begin(), joints.end(), [&](const Joint& j) { return j.name == joint; });
  if (found == joints.end()) return std::nullopt;
  return static_cast<int>(found - joints.begin());
}

std::vector<int> Skeleton::flip_index() const {
  std::vector<int> flipped(joints.size());
  std::iota(flipped.begin(), flipped.end(), 0);
  for (const auto& [left, right] : flip_pairs) {
    std::swap(flipped.at(static_cast<std::size_t>(left)), flipped.at(static_cast<std::size_t>(right)));
  }
  return flipped;
}

bool operator==(const Skeleton& a, const Skeleton& b) {
  const auto same_name = [](const Joint& x, const Joint& y) { return x.name == y.name; };
  return a.name == b.name && std::equal(a.joints.begin(), a.joints.end(), b.joints.begin(), b.joints.end(), same_name);
}

Result<Skeleton> find_skeleton(std::string_view name) {
#define POISE_FIND(set) \
  if (name == #set) return set();
  POISE_SKELETONS(POISE_FIND)
#undef POISE_FIND
  std::string known;
  for (const std::string& one : skeleton_names()) known += (known.empty() ? "" : ", ") + one;
  return not_found("no skeleton is called \"" + std::string(name) + "\", the built-in ones are " + known);
}

std::vector<std::string> skeleton_names() {
#define POISE_NAME(set) #set,
  return {POISE_SKELETONS(POISE_NAME)};
#undef POISE_NAME
}

}  // namespace poise
