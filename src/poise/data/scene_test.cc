#include "poise/data/scene.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <vector>

#include "kit/temporary_folder.h"
#include "poise/data/loader.h"
#include "poise/image/codec.h"

namespace poise {
namespace {

namespace fs = std::filesystem;

SceneOptions small_scenes() {
  SceneOptions options;
  options.size = {96, 64};
  options.codec.stride = 8;
  options.scenes = 12;
  options.largest = 120;
  options.colour = options.saturation = options.grey = 0;
  return options;
}

/// One grey picture with a white person of 20x40 at (30, 20), and one of nobody.
class Scenes : public ::testing::Test {
 protected:
  void SetUp() override {
    Image image(80, 80);
    std::fill_n(image.data(), 80 * 80 * 3, std::uint8_t{100});
    ASSERT_TRUE(write_image(folder_ / "nobody.png", image).ok());
    for (int y = 20; y < 60; ++y) std::fill_n(image.row(y) + 90, 60, std::uint8_t{255});
    ASSERT_TRUE(write_image(folder_ / "person.png", image).ok());
    set_.resize(2);
    set_[0] = {folder_ / "person.png", {80, 80}, {{30, 20, 20, 40}}, {}};
    set_[1] = {folder_ / "nobody.png", {80, 80}, {}, {}};
  }

  const kit::TemporaryFolder temporary_;
  const fs::path folder_ = temporary_.path();
  BoxSet set_;
};

TEST(Scene, ASharpenedPartHasItsEdgesRaisedAndTheRestAsItWas) {
  constexpr Size kSize{12, 8};
  const Normalisation normalisation;
  const Box part{4, 2, 6, 4};
  const auto scene = [&](float amount, int reach) {
    std::vector<float> values(3U * 12 * 8, 0.0F);
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = i % 12 < 7 ? 0.25F : 0.75F;  // an edge before column 7
    sharpen(part, amount, reach, normalisation, kSize, values);
    return values;
  };
  const auto at = [](const std::vector<float>& values, int x, int y) {
    return values[static_cast<std::size_t>(y * 12 + x)];
  };
  const std::vector<float> sharp = scene(1, 1), blurred = scene(-1, 1), wide = scene(1, 2);
  for (const int y : {2, 5}) {
    EXPECT_FLOAT_EQ(at(sharp, 5, y), 0.25F);
    EXPECT_FLOAT_EQ(at(sharp, 6, y), 0.125F);
    EXPECT_FLOAT_EQ(at(sharp, 7, y), 0.875F);
    EXPECT_FLOAT_EQ(at(sharp, 8, y), 0.75F);
    EXPECT_FLOAT_EQ(at(blurred, 6, y), 0.375F);
    EXPECT_FLOAT_EQ(at(blurred, 7, y), 0.625F);
    EXPECT_FLOAT_EQ(at(wide, 5, y), 0.125F);
  }
  EXPECT_EQ(at(sharp, 6, 1), 0.25F) << "above the part";
  EXPECT_EQ(at(sharp, 7, 6), 0.75F) << "below it";
  const float white = (255.0F * normalisation.scale - normalisation.mean[0]) / normalisation.std[0];
  const std::vector<float> much = scene(1000, 1);
  EXPECT_LE(*std::ranges::max_element(much), white + 1e-6F);
}

TEST(Scene, BoxesAreScaledMovedMirroredAndCut) {
  const BoxedPicture picture{{}, {100, 100}, {{10, 20, 20, 40}, {50, 0, 10, 10}, {28, 0, 40, 40}}, {{0, 0, 60, 30}}};
  ScenePlacement placement;
  placement.part = {100, 50, 40, 200};
  placement.scale = 2;
  placement.x = 80;
  placement.y = 50;
  std::vector<Box> persons, ignored;
  place_boxes(picture, placement, persons, ignored);
  EXPECT_EQ(persons, (std::vector<Box>{{100, 90, 40, 80}}));                    // the second is outside
  EXPECT_EQ(ignored, (std::vector<Box>{{136, 50, 4, 80}, {100, 50, 40, 60}}));  // the third is a twentieth seen
  placement.flip = true;
  placement.part.width = 50;
  persons.clear();
  place_boxes(picture, placement, persons, ignored);
  EXPECT_EQ(persons, (std::vector<Box>{{110, 90, 40, 80}}));
}

TEST(Scene, PlacementsKeepTheirLimits) {
  const BoxedPicture picture{{}, {200, 150}, {{60, 30, 40, 90}}, {{150, 0, 30, 30}}};
  const Box part{100, 40, 120, 200};
  int whole = 0, cut = 0, backgrounds = 0;
  for (std::uint64_t i = 0; i < 400; ++i) {
    Random random(1, 2, i);
    const ScenePlacement p = draw_placement(picture, part, {}, random);
    EXPECT_EQ(p.part, part);
    EXPECT_LE(p.scale, 2);
    EXPECT_GE(p.scale * 90, 0.22 * 200 - 1e-3);
    std::vector<Box> persons, ignored;
    place_boxes(picture, p, persons, ignored);
    if (!persons.empty()) {
      const bool all = std::abs(persons[0].area() - static_cast<float>(p.scale * p.scale) * 40 * 90) < 1;
      ++(all ? whole : cut);
    }
    persons.clear(), ignored.clear();
    const auto background = draw_background(picture, part, {}, random);
    if (!background) continue;
    ++backgrounds;
    EXPECT_LE(background->scale, 4);
    place_boxes(picture, *background, persons, ignored);
    EXPECT_TRUE(persons.empty() && ignored.empty());
  }
  EXPECT_GT(whole, 200);
  EXPECT_GT(cut, 20);
  EXPECT_GT(backgrounds, 200);
  EXPECT_FALSE([&] {
    Random random(1);
    return draw_background({{}, {30, 30}, {{10, 10, 10, 10}}, {}}, part, {}, random);
  }());
}

TEST_F(Scenes, PeopleArePaintedWhereTheBoxesSay) {
  SceneOptions options = small_scenes();
  options.nobody = 0;
  const ExamplesPtr examples = scene_examples({{{set_[0]}, 1.0}}, options).value();
  const Size cells{12, 8};
  int seen = 0;
  for (std::uint64_t i = 0; i < 30; ++i) {
    std::vector<float> image(3 * 96 * 64), targets(5 * 12 * 8), weights(2 * 12 * 8);
    ASSERT_TRUE(examples->make(0, Random(5, 0, i), 0, {image, targets, weights}).ok());
    for (const Box& box : encoded_boxes(options.codec, targets.data(), weights.data(), cells)) {
      const auto pixel = [&](Point p) {
        const int x = std::clamp(static_cast<int>(p.x), 0, 95), y = std::clamp(static_cast<int>(p.y), 0, 63);
        return image[static_cast<std::size_t>(y * 96 + x)];
      };
      if (box.width < 6 || box.height < 6) continue;
      ++seen;
      EXPECT_GT(pixel(box.centre()), 0.9F);
      EXPECT_GT(pixel({box.x + 2, box.y + 2}), 0.8F);
      EXPECT_GT(pixel({box.x + box.width - 2, box.y + box.height - 2}), 0.8F);
    }
  }
  EXPECT_GT(seen, 30);
}

TEST_F(Scenes, PicturesOfNobodyHaveNoCentre) {
  const ExamplesPtr examples = scene_examples({{{set_[1]}, 1.0}}, small_scenes()).value();
  std::vector<float> image(3 * 96 * 64), targets(5 * 12 * 8, 9), weights(2 * 12 * 8, 9);
  ASSERT_TRUE(examples->make(0, Random(5), 0, {image, targets, weights}).ok());
  EXPECT_EQ(std::ranges::count(targets, 0.0F), 5 * 12 * 8);
  EXPECT_EQ(std::ranges::count(weights, 1.0F), 12 * 8);
}

TEST_F(Scenes, HiddenPeopleAreNeitherSeenNorAskedFor) {
  SceneOptions options = small_scenes();
  options.nobody = options.hidden = 1;
  const ExamplesPtr examples = scene_examples({{{set_[0]}, 1.0}}, options).value();
  for (std::uint64_t i = 0; i < 10; ++i) {
    std::vector<float> image(3 * 96 * 64), targets(5 * 12 * 8, 9), weights(2 * 12 * 8, 9);
    ASSERT_TRUE(examples->make(0, Random(5, 0, i), 0, {image, targets, weights}).ok());
    EXPECT_EQ(std::ranges::count(targets, 0.0F), 5 * 12 * 8);
    EXPECT_EQ(std::ranges::count(weights, 1.0F), 12 * 8);
  }
}

TEST_F(Scenes, WorkersChangeNothing) {
  const ExamplesPtr examples = scene_examples({{set_, 1.0}}, small_scenes()).value();
  std::vector<std::vector<float>> images;
  for (const int workers : {1, 3}) {
    const auto loader = Loader::create(examples, {.batch = 6, .workers = workers, .seed = 3}).value();
    ASSERT_EQ(loader->batches_per_epoch(), 2U);
    const Batch batch = std::move(**loader->next());
    EXPECT_EQ(batch.targets.shape(), (Shape{6, 5, 8, 12}));
    images.emplace_back(batch.images.floats().begin(), batch.images.floats().end());
  }
  EXPECT_EQ(images[0], images[1]);
}

TEST_F(Scenes, WhatCannotBeIsNamed) {
  EXPECT_FALSE(scene_examples({}, small_scenes()).ok());
  SceneOptions options = small_scenes();
  options.mosaic = 2;
  EXPECT_NE(scene_examples({{set_, 1.0}}, options).error().message.find("mosaic"), std::string::npos);
  set_[0].path = folder_ / "gone.png";
  const auto examples = scene_examples({{{set_[0]}, 1.0}}, small_scenes()).value();
  std::vector<float> image(3 * 96 * 64), targets(5 * 12 * 8), weights(2 * 12 * 8);
  const Status made = examples->make(0, Random(5), 0, {image, targets, weights});
  ASSERT_FALSE(made.ok());
  EXPECT_NE(made.error().message.find("gone.png"), std::string::npos);
}

}  // namespace
}  // namespace poise
