// Rules files of gestures, and streams of recorded poses, line by line, before rules that ship: whatever the bytes, the
// rules alone say what is done.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "poise/formats/pose_frames.h"
#include "poise/gesture/gesture_actions.h"
#include "poise/gesture/gesture_engine.h"
#include "poise/gesture/gesture_rules_file.h"

namespace {

constexpr std::string_view kRules =
    "rest: [{below: [left_wrist, nose], or_unseen: true}]\n"
    "rules:\n"
    "  - name: a\n"
    "    steps:\n"
    "      - when: [{above: [left_wrist, nose]}, {speed: [left_wrist, right_wrist], less: 9}]\n"
    "      - when: [{angle: [left_shoulder, left_elbow, left_wrist], more: 1}, {speed: left_wrist, less: 9}]\n"
    "    repeat: .1\n"
    "    cool_down: 0\n"
    "    do: {command: [a, b]}\n";

void play(std::string_view text) {
  poise::PoseLines lines;
  std::optional<poise::GestureEngine> engine;
  poise::RecordedActions done;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(line.size() < text.size() ? line.size() + 1 : text.size());
    const auto frame = lines.take(line);
    if (!frame.ok()) {
      if (frame.error().message.find('\n') != std::string::npos) std::abort();
      return;
    }
    if (lines.skeleton() && !engine) {
      const auto rules = poise::parse_gesture_rules(kRules, *lines.skeleton());
      if (!rules.ok()) return;
      auto made = poise::GestureEngine::create(*rules, *lines.skeleton());
      if (!made.ok()) return;
      engine.emplace(std::move(*made));
    }
    if (!*frame) continue;
    for (const poise::GestureEvent& event : engine->next(**frame)) {
      if (!poise::perform(engine->rules().rules.at(event.rule), done).empty()) std::abort();
    }
    if (engine->explain().size() != 1) std::abort();
  }
  for (const std::string& line : done.lines) {
    if (line != "command a b") std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static const poise::Skeleton skeleton = poise::find_skeleton("coco17").value();
  const auto rules = poise::parse_gesture_rules(text, skeleton);
  if (rules.ok()) {
    if (!poise::GestureEngine::create(*rules, skeleton).ok()) std::abort();
  } else if (rules.error().message.empty() || rules.error().message.find('\n') != std::string::npos) {
    std::abort();
  }
  play(text);
  return 0;
}
