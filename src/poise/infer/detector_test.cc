#include "poise/infer/detector.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "poise/crop/crop.h"
#include "poise/engine/session.h"
#include "poise/graph/passes/passes.h"
#include "poise/image/codec.h"
#include "poise/infer/estimator.h"

namespace poise {
namespace {

const std::string kGolden = std::string(POISE_SOURCE_DIR) + "/tests/golden/";
const std::filesystem::path kShared = std::filesystem::path(POISE_SOURCE_DIR) / "../shared";

/// A yolov8-style head on one convolution: a place a 16x16 patch, whose box is the patch, and whose two classes are its
/// mean red and mean green. In integers: input and weights rounded where a file in QDQ form says so.
NetworkFile patches(std::int64_t side = 64, bool integers = false) {
  NetworkFile model;
  Graph& graph = model.graph;
  graph.name = "patches";
  const ValueId x = graph.add_input("image", {1, 3, side, side});
  const auto constant = [&](const char* name, Tensor tensor) {
    return graph.add_constant(name, std::make_shared<Tensor>(std::move(tensor)));
  };
  Tensor weight({2, 3, 16, 16});
  for (std::int64_t c = 0; c < 2; ++c) std::fill_n(weight.floats().data() + (c * 3 + c) * 256, 256, 1.0F / 256);
  const ValueId weights = constant("weight", std::move(weight));
  const ValueId seen = integers ? add_rounding(graph, x, {.scale = 1.0F / 255, .zero = 0}, "image") : x;
  const ValueId kinds = graph.add_node(
      "Conv", "kinds", {seen, weights}, "kinds",
      {{"kernel_shape", std::vector<std::int64_t>{16, 16}}, {"strides", std::vector<std::int64_t>{16, 16}}});
  const std::int64_t cells = side / 16;
  Tensor boxes({1, 4, cells, cells});
  for (std::int64_t i = 0; i < cells * cells; ++i) {
    float* at = boxes.floats().data() + i;
    at[0] = static_cast<float>(i % cells) * 16 + 8;
    at[cells * cells] = static_cast<float>(i / cells) * 16 + 8;
    at[2 * cells * cells] = at[3 * cells * cells] = 16;
  }
  const ValueId all =
      graph.add_node("Concat", "all", {constant("boxes", std::move(boxes)), kinds}, "all", {{"axis", std::int64_t{1}}});
  const ValueId shape = constant("shape", Tensor::from({3}, std::vector<std::int64_t>{1, 6, cells * cells}));
  graph.outputs = {graph.add_node("Reshape", "rows", {all, shape}, "output0")};
  if (integers) put_int8_weights(graph, std::vector<std::pair<ValueId, int>>{{weights, 0}});
  EXPECT_TRUE(graph.validate().ok());
  return model;
}

/// Black, with a square of one colour.
Image square(Size size, const Box& at, std::uint8_t red, std::uint8_t green) {
  Image image(size.width, size.height);
  for (int y = static_cast<int>(at.y); y < static_cast<int>(at.y + at.height); ++y) {
    for (int x = static_cast<int>(at.x); x < static_cast<int>(at.x + at.width); ++x) {
      image.row(y)[3 * x] = red;
      image.row(y)[3 * x + 1] = green;
    }
  }
  return image;
}

Result<std::vector<PersonBox>> look(Detector& detector, const Image& image) { return detector.detect(image.view()); }

DetectorOptions yolov8(Json flags = Json::object()) {
  DetectorOptions options;
  options.card.preset = "yolov8";
  if (flags.find("person") == nullptr && flags.find("classes") == nullptr) flags.set("person", 0);
  options.card.flags = std::move(flags);
  return options;
}

TEST(Detector, FindsThePersonsClassWhereItIs) {
  Json flags = Json::object();
  flags.set("pad_colour", Json(Json::Array{Json(0), Json(0), Json(0)}));
  Detector detector = Detector::create(patches(), yolov8(flags)).value();
  // 128x96 in 64x64: half as large, 8 pixels above and below. A patch of the input is 32 pixels of the picture.
  const Image red = square({128, 96}, {64, 48, 32, 32}, 255, 0);
  const auto persons = detector.detect(red.view()).value();
  ASSERT_EQ(persons.size(), 1U);
  EXPECT_EQ(persons[0].box, (Box{64, 48, 32, 32}));
  EXPECT_NEAR(persons[0].score, 1, 1e-5);
  EXPECT_TRUE(look(detector, square({128, 96}, {64, 48, 32, 32}, 0, 255)).value().empty()) << "green is no person";
  EXPECT_TRUE(look(detector, Image(128, 96)).value().empty());
  flags.set("person", 1);
  Detector green = Detector::create(patches(), yolov8(flags)).value();
  EXPECT_EQ(look(green, square({128, 96}, {64, 48, 32, 32}, 0, 255)).value().size(), 1U);
}

TEST(Detector, InAnUprightSquareTheHeadIsAbove) {
  for (const Point edge : {Point{160, 100}, {40, 100}, {100, 40}, {100, 160}, {142.4264F, 57.5736F}}) {
    const TurnedBox square = upright_square({100, 100}, edge).value();
    EXPECT_NEAR(square.box.width, 120, 1e-3);
    const Affine crop = crop_from_image(square.box, {.size = {64, 64}, .padding = 1, .rotation = square.degrees});
    const Point hips = crop({100, 100}), head = crop(edge);
    EXPECT_NEAR(hips.x, 32, 1e-3);
    EXPECT_NEAR(hips.y, 32, 1e-3);
    EXPECT_NEAR(head.x, 32, 1e-3);
    EXPECT_NEAR(head.y, 0, 1e-3);
  }
  EXPECT_FALSE(upright_square({5, 5}, {5, 5}));
}

/// Whoever lies is posed as well as who stands: the drawn figure, and the same turned by a quarter.
TEST(Detector, BlazePosesChainTurnsPeopleUpright) {
  const std::filesystem::path models = kShared / "models";
  if (!std::filesystem::exists(models / "pose_landmark_lite.tflite")) GTEST_SKIP() << "../shared is missing";
  DetectorOptions options;
  options.card.preset = "blazepose";
  Detector detector = Detector::load(models / "blazepose_detection.tflite", options).value();
  Estimator estimator = Estimator::load(models / "pose_landmark_lite.tflite").value();
  const Image standing = read_image(std::string(POISE_SOURCE_DIR) + "/docs/images/figure.jpg").value();
  Image lying(standing.height(), standing.width());  // clockwise: the head to the right
  for (int y = 0; y < standing.height(); ++y) {
    for (int x = 0; x < standing.width(); ++x) {
      std::copy_n(standing.row(y) + std::ptrdiff_t{3} * x, 3,
                  lying.row(x) + std::ptrdiff_t{3} * (standing.height() - 1 - y));
    }
  }
  const std::vector<PersonBox> up = detector(standing), down = detector(lying);
  ASSERT_EQ(up.size(), 1U);
  ASSERT_EQ(down.size(), 1U);
  EXPECT_NEAR(down[0].upright.value().degrees - up[0].upright.value().degrees, 90, 10);
  const Pose a = estimator(standing, up).at(0), b = estimator(lying, down).at(0);
  const float height = up[0].upright->box.height;
  for (const std::size_t joint : {11, 12, 23, 24, 25, 26}) {  // shoulders, hips, knees
    const Point standing_at = a.keypoints[joint].point, lying_at = b.keypoints[joint].point;
    EXPECT_NEAR(lying_at.x, static_cast<float>(standing.height() - 1) - standing_at.y, 0.05F * height);
    EXPECT_NEAR(lying_at.y, standing_at.x, 0.05F * height);
  }
}

TEST(Detector, BoxesEndWithThePicture) {
  Detector detector = Detector::create(patches(), yolov8()).value();
  // The patches of the first and last rows hang over into the padding: half of each is picture.
  const auto persons = look(detector, square({128, 96}, {0, 0, 128, 96}, 255, 0)).value();
  ASSERT_EQ(persons.size(), 16U);
  for (const PersonBox& person : persons) {
    EXPECT_GE(person.box.y, 0);
    EXPECT_LE(person.box.y + person.box.height, 96);
    EXPECT_GT(person.box.height, 0);
  }
}

TEST(Detector, PicturesOfAFewPixelsAreLookedAt) {
  Detector detector = Detector::create(patches(), yolov8()).value();
  for (const Size size : {Size{10, 10}, Size{1, 1}, Size{10, 1}, Size{1, 700}}) {
    Image image(size.width, size.height);
    const auto persons = detector.detect(image.view());
    ASSERT_TRUE(persons.ok()) << persons.error().message;
    for (const PersonBox& person : *persons) EXPECT_LE(person.box.x + person.box.width, static_cast<float>(size.width));
  }
  EXPECT_FALSE(detector.detect(ImageView{}).ok());
  EXPECT_THROW(detector(Image{}), Exception);
}

TEST(Detector, ThresholdAndSuppressionAreTheOptionsBeforeTheCards) {
  DetectorOptions options = yolov8();
  options.threshold = 0.9F;
  options.nms = 0.1F;
  Detector detector = Detector::create(patches(), options).value();
  EXPECT_EQ(detector.card().head.threshold, 0.9F);
  EXPECT_EQ(detector.card().nms, 0.1F);
  EXPECT_TRUE(look(detector, square({64, 64}, {16, 16, 16, 16}, 220, 0)).value().empty());
  EXPECT_EQ(look(detector, square({64, 64}, {16, 16, 16, 16}, 240, 0)).value().size(), 1U);
}

/// What is wrong is known before the first picture.
std::string refusal(NetworkFile model, const DetectorOptions& options) {
  const auto detector = Detector::create(std::move(model), options, "d.onnx");
  if (detector.ok()) return "no error";
  EXPECT_EQ(detector.error().message.rfind("d.onnx", 0), 0U) << detector.error().message;
  return detector.error().message;
}

TEST(Detector, RefusalsSayWhatToDo) {
  EXPECT_NE(refusal(patches(), {}).find("give option \"preset\" of the detector"), std::string::npos);
  DetectorOptions other = yolov8();
  other.card.preset = "yolox";
  EXPECT_NE(refusal(patches(), other).find("family yolox"), std::string::npos);
  Json flags = Json::object();
  flags.set("person", 2);
  EXPECT_NE(refusal(patches(), yolov8(flags)).find("2 classes"), std::string::npos);
  flags = Json::object();
  flags.set("classes", Json(Json::Array{Json("dog"), Json("cat")}));
  EXPECT_NE(refusal(patches(), yolov8(flags)).find("does not look for people"), std::string::npos);
  flags.set("classes", Json(Json::Array{Json("dog"), Json("cat"), Json("person")}));
  EXPECT_NE(refusal(patches(), yolov8(flags)).find("its card names 3"), std::string::npos);
  DetectorOptions silent;
  silent.card.preset = "yolov8";
  const std::string guess = refusal(patches(), silent);
  EXPECT_NE(guess.find("output output0, read as yolov8, tells 2 classes apart"), std::string::npos) << guess;
  const auto pose = Detector::load(kGolden + "pytorch_tiny/pose_resnet_tiny.onnx", yolov8());
  ASSERT_FALSE(pose.ok());
  EXPECT_NE(pose.error().message.find("family yolov8"), std::string::npos);
  NetworkFile huge;
  huge.graph.outputs = {
      huge.graph.add_node("Relu", "y", {huge.graph.add_input("x", {1, 3, (std::int64_t{1} << 32) + 64, 64})}, "y")};
  EXPECT_NE(refusal(std::move(huge), yolov8()).find("at most 4096"), std::string::npos);
}

/// The patches with scores as they are before a sigmoid: said once, before the first picture.
TEST(Detector, ScoresThatAreNoneAreSeenAtTheStart) {
  NetworkFile model = patches();
  Graph& graph = model.graph;
  const auto constant = [&](const char* name, float value) {
    return graph.add_constant(name, std::make_shared<Tensor>(Tensor::from({1}, std::vector<float>{value})));
  };
  const ValueId shifted = graph.add_node("Sub", "shift", {graph.outputs[0], constant("seven", 7)}, "shifted");
  graph.outputs = {shifted};
  const std::string refused = refusal(std::move(model), yolov8());
  EXPECT_NE(refused.find("output shifted: scores are -6.55"), std::string::npos) << refused;
}

TEST(Detector, WhatBecameNobodyIsCounted) {
  Json flags = Json::object();
  flags.set("max_detections", 3);
  Detector detector = Detector::create(patches(), yolov8(flags)).value();
  auto sibling = detector.sibling(1);
  ASSERT_TRUE(sibling);
  EXPECT_EQ(look(detector, square({64, 64}, {0, 0, 64, 64}, 255, 0)).value().size(), 3U);
  EXPECT_TRUE(look(*sibling, square({64, 64}, {16, 16, 16, 16}, 0, 255)).value().empty());
  EXPECT_EQ(detector.left_out().full_pictures, 1U);
  EXPECT_EQ(detector.left_out().other_class, 1U) << "a sibling's are everybody's";
  ASSERT_EQ(detector.notes().size(), 1U);
  EXPECT_NE(detector.notes()[0].find("in 1 picture the detector found 3 people"), std::string::npos);
  // 64x8 in 64x64: the rows of patches above and below hold padding alone.
  flags = Json::object();
  flags.set("pad_colour", Json(Json::Array{Json(255), Json(0), Json(0)}));
  Detector padded = Detector::create(patches(), yolov8(flags)).value();
  (void)look(padded, square({64, 8}, {0, 0, 1, 1}, 0, 0)).value();
  EXPECT_EQ(padded.left_out().outside, 8U);
}

/// What its card leaves out is a default's: a preset's would be wrong for it.
TEST(Detector, ACardTakesNoPreset) {
  NetworkFile model = patches();
  model.metadata["poise.card"] = R"({"family": "yolov8", "fit": "stretch"})";
  EXPECT_NE(refusal(std::move(model), yolov8()).find("its card says"), std::string::npos);
}

TEST(Detector, DarknetNeedsNoPreset) {
  Detector detector = Detector::load(kGolden + "darknet/tiny.weights", {.threshold = 0.05F}).value();
  EXPECT_EQ(detector.card().family, "yolov3");
  const auto persons = look(detector, square({50, 30}, {5, 5, 30, 20}, 200, 90)).value();
  EXPECT_FALSE(persons.empty()) << "weights at random find something at such a threshold";
}

TEST(Detector, ComputesInIntegersWhereTheNetworkSaysSo) {
  Json flags = Json::object();
  flags.set("precision", "int8");
  Detector detector = Detector::create(patches(64, true), yolov8(flags)).value();
  const auto native = native_precisions();
  const bool has_integers = std::ranges::find(native, Precision::kInt8) != native.end();
  EXPECT_EQ(detector.precision(), has_integers ? Precision::kInt8 : Precision::kFloat32);
  const auto persons = look(detector, square({64, 64}, {16, 16, 16, 16}, 240, 0)).value();
  ASSERT_EQ(persons.size(), 1U);
  EXPECT_EQ(persons[0].box, (Box{16, 16, 16, 16}));
  EXPECT_NEAR(persons[0].score, 240.0F / 255, 0.01);
  EXPECT_EQ(Detector::create(patches(), yolov8(flags)).value().precision(), Precision::kFloat32)
      << "a card makes no integers";
}

TEST(Detector, SiblingsSayTheSame) {
  Detector detector = Detector::load(kGolden + "darknet/tiny.weights", {.threshold = 0.05F}).value();
  auto sibling = detector.sibling(1);
  ASSERT_TRUE(sibling);
  EXPECT_EQ(sibling->threads(), 1);
  const Image image = square({50, 30}, {5, 5, 30, 20}, 200, 90);
  const auto a = detector.detect(image.view()).value();
  const auto b = sibling->detect(image.view()).value();
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i].score, b[i].score, 1e-5);
}

/// Boxes of real pictures as NumPy decodes what the network says (tests/golden/make_detections.py): the first 352
/// columns and rows, so that nothing is resized.
TEST(FastestDet, EqualsNumpyOnPictures) {
  const auto model = kShared / "models/fastestdet.onnx";
  if (!std::filesystem::exists(model)) GTEST_SKIP() << "needs ../shared/models/fastestdet.onnx";
  const Bytes golden = read_file(kGolden + "detections/fastestdet_real.json", 1U << 20U).value();
  const Json wanted = parse_json(BytesView(golden)).value();
  Detector detector = Detector::load(model, {.threshold = 0.15F}).value();
  std::size_t boxes = 0;
  for (const auto& [name, rows] : wanted.as_object()) {
    const Image image = read_image(kShared / "data/coco-persons/images" / name).value();
    ImageView part = image.view();
    part.width = part.height = 352;
    const auto found = detector.detect(part).value();
    ASSERT_EQ(found.size(), rows.as_array().size()) << name;
    for (std::size_t i = 0; i < found.size(); ++i, ++boxes) {
      const auto& row = rows.as_array()[i].as_array();
      const auto number = [&](std::size_t k) { return static_cast<float>(row[k].as_number()); };
      const auto inside = [](float v) { return std::clamp(v, 0.0F, 352.0F); };  // boxes are cut to the picture
      EXPECT_NEAR(found[i].score, number(4), 0.001) << name << " " << i;
      EXPECT_NEAR(found[i].box.x, inside(number(0)), 0.05) << name << " " << i;
      EXPECT_NEAR(found[i].box.y, inside(number(1)), 0.05) << name << " " << i;
      EXPECT_NEAR(found[i].box.x + found[i].box.width, inside(number(0) + number(2)), 0.05) << name << " " << i;
      EXPECT_NEAR(found[i].box.y + found[i].box.height, inside(number(1) + number(3)), 0.05) << name << " " << i;
    }
  }
  EXPECT_GT(boxes, 30U);
}

}  // namespace
}  // namespace poise
