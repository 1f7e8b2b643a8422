// `poise label` as people run it, and as it is killed.

#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <thread>

#include "poise/image/codec.h"
#include "program.h"

namespace poise {
namespace {

class Label : public Program {
 protected:
  /// Pictures of one figure, cut differently.
  void pictures(int count) const {
    const Image image = read_image(std::string(POISE_SOURCE_DIR) + "/docs/images/figure.jpg").value();
    const ImageView all = image.view();
    for (int i = 0; i < count; ++i) {
      const ImageView part{all.data, all.width - 3 * i, all.height - 2 * i, all.stride};
      fs::create_directories(folder_ / "photos/more");
      const std::string name = std::string(i % 2 == 0 ? "photos/" : "photos/more/") + std::to_string(i) + ".png";
      ASSERT_TRUE(write_image(folder_ / name, part).ok());
    }
  }
};

TEST_F(Label, MakesLabelsThatDataCheckTakesAndASheet) {
  pictures(3);
  write("photos/broken.jpg", "no picture");
  const Outcome first = run({"label", "photos", "--out", "labels.json", "--sheet", "look.png", "--json", "-"});
  EXPECT_EQ(first.code, 1) << "one picture cannot be read";
  EXPECT_TRUE(contains(first.err, "photos/broken.jpg")) << first.err;
  EXPECT_TRUE(contains(first.err, "labels.json.part is kept")) << first.err;
  EXPECT_EQ(parse_json(first.out).value().integer("pictures").value(), 3);
  const Json labels = json("labels.json");
  EXPECT_EQ(labels.find("images")->as_array()[2].string("file_name").value(), "more/1.png") << "as from the folder";
  EXPECT_GE(labels.find("annotations")->as_array().size(), 3U);
  EXPECT_GE(labels.find("annotations")->as_array()[0].integer("num_keypoints").value(), 10);
  EXPECT_TRUE(read_image(folder_ / "look.png").ok());

  fs::remove(folder_ / "photos/broken.jpg");
  const Outcome again = run({"label", "photos", "--out", "labels.json"});
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_TRUE(contains(again.out, "3 labelled before")) << again.out;
  EXPECT_FALSE(exists("labels.json.part"));
  const Outcome checked = run({"data", "check", "labels.json", "--images", "photos"});
  EXPECT_EQ(checked.code, 0) << checked.out << checked.err;

  const Outcome third = run({"label", "photos", "--out", "labels.json"});
  EXPECT_EQ(third.code, 1);
  EXPECT_TRUE(contains(third.err, "is there already")) << third.err;
  EXPECT_EQ(run({"label", "photos", "--out", "b.json", "--views", "turn"}).code, 2);
}

TEST_F(Label, SaysWhereNobodyIsFound) {
  fs::create_directories(folder_ / "photos");
  const Image grey(64, 48);
  ASSERT_TRUE(write_image(folder_ / "photos/grey.png", grey.view()).ok());
  const Outcome outcome = run({"label", "photos", "--out", "labels.json"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(contains(outcome.err, "nobody was found: a lower --detect-threshold finds more")) << outcome.err;
}

TEST_F(Label, KilledAndResumedGivesTheSameFile) {
  pictures(12);
  ASSERT_EQ(run({"label", "photos", "--out", "whole.json", "--quiet"}).code, 0);
  int kills = 0;
  for (int pause = 150; pause < 3000 && !exists("killed.json"); pause = pause * 3 / 2) {
    const pid_t child = start({"label", "photos", "--out", "killed.json", "--quiet", "--threads", "2"});
    std::this_thread::sleep_for(std::chrono::milliseconds(pause));
    ::kill(child, SIGKILL);
    kills += finish(child).code == 128 + SIGKILL ? 1 : 0;
  }
  EXPECT_GE(kills, 1);
  if (!exists("killed.json")) {
    const Outcome last = run({"label", "photos", "--out", "killed.json", "--quiet"});
    ASSERT_EQ(last.code, 0) << last.err;
  }
  EXPECT_EQ(slurp(folder_ / "killed.json"), slurp(folder_ / "whole.json"));
}

}  // namespace
}  // namespace poise
