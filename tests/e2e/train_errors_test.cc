// What `poise train` and `poise export` refuse: each is said in one line, before the first step, and nothing is
// written.

#include "training.h"

namespace poise {
namespace {

class TrainErrors : public TrainProgram {
 protected:
  void SetUp() override {
    TrainProgram::SetUp();
    if (IsSkipped()) return;
    write_data(8, 2);
    write_config("tiny.yaml", "END_EPOCH: 1");
  }

  /// The last line of what it says, which is the error.
  std::string refused(const Strings& arguments) const {
    const auto before = hashes("run");
    const Outcome outcome = run(arguments);
    EXPECT_EQ(outcome.code, 1) << outcome.err;
    EXPECT_EQ(hashes("run"), before);
    const std::size_t at = outcome.err.rfind("poise: ");
    return at == std::string::npos ? outcome.err : outcome.err.substr(at);
  }
  std::string refused_config(int joints, const std::string& more) const {
    write_config("other.yaml", "END_EPOCH: 1", more, joints);
    return refused({"train", "other.yaml", "--data", "set", "--out", "run"});
  }

  Json labels() const { return json("set/train.json"); }
  /// A folder of data whose train.json is this.
  std::string refused_labels(const std::string& text) const {
    write("bad/train.json", text);
    fs::create_directories(folder_ / "bad/images");
    return refused({"train", "tiny.yaml", "--data", "bad", "--out", "run"});
  }
};

TEST_F(TrainErrors, DataThatIsNot) {
  EXPECT_EQ(refused({"train", "tiny.yaml", "--data", "none", "--out", "run"}),
            "poise: none: there is no such folder\n");
  fs::create_directories(folder_ / "bare");
  EXPECT_EQ(refused({"train", "tiny.yaml", "--data", "bare", "--out", "run"}),
            "poise: bare: it holds neither train.json nor train/, a packed set\n");
  EXPECT_EQ(refused({"train", "tiny.yaml", "--out", "run"}),
            "poise: say where the data are: --data FOLDER, or DATASET.ROOT\n");
  write_config("authors.yaml", "END_EPOCH: 1", "DATASET: {DATASET: coco, ROOT: data/coco, TRAIN_SET: train2017}\n");
  EXPECT_EQ(refused({"train", "authors.yaml", "--out", "run"}),
            "poise: data/coco/annotations/person_keypoints_train2017.json: no such file (DATASET.ROOT, "
            "TRAIN_SET and "
            "TEST_SET lead there; --data names another place)\n");
  EXPECT_EQ(refused({"train", "tiny.yaml", "--data", "set"}),
            "poise: say where the run goes: --out FOLDER (the configuration has no OUTPUT_DIR)\n");
  fs::remove_all(folder_ / "set/images/train");
  EXPECT_EQ(refused(train()),
            "poise: set/train.json: 8 pictures are not in set/images, the first is train/000000000001.jpg: put them "
            "there, or name the folder they lie in\n");
}

TEST_F(TrainErrors, APictureThatIsNone) {
  write("set/images/val/000000000001.jpg", "no picture");
  const std::string said = refused(train());
  EXPECT_TRUE(contains(said, "set/images/val/000000000001.jpg: ")) << said;
}

TEST_F(TrainErrors, LabelsOfTheWrongKind) {
  EXPECT_EQ(refused_labels(R"([{"image_id":1,"category_id":1,"keypoints":[1,2,3],"score":0.5}])"),
            "poise: bad/train.json: labels must be an object with images, annotations and categories, these are "
            "something else: are they predictions, the two files swapped?\n");
  EXPECT_EQ(refused_labels(R"({"a":1})"), "poise: bad/train.json: the truth lists no images\n");
  EXPECT_TRUE(contains(refused_labels("hello"), "bad/train.json: not valid JSON"));
  Json nobody = labels();
  nobody.set("annotations", Json::array());
  EXPECT_EQ(refused_labels(nobody.dump()), "poise: bad/train.json: it lists no annotations: nobody to learn from\n");
  Json boxes = labels();
  boxes.set("annotations", Json::Array{Json::Object{
                               {"id", 1}, {"image_id", 1}, {"category_id", 1}, {"bbox", Json::Array{1, 1, 9, 9}}}});
  EXPECT_EQ(refused_labels(boxes.dump()), "poise: bad/train.json: no annotation has keypoints: it holds boxes alone\n");
}

TEST_F(TrainErrors, ASkeletonThatDoesNotFit) {
  EXPECT_EQ(refused_config(14, "DATASET: {SKELETON: coco17}\n"),
            "poise: the network gives 14 heatmaps, skeleton \"coco17\" has 17 joints: name another skeleton "
            "(DATASET.SKELETON), or set MODEL.NUM_JOINTS to fit it\n");
  EXPECT_EQ(refused_config(5, ""),
            "poise: the network gives 5 heatmaps, skeleton \"coco17\" has 17 joints: name another skeleton "
            "(DATASET.SKELETON), or set MODEL.NUM_JOINTS to fit it\n");
  EXPECT_EQ(refused_config(21, "DATASET: {SKELETON: hand21}\n"),
            "poise: other.yaml: card member \"skeleton\": no skeleton is called \"hand21\", the built-in ones are "
            "coco17, openpose18, ailia19, lsp14, mpii16, openpose25, halpe26, blazepose33, wholebody133\n");
  Json renamed = labels();
  Json names = Json::array();
  for (int j = 0; j < 17; ++j) names.push("p" + std::to_string(j));
  renamed.set("categories", Json::Array{Json::Object{{"id", 1}, {"name", "person"}, {"keypoints", std::move(names)}}});
  write("bad/train.json", renamed.dump());
  fs::create_directory_symlink("../set/images", folder_ / "bad/images");
  EXPECT_EQ(refused({"train", "tiny.yaml", "--data", "bad", "--out", "run"}),
            "poise: bad: none of the data's joints (p0, p1, p2, ...) is one of the skeleton coco17: joints are matched "
            "by name\n");
}

TEST_F(TrainErrors, OptionsThatCannotWork) {
  EXPECT_EQ(refused(train({"--batch", "64"})),
            "poise: a batch of 64 is larger than the data set, 8 examples: make it smaller\n");
  EXPECT_EQ(refused(train({"TRAIN.BATCH_SIZE=0"})), "poise: batch is 0: give 1 to 65536\n");
  EXPECT_EQ(refused(train({"TRAIN.END_EPOCH=0"})), "poise: epochs is 0: give 1 to 1000000\n");
  for (const char* word : {"--batch=0", "--epochs=0", "--device=gpu", "--minutes=nan", "--seed=-3", "--workers=0"}) {
    EXPECT_EQ(run(train({word})).code, 2) << word;
  }
  EXPECT_EQ(refused(train({"--resume"})), "poise: run/last.ckpt: there is nothing to resume: leave out --resume\n");
  EXPECT_EQ(refused({"train", "none.yaml", "--data", "set", "--out", "run"}), "poise: none.yaml: no such file\n");
  EXPECT_EQ(refused(train({"--init", "set/train.json"})),
            "poise: set/train.json: it is a JSON text: name a network's file; its card may lie beside it\n");
  EXPECT_EQ(run({"train"}).code, 2);
  EXPECT_EQ(run(train({"--speed", "9"})).code, 2);
  EXPECT_FALSE(exists("run"));
}

TEST_F(TrainErrors, KeysThatMeanNothing) {
  write("slip.yaml", slurp(folder_ / "tiny.yaml") + "TRIAN: {LR: 1}\n");
  EXPECT_EQ(refused({"train", "slip.yaml", "--data", "set", "--out", "run"}),
            "poise: slip.yaml: there is no key \"TRIAN\" (is TRAIN meant?): mend it or take it out\n");
  EXPECT_EQ(refused(train({"TRAIN.LRR=0.1"})),
            "poise: tiny.yaml: there is no key \"TRAIN.LRR\" (is TRAIN.LR meant?): mend it or take it out\n");
  EXPECT_EQ(refused(train({"TRAIN.LR=fast"})), "poise: tiny.yaml: TRAIN.LR must be a number, it is \"fast\"\n");
  EXPECT_EQ(refused(train({"TRAIN.FREEZE=layr1"})).find("poise: TRAIN.FREEZE: no layer is called layr1: there are "),
            0U);
  EXPECT_FALSE(exists("run"));
}

TEST_F(TrainErrors, PrintingTheConfigurationChecksItAsTrainingDoes) {
  const auto said = [this](const Strings& more) {
    Strings words{"train", "tiny.yaml", "--print-config"};
    words.insert(words.end(), more.begin(), more.end());
    return refused(words);
  };
  EXPECT_EQ(said({"TRAIN.LRR=0.1"}),
            "poise: tiny.yaml: there is no key \"TRAIN.LRR\" (is TRAIN.LR meant?): mend it or take it out\n");
  EXPECT_EQ(said({"TRAIN.LR=fast"}), "poise: tiny.yaml: TRAIN.LR must be a number, it is \"fast\"\n");
  EXPECT_EQ(said({"TRAIN.LR=900"}), "poise: tiny.yaml: learning rate is 900: give 0 to 100\n");
  EXPECT_TRUE(contains(said({"TRAIN.LR="}), "\"TRAIN.LR=\" gives no value")) << said({"TRAIN.LR="});
  EXPECT_TRUE(contains(said({"TRAIN.LR=~"}), "\"TRAIN.LR=~\" gives no value"));
  EXPECT_TRUE(contains(said({"TRAIN.FREEZE=layr1"}), "no layer is called layr1: there are "));
  EXPECT_TRUE(contains(said({"MODEL.NUM_JOINTS=5", "DATASET.SKELETON=coco17"}), "the network gives 5 heatmaps"));
  EXPECT_TRUE(contains(said({"TRAIN.BATCH_SIZE=0"}), "batch is 0: give 1 to 65536"));
  const Outcome printed = run({"train", "tiny.yaml", "--print-config", "--epochs", "3", "TRAIN.LR=0.5"});
  ASSERT_EQ(printed.code, 0) << printed.err;
  const Json train = *parse_json(printed.out).value().find("TRAIN");
  EXPECT_EQ(train.integer("END_EPOCH").value(), 3);
  EXPECT_EQ(train.number("LR").value(), 0.5);
  EXPECT_TRUE(contains(run({"train", "--help"}).out, "--print-config"));
  EXPECT_EQ(run({"train", "tiny.yaml", "--data", "set", "--out", "run", "TRAIN.LR="}).code, 1);
  EXPECT_FALSE(exists("run"));
}

TEST_F(TrainErrors, ALossThatIsNoNumber) {
  write_config("wild.yaml", "END_EPOCH: 50, OPTIMIZER: sgd, MOMENTUM: 1, LR: 100");
  const Outcome outcome = run({"train", "wild.yaml", "--data", "set", "--out", "wild", "--threads", "1"});
  EXPECT_EQ(outcome.code, 1);
  const std::string said = outcome.err.substr(outcome.err.rfind("poise: "));
  EXPECT_TRUE(contains(said, "poise: the loss is no number any more in epoch ")) << said;
  EXPECT_TRUE(contains(said, ": give a lower TRAIN.LR or a warm-up")) << said;
}

TEST_F(TrainErrors, AnotherRunsCheckpoint) {
  ASSERT_EQ(run(train()).code, 0);
  EXPECT_EQ(refused(train()), "poise: run holds a run already: give --resume to go on, or another --out\n");
  EXPECT_EQ(
      refused(train({"--resume", "--epochs", "5"})),
      "poise: run/last.ckpt: the run had another configuration, TRAIN.END_EPOCH was 1, now it is 5: give the same "
      "file and flags, or another --out\n");
  write_data(12, 2);
  EXPECT_EQ(refused(train({"--resume"})),
            "poise: run/last.ckpt: the run learned from 8 persons, the data given have 12: give the same data, or "
            "another --out\n");
  // A file without what only training needs.
  fs::copy_file(folder_ / "run/best.ckpt", folder_ / "run/last.ckpt", fs::copy_options::overwrite_existing);
  write_data(8, 2);
  const std::string swapped = refused(train({"--resume"}));
  EXPECT_TRUE(contains(swapped, "run/last.ckpt: train.weights.")) << swapped;
  EXPECT_TRUE(contains(swapped, "the checkpoint is another network's or optimizer's")) << swapped;
  write("run/last.ckpt", "half a file");
  EXPECT_EQ(refused(train({"--resume"})),
            "poise: run/last.ckpt: it is neither a PyTorch checkpoint nor a safetensors file\n");

  EXPECT_EQ(refused({"export", "run/none.ckpt", "--out", "m.onnx"}), "poise: run/none.ckpt: there is no such file\n");
  EXPECT_EQ(refused({"export", "run/last.ckpt", "--out", "m.onnx"}),
            "poise: run/last.ckpt: it is neither a PyTorch checkpoint nor a safetensors file\n");
  EXPECT_EQ(run({"export", "run/best.ckpt", "--out", "m.pth"}).code, 2);
  EXPECT_FALSE(exists("m.onnx"));
}

TEST_F(TrainErrors, ADetectorsCardIsADetectors) {
  write_data(20, 2);  // every twentieth is kept for validation
  write("centres.yaml",
        "MODEL: {NAME: centre_net, IMAGE_SIZE: [64, 64], EXTRA: {NUM_LAYERS: 18, WIDTH: 0.125, HEATMAP_SIZE: [8, 8], "
        "NUM_DECONV_FILTERS: [16, 16]}}\nDATASET: {SCENES: 4}\nTRAIN: {BATCH_SIZE: 4, END_EPOCH: 1}\n");
  const Outcome trained = run({"train", "centres.yaml", "--data", "set", "--out", "run", "--threads", "1"});
  ASSERT_EQ(trained.code, 0) << trained.err;
  const std::string said = refused({"export", "run/best.ckpt", "--out", "m.onnx", "--refine", "dark"});
  EXPECT_TRUE(contains(said, "run/best.ckpt: card member \"refine\" is not known in a detector's card")) << said;
  EXPECT_FALSE(exists("m.onnx"));
  EXPECT_EQ(run({"export", "run/best.ckpt", "--out", "m.onnx"}).code, 0);

  const Outcome larger = run({"export", "run/best.ckpt", "--out", "larger.onnx", "--input", "128x96",
                              "--detect-threshold", "0.4", "--nms", "0.55", "--precision", "bf16"});
  EXPECT_EQ(larger.code, 0) << larger.err;
  const Outcome shown = run({"models", "show", "./larger.onnx", "--json"});
  ASSERT_EQ(shown.code, 0) << shown.err;
  const Json card = *parse_json(shown.out).value().find("card");
  EXPECT_EQ(card.numbers("input").value(), (std::vector<double>{128, 96}));
  EXPECT_NEAR(card.number("threshold").value(), 0.4, 1e-6);
  EXPECT_NEAR(card.number("nms").value(), 0.55, 1e-6);
  EXPECT_EQ(card.string("resample").value(), "area");
  const std::string picture = "set/images/val/000000000001.jpg";
  const Outcome found = run({"detect", picture, "--detector", "larger.onnx", "--out", "boxes.json"});
  EXPECT_EQ(found.code, 0) << found.err;
  EXPECT_TRUE(contains(refused({"export", "run/best.ckpt", "--out", "m.onnx", "--input", "100x96"}), "multiple"));
  const Outcome wide = run({"export", "run/best.ckpt", "--out", "m.onnx", "--input", "wide"});
  EXPECT_EQ(wide.code, 2);
  EXPECT_TRUE(contains(wide.err, "two sides")) << wide.err;
}

}  // namespace
}  // namespace poise
