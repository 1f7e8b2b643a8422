// Detectors of generated weights, read, run and decoded, box by box as NumPy has them (tests/golden/make_detectors.py).

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "poise/card/detector_card.h"
#include "poise/codec/detection.h"
#include "poise/engine/session.h"
#include "poise/tensor/npy.h"
#include "poise/weights/network_file.h"

namespace poise {
namespace {

const std::string kGolden = std::string(POISE_SOURCE_DIR) + "/tests/golden/";
constexpr Size kInput{96, 64};

void expect_as_numpy(const std::string& model, const std::string& stem, const std::string& preset, float threshold) {
  NetworkFile read = read_network(kGolden + model).value();
  CardSources sources;
  sources.preset = preset;
  const Json layers = gather_detector_card(kGolden + model, read.metadata, read.hash, sources, kInput).value();
  DetectorCard card = detector_card_from_json(layers, kInput).value();
  card.head.threshold = threshold;
  const Tensor pixels = read_npy(kGolden + stem + "_input.npy").value();
  Tensor input(pixels.shape());
  for (std::int64_t i = 0; i < input.count(); ++i)
    input.floats()[i] = static_cast<float>(pixels.as<std::uint8_t>()[i]) / 255.0F;
  Session session = Session::create(std::move(read.graph)).value();
  const TensorView view(input);
  std::vector<Tensor> outputs;
  ASSERT_TRUE(session.run(std::span(&view, 1), outputs).ok());
  std::vector<Detection> found;
  const Status status = find_detection_family(card.family)->decode(outputs, card.head, found);
  ASSERT_TRUE(status.ok()) << status.error().message;
  found = suppress(std::move(found), 0.45F, 1000);
  const Tensor wanted = read_npy(kGolden + stem + "_boxes.npy").value();
  ASSERT_EQ(static_cast<std::int64_t>(found.size()), wanted.dim(0)) << model;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const float* row = wanted.floats().data() + i * 6;
    const Detection& d = found[i];
    const std::array<float, 5> own{d.box.x, d.box.y, d.box.width, d.box.height, d.score};
    for (std::size_t k = 0; k < 5; ++k) {
      EXPECT_NEAR(own[k], row[k], 1e-4F * std::max(k == 4 ? 1.0F : 96.0F, std::abs(row[k]))) << model << " " << i;
    }
    EXPECT_EQ(d.label, static_cast<int>(row[5])) << model << " " << i;
  }
}

TEST(Detectors, EqualNumpyBoxByBox) {
  expect_as_numpy("darknet/tiny.weights", "darknet/tiny", "", 0.3F);
  expect_as_numpy("detections/yolox_net.onnx", "detections/yolox_net", "yolox", 0.3F);
  expect_as_numpy("detections/yolov8_net.onnx", "detections/yolov8_net", "yolov8", 0.5F);
}

}  // namespace
}  // namespace poise
