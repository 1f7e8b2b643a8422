#include "poise/models/zoo.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <set>
#include <string>
#include <vector>

#include "poise/models/pose_resnet.h"

namespace poise {
namespace {

TEST(Zoo, NamesAreUniqueAndFound) {
  std::set<std::string_view> names;
  for (const ZooEntry& entry : zoo()) {
    EXPECT_TRUE(names.insert(entry.name).second) << entry.name;
    EXPECT_EQ(find_in_zoo(entry.name).value().description, entry.description);
  }
  EXPECT_EQ(names.size(), 15U);
}

TEST(Zoo, TheNameIsTheGraphsAndTheDescriptionTellsItsTrueSize) {
  for (const ZooEntry& entry : zoo()) {
    if (!find_family(entry.options.family).value()->takes_pictures) continue;  // lifters_test.cc counts them
    const Graph graph = build_model(entry.options).value();
    EXPECT_EQ(graph.name, entry.name);
    const Shape& wanted = graph.values.at(graph.inputs.at(0)).shape;
    const Size size{static_cast<int>(wanted.at(3)), static_cast<int>(wanted.at(2))};
    EXPECT_EQ(size, entry.options.family == "hourglass"    ? (Size{256, 256})
                    : entry.options.family == "centre_net" ? (Size{320, 320})
                                                           : (Size{192, 256}))
        << entry.name;
    const Shape input{1, 3, size.height, size.width};
    const auto infos = infer_shapes(graph, std::span(&input, 1)).value();
    char text[80];
    std::snprintf(text, sizeof text, "%.1f M parameters, %.1f G multiply-adds at %dx%d",
                  static_cast<double>(graph.parameter_count()) / 1e6,
                  static_cast<double>(multiply_adds(graph, infos)) / 1e9, size.height, size.width);
    const std::string want(text);
    EXPECT_EQ(std::string(entry.description).substr(0, want.size()), want);
  }
}

TEST(Zoo, AnUnknownNameListsTheKnownOnes) {
  const auto found = find_in_zoo("resnet50");
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error().code, ErrorCode::kNotFound);
  EXPECT_NE(found.error().message.find("\"resnet50\""), std::string::npos);
  EXPECT_NE(found.error().message.find("pose_resnet18 pose_resnet34 pose_resnet50"), std::string::npos);
}

TEST(Zoo, EachFamilyTakesEachOfItsParameters) {
  std::set<std::string_view> names;
  for (const NetworkFamily* family : network_families()) {
    EXPECT_TRUE(names.insert(family->name).second) << family->name;
    EXPECT_EQ(find_family(family->name).value(), family);
    EXPECT_EQ(find_network(family->name).value().family, family->name);
    EXPECT_TRUE(family->has("seed"));
    EXPECT_EQ(family->has("input"), family->takes_pictures);
    EXPECT_EQ(family->has("joints"), family->card == nullptr);
    for (const NetworkParameter& parameter : family->parameters) {
      Json wrong = Json::object();
      wrong.set(parameter.name, Json::object());
      const auto graph = family->build(wrong);
      ASSERT_FALSE(graph.ok()) << parameter.name;
      EXPECT_TRUE(graph.error().message.starts_with("parameter \"" + std::string(parameter.name) + "\" must be "))
          << graph.error().message;
    }
    const auto graph = family->build(Json::Object{{"colour", 1}});
    ASSERT_FALSE(graph.ok());
    EXPECT_NE(graph.error().message.find("parameter \"colour\" has no meaning for " + std::string(family->name) +
                                         ", which takes "),
              std::string::npos)
        << graph.error().message;
  }
}

TEST(Zoo, ParametersReachTheNetwork) {
  const ModelOptions options{"pose_resnet", Json::Object{{"depth", 50},
                                                         {"joints", 3},
                                                         {"style", "caffe"},
                                                         {"width", 0.125},
                                                         {"deconv_bias", true},
                                                         {"seed", 7},
                                                         {"input", Json::Array{64, 32}}}};
  const PoseResNetOptions read = pose_resnet_options(options.parameters).value();
  EXPECT_EQ(read.style, PoseResNetOptions::Style::kCaffe);
  EXPECT_EQ(read.width, 0.125F);
  EXPECT_TRUE(read.deconv_bias);
  EXPECT_EQ(read.seed, 7U);
  const Graph graph = build_model(options).value();
  EXPECT_EQ(graph.values.at(graph.inputs.at(0)).shape, (Shape{-1, 3, 32, 64}));
  EXPECT_EQ(infer_shapes(graph, std::vector<Shape>{{1, 3, 32, 64}}).value().at(graph.outputs.at(0)).shape,
            (Shape{1, 3, 8, 16}));
}

TEST(Zoo, ABadOptionIsTheFamilysOwnError) {
  for (const ModelOptions& options :
       {ModelOptions{"pose_resnet", Json::Object{{"depth", 51}}},
        ModelOptions{"pose_hrnet", Json::Object{{"width", 0}}}, ModelOptions{"hourglass", Json::Object{{"stacks", 17}}},
        ModelOptions{"centre_net", Json::Object{{"deconv_layers", 0}}},
        ModelOptions{"pose_hrnet", Json::Object{{"width", 32.5}}}}) {
    const auto graph = build_model(options);
    ASSERT_FALSE(graph.ok());
    EXPECT_EQ(graph.error().code, ErrorCode::kInvalidArgument);
  }
  EXPECT_EQ(build_model({"pose_hrformer"}).error().code, ErrorCode::kNotFound);
  EXPECT_NE(find_network("resnet").error().message.find("hrnet_w48"), std::string::npos);
  EXPECT_NE(find_network("resnet").error().message.find("families pose_resnet pose_hrnet hourglass"),
            std::string::npos);
}

}  // namespace
}  // namespace poise
