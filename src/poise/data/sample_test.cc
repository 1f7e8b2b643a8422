#include "poise/data/sample.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "poise/data/test_people.h"
#include "poise/data/truncate.h"

namespace poise {
namespace {

using testing_people::figures;
using testing_people::MemorySet;
using testing_people::samples;

struct Made {
  std::vector<float> image, targets, weights;
};

Made make(const Person& person, const Skeleton& skeleton, const Augmentation& augmentation,
          const SampleOptions& options) {
  const auto area = [](Size s) { return static_cast<std::size_t>(s.width) * static_cast<std::size_t>(s.height); };
  Made made{std::vector<float>(3 * area(options.input.size), -99.0F),
            std::vector<float>(
                skeleton.joints.size() * area({options.input.size.width / 4, options.input.size.height / 4}), -99.0F),
            std::vector<float>(skeleton.joints.size(), -99.0F)};
  make_sample(person, skeleton, augmentation, options, {made.image, made.targets, made.weights}).value();
  return made;
}

const SampleOptions kOptions = samples({96, 128});

TEST(Sample, PixelsMoveWithTheJoints) {
  // A bright blot at each joint of a dark picture is found where the joint is said to be, whatever was drawn.
  const Skeleton skeleton = find_skeleton("coco17").value();
  const AugmentOptions augment{.translation = 0.1F, .colour = 0.1F};
  int looked = 0;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    Random random(seed);
    Image image(240, 200);
    const Point joint{static_cast<float>(60 + random.below(120)), static_cast<float>(50 + random.below(100))};
    for (int dy = -1; dy <= 1; ++dy) {
      for (int dx = -1; dx <= 1; ++dx) {
        std::fill_n(image.row(static_cast<int>(joint.y) + dy) + 3 * (static_cast<int>(joint.x) + dx), 3,
                    static_cast<std::uint8_t>(dx == 0 && dy == 0 ? 255 : 150));
      }
    }
    Person person;
    person.keypoints.resize(17);
    person.weights.assign(17, 0.0F);
    const std::size_t which = seed % 17;
    person.keypoints[which] = {joint, Visibility::kVisible};
    person.weights[which] = 1;
    person.box = {50, 40, 140, 120};
    MemorySet set(skeleton);
    set.add(person, image);
    const Augmentation a = draw_augmentation(augment, 1, set.get(0), skeleton, kOptions.crop(), Random(seed, 1));
    const Made made = make(set.get(0), skeleton, a, kOptions);
    const PlacedJoints placed = place_joints(set.get(0), skeleton, a, kOptions.crop());
    const auto said = static_cast<std::size_t>(std::ranges::max_element(placed.weights) - placed.weights.begin());
    EXPECT_EQ(said, a.flip ? static_cast<std::size_t>(skeleton.flip_index()[which]) : which);
    const Point p = placed.points[said];
    if (p.x < 2 || p.y < 2 || p.x > 93 || p.y > 125) continue;
    ++looked;
    const auto brightest = std::max_element(made.image.begin(), made.image.begin() + 96 * 128) - made.image.begin();
    EXPECT_NEAR(static_cast<float>(brightest % 96), p.x, 1.0F) << seed;
    EXPECT_NEAR(static_cast<float>(brightest / 96), p.y, 1.0F) << seed;
  }
  EXPECT_GT(looked, 40);
}

TEST(Sample, MirroredPicturesEqualTheAuthorsPixels) {
  const auto set = figures(1, {210, 160});
  const Person person = set->get(0);
  Augmentation a = plain(person);
  a.flip = true;
  a.rotation = -20;
  const Made one = make(person, set->skeleton(), a, kOptions);

  const Image picture = decode_image(person.bytes).value().image.clone();
  Image mirror(picture.width(), picture.height());
  for (int y = 0; y < picture.height(); ++y) {
    for (int x = 0; x < picture.width(); ++x) {
      std::copy_n(picture.row(y) + 3 * x, 3, mirror.row(y) + 3 * (picture.width() - 1 - x));
    }
  }
  Person other = person;
  other.box.x = static_cast<float>(picture.width()) - person.box.centre().x - 1 - person.box.width / 2;
  MemorySet mirrored(set->skeleton());
  mirrored.add(other, mirror);
  Augmentation b = plain(mirrored.get(0));
  b.rotation = -20;
  const Made two = make(mirrored.get(0), set->skeleton(), b, kOptions);
  // Positions are rounded to 1/32 pixel, once on each side of the mirror.
  std::size_t differ = 0;
  for (std::size_t i = 0; i < one.image.size(); ++i) differ += std::abs(one.image[i] - two.image[i]) > 0.05F ? 1 : 0;
  EXPECT_LT(differ, one.image.size() / 100);
}

TEST(Sample, PlainIsTheEstimatorsCrop) {
  const auto set = figures(1);
  const Person person = set->get(0);
  SampleOptions options = kOptions;
  options.input.normalisation = {ColourOrder::kBgr, 1.0F / 255, {0.485F, 0.456F, 0.406F}, {0.229F, 0.224F, 0.225F}};
  const Made made = make(person, set->skeleton(), plain(person), options);
  std::vector<float> expected(made.image.size());
  const Image picture = decode_image(person.bytes).value().image.clone();
  write_crop(picture.view(), crop_from_image(person.box, options.crop()), options.input, expected);
  EXPECT_EQ(made.image, expected);
}

TEST(Sample, TargetsDecodeToTheJoints) {
  const auto set = figures(8);
  for (std::size_t i = 0; i < set->size(); ++i) {
    const Person person = set->get(i);
    const Augmentation a = draw_augmentation({}, 1, person, set->skeleton(), kOptions.crop(), Random(3, 0, i));
    const Made made = make(person, set->skeleton(), a, kOptions);
    const PlacedJoints placed = place_joints(person, set->skeleton(), a, kOptions.crop());
    const float* targets = made.targets.data();
    const auto found = kOptions.codec->decode(kOptions.answer, std::span(&targets, 1));
    for (std::size_t j = 0; j < 17; ++j) {
      const Point p = placed.points[j];
      const bool inside = p.x >= 0 && p.y >= 0 && p.x < 94 && p.y < 126;
      if (placed.weights[j] == 0 || !inside) continue;
      EXPECT_EQ(made.weights[j], 1);
      EXPECT_EQ(found[j].score, 1);
      EXPECT_NEAR(found[j].point.x, p.x, 2.01F);
      EXPECT_NEAR(found[j].point.y, p.y, 2.01F);
    }
  }
}

TEST(Sample, WeightsMultiply) {
  const auto set = figures(1);
  Person person = set->get(0);
  person.weights[9] = 0.5F;
  person.weights[10] = 0;
  person.keypoints[11].visibility = Visibility::kAbsent;
  SampleOptions options = kOptions;
  options.joint_weights = true;  // coco17 gives wrists 1.5
  const Made made = make(person, set->skeleton(), plain(person), options);
  EXPECT_FLOAT_EQ(made.weights[9], 0.75F);
  EXPECT_EQ(made.weights[10], 0);
  EXPECT_EQ(made.weights[11], 0);
  const std::size_t area = 24 * 32;
  const auto peak = [&](std::size_t j) {
    return *std::max_element(made.targets.begin() + static_cast<std::ptrdiff_t>(j * area),
                             made.targets.begin() + static_cast<std::ptrdiff_t>((j + 1) * area));
  };
  EXPECT_EQ(peak(9), 1);
  EXPECT_EQ(peak(10), 0);
}

TEST(Sample, ColourIsGainAndOffsetOfTheBytes) {
  const auto set = figures(1);
  const Person person = set->get(0);
  for (const ColourOrder order : {ColourOrder::kRgb, ColourOrder::kBgr}) {
    SampleOptions options = kOptions;
    options.input.normalisation = {order, 1.0F / 255, {0.485F, 0.456F, 0.406F}, {0.229F, 0.224F, 0.225F}};
    SampleOptions raw = kOptions;
    raw.input.normalisation = {.order = order, .scale = 1};
    Augmentation a = plain(person);
    const Made bytes = make(person, set->skeleton(), a, raw);
    a.gain = {1.2F, 0.9F, 1.0F};
    a.offset = {-10, 5, 30};
    a.saturation = 0.25F;
    const Made made = make(person, set->skeleton(), a, options);
    const std::size_t area = 96 * 128;
    const auto byte = [&](std::size_t channel, std::size_t i) {
      return bytes.image[(order == ColourOrder::kBgr ? 2 - channel : channel) * area + i];
    };
    for (std::size_t plane = 0; plane < 3; ++plane) {
      const std::size_t channel = order == ColourOrder::kBgr ? 2 - plane : plane;
      for (std::size_t i = 0; i < area; i += 7) {
        const float grey = 0.299F * byte(0, i) + 0.587F * byte(1, i) + 0.114F * byte(2, i);
        const float value = (0.25F * byte(channel, i) + 0.75F * grey) * a.gain[channel] + a.offset[channel];
        const auto& n = options.input.normalisation;
        ASSERT_NEAR(made.image[plane * area + i], (value / 255 - n.mean[plane]) / n.std[plane], 1e-4F);
      }
    }
  }
}

TEST(Sample, JointsThatAreCutOffLearnToBeNothing) {
  const auto set = figures(1);
  const Person person = set->get(0);
  Augmentation a = plain(person);
  const Box& box = person.box;
  a.scene = {0, 0, static_cast<float>(person.picture.width), box.y + box.height / 2};  // the picture ends at the hips
  SampleOptions options = kOptions;
  const Made without = make(person, set->skeleton(), a, options);
  options.cut_weight = 0.5F;
  const Made with = make(person, set->skeleton(), a, options);
  EXPECT_EQ(with.targets, without.targets);
  std::size_t cut = 0;
  const std::size_t map = with.targets.size() / with.weights.size();
  for (std::size_t j = 0; j < with.weights.size(); ++j) {
    if (holds(a.scene, person.keypoints[j].point)) {
      EXPECT_EQ(with.weights[j], without.weights[j]);
      continue;
    }
    ++cut;
    EXPECT_EQ(without.weights[j], 0.0F);
    EXPECT_EQ(with.weights[j], 0.5F);
    const auto begin = with.targets.begin() + static_cast<std::ptrdiff_t>(j * map);
    EXPECT_EQ(std::count(begin, begin + static_cast<std::ptrdiff_t>(map), 0.0F), static_cast<std::ptrdiff_t>(map));
  }
  EXPECT_GE(cut, 4U);
}

TEST(Sample, CutsOutTheMeanColour) {
  const auto set = figures(1);
  const Person person = set->get(0);
  Augmentation a = plain(person);
  a.cutout = {.x = -5, .y = 120, .side = 30};
  SampleOptions options = kOptions;
  options.input.normalisation.mean = {0.2F, 0.3F, 0.4F};
  const Made made = make(person, set->skeleton(), a, options);
  const Made whole = make(person, set->skeleton(), plain(person), options);
  for (std::size_t i = 0; i < made.image.size(); ++i) {
    const std::size_t x = i % 96;
    const std::size_t y = i / 96 % 128;
    ASSERT_EQ(made.image[i], x < 25 && y >= 120 ? 0 : whole.image[i]);
  }
}

TEST(Sample, ShrinksLargePicturesWhileDecoding) {
  const auto set = figures(1, {1200, 1000}, ImageFormat::kJpeg);
  const Person person = set->get(0);
  SampleOptions options = kOptions;
  const Made exact = make(person, set->skeleton(), plain(person), options);
  EXPECT_EQ(load_picture(person, 4).value().image.size(), (Size{300, 250}));
  options.shrink = true;
  const Made shrunk = make(person, set->skeleton(), plain(person), options);
  double apart = 0;
  for (std::size_t i = 0; i < exact.image.size(); ++i) apart += std::abs(exact.image[i] - shrunk.image[i]);
  EXPECT_GT(apart, 0);
  EXPECT_LT(apart / static_cast<double>(exact.image.size()), 0.02);  // of 1; half a pixel's shift gives more
}

TEST(Sample, NamesABrokenPicture) {
  const auto set = figures(1);
  Person person = set->get(0);
  person.path = "/nowhere/at/all.jpg";
  EXPECT_NE(load_picture(person).error().message.find("/nowhere/at/all.jpg"), std::string::npos);
  person.path.clear();
  person.bytes = person.bytes.subspan(0, 100);
  EXPECT_NE(load_picture(person).error().message.find("1.png"), std::string::npos);
}

TEST(Sample, RefusesWhatDoesNotFit) {
  EXPECT_TRUE(check(kOptions).ok());
  SampleOptions options = kOptions;
  options.answer.shapes = {{17, 24, 24}};
  EXPECT_NE(check(options).error().message.find("24x24"), std::string::npos);
  options = kOptions;
  options.padding = 0;
  EXPECT_FALSE(check(options).ok());
  options = kOptions;
  options.input.normalisation.std[1] = 0;
  EXPECT_FALSE(check(options).ok());
}

}  // namespace
}  // namespace poise
