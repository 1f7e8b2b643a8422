// Darknet's networks, read and run, equal OpenCV's importer (tests/golden/make_darknet.py).

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "poise/engine/session.h"
#include "poise/tensor/npy.h"
#include "poise/weights/network_file.h"

namespace poise {
namespace {

const std::string kGolden = std::string(POISE_SOURCE_DIR) + "/tests/golden/darknet/";

void expect_as_opencv(const std::string& name, const std::string& backend) {
  NetworkFile model = read_network(kGolden + name + ".weights").value();
  const Tensor pixels = read_npy(kGolden + name + "_input.npy").value();
  Tensor input(pixels.shape());
  for (std::int64_t i = 0; i < input.count(); ++i)
    input.floats()[i] = static_cast<float>(pixels.as<std::uint8_t>()[i]) / 255.0F;
  Session session = Session::create(std::move(model.graph), {.backend = backend}).value();
  const TensorView view(input);
  std::vector<Tensor> outputs;
  ASSERT_TRUE(session.run(std::span(&view, 1), outputs).ok());
  ASSERT_EQ(outputs.size(), 2U);
  for (std::size_t k = 0; k < outputs.size(); ++k) {
    const Tensor wanted = read_npy(kGolden + name + "_" + std::to_string(k) + ".npy").value();
    ASSERT_EQ(outputs[k].shape(), wanted.shape()) << name;
    float largest = 0, worst = 0;
    for (std::int64_t i = 0; i < wanted.count(); ++i) {
      largest = std::max(largest, std::abs(wanted.floats()[i]));
      worst = std::max(worst, std::abs(outputs[k].floats()[i] - wanted.floats()[i]));
    }
    EXPECT_LE(worst, 1e-4F * largest) << name << " " << k << " " << backend;
  }
}

TEST(Darknet, EqualsOpenCvsImporter) {
  for (const char* backend : {"reference", "onednn"}) {
    expect_as_opencv("tiny", backend);
    expect_as_opencv("wide", backend);
  }
}

}  // namespace
}  // namespace poise
