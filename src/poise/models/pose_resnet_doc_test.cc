// docs/pose_resnet.md holds tables that are computed here. POISE_UPDATE_DOCS=1 rewrites them.

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "poise/base/file.h"
#include "poise/models/pose_resnet.h"

namespace poise {
namespace {

constexpr std::array kDepths{18, 34, 50, 101, 152};
constexpr const char* kEnd = "<!-- end of generated -->";

struct Stage {
  const char* title;
  std::vector<const char*> prefixes;  // of node and parameter names
  const char* last;                   // value at its end
};

const std::vector<Stage>& stages() {
  static const std::vector<Stage> all{
      {"stem", {"conv1", "bn1"}, "maxpool.out"},
      {"layer1", {"layer1."}, ""},
      {"layer2", {"layer2."}, ""},
      {"layer3", {"layer3."}, ""},
      {"layer4", {"layer4."}, ""},
      {"deconvolution 1", {"deconv_layers.0", "deconv_layers.1"}, "deconv_layers.2.out"},
      {"deconvolution 2", {"deconv_layers.3", "deconv_layers.4"}, "deconv_layers.5.out"},
      {"deconvolution 3", {"deconv_layers.6", "deconv_layers.7"}, "deconv_layers.8.out"},
      {"final", {"final_layer"}, "heatmaps"},
  };
  return all;
}

bool belongs(const std::string& name, const Stage& stage) {
  for (const char* prefix : stage.prefixes) {
    if (name.starts_with(prefix)) return true;
  }
  return false;
}

// What the tables need of one network.
struct Facts {
  std::vector<std::string> outputs;
  std::vector<std::int64_t> parameters;
  std::vector<std::int64_t> products;
  std::int64_t all_parameters = 0;
  std::int64_t all_products = 0;
};

Facts facts_of(int depth, Size input) {
  const Graph graph = pose_resnet({.depth = depth, .input = input}).value();
  const Shape shape{1, 3, input.height, input.width};
  const auto infos = infer_shapes(graph, std::span(&shape, 1)).value();
  Facts facts;
  facts.all_parameters = graph.parameter_count();
  facts.all_products = multiply_adds(graph, infos);
  for (const Stage& stage : stages()) {
    std::int64_t parameters = 0;
    std::int64_t products = 0;
    std::string last = stage.last;
    for (const Node& node : graph.nodes) {
      if (!belongs(node.name, stage)) continue;
      products += multiply_adds(node, infos);
      if (*stage.last == '\0') last = graph.values.at(static_cast<std::size_t>(node.outputs[0])).name;
    }
    for (const Value& value : graph.values) {
      if (value.constant == nullptr || !belongs(value.name, stage)) continue;
      if (value.name.find(".running_") == std::string::npos) parameters += value.constant->count();
    }
    const Shape& end = infos.at(static_cast<std::size_t>(graph.find_value(last))).shape;
    facts.outputs.push_back(to_string({end.begin() + 1, end.end()}));
    facts.parameters.push_back(parameters);
    facts.products.push_back(products);
  }
  return facts;
}

const std::vector<Facts>& all_facts() {
  static const std::vector<Facts> facts = [] {
    std::vector<Facts> out;
    out.reserve(kDepths.size());
    for (const int depth : kDepths) out.push_back(facts_of(depth, {192, 256}));
    return out;
  }();
  return facts;
}

std::string grouped(std::int64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, 1, ' ');
  return text;
}

std::string mega(std::int64_t number) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", static_cast<double>(number) / 1e6);
  return text;
}

std::string bold(const std::string& text) { return std::string("**").append(text).append("**"); }

std::string row(const std::string& title, const std::function<std::string(const Facts&)>& cell) {
  std::string line = "| ";
  line.append(title).append(" |");
  for (const Facts& facts : all_facts()) line.append(" ").append(cell(facts)).append(" |");
  return line.append("\n");
}

std::string header(const std::string& title) {
  std::string line = "| ";
  std::string rule = "|---|";
  line.append(title).append(" |");
  for (const int depth : kDepths) {
    line.append(" ").append(std::to_string(depth)).append(" |");
    rule.append("---:|");
  }
  return line.append("\n").append(rule).append("\n");
}

std::string shapes_table() {
  std::string table = "| stage | output, depth 18 and 34 | output, depth 50, 101 and 152 |\n|---|---|---|\n";
  for (std::size_t i = 0; i < stages().size(); ++i) {
    const auto output = [&](std::size_t depth) { return all_facts()[depth].outputs[i]; };
    EXPECT_EQ(output(0), output(1));
    EXPECT_EQ(output(2), output(3));
    EXPECT_EQ(output(2), output(4));
    table.append("| ").append(stages()[i].title).append(" | ").append(output(0)).append(" | ").append(output(2));
    table.append(" |\n");
  }
  return table;
}

std::string parameters_table() {
  std::string table = header("parameters, depth");
  for (std::size_t i = 0; i < stages().size(); ++i) {
    table += row(stages()[i].title, [i](const Facts& facts) { return grouped(facts.parameters[i]); });
  }
  return table + row("**all**", [](const Facts& facts) { return bold(grouped(facts.all_parameters)); });
}

std::string products_table() {
  std::string table = header("million multiply-adds, depth");
  for (std::size_t i = 0; i < stages().size(); ++i) {
    table += row(stages()[i].title, [i](const Facts& facts) { return mega(facts.products[i]); });
  }
  return table + row("**all**", [](const Facts& facts) { return bold(mega(facts.all_products)); });
}

std::string with_table(const std::string& text, const std::string& name, const std::string& table) {
  const std::string start = std::string("<!-- generated: ").append(name).append(" -->\n");
  const std::size_t from = text.find(start);
  const std::size_t to = from == std::string::npos ? from : text.find(kEnd, from);
  if (to == std::string::npos) {
    ADD_FAILURE() << "docs/pose_resnet.md lacks the markers of the table \"" << name << "\"";
    return text;
  }
  return text.substr(0, from + start.size()) + table + text.substr(to);
}

TEST(PoseResNetDoc, StagesAddUpToTheWholeNetwork) {
  for (const Facts& facts : all_facts()) {
    std::int64_t parameters = 0;
    std::int64_t products = 0;
    for (std::size_t i = 0; i < stages().size(); ++i) {
      parameters += facts.parameters[i];
      products += facts.products[i];
    }
    EXPECT_EQ(parameters, facts.all_parameters);
    EXPECT_EQ(products, facts.all_products);
  }
}

TEST(PoseResNetDoc, TablesInTheGuideAreWhatTheCodeSays) {
  const std::string path = POISE_SOURCE_DIR "/docs/pose_resnet.md";
  const Bytes bytes = read_file(path, 1U << 20U).value();
  const std::string text(bytes.begin(), bytes.end());
  std::string wanted = with_table(text, "shapes", shapes_table());
  wanted = with_table(wanted, "parameters", parameters_table());
  wanted = with_table(wanted, "multiply-adds", products_table());
  if (const char* update = std::getenv("POISE_UPDATE_DOCS"); update != nullptr && std::string(update) == "1") {
    write_file_atomic(path, wanted).value();
  } else {
    EXPECT_EQ(text, wanted) << "run this test with POISE_UPDATE_DOCS=1 to rewrite the tables";
  }
}

}  // namespace
}  // namespace poise
