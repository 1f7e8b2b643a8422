#include "poise/quantize/quantize_model.h"

#include <gtest/gtest.h>

#include "kit/temporary_folder.h"
#include "poise/base/random.h"
#include "poise/engine/session.h"
#include "poise/image/codec.h"
#include "poise/models/shipped.h"

namespace poise {
namespace {

/// The shipped pose network and eight small pictures of noise.
class QuantizeModel : public testing::Test {
 protected:
  void SetUp() override {
    const auto native = native_precisions();
    if (std::find(native.begin(), native.end(), Precision::kInt8) == native.end()) {
      GTEST_SKIP() << "this processor has no VNNI";
    }
    Random random(5);
    for (int i = 0; i < 8; ++i) {
      Image image(48, 48);
      for (int y = 0; y < 48; ++y) {
        for (int x = 0; x < 48 * 3; ++x) image.row(y)[x] = static_cast<std::uint8_t>(random.below(256));
      }
      options_.calibration.pictures.push_back(folder_ / (std::to_string(i) + ".png"));
      write_image(options_.calibration.pictures.back(), image).value();
    }
    options_.layers.rule = RangeRule::kMinMax;
    options_.layers.correct_biases = false;
    options_.layers.most_damage = 10;
    options_.layers.threads = 1;
    options_.worthwhile = 0;
  }

  kit::TemporaryFolder folder_;
  QuantizeModelOptions options_;
};

TEST_F(QuantizeModel, IsWrittenWithACardThatSaysWhatItIs) {
  const NetworkFile floats = read_shipped("poise-small").value();
  std::vector<Precision> measured;
  options_.accuracy = [&](const NetworkFile& network, Precision precision) -> Result<double> {
    measured.push_back(precision);
    EXPECT_EQ(holds_integers(network.graph), precision == Precision::kInt8);
    return precision == Precision::kInt8 ? 0.5 : 0.6;
  };
  const QuantizedModel model = quantize_model(floats, "poise-small", {}, options_).value();
  EXPECT_EQ(measured, (std::vector{Precision::kFloat32, Precision::kInt8}));
  EXPECT_EQ(model.float_accuracy, 0.6);
  EXPECT_EQ(model.integer_accuracy, 0.5);
  EXPECT_TRUE(model.worthwhile);
  EXPECT_GT(model.race.floats, 0);
  EXPECT_GT(model.race.integers, 0);
  const Json json = to_json(model);
  EXPECT_EQ(json.find("layers")->as_array().size(), model.network.layers.size());
  EXPECT_EQ(json.number("accuracy_int8").value(), 0.5);
  EXPECT_EQ(json.string("ranges").value(), "minmax");

  write_quantized(folder_ / "q.onnx", model).value();
  const NetworkFile written = read_network(folder_ / "q.onnx").value();
  EXPECT_TRUE(holds_integers(written.graph));
  EXPECT_EQ(written.metadata.at("poise.quantized_from"), "poise-small sha256 " + floats.hash);
  const Json card = parse_json(written.metadata.at(kCardKey)).value();
  EXPECT_EQ(card.string("precision").value(), "int8");
  EXPECT_TRUE(card.string("accuracy").value().starts_with("in floats: ")) << card.dump();
  const auto again = quantize_model(written, "q.onnx", {}, options_);
  EXPECT_EQ(again.error().message, "q.onnx computes in integers already");
}

TEST_F(QuantizeModel, WhatIsHardlyFasterIsNotMeasured) {
  options_.worthwhile = 1e6;
  options_.accuracy = [](const NetworkFile&, Precision precision) -> Result<double> {
    EXPECT_EQ(precision, Precision::kFloat32);
    return 0.6;
  };
  const QuantizedModel model = quantize_model(read_shipped("poise-small").value(), "a", {}, options_).value();
  EXPECT_FALSE(model.worthwhile);
  EXPECT_FALSE(model.integer_accuracy);
}

TEST_F(QuantizeModel, ADetectorIsRefused) {
  const auto refused = quantize_model(read_shipped("poise-person").value(), "poise-person", {}, options_);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("poise-person"), std::string::npos) << refused.error().message;
}

}  // namespace
}  // namespace poise
