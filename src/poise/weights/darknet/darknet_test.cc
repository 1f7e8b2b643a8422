#include "poise/weights/darknet/darknet.h"

#include <gtest/gtest.h>

#include <array>
#include <filesystem>

#include "poise/card/detector_card.h"
#include "poise/graph/graph.h"

namespace poise {
namespace {

namespace fs = std::filesystem;
const std::string kGolden = std::string(POISE_SOURCE_DIR) + "/tests/golden/darknet/";

TEST(Darknet, TheCardHasTheAnchors) {
  const NetworkFile model = read_darknet(kGolden + "wide.weights").value();
  const Json layers = gather_detector_card(kGolden + "wide.weights", model.metadata, model.hash, {}, {96, 64}).value();
  const DetectorCard card = detector_card_from_json(layers, {96, 64}).value();
  EXPECT_EQ(card.family, "yolov3");
  EXPECT_EQ(card.head.threshold, 0.4F);
  EXPECT_EQ(card.nms, 0.45F);
  ASSERT_EQ(card.head.anchors.size(), 2U);
  EXPECT_EQ(card.head.anchors[0][2][0], 60);
  EXPECT_EQ(card.head.anchors[1][0][1], 10);
  EXPECT_EQ(card.head.scale_xy[0], 1.05F);
  EXPECT_EQ(card.input.size, (Size{96, 64}));
}

/// One convolution of 1x1 to `filters` channels, then what the text says.
std::string cfg(const std::string& rest, const std::string& net = "width=32\nheight=32\n") {
  return "[net]\n" + net + "[convolutional]\nfilters=7\nsize=1\nactivation=linear\n" + rest;
}
const std::string kYolo = "[yolo]\nmask=0\nanchors=1,2\nclasses=2\n";

Bytes numbers(std::size_t count, std::size_t more_bytes = 0) {
  Bytes bytes(20 + 4 * count + more_bytes);
  bytes[4] = 2;
  return bytes;
}

std::string message(const std::string& text, const Bytes& weights = numbers(28)) {
  const auto model = parse_darknet(text, weights);
  if (model.ok()) return "no error";
  EXPECT_EQ(model.error().message.find('\n'), std::string::npos);
  return model.error().message;
}

bool says(const std::string& message, const std::string& part) {
  EXPECT_NE(message.find(part), std::string::npos) << message;
  return message.find(part) != std::string::npos;
}

TEST(Darknet, WeightsMustFitTheirCfg) {
  EXPECT_EQ(message(cfg(kYolo)), "no error");
  says(message(cfg(kYolo), numbers(27)), "ends too early");
  says(message(cfg(kYolo), numbers(29)), "4 bytes after");
  says(message(cfg(kYolo), numbers(28, 1)), "1 byte after");
  says(message(cfg(kYolo), Bytes(11)), "header");
  says(message(cfg(kYolo), Bytes(19, 0)), "ends too early");
  says(message(cfg(kYolo), Bytes(200, 0xff)), "version");
  Bytes old = numbers(28);  // before 0.2 the pictures seen take 4 bytes
  old[4] = 0;
  old.resize(old.size() - 4);
  EXPECT_EQ(message(cfg(kYolo), old), "no error");
}

TEST(Darknet, LayersThatMakeNoSenseAreNamed) {
  says(message("hello"), "line 1");
  says(message("a=b"), "before the first");
  says(message("[net"), "ends with ]");
  says(message("[convolutional]"), "[net]");
  says(message(cfg("[lstm]\n[crop]\n")), "[lstm] in line 8");
  says(message(cfg("")), "no detector");
  says(message(cfg(kYolo + kYolo), numbers(28)), "after a [yolo] layer");
  says(message(cfg(kYolo + "[route]\nlayers=-1\n")), "gives nothing on");
  says(message(cfg("[route]\nlayers=-2\n" + kYolo)), "there are 1 before");
  says(message(cfg("[route]\nlayers=5\n" + kYolo)), "there are 1 before");
  says(message(cfg("[route]\nlayers=\n" + kYolo)), "layers must be");
  says(message(cfg("[route]\nlayers=-1\ngroups=2\n" + kYolo)), "cannot part 7");
  says(message(cfg("[maxpool]\nstride=2\n[route]\nlayers=-1,-2\n")), "joins layers");
  says(message(cfg("[maxpool]\nstride=2\n[shortcut]\nfrom=-2\n")), "adds layers");
  says(message(cfg("[yolo]\nmask=0\nanchors=1,2\nclasses=3\n")), "is given 7 channels");
  says(message(cfg("[yolo]\nmask=1\nanchors=1,2\nclasses=2\n")), "mask must be");
  says(message(cfg("[yolo]\nanchors=1,2,3\nclasses=2\n")), "pairs");
  says(message(cfg("[yolo]\nclasses=2\n")), "anchors must be");
  says(message(cfg("[yolo]\nmask=0\nanchors=1,nan\nclasses=2\n")), "anchors must be");
  says(message(cfg("[yolo]\nnew_coords=1\nmask=0\nanchors=1,2\nclasses=2\n")), "new_coords");
  says(message(cfg(kYolo, "width=7\n")), "width must be");
  says(message(cfg(kYolo, "channels=1\n")), "colour pictures");
}

TEST(Darknet, OptionsAreHeld) {
  const auto conv = [](const std::string& options) {
    return message("[net]\nwidth=32\nheight=32\n[convolutional]\n" + options + kYolo);
  };
  says(conv("filters=-1\n"), "filters must be");
  says(conv("filters=9999999999999999999\n"), "filters must be");
  says(conv("filters=65536\nsize=64\n"), "ends too early");
  says(conv("size=0\n"), "size must be");
  says(conv("filters=7\nsize=1\ngroups=2\n"), "groups is 2");
  says(conv("filters=7\nsize=1\nactivation=gelu\n"), "gelu");
  says(conv("filters=7\nsize=1\nbinary=1\n"), "binary");
  says(conv("filters=1\nsize=64\n"), "ends too early");
  says(message(cfg("[upsample]\nstride=32\n[upsample]\nstride=32\n[upsample]\nstride=32\n")), "more than any network");
}

/// Pads by pad * dilation, as darknet: the size stays.
TEST(Darknet, DilatedLayersKeepTheirSize) {
  const std::string net = "[net]\nwidth=32\nheight=32\n[convolutional]\nfilters=7\nsize=3\nactivation=linear\n";
  const auto model = parse_darknet(net + "pad=1\ndilation=2\n" + kYolo, numbers(7 + 7 * 27));
  ASSERT_TRUE(model.ok()) << model.error().message;
  const auto infos = infer_shapes(model->graph, std::array{Shape{1, 3, 32, 32}}).value();
  EXPECT_EQ(infos.at(model->graph.outputs.at(0)).shape, (Shape{1, 7, 32, 32}));
  says(message(net + "dilation=2\n" + kYolo, numbers(7 + 7 * 27)), "dilation 2 is read where");
}

TEST(Darknet, FilesBeside) {
  const fs::path folder = fs::path(testing::TempDir()) / "poise_darknet_test";
  fs::remove_all(folder);
  fs::create_directories(folder);
  const Bytes bytes = numbers(28);
  const fs::path weights = folder / "a.weights";
  ASSERT_TRUE(write_file_atomic(weights, BytesView(bytes)).ok());
  says(read_darknet(weights).error().message, "a.cfg");
  ASSERT_TRUE(write_file_atomic(folder / "a.cfg", cfg(kYolo)).ok());
  ASSERT_TRUE(write_file_atomic(folder / "a.names", std::string_view("dog\r\nperson\n")).ok());
  const NetworkFile model = read_network(weights).value();
  const Json card = parse_json(model.metadata.at(kCardKey)).value();
  EXPECT_EQ(card.find("classes")->dump(), R"(["dog","person"])");
  fs::remove_all(folder);
}

}  // namespace
}  // namespace poise
