#include "poise/models/config.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "poise/base/file.h"
#include "poise/base/yaml.h"
#include "poise/card/model_card.h"
#include "poise/models/centre_net.h"
#include "poise/models/hourglass.h"
#include "poise/models/hrnet.h"
#include "poise/models/pose_resnet.h"
#include "poise/models/zoo.h"

namespace poise {
namespace {

// Every key that the files of human-pose-estimation.pytorch set, with the values of experiments/coco/resnet50.
const std::string kResNet = R"(GPUS: '0'
DATA_DIR: ''
OUTPUT_DIR: 'output'
LOG_DIR: 'log'
WORKERS: 4
PRINT_FREQ: 100

DATASET:
  DATASET: 'coco'
  ROOT: 'data/coco/'
  TEST_SET: 'val2017'
  TRAIN_SET: 'train2017'
  FLIP: true
  ROT_FACTOR: 40
  SCALE_FACTOR: 0.3
MODEL:
  NAME: 'pose_resnet'
  PRETRAINED: 'models/pytorch/imagenet/resnet50-19c8e357.pth'
  IMAGE_SIZE:
    - 288
    - 384
  NUM_JOINTS: 17
  EXTRA:
    TARGET_TYPE: 'gaussian'
    HEATMAP_SIZE:
      - 72
      - 96
    SIGMA: 3
    FINAL_CONV_KERNEL: 1
    DECONV_WITH_BIAS: false
    NUM_DECONV_LAYERS: 3
    NUM_DECONV_FILTERS:
      - 256
      - 256
      - 256
    NUM_DECONV_KERNELS:
      - 4
      - 4
      - 4
    NUM_LAYERS: 101
LOSS:
  USE_TARGET_WEIGHT: true
TRAIN:
  BATCH_SIZE: 32
  LR_STEP:
    - 90
    - 120
  OPTIMIZER: 'adam'
TEST:
  BATCH_SIZE: 32
  USE_GT_BBOX: true
  IN_VIS_THRE: 0.2
DEBUG:
  DEBUG: true
)";

const std::string kHrnet = R"(AUTO_RESUME: true
GPUS: (0,1,2,3)
DATASET:
  COLOR_RGB: true
  DATASET: mpii
  PROB_HALF_BODY: -1.0
MODEL:
  NAME: pose_hrnet
  NUM_JOINTS: 16
  TARGET_TYPE: gaussian
  IMAGE_SIZE:
  - 256
  - 256
  HEATMAP_SIZE:
  - 64
  - 64
  SIGMA: 2
  EXTRA:
    PRETRAINED_LAYERS:
    - 'conv1'
    - 'stage4'
    FINAL_CONV_KERNEL: 1
    STAGE2:
      NUM_MODULES: 1
      NUM_BRANCHES: 2
      BLOCK: BASIC
      NUM_BLOCKS:
      - 4
      - 4
      NUM_CHANNELS:
      - 48
      - 96
      FUSE_METHOD: SUM
    STAGE3:
      NUM_MODULES: 4
      NUM_BRANCHES: 3
      BLOCK: BASIC
      NUM_BLOCKS:
      - 4
      - 4
      - 4
      NUM_CHANNELS:
      - 48
      - 96
      - 192
      FUSE_METHOD: SUM
    STAGE4:
      NUM_MODULES: 3
      NUM_BRANCHES: 4
      BLOCK: BASIC
      NUM_BLOCKS:
      - 4
      - 4
      - 4
      - 4
      NUM_CHANNELS:
      - 48
      - 96
      - 192
      - 384
      FUSE_METHOD: SUM
TEST:
  BATCH_SIZE_PER_GPU: 32
  POST_PROCESS: true
  SHIFT_HEATMAP: true
)";

std::string with(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

Error error_of(const std::string& text) {
  const auto config = parse_model_config(text);
  return config.ok() ? Error{ErrorCode::kIo, "accepted"} : config.error();
}

TEST(ModelConfig, TheAuthorsResNetFileIsReadUnchanged) {
  const ModelConfig config = parse_model_config(kResNet).value();
  EXPECT_TRUE(config.unknown.empty()) << config.unknown.front();
  const auto options = pose_resnet_options(config.options.parameters).value();
  EXPECT_EQ(options.depth, 101);
  EXPECT_EQ(options.style, PoseResNetOptions::Style::kPytorch);
  EXPECT_EQ(options.input, (Size{288, 384}));
  EXPECT_EQ(options.joints, 17);
  EXPECT_EQ(options.deconv_layers, 3);
  EXPECT_EQ(options.deconv_filters, 256);
  EXPECT_EQ(options.deconv_kernel, 4);
  EXPECT_FALSE(options.deconv_bias);
  EXPECT_EQ(options.final_kernel, 1);
  const ModelCard card = card_from_json(config.card, options.input).value();
  EXPECT_EQ(card.skeleton.name, "coco17");
  EXPECT_EQ(card.input.normalisation.order, ColourOrder::kBgr);  // pictures were read with OpenCV and never turned
  EXPECT_EQ(card.codec->parameters().number("sigma").value(), 3);
  EXPECT_EQ(card.padding, 1.25F);
  EXPECT_EQ(card.codec->parameters().string("refine").value(), "quarter");
  EXPECT_TRUE(card.codec->parameters().find("flip_shift")->as_bool());
}

TEST(ModelConfig, TheAuthorsHrnetFileIsReadUnchanged) {
  const ModelConfig config = parse_model_config(kHrnet).value();
  EXPECT_TRUE(config.unknown.empty()) << config.unknown.front();
  const auto options = hrnet_options(config.options.parameters).value();
  EXPECT_EQ(options.width, 48);
  EXPECT_EQ(options.input, (Size{256, 256}));
  EXPECT_EQ(options.joints, 16);
  const ModelCard card = card_from_json(config.card, options.input).value();
  EXPECT_EQ(card.skeleton.name, "mpii16");
  EXPECT_EQ(card.input.normalisation.order, ColourOrder::kRgb);
  EXPECT_EQ(card.codec->parameters().number("sigma").value(), 2);
}

TEST(ModelConfig, WhatIsNotSetHasTheRepositorysDefault) {
  const ModelConfig first = parse_model_config("MODEL: {}\nTEST: {}\n").value();
  const auto options = pose_resnet_options(first.options.parameters).value();
  EXPECT_EQ(options.depth, 50);
  EXPECT_EQ(options.joints, 16);
  EXPECT_EQ(options.input, (Size{256, 256}));
  const ModelCard card = card_from_json(first.card, options.input).value();
  EXPECT_EQ(card.skeleton.name, "mpii16");
  EXPECT_EQ(card.codec->parameters().number("sigma").value(), 2);
  EXPECT_EQ(card.codec->parameters().string("refine").value(), "quarter");
  EXPECT_TRUE(card.codec->parameters().find("flip_shift")->as_bool());

  // lib/config/default.py of the second repository switches both off, and counts COCO's joints.
  const ModelConfig second = parse_model_config("MODEL:\n  NAME: pose_resnet\n  SIGMA: 2\n").value();
  EXPECT_EQ(pose_resnet_options(second.options.parameters).value().joints, 17);
  const ModelCard other = card_from_json(second.card, {256, 256}).value();
  EXPECT_EQ(other.codec->parameters().string("refine").value(), "none");
  EXPECT_FALSE(other.codec->parameters().find("flip_shift")->as_bool());
}

TEST(ModelConfig, OneNumberIsASquareInput) {
  const ModelConfig config = parse_model_config("MODEL:\n  NAME: pose_resnet\n  IMAGE_SIZE: 384\n").value();
  EXPECT_EQ(pose_resnet_options(config.options.parameters).value().input, (Size{384, 384}));
}

TEST(ModelConfig, StyleAndKernelsReachTheOptions) {
  std::string text = with(kResNet, "  NAME: 'pose_resnet'", "  NAME: 'pose_resnet'\n  STYLE: 'caffe'");
  text = with(text, "      - 4\n      - 4\n      - 4\n", "      - 2\n      - 2\n      - 2\n");
  text = with(text, "DECONV_WITH_BIAS: false", "DECONV_WITH_BIAS: true");
  const auto options = pose_resnet_options(parse_model_config(text).value().options.parameters).value();
  EXPECT_EQ(options.style, PoseResNetOptions::Style::kCaffe);
  EXPECT_EQ(options.deconv_kernel, 2);
  EXPECT_TRUE(options.deconv_bias);
}

TEST(ModelConfig, JointsOfNoKnownSetLeaveTheSkeletonOpen) {
  const ModelConfig config = parse_model_config(with(kResNet, "NUM_JOINTS: 17", "NUM_JOINTS: 14")).value();
  EXPECT_EQ(config.card.find("skeleton"), nullptr);
  EXPECT_NE(config.card.find("mean"), nullptr);
}

TEST(ModelConfig, UnknownKeysAreNamedWithTheirPath) {
  std::string text = with(kResNet, "    NUM_LAYERS", "    NUM_LAYRES: 1\n    NUM_LAYERS");
  text = with(text, "WORKERS: 4", "WORKERS: 4\nSEED: 1\n'MODEL.NAME': 2");
  EXPECT_EQ(parse_model_config(text).value().unknown,
            (std::vector<std::string>{"SEED", "MODEL.NAME", "MODEL.EXTRA.NUM_LAYRES"}));
}

TEST(ModelConfig, UnknownKeysAreRefusedWithTheNearestKnownOne) {
  const auto said = [](const std::string& text) {
    const Status status = check_keys(parse_model_config(text).value());
    return status.ok() ? "" : status.error().message;
  };
  EXPECT_EQ(said(kResNet), "");
  EXPECT_EQ(said(kHrnet), "");
  EXPECT_EQ(said(with(kResNet, "LR_STEP", "LR_STEPS")),
            "there is no key \"TRAIN.LR_STEPS\" (is TRAIN.LR_STEP meant?): mend it or take it out");
  // The right name in the wrong place; a section of another name; something else altogether.
  EXPECT_EQ(
      said(with(kResNet, "WORKERS: 4", "WORKERS: 4\nSEED: 1\nTRIAN: {LR: 1}\nPIZZA: 1")),
      "there are no keys \"SEED\" (is TRAIN.SEED meant?), \"TRIAN\" (is TRAIN meant?), \"PIZZA\": mend them or take "
      "them out");
  std::string many = "MODEL: {NAME: pose_resnet}\n";
  for (int i = 0; i < 20; ++i) many += "K" + std::to_string(i) + "QQQQQQQ: 1\n";
  EXPECT_NE(said(many).find(" and 12 more"), std::string::npos) << said(many);
  EXPECT_EQ(error_of("MODEL: {NAME: pose_resnet}\nTRAIN: 5").message, "TRAIN must hold keys, it is 5");
}

TEST(ModelConfig, AnyKeyCanBeSet) {
  Json root = parse_yaml("TRAIN: {LR: 0.1, EMA: 0.9}\nGPUS: '0'").value();
  for (const char* one : {"TRAIN.LR=0.25", "TRAIN.LR_STEP=[90, 120]", "MODEL.EXTRA.WIDTH=0.5", "DATASET.FLIP=false",
                          "DATASET.ROOT=a=b", "MODEL.PRETRAINED=''"}) {
    ASSERT_TRUE(set_key(root, one).ok()) << one;
  }
  EXPECT_EQ(root.dump(),
            R"({"TRAIN":{"LR":0.25,"EMA":0.9,"LR_STEP":[90,120]},"GPUS":"0","MODEL":{"EXTRA":{"WIDTH":0.5},)"
            R"("PRETRAINED":""},"DATASET":{"FLIP":false,"ROOT":"a=b"}})");
  for (const char* wrong :
       {"TRAIN.LR", "=1", ".LR=1", "TRAIN.=1", "TRAIN..LR=1", "GPUS.X=1", "TRAIN.LR=", "TRAIN.LR=~", ""}) {
    EXPECT_EQ(set_key(root, wrong).error().code, ErrorCode::kInvalidArgument) << wrong;
  }
  EXPECT_EQ(set_key(root, "GPUS.X=1").error().message,
            R"("GPUS.X=1": what stands before ".X" is a string, no mapping)");
}

TEST(ModelConfig, AnotherModelIsNotSupported) {
  const Error error = error_of(with(kResNet, "'pose_resnet'", "pose_hrformer"));
  EXPECT_EQ(error.code, ErrorCode::kUnsupported);
  EXPECT_EQ(error.message,
            "MODEL.NAME is \"pose_hrformer\": pose_resnet, pose_hrnet, hourglass, centre_net, martinez and video_pose "
            "are supported");
}

TEST(ModelConfig, AWrongValueIsNamedByItsKey) {
  const auto message = [](const std::string& text) {
    const Error error = error_of(text);
    EXPECT_EQ(error.code, ErrorCode::kInvalidArgument);
    return error.message;
  };
  EXPECT_EQ(message("GPUS: 1\n"), "MODEL is missing: is this a configuration of pose_resnet or pose_hrnet?");
  EXPECT_EQ(message("MODEL: pose_resnet\n"), "MODEL is missing: is this a configuration of pose_resnet or pose_hrnet?");
  EXPECT_EQ(message(with(kResNet, "NUM_JOINTS: 17", "NUM_JOINTS: many")),
            "MODEL.NUM_JOINTS must be a whole number of 0 to 1000000, it is \"many\"");
  EXPECT_EQ(message(with(kResNet, "NUM_JOINTS: 17", "NUM_JOINTS: -1")),
            "MODEL.NUM_JOINTS must be a whole number of 0 to 1000000, it is -1");
  EXPECT_EQ(message(with(kResNet, "NUM_JOINTS: 17", "NUM_JOINTS: 17\n  STYLE: tf")),
            "MODEL.STYLE must be pytorch or caffe, it is \"tf\"");
  EXPECT_EQ(message(with(kResNet, "      - 256\n", "      - 128\n")),
            "MODEL.EXTRA.NUM_DECONV_FILTERS must list equal numbers; different ones are not supported, it is "
            "[128,256,256]");
  EXPECT_EQ(message(with(kResNet, "NUM_DECONV_LAYERS: 3", "NUM_DECONV_LAYERS: 2")),
            "MODEL.EXTRA.NUM_DECONV_FILTERS must list 2 numbers, one a layer, it is [256,256,256]");
  EXPECT_EQ(message(with(kResNet, "      - 72\n", "      - 48\n")),
            "MODEL.EXTRA.HEATMAP_SIZE must be [72,96], which this network gives, it is [48,96]");
  EXPECT_EQ(message(with(kResNet, "'gaussian'", "offset")),
            "MODEL.EXTRA.TARGET_TYPE must be gaussian, others are not supported, it is \"offset\"");
  EXPECT_EQ(message(with(kHrnet, "NUM_MODULES: 4", "NUM_MODULES: 2")),
            "MODEL.EXTRA.STAGE3.NUM_MODULES must be 4, other shapes of the network are not supported, it is 2");
  EXPECT_EQ(message(with(kHrnet, "      - 192\n      FUSE", "      - 191\n      FUSE")),
            "MODEL.EXTRA.STAGE3.NUM_CHANNELS must be [48,96,192], other shapes of the network are not supported, it is "
            "[48,96,191]");
  EXPECT_EQ(message(with(kHrnet, "STAGE4", "STAGE5")).substr(0, 46), "MODEL.EXTRA.STAGE4.NUM_CHANNELS is missing: gi");
  EXPECT_EQ(message(with(kHrnet, "COLOR_RGB: true", "COLOR_RGB: 2")),
            "DATASET.COLOR_RGB must be true or false, it is 2");
}

TEST(ModelConfig, AFilesErrorStartsWithItsPath) {
  const auto missing = read_model_config("/nonexistent/a.yaml");
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(missing.error().message.starts_with("/nonexistent/a.yaml: ")) << missing.error().message;
}

TEST(ModelConfig, ADetectorOfOurs) {
  const ModelConfig config = parse_model_config(R"(MODEL:
  NAME: centre_net
  IMAGE_SIZE: [320, 256]
  EXTRA: {NUM_LAYERS: 18, WIDTH: 0.25, HEATMAP_SIZE: [80, 64], NUM_DECONV_LAYERS: 3, NUM_DECONV_FILTERS: [32, 32, 32]}
)")
                                 .value();
  const auto options = centre_net_options(config.options.parameters).value();
  EXPECT_EQ(options.input, (Size{320, 256}));
  EXPECT_EQ(options.width, 0.25F);
  EXPECT_EQ(options.deconv_layers, 3);
  EXPECT_EQ(options.deconv_filters, 32);
  EXPECT_EQ(config.card.string("family").value(), "centre");
  EXPECT_TRUE(config.unknown.empty());
  const auto wrong =
      parse_model_config("MODEL: {NAME: centre_net, IMAGE_SIZE: [64, 64], EXTRA: {HEATMAP_SIZE: [64, 64]}}");
  EXPECT_NE(wrong.error().message.find("must be [8,8]"), std::string::npos) << wrong.error().message;
}

TEST(ModelConfig, AnHourglass) {
  const std::string text = R"(MODEL:
  NAME: hourglass
  NUM_JOINTS: 5
  IMAGE_SIZE: [64, 128]
  EXTRA: {NUM_STACKS: 2, NUM_FEATURES: 16, NUM_LEVELS: 3, HEATMAP_SIZE: [16, 32], SIGMA: 1}
)";
  const ModelConfig config = parse_model_config(text).value();
  EXPECT_TRUE(config.unknown.empty());
  const auto options = hourglass_options(config.options.parameters).value();
  EXPECT_EQ(options.stacks, 2);
  EXPECT_EQ(options.features, 16);
  EXPECT_EQ(options.depth, 3);
  EXPECT_EQ(options.joints, 5);
  EXPECT_EQ(options.input, (Size{64, 128}));
  EXPECT_EQ(config.card.number("sigma").value(), 1);
  const Graph graph = build_model(config.options).value();
  EXPECT_EQ(graph.name, "hourglass2");
  EXPECT_EQ(graph.values.at(graph.inputs[0]).shape, (Shape{-1, 3, 128, 64}));
  EXPECT_EQ(error_of(with(text, "[16, 32]", "[32, 64]")).message,
            "MODEL.EXTRA.HEATMAP_SIZE must be [16,32], which this network gives, it is [32,64]");
  // A family's own keys mean nothing to the others.
  EXPECT_EQ(parse_model_config("MODEL: {NAME: pose_resnet, EXTRA: {NUM_STACKS: 2}}").value().unknown,
            (std::vector<std::string>{"MODEL.EXTRA.NUM_STACKS"}));
}

}  // namespace
}  // namespace poise
