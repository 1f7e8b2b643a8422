// The tracker by itself, step by step: detector, network and flow are called where you like, or are your own.

#include <poise/media/ffmpeg/ffmpeg.h>
#include <poise/poise.h>
#include <poise/track/lucas_kanade.h>
#include <poise/track/tracker.h>

#include <cstdio>

int main(int argc, char** argv) {
  auto video = poise::open_video(argc > 1 ? argv[1] : "match.mp4").value();
  auto finder = poise::PoseFinder::open().value();
  poise::LucasKanade flow;
  poise::Tracker tracker(finder.skeleton());
  while (auto frame = video->next().value()) {
    const auto step = flow.next(frame->image.view()).value();
    tracker.begin(step.get(), frame->seconds, frame->image.size());
    const auto boxes = tracker.propose((*finder.people().detector())(frame->image));
    auto poses = (*finder.estimator())(frame->image, boxes);
    tracker.link(poses);
    for (const poise::Pose& pose : poses) std::printf("%.2f s: person %d\n", frame->seconds, pose.track_id.value());
  }
}
