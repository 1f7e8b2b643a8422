// A camera that is not there: this program's own open() and ioctl() stand before the C library's, for libavdevice too,
// and answer for /dev/video63 as a driver of V4L2 does. No camera was at hand.

#include <dlfcn.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/videodev2.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdarg>
#include <cstring>
#include <deque>
#include <mutex>
#include <thread>

#include "poise/media/ffmpeg/ffmpeg.h"
#include "poise/media/live_source.h"
#include "poise/media/test_frames.h"

namespace poise {
namespace {

using namespace testing_frames;
constexpr const char* kCamera = "/dev/video63";

/// The driver. Frames of grey 16 + 8 i as YUYV, as many as are allowed.
struct Driver {
  std::mutex mutex;
  bool present = true, captures = true, busy = false;
  int frames_until_unplugged = -1;  // -1: never
  int allowed = 0;
  int opened = 0, given = 0;
  std::uint32_t width = 32, height = 24, rate = 30;
  int descriptor = -1;
  std::deque<std::uint32_t> queue;

  std::uint32_t bytes() const { return width * height * 2; }
  std::uint32_t slot() const { return (bytes() + 4095) / 4096 * 4096; }

  int open() {
    const std::scoped_lock lock(mutex);
    if (!present) return errno = ENOENT, -1;
    ++opened;
    queue.clear();
    given = 0;
    return descriptor = memfd_create("camera", MFD_CLOEXEC);
  }

  int answer(unsigned long request, void* argument) {
    const std::scoped_lock lock(mutex);
    switch (request) {
      case VIDIOC_QUERYCAP: {
        auto& what = *static_cast<v4l2_capability*>(argument);
        what = {};
        what.capabilities = V4L2_CAP_STREAMING | (captures ? V4L2_CAP_VIDEO_CAPTURE : V4L2_CAP_VIDEO_OUTPUT);
        return 0;
      }
      case VIDIOC_G_INPUT:
        *static_cast<int*>(argument) = 0;
        return 0;
      case VIDIOC_ENUMINPUT:
        return static_cast<v4l2_input*>(argument)->index == 0 ? 0 : (errno = EINVAL, -1);
      case VIDIOC_S_FMT:
        if (busy) return errno = EBUSY, -1;
        [[fallthrough]];
      case VIDIOC_G_FMT: {
        v4l2_pix_format& format = static_cast<v4l2_format*>(argument)->fmt.pix;
        if (request == VIDIOC_S_FMT && format.width > 0) width = format.width, height = format.height;
        format.width = width, format.height = height;
        format.pixelformat = V4L2_PIX_FMT_YUYV;
        format.field = V4L2_FIELD_NONE;
        format.bytesperline = width * 2, format.sizeimage = bytes();
        return 0;
      }
      case VIDIOC_S_PARM:
        rate = static_cast<v4l2_streamparm*>(argument)->parm.capture.timeperframe.denominator /
               static_cast<v4l2_streamparm*>(argument)->parm.capture.timeperframe.numerator;
        [[fallthrough]];
      case VIDIOC_G_PARM: {
        v4l2_captureparm& parameters = static_cast<v4l2_streamparm*>(argument)->parm.capture;
        parameters = {};
        parameters.capability = V4L2_CAP_TIMEPERFRAME;
        parameters.timeperframe = {1, rate};
        return 0;
      }
      case VIDIOC_REQBUFS: {
        auto& wanted = *static_cast<v4l2_requestbuffers*>(argument);
        wanted.count = std::min(wanted.count, 4U);
        return ftruncate(descriptor, slot() * wanted.count);
      }
      case VIDIOC_QUERYBUF: {
        auto& buffer = *static_cast<v4l2_buffer*>(argument);
        buffer.length = bytes();
        buffer.m.offset = slot() * buffer.index;
        return 0;
      }
      case VIDIOC_QBUF:
        queue.push_back(static_cast<v4l2_buffer*>(argument)->index);
        return 0;
      case VIDIOC_DQBUF:
        return give(*static_cast<v4l2_buffer*>(argument));
      case VIDIOC_STREAMON:
      case VIDIOC_STREAMOFF:
        return 0;
      default:
        return errno = EINVAL, -1;
    }
  }

 private:
  int give(v4l2_buffer& buffer) {
    if (given == frames_until_unplugged) return errno = ENODEV, -1;
    if (allowed == 0 || queue.empty()) return errno = EAGAIN, -1;
    --allowed;
    buffer.index = queue.front();
    queue.pop_front();
    std::string pixels(bytes(), '\x80');
    for (std::size_t i = 0; i < pixels.size(); i += 2) pixels[i] = static_cast<char>(16 + 8 * given);
    if (pwrite(descriptor, pixels.data(), pixels.size(), slot() * buffer.index) < 0) return -1;
    buffer.bytesused = bytes();
    buffer.flags = V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC;
    buffer.timestamp = {1000 + given / 10, given % 10 * 100'000};  // ten a second
    ++given;
    return 0;
  }
};

Driver* driver = nullptr;  // of the test that runs

class Camera : public ::testing::Test {
 protected:
  Camera() { driver = &driver_; }
  ~Camera() override { driver = nullptr; }
  static Result<std::unique_ptr<VideoSource>> open(VideoOpenOptions options = {}) {
    return open_video(kCamera, options);
  }
  void set(int Driver::*what, int value) {
    const std::scoped_lock lock(driver_.mutex);
    driver_.*what = value;
  }
  Driver driver_;
};

TEST_F(Camera, GivesItsFrames) {
  set(&Driver::allowed, 5);
  auto source = open();
  if (!source.ok() && source.error().code == ErrorCode::kUnsupported) GTEST_SKIP() << source.error().message;
  ASSERT_TRUE(source.ok()) << source.error().message;
  EXPECT_TRUE((*source)->info().live);
  EXPECT_EQ((*source)->info().width, 32);
  EXPECT_EQ((*source)->info().codec, "rawvideo");
  for (int i = 0; i < 5; ++i) {
    const auto frame = (*source)->next().value();
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->index, i);
    EXPECT_NEAR(frame->seconds, .1 * i, 1e-6);
    EXPECT_NEAR(frame->image.row(12)[16 * 3], 8 * i * 255 / 219, 2);
  }
}

TEST_F(Camera, IsAskedForASizeAndARate) {
  set(&Driver::allowed, 1);
  VideoOpenOptions options;
  options.camera_size = "64x48";
  options.camera_rate = 15;
  auto source = open(options);
  if (!source.ok() && source.error().code == ErrorCode::kUnsupported) GTEST_SKIP() << source.error().message;
  ASSERT_TRUE(source.ok()) << source.error().message;
  EXPECT_EQ(driver_.rate, 15U);
  EXPECT_NEAR((*source)->info().frames_per_second, 15, 1e-9);
  const auto frame = (*source)->next().value();
  EXPECT_EQ(frame->image.width(), 64);
  EXPECT_EQ(frame->image.height(), 48);
}

TEST_F(Camera, WhatIsWrongIsSaid) {
  driver_.present = false;
  const auto absent = open();
  if (absent.error().code == ErrorCode::kUnsupported) GTEST_SKIP() << absent.error().message;
  EXPECT_EQ(absent.error().code, ErrorCode::kNotFound) << absent.error().message;
  driver_.present = true;
  driver_.captures = false;
  EXPECT_NE(open().error().message.find(kCamera), std::string::npos);
  driver_.captures = true;
  driver_.busy = true;
  const Error busy = open().error();
  EXPECT_EQ(busy.code, ErrorCode::kIo);
  EXPECT_NE(busy.message.find("busy"), std::string::npos) << busy.message;
}

TEST_F(Camera, UnpluggedItIsAnErrorAfterTheFrames) {
  set(&Driver::allowed, 10);
  set(&Driver::frames_until_unplugged, 3);
  auto source = open();
  if (!source.ok() && source.error().code == ErrorCode::kUnsupported) GTEST_SKIP() << source.error().message;
  ASSERT_TRUE(source.ok()) << source.error().message;
  const Read read = read_all(**source);
  EXPECT_EQ(read.frames.size(), 3U);
  EXPECT_NE(read.error.find("No such device"), std::string::npos) << read.error;
}

TEST_F(Camera, ThatSaysNothingIsLeft) {
  VideoOpenOptions options;
  options.timeout_seconds = .1;
  auto source = open(options);
  if (!source.ok() && source.error().code == ErrorCode::kUnsupported) GTEST_SKIP() << source.error().message;
  ASSERT_TRUE(source.ok()) << source.error().message;
  EXPECT_NE((*source)->next().error().message.find("no answer within"), std::string::npos);
}

TEST_F(Camera, InterruptEndsAWait) {
  auto source = open();
  if (!source.ok() && source.error().code == ErrorCode::kUnsupported) GTEST_SKIP() << source.error().message;
  ASSERT_TRUE(source.ok()) << source.error().message;
  std::thread other([&] { (*source)->interrupt(); });
  EXPECT_FALSE((*source)->next().value());
  other.join();
}

TEST_F(Camera, PluggedInAgainItGoesOn) {
  set(&Driver::allowed, 6);
  set(&Driver::frames_until_unplugged, 3);
  auto source = open();
  if (!source.ok() && source.error().code == ErrorCode::kUnsupported) GTEST_SKIP() << source.error().message;
  ASSERT_TRUE(source.ok()) << source.error().message;
  LiveOptions options{.first_wait = 1e-3, .longest_wait = 1e-2, .attempts = 5};
  options.reopen = [&](const std::atomic<bool>&) { return open(); };
  LiveSource live(std::move(*source), std::move(options));
  std::int64_t last = -1;
  while (live.reconnections() == 0 || last < 5) {
    const auto frame = live.next();
    ASSERT_TRUE(frame.ok()) << frame.error().message;
    ASSERT_TRUE(*frame);
    EXPECT_GT((*frame)->index, last);
    last = (*frame)->index;
  }
  EXPECT_EQ(last, 5);
}

int c_library_open(const char* path, int flags, mode_t mode) {
  static const auto real = reinterpret_cast<int (*)(const char*, int, ...)>(dlsym(RTLD_NEXT, "open"));
  return real(path, flags, mode);
}

mode_t mode_of(int flags, va_list arguments) {
  return (flags & (O_CREAT | O_TMPFILE)) != 0 ? static_cast<mode_t>(va_arg(arguments, int)) : 0;
}

}  // namespace
}  // namespace poise

extern "C" {

int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = poise::mode_of(flags, arguments);
  va_end(arguments);
  if (poise::driver != nullptr && std::strcmp(path, poise::kCamera) == 0) return poise::driver->open();
  return poise::c_library_open(path, flags, mode);
}

int open64(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = poise::mode_of(flags, arguments);
  va_end(arguments);
  return open(path, flags, mode);
}

int ioctl(int descriptor, unsigned long request, ...) noexcept {
  va_list arguments;
  va_start(arguments, request);
  void* argument = va_arg(arguments, void*);
  va_end(arguments);
  if (poise::driver != nullptr && descriptor == poise::driver->descriptor)
    return poise::driver->answer(request, argument);
  static const auto real = reinterpret_cast<int (*)(int, unsigned long, ...)>(dlsym(RTLD_NEXT, "ioctl"));
  return real(descriptor, request, argument);
}
}
