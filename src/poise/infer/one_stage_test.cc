#include "poise/infer/one_stage.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "kit/constant_network.h"
#include "kit/temporary_folder.h"
#include "poise/infer/pose_finder.h"

namespace poise {
namespace {

using kit::constant_network;
using kit::yolo_columns;
using kit::yolo_metadata;
using Outputs = std::vector<std::pair<std::string, Tensor>>;

Outputs yolo(const std::vector<kit::YoloPerson>& people, int classes = 1) {
  Outputs outputs;
  outputs.emplace_back("output0", yolo_columns(people, classes));
  return outputs;
}

const std::vector<kit::YoloPerson> kTwo{{32, 32, 20, 24, 0.8F, 20, 24, 0.9F}, {48, 40, 10, 10, 0.6F, 44, 36, 0.5F}};

Result<PoseNetwork> network(NetworkFile file, const CardSources& card = {}) {
  PoseNetworkOptions options;
  options.estimate.card = card;
  return make_pose_network(std::move(file), options);
}

std::string refusal(NetworkFile file, const CardSources& card = {}) {
  const auto made = network(std::move(file), card);
  return made.ok() ? "taken" : made.error().message;
}

/// A view of a black picture that stays.
ImageView black(int width, int height) {
  static std::map<std::pair<int, int>, Image> pictures;
  return pictures.try_emplace({width, height}, width, height).first->second.view();
}

CardSources preset(const std::string& name) {
  CardSources sources;
  sources.preset = name;
  return sources;
}

TEST(OneStage, PeopleComeBackFromTheLetterbox) {
  PoseNetwork made = network(constant_network(yolo(kTwo), 64, yolo_metadata())).value();
  OneStage& finder = std::get<OneStage>(made);
  EXPECT_EQ(finder.card().threshold, 0.25F);
  EXPECT_EQ(finder.card().nms, 0.7F);
  const Image image(128, 96);  // half as large in the input, 8 pixels above and below
  const auto poses = finder.find(image.view()).value();
  ASSERT_EQ(poses.size(), 2U);
  EXPECT_EQ(poses[0].box, (Box{44, 24, 40, 48}));
  EXPECT_EQ(poses[0].score, 0.8F);
  EXPECT_EQ(poses[0].box_score, 0.8F);
  EXPECT_EQ(poses[0].keypoints[3].point, (Point{46, 38})) << "(23, 27) of the input";
  EXPECT_EQ(poses[0].keypoints[3].score, 0.9F);
  EXPECT_EQ(poses[1].box, (Box{86, 54, 20, 20}));
  EXPECT_FALSE(finder.find(ImageView{}).ok());
  const auto other = finder.sibling(1);
  ASSERT_TRUE(other);
  EXPECT_EQ(other->model_hash(), finder.model_hash());
}

TEST(OneStage, OptionsComeBeforeTheCard) {
  PoseNetworkOptions options;
  options.threshold = 0.7F;
  PoseNetwork few = make_pose_network(constant_network(yolo(kTwo), 64, yolo_metadata()), options).value();
  EXPECT_EQ(std::get<OneStage>(few).find(black(64, 64)).value().size(), 1U);
  std::vector<kit::YoloPerson> twice{kTwo[0], kTwo[0]};
  twice[1].score = 0.7F;
  PoseNetwork thinned = network(constant_network(yolo(twice), 64, yolo_metadata())).value();
  EXPECT_EQ(std::get<OneStage>(thinned).find(black(64, 64)).value().size(), 1U);
  options = {};
  options.nms = 1.0F;
  PoseNetwork both = make_pose_network(constant_network(yolo(twice), 64, yolo_metadata()), options).value();
  EXPECT_EQ(std::get<OneStage>(both).find(black(64, 64)).value().size(), 2U);
}

TEST(OneStage, WhoIsNoPersonOrNoNumberIsCounted) {
  std::vector<kit::YoloPerson> people = kTwo;
  people[1].joint_x = NAN;
  auto metadata = yolo_metadata();
  metadata["names"] = "{0: 'dog', 1: 'person'}";
  metadata["kpt_shape"] = "[17, 3]";
  PoseNetwork made = network(constant_network(yolo(people, 2), 64, metadata)).value();
  OneStage& finder = std::get<OneStage>(made);
  EXPECT_TRUE(finder.find(black(64, 64)).value().empty()) << "both are dogs";
  EXPECT_EQ(finder.left_out().other_class, 2U);
  PoseNetwork one = network(constant_network(yolo(people), 64, yolo_metadata())).value();
  OneStage& odd = std::get<OneStage>(one);
  EXPECT_EQ(odd.find(black(64, 64)).value().size(), 1U);
  EXPECT_EQ(odd.left_out().not_finite, 1U);
  ASSERT_EQ(odd.notes().size(), 1U);
  EXPECT_NE(odd.notes()[0].find("no finite numbers"), std::string::npos);
}

TEST(OneStage, WithoutMetadataAFileIsAskedFor) {
  const std::string said = refusal(constant_network(yolo(kTwo)));
  EXPECT_NE(said.find("says nothing about"), std::string::npos) << said;
  EXPECT_NE(said.find("output0 (1x56x84)"), std::string::npos) << said;
  EXPECT_TRUE(network(constant_network(yolo(kTwo)), preset("yolo-pose")).ok());
  EXPECT_NE(refusal(constant_network(yolo(kTwo)), preset("mmpose")).find("output0 (1x56x84)"), std::string::npos);
  EXPECT_NE(refusal(constant_network(yolo(kTwo)), preset("mmpose")).find("heatmaps (N, joints, h, w)"),
            std::string::npos);
}

TEST(OneStage, ImplausibleAnswersAreRefusedAtLoad) {
  std::vector<kit::YoloPerson> people = kTwo;
  people[0].joint_score = 42;
  EXPECT_NE(refusal(constant_network(yolo(people), 64, yolo_metadata())).find("a joint scores 42"), std::string::npos);
  people = kTwo;
  people[0].score = 7;
  EXPECT_NE(refusal(constant_network(yolo(people), 64, yolo_metadata())).find("somebody scores 7"), std::string::npos);
}

TEST(OneStage, PicturesThatItReadsLastChannelFirstOrInWholeNumbers) {
  Tensor numbers({1, 6, 56});
  for (int j = 0; j < 17; ++j) {
    numbers.floats()[3 * j] = 0.25F;
    numbers.floats()[3 * j + 1] = 0.5F;
    numbers.floats()[3 * j + 2] = 0.9F;
  }
  const std::vector<float> box{0.125F, 0.25F, 0.5F, 0.75F, 0.6F};
  std::copy(box.begin(), box.end(), numbers.floats().data() + 51);
  Outputs outputs;
  outputs.emplace_back("Identity", std::move(numbers));
  NetworkFile file = constant_network(std::move(outputs), 0, {}, {1, 64, 96, 3});
  PoseNetwork made = network(std::move(file)).value();
  const auto poses = std::get<OneStage>(made).find(black(96, 64)).value();
  ASSERT_EQ(poses.size(), 1U);
  EXPECT_EQ(poses[0].box, (Box{24, 8, 48, 24}));
  EXPECT_EQ(poses[0].keypoints[5].point, (Point{48, 16}));
}

TEST(OneStage, AFinderNeedsNoDetectorAndTakesNone) {
  const kit::TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "pose.onnx";
  const NetworkFile made = constant_network(yolo(kTwo), 64, yolo_metadata());
  ASSERT_TRUE(write_onnx(file, made.graph, {made.metadata}).ok());
  PoseFinder finder = PoseFinder::open({.model = file}).value();
  const FrameResult found = finder(Image(64, 64));
  EXPECT_EQ(found.poses.size(), 2U);
  EXPECT_EQ(found.box_source, "pose.onnx");
  EXPECT_FALSE(finder.estimator());
  EXPECT_FALSE(finder.crop());
  const std::vector<PersonBox> boxes{{{0, 0, 10, 10}}};
  EXPECT_NE(finder.find(black(64, 64), boxes).error().message.find("looks at no boxes"), std::string::npos);
  const Json settings = provenance_of(finder, "pose.onnx").settings;
  EXPECT_EQ(settings.find("codec")->as_string(), "yolo_pose");
  EXPECT_EQ(settings.find("pose_nms")->as_string(), "none") << "the network's people are thinned out already";
  EXPECT_NE(PoseFinder::open({.model = file, .detector = "poise-person"}).error().message.find("finds everyone itself"),
            std::string::npos);
  PoseFinderOptions flipped{.model = file};
  flipped.estimate.flip_test = true;
  EXPECT_NE(PoseFinder::open(flipped).error().message.find("flip test"), std::string::npos);
  EXPECT_NE(Estimator::load(file).error().message.find("PoseFinder"), std::string::npos);
}

TEST(OneStage, ManyPicturesGoThroughThePipeline) {
  PoseNetwork made = network(constant_network(yolo(kTwo), 64, yolo_metadata())).value();
  PoseFinder finder(std::move(made), BoxSource::of_network("pose.onnx"));
  std::size_t people = 0;
  std::size_t taken = 0;
  const auto read = [](std::size_t, const AdmitPixels&) -> Result<PipelinePicture> {
    PipelinePicture picture;
    picture.image = Image(64, 64);
    return picture;
  };
  const PipelineCost cost = run_pipeline(9, finder, read,
                                         [&](std::size_t i, Result<PipelineAnswer> answer) {
                                           ASSERT_TRUE(answer.ok()) << answer.error().message;
                                           EXPECT_EQ(i, taken++);
                                           EXPECT_EQ(answer->boxes.size(), answer->frame.poses.size());
                                           people += answer->frame.poses.size();
                                         },
                                         {.streams = 2});
  EXPECT_EQ(people, 18U);
  EXPECT_EQ(cost.pictures, 9U);
  EXPECT_EQ(cost.streams, 2);
  const auto boxed = [](std::size_t, const AdmitPixels&) -> Result<PipelinePicture> {
    PipelinePicture picture;
    picture.image = Image(64, 64);
    picture.boxes = {{{0, 0, 10, 10}}};
    return picture;
  };
  run_pipeline(1, finder, boxed, [&](std::size_t, Result<PipelineAnswer> answer) {
    ASSERT_FALSE(answer.ok());
    EXPECT_NE(answer.error().message.find("looks at no boxes"), std::string::npos);
  });
}

}  // namespace
}  // namespace poise
