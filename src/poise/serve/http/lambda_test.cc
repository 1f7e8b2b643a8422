// The loop against a stub of the runtime's API.

#include "poise/serve/http/lambda.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <thread>

#include "poise/base/file.h"
#include "poise/serve/http_message.h"

namespace poise {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;

struct Event {
  std::string body;
  std::int64_t deadline = 4'000'000'000'000;
};
struct Taken {
  std::string path, type, body;
};

/// Gives events in order, takes what is answered, and then hangs up.
class Stub {
 public:
  explicit Stub(std::vector<Event> events) : events_(std::move(events)) {
    thread_ = std::thread([this] {
      serve();
      acceptor_.close();
    });
  }
  ~Stub() { thread_.join(); }
  const std::string& api() const { return api_; }
  std::vector<Taken> taken;

 private:
  void serve() {
    tcp::socket socket = acceptor_.accept();
    beast::flat_buffer buffer;
    beast::error_code error;
    std::size_t given = 0;
    for (;;) {
      http::request_parser<http::string_body> parser;
      parser.body_limit(1U << 25U);
      http::read(socket, buffer, parser, error);
      if (error) return;
      const auto request = parser.release();
      http::response<http::string_body> response{http::status::ok, 11};
      if (request.method() == http::verb::get) {
        EXPECT_EQ(request.target(), "/2018-06-01/runtime/invocation/next");
        if (given == events_.size()) return;
        response.set("Lambda-Runtime-Aws-Request-Id", "id-" + std::to_string(given));
        response.set("Lambda-Runtime-Deadline-Ms", std::to_string(events_[given].deadline));
        response.body() = events_[given].body;
        ++given;
      } else {
        response.result(http::status::accepted);
        taken.push_back({std::string(request.target()), std::string(request["Lambda-Runtime-Function-Error-Type"]),
                         request.body()});
        if (taken.back().path.ends_with("init/error")) return;
      }
      response.prepare_payload();
      http::write(socket, response, error);
    }
  }

  std::vector<Event> events_;
  asio::io_context context_;
  tcp::acceptor acceptor_{context_, {asio::ip::make_address("127.0.0.1"), 0}};
  std::string api_ = "127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
  std::thread thread_;
};

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
  Stub stub({{url_event("", picture)},
             {url_event("draw=1", picture)},
             {Json(Json::Object{{"image", picture}}).dump()},
             {"poison"},
             {url_event("", encode_base64("no picture"))},
             {url_event("", picture), 1'000},
             {Json(Json::Object{{"image", "AAAA"}}).dump()},
             {url_event("", picture)}});
  std::vector<std::string> log;
  const Status ended =
      run_lambda({}, {.api = stub.api(), .log = [&](const std::string& line) { log.push_back(line); }});
  EXPECT_FALSE(ended.ok()) << "the runtime has gone";
  ASSERT_EQ(stub.taken.size(), 8U);
  const auto json = [&](std::size_t i) { return parse_json(std::string_view(stub.taken[i].body)).value(); };
  const std::string root = "/2018-06-01/runtime/invocation/id-";
  EXPECT_EQ(stub.taken[0].path, root + "0/response");
  EXPECT_EQ(json(0).integer("statusCode").value(), 200);
  const std::string body = json(0).string("body").value();
  const Json poses = parse_json(std::string_view(body)).value();
  EXPECT_EQ(poses.find("persons")->as_array().size(), 1U);
  EXPECT_TRUE(json(1).find("isBase64Encoded")->as_bool());
  EXPECT_TRUE(decode_base64(json(1).string("body").value())->starts_with("\xff\xd8"));
  EXPECT_EQ(json(2).find("persons")->dump(), poses.find("persons")->dump());
  EXPECT_EQ(stub.taken[3].path, root + "3/error");
  EXPECT_EQ(stub.taken[3].type, "Poise.MalformedEvent");
  EXPECT_EQ(json(3).string("errorType").value(), "Poise.MalformedEvent");
  EXPECT_EQ(json(4).integer("statusCode").value(), 400);
  EXPECT_EQ(stub.taken[5].type, "Poise.Deadline");
  EXPECT_EQ(stub.taken[6].type, "Poise.BadRequest");
  EXPECT_EQ(json(7).string("body").value(), json(0).string("body").value());
  EXPECT_EQ(log.size(), 8U);
}

TEST(Lambda, WhatCannotBeOpenedIsReported) {
  Stub stub({});
  PoseServiceOptions options;
  options.finder.model = "absent.onnx";
  EXPECT_FALSE(run_lambda(options, {.api = stub.api()}).ok());
  while (stub.taken.empty()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_EQ(stub.taken[0].path, "/2018-06-01/runtime/init/error");
  EXPECT_TRUE(stub.taken[0].body.find("absent.onnx") != std::string::npos);
}

TEST(Lambda, NoRuntimeIsSaid) {
  const Status ended = run_lambda({}, {.api = "127.0.0.1:1"});
  ASSERT_FALSE(ended.ok());
  EXPECT_TRUE(ended.error().message.find("does not answer") != std::string::npos) << ended.error().message;
  EXPECT_FALSE(run_lambda({}, {.api = "nowhere"}).ok());
}

}  // namespace
}  // namespace poise
