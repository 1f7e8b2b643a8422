// `poise quantize`, from pictures to a file that predicts.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "kit/figure_set.h"
#include "poise/engine/session.h"
#include "poise/weights/onnx_reader.h"
#include "program.h"

namespace poise {
namespace {

class Quantize : public Program {
 protected:
  void SetUp() override {
    Program::SetUp();
    const auto native = native_precisions();
    if (std::find(native.begin(), native.end(), Precision::kInt8) == native.end()) {
      GTEST_SKIP() << "this processor has no VNNI";
    }
    write("figures.json", kit::write_figure_set(folder_ / "images", {.count = 8}).dump());
  }
  /// The program's own network: small, trained, and its weights are stored as int8 already.
  Outcome quantize(Strings more) const {
    more.insert(more.begin(), {"quantize", "poise-small", "--calibrate", "images", "--threads", "1"});
    return run(more);
  }
};

TEST_F(Quantize, AFileComesOutThatPredictsTheSame) {
  const Outcome outcome =
      quantize({"--boxes", "figures.json", "--out", "small-int8.onnx", "--anyway", "--accuracy", "measured by nobody"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(contains(outcome.out, "% of the products in integers")) << outcome.out;
  EXPECT_TRUE(contains(outcome.out, "times as fast")) << outcome.out;
  EXPECT_TRUE(holds_integers(read_onnx(folder_ / "small-int8.onnx").value().graph));

  const auto joints = [&](const std::string& model, const std::string& name) {
    const Outcome eval = run({"eval", "--model", model, "--annotations", "figures.json", "--images", "images", "--out",
                              name, "--json", "--threads", "1"});
    EXPECT_EQ(eval.code, 0) << eval.err;
    const Json json = parse_json(eval.out).value();
    EXPECT_EQ(json.string("precision").value() == "int8", model != "poise-small");
    return parse_json(slurp(folder_ / name)).value();
  };
  const Json floats = joints("poise-small", "floats.json"), integers = joints("small-int8.onnx", "integers.json");
  ASSERT_EQ(floats.as_array().size(), integers.as_array().size());
  int compared = 0, near = 0;
  for (std::size_t i = 0; i < floats.as_array().size(); ++i) {
    const Json::Array& a = floats.as_array()[i].find("keypoints")->as_array();
    const Json::Array& b = integers.as_array()[i].find("keypoints")->as_array();
    for (std::size_t j = 0; j + 2 < a.size(); j += 3) {
      if (a[j + 2].as_number() < 0.3) continue;  // the network itself is unsure
      ++compared;
      const double apart = std::hypot(a[j].as_number() - b[j].as_number(), a[j + 1].as_number() - b[j + 1].as_number());
      near += apart < 3 ? 1 : 0;  // of pictures 320 pixels wide
    }
  }
  EXPECT_GT(compared, 40);
  EXPECT_GT(near, compared * 9 / 10);
  const Outcome again = run({"quantize", "small-int8.onnx", "--calibrate", "images", "--out", "twice.onnx"});
  EXPECT_EQ(again.code, 1);
  EXPECT_TRUE(contains(again.err, "computes in integers already")) << again.err;
}

TEST_F(Quantize, WhatCannotBeDoneIsOneLine) {
  const auto said = [&](const Outcome& outcome, const std::string& part) {
    EXPECT_EQ(outcome.code, 1);
    EXPECT_TRUE(contains(outcome.err, part)) << outcome.err;
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
  };
  said(quantize({"--out", "small.bin"}), "--out must end in .onnx");
  write("few.json", R"([{"image_id": 1, "bbox": [10, 10, 50, 100], "score": 1, "category_id": 1}])");
  said(quantize({"--out", "q.onnx", "--boxes", "few.json"}), "8 are needed at least: do the boxes belong");
  said(quantize({"--quiet", "--out", "q.onnx", "--max-damage", "0"}), "outputs would err");
  EXPECT_FALSE(fs::exists(folder_ / "q.onnx"));
}

}  // namespace
}  // namespace poise
