// Results that are written are whole, said to be there where they are, and read back by the other commands.

#include <csignal>
#include <map>
#include <set>

#include "program.h"

namespace poise {
namespace {

const std::string kFigure = POISE_SOURCE_DIR "/docs/images/figure.jpg";

class WrittenResults : public Program {
 protected:
  void figure(const std::string& name) const {
    fs::create_directories((folder_ / name).parent_path());
    fs::copy_file(kFigure, folder_ / name);
  }
  /// One picture in a folder, one in a folder below it; each whole picture is one person's box.
  void folder_of_folders() const {
    figure("in/a/1.jpg");
    figure("in/a/deep/er/2.jpg");
  }
  Outcome predict(const std::string& source, const Strings& more) const {
    Strings words{"predict", source, "--detector", "none"};
    words.insert(words.end(), more.begin(), more.end());
    return run(words);
  }
  /// Annotations of two pictures, 1.jpg and 2.jpg, whose joints are those of results.
  void write_truth(const std::string& results, const std::string& truth) const {
    Json annotations = Json::array();
    const Json entries = json(results);
    for (const Json& entry : entries.as_array()) {
      Json annotation = Json::object();
      for (const char* name : {"image_id", "category_id", "bbox"}) annotation.set(name, *entry.find(name));
      Json::Array keypoints = entry.find("keypoints")->as_array();
      for (std::size_t k = 2; k < keypoints.size(); k += 3) keypoints[k] = 2;
      annotation.set("keypoints", Json(std::move(keypoints)));
      annotation.set("id", entry.integer("image_id").value());
      annotation.set("area", 10000);
      annotations.push(std::move(annotation));
    }
    write(truth,
          R"({"images": [{"id": 1, "file_name": "1.jpg", "width": 480, "height": 640},
                         {"id": 2, "file_name": "2.jpg", "width": 480, "height": 640}],
              "categories": [{"id": 1, "name": "person"}], "annotations": )" +
              annotations.dump() + "}");
  }
  /// Ctrl-C once a tenth of sixty pictures is done.
  Outcome stopped_in_mid_run(Strings words) const;
};

TEST_F(WrittenResults, AFolderOfFoldersIsReadBack) {
  folder_of_folders();
  for (const std::string format : {"poise", "openpose", "csv"}) {
    ASSERT_EQ(predict("in", {"--format", format, "--out", format}).code, 0);
    write(format + "/in/notes.txt", "mine");
    const Outcome coco = run({"convert-results", format, "--to", "coco", "--out", format + ".json"});
    ASSERT_EQ(coco.code, 0) << format << coco.err;
    EXPECT_TRUE(contains(coco.out, "2 pictures, 2 poses of ")) << coco.out;
    EXPECT_TRUE(contains(coco.err, format + ": 1 file not read: TXT\n")) << coco.err;
    std::set<std::int64_t> ids;
    const Json entries = json(format + ".json");
    for (const Json& entry : entries.as_array()) ids.insert(entry.integer("image_id").value());
    EXPECT_EQ(ids, (std::set<std::int64_t>{1, 2})) << format;
  }

  // Their boxes, in predict; their joints against themselves, in metrics.
  const Outcome posed = run({"predict", "in", "--boxes", "poise", "--out", "again", "--no-image"});
  ASSERT_EQ(posed.code, 0) << posed.err;
  EXPECT_TRUE(contains(posed.err, "poise: 1 file not read: TXT\n")) << posed.err;
  const Json first = json("poise/in/a/deep/er/2.poses.json"), second = json("again/in/a/deep/er/2.poses.json");
  EXPECT_EQ(first.find("persons")->as_array()[0].find("keypoints")->dump(),
            second.find("persons")->as_array()[0].find("keypoints")->dump());
  const Outcome one = run({"predict", "in/a/1.jpg", "--boxes", "poise/in/a/1.poses.json", "--out", "one"});
  EXPECT_EQ(one.code, 0) << one.err;
  write_truth("poise.json", "gt.json");
  const Outcome measured = run({"metrics", "pck", "gt.json", "poise", "--annotation", "person"});
  EXPECT_TRUE(contains(measured.out, "2 of 2 persons")) << measured.out << measured.err;
  const Outcome folder = run({"metrics", "coco", "gt.json", "poise"});
  EXPECT_EQ(folder.code, 1);
  EXPECT_TRUE(contains(folder.err, "`poise convert-results poise --to coco --out results.json`")) << folder.err;
}

TEST_F(WrittenResults, ContentTellsWhatAFileIs) {
  folder_of_folders();
  ASSERT_EQ(predict("in/a/1.jpg", {"--format", "csv", "--out", "csv"}).code, 0);
  fs::copy_file(folder_ / "csv/in/a/1.poses.csv", folder_ / "table.txt");
  const Outcome outcome = run({"convert-results", "table.txt", "--to", "coco", "--out", "table.json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  ASSERT_EQ(json("table.json").as_array().size(), 1U);
  fs::copy_file(folder_ / "table.json", folder_ / "coco.csv");
  EXPECT_EQ(run({"convert-results", "coco.csv", "--to", "csv", "--out", "table.csv"}).code, 0);
  write("semicolons.txt", "source;person;score;joint;x;y;joint_score\na.jpg;0;1;nose;1;2;1\n");
  const Outcome other = run({"convert-results", "semicolons.txt", "--to", "coco", "--out", "o.json"});
  EXPECT_EQ(other.code, 1);
  EXPECT_TRUE(contains(other.err, "save it with commas")) << other.err;
}

TEST_F(WrittenResults, PosesOfAVideoAreReadBack) {
  folder_of_folders();
  const Strings formats{"--format", "poise,csv,coco", "in", "--detector", "none", "--no-video", "--track-score", "0"};
  Strings words{"track"};
  words.insert(words.end(), formats.begin(), formats.end());
  const Outcome tracked = run(words);
  ASSERT_EQ(tracked.code, 0) << tracked.err;
  std::map<std::string, std::string> first_joints;
  for (const std::string file : {"in.jsonl", "in.csv", "in.results.json"}) {
    const Outcome outcome = run({"convert-results", "poise-out/" + file, "--to", "coco", "--out", "o.json"});
    ASSERT_EQ(outcome.code, 0) << file << outcome.err;
    EXPECT_TRUE(contains(outcome.out, "2 pictures, 2 poses of 17 joints")) << file << outcome.out;
    const Json entries = json("o.json");
    ASSERT_EQ(entries.as_array().size(), 2U) << file;
    EXPECT_EQ(entries.as_array()[1].integer("image_id").value(), 1) << file;
    first_joints[file] = entries.as_array()[0].find("keypoints")->dump();
  }
  EXPECT_EQ(first_joints["in.jsonl"], first_joints["in.csv"]);
  EXPECT_EQ(first_joints["in.jsonl"], first_joints["in.results.json"]);
  const std::string whole = slurp(folder_ / "poise-out/in.jsonl");
  write("short.jsonl", whole.substr(0, whole.size() - 20));
  const Outcome cut = run({"convert-results", "short.jsonl", "--to", "coco", "--out", "o.json"});
  EXPECT_EQ(cut.code, 1);
  EXPECT_TRUE(contains(cut.err, "short.jsonl: line 3")) << cut.err;
}

TEST_F(WrittenResults, IdsOfPredictAreThoseOfDetectAndRenumberingIsSaid) {
  for (const char* name : {"in/a/1.jpg", "in/b/1.jpg", "in/b/7.jpg", "in/b/x.jpg"}) figure(name);
  const Outcome posed = run({"predict", "in", "--format", "coco", "--no-image", "--detect-threshold", "0.05"});
  const Outcome boxed = run({"detect", "in", "--out", "boxes.json", "--detect-threshold", "0.05"});
  ASSERT_EQ(posed.code, 0) << posed.err;
  ASSERT_EQ(boxed.code, 0) << boxed.err;
  const std::string said =
      "image_id is the number that ends a picture's name; of 4 pictures 2 share their number with others and 1 has "
      "none: free numbers were given, file_name says of which picture\n";
  EXPECT_TRUE(contains(posed.err, said)) << posed.err;
  EXPECT_TRUE(contains(boxed.err, said)) << boxed.err;
  const auto ids = [](const Json& entries) {
    std::map<std::string, std::int64_t> found;
    for (const Json& entry : entries.as_array())
      found[entry.string("file_name").value()] = entry.integer("image_id").value();
    return found;
  };
  const auto of_poses = ids(json("poise-out/results.json"));
  EXPECT_EQ(of_poses, ids(json("boxes.json")));
  EXPECT_EQ(of_poses, (std::map<std::string, std::int64_t>{
                          {"in/a/1.jpg", 1}, {"in/b/1.jpg", 2}, {"in/b/7.jpg", 7}, {"in/b/x.jpg", 3}}));
  EXPECT_FALSE(contains(run({"predict", "in/b/7.jpg", "--format", "coco"}).err, "image_id"));
}

Outcome WrittenResults::stopped_in_mid_run(Strings words) const {
  for (int i = 0; i < 60; ++i) figure("many/" + std::to_string(i) + ".jpg");
  const pid_t child = start(words);
  // A tenth of them is said to be done in a line.
  for (int i = 0; i < 6000 && !contains(slurp(folder_ / ".stderr"), "/60"); ++i) usleep(5'000);
  kill(child, SIGINT);
  return finish(child);
}

TEST_F(WrittenResults, ARunThatIsStoppedLeavesNoFileUnderItsFinalName) {
  write("poise-out/results.json", "of an earlier run");
  const Outcome posed = stopped_in_mid_run({"predict", "many", "--detector", "none", "--format", "coco"});
  ASSERT_EQ(posed.code, 130) << posed.err;
  EXPECT_EQ(slurp(folder_ / "poise-out/results.json"), "of an earlier run");
  EXPECT_TRUE(exists("poise-out/results.json.partial"));
  EXPECT_TRUE(contains(posed.err,
                       "not all pictures were looked at: what was found is in "
                       "poise-out/results.json.partial, not in poise-out/results.json\n"))
      << posed.err;
}

TEST_F(WrittenResults, DetectDoesTheSame) {
  const Outcome boxed = stopped_in_mid_run({"detect", "many", "--out", "boxes.json"});
  ASSERT_EQ(boxed.code, 130) << boxed.err;
  EXPECT_FALSE(exists("boxes.json"));
  EXPECT_TRUE(exists("boxes.json.partial"));
  EXPECT_TRUE(contains(boxed.err, "what was found is in boxes.json.partial, not in boxes.json\n")) << boxed.err;
}

TEST_F(WrittenResults, SkippingSaysWhatItNeedsAndLooksAtTheFiles) {
  figure("in/a.jpg");
  figure("in/b.jpg");
  const auto refused = [&](const Strings& more, const std::string& wanted) {
    Strings words{"predict"};
    words.insert(words.end(), more.begin(), more.end());
    words.emplace_back("--skip-existing");
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.code, 2) << outcome.err;
    EXPECT_TRUE(contains(outcome.err, wanted)) << outcome.err;
  };
  refused({"in", "--out", "-"}, "--out - writes no files");
  refused({"in", "--format", "coco"}, "--format coco writes one file for all, results.json");
  refused({"-v", "in"}, "a video is looked at as a whole");

  ASSERT_EQ(predict("in", {}).code, 0);
  fs::resize_file(folder_ / "poise-out/in/a.poses.json", 0);  // of a full disk
  const Outcome again = predict("in", {"--skip-existing"});
  EXPECT_TRUE(contains(again.out, "1 picture, 1 person, 1 skipped as done")) << again.out;
  EXPECT_GT(fs::file_size(folder_ / "poise-out/in/a.poses.json"), 0U);
  const Outcome maps = predict("in", {"--skip-existing", "--heatmaps"});
  EXPECT_TRUE(contains(maps.out, "2 pictures, 2 persons in")) << maps.out;
  EXPECT_TRUE(contains(maps.out, "a.heatmaps.npy, ")) << maps.out;
  const Outcome done = predict("in", {"--skip-existing", "--heatmaps"});
  EXPECT_TRUE(contains(done.out, "2 skipped as done")) << done.out;
}

TEST_F(WrittenResults, WhatWasNotWrittenIsNotListed) {
  figure("in/a.jpg");
  figure("in/b.jpg");
  fs::create_directories(folder_ / "poise-out/in/a.poses.jpg");  // in the way
  const Outcome outcome = predict("in", {"--json", "run.json"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(contains(outcome.out, "in/a.jpg: 1 person -> poise-out/in/a.poses.json\n")) << outcome.out;
  EXPECT_TRUE(contains(outcome.out, "2 pictures, 2 persons, 1 error in")) << outcome.out;
  const Json run = json("run.json");
  const auto& results = run.find("results")->as_array();
  ASSERT_EQ(results.size(), 2U);
  EXPECT_EQ(results[0].find("files")->as_array().size(), 1U);
  EXPECT_TRUE(contains(results[0].string("error").value(), "a.poses.jpg")) << results[0].dump();
  EXPECT_EQ(results[1].find("files")->as_array().size(), 2U);
}

TEST_F(WrittenResults, ABadPictureOfAFolderEndsNoTrack) {
  for (const char* name : {"in/1.jpg", "in/3.jpg", "in/4.jpg"}) figure(name);
  write("in/0.jpg", "no picture");
  write("in/2.jpg", "no picture");
  write("in/notes.txt", "mine");
  for (const std::string smooth : {"online", "offline"}) {
    const Outcome outcome = run({"track", "in", "--detector", "none", "--smooth", smooth, "--json", "-"});
    EXPECT_EQ(outcome.code, 1);
    EXPECT_TRUE(contains(outcome.err, "poise: in/0.jpg: ")) << outcome.err;
    EXPECT_TRUE(contains(outcome.err, "poise: in/2.jpg: ")) << outcome.err;
    EXPECT_TRUE(contains(outcome.err, "1 file not read: TXT\n")) << outcome.err;
    const Json summary = parse_json(outcome.out).value();
    EXPECT_EQ(summary.integer("frames").value(), 3);
    EXPECT_EQ(summary.find("errors")->as_array().size(), 2U) << "each is said once";
    const std::string lines = slurp(folder_ / "poise-out/in.jsonl");
    EXPECT_TRUE(contains(lines, "{\"frame\":1,")) << lines;
    EXPECT_FALSE(contains(lines, "{\"frame\":2,")) << lines;
    EXPECT_TRUE(contains(lines, "{\"frame\":4,")) << lines;
  }
  const Outcome text = run({"track", "in", "--detector", "none", "--no-video"});
  EXPECT_TRUE(contains(text.out, "3 frames, ") && contains(text.out, " followed, 2 errors in ")) << text.out;

  for (const char* name : {"in/1.jpg", "in/3.jpg", "in/4.jpg"}) fs::remove(folder_ / name);
  const Outcome none = run({"track", "in", "--detector", "none", "--out", "none"});
  EXPECT_EQ(none.code, 1);
  EXPECT_TRUE(contains(none.err, "poise: in: none of its 2 pictures can be read\n")) << none.err;
  EXPECT_FALSE(exists("none/in.jsonl"));
}

}  // namespace
}  // namespace poise
