#include "poise/models/convert.h"

#include <gtest/gtest.h>

#include <string>

#include "kit/temporary_folder.h"
#include "poise/base/file.h"
#include "poise/card/model_card.h"
#include "poise/models/hourglass.h"
#include "poise/weights/network_file.h"

namespace poise {
namespace {

namespace fs = std::filesystem;
const std::string kCheckpoint = POISE_SOURCE_DIR "/tests/golden/networks_tiny/pose_resnet_tiny_legacy.pth";

class Convert : public ::testing::Test {
 protected:
  ConvertOptions options(const fs::path& input, const std::string& network = "pose_resnet") const {
    ConvertOptions options{.input = input, .out = folder_ / "out.onnx", .network = network};
    options.parameters = Json::Object{
        {"depth", 18}, {"width", 0.01}, {"joints", 5}, {"deconv_filters", 8}, {"input", Json::Array{32, 64}}};
    return options;
  }
  std::string error(const ConvertOptions& options) const {
    const auto done = convert_network(options);
    EXPECT_FALSE(fs::exists(folder_ / "out.onnx"));
    return done.ok() ? "no error" : done.error().message;
  }
  const kit::TemporaryFolder folder_;
};

bool says(const std::string& message, const std::string& part) {
  EXPECT_NE(message.find(part), std::string::npos) << message;
  return message.find(part) != std::string::npos;
}

TEST_F(Convert, ACheckpointBecomesAFileWithItsNetworkAndCard) {
  ConvertOptions given = options(kCheckpoint);
  given.preset = "gluon";
  given.card = Json::Object{{"licence", "MIT"},
                            {"skeleton", parse_json(std::string_view(R"({"name": "arm", "joints": [
    {"name": "a"}, {"name": "b"}, {"name": "c"}, {"name": "d"}, {"name": "e"}], "flip_pairs": [], "limbs": []})"))
                                             .value()}};
  given.sidecar = true;
  const Conversion done = convert_network(given).value();
  EXPECT_EQ(done.layout, "torch legacy");
  EXPECT_TRUE(done.notes.empty()) << done.notes.front();
  const NetworkFile file = read_network(given.out).value();
  EXPECT_EQ(file.hash, done.hash);
  EXPECT_EQ(file.graph.parameter_count(), 14069);
  EXPECT_EQ(file.metadata.at(kOriginKey), "pose_resnet_tiny_legacy.pth sha256 " + done.input_hash);
  EXPECT_EQ(parse_json(file.metadata.at(kCardKey)).value().string("licence").value(), "MIT");
  EXPECT_TRUE(fs::exists(folder_ / "out.card.json"));
  EXPECT_EQ(to_json(given, done).string("sha256").value(), done.hash);
}

TEST_F(Convert, ANetworkFileIsToldByWhatItHolds) {
  const fs::path input = folder_ / "network.pth";  // whatever its name says
  write_onnx(input, hourglass({.stacks = 1, .features = 8, .depth = 2, .input = {32, 32}}).value()).value();
  EXPECT_TRUE(says(error(options(input)), "it holds its own network: leave out option \"network\""));
  const Conversion done = convert_network({.input = input, .out = folder_ / "out.onnx"}).value();
  EXPECT_EQ(done.layout, "onnx");
  EXPECT_EQ(done.graph.name, "hourglass1");
}

TEST_F(Convert, AConfigurationNamesAnyFamily) {
  ASSERT_TRUE(write_file_atomic(folder_ / "c.yaml", std::string_view("MODEL: {NAME: hourglass, IMAGE_SIZE: [64, 64], "
                                                                     "EXTRA: {NUM_STACKS: 1, NUM_FEATURES: 8}}\n"))
                  .ok());
  ConvertOptions given{.input = kCheckpoint, .out = folder_ / "out.onnx", .config = folder_ / "c.yaml"};
  EXPECT_TRUE(says(error(given), "pose_resnet_tiny_legacy.pth: "));  // another network's weights
  given.network = "hourglass";
  EXPECT_TRUE(says(error(given), "option \"config\" names the network"));
}

TEST_F(Convert, ErrorsNameWhatToGive) {
  ConvertOptions given = options(kCheckpoint);
  given.parameters.set("stacks", 2);
  EXPECT_TRUE(says(error(given), "parameter \"stacks\" has no meaning for pose_resnet"));
  given = options(kCheckpoint);
  given.parameters = Json::Object{{"depth", 18}};
  EXPECT_TRUE(says(error(given), "give parameter \"input\""));
  EXPECT_TRUE(says(error(options(kCheckpoint, "centre_net18")), "finds people"));
  EXPECT_TRUE(says(error(options(kCheckpoint, "resnet")), "there are pose_resnet18"));
  EXPECT_TRUE(says(error({.input = kCheckpoint, .out = folder_ / "out.onnx"}), "holds weights only"));
  EXPECT_TRUE(says(error({.input = kCheckpoint, .out = folder_ / "out.pth"}), "must end in .onnx"));
  EXPECT_TRUE(says(error(options(folder_ / "absent.pth")), "there is no such file"));
  EXPECT_TRUE(says(error(options(POISE_SOURCE_DIR "/docs/images/figure.jpg")), "it is a picture"));
}

}  // namespace
}  // namespace poise
