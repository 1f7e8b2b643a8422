#include "kit/figure_set.h"

#include <cstdio>
#include <string>
#include <utility>

#include "poise/draw/figures.h"
#include "poise/image/codec.h"
#include "poise/skeleton/skeleton.h"

namespace poise::kit {
namespace {

Json annotation(const Annotation& truth, std::size_t id) {
  Json joints = Json::array();
  int labelled = 0;
  for (const auto& joint : truth.keypoints) {
    joints.push(joint.point.x);
    joints.push(joint.point.y);
    joints.push(static_cast<int>(joint.visibility));
    labelled += joint.visibility == Visibility::kAbsent ? 0 : 1;
  }
  Json box = Json::array();
  for (const float v : {truth.box.x, truth.box.y, truth.box.width, truth.box.height}) box.push(v);
  return Json::Object{{"id", std::uint64_t{id}},   {"image_id", std::uint64_t{id}},
                      {"category_id", 1},          {"iscrowd", 0},
                      {"bbox", std::move(box)},    {"area", truth.area},
                      {"num_keypoints", labelled}, {"keypoints", std::move(joints)}};
}

}  // namespace

Json write_figure_set(const std::filesystem::path& images, const FigureSetOptions& options) {
  Json pictures = Json::array();
  Json annotations = Json::array();
  for (std::size_t i = 0; i < static_cast<std::size_t>(options.count); ++i) {
    FigurePicture figure = draw_figures({.size = options.size, .people = 1, .seed = options.seed + i});
    char number[32];
    std::snprintf(number, sizeof number, "%012zu.jpg", i + 1);
    const std::string name = (std::filesystem::path(options.below) / number).string();
    write_image(images / name, figure.image).value();
    pictures.push(Json::Object{{"id", std::uint64_t{i + 1}},
                               {"file_name", name},
                               {"width", options.size.width},
                               {"height", options.size.height}});
    if (options.change) options.change(i, figure.people.at(0));
    annotations.push(annotation(figure.people.at(0), i + 1));
  }
  Json names = Json::array();
  for (const Joint& joint : find_skeleton("coco17").value().joints) names.push(joint.name);
  Json categories = Json::array();
  categories.push(Json::Object{{"id", 1}, {"name", "person"}, {"keypoints", std::move(names)}});
  return Json::Object{
      {"images", std::move(pictures)}, {"annotations", std::move(annotations)}, {"categories", std::move(categories)}};
}

}  // namespace poise::kit
