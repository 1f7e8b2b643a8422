#include "poise/infer/estimator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "kit/axes_codec.h"
#include "poise/codec/gaussian_heatmap.h"
#include "poise/engine/session.h"

namespace poise {
namespace {

const std::string kTiny = std::string(POISE_SOURCE_DIR) + "/tests/golden/pytorch_tiny/pose_resnet_tiny.onnx";

Estimator tiny(bool flip_test, int batch) {
  EstimatorOptions options;
  options.card.preset = "simple-baselines";
  options.flip_test = flip_test;
  options.batch = batch;
  return Estimator::load(kTiny, options).value();
}

Image noise(int width, int height) {
  Image image(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width * 3; ++x)
      image.row(y)[x] = static_cast<std::uint8_t>((x * 7 + y * 13 + (x * y) % 31) % 256);
  }
  return image;
}

std::vector<PersonBox> boxes() { return {{{10, 20, 40, 60}, 0.9F}, {{50, 5, 30, 30}, 0.8F}, {{0, 0, 120, 100}, 1.0F}}; }

TEST(Estimator, BatchesChangeNothing) {
  const Image image = noise(120, 100);
  const auto together = tiny(false, 8).estimate(image.view(), boxes()).value();
  const auto apart = tiny(false, 1).estimate(image.view(), boxes()).value();
  ASSERT_EQ(together.poses.size(), 3U);
  for (std::size_t p = 0; p < 3; ++p) {
    EXPECT_EQ(together.poses[p].box_score, boxes()[p].score);
    for (std::size_t j = 0; j < together.poses[p].keypoints.size(); ++j) {
      EXPECT_EQ(together.poses[p].keypoints[j].point, apart.poses[p].keypoints[j].point);
      EXPECT_NEAR(together.poses[p].keypoints[j].score, apart.poses[p].keypoints[j].score, 1e-5F);
    }
  }
}

TEST(Estimator, DeterministicGivesTheSameBitsInAnyBatchOnAnyThreads) {
  const Image image = noise(120, 100);
  const auto estimate = [&](int batch, int threads, Precision precision, bool flip) {
    EstimatorOptions options;
    options.card.preset = "simple-baselines";
    options.batch = batch;
    options.flip_test = flip;
    options.run.threads = threads;
    options.run.precision = precision;
    options.run.deterministic = true;
    Estimator estimator = Estimator::load(kTiny, options).value();
    EXPECT_EQ(estimator.threads(), threads);
    return estimator.estimate(image.view(), boxes(), true).value();
  };
  for (const Precision precision : native_precisions()) {
    if (precision == Precision::kInt8) continue;  // the file is not made for it
    for (const bool flip : {false, true}) {
      const auto want = estimate(1, 1, precision, flip);
      for (const auto& [batch, threads] : {std::pair{3, 1}, std::pair{8, 2}, std::pair{2, 3}}) {
        const auto have = estimate(batch, threads, precision, flip);
        ASSERT_EQ(have.heatmaps.size(), want.heatmaps.size());
        for (std::size_t p = 0; p < want.heatmaps.size(); ++p) {
          const auto& maps = want.heatmaps[p].maps.floats();
          EXPECT_TRUE(std::equal(maps.begin(), maps.end(), have.heatmaps[p].maps.floats().begin()))
              << name_of(precision) << ", batch " << batch << ", person " << p;
        }
      }
    }
  }
}

TEST(Estimator, HeatmapPeaksAreTheKeypointScores) {
  const Image image = noise(120, 100);
  const auto estimate = tiny(false, 8).estimate(image.view(), boxes(), true).value();
  ASSERT_EQ(estimate.heatmaps.size(), 3U);
  for (std::size_t p = 0; p < 3; ++p) {
    const Tensor& maps = estimate.heatmaps[p].maps;
    const std::int64_t plane = maps.dim(1) * maps.dim(2);
    for (std::int64_t j = 0; j < maps.dim(0); ++j) {
      float peak = maps.floats()[j * plane];
      for (std::int64_t i = 0; i < plane; ++i) peak = std::max(peak, maps.floats()[j * plane + i]);
      EXPECT_EQ(estimate.poses[p].keypoints[static_cast<std::size_t>(j)].score, peak);
    }
  }
}

Image mirrored(const Image& image) {
  Image other(image.width(), image.height());
  for (int y = 0; y < image.height(); ++y) {
    for (int x = 0; x < image.width(); ++x) {
      std::copy_n(image.row(y) + 3 * x, 3, other.row(y) + 3 * (image.width() - 1 - x));
    }
  }
  return other;
}

/// With the flip test a picture and its mirror image give mirrored poses with sides swapped; without it they do not.
TEST(Estimator, FlipTestMakesMirroredPicturesMirroredPoses) {
  constexpr int kWidth = 120;
  const Image image = noise(kWidth, 100);
  const Image mirror = mirrored(image);
  // Crops of 32x64 pixels as they are: the crop of the one is the mirrored crop of the other.
  const PersonBox box{{10, 8, 32, 64}, 1.0F};
  const PersonBox mirrored_box{{kWidth - 10 - 32, 8, 32, 64}, 1.0F};
  const auto largest_difference = [&](bool flip_test) {
    EstimatorOptions options;
    options.card.preset = "simple-baselines";
    options.card.flags.set("padding", 1.0);
    options.card.flags.set("flip_shift", false);
    options.card.flags.set("refine",
                           "none");  // the authors' quarter pixel spares two columns on the left, one on the right
    options.flip_test = flip_test;
    Estimator estimator = Estimator::load(kTiny, options).value();
    const std::vector<int> partner = estimator.skeleton().flip_index();
    const Pose pose = estimator.estimate(image.view(), {&box, 1}).value().poses[0];
    const Pose other = estimator.estimate(mirror.view(), {&mirrored_box, 1}).value().poses[0];
    float largest = 0;
    for (std::size_t j = 0; j < pose.keypoints.size(); ++j) {
      const Keypoint& here = pose.keypoints[j];
      const Keypoint& there = other.keypoints[static_cast<std::size_t>(partner[j])];
      // Heatmap pixels lie 4 apart from the crop's corner, so that their mirror images are 3 off (crop.h).
      const float x = kWidth - 1 - 3 - here.point.x;
      largest = std::max({largest, std::abs(there.point.x - x), std::abs(there.point.y - here.point.y),
                          std::abs(there.score - here.score)});
    }
    return largest;
  };
  EXPECT_LT(largest_difference(true), 1e-4F);
  EXPECT_GT(largest_difference(false), 1.0F);
}

/// The tiny network's heatmaps seen along each axis: two outputs more, of which the first two are the answer.
NetworkFile with_axes() {
  NetworkFile file = read_network(kTiny).value();
  Graph& graph = file.graph;
  const ValueId heatmaps = graph.outputs.at(0);
  const auto seen = [&](const char* name, std::int64_t axis) {
    return graph.add_node("ReduceMax", name, {heatmaps}, name,
                          {{"axes", std::vector<std::int64_t>{axis}}, {"keepdims", std::int64_t{0}}});
  };
  const ValueId along_y = seen("along_y", 3);
  graph.outputs = {along_y, heatmaps, seen("along_x", 2)};
  graph.validate().value();
  return file;
}

TEST(Estimator, ACodecOfOnesOwnIsOneFileAndOneLine) {
  const Image image = noise(120, 100);
  EstimatorOptions options;
  options.card.preset = "simple-baselines";
  options.card.flags.set("refine", "none");
  const Estimate wanted = Estimator::create(with_axes(), options).value().estimate(image.view(), boxes()).value();

  const std::vector<PoseCodecFamily> codecs{gaussian_heatmap_family(), kit::axes_codec_family()};
  options.codecs = codecs;
  options.card.preset.clear();
  options.card.flags = card_preset("simple-baselines").value();
  options.card.flags.set("codec", "axes");
  const auto strange = Estimator::create(with_axes(), options);
  ASSERT_FALSE(strange.ok());
  EXPECT_NE(strange.error().message.find("\"sigma\" is not known"), std::string::npos) << strange.error().message;

  options.card.flags = Json::object();
  const Json preset = card_preset("simple-baselines").value();
  for (const auto& [name, value] : preset.as_object()) {
    if (name != "sigma" && name != "refine" && name != "flip_shift") options.card.flags.set(name, value);
  }
  options.card.flags.set("codec", "axes");
  Estimator estimator = Estimator::create(with_axes(), options).value();
  const Estimate found = estimator.sibling(1)->estimate(image.view(), boxes()).value();
  ASSERT_EQ(found.poses.size(), wanted.poses.size());
  for (std::size_t p = 0; p < wanted.poses.size(); ++p) {
    for (std::size_t j = 0; j < wanted.poses[p].keypoints.size(); ++j) {
      if (!(wanted.poses[p].keypoints[j].score > 0)) continue;
      EXPECT_EQ(found.poses[p].keypoints[j].point, wanted.poses[p].keypoints[j].point);
      EXPECT_EQ(found.poses[p].keypoints[j].score, wanted.poses[p].keypoints[j].score);
    }
  }
  EXPECT_NE(estimator.estimate(image.view(), boxes(), true).error().message.find("axes, which has no heatmaps"),
            std::string::npos);
  EXPECT_EQ(to_json(estimator.card()).string("codec").value(), "axes");
}

TEST(Estimator, BadBoxesAreNamed) {
  const Image image = noise(120, 100);
  Estimator estimator = tiny(false, 8);
  const auto message = [&](const Box& box) {
    const PersonBox person{box, 1.0F};
    const auto result = estimator.estimate(image.view(), std::span(&person, 1));
    return result.ok() ? std::string("accepted") : result.error().message;
  };
  EXPECT_NE(message({0, 0, 0, 10}).find("empty"), std::string::npos);
  EXPECT_NE(message({500, 0, 10, 10}).find("outside the 120x100 image"), std::string::npos);
  EXPECT_NE(message({std::nanf(""), 0, 10, 10}).find("finite"), std::string::npos);
  EXPECT_EQ(message({-5, -5, 30, 30}), "accepted");
  EXPECT_TRUE(estimator.estimate(image.view(), {}).value().poses.empty());
}

TEST(Estimator, AiliaPresetReportsNineteenJoints) {
  EstimatorOptions options;
  options.card.preset = "ailia";
  Estimator estimator = Estimator::load(kTiny, options).value();
  EXPECT_EQ(estimator.skeleton().size(), 19);
  EXPECT_EQ(estimator(noise(64, 64)).at(0).keypoints.size(), 19U);
  const std::vector<PersonBox> boxes{{{5, 5, 40, 50}, 1}, {{20, 0, 30, 60}, 0.5F}};
  EXPECT_EQ(estimator(noise(64, 64), boxes).size(), 2U);
  EXPECT_THROW(estimator(noise(64, 64), std::vector<PersonBox>{{{90, 90, 5, 5}, 1}}), Exception);
}

TEST(Estimator, MissingCardListsThePresets) {
  const auto result = Estimator::load(kTiny, {});
  ASSERT_FALSE(result.ok());
  for (const char* name : {"simple-baselines", "gluon", "mmpose", "ailia", "pose_resnet_tiny.onnx"}) {
    EXPECT_NE(result.error().message.find(name), std::string::npos) << result.error().message;
  }
}

}  // namespace
}  // namespace poise
