#include <utility>
#include <vector>

#include "metrics/commands.h"

namespace poise::app {
namespace {

struct Family {
  const char* name;
  const char* what;
  Action (*make)(CLI::App& command);
};
constexpr Family kFamilies[] = {
    {"coco", "OKS average precision and recall of keypoints, or those of boxes, as cocoapi's", make_metrics_coco},
    {"pck", "correct keypoints up to a share of the torso, box or head", make_metrics_pck},
    {"pdj", "detected joints over the share of the torso: curve and area", make_metrics_pdj},
    {"pcp", "correct parts, strict and loose, over ten sticks", make_metrics_pcp},
    {"pckh", "MPII's correct keypoints up to half the head", make_metrics_pckh},
    {"mot", "tracked boxes: CLEAR MOT, IDF1 and HOTA, as TrackEval's", make_metrics_mot},
    {"posetrack", "tracked poses: AP and MOTA of each joint, as poseval's", make_metrics_posetrack},
    {"angles", "angles at elbows, knees ...: errors in degrees with intervals, as poseaudit's", make_metrics_angles},
    {"mpjpe", "poses in space: MPJPE, P-MPJPE, N-MPJPE, PCK3D and its area", make_metrics_mpjpe},
};

}  // namespace

Action make_metrics(CLI::App& command) {
  command.require_subcommand(1);
  std::vector<std::pair<CLI::App*, Action>> families;
  for (const Family& family : kFamilies) {
    CLI::App* sub = command.add_subcommand(family.name, family.what);
    families.emplace_back(sub, family.make(*sub));
  }
  command.footer("Example:\n  poise metrics coco gt.json results.json");
  return [families] {
    for (const auto& [sub, action] : families) {
      if (sub->parsed()) return action();
    }
    return 1;
  };
}

}  // namespace poise::app
