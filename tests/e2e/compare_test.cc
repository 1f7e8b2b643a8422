// `poise compare`: where a copy with one altered weight parts from the original.

#include <gtest/gtest.h>

#include <algorithm>

#include "poise/weights/network_file.h"
#include "program.h"

namespace poise {
namespace {

const std::string kTiny = POISE_SOURCE_DIR "/tests/golden/pytorch_tiny/pose_resnet_tiny.onnx";
const std::string kInput = POISE_SOURCE_DIR "/tests/golden/pytorch_tiny/pose_resnet_tiny_input.npy";
constexpr const char* kWeight = "layer2.1.conv1.weight";

class Compare : public Program {
 protected:
  /// A copy of the tiny network; the constant's first element is 1 more. Returns the label of the layer that reads it.
  std::string write_altered(const std::string& name, const std::string& constant) const {
    Graph graph = read_network(kTiny).value().graph;
    const ValueId id = graph.find_value(constant);
    Tensor altered = graph.values.at(id).constant->clone();
    altered.floats()[0] += 1;
    graph.values[id].constant = std::make_shared<const Tensor>(std::move(altered));
    write_onnx(folder_ / name, graph).value();
    for (const Node& node : graph.nodes) {
      for (const ValueId input : node.inputs) {
        if (input == id) return node.label();
      }
    }
    return {};
  }
  /// One thread: the machine that runs the tests has other work.
  Outcome compare(Strings arguments) const {
    arguments.insert(arguments.begin(), "compare");
    arguments.insert(arguments.end(), {"--threads", "1"});
    return run(arguments);
  }
  void write_copy(const std::string& name) const {
    write_onnx(folder_ / name, read_network(kTiny).value().graph).value();
  }
};

TEST_F(Compare, AWrittenCopyIsEqual) {
  write_copy("copy.onnx");
  const Outcome outcome = compare({kTiny, "copy.onnx", "--input", kInput, "--tolerance", "0"});
  EXPECT_EQ(outcome.code, 0) << outcome.out << outcome.err;
  EXPECT_TRUE(contains(outcome.out, "equal within 0 of the maximum; 76 of 76 layers matched")) << outcome.out;
  EXPECT_EQ(outcome.err, "");
}

TEST_F(Compare, TheAlteredLayerIsNamed) {
  const std::string layer = write_altered("altered.onnx", kWeight);
  ASSERT_NE(layer, "");
  for (const std::string backend : {"onednn", "reference"}) {
    const Outcome outcome = compare({kTiny, "altered.onnx", "--input", kInput, "--backend", backend});
    EXPECT_EQ(outcome.code, 1) << outcome.err;
    EXPECT_TRUE(contains(outcome.out, "the networks part at " + layer + ", 2x")) << outcome.out;
    EXPECT_TRUE(contains(outcome.out, std::string("weights: \"") + kWeight + "\" differs by")) << outcome.out;
    EXPECT_TRUE(contains(outcome.out, "different within 0.0001 of the maximum")) << outcome.out;
  }
}

TEST_F(Compare, WithoutInputBothGetTheSameRandomNumbers) {
  const std::string layer = write_altered("altered.onnx", kWeight);
  const Outcome first = compare({kTiny, "altered.onnx"});
  EXPECT_EQ(first.code, 1);
  EXPECT_TRUE(contains(first.err, "no --input: both get random numbers (seed 1)")) << first.err;
  EXPECT_TRUE(contains(first.out, "the networks part at " + layer + ", 1x")) << first.out;
  EXPECT_EQ(compare({kTiny, "altered.onnx"}).out, first.out);
}

TEST_F(Compare, JsonSaysTheSame) {
  const std::string layer = write_altered("altered.onnx", kWeight);
  const Outcome outcome = compare({kTiny, "altered.onnx", "--input", kInput, "--json"});
  EXPECT_EQ(outcome.code, 1);
  const Json json = parse_json(outcome.out).value();
  EXPECT_FALSE(json.find("equal")->as_bool());
  EXPECT_EQ(json.find("parting")->string("a").value(), layer);
  EXPECT_GT(json.find("parting")->number("apart").value(), 1e-4);
  EXPECT_EQ(json.find("outputs")->as_array().size(), 1U);
  EXPECT_EQ(json.integer("layers").value(), 76);
  write_copy("copy.onnx");
  const Outcome equal = compare({kTiny, "copy.onnx", "--input", kInput, "--json"});
  EXPECT_EQ(equal.code, 0);
  EXPECT_TRUE(parse_json(equal.out).value().find("parting")->is_null());
}

TEST_F(Compare, OtherNetworksPartInStructure) {
  Graph graph = read_network(kTiny).value().graph;
  for (Node& node : graph.nodes) {
    if (node.op == "Relu" && node.outputs != graph.outputs) {
      node.op = "Sigmoid";
      break;
    }
  }
  write_onnx(folder_ / "other.onnx", graph).value();
  const Outcome outcome = compare({kTiny, "other.onnx", "--input", kInput});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(contains(outcome.out, "structure: a has Relu ")) << outcome.out;
}

TEST_F(Compare, WhatCannotBeComparedIsOneLine) {
  write_copy("copy.onnx");
  write("text.npy", "no tensor");
  for (const Strings& wrong : {Strings{kTiny, "none.onnx"}, Strings{kTiny, "copy.onnx", "--input", "text.npy"},
                               Strings{kTiny, "copy.onnx", "--input", kInput, "--input", kInput}}) {
    const Outcome outcome = compare(wrong);
    EXPECT_EQ(outcome.code, 1) << ::testing::PrintToString(wrong);
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
  }
  EXPECT_EQ(compare({kTiny}).code, 2);
  EXPECT_EQ(compare({kTiny, "copy.onnx", "--tolerance", "2"}).code, 2);
}

}  // namespace
}  // namespace poise
