#include "poise/serve/pose_service.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <future>

#include "poise/base/file.h"
#include "poise/image/codec.h"

namespace poise {
namespace {

std::string slurp(const std::filesystem::path& path) {
  const Bytes bytes = read_file(path, 1U << 26U).value();
  return {bytes.begin(), bytes.end()};
}

const std::string kFigure = slurp(std::filesystem::path(POISE_SOURCE_DIR) / "docs/images/figure.jpg");

std::unique_ptr<PoseService> service(PoseServiceOptions options = {}) {
  if (options.workers == 0) options.workers = 2;
  return PoseService::open(options).value();
}

HttpRequest post(const std::string& body, const std::string& type = "image/jpeg",
                 const std::string& target = "/v1/poses") {
  HttpRequest request;
  EXPECT_TRUE(parse_target(target, request).ok());
  request.method = "POST";
  request.headers["content-type"] = type;
  request.body = body;
  return request;
}

HttpRequest get(const std::string& target) {
  HttpRequest request;
  EXPECT_TRUE(parse_target(target, request).ok());
  return request;
}

Json json_of(const HttpResponse& response) { return parse_json(std::string_view(response.body)).value(); }

TEST(PoseService, AnswersWithWhatTheFinderFinds) {
  const auto served = service();
  PoseFinderOptions options;
  options.estimate.run.threads = options.detect.run.threads = 1;
  PoseFinder finder = PoseFinder::open(options).value();
  const Image image = read_image(std::filesystem::path(POISE_SOURCE_DIR) / "docs/images/figure.jpg").value();
  const FrameResult expected = finder(image);
  ASSERT_FALSE(expected.poses.empty());

  const HttpResponse raw = served->answer(post(kFigure));
  ASSERT_EQ(raw.status, 200) << raw.body;
  const FrameResult found = parse_poses_json(json_of(raw)).value();
  ASSERT_EQ(found.poses.size(), expected.poses.size());
  for (std::size_t j = 0; j < found.poses[0].keypoints.size(); ++j) {
    EXPECT_NEAR(found.poses[0].keypoints[j].point.x, expected.poses[0].keypoints[j].point.x, 0.01);
    EXPECT_NEAR(found.poses[0].keypoints[j].point.y, expected.poses[0].keypoints[j].point.y, 0.01);
  }

  const std::string form = "--b\r\nContent-Disposition: form-data; name=\"image\"; filename=\"C:\\me\\a.jpg\"\r\n\r\n" +
                           kFigure + "\r\n--b--\r\n";
  const HttpResponse of_form = served->answer(post(form, "multipart/form-data; boundary=b"));
  EXPECT_EQ(json_of(of_form).string("source").value(), "a.jpg") << "folders are the client's own";
  const std::string text = Json(Json::Object{{"image", encode_base64(kFigure)}}).dump();
  const HttpResponse of_json = served->answer(post(text, "application/json"));
  const std::string data = Json(Json::Object{{"image", "data:image/jpeg;base64," + encode_base64(kFigure)}}).dump();
  for (const HttpResponse& response : {of_form, of_json, served->answer(post(data, "application/json; charset=utf-8"))})
    EXPECT_EQ(json_of(response).find("persons")->dump(), json_of(raw).find("persons")->dump());
}

TEST(PoseService, FormatsBoxesAndDrawnPictures) {
  const auto served = service();
  const HttpResponse coco = served->answer(post(kFigure, "image/jpeg", "/v1/poses?format=coco"));
  EXPECT_EQ(json_of(coco).as_array()[0].numbers("keypoints").value().size(), 51U);
  const HttpResponse roboflow = served->answer(post(kFigure, "image/jpeg", "/v1/poses?format=roboflow&min_score=0"));
  EXPECT_EQ(json_of(roboflow).find("predictions")->as_array()[0].find("keypoints")->as_array().size(), 17U);
  const HttpResponse csv = served->answer(post(kFigure, "image/jpeg", "/v1/poses?format=csv"));
  EXPECT_EQ(csv.content_type, "text/csv");
  const HttpResponse boxes =
      served->answer(post(kFigure, "image/jpeg", "/v1/poses?boxes=[[0,0,50,50],[20,20,100,90]]"));
  EXPECT_EQ(json_of(boxes).find("persons")->as_array().size(), 2U);

  const Image plain =
      decode_image({reinterpret_cast<const std::uint8_t*>(kFigure.data()), kFigure.size()})->image.clone();
  HttpRequest drawn = post(kFigure);
  drawn.headers["accept"] = "image/png";
  for (const HttpRequest& request : {drawn, post(kFigure, "image/jpeg", "/v1/poses?draw=1")}) {
    const HttpResponse response = served->answer(request);
    ASSERT_EQ(response.status, 200);
    EXPECT_TRUE(response.content_type.starts_with("image/"));
    const auto picture =
        decode_image({reinterpret_cast<const std::uint8_t*>(response.body.data()), response.body.size()});
    ASSERT_TRUE(picture.ok());
    EXPECT_EQ(picture->image.size(), plain.size());
    EXPECT_NE(std::memcmp(picture->image.data(), plain.data(), 3U * plain.width() * plain.height()), 0);
  }
}

TEST(PoseService, WhatMakesNoSenseIsSaidWithItsStatus) {
  PoseServiceOptions options;
  options.max_pixels = 100'000;
  options.max_boxes = 3;
  const auto served = service(options);
  EXPECT_EQ(served->answer(post("")).status, 400);
  EXPECT_EQ(served->answer(post("no picture")).status, 400);
  EXPECT_EQ(served->answer(post(kFigure)).status, 413) << "too many pixels";
  EXPECT_EQ(served->answer(post("{", "application/json")).status, 400);
  EXPECT_EQ(served->answer(post("{}", "application/json")).status, 400);
  EXPECT_EQ(served->answer(post(R"({"image": "Zg==", "boxes": [[1,2,3]]})", "application/json")).status, 400);
  EXPECT_EQ(served->answer(post("x", "multipart/form-data; boundary=b")).status, 400);
  EXPECT_EQ(served->answer(post("x", "image/jpeg", "/v1/poses?format=word")).status, 400);
  EXPECT_EQ(served->answer(post("x", "image/jpeg", "/v1/poses?format=bvh")).status, 400);
  EXPECT_EQ(served->answer(post("x", "image/jpeg", "/v1/poses?min_score=2")).status, 400);
  EXPECT_EQ(served->answer(post("x", "image/jpeg", "/v1/poses?draw=yes")).status, 400);
  EXPECT_EQ(served->answer(post("x", "image/jpeg", "/v1/poses?boxes=[[1,2,0,4]]")).status, 400);
  EXPECT_EQ(served->answer(post("x", "image/jpeg", "/v1/poses?boxes=[[1,1,1,1],[1,1,1,1],[1,1,1,1],[1,1,1,1]]")).status,
            413);
  EXPECT_EQ(served->answer(get("/v1/poses")).status, 405);
  EXPECT_EQ(served->answer(post("x", "image/jpeg", "/healthz")).status, 405);
  EXPECT_EQ(served->answer(get("/../etc/passwd")).status, 404);
}

TEST(PoseService, SaysWhatItIsAndWhetherItIsReady) {
  const auto served = service();
  EXPECT_EQ(served->answer(get("/healthz")).status, 200);
  EXPECT_EQ(served->answer(get("/readyz")).status, 200);
  const Json models = json_of(served->answer(get("/v1/models")));
  EXPECT_EQ(models.find("models")->as_array()[0].string("name").value(), "poise-small");
  EXPECT_EQ(models.find("models")->as_array()[1].string("name").value(), "poise-person");
  EXPECT_TRUE(json_of(served->answer(get("/openapi.json"))).find("paths")->find("/v1/poses") != nullptr);
  served->drain();
  EXPECT_EQ(served->answer(get("/readyz")).status, 503);
  EXPECT_EQ(served->answer(get("/v2/health/ready")).status, 503);
  EXPECT_EQ(served->answer(get("/healthz")).status, 200);
  EXPECT_EQ(served->answer(post(kFigure)).status, 200) << "who came is served";
}

TEST(PoseService, OpenInferenceProtocol) {
  const auto served = service();
  EXPECT_EQ(json_of(served->answer(get("/v2"))).find("extensions")->as_array()[0].as_string(), "binary_tensor_data");
  EXPECT_EQ(json_of(served->answer(get("/v2/models/poise"))).find("outputs")->as_array().size(), 3U);
  EXPECT_EQ(served->answer(get("/v2/models/poise/versions/1/ready")).status, 200);
  EXPECT_EQ(served->answer(get("/v2/models/other")).status, 404);
  EXPECT_EQ(served->answer(get("/v2/models/poise/infer")).status, 404);

  const Image image = read_image(std::filesystem::path(POISE_SOURCE_DIR) / "docs/images/figure.jpg").value();
  const std::string pixels(reinterpret_cast<const char*>(image.data()), 3U * image.width() * image.height());
  const std::string json = R"({"inputs": [{"name": "image", "datatype": "UINT8", "shape": [)" +
                           std::to_string(image.height()) + "," + std::to_string(image.width()) +
                           R"(, 3], "parameters": {"binary_data_size": )" + std::to_string(pixels.size()) + "}}]}";
  HttpRequest request = post(json + pixels, "application/octet-stream", "/v2/models/poise/infer");
  request.headers["inference-header-content-length"] = std::to_string(json.size());
  const HttpResponse tensor = served->answer(request);
  ASSERT_EQ(tensor.status, 200) << tensor.body;
  const Json outputs = json_of(tensor);
  const Json& keypoints = outputs.find("outputs")->as_array()[0];
  EXPECT_EQ(keypoints.find("shape")->as_array()[2].as_integer(), 3);
  const FrameResult found = parse_poses_json(json_of(served->answer(post(kFigure)))).value();
  EXPECT_NEAR(keypoints.numbers("data").value()[0], found.poses[0].keypoints[0].point.x, 0.01);

  const std::string net = R"({"inputs": [{"name": "input", "datatype": "FP32", "shape": [1, 3, 256, 192], "data": [)";
  std::string zeros = net;
  for (int i = 0; i < 3 * 256 * 192; ++i) zeros += i == 0 ? "0" : ",0";
  const HttpResponse network = served->answer(post(zeros + "]}]}", "application/json", "/v2/models/poise-small/infer"));
  ASSERT_EQ(network.status, 200) << network.body;
  EXPECT_EQ(json_of(network).find("outputs")->as_array()[0].find("shape")->as_array()[1].as_integer(), 17);
  EXPECT_EQ(served->answer(post("{}", "application/json", "/v2/models/poise/infer")).status, 400);
  EXPECT_EQ(served
                ->answer(post(R"({"inputs": [{"name": "i", "datatype": "FP32", "shape": [1], "data": [0]}]})",
                              "application/json", "/v2/models/poise-small/infer"))
                .status,
            400);
}

TEST(PoseService, BeyondTheQueueRequestsAreRefusedAtOnce) {
  PoseServiceOptions options;
  options.workers = 1;
  options.queue = 2;
  const auto served = service(options);
  std::vector<std::promise<int>> statuses(30);
  std::vector<std::future<int>> answered;
  for (auto& status : statuses) answered.push_back(status.get_future());
  for (auto& status : statuses)
    served->answer(post(kFigure), [&status](HttpResponse response) { status.set_value(response.status); });
  int fine = 0, busy = 0;
  for (auto& status : answered) {
    const int code = status.get();
    fine += code == 200 ? 1 : 0;
    busy += code == 503 ? 1 : 0;
  }
  EXPECT_EQ(fine + busy, 30) << "each is answered once";
  EXPECT_GE(fine, 3);
  EXPECT_GE(busy, 1);
}

TEST(PoseStream, PeopleKeepTheirIdsAndTheNewestFrameCounts) {
  const auto served = service();
  std::mutex mutex;
  std::vector<Json> answers;
  const auto stream = served->open_stream([&](const std::string& text) {
    const std::lock_guard lock(mutex);
    answers.push_back(parse_json(std::string_view(text)).value());
  });
  const auto wait = [&] {
    while (!served->idle()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  };
  stream->frame(kFigure);
  wait();
  stream->frame(kFigure);
  wait();
  for (int i = 0; i < 20; ++i) stream->frame(kFigure);
  wait();
  stream->frame("no picture");
  wait();
  ASSERT_GE(answers.size(), 4U);
  ASSERT_LT(answers.size(), 20U) << "of twenty that came at once most are passed over";
  std::int64_t skipped = 0;
  for (const Json& answer : answers) skipped += answer.integer("skipped").value();
  EXPECT_EQ(skipped + static_cast<std::int64_t>(answers.size()), 23);
  EXPECT_EQ(answers.back().integer("frame").value(), 23);
  EXPECT_TRUE(answers.back().find("error") != nullptr);
  const auto id = [&](std::size_t i) { return answers[i].find("persons")->as_array()[0].integer("track_id").value(); };
  EXPECT_EQ(id(0), id(1));
  EXPECT_EQ(id(1), id(answers.size() - 2));
  EXPECT_GE(answers[0].number("lag_ms").value(), 0);
}

TEST(PoseStream, WhereAllAreBusyThatIsTheAnswer) {
  PoseServiceOptions options;
  options.workers = 1;
  options.queue = 0;
  const auto served = service(options);
  std::promise<void> begun, go;
  served->answer(post(kFigure), [&](const HttpResponse&) {
    begun.set_value();
    go.get_future().wait();
  });
  begun.get_future().wait();
  std::string said;
  const auto stream = served->open_stream([&](const std::string& text) { said = text; });
  stream->frame(kFigure);
  go.set_value();
  EXPECT_TRUE(said.find("busy") != std::string::npos) << said;
  EXPECT_EQ(parse_json(std::string_view(said))->integer("frame").value(), 1);
}

}  // namespace
}  // namespace poise
