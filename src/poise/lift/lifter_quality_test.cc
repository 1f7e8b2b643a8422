// The lifter that comes with Poise beside the mean pose and a linear fit, on people made up: seen exactly, and with 5
// pixels of noise in pictures of 1000. Skipped where there is none.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>

#include "poise/base/linear.h"
#include "poise/codec/lifting.h"
#include "poise/data/kinematics.h"
#include "poise/engine/session.h"
#include "poise/weights/network_file.h"

namespace poise {
namespace {

constexpr std::size_t kNumbers = 51;
using Row = std::vector<double>;

struct Example {
  Row input, target;
};

std::vector<Example> examples(std::size_t count, std::uint64_t seed, double noise) {
  KinematicOptions options;
  options.fixed_noise = noise;
  std::vector<Example> all;
  for (std::size_t i = 0; i < count; ++i) {
    const MadePose pose = make_pose(Random(seed, 7, i), options);
    const LiftView view = lift_view(pose.rays).value();
    std::vector<float> target(kNumbers);
    encode_lifted(pose.joints, 0.5 * (pose.joints[11] + pose.joints[12]), view, target);
    all.push_back({Row(view.values.begin(), view.values.end()), Row(target.begin(), target.end())});
  }
  return all;
}

double error(const Row& found, const Row& truth) {
  double sum = 0;
  for (std::size_t j = 0; j < kNumbers; j += 3) {
    sum += length(Point3{found[j] - truth[j], found[j + 1] - truth[j + 1], found[j + 2] - truth[j + 2]});
  }
  return sum / (kNumbers / 3);
}

/// Least squares with a constant, a little damped: a column an output.
std::vector<Row> linear_fit(const std::vector<Example>& from) {
  constexpr std::size_t kTerms = kNumbers + 1;
  const auto term = [](const Example& e, std::size_t i) { return i < kNumbers ? e.input[i] : 1.0; };
  Row products(kTerms * kTerms, 0.0);
  std::vector<Row> columns(kNumbers, Row(kTerms, 0.0));
  for (const Example& e : from) {
    for (std::size_t i = 0; i < kTerms; ++i) {
      for (std::size_t k = 0; k < kTerms; ++k) products[i * kTerms + k] += term(e, i) * term(e, k);
      for (std::size_t o = 0; o < kNumbers; ++o) columns[o][i] += term(e, i) * e.target[o];
    }
  }
  for (std::size_t i = 0; i < kTerms; ++i) products[i * kTerms + i] += 1e-3;
  for (Row& column : columns) {
    Row copy = products;
    EXPECT_TRUE(solve_positive(copy, column));
  }
  return columns;
}

TEST(LifterQuality, BeatsTheMeanPoseAndALinearFit) {
  const std::filesystem::path path = POISE_SOURCE_DIR "/models/poise-lift.onnx";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is not there";
  Session session = Session::create(read_network(path)->graph).value();
  const std::vector<Example> known = examples(4000, 1, 0);
  Row mean(kNumbers, 0.0);
  for (const Example& e : known) {
    for (std::size_t o = 0; o < kNumbers; ++o) mean[o] += e.target[o] / static_cast<double>(known.size());
  }
  const std::vector<Row> fit = linear_fit(known);
  for (const double noise : {0.0, 5.0}) {
    const std::vector<Example> asked = examples(2000, 2, noise);
    Tensor input({static_cast<std::int64_t>(asked.size()), kNumbers});
    for (std::size_t i = 0; i < asked.size(); ++i) {
      std::ranges::transform(asked[i].input, input.floats().begin() + static_cast<std::ptrdiff_t>(i * kNumbers),
                             [](double v) { return static_cast<float>(v); });
    }
    const TensorView view(input);
    std::vector<Tensor> outputs;
    session.run(std::span(&view, 1), outputs).value();
    double of_mean = 0, of_fit = 0, ours = 0;
    for (std::size_t i = 0; i < asked.size(); ++i) {
      Row linear(kNumbers), lifted(kNumbers);
      for (std::size_t o = 0; o < kNumbers; ++o) {
        linear[o] = fit[o][kNumbers];
        for (std::size_t k = 0; k < kNumbers; ++k) linear[o] += fit[o][k] * asked[i].input[k];
        lifted[o] = static_cast<double>(outputs[0].floats()[i * kNumbers + o]);
      }
      of_mean += error(mean, asked[i].target) / static_cast<double>(asked.size());
      of_fit += error(linear, asked[i].target) / static_cast<double>(asked.size());
      ours += error(lifted, asked[i].target) / static_cast<double>(asked.size());
    }
    std::printf("noise %g px: MPJPE of the mean pose %.1f mm, of a linear fit %.1f mm, lifted %.1f mm\n", noise,
                1000 * of_mean, 1000 * of_fit, 1000 * ours);
    EXPECT_LT(ours, of_mean / 2);
    EXPECT_LT(ours, of_fit);
  }
}

}  // namespace
}  // namespace poise
