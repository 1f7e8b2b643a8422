#include "poise/label/labeller.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "kit/temporary_folder.h"
#include "poise/image/codec.h"
#include "poise/image/exif.h"
#include "poise/label/label_pictures.h"

namespace poise {
namespace {

const std::filesystem::path kFigure = std::filesystem::path(POISE_SOURCE_DIR) / "docs/images/figure.jpg";

PoseFinder finder(int threads = 1) {
  PoseFinderOptions options;
  options.estimate.run.threads = threads;
  options.detect.run.threads = threads;
  return PoseFinder::open(options).value();
}

PipelinePicture figure() {
  PipelinePicture picture;
  picture.image = read_image(kFigure).value();
  return picture;
}

LabelOptions all_views() {
  LabelOptions options;
  const std::vector<std::string> names{"flip", "scale"};
  options.views = label_views(names).value();
  return options;
}

TEST(LabelViews, AreMadeByName) {
  const std::vector<std::string> none, flip{"flip"}, both{"flip", "scale"}, wrong{"turn"};
  EXPECT_EQ(label_views(none).value().size(), 1U);
  EXPECT_EQ(label_views(flip).value().size(), 2U);
  const auto views = label_views(both).value();
  ASSERT_EQ(views.size(), 6U);
  EXPECT_FALSE(views[0].mirrored);
  EXPECT_EQ(views[0].scale, 1);
  EXPECT_EQ(std::ranges::count_if(views, &LabelView::mirrored), 3);
  ASSERT_FALSE(label_views(wrong).ok());
  EXPECT_TRUE(label_views(wrong).error().message.find("\"turn\"") != std::string::npos);
}

TEST(LabelPeople, AllLooksAtTheFigureAgreeOnItsSides) {
  PoseFinder teacher = finder();
  const PipelinePicture picture = figure();
  const auto people = label_people(teacher, picture, all_views()).value();
  const FrameResult seen = teacher.find(picture.image.view()).value();
  ASSERT_EQ(people.size(), seen.poses.size());
  ASSERT_FALSE(people.empty());
  int kept = 0;
  for (std::size_t j = 0; j < people[0].joints.size(); ++j) {
    const AgreedJoint& joint = people[0].joints[j];
    if (!joint.kept) continue;
    ++kept;
    const Point plain = seen.poses[0].keypoints[j].point;
    const float reach = 0.06F * std::max(people[0].box.width, people[0].box.height);
    EXPECT_LT(std::hypot(joint.point.x - plain.x, joint.point.y - plain.y), reach) << j;
  }
  EXPECT_GE(kept, 12);
}

TEST(LabelPeople, APictureTurnedUprightIsLabelledAsItIsStored) {
  PoseFinder teacher = finder();
  const auto upright_people = label_people(teacher, figure(), all_views()).value();
  for (const int orientation : {3, 6, 8, 2, 5}) {
    PipelinePicture turned = figure();
    turned.frame.exif_applied = true;
    turned.frame.exif_orientation = orientation;
    const Size shown = turned.image.size();
    const Size stored = orientation >= 5 ? Size{shown.height, shown.width} : shown;
    const auto people = label_people(teacher, turned, all_views()).value();
    ASSERT_EQ(people.size(), upright_people.size());
    const std::vector<int> flip = teacher.skeleton().flip_index();
    EXPECT_EQ(people[0].box, stored_box(upright_people[0].box, orientation, stored));
    for (std::size_t j = 0; j < flip.size(); ++j) {
      const AgreedJoint& same =
          upright_people[0].joints[is_mirrored(orientation) ? static_cast<std::size_t>(flip[j]) : j];
      ASSERT_EQ(people[0].joints[j].kept, same.kept);
      if (!same.kept) continue;
      EXPECT_EQ(people[0].joints[j].point, stored_point(same.point, orientation, stored));
    }
  }
}

TEST(LabelPeople, BoxesThatAreGivenAreTaken) {
  PoseFinder teacher = finder();
  PipelinePicture picture = figure();
  const Box box = whole_box(picture.image.size());
  picture.boxes = {{box, 0.5F}, {box, 0.4F}, {{box.width - 1.5F, 0, 9, 9}, 0.3F}};
  EXPECT_EQ(label_people(teacher, picture, all_views())->size(), 3U) << "truth stays, one at the very edge too";
  picture.guesses = true;
  EXPECT_LT(label_people(teacher, picture, all_views())->size(), 3U);
  picture.boxes.emplace();
  EXPECT_TRUE(label_people(teacher, picture, all_views())->empty());
}

TEST(LabelPictures, ThreadsAndStopsChangeNothing) {
  const kit::TemporaryFolder folder;
  std::vector<PictureToLabel> pictures;
  for (int i = 0; i < 5; ++i) {
    const Image image = read_image(kFigure).value();
    const ImageView all = image.view();
    const ImageView part{all.data, all.width - 20 * i, all.height - 10 * i, all.stride};
    const std::string name = std::to_string(i) + ".png";
    ASSERT_TRUE(write_image(folder / name, part).ok());
    pictures.push_back({folder / name, name});
  }
  pictures.push_back({folder / "absent.png", "absent.png"});
  std::vector<std::string> names;
  for (const PictureToLabel& picture : pictures) names.push_back(picture.name);
  const auto run = [&](const std::string& name, int threads, std::size_t most) {
    PoseFinder teacher = finder(threads);
    LabelFile file = LabelFile::open(folder / name, teacher.skeleton(), {}).value();
    std::size_t asked = 0, errors = 0;
    const LabelRun done = label_pictures(teacher, pictures, all_views(), file,
                                         {.progress = [](std::size_t, std::size_t, const std::string&) {},
                                          .error = [&](const std::string&) { ++errors; },
                                          .stop = [&] { return asked++ >= most; }})
                              .value();
    EXPECT_EQ(done.looked_at + done.there + errors, std::min(done.there + most, pictures.size()));
    EXPECT_TRUE(file.write(names).ok());
  };
  run("one.json", 1, 100);
  run("two.json", 2, 2);
  run("two.json", 2, 1);
  run("two.json", 1, 100);
  const Bytes one = read_file(folder / "one.json", 1U << 20U).value();
  EXPECT_EQ(one, read_file(folder / "two.json", 1U << 20U).value());
  EXPECT_GT(one.size(), 2000U);
}

}  // namespace
}  // namespace poise
