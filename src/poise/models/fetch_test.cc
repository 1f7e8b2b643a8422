#include "poise/models/fetch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>

#include "kit/temporary_folder.h"
#include "poise/base/sha256.h"
#include "poise/card/detector_card.h"
#include "poise/card/model_card.h"
#include "poise/card/one_stage_card.h"
#include "poise/models/network_facts.h"

namespace poise {
namespace {

namespace fs = std::filesystem;
const fs::path kGolden = POISE_SOURCE_DIR "/tests/golden/tensorflow";

Bytes golden(const std::string& name) { return read_file(kGolden / name, 1U << 20U).value(); }

/// A package of one small model, and a client that has it: no network is asked.
class Fetch : public ::testing::Test {
 protected:
  Fetch() : topology_(sha256_hex(golden("open.json"))), weights_(sha256_hex(golden("open.bin"))) {
    files_ = {{{"package/deep/open.json", topology_}, {"package/deep/open.bin", weights_}}};
    model_.name = "open";
    model_.registry = "npm";
    model_.package = "@some/models";
    model_.version = "1.2.3";
    model_.files = files_;
    model_.outputs = outputs_;
    model_.licence = "MIT";
    model_.source = "someone";
    model_.card = "{}";
  }

  /// Plays npm, pip, tar and python3, and writes down what was asked.
  Result<ProgramEnd> play(const std::vector<std::string>& words, const fs::path& folder) {
    asked_.push_back(words);
    const bool fetches =
        std::ranges::count(words, std::string("pack")) + std::ranges::count(words, std::string("download")) > 0;
    if (fetches) {
      const fs::path archive = folder / (words[0] == "npm" ? "a.tgz" : "a.whl");
      if (client_.code == 0) write_file_atomic(archive, std::string_view("x")).value();
      return client_;
    }
    fs::create_directories(folder / "package/deep");
    for (const std::string name : {"open.json", "open.bin"}) fs::copy(kGolden / name, folder / "package/deep" / name);
    if (spoils_) write_file_atomic(folder / "package/deep/open.bin", std::string_view("other")).value();
    return ProgramEnd{};
  }

  Result<bool> fetch(const fs::path& archive = {}) {
    return fetch_model(store_, model_, {.archive = archive, .run = [this](const auto& words, const fs::path& folder) {
                                          return play(words, folder);
                                        }});
  }
  /// Nothing but what belongs there.
  void expect_tidy() const {
    for (const auto& entry : fs::directory_iterator(store_.folder())) {
      const std::string name = entry.path().filename().string();
      EXPECT_TRUE(name == "open.onnx" || name == "index.json") << name;
    }
  }

  std::string topology_, weights_;
  std::array<PublishedFile, 2> files_;
  std::array<std::string_view, 1> outputs_{"mean"};
  PublishedModel model_;
  ProgramEnd client_;
  bool spoils_ = false;
  std::vector<std::vector<std::string>> asked_;
  const kit::TemporaryFolder folder_;
  const ModelStore store_{folder_ / "models"};
};

TEST_F(Fetch, IsConvertedAndKept) {
  EXPECT_TRUE(fetch().value());
  const OpenModel opened = store_.open("open").value();
  EXPECT_EQ(opened.onnx.kind, "onnx");
  ASSERT_EQ(opened.onnx.graph.outputs.size(), 1U);
  EXPECT_EQ(opened.onnx.graph.values.at(opened.onnx.graph.outputs[0]).name, "mean");
  const std::vector<StoredModel> models = store_.list().value();
  ASSERT_EQ(models.size(), 1U);
  EXPECT_EQ(models[0].licence, "MIT");
  EXPECT_EQ(fault_of(models[0]), "");
  expect_tidy();
  EXPECT_FALSE(fetch().value());  // the same again
}

/// (1, ?, ?, 3): the size that is given is height and width, wherever they stand.
TEST_F(Fetch, FactsOfAnOpenNetworkInTensorflowsOrder) {
  ASSERT_TRUE(fetch().ok());
  const NetworkFacts facts = network_facts(store_.open("open").value(), {.input = {32, 16}}).value();
  EXPECT_EQ(facts.inputs.at(0).shape, (Shape{1, -1, -1, 3}));
  EXPECT_EQ(facts.multiply_adds, 8 * 16 * 3 * 9 * 8);
}

TEST_F(Fetch, AsksTheRegistrysOwnClient) {
  ASSERT_TRUE(fetch().ok());
  ASSERT_EQ(asked_.size(), 2U);
  EXPECT_EQ(asked_[0], (std::vector<std::string>{"npm", "pack", "-s", "@some/models@1.2.3"}));
  EXPECT_EQ(asked_[1][0], "tar");
  EXPECT_EQ(asked_[1].back(), "package/deep/open.bin");
  asked_.clear();
  model_.registry = "pypi";
  ASSERT_TRUE(fetch().ok());
  EXPECT_EQ(asked_[0].back(), "@some/models==1.2.3");
  EXPECT_EQ(asked_[0][2], "pip");
}

TEST_F(Fetch, AnArchiveNeedsNoClient) {
  EXPECT_EQ(fetch(folder_ / "absent.tgz").error().code, ErrorCode::kNotFound);
  ASSERT_TRUE(write_file_atomic(folder_ / "there.tgz", std::string_view("x")).ok());
  asked_.clear();
  EXPECT_TRUE(fetch(folder_ / "there.tgz").value());
  ASSERT_EQ(asked_.size(), 1U);
  EXPECT_EQ(asked_[0][0], "tar");
}

TEST_F(Fetch, WhatIsNotTheListedFileIsNotKept) {
  spoils_ = true;
  const auto fetched = fetch();
  ASSERT_FALSE(fetched.ok());
  EXPECT_EQ(fetched.error().code, ErrorCode::kMalformed);
  EXPECT_NE(fetched.error().message.find("package/deep/open.bin: its sha256 is"), std::string::npos);
  EXPECT_TRUE(store_.list().value().empty());
  expect_tidy();
}

TEST_F(Fetch, WithoutANetworkItSaysWhatToDo) {
  client_ = {.code = 1, .output = "npm error code ENOTFOUND\nnpm error network request failed\n"};
  const Error offline = fetch().error();
  EXPECT_EQ(offline.code, ErrorCode::kIo);
  for (const std::string part : {"npm pack @some/models@1.2.3", "network request failed", "archive", "https-proxy"}) {
    EXPECT_NE(offline.message.find(part), std::string::npos) << offline.message;
  }
  EXPECT_EQ(offline.message.find('\n'), std::string::npos);
  client_ = {.code = 127, .output = ""};
  const Error without = fetch().error();
  EXPECT_EQ(without.code, ErrorCode::kNotFound);
  EXPECT_NE(without.message.find("apt-get install npm"), std::string::npos) << without.message;
  expect_tidy();
}

TEST(Published, AreFoundByTheirWords) {
  EXPECT_EQ(search_published({}).size(), published_models().size());
  const std::vector<std::string> words{"MoveNet", "six people"};
  const auto found = search_published(words);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0]->name, "movenet-multipose");
  EXPECT_TRUE(search_published(std::vector<std::string>{"nobody"}).empty());
  EXPECT_NE(find_published("nobody").error().message.find("movenet-thunder"), std::string::npos);
}

TEST(Published, ArePinned) {
  for (const PublishedModel& model : published_models()) {
    SCOPED_TRACE(model.name);
    EXPECT_TRUE(model.registry == "npm" || model.registry == "pypi");
    EXPECT_FALSE(model.files.empty());
    for (const PublishedFile& file : model.files) EXPECT_EQ(file.sha256.size(), 64U);
    EXPECT_FALSE(model.licence.empty());
    EXPECT_EQ(card_of(model).string("name").value(), model.name);
  }
  EXPECT_TRUE(std::ranges::is_sorted(published_models(), {}, &PublishedModel::name));
}

TEST(Published, CardsAreRead) {
  for (const PublishedModel& model : published_models()) {
    SCOPED_TRACE(model.name);
    const Json card = card_of(model);
    const Size input{256, 256};
    if (is_detector_card(card)) {
      EXPECT_EQ(detector_card_from_json(card, input).value().licence, model.licence);
    } else if (is_one_stage_card(card)) {
      EXPECT_EQ(one_stage_card_from_json(card, {}).value().licence, model.licence);
    } else {
      EXPECT_EQ(card_from_json(card, input).value().licence, model.licence);
    }
  }
}

}  // namespace
}  // namespace poise
