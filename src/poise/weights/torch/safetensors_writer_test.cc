#include "poise/weights/torch/safetensors_writer.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "poise/base/json.h"
#include "poise/weights/checkpoint.h"
#include "poise/weights/state_dict.h"

namespace poise {
namespace {

using Tensors = std::map<std::string, std::shared_ptr<const Tensor>>;

std::shared_ptr<const Tensor> floats(Shape shape, const std::vector<float>& values) {
  return std::make_shared<const Tensor>(Tensor::from(std::move(shape), values));
}

Tensors some() {
  return {{"a.weight", floats({2, 2}, {1, -0.0F, std::numeric_limits<float>::denorm_min(), 3e38F})},
          {"b", std::make_shared<const Tensor>(Tensor::from({3}, std::vector<std::int64_t>{1, -2, INT64_MIN}))},
          {"scalar", floats({}, {std::numeric_limits<float>::quiet_NaN()})},
          {"none", floats({0, 4}, {})}};
}

TEST(SafetensorsWriter, ReadsBackBitForBit) {
  const Tensors tensors = some();
  const Bytes bytes = to_safetensors(tensors, {{"key", "a \"text\" of\nlines"}}).value();
  const StateDict read = parse_state_dict(bytes).value();
  EXPECT_EQ(read.layout, "safetensors");
  EXPECT_EQ(read.metadata.at("key"), "a \"text\" of\nlines");
  ASSERT_EQ(read.tensors.size(), tensors.size());
  for (const auto& [name, tensor] : tensors) {
    SCOPED_TRACE(name);
    const Tensor& again = *read.tensors.at(name);
    ASSERT_EQ(again.shape(), tensor->shape());
    ASSERT_EQ(again.type(), tensor->type());
    EXPECT_TRUE(tensor->bytes() == 0 || std::memcmp(again.data(), tensor->data(), tensor->bytes()) == 0);
  }
}

TEST(SafetensorsWriter, TheLayoutIsTheFormats) {
  const Bytes bytes = to_safetensors({{"w", floats({2}, {1, 2})}}, {}).value();
  std::uint64_t header = 0;
  std::memcpy(&header, bytes.data(), sizeof header);
  EXPECT_EQ(header % 8, 0U);
  ASSERT_EQ(bytes.size(), 8 + header + 8);
  const Json json = parse_json(BytesView(bytes).subspan(8, header)).value();
  EXPECT_EQ(json.dump(), R"({"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})");
  float second = 0;
  std::memcpy(&second, bytes.data() + 8 + header + 4, sizeof second);
  EXPECT_EQ(second, 2);
}

TEST(SafetensorsWriter, EqualInputGivesEqualBytes) {
  EXPECT_EQ(to_safetensors(some(), {{"k", "v"}}).value(), to_safetensors(some(), {{"k", "v"}}).value());
  EXPECT_NE(to_safetensors(some(), {{"k", "v"}}).value(), to_safetensors(some(), {{"k", "w"}}).value());
}

TEST(SafetensorsWriter, WhatCannotBeReadBackIsRefused) {
  const auto tensor = floats({1}, {1});
  for (const std::string name : {"", "__metadata__", "a\nb"}) {
    const auto written = to_safetensors({{name, tensor}}, {});
    ASSERT_FALSE(written.ok()) << name;
    EXPECT_EQ(written.error().code, ErrorCode::kInvalidArgument);
  }
  const auto bytes = to_safetensors({{"mask", std::make_shared<const Tensor>(Shape{2}, DType::kBool)}}, {});
  ASSERT_FALSE(bytes.ok());
  EXPECT_EQ(bytes.error().message, "tensor mask is bool: float32 and int64 are written");
}

TEST(Checkpoint, KeepsAllAndSplitsWeightsFromTheRest) {
  Checkpoint checkpoint;
  checkpoint.tensors = {{"w", floats({1}, {1})}, {"train.m.w", floats({1}, {2})}};
  checkpoint.config = Json::Object{{"MODEL", Json::Object{{"NAME", "pose_resnet"}}}};
  checkpoint.card = Json::Object{{"skeleton", "coco17"}};
  checkpoint.progress = Json::Object{{"step", 7}, {"loss_sum", 0.1}};
  const std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("poise-checkpoint-" + std::to_string(::getpid()));
  ASSERT_TRUE(write_checkpoint(path, checkpoint).ok());
  const auto read = read_checkpoint(path);
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->config.dump(), checkpoint.config.dump());
  EXPECT_EQ(read->card.dump(), checkpoint.card.dump());
  EXPECT_EQ(read->progress.dump(), checkpoint.progress.dump());
  EXPECT_EQ(read->tensors.size(), 2U);
  const auto weights = weights_of(*read);
  ASSERT_EQ(weights.size(), 1U);
  EXPECT_EQ(weights.begin()->first, "w");

  ASSERT_TRUE(write_file_atomic(path, to_safetensors({{"w", floats({1}, {1})}}, {}).value()).ok());
  const auto other = read_checkpoint(path);
  std::filesystem::remove(path);
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().code, ErrorCode::kMalformed);
  EXPECT_NE(other.error().message.find("it is no checkpoint of poise train"), std::string::npos);
}

}  // namespace
}  // namespace poise
