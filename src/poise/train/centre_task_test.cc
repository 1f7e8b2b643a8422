#include <gtest/gtest.h>

#include <algorithm>

#include "kit/temporary_folder.h"
#include "poise/base/sha256.h"
#include "poise/draw/figures.h"
#include "poise/image/codec.h"
#include "poise/models/centre_net.h"
#include "poise/train/trainer.h"

namespace poise {
namespace {

namespace fs = std::filesystem;

class CentreTraining : public ::testing::Test {
 protected:
  /// Drawn figures, one a picture.
  BoxSet figures(int count) const {
    BoxSet set;
    for (int i = 0; i < count; ++i) {
      FigureOptions options;
      options.size = {64, 64};
      options.seed = static_cast<std::uint64_t>(i);
      const FigurePicture picture = draw_figures(options);
      const fs::path path = folder_ / (std::to_string(i) + ".png");
      EXPECT_TRUE(write_image(path, picture.image).ok());
      set.push_back({path, {64, 64}, {picture.people.at(0).box}, {}});
    }
    return set;
  }

  TrainJob job(int epochs) const {
    TrainJob job;
    job.graph = centre_net({.depth = 18, .input = {64, 64}, .deconv_filters = 16, .width = 0.125F, .seed = 7}).value();
    job.card = parse_json(R"({"family": "centre", "colour": "rgb", "mean": [0.5, 0.5, 0.5], "std": [0.25, 0.25, 0.25],
                              "fit": "letterbox"})")
                   .value();
    job.config = Json::object();
    job.config.set("name", "test");
    const BoxSet set = figures(8);
    job.data = BoxData{{{set, 1.0}}, set};
    job.settings.scene = {
        .scenes = 12, .mosaic = 0, .smallest = 40, .largest = 64, .nobody = 0, .colour = 0, .saturation = 0, .grey = 0};
    TrainOptions& options = job.settings.options;
    options.epochs = epochs;
    options.batch = 4;
    options.threads = 1;
    options.ema = 0.9;
    options.schedule.epochs = {};
    job.out = folder_ / "run";
    return job;
  }

  std::string hash(const fs::path& path) const { return sha256_hex(read_file(path, 1U << 30U).value()); }

  const kit::TemporaryFolder temporary_;
  const fs::path folder_ = temporary_.path();
};

TEST_F(CentreTraining, EightPicturesAreLearned) {
  TrainJob one = job(150);
  one.settings.options.schedule.kind = ScheduleOptions::Kind::kCosine;
  one.settings.options.optimizer.learning_rate = 3e-3;
  double reached = 0, first_loss = -1;
  TrainCallbacks calls;
  calls.on_epoch = [&](const EpochResult& result) {
    reached = std::max(reached, result.score);
    if (first_loss < 0) first_loss = result.progress.loss;
  };
  calls.should_stop = [&] { return reached >= 0.9; };
  const auto summary = train(one, calls);
  ASSERT_TRUE(summary.ok()) << summary.error().message;
  EXPECT_EQ(summary->measure, "ap50");
  EXPECT_GE(summary->best_score, 0.9);
  EXPECT_GT(first_loss, 0);
  for (const char* name : {"val.jpg", "log.jsonl", "last.ckpt", "best.ckpt"}) EXPECT_TRUE(fs::exists(one.out / name));
  EXPECT_EQ(read_checkpoint(one.out / "best.ckpt").value().progress.integer("pictures").value(), 8);
}

TEST_F(CentreTraining, StoppedAndResumedEqualsUninterrupted) {
  const TrainJob whole = job(2);
  ASSERT_TRUE(train(whole, {}).ok());
  TrainJob parts = job(2);
  parts.out = folder_ / "stopped";
  parts.settings.options.workers = 1;
  int steps = 0;
  ASSERT_TRUE(train(parts, {.should_stop = [&] { return ++steps == 4; }}).value().stopped);
  parts.resume = true;
  ASSERT_TRUE(train(parts, {}).ok());
  EXPECT_EQ(hash(whole.out / "last.ckpt"), hash(parts.out / "last.ckpt"));
}

TEST_F(CentreTraining, WhatDoesNotFitIsSaid) {
  const auto message = [](const TrainJob& job) { return train(job, {}).error().message; };
  TrainJob two = job(1);
  two.graph =
      centre_net({.depth = 18, .input = {64, 64}, .categories = 2, .deconv_filters = 8, .width = 0.125F}).value();
  EXPECT_NE(message(two).find("one category"), std::string::npos);
  TrainJob card = job(1);
  card.card.set("mean", 3);
  EXPECT_NE(message(card).find("\"mean\" must be three numbers"), std::string::npos) << message(card);
  card.card.set("mean", Json(Json::Array{Json(127), Json(127), Json(127)}));
  EXPECT_NE(message(card).find("\"scale\": 1"), std::string::npos) << message(card);
  TrainJob nobody = job(1);
  std::get<BoxData>(nobody.data).val.clear();
  EXPECT_NE(message(nobody).find("validation"), std::string::npos);
  EXPECT_FALSE(fs::exists(nobody.out));
}

}  // namespace
}  // namespace poise
