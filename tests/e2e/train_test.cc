// `poise train` from the command line: stopped, resumed, exported and run.

#include <csignal>
#include <thread>

#include "poise/image/codec.h"
#include "poise/tensor/npy.h"
#include "training.h"

namespace poise {
namespace {

using Train = TrainProgram;

std::vector<Json> lines(const std::string& text) {
  std::vector<Json> records;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) records.push_back(parse_json(line).value());
  return records;
}

TEST_F(Train, StoppedResumedExportedAndRun) {
  write_data(12, 4);
  write_config("tiny.yaml", "END_EPOCH: 12, LR: 0.002");
  const pid_t child = start(train());
  ASSERT_GT(child, 0);
  // Ctrl-C once it learns.
  for (int i = 0; i < 6000 && slurp(folder_ / "run/log.jsonl").empty(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  kill(child, SIGINT);
  const Outcome stopped = finish(child);
  EXPECT_EQ(stopped.code, 130) << stopped.err;
  EXPECT_TRUE(contains(stopped.err, "stopped after")) << stopped.err;
  EXPECT_TRUE(contains(stopped.err, "go on with --resume")) << stopped.err;
  ASSERT_TRUE(exists("run/last.ckpt"));

  const auto before = hashes("run");
  const Outcome again = run(train());
  EXPECT_EQ(again.code, 1);
  EXPECT_EQ(again.err.substr(again.err.rfind("poise: ")),
            "poise: run holds a run already: give --resume to go on, or another --out\n");
  EXPECT_EQ(hashes("run"), before);

  const Outcome resumed = run(train({"--resume"}));
  ASSERT_EQ(resumed.code, 0) << resumed.err;
  EXPECT_TRUE(contains(resumed.err, "done after 12 epochs, 36 steps")) << resumed.err;
  for (const char* name : {"best.ckpt", "last.ckpt", "curves.png", "val.jpg"})
    EXPECT_TRUE(exists("run/" + std::string(name)));
  const std::vector<Json> log = lines(slurp(folder_ / "run/log.jsonl"));
  ASSERT_EQ(log.size(), 36U);  // one a step, none twice
  for (std::size_t i = 0; i < log.size(); ++i) {
    EXPECT_EQ(log[i].integer("step").value(), static_cast<std::int64_t>(i) + 1);
    EXPECT_EQ(log[i].find("pck") != nullptr, i % 3 == 2);
    for (const char* name : {"epoch", "loss", "learning_rate", "images_per_second"}) {
      EXPECT_TRUE(log[i].number(name).ok()) << log[i].dump();
    }
  }

  const Outcome exported = run({"export", "run/best.ckpt", "--out", "m.onnx", "--licence", "CC0-1.0"});
  ASSERT_EQ(exported.code, 0) << exported.err;
  EXPECT_TRUE(contains(exported.out, "-> m.onnx")) << exported.out;
  const Outcome info = run({"info", "m.onnx"});
  EXPECT_EQ(info.code, 0) << info.err;
  for (const char* part : {"coco17", "64x64", "CC0-1.0", "PCK@0.2"}) EXPECT_TRUE(contains(info.out, part)) << info.out;
  write_npy(folder_ / "x.npy", Tensor(Shape{1, 3, 64, 64})).value();
  const Outcome ran = run({"run", "m.onnx", "--input", "x.npy", "--output", "y.npy"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(read_npy(folder_ / "y.npy").value().shape(), (Shape{1, 17, 16, 16}));
  const Outcome predicted = run({"predict", "set/images/val/000000000001.jpg", "--model", "m.onnx", "--detector",
                                 "none", "--out", "out", "--format", "coco"});
  EXPECT_EQ(predicted.code, 0) << predicted.err;
  const Json results = json("out/results.json");
  ASSERT_EQ(results.as_array().size(), 1U);
  EXPECT_EQ(results.as_array()[0].numbers("keypoints").value().size(), 51U);
}

TEST_F(Train, KeysOnTheCommandLineCountOverTheFiles) {
  write_data(8, 2);
  write_config("tiny.yaml", "END_EPOCH: 9, LR: 0.1");
  // Behind --data too, where anything else would be a folder.
  const Outcome outcome = run({"train", "tiny.yaml", "TRAIN.END_EPOCH=2", "--out", "run", "--threads", "1", "--data",
                               "set", "TRAIN.LR=0.0005", "TRAIN.LR_STEP=[1]"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(contains(outcome.err, "done after 2 epochs")) << outcome.err;
  const std::vector<Json> log = lines(slurp(folder_ / "run/log.jsonl"));
  EXPECT_NEAR(log.front().number("learning_rate").value(), 5e-4, 1e-9);
  EXPECT_NEAR(log.back().number("learning_rate").value(), 5e-5, 1e-9);
  const Outcome printed = run({"train", "tiny.yaml", "--print-config", "TRAIN.LR=0.25"});
  EXPECT_TRUE(contains(printed.out, "0.25")) << printed.out << printed.err;
}

TEST_F(Train, TheFolderSaysWhatTheRunDid) {
  write_data(8, 2);
  write_config("tiny.yaml", "END_EPOCH: 2");
  ASSERT_EQ(run(train()).code, 0);
  std::string events;
  for (const auto& entry : fs::directory_iterator(folder_ / "run")) {
    if (entry.path().filename().string().starts_with("events.out")) events = slurp(entry.path());
  }
  EXPECT_TRUE(contains(events, "joints/left_wrist"));
  EXPECT_TRUE(contains(events, "\xff\xd8\xff"));  // val.jpg's pictures
  // Two persons, each found and true, under their titles of white letters.
  const Image sheet = read_image(folder_ / "run/val.jpg").value();
  EXPECT_EQ(sheet.size(), (Size{4 * 2 * 192, 14 + 192}));
  int white = 0;
  for (int y = 0; y < 14; ++y) {
    for (int x = 0; x < 2 * 192; ++x) white += sheet.row(y)[3 * x] > 200 ? 1 : 0;
  }
  EXPECT_GT(white, 40);
}

/// Labels of COCO's joints `which` alone, under other names.
Json with_joints(Json set, const std::vector<std::size_t>& which, const std::vector<const char*>& names) {
  Json annotations = Json::array();
  for (Json one : set.find("annotations")->as_array()) {
    Json joints = Json::array();
    for (const std::size_t joint : which) {
      for (std::size_t i = 0; i < 3; ++i) joints.push(one.find("keypoints")->as_array()[3 * joint + i]);
    }
    one.set("keypoints", std::move(joints));
    annotations.push(std::move(one));
  }
  set.set("annotations", std::move(annotations));
  Json list = Json::array();
  for (const char* name : names) list.push(name);
  Json category = Json::Object{{"id", 1}, {"name", "figure"}, {"keypoints", std::move(list)}};
  Json categories = Json::array();
  categories.push(std::move(category));
  set.set("categories", std::move(categories));
  return set;
}

TEST_F(Train, ASkeletonOfTheDatasOwn) {
  write_data(4, 2);
  for (const std::string name : {"set/train.json", "set/val.json"}) {
    const Json set =
        with_joints(json(name), {0, 1, 2, 3, 4}, {"beak", "left_wing", "right_wing", "left_claw", "right_claw"});
    write(name, set.dump());
  }
  write_config("tiny.yaml", "END_EPOCH: 1", "", 5);
  const Outcome outcome = run(train());
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  ASSERT_EQ(run({"export", "run/best.ckpt", "--out", "m.onnx"}).code, 0);
  const Outcome predicted =
      run({"predict", "set/images/val/000000000001.jpg", "--model", "m.onnx", "--detector", "none", "--out", "out"});
  EXPECT_EQ(predicted.code, 0) << predicted.err;
  EXPECT_TRUE(contains(slurp(folder_ / "out/set/images/val/000000000001.poses.json"), "left_wing")) << predicted.out;
}

// What docs/training.md does with 200 pictures of one's own: five joints, four of them poise-small's.
TEST_F(Train, FineTuningWhatComesWithPoiseBeatsTheSameBudgetFromScratch) {
  write_data(200, 40);
  for (const std::string name : {"set/train.json", "set/val.json"}) {
    const Json set = with_joints(json(name), {0, 9, 10, 15, 16},
                                 {"tip_of_the_nose", "left_wrist", "right_wrist", "left_ankle", "right_ankle"});
    write(name, set.dump());
  }
  write("tiny.yaml",
        "MODEL: {NAME: pose_resnet, NUM_JOINTS: 5, IMAGE_SIZE: [96, 96], EXTRA: {NUM_LAYERS: 18, WIDTH: 0.5, SIGMA: 1, "
        "HEATMAP_SIZE: [24, 24], LATERAL: true, NUM_DECONV_FILTERS: [96, 96, 96]}}\nDATASET: {COLOR_RGB: true}\n"
        "TRAIN: {BATCH_SIZE: 10, OPTIMIZER: adamw, LR: 0.001, EMA: 0.9, END_EPOCH: 2}\nPRINT_FREQ: 1\n");
  const auto reached = [&](const std::string& out, const Strings& more) {
    Strings words{"train", "tiny.yaml", "--data", "set", "--out", out, "--threads", "1"};
    words.insert(words.end(), more.begin(), more.end());
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    if (!more.empty()) {
      EXPECT_TRUE(contains(outcome.err, "joint tip_of_the_nose is new to it")) << outcome.err;
    }
    return lines(slurp(folder_ / out / "log.jsonl")).back().number("pck").value();
  };
  const double tuned = reached("tuned", {"--init", "poise-small"});
  const double scratch = reached("scratch", {});
  EXPECT_GT(tuned, scratch + 0.1);
}

// https://github.com/microsoft/human-pose-estimation.pytorch, experiments/coco/resnet50, in its own words and layout.
TEST_F(Train, TheAuthorsFileAndFolders) {
  write("experiments/coco/resnet50/256x192_d256x3_adam_lr1e-3.yaml", R"(GPUS: '0,1,2,3'
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
  - 192
  - 256
  NUM_JOINTS: 17
  EXTRA:
    TARGET_TYPE: 'gaussian'
    HEATMAP_SIZE:
    - 48
    - 64
    SIGMA: 2
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
    NUM_LAYERS: 50
LOSS:
  USE_TARGET_WEIGHT: true
TRAIN:
  BATCH_SIZE: 32
  SHUFFLE: true
  BEGIN_EPOCH: 0
  END_EPOCH: 140
  RESUME: false
  OPTIMIZER: 'adam'
  LR: 0.001
  LR_FACTOR: 0.1
  LR_STEP:
  - 90
  - 120
  WD: 0.0001
  GAMMA1: 0.99
  GAMMA2: 0.0
  MOMENTUM: 0.9
  NESTEROV: false
TEST:
  BATCH_SIZE: 32
  COCO_BBOX_FILE: 'data/coco/person_detection_results/COCO_val2017_detections_AP_H_56_person.json'
  BBOX_THRE: 1.0
  FLIP_TEST: false
  IMAGE_THRE: 0.0
  IN_VIS_THRE: 0.2
  MODEL_FILE: ''
  NMS_THRE: 1.0
  OKS_THRE: 0.9
  USE_GT_BBOX: true
DEBUG:
  DEBUG: true
  SAVE_BATCH_IMAGES_GT: true
  SAVE_BATCH_IMAGES_PRED: true
  SAVE_HEATMAPS_GT: true
  SAVE_HEATMAPS_PRED: true
)");
  for (const auto& [part, count] : {std::pair("train2017", 4), std::pair("val2017", 2)}) {
    const Json set = kit::write_figure_set(folder_ / "data/coco/images" / part, {.count = count});
    write("data/coco/annotations/person_keypoints_" + std::string(part) + ".json", set.dump());
  }
  const Outcome outcome =
      run({"train", "experiments/coco/resnet50/256x192_d256x3_adam_lr1e-3.yaml", "--epochs", "1", "--batch", "2"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_FALSE(contains(outcome.err, "is not known")) << outcome.err;  // no key of theirs
  EXPECT_TRUE(contains(outcome.err, "starting from random weights")) << outcome.err;
  EXPECT_TRUE(contains(outcome.err, "person_keypoints_train2017.json: 4 persons")) << outcome.err;
  // Two batches of 2: one step, of as many batches as their four GPUs would have had.
  EXPECT_TRUE(contains(outcome.err, "done after 1 epoch, 1 step;")) << outcome.err;
  const std::string out = "output/coco/pose_resnet_50/256x192_d256x3_adam_lr1e-3";
  ASSERT_TRUE(exists(out + "/best.ckpt"));
  const Outcome exported = run({"export", out + "/best.ckpt", "--out", "m.onnx"});
  EXPECT_TRUE(contains(exported.out, "34.00 M parameters")) << exported.out << exported.err;
}

TEST_F(Train, AConfigurationTrainsAndConvertsAnyFamily) {
  write_data(8, 4);
  write("hg.yaml",
        "MODEL: {NAME: hourglass, NUM_JOINTS: 17, IMAGE_SIZE: [64, 64], EXTRA: {NUM_STACKS: 2, NUM_FEATURES: 16, "
        "NUM_LEVELS: 2, SIGMA: 1, HEATMAP_SIZE: [16, 16]}}\nTRAIN: {BATCH_SIZE: 4, END_EPOCH: 1}\n");
  const Outcome trained = run({"train", "hg.yaml", "--data", "set", "--out", "run", "--threads", "1"});
  ASSERT_EQ(trained.code, 0) << trained.err;
  EXPECT_FALSE(contains(trained.err, "is not known")) << trained.err;
  const Outcome exported = run({"export", "run/best.ckpt", "--out", "a.onnx"});
  EXPECT_TRUE(contains(exported.out, "hourglass2")) << exported.err;
  const Outcome converted = run({"convert", "run/best.ckpt", "--config", "hg.yaml", "--out", "b.onnx"});
  EXPECT_TRUE(contains(converted.out, "hourglass2")) << converted.err;
}

}  // namespace
}  // namespace poise
