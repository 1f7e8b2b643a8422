#include "poise/models/model_store.h"

#include <gtest/gtest.h>

#include <string>

#include "kit/temporary_folder.h"
#include "poise/base/file.h"
#include "poise/models/hourglass.h"
#include "poise/models/network_facts.h"
#include "poise/models/shipped.h"

namespace poise {
namespace {

class Store : public ::testing::Test {
 protected:
  void SetUp() override {
    const Graph graph = hourglass({.stacks = 1, .features = 8, .depth = 2, .input = {32, 32}}).value();
    write_onnx(folder_ / "tiny.onnx", graph).value();
    ASSERT_TRUE(write_file_atomic(folder_ / "tiny.card.json", std::string_view(R"({"licence": "MIT"})")).ok());
  }
  const kit::TemporaryFolder folder_;
  const ModelStore store_{folder_ / "models"};
};

TEST_F(Store, AnAddedModelIsListedAndOpenedByName) {
  EXPECT_TRUE(store_.list().value().empty());
  EXPECT_TRUE(store_.add(folder_ / "tiny.onnx", "mine").value());
  EXPECT_FALSE(store_.add(folder_ / "tiny.onnx", "mine").value());
  const std::vector<StoredModel> models = store_.list().value();
  ASSERT_EQ(models.size(), 1U);
  EXPECT_EQ(models[0].licence, "MIT");
  EXPECT_EQ(fault_of(models[0]), "");
  for (const std::string name : {"mine", "mine.onnx"}) {
    const OpenModel opened = store_.open(name).value();
    EXPECT_EQ(opened.onnx.hash, models[0].sha256);
    EXPECT_EQ(opened.path, folder_ / "models/mine.onnx");
  }
  ASSERT_TRUE(write_file_atomic(folder_ / "models/mine.card.json", std::string_view("{}")).ok());
  EXPECT_NE(fault_of(models[0]).find("mine.card.json differs"), std::string::npos);
}

TEST_F(Store, WhatComesWithPoiseNeedsNoFolder) {
  const ModelStore none{{}};
  EXPECT_TRUE(none.list().value().empty());
  EXPECT_EQ(none.open("").value().name, shipped_models().front().name);
  EXPECT_EQ(none.open("", kShippedDetector).value().name, kShippedDetector);
  EXPECT_EQ(none.open("poise-small", kShippedDetector).value().name, "poise-small");
  EXPECT_EQ(none.open("poise-person").value().path, "");
  EXPECT_EQ(none.open((folder_ / "tiny.onnx").string()).value().name, "tiny.onnx");
  EXPECT_FALSE(none.add(folder_ / "tiny.onnx", "mine").ok());
  const auto unknown = none.open("nobody");
  EXPECT_EQ(unknown.error().code, ErrorCode::kNotFound);
  EXPECT_NE(unknown.error().message.find("poise-small, poise-person, poise-lift"), std::string::npos)
      << unknown.error().message;
}

TEST_F(Store, NamesStayInTheFolder) {
  for (const std::string name : {"", "../up", ".hidden", "a/b"}) {
    const auto added = store_.add(folder_ / "tiny.onnx", name);
    ASSERT_FALSE(added.ok()) << name;
    EXPECT_EQ(added.error().code, ErrorCode::kInvalidArgument);
  }
}

TEST_F(Store, FactsOfAModel) {
  const NetworkFacts facts = network_facts(store_.open((folder_ / "tiny.onnx").string()).value()).value();
  EXPECT_EQ(facts.file, (folder_ / "tiny.onnx").string());
  ASSERT_EQ(facts.inputs.size(), 1U);
  EXPECT_EQ(facts.inputs[0].shape, (Shape{-1, 3, 32, 32}));
  EXPECT_EQ(facts.outputs.at(0).shape, (Shape{1, 16, 8, 8}));
  EXPECT_GT(facts.operators.at("Conv"), 10);
  EXPECT_GT(facts.multiply_adds, facts.parameters);
  EXPECT_GT(facts.weight_bytes, 0);
  EXPECT_GE(facts.arena_bytes, facts.arena_ideal);
  EXPECT_EQ(facts.card.string("licence").value(), "MIT");
  EXPECT_EQ(to_json(facts).find("inputs")->as_array().at(0).string("shape").value(), "?x3x32x32");
}

}  // namespace
}  // namespace poise
