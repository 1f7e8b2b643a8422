// Real predictions on the real Leeds test set against the figures that the published MATLAB code gives: skipped where
// ../shared is not there.

#include <gtest/gtest.h>

#include <filesystem>

#include "poise/metrics/pck.h"
#include "poise/metrics/pcp.h"

namespace poise {
namespace {

const std::filesystem::path kFolder = POISE_SOURCE_DIR "/../shared/oracles/lsp";

double rate(const std::vector<PartRate>& rates, const std::string& name) {
  for (const PartRate& one : rates) {
    if (one.name == name) return 100 * one.rate;
  }
  ADD_FAILURE() << name;
  return -1;
}

struct Expected {
  const char *truth, *predictions;
  std::vector<double> pcp;  // lower legs, upper legs, lower arms, upper arms, head, torso
  double strict, loose;
  std::vector<double> pck;  // ankle knee hip wrist elbow shoulder head
  double mean;
};

void check(const Expected& expected) {
  const auto read = [](const char* name) { return read_pose_set(kFolder / name, PoseFormat::kLsp).value(); };
  const PersonPairs pairs = pair_persons(read(expected.truth), read(expected.predictions)).value();
  ASSERT_EQ(pairs.persons.size(), 1000U);
  EXPECT_EQ(pairs.notes.size(), 1U);  // which half of the images
  const PcpResult strict = measure_pcp(pairs, PcpRule::kStrict).value();
  std::size_t i = 0;
  for (const char* part : {"lower_legs", "upper_legs", "lower_arms", "upper_arms", "head", "torso"}) {
    EXPECT_NEAR(rate(strict.parts, part), expected.pcp[i++], 1e-9) << part;
  }
  EXPECT_NEAR(100 * strict.mean, expected.strict, 1e-9);
  EXPECT_NEAR(100 * measure_pcp(pairs, PcpRule::kLoose)->mean, expected.loose, 1e-9);
  const PckResult pck = measure_pck(pairs, {.threshold = 0.2, .reference = PckReference::kTorso}).value();
  i = 0;
  for (const char* part : {"ankle", "knee", "hip", "wrist", "elbow", "shoulder", "head"}) {
    EXPECT_NEAR(rate(pck.parts, part), expected.pck[i++], 1e-9) << part;
  }
  EXPECT_NEAR(100 * pck.mean, expected.mean, 5e-4);
  EXPECT_EQ(pck.without_reference, 0U);
}

class Leeds : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(kFolder)) GTEST_SKIP() << kFolder << " is not there";
  }
};

TEST_F(Leeds, ObserverCentric) {
  check({"lsp-joints-OC.mat",
         "pred_keypoints_lsp_oc.mat",
         {81.7, 88.7, 66.7, 78.75, 83.1, 96.5},
         81.13,
         85.73,
         {68.8, 82.8, 85.45, 73.5, 80.3, 89.05, 90.6},
         81.5});
}

TEST_F(Leeds, PersonCentric) {
  check({"lsp-joints-PC.mat",
         "pred_keypoints_lsp_pc.mat",
         {71.8, 78.5, 61.85, 72.25, 83.9, 95.6},
         74.83,
         79.61,
         {58.95, 69.95, 74.75, 68.75, 73.85, 78.05, 90.6},
         73.557});
}

/// Convolutional Pose Machines' own predictions: Wei and others, CVPR 2016, table of LSP (PC), 84.32 and 90.50.
TEST(ConvolutionalPoseMachines, OwnPredictionsGiveThePublishedFigures) {
  const std::filesystem::path cpm = kFolder / "../cpm";
  if (!std::filesystem::exists(cpm)) GTEST_SKIP() << cpm << " is not there";
  struct Figures {
    const char* file;
    std::vector<double> parts;  // ankle knee hip wrist elbow shoulder head
    double mean;
  };
  for (const Figures& one :
       {Figures{"LSP_prediction_model_LSP_6s.mat", {81.15, 83.15, 86.5, 75.1, 80.4, 87.1, 96.85}, 84.321},
        Figures{"LSP_prediction_model_MPII_LSP_6s.mat", {89.9, 90.85, 91.5, 83.9, 87.05, 92.5, 97.8}, 90.500}}) {
    const PoseSet truth = read_pose_set(kFolder / "lsp-joints-PC.mat", PoseFormat::kLsp).value();
    const PoseSet predictions = read_pose_set(cpm / one.file, guess_format(cpm / one.file).value()).value();
    const PersonPairs pairs = pair_persons(truth, predictions).value();
    ASSERT_EQ(pairs.persons.size(), 1000U);
    const PckResult pck = measure_pck(pairs, {.threshold = 0.2, .reference = PckReference::kTorso}).value();
    std::size_t i = 0;
    for (const char* part : {"ankle", "knee", "hip", "wrist", "elbow", "shoulder", "head"}) {
      EXPECT_NEAR(rate(pck.parts, part), one.parts[i++], 1e-9) << part;
    }
    EXPECT_NEAR(100 * pck.mean, one.mean, 5e-4);
  }
}

}  // namespace
}  // namespace poise
