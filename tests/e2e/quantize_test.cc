// `poise quantize`, from pictures to a file that predicts.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "kit/figure_set.h"
#include "poise/card/model_card.h"
#include "poise/engine/session.h"
#include "poise/weights/network_file.h"
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
  std::string accuracy_of(const std::string& file) const {
    const Json card = parse_json(read_network(folder_ / file).value().metadata.at(kCardKey)).value();
    return card.string("accuracy").value();
  }
};

TEST_F(Quantize, AFileComesOutThatPredictsTheSame) {
  const Outcome outcome = quantize({"--boxes", "figures.json", "--out", "small-int8.onnx", "--anyway", "--annotations",
                                    "figures.json", "--images", "images"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(contains(outcome.out, "% of the products in integers")) << outcome.out;
  EXPECT_TRUE(contains(outcome.out, "times as fast")) << outcome.out;
  EXPECT_TRUE(holds_integers(read_network(folder_ / "small-int8.onnx").value().graph));

  double ap = 0;
  const auto joints = [&](const std::string& model, const std::string& precision, const std::string& name) {
    const Outcome eval = run({"eval", "--model", model, "--annotations", "figures.json", "--images", "images", "--out",
                              name, "--json", "--threads", "1", "--precision", precision});
    EXPECT_EQ(eval.code, 0) << eval.err;
    ap = parse_json(eval.out)->number("AP").value();
    return parse_json(slurp(folder_ / name)).value();
  };
  const Json floats = joints("poise-small", "fp32", "floats.json");
  const double ap_of_floats = ap;
  const Json integers = joints("small-int8.onnx", "auto", "integers.json");
  char said[100];
  std::snprintf(said, sizeof said, "int8: AP %.3f against %.3f in fp32 on figures.json (8 persons, true boxes)", ap,
                ap_of_floats);
  EXPECT_EQ(accuracy_of("small-int8.onnx"), said);
  EXPECT_TRUE(contains(outcome.out, said)) << outcome.out;

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

TEST_F(Quantize, PckIsForOtherJointsAndWhatWasNotMeasuredIsNotClaimed) {
  // The same people under the names of LSP's joints that the network has too, and one that it has not.
  Json other = parse_json(slurp(folder_ / "figures.json")).value();
  const Json::Array& names = other.find("categories")->as_array()[0].find("keypoints")->as_array();
  Json::Array joints(names.begin(), names.end());
  joints[0] = Json("left_ear_ring");
  Json category = Json::object();
  category.set("id", 1);
  category.set("name", "person");
  category.set("keypoints", Json(std::move(joints)));
  other.set("categories", Json(Json::Array{category}));
  write("other.json", other.dump());

  const Strings quick{"--anyway", "--ranges", "minmax", "--keep-biases"};
  Strings on_other{"--out", "a.onnx", "--annotations", "other.json", "--images", "images"};
  on_other.insert(on_other.end(), quick.begin(), quick.end());
  const Outcome by_oks = quantize(on_other);
  EXPECT_EQ(by_oks.code, 1);
  EXPECT_TRUE(contains(by_oks.err, "joint 0 of the truth is left_ear_ring")) << by_oks.err;
  EXPECT_FALSE(fs::exists(folder_ / "a.onnx"));
  Strings by_name = on_other;
  by_name.insert(by_name.end(), {"--metric", "pck"});
  const Outcome by_pck = quantize(by_name);
  ASSERT_EQ(by_pck.code, 0) << by_pck.err;
  EXPECT_TRUE(contains(by_pck.err, "matched over 16 joints by name")) << by_pck.err;
  EXPECT_TRUE(accuracy_of("a.onnx").starts_with("int8: PCK@0.2 ")) << accuracy_of("a.onnx");

  Strings unmeasured{"--out", "b.onnx"};
  unmeasured.insert(unmeasured.end(), quick.begin(), quick.end());
  ASSERT_EQ(quantize(unmeasured).code, 0);
  EXPECT_TRUE(accuracy_of("b.onnx").starts_with("in floats: PCK@0.2 ")) << accuracy_of("b.onnx");
}

TEST_F(Quantize, WhatCannotBeDoneIsOneLine) {
  const auto said = [&](const Outcome& outcome, const std::string& part) {
    EXPECT_EQ(outcome.code, 1);
    EXPECT_TRUE(contains(outcome.err, part)) << outcome.err;
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
  };
  EXPECT_EQ(quantize({"--out", "small.bin"}).code, 2);
  write("few.json", R"([{"image_id": 1, "bbox": [10, 10, 50, 100], "score": 1, "category_id": 1}])");
  said(quantize({"--out", "q.onnx", "--boxes", "few.json"}), "8 are needed at least: do the boxes belong");
  said(quantize({"--quiet", "--out", "q.onnx", "--max-damage", "0"}), "outputs would err");
  const auto measured = [&](const std::string& annotations, const std::string& images) {
    return quantize({"--quiet", "--out", "q.onnx", "--anyway", "--annotations", annotations, "--images", images});
  };
  said(measured("nobody.json", "images"), "nobody.json: there is no such file");
  said(measured("figures.json", "nowhere"), "nowhere: no such folder; --images names");
  said(measured("figures.json", "."), "000000000001.jpg: no such file");
  write("empty.json", R"({"images": [], "annotations": [], "categories": [{"id": 1, "name": "person"}]})");
  said(measured("empty.json", "images"), "empty.json");
  const Outcome twice = quantize({"--out", "q.onnx", "--annotations", "figures.json", "--images", "images",  //
                                  "--accuracy", "a text"});
  EXPECT_NE(twice.code, 0);
  EXPECT_TRUE(contains(twice.err, "--accuracy excludes --annotations")) << twice.err;
  EXPECT_FALSE(fs::exists(folder_ / "q.onnx"));
}

}  // namespace
}  // namespace poise
