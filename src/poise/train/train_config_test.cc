#include "poise/train/train_config.h"

#include <gtest/gtest.h>

#include "poise/base/yaml.h"

namespace poise {
namespace {

TrainConfig parse(const std::string& text) { return train_config_from_json(parse_yaml(text).value()).value(); }

TEST(TrainConfig, TheAuthorsFile) {
  const TrainConfig config = parse(R"(GPUS: '0,1,2,3'
PRINT_FREQ: 20
DATASET: {DATASET: 'coco', ROOT: 'data/coco/', SELECT_DATA: true, TRAIN_SET: 'train2017', TEST_SET: 'val2017', FLIP: true, ROT_FACTOR: 40, SCALE_FACTOR: 0.3}
LOSS: {USE_TARGET_WEIGHT: true}
TRAIN: {BATCH_SIZE: 32, SHUFFLE: true, BEGIN_EPOCH: 0, END_EPOCH: 140, RESUME: false, OPTIMIZER: 'adam', LR: 0.001, LR_FACTOR: 0.1, LR_STEP: [90, 120], WD: 0.0001, GAMMA1: 0.99, GAMMA2: 0.0, MOMENTUM: 0.9, NESTEROV: false}
)");
  EXPECT_EQ(config.options.batch, 32);
  EXPECT_EQ(config.options.accumulate, 4);
  EXPECT_EQ(config.options.epochs, 140);
  EXPECT_EQ(config.options.optimizer.kind, OptimizerOptions::Kind::kAdam);
  EXPECT_EQ(config.options.optimizer.weight_decay, 0);  // the authors give it to SGD alone
  EXPECT_EQ(config.options.schedule.epochs, (std::vector<int>{90, 120}));
  EXPECT_FLOAT_EQ(config.augment.scale, 0.3F);
  EXPECT_FLOAT_EQ(config.augment.rotation, 40);
  EXPECT_EQ(config.root, "data/coco/");
  EXPECT_TRUE(config.select);
  EXPECT_EQ(config.options.log_steps, 20);
  EXPECT_FALSE(config.mpii);
}

TEST(TrainConfig, PatienceAndFrozenLayers) {
  const TrainOptions options = parse("TRAIN: {PATIENCE: 5, FREEZE: [conv1, layer1]}").options;
  EXPECT_EQ(options.patience, 5);
  EXPECT_EQ(options.frozen, (std::vector<std::string>{"conv1", "layer1"}));
  EXPECT_EQ(parse("TRAIN: {FREEZE: layer1}").options.frozen, (std::vector<std::string>{"layer1"}));
  EXPECT_EQ(parse("TRAIN: {}").options.patience, 0);
  EXPECT_TRUE(parse("TRAIN: {}").options.frozen.empty());
}

TEST(TrainConfig, WhatIsWrongIsNamed) {
  for (const auto& [text, part] : {std::pair("TRAIN: {OPTIMIZER: lion}", "TRAIN.OPTIMIZER must be adam, adamw or sgd"),
                                   std::pair("TRAIN: {SCHEDULE: linear}", "TRAIN.SCHEDULE must be step or cosine"),
                                   std::pair("TRAIN: {LR_STEP: 90}", "TRAIN.LR_STEP must be a list of epochs"),
                                   std::pair("TRAIN: {FREEZE: [1]}", "TRAIN.FREEZE must be a list of layers' names"),
                                   std::pair("TRAIN: {LR: fast}", "TRAIN.LR must be a number"),
                                   std::pair("DATASET: {SCALE_FACTOR: 2}", "scale")}) {
    const auto config = train_config_from_json(parse_yaml(text).value());
    ASSERT_FALSE(config.ok()) << text;
    EXPECT_NE(config.error().message.find(part), std::string::npos) << config.error().message;
  }
}

TEST(TrainOptions, StepsFallAtTheStartOfTheirEpoch) {
  TrainOptions options;
  EXPECT_DOUBLE_EQ(learning_rate(options, 1000, 89, 100000), 1e-3);
  EXPECT_DOUBLE_EQ(learning_rate(options, 1000, 90, 100000), 1e-4);
  EXPECT_DOUBLE_EQ(learning_rate(options, 1000, 120, 100000), 1e-5);
}

TEST(TrainOptions, CosineRisesThenFallsToZero) {
  TrainOptions options;
  options.schedule = {.kind = ScheduleOptions::Kind::kCosine, .warmup_steps = 100};
  EXPECT_DOUBLE_EQ(learning_rate(options, 0, 0, 1100), 1e-5);
  EXPECT_DOUBLE_EQ(learning_rate(options, 99, 0, 1100), 1e-3);
  EXPECT_DOUBLE_EQ(learning_rate(options, 100, 0, 1100), 1e-3);
  EXPECT_NEAR(learning_rate(options, 600, 0, 1100), 5e-4, 1e-12);
  EXPECT_NEAR(learning_rate(options, 1100, 0, 1100), 0, 1e-12);
}

TEST(TrainOptions, TheAverageStartsShort) {
  EXPECT_DOUBLE_EQ(ema_decay(0.999, 0), 0.1);
  EXPECT_DOUBLE_EQ(ema_decay(0.999, 90), 0.91);
  EXPECT_DOUBLE_EQ(ema_decay(0.999, 1'000'000), 0.999);
}

TEST(TrainConfig, ScenesOfADetector) {
  const TrainConfig config = parse(
      "DATASET: {SCENES: 7, MOSAIC: 0.5, NOBODY: 0.3, SMALLEST: 9, LARGEST: 99, FLIP: false, "
      "COLOUR: 0.1, BOX_SIGMA: 0.09}\nLOSS: {GIOU: 2}");
  EXPECT_EQ(config.scene.scenes, 7U);
  EXPECT_FLOAT_EQ(config.scene.mosaic, 0.5F);
  EXPECT_FLOAT_EQ(config.scene.nobody, 0.3F);
  EXPECT_FLOAT_EQ(config.scene.smallest, 9);
  EXPECT_FLOAT_EQ(config.scene.largest, 99);
  EXPECT_FLOAT_EQ(config.scene.flip, 0);
  EXPECT_FLOAT_EQ(config.scene.colour, 0.1F);
  EXPECT_FLOAT_EQ(config.scene.codec.box_sigma, 0.09F);
  EXPECT_EQ(config.options.centre_loss.giou, 2);
  EXPECT_EQ(parse("DATASET: {SCENES: 7}").options.centre_loss.giou, 0);
  EXPECT_FALSE(train_config_from_json(parse_yaml("DATASET: {MOSAIC: 2}").value()).ok());
  EXPECT_FALSE(train_config_from_json(parse_yaml("DATASET: {BOX_SIGMA: 2}").value()).ok());
}

}  // namespace
}  // namespace poise
