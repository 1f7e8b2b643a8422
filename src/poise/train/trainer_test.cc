#include "poise/train/trainer.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <fstream>

#include "kit/temporary_folder.h"
#include "poise/base/sha256.h"
#include "poise/draw/figures.h"
#include "poise/engine/session.h"
#include "poise/graph_torch/torch_session.h"
#include "poise/image/codec.h"
#include "poise/models/pose_resnet.h"
#include "poise/weights/network_file.h"
#include "poise/weights/parameters.h"

namespace poise {
namespace {

namespace fs = std::filesystem;

/// Drawn figures, one a picture, held in memory.
class Figures : public DataSet {
 public:
  explicit Figures(int count) : skeleton_(find_skeleton("coco17").value()) {
    for (int i = 0; i < count; ++i) {
      FigureOptions options;
      options.size = {96, 96};
      options.seed = static_cast<std::uint64_t>(i);
      const FigurePicture picture = draw_figures(options);
      bytes_.push_back(encode_image(picture.image.view(), {.format = ImageFormat::kPng}).value());
      truths_.push_back(picture.people.at(0));
    }
  }
  std::size_t size() const override { return truths_.size(); }
  const Skeleton& skeleton() const override { return skeleton_; }
  Person get(std::size_t i) const override {
    Person person;
    person.bytes = bytes_.at(i);
    person.picture = {96, 96};
    person.id = person.image_id = static_cast<std::int64_t>(i);
    person.keypoints = truths_[i].keypoints;
    for (const auto& keypoint : person.keypoints) {
      person.weights.push_back(keypoint.visibility == Visibility::kAbsent ? 0.0F : 1.0F);
    }
    person.box = truths_[i].box;
    person.area = truths_[i].area;
    return person;
  }

 private:
  Skeleton skeleton_;
  std::vector<Bytes> bytes_;
  std::vector<Annotation> truths_;
};

class Training : public ::testing::Test {
 protected:
  TrainJob job(int figures, int epochs, int side = 64) const {
    TrainJob job;
    job.graph =
        pose_resnet({.depth = 18, .input = {side, side}, .deconv_filters = 32, .width = 0.25F, .seed = 7}).value();
    job.card = card_preset("simple-baselines").value();
    Json input = Json::array();
    input.push(side);
    input.push(side);
    job.card.set("input", std::move(input));
    job.card.set("sigma", 1.0);
    job.config = Json::object();
    job.config.set("name", "test");
    const auto set = std::make_shared<Figures>(figures);
    job.data = PoseData{set, set};
    job.settings.augment = {};
    TrainOptions& options = job.settings.options;
    options.epochs = epochs;
    options.batch = 4;
    options.threads = 1;
    options.ema = 0.9;
    options.schedule.epochs = {};
    options.log_steps = 2;
    job.out = folder_ / "run";
    return job;
  }

  /// Without what tells of time.
  static std::vector<std::string> log_of(const TrainJob& job) {
    std::ifstream file(job.out / "log.jsonl");
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) {
      Json kept = Json::object();
      const Json record = parse_json(line).value();
      for (const auto& [name, value] : record.as_object()) {
        if (name != "seconds" && name != "images_per_second" && name != "milliseconds") kept.set(name, value);
      }
      lines.push_back(kept.dump());
    }
    return lines;
  }

  std::string hash(const std::string& name) const { return sha256_hex(read_file(folder_ / name, 1U << 30U).value()); }

  const kit::TemporaryFolder temporary_;
  const fs::path folder_ = temporary_.path();
};

TEST_F(Training, EightPicturesAreLearnedByHeart) {
  TrainJob one = job(8, 300, 96);
  one.settings.options.schedule.kind = ScheduleOptions::Kind::kCosine;
  one.settings.options.batch = 8;
  one.settings.options.optimizer.learning_rate = 3e-3;
  one.settings.options.ema = 0;
  one.card.set("sigma", 1.5);
  one.settings.augment = {.scale = 0, .rotation = 0, .flip = 0};
  double reached = 0;
  TrainCallbacks calls;
  calls.on_epoch = [&](const EpochResult& result) { reached = std::max(reached, result.score); };
  calls.should_stop = [&] { return reached >= 1; };
  const auto summary = train(one, calls);
  ASSERT_TRUE(summary.ok()) << summary.error().message;
  EXPECT_EQ(summary->best_score, 1.0);

  // What our engine runs is what was trained.
  const Checkpoint best = read_checkpoint(one.out / "best.ckpt").value();
  StateDict weights;
  weights.tensors = weights_of(best);
  ASSERT_TRUE(load_parameters(one.graph, weights).ok());
  ASSERT_TRUE(write_onnx(folder_ / "exported.onnx", one.graph, {}).ok());
  Tensor input(Shape{2, 3, 96, 96});
  Random random(1);
  for (float& value : input.floats()) value = static_cast<float>(random.uniform(-2, 2));
  const TensorView view(input);
  std::vector<Tensor> torch, engine;
  ASSERT_TRUE(TorchSession::create(one.graph, {.threads = 1}).value().run(std::span(&view, 1), torch).ok());
  ASSERT_TRUE(Session::create(read_network(folder_ / "exported.onnx").value().graph)
                  .value()
                  .run(std::span(&view, 1), engine)
                  .ok());
  ASSERT_EQ(torch[0].shape(), engine[0].shape());
  for (std::int64_t i = 0; i < torch[0].count(); ++i) {
    ASSERT_NEAR(torch[0].floats()[i], engine[0].floats()[i], 1e-4F) << i;
  }
  for (const char* name : {"val.jpg", "curves.png", "log.jsonl", "last.ckpt"}) EXPECT_TRUE(fs::exists(one.out / name));
}

TEST_F(Training, StoppedAndResumedEqualsUninterrupted) {
  TrainJob whole = job(14, 3);  // batches of 4: three an epoch
  ASSERT_TRUE(train(whole, {}).ok());
  EXPECT_EQ(log_of(whole).size(), 6U);  // each epoch: after two steps, and at its end
  for (const int stop_at : {1, 2, 3, 4, 8}) {
    SCOPED_TRACE(stop_at);
    TrainJob parts = job(14, 3);
    parts.out = folder_ / ("stopped" + std::to_string(stop_at));
    parts.settings.options.workers = 1;  // changes nothing
    int steps = 0;
    const auto first = train(parts, {.should_stop = [&] { return ++steps == stop_at; }});
    ASSERT_TRUE(first.ok()) << first.error().message;
    EXPECT_TRUE(first->stopped);
    EXPECT_EQ(first->steps, stop_at);
    parts.resume = true;
    const auto second = train(parts, {});
    ASSERT_TRUE(second.ok()) << second.error().message;
    EXPECT_EQ(hash("run/last.ckpt"), hash(parts.out.filename().string() + "/last.ckpt"));
    EXPECT_EQ(hash("run/best.ckpt"), hash(parts.out.filename().string() + "/best.ckpt"));
    EXPECT_EQ(log_of(parts), log_of(whole));
  }
}

TEST_F(Training, MinutesEndARunAndItsSchedule) {
  TrainJob timed = job(14, 1000);
  timed.settings.options.minutes = 0.02;
  timed.settings.options.schedule.kind = ScheduleOptions::Kind::kCosine;
  std::vector<double> rates;
  TrainCallbacks calls;
  calls.on_step = [&](const TrainProgress& progress) { rates.push_back(progress.learning_rate); };
  const auto summary = train(timed, calls);
  ASSERT_TRUE(summary.ok()) << summary.error().message;
  EXPECT_FALSE(summary->stopped);
  EXPECT_FALSE(summary->out_of_patience);
  EXPECT_LT(summary->epochs, 1000);
  EXPECT_TRUE(fs::exists(timed.out / "last.ckpt"));
  ASSERT_GT(rates.size(), 1U);
  EXPECT_LT(rates.back(), 0.5 * timed.settings.options.optimizer.learning_rate);
  timed.settings.options.minutes = -1;
  timed.out = folder_ / "never";
  EXPECT_FALSE(train(timed, {}).ok());
}

TEST_F(Training, AnotherSeedIsAnotherRun) {
  TrainJob a = job(8, 1), b = job(8, 1);
  b.out = folder_ / "other";
  b.settings.options.seed = 2;
  ASSERT_TRUE(train(a, {}).ok());
  ASSERT_TRUE(train(b, {}).ok());
  EXPECT_NE(hash("run/last.ckpt"), hash("other/last.ckpt"));
}

void expect_refused(const Result<TrainSummary>& result, ErrorCode code, const std::string& part) {
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, code) << result.error().message;
  EXPECT_NE(result.error().message.find(part), std::string::npos) << result.error().message;
}

TEST_F(Training, WhatCannotWorkIsSaidBeforeTheFirstStep) {
  TrainJob empty = job(4, 1);
  std::get<PoseData>(empty.data).train = std::make_shared<Figures>(0);
  expect_refused(train(empty, {}), ErrorCode::kInvalidArgument, "training set is empty");

  TrainJob large = job(3, 1);
  expect_refused(train(large, {}), ErrorCode::kInvalidArgument, "batch");

  TrainJob joints = job(4, 1);
  joints.graph = pose_resnet({.depth = 18, .input = {64, 64}, .joints = 14, .width = 0.125F}).value();
  expect_refused(train(joints, {}), ErrorCode::kInvalidArgument, "MODEL.NUM_JOINTS");

  TrainJob skeleton = job(4, 1);
  skeleton.card.set("skeleton", "lsp14");
  expect_refused(train(skeleton, {}), ErrorCode::kInvalidArgument, "lsp14");

  TrainJob options = job(4, 1);
  options.settings.options.epochs = 0;
  expect_refused(train(options, {}), ErrorCode::kInvalidArgument, "epochs is 0");

  TrainJob nothing = job(4, 1);
  nothing.resume = true;
  expect_refused(train(nothing, {}), ErrorCode::kNotFound, "nothing to resume");
  EXPECT_FALSE(fs::exists(folder_ / "run"));
}

TEST_F(Training, PatienceEndsARunThatGetsNoBetter) {
  TrainJob one = job(8, 50);
  one.settings.options.optimizer.learning_rate = 0;  // and so does the score
  one.settings.options.patience = 2;
  const auto summary = train(one, {});
  ASSERT_TRUE(summary.ok()) << summary.error().message;
  EXPECT_TRUE(summary->out_of_patience);
  EXPECT_FALSE(summary->stopped);
  EXPECT_GE(summary->epochs, 3);  // the moving average of the statistics still moves
  EXPECT_EQ(summary->epochs, summary->best_epoch + 2);
  // Resumed, it is still out of it.
  one.resume = true;
  const auto again = train(one, {});
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_EQ(again->epochs, summary->epochs);
}

TEST_F(Training, FrozenLayersAreAsTheyWere) {
  TrainJob one = job(8, 1);
  one.settings.options.frozen = {"conv1", "bn1", "layer1"};
  ASSERT_TRUE(train(one, {}).ok());
  const Checkpoint last = read_checkpoint(one.out / "last.ckpt").value();
  const auto same = [&](const std::string& name) {
    const Tensor* before = nullptr;
    for (std::size_t id = 0; id < one.graph.values.size(); ++id) {
      if (one.graph.values[id].name == name) before = one.graph.constant(static_cast<ValueId>(id));
    }
    const Tensor& after = *last.tensors.at(name);
    return before != nullptr && std::ranges::equal(before->floats(), after.floats());
  };
  EXPECT_TRUE(same("conv1.weight"));
  EXPECT_TRUE(same("bn1.running_mean"));
  EXPECT_TRUE(same("layer1.0.bn1.weight"));
  EXPECT_FALSE(same("layer2.0.conv1.weight"));
  one.out = folder_ / "other";
  one.settings.options.frozen = {"layr1"};
  EXPECT_NE(train(one, {}).error().message.find("no layer is called layr1: there are conv1, bn1, layer1, "),
            std::string::npos);
  one.settings.options.frozen = {"conv1",  "bn1",    "layer1",        "layer2",
                                 "layer3", "layer4", "deconv_layers", "final_layer"};
  EXPECT_NE(train(one, {}).error().message.find("nothing is left to learn"), std::string::npos);
  EXPECT_FALSE(fs::exists(one.out));
}

TEST_F(Training, TwoRunsDoNotShareAFolder) {
  const TrainJob one = job(8, 1);
  std::string second;
  TrainCallbacks calls;
  calls.on_step = [&](const TrainProgress&) {
    if (second.empty()) second = train(job(8, 1), {}).error().message;
  };
  ASSERT_TRUE(train(one, calls).ok());
  EXPECT_NE(second.find("another training writes there"), std::string::npos) << second;
  EXPECT_EQ(log_of(one).size(), 1U);
}

TEST_F(Training, ARunIsNotOverwritten) {
  ASSERT_TRUE(train(job(4, 1), {}).ok());
  const std::string before = hash("run/last.ckpt");
  expect_refused(train(job(4, 1), {}), ErrorCode::kInvalidArgument, "holds a run already");
  TrainJob other = job(4, 1);
  other.resume = true;
  other.config.set("name", "another");
  expect_refused(train(other, {}), ErrorCode::kInvalidArgument,
                 "another configuration, name was \"test\", now it is \"another\": give the same file and flags");
  TrainJob network = job(4, 1);
  network.resume = true;
  network.graph = pose_resnet({.depth = 18, .input = {64, 64}, .deconv_filters = 16, .width = 0.25F}).value();
  expect_refused(train(network, {}), ErrorCode::kInvalidArgument, "another network's");
  TrainJob data = job(5, 1);
  data.resume = true;
  expect_refused(train(data, {}), ErrorCode::kInvalidArgument, "the same data");
  EXPECT_EQ(hash("run/last.ckpt"), before);
}

TEST_F(Training, ALossThatIsNoNumberStopsTheRun) {
  TrainJob wild = job(4, 50);
  wild.settings.options.optimizer = {.kind = OptimizerOptions::Kind::kSgd, .learning_rate = 100, .momentum = 1};
  wild.settings.options.checkpoint_steps = 1;
  expect_refused(train(wild, {}), ErrorCode::kMalformed, "the loss is no number");
  const auto kept = read_checkpoint(wild.out / "last.ckpt");
  EXPECT_TRUE(kept.ok());
}

TEST_F(Training, AFullDiskLeavesTheCheckpointBefore) {
  TrainJob full = job(8, 4);
  full.settings.options.checkpoint_steps = 1;
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto old = std::signal(SIGXFSZ, SIG_IGN);  // so that a write fails instead of ending the program
  std::string kept;
  int steps = 0;
  const auto result = train(full, {.on_step = [&](const TrainProgress&) {
                              if (++steps != 4) return;
                              kept = hash("run/last.ckpt");
                              const rlimit small{1U << 16U, before.rlim_max};
                              setrlimit(RLIMIT_FSIZE, &small);
                            }});
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, old);
  expect_refused(result, ErrorCode::kIo, "cannot write");
  EXPECT_NE(result.error().message.find("the checkpoint before it is whole: make room, then option \"resume\""),
            std::string::npos)
      << result.error().message;
  EXPECT_EQ(hash("run/last.ckpt"), kept);
  EXPECT_TRUE(read_checkpoint(full.out / "last.ckpt").ok());
  full.resume = true;
  EXPECT_TRUE(train(full, {}).ok());
}

}  // namespace
}  // namespace poise
