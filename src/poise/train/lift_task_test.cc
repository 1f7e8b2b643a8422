#include <gtest/gtest.h>

#include <fstream>

#include "kit/temporary_folder.h"
#include "poise/models/martinez.h"
#include "poise/train/trainer.h"

namespace poise {
namespace {

TrainJob job(const kit::TemporaryFolder& folder) {
  TrainJob made;
  made.graph = martinez({.joints_in = 17, .values = 3, .joints_out = 17, .width = 64, .blocks = 1, .seed = 3}).value();
  made.card = Json::Object{{"lifts", "coco17"}};
  made.config = Json::Object{};
  made.data = LiftData{.poses = 25600, .kinematics = {}};
  made.out = folder / "run";
  TrainOptions& options = made.settings.options;
  options.epochs = 3;
  options.batch = 64;
  options.optimizer.learning_rate = 3e-3;
  options.schedule.kind = ScheduleOptions::Kind::kCosine;
  options.threads = 1;
  return made;
}

TEST(LiftTask, LearnsToLift) {
  const kit::TemporaryFolder folder;
  std::vector<EpochResult> epochs;
  TrainCallbacks calls;
  calls.on_epoch = [&](const EpochResult& epoch) { epochs.push_back(epoch); };
  const TrainSummary summary = train(job(folder), calls).value();
  EXPECT_EQ(summary.measure, "auc3d");
  ASSERT_EQ(epochs.size(), 3U);
  EXPECT_LT(epochs[2].val_loss, epochs[0].val_loss);
  EXPECT_LT(epochs[2].val_loss, 0.22);  // metres; the mean pose is off by about 0.33
  EXPECT_GT(epochs[2].score, epochs[0].score);
  std::ifstream log(folder / "run/log.jsonl");
  std::stringstream text;
  text << log.rdbuf();
  EXPECT_NE(text.str().find("\"mpjpe_mm\""), std::string::npos);
}

TEST(LiftTask, RefusesWhatDoesNotFit) {
  const kit::TemporaryFolder folder;
  TrainJob other = job(folder);
  other.graph = martinez({.joints_in = 16, .joints_out = 16, .width = 8}).value();
  EXPECT_NE(check_job(other).error().message.find("the network takes ?x32"), std::string::npos);
  other = job(folder);
  other.card = Json::Object{{"lifts", "mpii16"}};
  EXPECT_NE(check_job(other).error().message.find("coco17 alone"), std::string::npos);
  other.card = Json::Object{{"lifts", "nobody"}};
  EXPECT_FALSE(check_job(other).ok());
  other = job(folder);
  other.data = LiftData{};
  EXPECT_FALSE(train(other, {}).ok());
}

}  // namespace
}  // namespace poise
