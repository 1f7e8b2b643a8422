// The loop against a stand-in for the runtime's API.

#include "poise/serve/lambda/runtime_loop.h"

#include <gtest/gtest.h>

#include <chrono>
#include <stop_token>
#include <thread>

#include "kit/lambda_runtime.h"
#include "poise/base/file.h"
#include "poise/serve/http_message.h"

namespace poise {
namespace {

using kit::LambdaAnswer;
using kit::LambdaRuntime;

std::string figure() {
  const Bytes bytes = read_file(std::string(POISE_SOURCE_DIR) + "/docs/images/figure.jpg", 1U << 26U).value();
  return encode_base64({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

std::string url_event(const std::string& query, const std::string& body) {
  return Json(Json::Object{
                  {"version", "2.0"},
                  {"rawPath", "/v1/poses"},
                  {"rawQueryString", query},
                  {"requestContext", Json::Object{{"stage", "$default"}, {"http", Json::Object{{"method", "POST"}}}}},
                  {"body", body},
                  {"isBase64Encoded", true}})
      .dump();
}

TEST(Lambda, EventsAreAnsweredAndBadOnesReported) {
  const std::string picture = figure();
  LambdaRuntime runtime({{url_event("", picture)},
                         {url_event("draw=1", picture)},
                         {Json(Json::Object{{"image", picture}}).dump()},
                         {"poison"},
                         {url_event("", encode_base64("no picture"))},
                         {url_event("", picture), 1'000},
                         {Json(Json::Object{{"image", "AAAA"}}).dump()},
                         {url_event("", picture)}});
  std::vector<std::string> log;
  const Status ended =
      run_lambda({}, {.api = runtime.api(), .log = [&](const std::string& line) { log.push_back(line); }});
  EXPECT_FALSE(ended.ok()) << "the runtime has gone";
  const std::vector<LambdaAnswer> taken = runtime.taken();
  ASSERT_EQ(taken.size(), 8U);
  const auto json = [&](std::size_t i) { return parse_json(std::string_view(taken[i].body)).value(); };
  const std::string root = "invocation/id-";
  EXPECT_EQ(taken[0].path, root + "0/response");
  EXPECT_EQ(json(0).integer("statusCode").value(), 200);
  const std::string body = json(0).string("body").value();
  const Json poses = parse_json(std::string_view(body)).value();
  EXPECT_EQ(poses.find("persons")->as_array().size(), 1U);
  EXPECT_TRUE(json(1).find("isBase64Encoded")->as_bool());
  EXPECT_TRUE(decode_base64(json(1).string("body").value())->starts_with("\xff\xd8"));
  EXPECT_EQ(json(2).find("persons")->dump(), poses.find("persons")->dump());
  EXPECT_EQ(taken[3].path, root + "3/error");
  EXPECT_EQ(taken[3].type, "Poise.MalformedEvent");
  EXPECT_EQ(json(3).string("errorType").value(), "Poise.MalformedEvent");
  EXPECT_EQ(json(4).integer("statusCode").value(), 400);
  EXPECT_EQ(taken[5].type, "Poise.Deadline");
  EXPECT_EQ(taken[6].type, "Poise.BadRequest");
  EXPECT_EQ(json(7).string("body").value(), json(0).string("body").value());
  EXPECT_EQ(log.size(), 8U);
}

TEST(Lambda, WhatCannotBeOpenedIsReported) {
  LambdaRuntime runtime({});
  PoseServiceOptions options;
  options.finder.model = "absent.onnx";
  EXPECT_FALSE(run_lambda(options, {.api = runtime.api()}).ok());
  ASSERT_EQ(runtime.taken().size(), 1U);
  EXPECT_EQ(runtime.taken()[0].path, "init/error");
  EXPECT_TRUE(runtime.taken()[0].body.find("absent.onnx") != std::string::npos);
}

TEST(Lambda, AskedToStopItEndsOnceNothingIsOwed) {
  for (const bool while_it_works : {false, true}) {
    std::vector<kit::LambdaEvent> events;
    if (while_it_works) events.push_back({url_event("", figure())});
    LambdaRuntime runtime(events, LambdaRuntime::Then::kWait);
    std::stop_source stop;
    std::thread asker([&] {
      while (runtime.asked() == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      stop.request_stop();
    });
    EXPECT_TRUE(run_lambda({}, {.api = runtime.api(), .stop = stop.get_token()}).ok());
    asker.join();
    EXPECT_EQ(runtime.taken().size(), events.size());
  }
  LambdaRuntime nobody({});
  std::stop_source stopped;
  stopped.request_stop();
  EXPECT_TRUE(run_lambda({}, {.api = nobody.api(), .stop = stopped.get_token()}).ok());
  EXPECT_EQ(nobody.asked(), 0);
}

TEST(Lambda, NamesAreThoseOfThisMachine) {
  LambdaRuntime runtime({});
  const std::string by_name = "localhost" + runtime.api().substr(runtime.api().find(':'));
  EXPECT_FALSE(run_lambda({}, {.api = by_name}).ok());
  EXPECT_EQ(runtime.asked(), 1);
  for (const char* api : {"nowhere", "nowhere:9001", "127.0.0.1:port", "127.0.0.1:99999", ":9001", ""}) {
    const Status ended = run_lambda({}, {.api = api});
    ASSERT_FALSE(ended.ok()) << api;
    EXPECT_TRUE(ended.error().message.starts_with("option \"api\" must be HOST:PORT")) << ended.error().message;
  }
}

TEST(Lambda, NoRuntimeIsSaid) {
  const Status ended = run_lambda({}, {.api = "127.0.0.1:1"});
  ASSERT_FALSE(ended.ok());
  EXPECT_TRUE(ended.error().message.find("does not answer") != std::string::npos) << ended.error().message;
}

}  // namespace
}  // namespace poise
