#include "poise/models/zoo.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <set>
#include <string>

namespace poise {
namespace {

TEST(Zoo, NamesAreUniqueAndFound) {
  std::set<std::string_view> names;
  for (const ZooEntry& entry : zoo()) {
    EXPECT_TRUE(names.insert(entry.name).second) << entry.name;
    EXPECT_EQ(find_in_zoo(entry.name).value().description, entry.description);
  }
  EXPECT_EQ(names.size(), 11U);
}

TEST(Zoo, TheNameIsTheGraphsAndTheDescriptionTellsItsTrueSize) {
  for (const ZooEntry& entry : zoo()) {
    const Size size = std::visit([](const auto& options) { return options.input; }, entry.options);
    const bool pose = std::visit(
        [](const auto& options) {
          return requires { options.joints; };
        },
        entry.options);
    EXPECT_EQ(size, entry.name.starts_with("hourglass") ? (Size{256, 256})
                    : pose                              ? (Size{192, 256})
                                                        : (Size{320, 320}))
        << entry.name;
    const Graph graph = build_model(entry.options).value();
    EXPECT_EQ(graph.name, entry.name);
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

TEST(Zoo, ABadOptionIsTheFamilysOwnError) {
  for (const ModelOptions& options :
       {ModelOptions(PoseResNetOptions{.depth = 51}), ModelOptions(HrnetOptions{.width = 0}),
        ModelOptions(HourglassOptions{.stacks = 17}), ModelOptions(CentreNetOptions{.deconv_layers = 0})}) {
    const auto graph = build_model(options);
    ASSERT_FALSE(graph.ok());
    EXPECT_EQ(graph.error().code, ErrorCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace poise
