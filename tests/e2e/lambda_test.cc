// `poise lambda`, and the static bootstrap of scripts/lambda-zip where POISE_BOOTSTRAP names one, as Lambda runs them.

#include <signal.h>

#include <chrono>
#include <cstdlib>
#include <thread>

#include "kit/lambda_runtime.h"
#include "poise/serve/http_message.h"
#include "program.h"

namespace poise {
namespace {

using kit::LambdaAnswer;
using kit::LambdaEvent;
using kit::LambdaRuntime;

const std::string kFigure = std::string(POISE_SOURCE_DIR) + "/docs/images/figure.jpg";

/// API Gateway's REST API.
std::string first_event(const std::string& method, const std::string& path, const std::string& body,
                        const Json& headers = Json::object(), const Json& query = Json()) {
  return Json(Json::Object{{"resource", "/{proxy+}"},
                           {"path", path},
                           {"httpMethod", method},
                           {"headers", headers},
                           {"multiValueHeaders", Json()},
                           {"queryStringParameters", query},
                           {"requestContext", Json::Object{{"stage", "prod"}, {"httpMethod", method}}},
                           {"body", body},
                           {"isBase64Encoded", true}})
      .dump();
}

/// API Gateway's HTTP API, and function URLs: these have no stage of a name.
std::string second_event(const std::string& method, const std::string& path, const std::string& query,
                         const std::string& body, const std::string& stage = "$default") {
  return Json(Json::Object{{"version", "2.0"},
                           {"routeKey", "$default"},
                           {"rawPath", (stage == "$default" ? "" : "/" + stage) + path},
                           {"rawQueryString", query},
                           {"headers", Json::Object{{"accept", "*/*"}}},
                           {"requestContext",
                            Json::Object{{"stage", stage}, {"http", Json::Object{{"method", method}, {"path", path}}}}},
                           {"body", body},
                           {"isBase64Encoded", true}})
      .dump();
}

class Lambda : public Program, public ::testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    Program::SetUp();
    setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1769", 1);  // one processor
    unsetenv("AWS_LAMBDA_MAX_CONCURRENCY");
    unsetenv("POISE_OPTIONS");
    if (!is_bootstrap()) return;
    const char* const given = std::getenv("POISE_BOOTSTRAP");
    if (given == nullptr) GTEST_SKIP() << "POISE_BOOTSTRAP names no program that scripts/lambda-zip made";
    program_ = given;
  }
  bool is_bootstrap() const { return GetParam() == std::string("bootstrap"); }

  pid_t start_function(const LambdaRuntime& runtime, const Strings& options = {}) {
    setenv("AWS_LAMBDA_RUNTIME_API", runtime.api().c_str(), 1);
    if (!is_bootstrap()) {
      Strings words{"lambda"};
      words.insert(words.end(), options.begin(), options.end());
      return start(words, program_);
    }
    std::string words;
    for (const std::string& option : options) words += option + " ";
    setenv("POISE_OPTIONS", words.c_str(), 1);
    return start({}, program_);
  }

  std::string program_ = POISE_PROGRAM;
};

void wait_until_asked(const LambdaRuntime& runtime, int times) {
  for (int i = 0; i < 30'000 && runtime.asked() < times; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  ASSERT_GE(runtime.asked(), times);
}

TEST_P(Lambda, AnswersWhatPredictAnswers) {
  const std::string picture = slurp(kFigure);
  constexpr std::size_t kSevenMegabytes = 7U << 20U;
  const std::string padded = picture + std::string(kSevenMegabytes / 4 * 3 - picture.size(), '\0');
  const std::string encoded = encode_base64(picture);
  const std::vector<LambdaEvent> events{
      {first_event("POST", "/v1/poses", encoded)},
      {first_event("POST", "/v1/poses", encoded, Json::Object{{"Accept", "image/png"}})},
      {second_event("POST", "/v1/poses", "", encoded, "prod")},
      {second_event("POST", "/v1/poses", "draw=1", encoded)},
      {second_event("GET", "/healthz", "", "")},
      {second_event("POST", "/v1/poses", "", encode_base64(padded))},
      {Json(Json::Object{{"image", encoded}}).dump()},
      {"{\"httpMethod\": poison"},
      {second_event("POST", "/v1/poses", "", encoded), 1'000},
      {first_event("GET", "/v1/models", "", Json::object(), Json::Object{{"a", "b"}})},
  };
  LambdaRuntime runtime(events, LambdaRuntime::Then::kWait);
  const pid_t child = start_function(runtime);
  wait_until_asked(runtime, static_cast<int>(events.size()) + 1);
  kill(child, SIGTERM);
  const Outcome ended = finish(child);
  EXPECT_EQ(ended.code, 0) << ended.err;
  const std::vector<LambdaAnswer> taken = runtime.taken();
  ASSERT_EQ(taken.size(), events.size()) << ended.err;

  fs::copy_file(kFigure, folder_ / "figure.jpg");
  ASSERT_EQ(run({"predict", "figure.jpg", "--out", "out", "--no-image", "--threads", "1"}).code, 0);
  const std::string persons = json("out/figure.poses.json").find("persons")->dump();
  const auto answer = [&](std::size_t i) { return parse_json(std::string_view(taken[i].body)).value(); };
  const auto persons_in = [](const Json& body) { return body.find("persons")->dump(); };
  const auto body = [&](std::size_t i) {
    EXPECT_EQ(answer(i).integer("statusCode").value(), 200) << taken[i].body;
    const std::string text = answer(i).string("body").value();
    return answer(i).find("isBase64Encoded")->as_bool() ? decode_base64(text).value() : text;
  };
  const auto json_body = [&](std::size_t i) { return parse_json(std::string_view(body(i))).value(); };
  for (const std::size_t i : {0, 2, 5}) EXPECT_EQ(persons_in(json_body(i)), persons) << i;
  EXPECT_EQ(persons_in(answer(6)), persons) << "a direct call";
  EXPECT_TRUE(body(1).starts_with("\x89PNG"));
  EXPECT_TRUE(body(3).starts_with("\xff\xd8"));
  EXPECT_EQ(body(4), "ok\n");
  for (std::size_t i = 0; i < events.size(); ++i) {
    const bool fails = i == 7 || i == 8;
    EXPECT_EQ(taken[i].path, "invocation/id-" + std::to_string(i) + (fails ? "/error" : "/response"));
  }
  EXPECT_EQ(taken[7].type, "Poise.MalformedEvent");
  EXPECT_EQ(taken[8].type, "Poise.Deadline");
  for (const std::size_t i : {7, 8}) {
    EXPECT_EQ(answer(i).string("errorType").value(), taken[i].type);
    EXPECT_FALSE(answer(i).string("errorMessage").value().empty());
    EXPECT_TRUE(answer(i).find("stackTrace")->is_array());
  }
  EXPECT_EQ(json_body(9).find("models")->as_array().size(), 2U);
}

TEST_P(Lambda, AnswersAnEventBeforeItEnds) {
  LambdaRuntime runtime({{second_event("POST", "/v1/poses", "", encode_base64(slurp(kFigure)))}},
                        LambdaRuntime::Then::kWait);
  const pid_t child = start_function(runtime, {"--quiet"});
  wait_until_asked(runtime, 1);
  kill(child, SIGTERM);
  const Outcome ended = finish(child);
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(ended.err, "");
  ASSERT_EQ(runtime.taken().size(), 1U);
  EXPECT_EQ(runtime.taken()[0].path, "invocation/id-0/response");
}

TEST_P(Lambda, SaysWhyItCannotBegin) {
  LambdaRuntime runtime({});
  const Outcome ended = finish(start_function(runtime, {"--model", "'not here.onnx'"}));
  EXPECT_EQ(ended.code, 1);
  ASSERT_EQ(runtime.taken().size(), 1U) << ended.err;
  EXPECT_EQ(runtime.taken()[0].path, "init/error");
  EXPECT_EQ(runtime.taken()[0].type, "Poise.Init");
  EXPECT_TRUE(contains(runtime.taken()[0].body, "not here.onnx")) << runtime.taken()[0].body;
  EXPECT_TRUE(contains(ended.err, "not here.onnx")) << ended.err;
}

INSTANTIATE_TEST_SUITE_P(Programs, Lambda, ::testing::Values("poise", "bootstrap"),
                         [](const auto& program) { return std::string(program.param); });

}  // namespace
}  // namespace poise
