#include "poise/card/check_card.h"

#include <gtest/gtest.h>

#include <memory>

namespace poise {
namespace {

/// (N, 3, 64, 32) -> heatmaps of a quarter, once more of an earlier stack.
Graph network(std::int64_t joints) {
  Graph graph;
  const ValueId input = graph.add_input("input", {-1, 3, 64, 32});
  const ValueId weight = graph.add_constant("weight", std::make_shared<const Tensor>(Shape{joints, 3, 4, 4}));
  const auto stack = [&](const char* name) {
    return graph.add_node("Conv", name, {input, weight}, name, {{"strides", std::vector<std::int64_t>{4, 4}}});
  };
  graph.outputs = {stack("heatmaps.0"), stack("heatmaps"), stack("others")};
  graph.validate().value();
  return graph;
}

Json card(const char* skeleton) {
  Json json = card_preset("gluon").value();
  json.set("skeleton", skeleton);
  return json;
}

TEST(CheckCard, SaysWhatIsMissing) {
  EXPECT_NE(check_card(Json::object(), network(17)).value().find("has no card"), std::string::npos);
  Json some = Json::object();
  some.set("licence", "MIT");
  EXPECT_NE(check_card(some, network(17)).value().find("says nothing about skeleton, colour"), std::string::npos);
  EXPECT_EQ(check_card(card("coco17"), network(17)).value(), "");
}

TEST(CheckCard, AnotherCodecHasNothingOfTheUsualOnes) {
  Graph graph;
  const ValueId input = graph.add_input("input", {-1, 3, 64, 32});
  const ValueId weight = graph.add_constant("weight", std::make_shared<const Tensor>(Shape{1, 3, 16, 26}));
  graph.outputs = {
      graph.add_node("Conv", "conv", {input, weight}, "output_0", {{"strides", std::vector<std::int64_t>{3, 3}}})};
  graph.validate().value();
  const auto checked = check_card(card_preset("movenet").value(), graph);
  ASSERT_TRUE(checked.ok()) << checked.error().message;
  EXPECT_EQ(*checked, "");
}

TEST(CheckCard, RefusesWhatCannotBe) {
  const auto joints = check_card(card("coco17"), network(16));
  ASSERT_FALSE(joints.ok());
  EXPECT_EQ(joints.error().message,
            "the network gives 16 heatmaps, skeleton \"coco17\" has 17 joints: name another skeleton");
  Json wrong = card("coco17");
  wrong.set("padding", 9);
  EXPECT_FALSE(check_card(wrong, network(17)).ok());
  Json detector = Json::object();
  detector.set("family", "centre");
  EXPECT_NE(check_card(detector, network(17)).error().message.find("colour"), std::string::npos);
}

TEST(FindAnswer, IsTheOneOfItsName) {
  const ModelCard known = card_from_json(card("mpii16"), {32, 64}).value();
  const PoseAnswer answer = find_answer(network(16), known).value();
  EXPECT_EQ(answer.outputs, std::vector<std::size_t>{1});
  EXPECT_EQ(answer.input, (Size{32, 64}));
  EXPECT_EQ(answer.shapes.at(0), (Shape{16, 16, 8}));
  EXPECT_EQ(answer.flip_index, known.skeleton.flip_index());
}

TEST(FindAnswer, OfIntegersIsRefused) {
  Graph graph = network(16);
  const ValueId rounded = graph.add_node("Cast", "rounded", {graph.outputs[1]}, "rounded", {{"to", std::int64_t{7}}});
  graph.outputs = {rounded};
  graph.validate().value();
  const auto answer = find_answer(graph, card_from_json(card("mpii16"), {32, 64}).value());
  ASSERT_FALSE(answer.ok());
  EXPECT_NE(answer.error().message.find("\"rounded\" is int64"), std::string::npos) << answer.error().message;
}

}  // namespace
}  // namespace poise
