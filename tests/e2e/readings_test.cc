// One file has one reading, whichever command is given it; what is passed over is counted aloud, and nothing untrue is
// said of it.

#include "kit/figure_set.h"
#include "program.h"

namespace poise {
namespace {

class Readings : public Program {
 protected:
  void SetUp() override {
    Program::SetUp();
    labels_ = kit::write_figure_set(folder_ / "images", {.count = 3, .size = {96, 96}, .seed = 5});
  }

  static std::string name_of(const Strings& words) { return words[0] + " " + words[1]; }

  /// Every command that reads labels, given these.
  static std::vector<Strings> commands(const std::string& labels) {
    return {{"predict", "images", "--boxes", labels, "--no-image"},
            {"eval", "-a", labels, "-i", "images"},
            {"metrics", "coco", labels, "none.json"},
            {"data", "check", labels, "--images", "images"},
            {"convert-results", labels, "--to", "csv", "--out", "o.csv"}};
  }

  void write_results() const { write("none.json", "[]"); }

  /// All of them take it, and say what they say of the file as it was.
  void expect_read(const std::string& what, const std::string& text) const {
    write("labels.json", text);
    for (const Strings& words : commands("labels.json")) {
      const Outcome outcome = run(words);
      EXPECT_EQ(outcome.code, 0) << what << ": " << name_of(words) << ": " << outcome.out << outcome.err;
      EXPECT_FALSE(contains(outcome.err, "left out")) << what << ": " << name_of(words) << ": " << outcome.err;
    }
    EXPECT_TRUE(contains(run(commands("labels.json")[0]).out, "3 pictures, 3 persons")) << what;
    EXPECT_TRUE(contains(run(commands("labels.json")[3]).out, "3 images, 3 persons")) << what;
  }
  void expect_refused(const std::string& text, const std::string& part) const {
    write("labels.json", text);
    for (const Strings& words : commands("labels.json")) {
      const Outcome outcome = run(words);
      EXPECT_EQ(outcome.code, 1) << name_of(words) << ": " << outcome.out << outcome.err;
      EXPECT_TRUE(contains(outcome.out + outcome.err, part)) << name_of(words) << ": " << outcome.out << outcome.err;
    }
  }

  std::string with(const std::string& from, const std::string& to, const std::string& text) const {
    std::string changed = text;
    for (std::size_t at = changed.find(from); at != std::string::npos; at = changed.find(from, at + to.size())) {
      changed.replace(at, from.size(), to);
    }
    EXPECT_NE(changed, text) << from;
    return changed;
  }

  Json labels_;
};

TEST_F(Readings, SpellingsOfOtherToolsAreReadAlike) {
  write_results();
  const std::string plain = labels_.dump();
  expect_read("as written", plain);
  expect_read("a byte order mark", "\xEF\xBB\xBF" + plain);
  expect_read("CRLF", with("},", "},\r\n", plain) + "\r\n");
  expect_read("ids as floats", with("\"id\":1,", "\"id\":1.0,", with("\"image_id\":1,", "\"image_id\":1.000,", plain)));
  expect_read("a drive and backslashes", with("\"file_name\":\"", R"("file_name":"C:\\data\\images\\)", plain));
  expect_read("a folder of another machine", with("\"file_name\":\"", R"("file_name":"/home/her/set/)", plain));
}

TEST_F(Readings, WhatIsNoJsonIsNamedAlike) {
  write_results();
  const std::string plain = labels_.dump();
  std::string wide = "\xFF\xFE";
  for (const char c : plain) wide += std::string{c, '\0'};
  expect_refused(wide, " is UTF-16: save it as UTF-8");
  const std::size_t box = plain.find("\"bbox\":[", plain.find("\"annotations\""));
  ASSERT_NE(box, std::string::npos);
  std::string holed = plain;
  holed.insert(box + 8, "NaN,");
  expect_refused(holed, "annotations[0] (byte ");
  expect_refused(holed, "is not valid JSON: NaN is no number in JSON");
  std::string images = plain;
  images.insert(images.find("\"file_name\""), "\"height\":NaN,");
  expect_refused(images, "images[0] (byte ");
}

TEST_F(Readings, NobodyIsLostInSilence) {
  Json::Array annotations = labels_.find("annotations")->as_array();
  annotations[0].set("category_id", 7);
  annotations[1].set("iscrowd", 1);
  Json labels = labels_;
  labels.set("annotations", annotations);
  labels.set("categories",
             Json::Array{labels_.find("categories")->as_array()[0], Json::Object{{"id", 7}, {"name", "dog"}}});
  write("labels.json", labels.dump());
  const Outcome predict = run(commands("labels.json")[0]);
  EXPECT_EQ(predict.code, 0) << predict.err;
  EXPECT_TRUE(contains(predict.err, "1 annotation left out: of another category than people's")) << predict.err;
  EXPECT_TRUE(contains(predict.err, "1 annotation left out: crowds")) << predict.err;
  EXPECT_TRUE(contains(predict.out, "3 pictures, 1 person ")) << predict.out;
  const Outcome eval = run(commands("labels.json")[1]);
  EXPECT_TRUE(contains(eval.out + eval.err, "of another category than people's")) << eval.out << eval.err;
}

TEST_F(Readings, APicturesOwnErrorIsFollowedByNoUntrueOne) {
  write("labels.json", labels_.dump());
  const std::string name = labels_.find("images")->as_array()[0].string("file_name").value();
  const std::string bytes = slurp(folder_ / "images" / name);
  write("images/" + name, bytes.substr(0, bytes.size() / 2));
  const Outcome outcome = run({"predict", "images/" + name, "--boxes", "labels.json"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(contains(outcome.err, name)) << outcome.err;
  EXPECT_FALSE(contains(outcome.err, "none of the pictures")) << outcome.err;
  EXPECT_FALSE(contains(outcome.err, "has a box")) << outcome.err;
}

}  // namespace
}  // namespace poise
