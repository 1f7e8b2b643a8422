// Streams over the loopback: RTSP from GStreamer's server (tests/kit/rtsp_server.py), HTTP from a few lines below.

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <sstream>
#include <thread>

#include "kit/rtsp_server.h"
#include "poise/media/ffmpeg/ffmpeg.h"
#include "poise/media/live_source.h"
#include "poise/media/test_frames.h"

namespace poise {
namespace {

using namespace testing_frames;
using kit::kNoServer;
using kit::RtspServer;

std::string golden(const std::string& name) { return std::string(POISE_SOURCE_DIR) + "/tests/golden/videos/" + name; }

std::string slurp(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// Listens on the loopback.
class Port {
 public:
  Port() {
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(socket_, 8), 0);
    EXPECT_EQ(::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    number_ = ntohs(address.sin_port);
  }
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;
  ~Port() { ::close(socket_); }
  std::string number() const { return std::to_string(number_); }
  int descriptor() const { return socket_; }

 private:
  int socket_ = -1, number_ = 0;
};

/// Answers each request with what `answer` makes of its head; where that is "", it keeps silent until it ends.
class HttpServer {
 public:
  using Answer = std::function<std::string(const std::string& head)>;
  explicit HttpServer(Answer answer) : answer_(std::move(answer)) {
    EXPECT_EQ(::pipe(wake_.data()), 0);
    thread_ = std::thread([this] { serve(); });
  }
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  ~HttpServer() {
    ::close(wake_[1]);
    thread_.join();
    ::close(wake_[0]);
  }
  std::string address(const std::string& path) const { return "http://127.0.0.1:" + port_.number() + "/" + path; }

 private:
  /// False once the server is to end.
  bool wait_for(int descriptor) const {
    std::array<pollfd, 2> waits{{{descriptor, POLLIN, 0}, {wake_[0], POLLIN, 0}}};
    ::poll(waits.data(), waits.size(), -1);
    return waits[1].revents == 0;
  }
  void serve() {
    while (wait_for(port_.descriptor())) {
      const int client = ::accept(port_.descriptor(), nullptr, nullptr);
      std::string head;
      std::array<char, 4096> part{};
      while (head.find("\r\n\r\n") == std::string::npos) {
        const ssize_t got = ::recv(client, part.data(), part.size(), 0);
        if (got <= 0) break;
        head.append(part.data(), static_cast<std::size_t>(got));
      }
      const std::string answer = answer_(head);
      if (answer.empty()) wait_for(-1);
      for (std::size_t sent = 0; sent < answer.size();) {
        const ssize_t one = ::send(client, answer.data() + sent, answer.size() - sent, MSG_NOSIGNAL);
        if (one <= 0) break;
        sent += static_cast<std::size_t>(one);
      }
      ::close(client);
    }
  }

  Port port_;
  Answer answer_;
  std::array<int, 2> wake_{};
  std::thread thread_;
};

/// A server that knows ranges, as all of today do.
std::string whole_or_part(const std::string& head, const std::string& body) {
  const std::size_t range = head.find("Range: bytes=");
  const std::size_t from = range == std::string::npos ? 0 : std::stoul(head.substr(range + 13));
  std::string text = "HTTP/1.1 206 Partial Content\r\nAccept-Ranges: bytes\r\nConnection: close\r\n";
  text += "Content-Range: bytes " + std::to_string(from) + "-" + std::to_string(body.size() - 1) + "/" +
          std::to_string(body.size()) + "\r\n";
  text += "Content-Length: " + std::to_string(body.size() - from) + "\r\n\r\n";
  return text + body.substr(from);
}

TEST(Http, AFileIsReadAsFromADisk) {
  const std::string body = slurp(golden("steady.mp4"));
  const HttpServer server([&](const std::string& head) { return whole_or_part(head, body); });
  auto source = open_video(server.address("steady.mp4"));
  ASSERT_TRUE(source.ok()) << source.error().message;
  EXPECT_FALSE((*source)->info().live);
  const Read read = read_all(**source);
  EXPECT_EQ(read.error, "");
  EXPECT_EQ(read.frames.size(), 24U);
}

TEST(Http, WhatHasNoLengthIsLive) {
  const HttpServer server([&](const std::string&) {
    return "HTTP/1.0 200 OK\r\nContent-Type: video/mp2t\r\n\r\n" + slurp(golden("jump.ts"));
  });
  auto source = open_video(server.address("live"));
  ASSERT_TRUE(source.ok()) << source.error().message;
  EXPECT_TRUE((*source)->info().live);
  const Read read = read_all(**source);
  EXPECT_EQ(read.error, "") << "losses of a live source are passed over";
  EXPECT_EQ(read.frames.size(), 8U);
}

TEST(Http, WhatIsWrongIsSaidInOneLineWithoutThePassword) {
  for (const auto& [answer, says] : std::vector<std::pair<std::string, std::string>>{
           {"HTTP/1.0 404 Not Found\r\n\r\n", "404"},
           {"HTTP/1.0 401 Unauthorized\r\n\r\n", "401"},
           {"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", ""},
           // Nothing is read that the address does not name: no file, no other protocol, no list.
           {"HTTP/1.0 302 Found\r\nLocation: file://" + golden("steady.mp4") + "\r\n\r\n", ""},
           {"HTTP/1.0 302 Found\r\nLocation: rtsp://127.0.0.1:1/a\r\n\r\n", ""},
           {"HTTP/1.0 200 OK\r\nContent-Type: application/vnd.apple.mpegurl\r\n\r\n#EXTM3U\n#EXT-X-TARGETDURATION:1\n"
            "#EXTINF:1,\nfile://" +
                golden("steady.mp4") + "\n#EXT-X-ENDLIST\n",
            ""},
       }) {
    const HttpServer server([&](const std::string&) { return answer; });
    std::string address = server.address("a.mp4");
    address.insert(7, "me:secret@");
    auto source = open_video(address);
    ASSERT_FALSE(source.ok()) << answer;
    const std::string& message = source.error().message;
    EXPECT_TRUE(message.starts_with(server.address("a.mp4") + ": ")) << message;
    EXPECT_NE(message.find(says), std::string::npos) << message;
    EXPECT_EQ(message.find("secret"), std::string::npos) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  }
}

TEST(Http, AServerThatKeepsSilentIsLeft) {
  const HttpServer server([](const std::string&) { return std::string(); });
  VideoOpenOptions options;
  options.timeout_seconds = .2;
  const auto source = open_video(server.address("a.mp4"), options);
  ASSERT_FALSE(source.ok());
  EXPECT_EQ(source.error().code, ErrorCode::kIo);
  EXPECT_NE(source.error().message.find("no answer within"), std::string::npos) << source.error().message;
}

TEST(Rtsp, AServerThatKeepsSilentIsLeft) {
  const Port port;  // the system accepts, and nobody answers
  VideoOpenOptions options;
  options.timeout_seconds = .2;
  const auto source = open_video("rtsp://127.0.0.1:" + port.number() + "/a", options);
  ASSERT_FALSE(source.ok());
  EXPECT_EQ(source.error().code, ErrorCode::kIo);
}

TEST(Rtsp, OpeningIsStoppedFromOutside) {
  const Port port;
  std::atomic<bool> stop = false;
  VideoOpenOptions options;
  options.timeout_seconds = 1000;
  options.stop = &stop;
  std::thread other([&] { stop = true; });
  EXPECT_FALSE(open_video("rtsp://127.0.0.1:" + port.number() + "/a", options).ok());
  other.join();
}

VideoOpenOptions patient(const std::string& transport = "tcp") {
  VideoOpenOptions options;
  options.timeout_seconds = 60;  // the machine may have much else to do
  options.rtsp_transport = transport;
  return options;
}

TEST(Rtsp, FramesComeByBothTransports) {
  const RtspServer server;
  if (!server.runs()) GTEST_SKIP() << kNoServer;
  for (const char* transport : {"tcp", "udp"}) {
    auto source = open_video(server.address(), patient(transport));
    ASSERT_TRUE(source.ok()) << source.error().message;
    EXPECT_TRUE((*source)->info().live);
    EXPECT_FALSE((*source)->info().frames);
    EXPECT_EQ((*source)->info().width, 160);
    EXPECT_EQ((*source)->info().codec, "mjpeg");
    double last = -1;
    for (int i = 0; i < 10; ++i) {
      const auto frame = (*source)->next();
      ASSERT_TRUE(frame.ok()) << frame.error().message;
      EXPECT_EQ((*frame)->index, i);
      EXPECT_EQ((*frame)->image.height(), 120);
      EXPECT_GT((*frame)->seconds, last);
      last = (*frame)->seconds;
    }
    (*source)->interrupt();
    EXPECT_FALSE((*source)->next().value());
  }
  const auto absent = open_video(server.address("nowhere"), patient());
  ASSERT_FALSE(absent.ok());
  EXPECT_TRUE(absent.error().message.starts_with(server.address("nowhere"))) << absent.error().message;
}

TEST(Rtsp, LostPacketsCostFramesAndNoMore) {
  const RtspServer server(0, 10);
  if (!server.runs()) GTEST_SKIP() << kNoServer;
  auto source = open_video(server.address(), patient("udp"));
  ASSERT_TRUE(source.ok()) << source.error().message;
  for (int i = 0; i < 15; ++i) {
    const auto frame = (*source)->next();
    ASSERT_TRUE(frame.ok()) << frame.error().message;
    ASSERT_TRUE(*frame);
  }
}

TEST(Rtsp, AServerThatDiesAndComesBackIsFoundAgain) {
  auto server = std::make_unique<RtspServer>();
  if (!server->runs()) GTEST_SKIP() << kNoServer;
  const std::string address = server->address();
  const int port = server->port();
  auto source = open_video(address, patient());
  ASSERT_TRUE(source.ok()) << source.error().message;
  std::atomic<int> lost = 0;
  LiveOptions options{.first_wait = .05, .longest_wait = .2, .attempts = 0};
  options.reopen = [&](const std::atomic<bool>& stop) {
    VideoOpenOptions again = patient();
    again.stop = &stop;
    return open_video(address, again);
  };
  options.lost = [&](const Status&) { ++lost; };
  LiveSource live(std::move(*source), std::move(options));
  auto frame = live.next();
  ASSERT_TRUE(frame.ok() && *frame);
  server->die();
  std::int64_t last = (*frame)->index;
  double seconds = (*frame)->seconds;
  while (lost == 0) {  // what was on its way still comes
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  server = std::make_unique<RtspServer>(port);
  ASSERT_TRUE(server->runs());
  while (live.reconnections() == 0) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  for (int i = 0; i < 5; ++i) {
    frame = live.next();
    ASSERT_TRUE(frame.ok()) << frame.error().message;
    ASSERT_TRUE(*frame);
    EXPECT_GT((*frame)->index, last);
    EXPECT_GT((*frame)->seconds, seconds);
    last = (*frame)->index;
    seconds = (*frame)->seconds;
  }
}

TEST(Rtsp, WithoutASecondTryADeadServerIsTheEnd) {
  RtspServer server;
  if (!server.runs()) GTEST_SKIP() << kNoServer;
  auto source = open_video(server.address(), patient());
  ASSERT_TRUE(source.ok()) << source.error().message;
  ASSERT_TRUE((*source)->next().ok());
  server.die();
  const Read read = read_all(**source);  // it ends, whether as the end or as an error
  EXPECT_TRUE(read.error.empty() || read.error.starts_with(server.address())) << read.error;
}

}  // namespace
}  // namespace poise
