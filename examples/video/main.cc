// Who is where in a video, frame by frame: one line a person, with the id that stays theirs. Files and cameras are read
// by poise::video; poise::flow has dense optical flow, poise::LucasKanade (track/lucas_kanade.h) needs no library.

#include <poise/media/ffmpeg/ffmpeg.h>
#include <poise/poise.h>
#include <poise/stream/stream.h>
#include <poise/track/opencv/dense_flow.h>

#include <cstdio>

int main(int argc, char** argv) {
  auto source = poise::open_video(argc > 1 ? argv[1] : "match.mp4").value();
  auto finder = poise::PoseFinder::open().value();
  auto flow = poise::dense_flow();
  poise::Tracker tracker(finder.skeleton());
  const auto print = [](poise::TimedFrame& frame, poise::Image&) -> poise::Status {
    for (const poise::Pose& pose : frame.result.poses) {
      std::printf("%.2f s: person %d at %.0f, %.0f\n", frame.seconds, pose.track_id.value_or(0), pose.box.x,
                  pose.box.y);
    }
    return {};
  };
  const poise::StreamReport report = poise::run_stream(*source, {&finder, &tracker, flow.get()}, print);
  if (report.error) std::fprintf(stderr, "%s\n", report.error->message.c_str());
  return report.error ? 1 : 0;
}
