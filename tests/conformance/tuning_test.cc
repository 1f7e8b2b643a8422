// Plans that follow what was measured on this machine.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "kit/temporary_folder.h"
#include "poise/base/file.h"
#include "poise/engine/session.h"
#include "poise/models/pose_resnet.h"

namespace poise {
namespace {

namespace fs = std::filesystem;

class Tuning : public testing::Test {
 protected:
  void SetUp() override {
    for (float& value : input_.floats()) value = std::sin(static_cast<float>(&value - input_.floats().data()));
  }

  Session session(const fs::path& plans, Precision precision = Precision::kFloat32) const {
    return Session::create(Graph(graph_), {"onednn", 2, precision, plans}).value();
  }
  Tensor run(Session& session) const {
    std::vector<Tensor> outputs;
    const TensorView view(input_);
    session.run({&view, 1}, outputs).value();
    return std::move(outputs.at(0));
  }
  void expect_near(const Tensor& have, const Tensor& want, float tolerance) {
    ASSERT_EQ(have.shape(), want.shape());
    float most = 0;
    float worst = 0;
    for (std::int64_t i = 0; i < want.count(); ++i) {
      most = std::max(most, std::abs(want.floats()[i]));
      worst = std::max(worst, std::abs(want.floats()[i] - have.floats()[i]));
    }
    EXPECT_GT(most, 0.0F);
    EXPECT_LE(worst, tolerance * most);
  }
  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }

  const kit::TemporaryFolder temporary_;
  const fs::path folder_ = temporary_.path();
  const Shape shape_{1, 3, 96, 96};
  Graph graph_ = pose_resnet({.depth = 18, .input = {96, 96}, .width = 0.5F}).value();
  Tensor input_{Shape{1, 3, 96, 96}};
};

TEST_F(Tuning, LayersThatHaveAChoiceGetTheFastestAndResultsStay) {
  for (const Precision precision : {Precision::kFloat32, Precision::kBfloat16}) {
    const auto native = native_precisions();
    if (std::find(native.begin(), native.end(), precision) == native.end()) continue;
    Session untuned = session({}, precision);
    const Tensor want = run(untuned);
    Session tuned = session(folder_, precision);
    const auto choices = tuned.tune({&shape_, 1}).value();
    ASSERT_FALSE(choices.empty());  // every processor has the tiles
    for (const LayerChoice& choice : choices) {
      ASSERT_GE(choice.milliseconds.size(), 2U) << choice.name;
      double chosen = 0;
      double least = 1e9;
      for (const auto& [form, milliseconds] : choice.milliseconds) {
        least = std::min(least, milliseconds);
        if (form == choice.form) chosen = milliseconds;
      }
      EXPECT_EQ(chosen, least) << choice.name;
    }
    const Tensor have = run(tuned);
    expect_near(have, want, precision == Precision::kFloat32 ? 1e-4F : 0.03F);
    // A later session, and a sibling, find the plan and give the same bits.
    Session later = session(folder_, precision);
    Session sibling = tuned.sibling();
    for (Session* other : {&later, &sibling}) {
      const Tensor again = run(*other);
      EXPECT_TRUE(std::equal(have.floats().begin(), have.floats().end(), again.floats().begin()));
    }
  }
}

TEST_F(Tuning, AForeignFileIsNoPlan) {
  Session tuned = session(folder_);
  tuned.tune({&shape_, 1}).value();
  ASSERT_EQ(files(), 1U);
  const fs::path file = fs::directory_iterator(folder_)->path();
  Session untuned = session({});
  const Tensor want = run(untuned);
  const std::string whole = [&] {
    const Bytes bytes = read_file(file, 1 << 20).value();
    return std::string(bytes.begin(), bytes.end());
  }();
  std::string other_key = whole;
  other_key.replace(other_key.find("threads"), 7, "fingers");
  std::string other_form = whole;
  other_form.replace(other_form.rfind("\": \""), 4, "\": \"x");
  for (const std::string& text :
       {std::string(), std::string("{"), std::string("[]"), whole.substr(0, 80), other_key, other_form}) {
    write_file_atomic(file, text).value();
    Session later = session(folder_);
    const Tensor have = run(later);
    EXPECT_TRUE(std::equal(want.floats().begin(), want.floats().end(), have.floats().begin())) << text;
  }
}

TEST_F(Tuning, WhatCannotBeTunedSaysSo) {
  Session homeless = session({});
  EXPECT_EQ(homeless.tune({&shape_, 1}).error().code, ErrorCode::kInvalidArgument);
  const Shape wrong{1, 3, 96};
  Session tuned = session(folder_);
  EXPECT_EQ(tuned.tune({&wrong, 1}).error().code, ErrorCode::kInvalidArgument);
  Session plain = Session::create(Graph(graph_), {"reference", 1, Precision::kFloat32, folder_}).value();
  EXPECT_EQ(plain.tune({&shape_, 1}).error().code, ErrorCode::kUnsupported);
  EXPECT_EQ(files(), 0U);
}

}  // namespace
}  // namespace poise
