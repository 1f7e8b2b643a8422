// What people do at a command line out of habit: misspell, pipe, stop and go on, look at the summary, ask for another
// drawing.

#include <cmath>
#include <cstdlib>
#include <sstream>
#include <utility>

#include "poise/image/codec.h"
#include "program.h"

namespace poise {
namespace {

const std::string kFigure = POISE_SOURCE_DIR "/docs/images/figure.jpg";

class Habits : public Program {
 protected:
  void figure(const std::string& name) const {
    fs::create_directories((folder_ / name).parent_path());
    fs::copy_file(kFigure, folder_ / name);
  }
  /// The drawn figure, its whole picture being one person's box.
  Image drawn(Strings more) const {
    Strings words{"predict", kFigure, "--detector", "none", "--format", "csv", "--out", "drawn"};
    words.insert(words.end(), more.begin(), more.end());
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return read_image(folder_ / "drawn/figure.poses.jpg").value();
  }
};

/// Pixels that are clearly apart.
std::size_t apart(const Image& a, const Image& b) {
  EXPECT_EQ(a.size(), b.size());
  std::size_t count = 0;
  for (int y = 0; y < a.height(); ++y) {
    for (int x = 0; x < a.width(); ++x) {
      int most = 0;
      for (int c = 0; c < 3; ++c) most = std::max(most, std::abs(a.row(y)[3 * x + c] - b.row(y)[3 * x + c]));
      count += most > 40 ? 1 : 0;
    }
  }
  return count;
}

TEST_F(Habits, MisspeltWordsMeetTheNearest) {
  const std::vector<std::pair<Strings, std::string>> slips{
      {{"predct", "a.jpg"}, "poise: no command is called \"predct\": did you mean predict?"},
      {{"metrics", "cco", "a", "b"}, "poise metrics: no command is called \"cco\": did you mean coco?"},
      {{"models", "lst"}, "poise models: no command is called \"lst\": did you mean list?"},
      {{"data", "chck"}, "poise data: no command is called \"chck\": did you mean check?"},
      {{"predict", "a.jpg", "--drw", "joints"}, "poise predict: no option is called --drw: did you mean --draw?"},
      {{"detect", "a.jpg", "--oout=b.json"}, "poise detect: no option is called --oout: did you mean --out?"},
      {{"predict", "a.jpg", "--color", "person"},
       "poise predict: no option is called --color: did you mean --colours?"},
      {{"predict", "a.jpg", "--color=side"}, "did you mean --colours?"},
      {{"predict", "a.jpg", "--color", "bgr"}, "did you mean --colour?"},
      {{"predict", "a.jpg", "--format", "cocoo"},
       "\"cocoo\" is none of poise, coco, openpose, csv, roboflow, jsonl: did you mean coco?"},
      {{"predict", "a.jpg", "--preset", "simple-baseline"}, "did you mean simple-baselines?"},
      {{"predict", "a.jpg", "--detector-preset", "yolo8"}, "did you mean yolov8?"},
      {{"convert", "a.pth", "--out", "o.onnx", "--preset", "gluoncv"}, "did you mean gluon?"},
      {{"qwertyuiop"}, "poise: no command is called \"qwertyuiop\"\n"},
      {{"metrics"}, "poise metrics: name a command: coco, pck"},
      {{}, "poise: name a command: predict, detect"},
  };
  for (const auto& [words, wanted] : slips) {
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.code, 2) << ::testing::PrintToString(words);
    EXPECT_EQ(outcome.out, "") << ::testing::PrintToString(words);
    EXPECT_TRUE(contains(outcome.err, wanted)) << wanted << "\n" << outcome.err;
  }
}

TEST_F(Habits, WrongWordsEndWithTwoHoweverLateTheyAreSeen) {
  figure("a.jpg");
  write("gt.json", R"({"images": [{"id": 1, "file_name": "a.jpg", "width": 480, "height": 640}],
                       "categories": [{"id": 1, "name": "person", "keypoints": ["left_shoulder", "left_elbow", "left_wrist"]}],
                       "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 1, 90, 90], "area": 8100,
                                        "iscrowd": 0, "keypoints": [9, 9, 2, 50, 50, 2, 80, 80, 2]}]})");
  write("results.json", "[]");
  const std::vector<std::pair<Strings, std::string>> slips{
      {{"eval", "-a", "gt.json", "-i", ".", "--sigmas", "nonsense"}, "sigmas \"nonsense\" are neither numbers"},
      {{"metrics", "coco", "gt.json", "results.json", "--sigmas", "nonsense"}, "sigmas \"nonsense\" are neither"},
      {{"predict", "a.jpg", "--boxes", "gt.json", "--detector", "none"}, "leave out --detector"},
      {{"predict", "a.jpg", "--detector", "none", "--nms", ".5"}, "no detector to set"},
      {{"predict", "a.jpg", "--detector-preset", "yolox"}, "name the detector it is for"},
      {{"predict", "a.jpg", "--input", "wide"}, "--input is two sides"},
      {{"predict", "-", "--boxes", "-"}, "standard input can be read once"},
      {{"predict", "-v", "a.mp4", "--boxes", "gt.json"}, "--boxes are of pictures"},
      {{"detect", "a.jpg", "--detector", "none", "--out", "b.json"}, "--detector none finds nobody"},
      {{"eval", "-a", "gt.json", "-i", ".", "--detector", "none"}, "--boxes gt takes the truth's boxes"},
      {{"eval", "-a", "gt.json", "-i", ".", "--boxes", "b.json", "--detector", "d.onnx"}, "leave out --detector"},
      {{"metrics", "coco", "-", "-"}, "standard input can be read once"},
      {{"metrics", "pck", "-", "-"}, "standard input can be read once"},
      {{"metrics", "pck", "gt.json", "results.json", "--joints-format", "lps"}, "no skeleton is called \"lps\""},
      {{"metrics", "coco", "gt.json", "results.json", "--part", "face"}, "add --variant xtcocotools"},
      {{"metrics", "angles", "gt.json", "results.json", "--angle", "left_elbo"}, "no angle is called \"left_elbo\""},
      {{"metrics", "posetrack", "gt.json", "results.json", "--quirks", "some"}, "--quirks knows no"},
      {{"track", "-", "--raw", "10x10"}, "\"10x10\" is no raw format"},
      {{"track", "-"}, "give --raw WIDTHxHEIGHT:FORMAT@RATE"},
      {{"track", "a.mp4", "--raw", "64x48:bgr24@30"}, "--raw is for frames on standard input"},
      {{"data", "check", "gt.json", "--images", ".", "--format", "coko"}, "did you mean coco?"},
      {{"data", "pack", "gt.json", "--images", ".", "--out", "p", "--skeleton", "coco"}, "no skeleton is called"},
      {{"convert", "a.pth", "--out", "a.pt"}, "must end in .onnx"},
      {{"predict", "a.jpg", "--min-score", "nan"}, "\"nan\" is not a number of 0 to 1"},
      {{"eval", "-a", "gt.json", "-i", ".", "--threshold", "nan"}, "\"nan\" is not a number of 0 to 10"},
      {{"metrics", "mot", "gt.txt", "gt.txt", "--threshold", "0"}, "\"0\" is not a number above 0"},
      {{"predict", "a.jpg", "--padding", "9"}, "\"9\" is not a number of 0.5 to 4"},
      {{"predict", "a.jpg", "--skeleton", "coco18"}, "no skeleton is called \"coco18\""},
      {{"predict", "a.jpg", "--max-memory=-3"}, "\"-3\" is no size"},
      {{"predict", "a.jpg", "--device", "gpu"}, "\"gpu\" is none of cpu, cuda, cuda:N"},
      {{"metrics", "coco", "gt.json", "results.json", "--seed=-3"}, "\"-3\" is not a whole number"},
      {{"convert-results", "gt.json", "--to", "csv", "--out", "o.csv", "--skeleton", "x"}, "no skeleton is called"},
      {{"data", "pack", "gt.json", "--images", ".", "--out", "p", "--quality=0"}, "--quality"},
      {{"bench"}, "name a model"},
  };
  for (const auto& [words, wanted] : slips) {
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.code, 2) << ::testing::PrintToString(words) << outcome.err;
    EXPECT_TRUE(contains(outcome.err, wanted)) << wanted << "\n" << outcome.err;
  }
}

TEST_F(Habits, HintsOfEvalAreWhatIsNeeded) {
  figure("a.jpg");
  write(
      "mpii.json", R"([{"image": "a.jpg", "center": [100, 100], "scale": 1.5, "joints_vis": [)" +
                       [] {
                         std::string s = "1";
                         for (int i = 1; i < 16; ++i) s += ", 1";
                         return s;
                       }() +
                       R"(], "joints": [)" +
                       [] {
                         std::string s = "[9, 9]";
                         for (int i = 1; i < 16; ++i) s += ", [9, 9]";
                         return s;
                       }() +
                       "]}]");
  const std::string says =
      "mpii.json: it is no COCO file, but one of format mpii: `poise convert-results mpii.json --to "
      "coco --out labels.json` makes one of it";
  write("results.json", "[]");
  for (const Strings& words :
       {Strings{"eval", "-a", "mpii.json", "-i", "."}, {"metrics", "coco", "mpii.json", "results.json"}}) {
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.code, 1);
    EXPECT_TRUE(contains(outcome.err, says)) << outcome.err;
  }
  const Outcome made = run({"convert-results", "mpii.json", "--to", "coco", "--out", "labels.json"});
  EXPECT_EQ(made.code, 0) << made.err;
  const Outcome joints = run({"eval", "-a", "labels.json", "-i", "."});
  EXPECT_EQ(joints.code, 1);
  EXPECT_TRUE(contains(joints.err,
                       "labels.json: the truth has 16 joints, the network's skeleton coco17 has 17; OKS compares "
                       "joint by joint: take labels of the network's joints, or --metric pck"))
      << joints.err;
}

TEST_F(Habits, APictureComesOnStandardInputAndResultsGoToStandardOutput) {
  figure("a.jpg");
  input_ = "a.jpg";
  const Outcome outcome = run({"predict", "-", "--out", "-"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  ASSERT_EQ(std::count(outcome.out.begin(), outcome.out.end(), '\n'), 1) << outcome.out;
  const Json poses = parse_json(outcome.out).value();
  EXPECT_EQ(poses.string("source").value(), "stdin");
  EXPECT_EQ(poses.find("persons")->as_array().size(), 1U);
  EXPECT_TRUE(contains(outcome.err, "1 picture, 1 person in ")) << outcome.err;
  EXPECT_FALSE(exists("poise-out"));

  // As a file of its own, beside others, in a form that has its header once.
  ASSERT_EQ(run({"predict", "-", "--out", "o"}).code, 0);
  EXPECT_TRUE(exists("o/stdin.poses.json"));
  EXPECT_TRUE(exists("o/stdin.poses.jpg"));
  const Outcome csv = run({"predict", "-", "a.jpg", "--format", "csv", "--out", "-"});
  ASSERT_EQ(csv.code, 0) << csv.err;
  EXPECT_EQ(std::count(csv.out.begin(), csv.out.end(), '\n'), 1 + 2 * 17) << csv.out;
  EXPECT_TRUE(contains(csv.out, "\nstdin,0,")) << csv.out;
  EXPECT_TRUE(contains(csv.out, "\na.jpg,0,")) << csv.out;
  const Outcome boxes = run({"detect", "-", "--out", "-"});
  ASSERT_EQ(boxes.code, 0) << boxes.err;
  EXPECT_EQ(parse_json(boxes.out).value().as_array().at(0).string("file_name").value(), "stdin");

  write("text.jpg", "dear diary");
  input_ = "text.jpg";
  const Outcome text = run({"predict", "-"});
  EXPECT_EQ(text.code, 1);
  EXPECT_TRUE(contains(text.err, "poise: standard input: not a JPEG")) << text.err;
  EXPECT_EQ(run({"predict", "-", "-"}).code, 2);
  input_ = "/dev/null";
  EXPECT_TRUE(contains(run({"predict", "-"}).err, "standard input is empty"));
}

TEST_F(Habits, WhatIsReadIsNotWrittenOver) {
  figure("a.jpg");
  const std::string photograph = slurp(folder_ / "a.jpg");
  write("gt.json", R"({"images": [{"id": 1, "file_name": "a.jpg", "width": 480, "height": 640}], "annotations": [],
                       "categories": [{"id": 1, "name": "person"}]})");
  const std::string labels = slurp(folder_ / "gt.json");
  write("results.json", "[]");
  for (const Strings& words : {Strings{"detect", "a.jpg", "--out", "a.jpg"},
                               {"detect", ".", "--out", "./a.jpg"},
                               {"predict", "a.jpg", "--boxes", "gt.json", "--json", "gt.json"},
                               {"eval", "-a", "gt.json", "-i", ".", "--out", "gt.json"},
                               {"metrics", "coco", "gt.json", "results.json", "--json", "gt.json"},
                               {"data", "check", "gt.json", "--images", ".", "--json", "gt.json"},
                               {"convert-results", "gt.json", "--to", "coco", "--out", "gt.json"}}) {
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.code, 1) << ::testing::PrintToString(words) << outcome.out;
    EXPECT_TRUE(contains(outcome.err, "is read by this command")) << ::testing::PrintToString(words) << outcome.err;
  }
  EXPECT_EQ(slurp(folder_ / "a.jpg"), photograph);
  EXPECT_EQ(slurp(folder_ / "gt.json"), labels);
  EXPECT_EQ(run({"predict", "--draw", "joints", "a.jpg"}).code, 0);
}

TEST_F(Habits, ResultsArePipedThrough) {
  figure("a.jpg");
  const Outcome coco = run({"predict", "a.jpg", "--format", "coco", "--out", "-"});
  ASSERT_EQ(coco.code, 0) << coco.err;
  ASSERT_EQ(parse_json(coco.out).value().as_array().size(), 1U);
  write("results.json", coco.out);
  write("gt.json", R"({"images": [{"id": 1, "file_name": "a.jpg", "width": 480, "height": 640}], "annotations": [],
                       "categories": [{"id": 1, "name": "person"}]})");
  const Outcome same = run({"convert-results", "results.json", "--from", "coco", "--to", "csv", "--out", "f.csv"});
  ASSERT_EQ(same.code, 0) << same.err;
  input_ = "results.json";
  const Outcome piped = run({"convert-results", "-", "--to", "csv", "--out", "-"});
  ASSERT_EQ(piped.code, 0) << piped.err;
  EXPECT_EQ(piped.out, slurp(folder_ / "f.csv"));
  const Outcome named = run({"metrics", "coco", "gt.json", "results.json", "--sigmas", "coco17", "--json"});
  const Outcome dashed = run({"metrics", "coco", "gt.json", "-", "--sigmas", "coco17", "--json", "-"});
  ASSERT_EQ(named.code, dashed.code) << named.err << dashed.err;
  Json a = parse_json(named.out).value(), b = parse_json(dashed.out).value();
  EXPECT_EQ(b.string("results").value(), "-");
  b.set("results", "results.json");
  EXPECT_EQ(a.dump(), b.dump());
  const Outcome found = run({"detect", "a.jpg", "--out", "-"});
  ASSERT_EQ(found.code, 0) << found.err;
  write("boxes.json", found.out);
  input_ = "boxes.json";
  const Outcome posed = run({"predict", "a.jpg", "--boxes", "-", "--out", "-"});
  ASSERT_EQ(posed.code, 0) << posed.err;
  EXPECT_EQ(parse_json(posed.out).value().string("box_source").value(), "stdin");
  write("gt.txt", "1,1,10,10,50,80,1,1,1\n2,1,12,10,50,80,1,1,1\n");
  input_ = "gt.txt";
  const Outcome tracks = run({"metrics", "mot", "gt.txt", "-"});
  EXPECT_EQ(tracks.code, 0) << tracks.err;
  const Outcome folder = run({"convert-results", "results.json", "--to", "openpose", "--out", "-"});
  EXPECT_EQ(folder.code, 2);
  EXPECT_TRUE(contains(folder.err, "name a folder")) << folder.err;
}

TEST_F(Habits, JsonGoesToStandardOutputOrAFileAndTakesNoPicture) {
  figure("a.jpg");
  for (const Strings& words : {Strings{"info", "poise-small", "--json", "-"},
                               {"info", "--json", "poise-small"},
                               {"models", "list", "--json", "-"},
                               {"models", "show", "poise-small", "--json"},
                               {"predict", "--json", "a.jpg"},
                               {"predict", "a.jpg", "--json", "-"}}) {
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.code, 0) << ::testing::PrintToString(words) << outcome.err;
    EXPECT_TRUE(parse_json(outcome.out).ok()) << ::testing::PrintToString(words) << outcome.out;
  }
  const Outcome to_file = run({"info", "poise-small", "--json", "facts.json"});
  EXPECT_EQ(to_file.code, 0) << to_file.err;
  EXPECT_TRUE(contains(to_file.out, "operators")) << to_file.out;
  EXPECT_GT(json("facts.json").integer("parameters").value(), 1000);
  EXPECT_EQ(run({"predict", "a.jpg", "--json", "-", "--out", "-"}).code, 2);

  // A name of another kind: behind "=", and a word about it where it was taken for a picture.
  ASSERT_EQ(run({"predict", "a.jpg", "--json=figures.txt"}).code, 0);
  EXPECT_EQ(json("figures.txt").integer("pictures").value(), 1);
  for (const Strings& words : {Strings{"predict", "a.jpg", "--json", "run.txt"},
                               {"metrics", "coco", "gt.json", "--json", "run.txt", "results.json"}}) {
    const Outcome outcome = run(words);
    EXPECT_NE(outcome.code, 0);
    EXPECT_TRUE(contains(outcome.err, "--json=run.txt writes to that file")) << outcome.err;
  }
  EXPECT_FALSE(contains(run({"predict", "b.jpg", "--json"}).err, "writes to"));
}

TEST_F(Habits, AListOfFormatsTakesNoSource) {
  figure("in/a.jpg");
  for (const Strings& words : {Strings{"track", "--format", "mot,csv", "in"},
                               {"track", "-f", "mot", "-f", "csv", "in"},
                               {"track", "in", "--format=mot,csv"}}) {
    fs::remove_all(folder_ / "poise-out");
    Strings all = words;
    all.insert(all.end(), {"--detector", "none", "--no-video"});
    const Outcome outcome = run(all);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_TRUE(exists("poise-out/in.txt"));
    EXPECT_TRUE(exists("poise-out/in.csv"));
    EXPECT_FALSE(exists("poise-out/in.jsonl"));
  }
}

TEST_F(Habits, TheSummaryListsPicturesAndOutputs) {
  figure("in/a.jpg");
  figure("in/b.jpg");
  write("in/c.jpg", "no picture");
  const Outcome outcome = run({"predict", "in", "--json", "run.json"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(contains(outcome.out, "2 pictures, 2 persons, 1 error in ")) << outcome.out;
  EXPECT_TRUE(contains(outcome.out, "in/a.jpg: 1 person -> poise-out/in/a.poses.json, poise-out/in/a.poses.jpg\n"))
      << outcome.out;
  const Json run = json("run.json");
  const auto& results = run.find("results")->as_array();
  ASSERT_EQ(results.size(), 3U);
  EXPECT_EQ(results[0].string("source").value(), "in/a.jpg");
  EXPECT_EQ(results[0].integer("persons").value(), 1);
  for (const Json& file : results[1].find("files")->as_array()) EXPECT_TRUE(exists(file.as_string())) << file.dump();
  EXPECT_TRUE(contains(results[2].string("error").value(), "in/c.jpg")) << results[2].dump();
}

TEST_F(Habits, WhatIsThereIsSkipped) {
  figure("in/a.jpg");
  figure("in/b.jpg");
  ASSERT_EQ(run({"predict", "in/a.jpg", "--out", "o"}).code, 0);
  fs::remove(folder_ / "o/in/a.poses.json");
  const Outcome half = run({"predict", "in/a.jpg", "--out", "o", "--skip-existing"});  // of two files one is there
  EXPECT_TRUE(contains(half.out, "1 picture, 1 person in ")) << half.out;
  ASSERT_EQ(run({"predict", "in", "--out", "all"}).code, 0);
  fs::remove(folder_ / "all/in/b.poses.jpg");
  write("all/in/a.poses.json", "not touched");
  const Outcome rest = run({"predict", "in", "--out", "all", "--skip-existing", "--json", "run.json"});
  ASSERT_EQ(rest.code, 0) << rest.err;
  EXPECT_TRUE(contains(rest.out, "1 picture, 1 person, 1 skipped as done in ")) << rest.out;
  EXPECT_EQ(slurp(folder_ / "all/in/a.poses.json"), "not touched");
  EXPECT_TRUE(exists("all/in/b.poses.jpg"));
  EXPECT_EQ(json("run.json").integer("skipped").value(), 1);
  const Outcome none = run({"predict", "in", "--out", "all", "--skip-existing"});
  EXPECT_EQ(none.code, 0) << none.err;
  EXPECT_TRUE(contains(none.out, "0 pictures, 0 persons, 2 skipped as done")) << none.out;
  EXPECT_EQ(run({"predict", "in", "--format", "coco", "--skip-existing"}).code, 2);
}

TEST_F(Habits, APersonHasAnIdAndJointScoresAreWithinOne) {
  ASSERT_EQ(run({"predict", kFigure, "--no-image"}).code, 0);
  const Json poses = json("poise-out/figure.poses.json");
  const auto& persons = poses.find("persons")->as_array();
  ASSERT_FALSE(persons.empty());
  for (std::size_t i = 0; i < persons.size(); ++i) {
    EXPECT_EQ(persons[i].integer("id").value(), static_cast<std::int64_t>(i + 1));
    for (const Json& joint : persons[i].find("keypoints")->as_array()) {
      EXPECT_GE(joint.as_array().at(2).as_number(), 0);
      EXPECT_LE(joint.as_array().at(2).as_number(), 1);
    }
  }
}

TEST_F(Habits, TheDrawingIsChosen) {
  const Image bare = drawn({"--alpha", "0"});
  const Image plain = drawn({});
  const std::size_t lines = apart(plain, bare);
  EXPECT_GT(lines, 1000U);
  const auto covers = [&](const Strings& more) { return apart(drawn(more), bare); };
  EXPECT_LT(covers({"--draw", "joints"}), lines);
  EXPECT_GT(covers({"--draw", "joints,limbs,boxes,labels,scores,ids"}), lines + 500);
  EXPECT_GT(covers({"--line-width", "30"}), 2 * covers({"--line-width", "4"}));
  EXPECT_LT(covers({"--alpha", ".1"}), lines / 2);
  EXPECT_GT(apart(drawn({"--colours", "person"}), plain), lines / 4);
  EXPECT_LT(covers({"--min-score", "1"}), lines / 4);  // of peaks some reach it
  EXPECT_EQ(run({"predict", kFigure, "--draw", "joint"}).code, 2);
  EXPECT_EQ(run({"predict", kFigure, "--alpha", "2"}).code, 2);
}

TEST_F(Habits, StoppedBySignalsEndsAsAShellHasIt) {
  figure("in/0.jpg");
  Json::Array images;
  for (int i = 0; i < 600; ++i) {
    const std::string name = std::to_string(i) + ".jpg";
    if (i > 0) fs::create_hard_link(folder_ / "in/0.jpg", folder_ / "in" / name);
    images.push_back(Json::Object{{"id", i + 1}, {"file_name", name}, {"width", 480}, {"height", 640}});
  }
  Json::Array persons{Json::Object{{"id", 1},
                                   {"image_id", 1},
                                   {"category_id", 1},
                                   {"bbox", Json::Array{10, 10, 400, 600}},
                                   {"area", 240000},
                                   {"iscrowd", 0}}};
  write("gt.json", Json(Json::Object{{"images", images},
                                     {"annotations", persons},
                                     {"categories", Json::Array{Json::Object{{"id", 1}, {"name", "person"}}}}})
                       .dump());
  struct Stopped {
    Strings words;
    int signal, code;
  };
  for (const auto& [words, signal, code] :
       {Stopped{{"predict", "in", "--no-image", "--out", "o"}, SIGINT, 130},
        Stopped{{"detect", "in", "--out", "b.json"}, SIGINT, 130},
        Stopped{{"eval", "--detector", "poise-person", "-a", "gt.json", "-i", "in"}, SIGINT, 130},
        Stopped{{"predict", "in", "--no-image", "--out", "p"}, SIGTERM, 143}}) {
    const pid_t child = start(words);
    siginfo_t ended{};
    // The first line of progress, a tenth of the way.
    while (slurp(folder_ / ".stderr").empty() &&
           waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOHANG | WNOWAIT) == 0 && ended.si_pid == 0) {
      usleep(10'000);
    }
    kill(child, signal);
    const Outcome outcome = finish(child);
    EXPECT_EQ(outcome.code, code) << words[0] << outcome.err;
  }
}

TEST_F(Habits, ProgressHasARateAndFiguresArePlain) {
  for (int i = 0; i < 10; ++i) figure("in/" + std::to_string(i) + ".jpg");
  const Outcome outcome = run({"predict", "in", "--no-image"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(contains(outcome.err, "10/10 ")) << outcome.err;
  EXPECT_FALSE(contains(outcome.out, "e+")) << outcome.out;
  EXPECT_TRUE(contains(outcome.out, "  and 2 pictures more: --json FILE.json lists all")) << outcome.out;
}

}  // namespace
}  // namespace poise
