// A video's frames by themselves: when each is shown, and the first as a picture. Variable rates keep their times.

#include <poise/media/ffmpeg/ffmpeg.h>
#include <poise/poise.h>

#include <cstdio>

int main(int argc, char** argv) {
  auto video = poise::open_video(argc > 1 ? argv[1] : "match.mp4").value();
  while (auto frame = video->next().value()) {
    std::printf("frame %d at %.3f s\n", static_cast<int>(frame->index), frame->seconds);
    if (frame->index == 0) poise::write_image("first.jpg", frame->image).value();
  }
}
