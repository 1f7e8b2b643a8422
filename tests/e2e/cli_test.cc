// The built program, run as a user runs it: in a folder of its own, with good and bad pictures, models and boxes.

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "poise/base/json.h"
#include "poise/draw/figures.h"
#include "poise/image/codec.h"
#include "program.h"

namespace poise {
namespace {

const std::string kTinyModel = POISE_SOURCE_DIR "/tests/golden/pytorch_tiny/pose_resnet_tiny.onnx";

std::size_t count_lines(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

class Cli : public Program {
 protected:
  /// `poise predict ARGUMENTS...` with the small network, a whole picture being one person's where there are no boxes.
  Outcome predict(Strings arguments) const {
    arguments.insert(arguments.begin(), "predict");
    if (std::ranges::find(arguments, "--boxes") == arguments.end()) {
      arguments.insert(arguments.end(), {"--detector", "none"});
    }
    arguments.insert(arguments.end(), {"--model", kTinyModel, "--preset", "simple-baselines"});
    return run(arguments);
  }
  /// A figure's picture, 120 x 160.
  void photo(const std::string& name, std::uint64_t seed = 1) const {
    const Image image = draw_figures({.size = {120, 160}, .people = 1, .seed = seed}).image;
    fs::create_directories((folder_ / name).parent_path());
    write_image(folder_ / name, image).value();
  }
};

TEST_F(Cli, UsageErrorsEndWithTwo) {
  const std::vector<Strings> wrong{{},
                                   {"dance"},
                                   {"predict"},
                                   {"predict", "a.jpg", "--refine", "more"},
                                   {"predict", "a.jpg", "--nonsense"},
                                   {"predict", "a.jpg", "--batch", "0"},
                                   {"info"},
                                   {"run", "m.onnx"},
                                   {"bench", "m.onnx", "--threads", "two"}};
  for (const Strings& arguments : wrong) {
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.code, 2) << ::testing::PrintToString(arguments) << outcome.err;
    EXPECT_EQ(outcome.out, "") << ::testing::PrintToString(arguments);
    EXPECT_NE(outcome.err, "") << ::testing::PrintToString(arguments);
  }
}

TEST_F(Cli, HelpHasExamples) {
  EXPECT_EQ(run({"--help"}).code, 0);
  for (const std::string command : {"predict", "info", "run", "bench"}) {
    const Outcome outcome = run({command, "--help"});
    EXPECT_EQ(outcome.code, 0);
    EXPECT_TRUE(contains(outcome.out, "Examples:\n  poise " + command + " ")) << outcome.out;
  }
}

TEST_F(Cli, VersionIsOneLine) {
  const Outcome outcome = run({"--version"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.out, "poise 0.1.0\n");
}

TEST_F(Cli, OnePhotoGivesJsonAndPicture) {
  photo("a.jpg");
  const Outcome outcome = predict({"a.jpg"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(contains(outcome.out, "poise-out/a.poses.json")) << outcome.out;
  EXPECT_EQ(json("poise-out/a.poses.json").integer("poise_poses").value(), 1);
  EXPECT_EQ(read_image(folder_ / "poise-out/a.poses.jpg").value().size(), (Size{120, 160}));
}

TEST_F(Cli, WithoutPresetStopsAndListsThem) {
  photo("a.jpg");
  const Outcome outcome = run({"predict", "a.jpg", "--model", kTinyModel});
  EXPECT_EQ(outcome.code, 1);
  for (const std::string preset : {"simple-baselines", "gluon", "mmpose", "ailia"}) {
    EXPECT_TRUE(contains(outcome.err, preset)) << outcome.err;
  }
  EXPECT_EQ(count_lines(outcome.err), 1U) << outcome.err;
  EXPECT_FALSE(exists("poise-out"));
}

TEST_F(Cli, MissingModelIsNamed) {
  photo("a.jpg");
  const Outcome outcome = run({"predict", "a.jpg", "--model", "none.onnx"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(count_lines(outcome.err), 1U) << outcome.err;
  EXPECT_TRUE(contains(outcome.err, "none.onnx")) << outcome.err;
  EXPECT_EQ(run({"info", "none.onnx"}).code, 1);
  write("text.onnx", "this is no network");
  EXPECT_TRUE(contains(run({"info", "text.onnx"}).err, "text.onnx"));
}

TEST_F(Cli, WithoutAModelTheShippedOneIsUsed) {
  photo("a.jpg");
  const Outcome outcome = run({"predict", "a.jpg", "--detector", "none", "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const Json summary = parse_json(outcome.out).value();
  EXPECT_EQ(summary.find("model")->string("file").value(), "poise-small");
  EXPECT_TRUE(exists("poise-out/a.poses.jpg"));
  const Json poses = parse_json(slurp(folder_ / "poise-out/a.poses.json")).value();
  EXPECT_EQ(poses.find("persons")->as_array().size(), 1U);
  // It has a name, and every command takes it.
  EXPECT_EQ(run({"predict", "a.jpg", "--model", "poise-small", "--out", "named"}).code, 0);
  EXPECT_TRUE(contains(run({"models"}).out, "poise-small"));
  EXPECT_TRUE(contains(run({"models", "show", "poise-small"}).out, "licence"));
  EXPECT_EQ(run({"info", "poise-small"}).code, 0);
}

/// What `scripts/quickstart` shows who gives no photograph: the program and its networks, nothing told. The truth is
/// what scripts/figure.py prints.
TEST_F(Cli, TheQuickstartsFigureIsFoundAndDrawnRightly) {
  const Outcome outcome = run({"predict", POISE_SOURCE_DIR "/docs/images/figure.jpg"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(exists("poise-out/figure.poses.jpg"));
  const Json persons = *json("poise-out/figure.poses.json").find("persons");
  ASSERT_EQ(persons.as_array().size(), 1U);
  const Json& joints = *persons.as_array().at(0).find("keypoints");
  const std::vector<std::pair<std::size_t, Point>> truth{
      {5, {255.6F, 212.5F}},  {6, {164.0F, 212.5F}},  {7, {298.7F, 265.7F}},  {8, {100.2F, 231.1F}},
      {9, {318.0F, 324.7F}},  {10, {74.3F, 171.0F}},  {11, {233.3F, 325.2F}}, {12, {186.3F, 325.2F}},
      {13, {247.0F, 433.9F}}, {14, {174.4F, 433.9F}}, {15, {254.4F, 533.3F}}, {16, {163.1F, 532.0F}}};
  for (const auto& [joint, point] : truth) {
    const auto& found = joints.as_array().at(joint).as_array();
    const double off = std::hypot(found.at(0).as_number() - point.x, found.at(1).as_number() - point.y);
    EXPECT_LT(off, 30.0) << "joint " << joint;                     // of a person 440 pixels tall
    EXPECT_GE(found.at(2).as_number(), 0.3) << "joint " << joint;  // else it is not drawn
  }
}

TEST_F(Cli, ComputeThreadsSpinShortlyUnlessTheUserSaysOtherwise) {
  const Strings shown{"OMP_DISPLAY_ENV=verbose", POISE_PROGRAM, "--version"};
  const Outcome own = run(shown, "/usr/bin/env");
  ASSERT_EQ(own.code, 0) << own.err;
  if (own.err.find("GOMP_SPINCOUNT") == std::string::npos) GTEST_SKIP() << "OpenMP is not GNU's";
  EXPECT_NE(own.err.find("GOMP_SPINCOUNT = '2000'"), std::string::npos) << own.err;
  Strings chosen = shown;
  chosen.insert(chosen.begin(), "GOMP_SPINCOUNT=7");
  EXPECT_NE(run(chosen, "/usr/bin/env").err.find("GOMP_SPINCOUNT = '7'"), std::string::npos);
}

TEST_F(Cli, VideosAreDealtWithByTheProgramBesideIt) {
  const fs::path video = fs::path(POISE_PROGRAM).parent_path() / "poise-video";
  if (!fs::exists(video)) GTEST_SKIP() << "this build reads no videos";
  // Alone, the program says what is missing; with the other beside it, the file's fault.
  fs::create_directories(folder_ / "alone");
  fs::copy_file(POISE_PROGRAM, folder_ / "alone" / "poise");
  photo("clip.png");
  fs::rename(folder_ / "clip.png", folder_ / "clip.mp4");
  const Outcome alone = run({"track", "clip.mp4", "--out", "out"}, (folder_ / "alone" / "poise").string());
  EXPECT_EQ(alone.code, 1);
  EXPECT_NE(alone.err.find("poise-video is not beside it"), std::string::npos) << alone.err;
  const Outcome both = run({"track", "clip.mp4", "--out", "out"});
  EXPECT_EQ(both.err.find("poise-video"), std::string::npos) << both.err;
}

TEST_F(Cli, LibTorchFindsTheSamePoses) {
  const std::string program = (fs::path(POISE_PROGRAM).parent_path() / "poise-torch").string();
  if (!fs::exists(program)) GTEST_SKIP() << "this build has no LibTorch: --device cuda is not tested";
  photo("a.jpg");
  ASSERT_EQ(run({"predict", "a.jpg", "--detector", "none", "--out", "engine", "--precision", "fp32"}).code, 0);
  const Outcome outcome = run({"predict", "a.jpg", "--detector", "none", "--out", "torch", "--device", "cpu"}, program);
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const Json found = json("torch/a.poses.json"), wanted = json("engine/a.poses.json");
  EXPECT_EQ(found.find("settings")->string("backend").value(), "libtorch cpu");
  const auto joints = [](const Json& poses) {
    return poses.find("persons")->as_array()[0].find("keypoints")->as_array();
  };
  const auto a = joints(found), b = joints(wanted);
  ASSERT_EQ(a.size(), 17U);
  ASSERT_EQ(b.size(), 17U);
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t k = 0; k < 3; ++k)
      EXPECT_NEAR(a[i].as_array()[k].as_number(), b[i].as_array()[k].as_number(), 1e-3);
  }
}

TEST_F(Cli, ADeviceThatIsNotThereIsNamed) {
  photo("a.jpg");
  const Outcome absent = run({"predict", "a.jpg", "--device", "cuda:9"});
  EXPECT_EQ(absent.code, 1);
  EXPECT_EQ(count_lines(absent.err), 1U) << absent.err;
  EXPECT_EQ(run({"predict", "a.jpg", "--device", "tpu"}).code, 2);
  EXPECT_FALSE(exists("poise-out"));
}

TEST_F(Cli, BadPicturesAreNamedAndTheOthersDone) {
  fs::create_directory(folder_ / "in");
  photo("in/a_good.jpg", 1);
  photo("in/z_good.png", 2);
  write("in/empty.jpg", "");
  write("in/text.jpg", "dear diary, this is no picture\n");
  const std::string png = slurp(folder_ / "in/z_good.png");
  write("in/cut.png", png.substr(0, png.size() / 2));
  std::string huge = slurp(folder_ / "in/a_good.jpg");  // SOF0: FF C0, length (2), precision, height (2), width (2)
  const std::size_t frame = huge.find("\xFF\xC0");
  ASSERT_NE(frame, std::string::npos);
  for (const std::size_t at : {frame + 5, frame + 7}) huge.replace(at, 2, "\xFF\xDC");  // 65500
  write("in/huge.jpg", huge);

  const Outcome outcome = predict({"in"});
  EXPECT_EQ(outcome.code, 1);
  for (const std::string name : {"empty.jpg", "text.jpg", "cut.png", "huge.jpg"}) {
    std::istringstream lines(outcome.err);
    int named = 0;
    for (std::string line; std::getline(lines, line);) named += contains(line, "poise: in/" + name + ": ") ? 1 : 0;
    EXPECT_EQ(named, 1) << name << "\n" << outcome.err;
    EXPECT_FALSE(exists("poise-out/in/" + fs::path(name).stem().string() + ".poses.json")) << name;
  }
  EXPECT_TRUE(exists("poise-out/in/a_good.poses.json"));
  EXPECT_TRUE(exists("poise-out/in/z_good.poses.json"));
}

TEST_F(Cli, TheOnePictureThatWasDoneIsNamed) {
  photo("in/good.jpg");
  write("in/bad.jpg", "no picture\n");
  const Outcome outcome = predict({"in"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(contains(outcome.out, "poise-out/in/good.poses.json")) << outcome.out;
  EXPECT_FALSE(contains(outcome.out, "bad")) << outcome.out;
}

TEST_F(Cli, PathsAreKeptUnderOutAndNothingCollides) {
  fs::create_directories(folder_ / "x/deep");
  photo("a.jpg", 1);
  photo("x/a.jpg", 2);
  photo("x/a.png", 3);
  photo("x/deep/a.jpg", 4);
  const Outcome outcome = predict({"a.jpg", "x", "--out", "results", "--no-image"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  std::size_t found = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder_ / "results")) {
    EXPECT_NE(entry.path().extension(), ".jpg");
    found += entry.path().string().ends_with(".poses.json") ? 1U : 0U;
  }
  EXPECT_EQ(found, 4U);
  EXPECT_TRUE(exists("results/a.poses.json"));
  EXPECT_TRUE(exists("results/x/a.poses.json"));
  EXPECT_TRUE(exists("results/x/deep/a.poses.json"));
}

TEST_F(Cli, NothingIsWrittenOutsideOut) {
  fs::create_directory(folder_ / "sub");
  photo("a.jpg");
  EXPECT_EQ(predict({"sub/../../" + folder_.filename().string() + "/a.jpg", "--out", "sub/out"}).code, 0);
  Strings outside;
  for (const auto& entry : fs::recursive_directory_iterator(folder_)) {
    const std::string path = fs::relative(entry.path(), folder_).string();
    if (entry.is_regular_file() && !path.starts_with("sub/out/") && path[0] != '.') outside.push_back(path);
  }
  EXPECT_EQ(outside, Strings{"a.jpg"});
}

TEST_F(Cli, TheFolderAtHandIsAFolder) {
  photo("a.jpg");
  for (int run = 0; run < 2; ++run) {  // what was drawn is no picture of the second
    const Outcome outcome = predict({"."});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_TRUE(contains(outcome.out, "1 picture, ")) << outcome.out;
  }
  EXPECT_TRUE(exists("poise-out/a.poses.json"));
  EXPECT_FALSE(exists("poise-out/poise-out"));
}

TEST_F(Cli, EmptyFolderAndMissingPhotoAreNamed) {
  fs::create_directory(folder_ / "nothing");
  for (const std::string name : {"nothing", "missing.jpg", "no*.jpg"}) {
    const Outcome outcome = predict({name});
    EXPECT_EQ(outcome.code, 1) << name;
    EXPECT_EQ(count_lines(outcome.err), 1U) << outcome.err;
    EXPECT_TRUE(contains(outcome.err, name)) << outcome.err;
  }
}

TEST_F(Cli, UnwritableOutputIsNamed) {
  photo("a.jpg");
  write("taken", "a file where the folder should be");
  const Outcome outcome = predict({"a.jpg", "--out", "taken"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(count_lines(outcome.err), 1U) << outcome.err;
  EXPECT_TRUE(contains(outcome.err, "taken")) << outcome.err;
  if (geteuid() != 0) {  // root writes anywhere
    fs::create_directory(folder_ / "locked");
    fs::permissions(folder_ / "locked", fs::perms::owner_read | fs::perms::owner_exec);
    EXPECT_EQ(predict({"a.jpg", "--out", "locked"}).code, 1);
  }
}

TEST_F(Cli, BoxesOfTheWrongKindAreRefused) {
  photo("a.jpg");
  const std::vector<std::pair<std::string, std::string>> wrong{
      {"empty.json", ""},
      {"text.json", "no json"},
      {"number.json", "42"},
      {"object.json", R"({"hello": 1})"},
      {"bbox.json", R"([{"file_name": "a.jpg", "category_id": 1, "bbox": [1, 2, "three", 4], "score": 1}])"},
      {"short.json", R"([{"file_name": "a.jpg", "category_id": 1, "bbox": [1, 2], "score": 1}])"},
      {"deep.json", std::string(100'000, '[') + std::string(100'000, ']')},
  };
  for (const auto& [name, text] : wrong) {
    write(name, text);
    const Outcome outcome = predict({"a.jpg", "--boxes", name});
    EXPECT_EQ(outcome.code, 1) << name;
    EXPECT_EQ(count_lines(outcome.err), 1U) << outcome.err;
    EXPECT_TRUE(contains(outcome.err, name)) << outcome.err;
  }
  EXPECT_EQ(predict({"a.jpg", "--boxes", "missing.json"}).code, 1);
}

TEST_F(Cli, BoxesOutsideThePictureOrEmptyAreNamedAndTheOthersDone) {
  photo("a.jpg");
  write("boxes.json", R"([{"file_name": "a.jpg", "category_id": 1, "bbox": [10, 10, 60, 120], "score": 0.9},
                          {"file_name": "a.jpg", "category_id": 1, "bbox": [500, 500, 50, 50], "score": 0.8},
                          {"file_name": "a.jpg", "category_id": 1, "bbox": [20, 20, 0, 50], "score": 0.7}])");
  const Outcome outcome = predict({"a.jpg", "--boxes", "boxes.json"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(count_lines(outcome.err), 2U) << outcome.err;
  EXPECT_TRUE(contains(outcome.err, "a.jpg")) << outcome.err;
  const Json poses = json("poise-out/a.poses.json");
  const Json* persons = poses.find("persons");
  ASSERT_NE(persons, nullptr) << poses.dump();
  EXPECT_EQ(persons->as_array().size(), 1U);
}

TEST_F(Cli, WherePeopleComeFromIsSaid) {
  photo("a.jpg");
  const auto source = [&](const Strings& more) {
    Strings words{"predict", "a.jpg", "--no-image"};
    words.insert(words.end(), more.begin(), more.end());
    EXPECT_EQ(run(words).code, 0);
    return json("poise-out/a.poses.json").find("settings")->string("boxes").value();
  };
  EXPECT_EQ(source({}), "poise-person");
  EXPECT_EQ(source({"--detector", "none"}), "whole image");
  write("boxes.json", R"([{"file_name": "a.jpg", "category_id": 1, "bbox": [10, 10, 60, 120], "score": 0.9}])");
  EXPECT_EQ(source({"--boxes", "boxes.json"}), "boxes.json");
}

TEST_F(Cli, WhereNobodyIsFoundTheWayOnIsSaid) {
  write_image(folder_ / "sky.png", Image(120, 90)).value();
  const Outcome outcome = run({"predict", "sky.png"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_TRUE(contains(outcome.out, "0 persons")) << outcome.out;
  EXPECT_TRUE(contains(outcome.err, "--detect-threshold")) << outcome.err;
  EXPECT_TRUE(contains(outcome.err, "--detector none")) << outcome.err;
  EXPECT_EQ(run({"predict", "sky.png", "--quiet"}).err, "");
}

TEST_F(Cli, QuietSaysNothing) {
  photo("a.jpg");
  const Outcome outcome = predict({"a.jpg", "--quiet"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(outcome.err, "");
  EXPECT_TRUE(exists("poise-out/a.poses.json"));
}

TEST_F(Cli, JsonIsOneDocumentOnStandardOutput) {
  photo("a.jpg");
  photo("b.jpg", 2);
  const Outcome outcome = predict({"a.jpg", "b.jpg", "--json"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  const Json summary = parse_json(outcome.out).value();
  EXPECT_EQ(summary.integer("pictures").value(), 2);
  EXPECT_EQ(summary.integer("persons").value(), 2);
  EXPECT_EQ(predict({"a.jpg", "--json", "summary.json"}).code, 0);
  EXPECT_EQ(json("summary.json").integer("pictures").value(), 1);
}

TEST_F(Cli, TrainingConfigurationIsPrintedAsJson) {
  write("c.yaml", "MODEL:\n  NUM_JOINTS: 14\nTRAIN:\n  LR: 1e-3\n  LR_STEP: [90, 120]\n");
  const Outcome outcome = run({"train", "c.yaml", "--print-config"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(parse_json(outcome.out).value().dump(),
            R"({"MODEL":{"NUM_JOINTS":14},"TRAIN":{"LR":0.001,"LR_STEP":[90,120]}})");
  write("c.json", outcome.out);
  EXPECT_EQ(run({"train", "--print-config", "c.json"}).out, outcome.out);
  write("broken.json", "MODEL:\n");  // YAML, but not by its name
  const Outcome broken = run({"train", "broken.json", "--print-config"});
  EXPECT_EQ(broken.code, 1);
  EXPECT_TRUE(contains(broken.err, "broken.json: not valid JSON")) << broken.err;
  EXPECT_EQ(run({"train", "c.yaml", "--print-config", "--qiet"}).code, 2);
  for (const char* key : {"TRAIN.LR=", "TRAIN.LRR=1", "TRAIN.LR", "MODEL.NAME=none"}) {
    const Outcome wrong = run({"train", "c.yaml", "--print-config", key});
    EXPECT_NE(wrong.code, 0) << key;
    EXPECT_EQ(wrong.out, "") << key;
    EXPECT_TRUE(contains(wrong.err, "poise: ")) << key << wrong.err;
  }
}

TEST_F(Cli, EveryFormatIsWritten) {
  photo("a.jpg");
  EXPECT_EQ(predict({"a.jpg", "--format", "coco", "--no-image"}).code, 0);
  EXPECT_EQ(json("poise-out/results.json").as_array().size(), 1U);
  EXPECT_EQ(predict({"a.jpg", "--format", "openpose", "--no-image"}).code, 0);
  EXPECT_NE(json("poise-out/a_keypoints.json").find("people"), nullptr);
  EXPECT_EQ(predict({"a.jpg", "--format", "csv", "--no-image"}).code, 0);
  EXPECT_EQ(count_lines(slurp(folder_ / "poise-out/a.poses.csv")), 18U);  // a header and 17 joints
  EXPECT_EQ(predict({"a.jpg", "--heatmaps"}).code, 0);
  EXPECT_TRUE(exists("poise-out/a.heatmaps.jpg"));
  EXPECT_TRUE(exists("poise-out/a.heatmaps.npy"));
}

TEST_F(Cli, BackendsAgree) {
  photo("a.jpg");
  ASSERT_EQ(predict({"a.jpg", "--out", "fast", "--format", "coco", "--no-image"}).code, 0);
  ASSERT_EQ(predict({"a.jpg", "--out", "plain", "--format", "coco", "--no-image", "--backend", "reference"}).code, 0);
  const std::vector<double> fast = json("fast/results.json").as_array().at(0).numbers("keypoints").value();
  const std::vector<double> plain = json("plain/results.json").as_array().at(0).numbers("keypoints").value();
  ASSERT_EQ(fast.size(), 51U);
  ASSERT_EQ(plain.size(), 51U);
  for (std::size_t i = 0; i < fast.size(); ++i) EXPECT_NEAR(fast[i], plain[i], 0.01) << i;
}

TEST_F(Cli, InfoRunAndBenchAnswer) {
  const Outcome info = run({"info", kTinyModel, "--json"});
  ASSERT_EQ(info.code, 0) << info.err;
  EXPECT_GT(parse_json(info.out).value().integer("parameters").value(), 0);
  const std::string golden = POISE_SOURCE_DIR "/tests/golden/pytorch_tiny/pose_resnet_tiny_input.npy";
  const Outcome outcome = run({"run", kTinyModel, "--input", golden, "--output", "y.npy"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(exists("y.npy"));
  const Outcome bench =
      run({"bench", kTinyModel, "--threads", "1", "--batch", "1,2", "--runs", "2", "--seconds", "0", "--json"});
  ASSERT_EQ(bench.code, 0) << bench.err;
  EXPECT_EQ(parse_json(bench.out).value().find("rows")->as_array().size(), 2U);
}

TEST_F(Cli, ATunedPlanIsKeptAndDeterministicResultsDoNotDependOnIt) {
  photo("a.jpg");
  const auto keypoints = [&](const Strings& more) {
    Strings words{"a.jpg", "--out", "out", "--format", "coco", "--no-image"};
    words.insert(words.end(), more.begin(), more.end());
    EXPECT_EQ(predict(words).code, 0);
    return json("out/results.json").as_array().at(0).numbers("keypoints").value();
  };
  const Strings one{"--deterministic", "--threads", "1", "--batch", "1"};
  const std::vector<double> before = keypoints(one);
  const Outcome tuned = run({"bench", kTinyModel, "--threads", "2", "--runs", "2", "--seconds", "0", "--tune"});
  ASSERT_EQ(tuned.code, 0) << tuned.err;
  EXPECT_TRUE(exists("plans"));
  EXPECT_EQ(keypoints(one), before);
  EXPECT_EQ(keypoints({"--deterministic", "--threads", "2", "--batch", "8"}), before);
}

/// A trained network on real photographs: 163 annotated persons give 163 results. Up to a minute.
TEST_F(Cli, TrainedNetworkAnswersForEveryAnnotatedPerson) {
  const fs::path shared = fs::path(POISE_SOURCE_DIR) / "../shared";
  const fs::path model = shared / "models/ultralight-simplepose.onnx", data = shared / "data/coco-persons";
  if (!fs::exists(model) || !fs::exists(data)) GTEST_SKIP() << "../shared (trained network, photographs) is not there";
  const Outcome outcome =
      run({"predict", (data / "images").string(), "--boxes", (data / "persons.json").string(), "--model",
           model.string(), "--preset", "gluon", "--format", "coco", "--no-image", "--quiet"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(json("poise-out/results.json").as_array().size(), 163U);
}

TEST_F(Cli, AFullDiskBehindStandardOutputIsAFailure) {
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  const std::string program = POISE_PROGRAM;
  write("gt.txt", "1,1,10,10,50,80,1,1,1\n");
  for (const std::string command :
       {"info poise-small", "info poise-small --json", "models list", "models list --json", "metrics mot gt.txt gt.txt",
        "metrics mot gt.txt gt.txt --json", "--help", "predict --help", "--version"}) {
    const Outcome outcome = run({"-c", program + " " + command + " >/dev/full"}, "/bin/sh");
    EXPECT_EQ(outcome.code, 1) << command;
    EXPECT_TRUE(contains(outcome.err, "standard output cannot be written")) << command << ": " << outcome.err;
  }
}

TEST_F(Cli, NamesReachTheTerminalSpelledOut) {
  const std::string name = "evil\x1b[31m\nname.jpg";
  write(name, "no picture");
  const Outcome outcome = run({"predict", name, "--no-image"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(contains(outcome.err, "evil\\x1b[31m\\x0aname.jpg")) << outcome.err;
  EXPECT_FALSE(contains(outcome.err + outcome.out, "\x1b")) << outcome.err;
}

}  // namespace
}  // namespace poise
