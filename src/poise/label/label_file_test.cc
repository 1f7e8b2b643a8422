#include "poise/label/label_file.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "kit/temporary_folder.h"

namespace poise {
namespace {

namespace fs = std::filesystem;

const Skeleton kCoco = find_skeleton("coco17").value();

std::string text_of(const fs::path& file) {
  std::ifstream stream(file);
  std::stringstream text;
  text << stream.rdbuf();
  return text.str();
}

/// A person whose first `kept` joints are kept.
LabelledPerson person(std::size_t kept, float score = 0.9F) {
  LabelledPerson one{{1, 2, 30.04F, 40}, score, std::vector<AgreedJoint>(17)};
  for (std::size_t j = 0; j < kept; ++j) one.joints[j] = {{5.25F + static_cast<float>(j), 7}, 0.8F, 1, true};
  return one;
}

class Labels : public ::testing::Test {
 protected:
  Result<LabelFile> open(const Json& settings = Json::Object{{"model", "a"}}, float sure_box = 0.5F) const {
    return LabelFile::open(file_, kCoco, {.settings = settings, .sure_box = sure_box, .min_joints = 3});
  }
  kit::TemporaryFolder folder_;
  const fs::path file_ = folder_ / "labels.json", journal_ = folder_ / "labels.json.part";
  const std::vector<std::string> names_{"a.jpg", "b/c.jpg", "d.jpg", "e.jpg"};
};

TEST_F(Labels, AreCocoAnnotationsInTheOrderOfThePictures) {
  {
    LabelFile file = open().value();
    ASSERT_TRUE(file.add({"d.jpg", {100, 80}, {}}).ok());
    ASSERT_TRUE(file.add({"b/c.jpg", {64, 48}, {person(17), person(2), person(5, 0.3F)}}).ok());
    ASSERT_TRUE(file.add({"a.jpg", {10, 20}, {}}).ok());
    const LabelTotals totals = file.write(names_).value();
    EXPECT_EQ(totals.pictures, 3U);
    EXPECT_EQ(totals.persons, 3U);
    EXPECT_EQ(totals.ignored, 1U);
    EXPECT_EQ(totals.joints, 22U) << "two joints are too few";
    file.remove_journal();
  }
  EXPECT_FALSE(fs::exists(journal_));
  const Json json = parse_json(text_of(file_)).value();
  EXPECT_EQ(json.find("info")->string("model").value(), "a");
  const Json::Array& images = json.find("images")->as_array();
  ASSERT_EQ(images.size(), 3U) << "what was never looked at is not in it";
  EXPECT_EQ(images[1].string("file_name").value(), "b/c.jpg");
  EXPECT_EQ(images[1].integer("width").value(), 64);
  const Json::Array& annotations = json.find("annotations")->as_array();
  ASSERT_EQ(annotations.size(), 3U);
  EXPECT_EQ(annotations[0].integer("image_id").value(), 2);
  EXPECT_EQ(annotations[0].numbers("bbox").value(), (std::vector<double>{1, 2, 30, 40}));
  EXPECT_NEAR(annotations[0].numbers("keypoints").value()[0], 5.3, 0.051);
  EXPECT_EQ(annotations[0].integer("num_keypoints").value(), 17);
  EXPECT_EQ(annotations[1].integer("num_keypoints").value(), 0);
  EXPECT_EQ(annotations[1].numbers("keypoints").value(), std::vector<double>(51, 0));
  EXPECT_EQ(annotations[0].find("ignore"), nullptr);
  EXPECT_EQ(annotations[2].integer("ignore").value(), 1);
  const Json& category = json.find("categories")->as_array()[0];
  EXPECT_EQ(category.find("keypoints")->as_array()[5].as_string(), "left_shoulder");
  for (const Json& limb : category.find("skeleton")->as_array()) EXPECT_GE(limb.as_array()[0].as_integer(), 1);
}

TEST_F(Labels, GoOnWhereTheyWereAndGiveTheSameFile) {
  {
    LabelFile whole = open().value();
    for (std::size_t i = 0; i < names_.size(); ++i) ASSERT_TRUE(whole.add({names_[i], {9, 9}, {person(i * 4)}}).ok());
    ASSERT_TRUE(whole.write(names_).ok());
    whole.remove_journal();
  }
  const std::string expected = text_of(file_);
  fs::remove(file_);
  {
    LabelFile first = open().value();
    for (std::size_t i = 0; i < 2; ++i) ASSERT_TRUE(first.add({names_[i], {9, 9}, {person(i * 4)}}).ok());
  }
  {
    std::ofstream killed(journal_, std::ios::app);
    killed << R"({"file_name":"d.jpg","wid)";
  }
  LabelFile second = open().value();
  EXPECT_TRUE(second.has("a.jpg") && second.has("b/c.jpg"));
  EXPECT_FALSE(second.has("d.jpg")) << "half a line is nothing";
  for (std::size_t i = 2; i < names_.size(); ++i) ASSERT_TRUE(second.add({names_[i], {9, 9}, {person(i * 4)}}).ok());
  ASSERT_TRUE(second.write(names_).ok());
  EXPECT_EQ(text_of(file_), expected);
}

TEST_F(Labels, TwoRunsOtherSettingsAndFinishedFilesAreRefused) {
  {
    const LabelFile first = open().value();
    const auto second = open();
    ASSERT_FALSE(second.ok());
    EXPECT_TRUE(second.error().message.find("another run") != std::string::npos) << second.error().message;
  }
  const auto other = open(Json::Object{{"model", "b"}});
  ASSERT_FALSE(other.ok());
  EXPECT_TRUE(other.error().message.find("other settings") != std::string::npos) << other.error().message;
  EXPECT_TRUE(other.error().message.find("labels.json.part") != std::string::npos) << other.error().message;

  fs::remove(journal_);
  std::ofstream(file_) << "{}";
  const auto finished = open();
  ASSERT_FALSE(finished.ok());
  EXPECT_TRUE(finished.error().message.find("there already") != std::string::npos) << finished.error().message;
  EXPECT_EQ(text_of(file_), "{}");
}

TEST_F(Labels, WhatIsNoJournalIsRefusedWithItsLine) {
  const std::string head = Json(Json::Object{{"poise_labels", 1}, {"settings", Json::Object{{"model", "a"}}}}).dump();
  for (const std::string& text :
       {std::string("[1]\n"), std::string("no JSON\n"), head + "\n{\"file_name\":3}\n",
        head +
            "\n{\"file_name\":\"a\",\"width\":1,\"height\":1,\"people\":[{\"bbox\":[1,2],\"score\":1,\"keypoints\":[],"
            "\"scores\":[]}]}\n"}) {
    std::ofstream(journal_, std::ios::trunc) << text;
    const auto refused = open();
    ASSERT_FALSE(refused.ok()) << text;
    EXPECT_TRUE(refused.error().message.starts_with(journal_.string())) << refused.error().message;
    EXPECT_EQ(text_of(journal_), text) << "nothing is lost";
  }
}

TEST_F(Labels, TheSampleHoldsTheLeastSure) {
  LabelFile file = open().value();
  for (int i = 0; i < 40; ++i) {
    LabelledPerson one = person(4);
    for (AgreedJoint& joint : one.joints) joint.score = 0.3F + 0.01F * static_cast<float>((i * 7) % 40);
    ASSERT_TRUE(file.add({std::to_string(i), {9, 9}, {one, person(1)}}).ok());
  }
  std::vector<std::string> names;
  for (int i = 0; i < 40; ++i) names.push_back(std::to_string(i));
  const auto chosen = file.sample(names, 10);
  ASSERT_EQ(chosen.size(), 10U);
  for (std::size_t i = 1; i < chosen.size(); ++i) EXPECT_GE(chosen[i].pose.score, chosen[i - 1].pose.score);
  EXPECT_NEAR(chosen[4].pose.score, 0.34F, 1e-4F);
  EXPECT_GT(chosen[9].pose.score, 0.6F);
  EXPECT_EQ(file.sample(names, 100).size(), 40U);
}

}  // namespace
}  // namespace poise
