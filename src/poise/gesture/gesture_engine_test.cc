#include "poise/gesture/gesture_engine.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "kit/performer.h"
#include "poise/gesture/gesture_rules_file.h"

namespace poise {
namespace {

using kit::Hands;
using kit::Move;

const Skeleton& coco() {
  static const Skeleton skeleton = find_skeleton("coco17").value();
  return skeleton;
}

GestureEngine engine_of(const std::string& yaml) {
  return GestureEngine::create(parse_gesture_rules(yaml, coco()).value(), coco()).value();
}

/// "raise@1.5 lower@3.0": what was fired, and when, to a tenth of a second.
std::string fired(GestureEngine& engine, const std::vector<TimedFrame>& frames) {
  std::string text;
  for (const TimedFrame& frame : frames) {
    for (const GestureEvent& event : engine.next(frame)) {
      const auto tenths = static_cast<int>(std::lround(10 * event.seconds));
      text.append(text.empty() ? "" : " ").append(engine.rules().rules[event.rule].name).append("@");
      text.append(std::to_string(tenths / 10)).append(".").append(std::to_string(tenths % 10));
    }
  }
  return text;
}
std::string fired(const std::string& yaml, const std::vector<TimedFrame>& frames) {
  GestureEngine engine = engine_of(yaml);
  return fired(engine, frames);
}

kit::PerformerOptions exact() {
  kit::PerformerOptions options;
  options.noise = options.lost = options.outliers = 0;
  return options;
}

const Hands kUp{{0.5F, 0.8F}, {-0.42F, -1.08F}};  // the left one

/// The left hand goes up within .2 s around each first time, and down around each second.
std::vector<TimedFrame> raised(const std::vector<std::pair<double, double>>& times, double seconds,
                               const kit::PerformerOptions& options = exact(), double rate = 30) {
  std::vector<Move> moves;
  for (const auto& [up, down] : times) {
    moves.push_back({up + 0.1, 0.2, kUp});
    moves.push_back({down + 0.1, 0.2, kit::hanging()});
  }
  return kit::perform(kit::moves(moves), options, seconds, rate);
}

std::string rule_with(const std::string& members) {
  return "rules:\n  - name: up\n    when: [{above: [left_wrist, left_shoulder]}]\n    do: {keys: a}\n" + members;
}

TEST(GestureEngine, AConditionHasToBeHeld) {
  const auto frames = raised({{1, 1.4}, {3, 5}}, 7);
  EXPECT_EQ(fired(rule_with("    hold: 1\n"), frames), "up@4.0");
  EXPECT_EQ(fired(rule_with("    hold: 0\n"), frames), "up@1.0 up@3.0");
}

TEST(GestureEngine, ComesOnceForEachTimeOrAgainWhileItIsHeld) {
  const auto frames = raised({{1, 5}}, 7);
  EXPECT_EQ(fired(rule_with("    hold: .5\n"), frames), "up@1.5");
  EXPECT_EQ(fired(rule_with("    hold: .5\n    repeat: 1\n"), frames), "up@1.5 up@2.5 up@3.5 up@4.5");
}

TEST(GestureEngine, NothingBeginsWhileItCoolsDown) {
  const auto frames = raised({{1, 2}, {3, 4}, {5, 6}}, 8);
  EXPECT_EQ(fired(rule_with("    hold: .2\n    cool_down: 0\n"), frames), "up@1.2 up@3.2 up@5.2");
  EXPECT_EQ(fired(rule_with("    hold: .2\n    cool_down: 3\n"), frames), "up@1.2 up@5.2");
  const std::string other =
      "  - name: too\n    when: [{above: [left_wrist, hips], more: .5}]\n    hold: .3\n    do: {keys: b}\n";
  EXPECT_EQ(fired(rule_with("    hold: .1\n    cool_down: 0\n") + other, raised({{1, 2}}, 4)), "up@1.1 too@1.3");
  EXPECT_EQ(fired(rule_with("    hold: .1\n    cool_down: 2\n") + other, raised({{1, 2}}, 4)), "up@1.1")
      << "another rule neither";
}

TEST(GestureEngine, TheRestPositionComesBetweenTwo) {
  const std::string rest = "rest: [{below: [left_wrist, hips], more: -.2, or_unseen: true}]\n";
  const Hands half{{0.5F, -0.5F}, {-0.42F, -1.08F}};
  const std::vector<Move> moves{{1.1, 0.2, kUp},  {2.1, 0.2, half},           {3.1, 0.2, kUp},
                                {4.1, 0.2, half}, {5.1, 0.2, kit::hanging()}, {6.1, 0.2, kUp}};
  const auto frames = kit::perform(kit::moves(moves), exact(), 8);
  EXPECT_EQ(fired(rule_with("    hold: .2\n"), frames), "up@1.2 up@3.2 up@6.2");
  EXPECT_EQ(fired(rest + rule_with("    hold: .2\n"), frames), "up@1.2 up@6.2");
  auto unseen = frames;
  for (TimedFrame& frame : unseen) {
    if (frame.seconds > 2.2 && frame.seconds < 2.8) frame.result.poses[0].keypoints[9].score = 0;
  }
  EXPECT_EQ(fired(rest + rule_with("    hold: .2\n"), unseen), "up@1.2 up@3.2 up@6.2") << "hands out of the picture";
}

constexpr const char* kSteps =
    "rules:\n"
    "  - name: out\n"
    "    steps:\n"
    "      - when: [{apart: [left_wrist, right_wrist], less: .5}]\n"
    "        hold: .5\n"
    "      - when: [{apart: [left_wrist, right_wrist], more: 1.5}]\n"
    "        within: 1\n"
    "        hold: .2\n"
    "    do: {keys: a}\n";

TEST(GestureEngine, StepsFollowEachOtherInTime) {
  const Hands together{{0.1F, 0.2F}, {-0.1F, 0.2F}}, apart{{1.1F, 0.2F}, {-1.1F, 0.2F}},
      middle{{0.5F, 0.2F}, {-0.5F, 0.2F}};
  const auto play = [&](std::vector<Move> moves) { return fired(kSteps, kit::perform(kit::moves(moves), exact(), 8)); };
  EXPECT_EQ(play({{1, 0.2, together}, {2, 0.4, apart}}), "out@2.0");
  EXPECT_EQ(play({{1, 0.2, together}, {6, 0.4, apart}}), "out@6.0") << "the first step may be held for long";
  EXPECT_EQ(play({{1, 0.2, together}, {1.4, 0.2, apart}}), "") << "not for long enough";
  EXPECT_EQ(play({{1, 0.2, together}, {2, 0.2, middle}, {3.5, 0.2, apart}}), "") << "the second came too late";
  EXPECT_EQ(play({{1, 0.2, together}, {2, 0.2, middle}, {2.7, 0.2, apart}}), "out@2.8");
  EXPECT_EQ(play({{1, 0.2, apart}, {2, 0.2, together}}), "") << "in this order alone";
  EXPECT_EQ(play({{1, 0.2, together}, {2, 0.4, apart}, {2.1, 0.2, middle}}), "") << "the second has its own hold";
}

/// The wrist's height over the shoulder, frame by frame at 30 a second.
std::vector<TimedFrame> heights(const std::vector<float>& torsos) {
  std::vector<TimedFrame> frames =
      kit::perform(kit::moves({}), exact(), static_cast<double>(torsos.size()) / 30 + 0.01);
  frames.resize(torsos.size());
  for (std::size_t i = 0; i < torsos.size(); ++i) {
    auto& joints = frames[i].result.poses[0].keypoints;
    joints[9].point = {joints[5].point.x, joints[5].point.y - 100 * torsos[i]};
  }
  return frames;
}

TEST(GestureEngine, HysteresisHoldsThroughATremble) {
  std::vector<float> trembling(10, -0.5F);
  for (int i = 0; i < 60; ++i) trembling.push_back(i % 12 < 6 ? 0.03F : -0.03F);
  const std::string slack = "rules:\n  - name: up\n    when: [{above: [left_wrist, left_shoulder], slack: ";
  const std::string rest = "}]\n    hold: 1\n    do: {keys: a}\n";
  EXPECT_EQ(fired(slack + ".1" + rest, heights(trembling)), "up@1.3");
  EXPECT_EQ(fired(slack + "0" + rest, heights(trembling)), "") << "each dip is longer than a gap may be";
  std::vector<float> near(70, -0.05F);
  EXPECT_EQ(fired(slack + ".1" + rest, heights(near)), "") << "the slack is for what holds already";
}

TEST(GestureEngine, ASingleBadFrameBreaksNothing) {
  std::vector<float> up(60, 0.5F);
  up[20] = -2;
  EXPECT_EQ(fired(rule_with("    hold: 1\n"), heights(up)), "up@1.0");
  for (std::size_t i = 20; i < 28; ++i) up[i] = -2;
  EXPECT_EQ(fired(rule_with("    hold: 1\n"), heights(up)), "up@1.9") << "a quarter of a second does";
}

TEST(GestureEngine, LengthsAreOfThePersonNotOfThePicture) {
  const std::string rule =
      "leader: {min_size: 0}\nrules:\n  - name: far\n"
      "    when: [{apart: [left_wrist, right_wrist], more: 2.1, less: 2.3, slack: 0}]\n    do: {keys: a}\n";
  const std::vector<Move> moves{{1, 0.2, {{1.1F, 0}, {-1.1F, 0}}}};
  for (const float torso : {12.0F, 100.0F, 700.0F}) {
    kit::PerformerOptions options = exact();
    options.torso = torso;
    EXPECT_EQ(fired(rule, kit::perform(kit::moves(moves), options, 3)), "far@1.0") << torso;
  }
}

TEST(GestureEngine, WhoSitsAtADeskIsMeasuredToo) {
  kit::PerformerOptions options = exact();
  options.legs = false;
  const std::string rule =
      "rules:\n  - name: far\n    when: [{apart: [left_wrist, right_wrist], more: 1.8}]\n    do: {keys: a}\n";
  const auto reaches = [&](float wide) {
    return fired(rule, kit::perform(kit::moves({{1, 0.2, {{wide, 0.2F}, {-wide, 0.2F}}}}), options, 3));
  };
  EXPECT_EQ(reaches(1.1F), "far@0.9");
  EXPECT_EQ(reaches(0.7F), "");
}

TEST(GestureEngine, SpeedsAreAgainstTheShoulders) {
  const std::string still =
      "rules:\n  - name: still\n    when: [{speed: left_wrist, less: .3}]\n    hold: 1\n    do: {keys: a}\n";
  const kit::Motion strolling = [](double seconds) {
    return kit::Posture{.hands = kit::hanging(), .shift = {static_cast<float>(seconds), 0}};
  };
  EXPECT_EQ(fired(still, kit::perform(strolling, exact(), 3)), "still@1.0") << "somebody who walks with quiet hands";
  const std::string stands = "rules:\n  - name: stands\n    when: [{speed: shoulders, less: .3}]\n    do: {keys: a}\n";
  EXPECT_EQ(fired(stands, kit::perform(strolling, exact(), 3)), "") << "of the shoulders themselves, in the picture";
  const kit::Motion beating = [](double seconds) {
    Hands hands = kit::hanging();
    hands.left.y += static_cast<float>(0.3 * std::sin(6 * seconds));
    return kit::Posture{.hands = hands};
  };
  EXPECT_EQ(fired(still, kit::perform(beating, exact(), 3)), "");
  const std::string parting =
      "rules:\n  - name: part\n    when: [{speed: [left_wrist, right_wrist], more: 1.5}]\n    do: {keys: a}\n";
  const Hands together{{0.1F, 0.2F}, {-0.1F, 0.2F}}, apart{{1.0F, 0.2F}, {-1.0F, 0.2F}};
  EXPECT_EQ(fired(parting, kit::perform(kit::moves({{1, 0.6, apart}}), exact(), 3)), "part@0.7");
  EXPECT_EQ(fired(parting, kit::perform(kit::moves({{0, 0.1, apart}, {2, 0.6, together}}), exact(), 3)), "")
      << "together is no parting";
}

TEST(GestureEngine, AnglesAreInDegrees) {
  const std::string straight =
      "rules:\n  - name: straight\n    when: [{angle: [left_shoulder, left_elbow, left_wrist], more: 150}]\n"
      "    do: {keys: a}\n";
  const Hands bent{{0.5F, 0.3F}, {-0.42F, -1.08F}}, out{{1.47F, 0}, {-0.42F, -1.08F}};
  EXPECT_EQ(fired(straight, kit::perform(kit::moves({{0, 0.1, bent}, {2, 0.2, out}}), exact(), 4)), "straight@2.0");
}

/// The frames of several people, one beside the other.
std::vector<TimedFrame> together(std::vector<std::vector<TimedFrame>> people) {
  std::vector<TimedFrame> frames = std::move(people[0]);
  for (std::size_t p = 1; p < people.size(); ++p) {
    for (std::size_t i = 0; i < frames.size(); ++i) frames[i].result.poses.push_back(people[p][i].result.poses[0]);
  }
  return frames;
}

TEST(GestureEngine, OnePersonLeadsUntilThatOneIsGone) {
  kit::PerformerOptions tall = exact(), small = exact();
  small.torso = 60;
  small.shoulders.x = 120;
  small.id = 2;
  const auto idle = kit::perform(kit::moves({}), tall, 8);
  const auto other = raised({{1, 2}, {5, 6}}, 8, small);
  const std::string rule = rule_with("    hold: .5\n");
  EXPECT_EQ(fired(rule, together({other, idle})), "") << "the smaller one does not lead, wherever in the list";
  EXPECT_EQ(fired("leader: {choose: centre}\n" + rule, together({other, idle})), "");
  auto leaves = together({idle, other});
  for (TimedFrame& frame : leaves) {
    if (frame.seconds > 3) frame.result.poses.erase(frame.result.poses.begin());
  }
  EXPECT_EQ(fired(rule, leaves), "up@5.5") << "then the other does";
  EXPECT_EQ(fired("leader: {patience: 60}\n" + rule, leaves), "");
  auto hides = together({raised({{1, 2}, {5, 6}}, 8, tall), kit::perform(kit::moves({}), small, 8)});
  for (TimedFrame& frame : hides) {
    if (frame.seconds > 3 && frame.seconds < 3.8) frame.result.poses.erase(frame.result.poses.begin());
  }
  EXPECT_EQ(fired(rule, hides), "up@1.5 up@5.5") << "who is hidden for a moment leads on";
  auto passes = together({raised({{1, 2}, {5, 6}}, 8, small), kit::perform(kit::moves({}), tall, 8)});
  for (TimedFrame& frame : passes) {
    if (frame.seconds < 3) frame.result.poses.pop_back();
  }
  EXPECT_EQ(fired(rule, passes), "up@1.5 up@5.5") << "and so does who is passed by somebody larger";
}

TEST(GestureEngine, WhoIsFarAwayDoesNotLead) {
  kit::PerformerOptions far = exact();
  far.torso = 20;  // of 480 pixels
  EXPECT_EQ(fired(rule_with(""), raised({{1, 2}}, 3, far)), "");
  EXPECT_EQ(fired("leader: {min_size: .03}\n" + rule_with(""), raised({{1, 2}}, 3, far)), "up@1.0");
}

TEST(GestureEngine, PosesWithoutIdsAreTheSameWhereTheyAre) {
  kit::PerformerOptions left = exact(), right = exact();
  left.shoulders.x = 120;
  right.shoulders.x = 520;
  left.torso = 101;
  auto frames = together({raised({{1, 3}}, 5, left), raised({{2, 4}}, 5, right)});
  for (std::size_t i = 0; i < frames.size(); ++i) {
    auto& poses = frames[i].result.poses;
    for (Pose& pose : poses) pose.track_id.reset();
    if (i % 2 == 1) std::swap(poses[0], poses[1]);
  }
  EXPECT_EQ(fired(rule_with("    hold: .5\n"), frames), "up@1.5");
}

TEST(GestureEngine, WhatIsNotSeenHoldsNothing) {
  auto frames = raised({{1, 3}}, 5);
  for (TimedFrame& frame : frames) frame.result.poses[0].keypoints[9].score = 0.2F;
  EXPECT_EQ(fired(rule_with(""), frames), "");
  EXPECT_EQ(fired("min_score: .1\n" + rule_with(""), frames), "up@1.0");
  for (TimedFrame& frame : frames) {
    frame.result.poses[0].keypoints[9] = {{std::numeric_limits<float>::quiet_NaN(), 1e30F}, 1};
  }
  EXPECT_EQ(fired(rule_with(""), frames), "");
  for (TimedFrame& frame : frames) frame.result.poses[0].keypoints.resize(3);
  EXPECT_EQ(fired(rule_with(""), frames), "") << "poses of another skeleton are nobody's";
}

TEST(GestureEngine, TimeThatGoesBackBeginsAnew) {
  GestureEngine engine = engine_of(rule_with("    hold: 1\n    cool_down: 100\n"));
  const auto frames = raised({{1, 3}}, 5);
  EXPECT_EQ(fired(engine, frames), "up@2.0");
  EXPECT_EQ(fired(engine, frames), "up@2.0") << "the same recording once more";
  auto late = frames.front();
  late.seconds = std::numeric_limits<double>::quiet_NaN();
  EXPECT_TRUE(engine.next(late).empty());
}

TEST(GestureEngine, NothingIsHeldOverAHoleInTime) {
  auto frames = raised({{1, 9}}, 9);
  std::erase_if(frames, [](const TimedFrame& frame) { return frame.seconds > 1.3 && frame.seconds < 5; });
  EXPECT_EQ(fired(rule_with("    hold: 1\n"), frames), "up@6.0");
}

TEST(GestureEngine, SlowAndFastStreamsAreToldAlike) {
  for (const double rate : {8.0, 15.0, 60.0}) {
    const auto frames = raised({{1, 3}}, 5, exact(), rate);
    GestureEngine engine = engine_of(rule_with("    hold: 1\n"));
    int events = 0;
    for (const TimedFrame& frame : frames) {
      for (const GestureEvent& event : engine.next(frame)) {
        ++events;
        EXPECT_NEAR(event.seconds, 2, 0.2) << rate;
      }
    }
    EXPECT_EQ(events, 1) << rate;
  }
}

TEST(GestureEngine, ExplainsWhereItStands) {
  GestureEngine engine = engine_of(kSteps);
  const auto frames = kit::perform(kit::moves({}), exact(), 1);
  fired(engine, frames);
  EXPECT_EQ(engine.explain(), std::vector<std::string>{"out: step 1 of 2: apart left_wrist right_wrist 0.84"});
  Skeleton stick;
  stick.name = "stick";
  stick.joints = {{"head"}};
  EXPECT_EQ(GestureEngine::create({}, stick).error().code, ErrorCode::kUnsupported);
  GestureRules wrong = parse_gesture_rules(kSteps, coco()).value();
  wrong.rules[0].steps[0].when[0].points[0].first = 17;
  EXPECT_EQ(GestureEngine::create(wrong, coco()).error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace poise
