#include "poise/serve/kserve.h"

#include <gtest/gtest.h>

#include <cstring>

namespace poise {
namespace {

HttpRequest body(const std::string& text) {
  HttpRequest request;
  request.body = text;
  return request;
}

TEST(Kserve, ARequestAsTheSpecificationPrintsIt) {
  // "Inference Request JSON Examples" of the protocol, with the outputs named.
  const auto request = parse_infer_request(body(R"({"id": "42", "inputs": [
      {"name": "input0", "shape": [2, 2], "datatype": "UINT32", "data": [1, 2, 3, 4]},
      {"name": "input1", "shape": [3], "datatype": "BOOL", "data": [true, false, true]},
      {"name": "input2", "shape": [2, 2], "datatype": "FP32", "data": [[1.5, 2], [3, -4]]}],
      "outputs": [{"name": "output0"}]})"))
                           .value();
  EXPECT_EQ(request.id, "42");
  ASSERT_EQ(request.inputs.size(), 3U);
  EXPECT_EQ(request.inputs[0].bytes.size(), 16U);
  EXPECT_EQ(request.inputs[1].bytes, std::string("\1\0\1", 3));
  float values[4];
  ASSERT_EQ(request.inputs[2].bytes.size(), sizeof(values));
  std::memcpy(values, request.inputs[2].bytes.data(), sizeof(values));
  EXPECT_EQ(values[0], 1.5F);
  EXPECT_EQ(values[3], -4);
  ASSERT_EQ(request.outputs.size(), 1U);
  EXPECT_FALSE(request.outputs[0].binary);
}

TEST(Kserve, BinaryTensorsLieBehindTheJson) {
  const std::string json = R"({"inputs": [
      {"name": "a", "shape": [2], "datatype": "UINT8", "parameters": {"binary_data_size": 2}},
      {"name": "b", "shape": [1], "datatype": "BYTES", "parameters": {"binary_data_size": 7}}],
      "parameters": {"binary_data_output": true}, "outputs": [{"name": "x"}, {"name": "y", "parameters": {"binary_data": false}}]})";
  HttpRequest request = body(json + "\x07\x08" + std::string("\3\0\0\0abc", 7));
  request.headers["inference-header-content-length"] = std::to_string(json.size());
  const auto parsed = parse_infer_request(request).value();
  EXPECT_EQ(parsed.inputs[0].bytes, "\x07\x08");
  EXPECT_EQ(parsed.inputs[1].bytes, std::string("\3\0\0\0abc", 7));
  EXPECT_TRUE(parsed.outputs[0].binary);
  EXPECT_FALSE(parsed.outputs[1].binary);
  request.body += "x";
  EXPECT_FALSE(parse_infer_request(request).ok());
  request.body.resize(request.body.size() - 2);
  EXPECT_FALSE(parse_infer_request(request).ok());
  for (const char* length : {"9999", "-1", "1x", ""}) {
    request.headers["inference-header-content-length"] = length;
    EXPECT_FALSE(parse_infer_request(request).ok()) << length;
  }
}

TEST(Kserve, WhatDoesNotFitIsNamed) {
  const auto input = [](const std::string& text) { return R"({"inputs": [{"name": "a", )" + text + "}]}"; };
  for (const std::string& text :
       {std::string("{}"), std::string("[]"), std::string(R"({"inputs": 3})"), input(R"("shape": [1], "data": [1])"),
        input(R"("datatype": "FP16", "shape": [1], "data": [1])"),
        input(R"("datatype": "UINT8", "shape": [1], "data": [256])"),
        input(R"("datatype": "UINT8", "shape": [1], "data": [1.5])"),
        input(R"("datatype": "UINT8", "shape": [2], "data": [1])"),
        input(R"("datatype": "UINT8", "shape": [-1], "data": [])"),
        input(R"("datatype": "FP32", "shape": [1], "data": ["x"])"),
        input(R"("datatype": "FP32", "shape": [4294967296, 4294967296], "data": [])"),
        input(R"("datatype": "BYTES", "shape": [1], "data": [1])"),
        input(R"("datatype": "UINT64", "shape": [1], "data": [-1])"), input(R"("datatype": "FP32", "shape": [1])")}) {
    EXPECT_FALSE(parse_infer_request(body(text)).ok()) << text;
  }
  const auto named = parse_infer_request(body(input(R"("datatype": "UINT8", "shape": [2], "data": [1])")));
  EXPECT_TRUE(named.error().message.starts_with("inputs[0]")) << named.error().message;
  std::string deep = std::string(20, '[') + "1" + std::string(20, ']');
  EXPECT_FALSE(parse_infer_request(body(input(R"("datatype": "UINT8", "shape": [1], "data": )" + deep))).ok());
}

TEST(Kserve, OutputsAreJsonOrBinaryAsWanted) {
  KserveRequest request;
  request.id = "7";
  const std::vector<KserveTensor> outputs{float_tensor("a", {1, 2}, {0.5F, -1}), float_tensor("b", {0}, {})};
  const HttpResponse plain = infer_response("m", request, outputs).value();
  const Json json = parse_json(plain.body).value();
  EXPECT_EQ(json.string("id").value(), "7");
  EXPECT_EQ(json.find("outputs")->as_array()[0].numbers("data").value(), (std::vector<double>{0.5, -1}));
  EXPECT_TRUE(json.find("outputs")->as_array()[1].find("data")->as_array().empty());

  request.outputs = {{"b", false}, {"a", true}};
  const HttpResponse mixed = infer_response("m", request, outputs).value();
  ASSERT_EQ(mixed.headers.size(), 1U);
  EXPECT_EQ(mixed.headers[0].first, "Inference-Header-Content-Length");
  const std::size_t length = std::stoul(mixed.headers[0].second);
  EXPECT_EQ(mixed.body.size(), length + 8);
  EXPECT_EQ(mixed.body.substr(length), outputs[0].bytes);
  request.outputs = {{"c", false}};
  EXPECT_FALSE(infer_response("m", request, outputs).ok());
  request.outputs = {{"a", true}, {"a", true}, {"a", true}};
  EXPECT_EQ(infer_response("m", request, outputs).error().message, "the request names 3 outputs, the model has 2");
}

}  // namespace
}  // namespace poise
