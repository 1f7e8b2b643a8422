#include "poise/data/check_sheet.h"

#include <algorithm>
#include <array>

#include "poise/data/person_sheet.h"
#include "poise/draw/draw.h"
#include "poise/image/picture_folder.h"

namespace poise {
namespace {

/// Findings of one person once, kinds taking turns.
std::vector<const Finding*> choose(const CheckReport& report, std::size_t most) {
  std::array<std::vector<const Finding*>, kFaults> kinds;
  for (const Finding& finding : report.findings) {
    if (finding.of_person) kinds[static_cast<std::size_t>(finding.fault)].push_back(&finding);
  }
  std::vector<const Finding*> chosen;
  for (std::size_t turn = 0; chosen.size() < most; ++turn) {
    const std::size_t before = chosen.size();
    for (const auto& kind : kinds) {
      if (turn < kind.size() && chosen.size() < most) chosen.push_back(kind[turn]);
    }
    if (std::ranges::all_of(kinds, [&](const auto& kind) { return turn >= kind.size(); })) break;
    if (chosen.size() == before) continue;
  }
  return chosen;
}

}  // namespace

Image draw_sheet(const PoseSet& set, const std::filesystem::path& images, const CheckReport& report, std::size_t most) {
  std::vector<SheetPerson> persons;
  PictureFolder folder(images);
  for (const Finding* finding : choose(report, most)) {
    const PoseSet::Image& image = set.images[finding->image];
    const auto path = folder.find(image.name);
    if (!path.ok()) continue;
    persons.push_back(
        {*path, as_pose(image.truths[finding->truth]), image.name + ": " + name_of(finding->fault), finding->detail});
  }
  return draw_persons(persons, set.skeleton);
}

}  // namespace poise
