#include "poise/card/model_card.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>

#include "kit/temporary_folder.h"

namespace poise {
namespace {

namespace fs = std::filesystem;

constexpr Size kInput{192, 256};

Json with(const char* member, Json value, const char* preset = "simple-baselines") {
  Json card = card_preset(preset).value();
  card.set(member, std::move(value));
  return card;
}

Json without(const char* member, const Json& card) {
  Json out = Json::object();
  for (const auto& [name, value] : card.as_object())
    if (name != member) out.set(name, value);
  return out;
}

std::string parameter(const ModelCard& card, const char* name) { return card.codec->parameters().find(name)->dump(); }

void expect_error(const Json& card, const std::string& part, Size input = kInput) {
  const auto result = card_from_json(card, input);
  ASSERT_FALSE(result.ok()) << card.dump();
  EXPECT_EQ(result.error().code, ErrorCode::kInvalidArgument);
  EXPECT_NE(result.error().message.find(part), std::string::npos) << result.error().message;
  EXPECT_EQ(result.error().message.find('\n'), std::string::npos);
}

TEST(ModelCard, SimpleBaselinesWantsBgrWithMeansInRgbOrder) {
  const ModelCard card = card_from_json(card_preset("simple-baselines").value(), kInput).value();
  EXPECT_EQ(card.input.normalisation.order, ColourOrder::kBgr);
  EXPECT_EQ(card.input.normalisation.mean, (std::array{0.485F, 0.456F, 0.406F}));
  EXPECT_EQ(card.input.normalisation.std, (std::array{0.229F, 0.224F, 0.225F}));
  EXPECT_EQ(card.input.normalisation.scale, 1.0F / 255.0F);
  EXPECT_EQ(card.skeleton.name, "coco17");
  EXPECT_EQ(card.input.size.width, 192);
  EXPECT_EQ(card.input.size.height, 256);
  EXPECT_EQ(card.padding, 1.25F);
  EXPECT_EQ(parameter(card, "sigma"), "2");
  EXPECT_EQ(parameter(card, "refine"), "\"quarter\"");
  EXPECT_EQ(parameter(card, "flip_shift"), "true");
  EXPECT_EQ(card.reported, card.skeleton);
}

TEST(ModelCard, GluonAndMmposeNormaliseAlike) {
  const Normalisation gluon = card_from_json(card_preset("gluon").value(), kInput).value().input.normalisation;
  const Normalisation mmpose = card_from_json(card_preset("mmpose").value(), kInput).value().input.normalisation;
  EXPECT_EQ(gluon.order, ColourOrder::kRgb);
  EXPECT_EQ(mmpose.order, ColourOrder::kRgb);
  for (const float pixel : {0.0F, 17.0F, 255.0F})
    for (std::size_t c = 0; c < 3; ++c)
      EXPECT_NEAR((pixel * gluon.scale - gluon.mean[c]) / gluon.std[c],
                  (pixel * mmpose.scale - mmpose.mean[c]) / mmpose.std[c], 1e-5F);
}

TEST(ModelCard, AiliaNeitherPadsNorKeepsSeventeen) {
  const ModelCard card = card_from_json(card_preset("ailia").value(), kInput).value();
  EXPECT_EQ(card.input.normalisation.order, ColourOrder::kBgr);
  EXPECT_EQ(card.padding, 1.0F);
  EXPECT_EQ(card.input.resample, Resample::kArea);
  EXPECT_EQ(card.reported, find_skeleton("ailia19").value());
}

TEST(ModelCard, UnknownPresetListsThem) {
  const auto result = card_preset("simple");
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, ErrorCode::kNotFound);
  for (const std::string& name : card_preset_names())
    EXPECT_NE(result.error().message.find(name), std::string::npos) << name;
}

TEST(ModelCard, NothingIsGuessed) {
  Json card = Json::object();
  card.set("skeleton", "coco17");
  card.set("codec", "gaussian_heatmap");
  const auto result = card_from_json(card, kInput);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().message,
            "the model says nothing about colour, mean, std, padding: give option \"preset\" "
            "(simple-baselines, gluon, mmpose, ailia, rtmpose, yolo-pose, rtmo, movenet, movenet-multipose, deeppose, "
            "blazepose, "
            "lightweight-openpose, openpose), or a card in MODEL.card.json");
}

TEST(ModelCard, WrongMembersAreNamed) {
  expect_error(Json::array(), "must be an object, it is an array");
  expect_error(with("color", "rgb"), "\"color\" is not known");
  expect_error(with("col\nour", 1), "\"col?our\" is not known");
  expect_error(with("colour", "gbr"), "\"colour\" must be one of rgb, bgr, it is \"gbr\"");
  expect_error(with("colour", 3), "\"colour\" must be a string, it is a number");
  expect_error(with("name", true), "\"name\" must be a string");
  expect_error(with("skeleton", "coco18"), "\"skeleton\"");
  expect_error(with("skeleton", 17), "\"skeleton\" must be a name or an object");
  expect_error(with("mean", Json::Array{0.5, 0.5}), "\"mean\" must be three numbers");
  expect_error(with("mean", Json::Array{0.5, 0.5, "0.5"}), "\"mean\" must be three numbers");
  expect_error(with("std", Json::Array{0.2, 0.0, 0.2}), "\"std\" must lie in");
  expect_error(with("scale", 0), "\"scale\" must lie in");
  expect_error(with("padding", 0.4), "\"padding\" must lie in [0.5, 4");
  expect_error(with("padding", 4.1), "\"padding\" must lie in");
  expect_error(with("padding", nullptr), "\"padding\" must be a number, it is null");
  expect_error(with("resample", "cubic"), "\"resample\" must be one of linear, area");
  expect_error(with("codec", "fields"), "\"codec\" must be one of gaussian_heatmap");
  expect_error(with("sigma", 0), "\"sigma\" must lie in");
  expect_error(with("refine", "half"), "\"refine\" must be one of none, quarter, dark");
  expect_error(with("flip_shift", 1), "\"flip_shift\" must be true or false");
  expect_error(with("output_skeleton", "ailia20"), "\"output_skeleton\"");
  expect_error(with("output_skeleton", "lsp14"), "cannot be derived from \"coco17\"");
}

TEST(ModelCard, InputAgreesWithTheGraph) {
  expect_error(with("input", Json::Array{288, 384}), "is 288x384, the graph takes 192x256");
  expect_error(with("input", Json::Array{192}), "must be two integers");
  expect_error(with("input", Json::Array{192.5, 256}), "must be two integers");
  expect_error(with("input", Json::Array{8, 256}), "sides of 16 to 4096", {});
  expect_error(with("input", Json::Array{192, std::int64_t{1} << 40U}), "sides of 16 to 4096", {});
  expect_error(card_preset("gluon").value(), "the model takes any input size", {});
  const ModelCard free = card_from_json(with("input", Json::Array{288, 384}), {}).value();
  EXPECT_EQ(free.input.size.width, 288);
  EXPECT_EQ(free.input.size.height, 384);
}

TEST(ModelCard, MeansOfBytesNeedTheirScale) {
  expect_error(without("scale", card_preset("mmpose").value()), "say so with \"scale\": 1");
}

TEST(ModelCard, DarkNeedsSigma) {
  expect_error(without("sigma", with("refine", "dark")), "needs the member \"sigma\"");
  EXPECT_EQ(parameter(card_from_json(with("refine", "dark"), kInput).value(), "refine"), "\"dark\"");
}

TEST(ModelCard, JsonAndBackIsTheSame) {
  const Json own = parse_json(R"({"name": "pair", "joints": [{"name": "left_hand", "sigma": 0.05},
      {"name": "right_hand", "sigma": 0.05}], "flip_pairs": [["left_hand", "right_hand"]], "limbs": []})")
                       .value();
  for (const Json& start : {card_preset("simple-baselines").value(), card_preset("mmpose").value(),
                            card_preset("ailia").value(), with("skeleton", own)}) {
    ModelCard card = card_from_json(start, kInput).value();
    card.name = "r50";
    card.licence = "MIT";
    const Json json = to_json(card);
    const Json again = to_json(card_from_json(parse_json(json.dump()).value(), kInput).value());
    EXPECT_EQ(json.dump(), again.dump());
    EXPECT_EQ(card_from_json(json, kInput).value().skeleton, card.skeleton);
  }
}

TEST(ModelCard, LayersOverrideByMember) {
  const kit::TemporaryFolder folder;
  const fs::path model = folder / "net.v2.onnx";
  const fs::path sidecar = folder / "net.v2.card.json";
  std::ofstream(sidecar) << R"({"padding": 1.5, "refine": "none", "sigma": 3})";
  CardSources sources;
  sources.preset = "gluon";
  sources.flags.set("sigma", 4);
  const std::map<std::string, std::string> metadata{{kCardKey, R"({"padding": 1.1, "colour": "bgr"})"}};

  const ModelCard card = card_from_json(gather_card(model, metadata, sources).value(), kInput).value();
  EXPECT_EQ(parameter(card, "sigma"), "4");                      // flag
  EXPECT_EQ(card.padding, 1.5F);                                 // sidecar over embedded
  EXPECT_EQ(parameter(card, "refine"), "\"none\"");              // sidecar over preset
  EXPECT_EQ(card.input.normalisation.order, ColourOrder::kBgr);  // embedded over preset
  EXPECT_EQ(card.input.normalisation.mean[0], 0.485F);           // preset

  std::ofstream(sidecar) << "{";
  const auto broken = gather_card(model, metadata, sources);
  ASSERT_FALSE(broken.ok());
  EXPECT_EQ(broken.error().message.find(sidecar.string()), 0U) << broken.error().message;
  fs::remove(sidecar);
  EXPECT_EQ(gather_card(model, metadata, {}).value().dump(), R"({"padding":1.1,"colour":"bgr"})");
  EXPECT_FALSE(gather_card(model, {{kCardKey, "[]"}}, {}).ok());
  EXPECT_FALSE(gather_card(model, {}, {.flags = Json::object(), .preset = "none"}).ok());
}

}  // namespace
}  // namespace poise
