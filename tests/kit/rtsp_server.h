#pragma once
// GStreamer's RTSP server for tests; Debian's packages of it may not be there.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <string>

namespace poise::kit {

/// GStreamer's server in a process of its own.
class RtspServer {
 public:
  /// Each `lost`th packet is lost; port 0: any.
  explicit RtspServer(int port = 0, int lost = 0) {
    const std::string script = std::string(POISE_SOURCE_DIR) + "/tests/kit/rtsp_server.py";
    std::string port_text = std::to_string(port), lost_text = std::to_string(lost), python = "/usr/bin/python3",
                script_text = script;
    std::array<char*, 5> words{python.data(), script_text.data(), port_text.data(), lost_text.data(), nullptr};
    std::array<int, 2> in{}, out{};
    EXPECT_EQ(::pipe2(in.data(), O_CLOEXEC), 0);
    EXPECT_EQ(::pipe2(out.data(), O_CLOEXEC), 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], 0);
    posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    if (::posix_spawn(&child_, python.c_str(), &actions, nullptr, words.data(), environ) != 0) child_ = 0;
    posix_spawn_file_actions_destroy(&actions);
    ::close(in[0]);
    ::close(out[1]);
    input_ = in[1];
    std::string line;
    for (char c = 0; ::read(out[0], &c, 1) == 1 && c != '\n';) line += c;
    ::close(out[0]);
    if (!line.empty()) port_ = std::stoi(line);
  }
  RtspServer(const RtspServer&) = delete;
  RtspServer& operator=(const RtspServer&) = delete;
  ~RtspServer() { die(); }

  bool runs() const { return port_ > 0; }
  int port() const { return port_; }
  std::string address(const std::string& path = "stream") const {
    return "rtsp://127.0.0.1:" + std::to_string(port_) + "/" + path;
  }
  /// As a camera whose cable is pulled.
  void die() {
    if (child_ > 0) ::kill(child_, SIGKILL);
    if (child_ > 0) ::waitpid(child_, nullptr, 0);
    if (input_ >= 0) ::close(input_);
    child_ = 0;
    input_ = -1;
  }

 private:
  pid_t child_ = 0;
  int input_ = -1, port_ = 0;
};

inline constexpr const char* kNoServer = "no RTSP server here: scripts/setup --rtsp installs one";

}  // namespace poise::kit
