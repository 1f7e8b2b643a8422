// Holds HRNet and Hourglass against PyTorch's answers: tests/golden/make_networks.py has another definition of both,
// fills parameters and input by the rule below, and keeps the heatmaps.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "kit/golden_weights.h"
#include "poise/base/random.h"
#include "poise/engine/session.h"
#include "poise/models/hourglass.h"
#include "poise/models/hrnet.h"
#include "poise/tensor/npy.h"

namespace poise {
namespace {

void expect_golden(Graph graph, const std::string& name) {
  kit::fill_golden(graph);
  const Tensor input = kit::golden_uniform(name + " input", {1, 3, 64, 64}, -2.0, 2.0);
  const Tensor want = read_npy(POISE_SOURCE_DIR "/tests/golden/networks_tiny/" + name + "_heatmaps.npy").value();
  for (const char* backend : {"reference", "onednn"}) {
    Session session = Session::create(graph, {.backend = backend}).value();
    std::vector<Tensor> outputs;
    const TensorView view(input);
    session.run(std::span(&view, 1), outputs).value();
    const Tensor& had = outputs.back();
    ASSERT_EQ(had.shape(), want.shape());
    float largest = 0;
    float worst = 0;
    for (std::size_t i = 0; i < want.floats().size(); ++i) {
      ASSERT_TRUE(std::isfinite(had.floats()[i]));
      largest = std::max(largest, std::fabs(want.floats()[i]));
      worst = std::max(worst, std::fabs(want.floats()[i] - had.floats()[i]));
    }
    EXPECT_GT(largest, 1.0F);
    EXPECT_LT(worst, 2e-5F * largest) << backend;  // sums of a few hundred terms in another order
  }
}

TEST(NetworksGolden, HrnetGivesPyTorchsHeatmaps) {
  expect_golden(hrnet({.width = 4, .input = {64, 64}}).value(), "hrnet_tiny");
}

TEST(NetworksGolden, HourglassGivesPyTorchsHeatmaps) {
  expect_golden(hourglass({.stacks = 2, .features = 16, .input = {64, 64}, .joints = 5}).value(), "hourglass_tiny");
}

}  // namespace
}  // namespace poise
