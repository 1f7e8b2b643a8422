// `poise serve` as people run it: what it says, how it ends.

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "program.h"

namespace poise {
namespace {

const std::string kFigure = slurp(std::string(POISE_SOURCE_DIR) + "/docs/images/figure.jpg");

class Serve : public Program {
 protected:
  void SetUp() override {
    Program::SetUp();
    if (contains(run({"serve", "--port", "0", "--certificate", "absent"}).err, "this build has no server"))
      GTEST_SKIP() << "this build has no server: scripts/setup --serve installs what it needs";
  }

  /// Starts it and waits until it listens.
  void start_server(Strings words) {
    words.insert(words.begin(), {"serve", "--port", "0"});
    child_ = start(words);
    const std::string before = "listens at http://127.0.0.1:";
    for (int i = 0; i < 1000; ++i) {
      const std::string said = slurp(folder_ / ".stderr");
      const std::size_t at = said.find(before);
      if (at != std::string::npos && said.find('\n', at) != std::string::npos) {
        port_ = static_cast<std::uint16_t>(std::stoi(said.substr(at + before.size())));
        return;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    FAIL() << slurp(folder_ / ".stderr");
  }

  /// One request on a connection of its own; the whole answer, or "" where none came.
  std::string ask(const std::string& request) const {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port_);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    std::string answer;
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 &&
        ::send(fd, request.data(), request.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(request.size())) {
      char buffer[4096];
      for (ssize_t got = 0; (got = ::recv(fd, buffer, sizeof(buffer), 0)) > 0;) answer.append(buffer, got);
    }
    ::close(fd);
    return answer;
  }
  std::string get(const std::string& target) const {
    return ask("GET " + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  }
  std::string post_figure() const {
    return ask("POST /v1/poses HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: " +
               std::to_string(kFigure.size()) + "\r\n\r\n" + kFigure);
  }

  /// The most memory that the server has had until now.
  long peak_megabytes() const {
    const std::string status = slurp("/proc/" + std::to_string(child_) + "/status");
    const std::size_t at = status.find("VmHWM:");
    EXPECT_NE(at, std::string::npos);
    return at == std::string::npos ? 0 : std::stol(status.substr(at + 6)) / 1024;
  }

  pid_t child_ = 0;
  std::uint16_t port_ = 0;
};

TEST_F(Serve, GivesWhatPredictGives) {
  start_server({"--workers", "1"});
  const std::string answer = post_figure();
  ASSERT_TRUE(answer.starts_with("HTTP/1.1 200")) << answer;
  const Json served = parse_json(std::string_view(answer).substr(answer.find("\r\n\r\n") + 4)).value();
  fs::copy_file(std::string(POISE_SOURCE_DIR) + "/docs/images/figure.jpg", folder_ / "figure.jpg");
  kill(child_, SIGTERM);
  const Outcome ended = finish(child_);
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_TRUE(contains(ended.err, "\"path\":\"/v1/poses\",\"status\":200")) << ended.err;
  ASSERT_EQ(run({"predict", "figure.jpg", "--out", "out", "--no-image", "--threads", "1"}).code, 0);
  EXPECT_EQ(served.find("persons")->dump(), json("out/figure.poses.json").find("persons")->dump());
}

TEST_F(Serve, TheClientsOfTheExamplesAreAnswered) {
  start_server({"--workers", "1"});
  const std::string clients = std::string(POISE_SOURCE_DIR) + "/examples/clients/poses";
  const std::string figure = std::string(POISE_SOURCE_DIR) + "/docs/images/figure.jpg";
  const std::string address = "http://127.0.0.1:" + std::to_string(port_);
  // fetch() came with Node 18.
  const bool has_fetch =
      fs::exists("/usr/bin/node") && run({"-e", "process.exit(globalThis.fetch ? 0 : 1)"}, "/usr/bin/node").code == 0;
  for (const auto& [program, script] : {std::pair(std::string("/usr/bin/python3"), clients + ".py"),
                                        std::pair(std::string("/usr/bin/node"), clients + ".mjs")}) {
    if (!fs::exists(program) || (script.ends_with(".mjs") && !has_fetch)) continue;
    const Outcome asked = run({script, figure, address}, program);
    EXPECT_EQ(asked.code, 0) << asked.err;
    EXPECT_TRUE(contains(asked.out, "person 1: score 0.")) << asked.out << asked.err;
  }
  kill(child_, SIGTERM);
  EXPECT_EQ(finish(child_).code, 0);
}

TEST_F(Serve, SigtermUnderLoadLosesNoRequest) {
  start_server({"--workers", "2", "--queue", "1000", "--linger", "1"});
  std::atomic<bool> stop = false;
  std::atomic<int> fine = 0, lost = 0;
  std::vector<std::thread> clients;
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back([&] {
      while (!stop) (post_figure().starts_with("HTTP/1.1 200") ? fine : lost) += 1;
    });
  }
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  kill(child_, SIGTERM);
  std::string ready = get("/readyz");
  for (int i = 0; i < 400 && !contains(ready, "503"); ++i) {  // the signal is on its way
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    ready = get("/readyz");
  }
  EXPECT_TRUE(contains(ready, "503")) << ready;
  stop = true;
  for (std::thread& client : clients) client.join();
  const Outcome ended = finish(child_);
  EXPECT_EQ(ended.code, 0) << ended.err;
  EXPECT_EQ(lost, 0);
  EXPECT_GE(fine, 8);
}

TEST_F(Serve, ASecondSignalEndsAtOnce) {
  start_server({"--linger", "600"});
  kill(child_, SIGINT);
  while (!contains(slurp(folder_ / ".stderr"), "a second signal"))
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  kill(child_, SIGINT);
  EXPECT_EQ(finish(child_).code, 1);
}

TEST_F(Serve, BombsAreRefusedWithoutTheirMemory) {
  start_server({"--workers", "1"});
  const auto post = [&](const std::string& body, const std::string& more = "") {
    return ask("POST /v1/poses HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" + more +
               "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  };
  ASSERT_TRUE(post_figure().starts_with("HTTP/1.1 200"));
  const long before = peak_megabytes();
  // A PNG of 60,000 x 60,000 pixels in 33 bytes; its checksum is looked at later than its size.
  const std::string png("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\xea\x60\0\0\xea\x60\x08\x02\0\0\0\0\0\0\0", 33);
  // A JPEG of 65,500 x 65,500 pixels that holds no more than its sizes.
  const std::string jpeg("\xff\xd8\xff\xc0\0\x11\x08\xff\xdc\xff\xdc\x03\x01\x11\0\x02\x11\0\x03\x11\0", 21);
  for (const std::string& bomb : {png, jpeg}) EXPECT_TRUE(post(bomb).starts_with("HTTP/1.1 4")) << post(bomb);
  // One output named as often as a body can hold.
  std::string outputs = R"({"inputs":[{"name":"image","datatype":"UINT8","shape":[8,8,3],"data":[0)";
  for (int i = 1; i < 8 * 8 * 3; ++i) outputs += ",0";
  outputs += R"(]}],"outputs":[{"name":"keypoints"})";
  while (outputs.size() < 100'000) outputs += R"(,{"name":"keypoints"})";
  const std::string infer =
      ask("POST /v2/models/poise/infer HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: " +
          std::to_string(outputs.size() + 2) + "\r\n\r\n" + outputs + "]}");
  EXPECT_TRUE(infer.starts_with("HTTP/1.1 400")) << infer.substr(0, 200);
  EXPECT_LE(peak_megabytes() - before, 16);
  EXPECT_TRUE(get("/healthz").starts_with("HTTP/1.1 200"));
  kill(child_, SIGTERM);
  EXPECT_EQ(finish(child_).code, 0);
}

TEST_F(Serve, WhatCannotBeIsSaid) {
  const Outcome address = run({"serve", "--host", "nowhere"});
  EXPECT_EQ(address.code, 1);
  EXPECT_TRUE(contains(address.err, "--host must be an address")) << address.err;
  EXPECT_EQ(run({"serve", "--port", "70000"}).code, 2);
  EXPECT_TRUE(contains(run({"serve", "--port", "0", "--key", "k.pem"}).err, "--certificate")) << "they belong together";
  write("token", "\n");
  EXPECT_TRUE(contains(run({"serve", "--port", "0", "--token-file", "token"}).err, "token: holds no token"));
  EXPECT_EQ(run({"serve", "--model", "absent.onnx"}).code, 1);
}

}  // namespace
}  // namespace poise
