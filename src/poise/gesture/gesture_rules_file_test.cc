#include "poise/gesture/gesture_rules_file.h"

#include <gtest/gtest.h>

namespace poise {
namespace {

const Skeleton& coco() {
  static const Skeleton skeleton = find_skeleton("coco17").value();
  return skeleton;
}

std::string error_of(const std::string& yaml) {
  const auto rules = parse_gesture_rules(yaml, coco());
  return rules.ok() ? "no error" : rules.error().message;
}

/// One rule with this in place of its condition's line, which is the fourth.
std::string with_condition(const std::string& line) {
  return error_of("rules:\n  - name: a\n    when:\n      - " + line + "\n    do: {keys: a}\n");
}

TEST(GestureRulesFile, ReadsAllThatThereIs) {
  const GestureRules rules = parse_gesture_rules(
                                 "leader: {choose: centre, min_size: .1, patience: 2}\n"
                                 "min_score: .4\n"
                                 "rest:\n"
                                 "  - {below: [wrists, shoulders], or_unseen: true}\n"
                                 "rules:\n"
                                 "  - name: far\n"
                                 "    steps:\n"
                                 "      - when:\n"
                                 "          - above: [left_wrist, nose]\n"
                                 "          - speed: left_wrist\n"
                                 "            less: .5\n"
                                 "            slack: .3\n"
                                 "        hold: .4\n"
                                 "      - when: [{speed: [left_wrist, right_wrist], more: 1}]\n"
                                 "        within: .7\n"
                                 "    cool_down: 3\n"
                                 "    repeat: .5\n"
                                 "    do:\n"
                                 "      - keys: Ctrl+plus\n"
                                 "      - command: [firefox, 'a b', \"$(x)\"]\n"
                                 "      - websocket: {url: 'ws://localhost:4455/a', text: '{\"next\": 1}'}\n"
                                 "  - name: near\n"
                                 "    when: [{angle: [left_shoulder, left_elbow, left_wrist], more: 90, less: 170}]\n"
                                 "    hold: 1\n"
                                 "    do: {stop: far}\n",
                                 coco())
                                 .value();
  EXPECT_EQ(rules.leader.choice, LeaderOptions::Choice::kCentre);
  EXPECT_FLOAT_EQ(rules.leader.min_size, 0.1F);
  EXPECT_EQ(rules.leader.patience, 2);
  EXPECT_FLOAT_EQ(rules.min_score, 0.4F);
  ASSERT_EQ(rules.rest.size(), 1U);
  EXPECT_TRUE(rules.rest[0].or_unseen);
  EXPECT_EQ(rules.rest[0].more, 0) << "more than 0 is meant where no bound is given";
  EXPECT_EQ(rules.rest[0].points[0].first, 9);
  EXPECT_EQ(rules.rest[0].points[0].second, 10) << "wrists: the middle of both";
  ASSERT_EQ(rules.rules.size(), 2U);
  const GestureRule& far = rules.rules[0];
  ASSERT_EQ(far.steps.size(), 2U);
  EXPECT_EQ(far.steps[0].hold, 0.4);
  EXPECT_EQ(far.steps[0].when[0].name, "above left_wrist nose");
  EXPECT_FLOAT_EQ(far.steps[0].when[0].slack, 0.1F);
  EXPECT_FLOAT_EQ(far.steps[0].when[1].slack, 0.3F);
  EXPECT_EQ(far.steps[0].when[1].points.size(), 1U);
  EXPECT_EQ(far.steps[1].when[0].points.size(), 2U);
  EXPECT_EQ(far.steps[1].within, 0.7);
  EXPECT_EQ(far.cool_down, 3);
  EXPECT_EQ(far.repeat, 0.5);
  ASSERT_EQ(far.actions.size(), 3U);
  EXPECT_EQ(std::get<PressKeys>(far.actions[0]).chord.name(), "ctrl+plus");
  EXPECT_EQ(std::get<StartProgram>(far.actions[1]).words, (std::vector<std::string>{"firefox", "a b", "$(x)"}));
  EXPECT_EQ(std::get<SendMessage>(far.actions[2]).text, "{\"next\": 1}");
  ASSERT_EQ(rules.rules[1].steps.size(), 1U) << "a rule without steps is one";
  EXPECT_EQ(rules.rules[1].steps[0].hold, 1);
  EXPECT_FLOAT_EQ(rules.rules[1].steps[0].when[0].less, 170);
}

TEST(GestureRulesFile, MisspeltWordsAreNamedWithTheirLineAndTheNearest) {
  EXPECT_EQ(error_of("ruels: []\n"), "line 1: there is no member \"ruels\": is rules meant? (in a rules file)");
  EXPECT_EQ(with_condition("above: [left_wirst, nose]"),
            "line 4: there is no joint \"left_wirst\": is left_wrist meant?");
  EXPECT_EQ(with_condition("abov: [left_wrist, nose]"),
            "line 4: there is no member \"abov\": is above meant? (in a condition)");
  EXPECT_EQ(error_of("rules:\n  - name: a\n    when: [{above: [nose, hips]}]\n    holt: 1\n    do: {keys: a}\n"),
            "line 4: there is no member \"holt\": is hold meant? (in a rule)");
  EXPECT_EQ(error_of("rules:\n  - name: a\n    when: [{above: [nose, hips]}]\n    do:\n      keys: ctrl+pluss\n"),
            "line 5: there is no key \"pluss\": is plus meant?");
  EXPECT_EQ(error_of("rules:\n  - name: a\n    when: [{above: [nose, hips]}]\n    do: {kyes: a}\n"),
            "line 4: there is no member \"kyes\": is keys meant? (in do)");
  EXPECT_EQ(error_of("leader: {choose: largets}\nrules: []\n"),
            "line 1: there is no choice \"largets\": is largest meant?");
  EXPECT_EQ(error_of("rules:\n"
                     "  - {name: open, when: [{above: [nose, hips]}], do: {command: [x]}}\n"
                     "  - {name: close, when: [{above: [nose, hips]}], do: {stop: opne}}\n"),
            "line 3: there is no rule with a command \"opne\": is open meant?");
}

TEST(GestureRulesFile, WhatMakesNoSenseIsSaidWithItsLine) {
  EXPECT_EQ(error_of("# nothing\n"), "there are no rules in it: it is empty");
  EXPECT_EQ(error_of("- 1\n"),
            "line 1: a rules file must be a mapping of leader, min_score, rest, rules, it is an array");
  EXPECT_EQ(error_of("min_score: .3\n"), "line 1: rules are missing");
  EXPECT_EQ(error_of("rules: []\n"), "line 1: rules must be a list with something in it");
  EXPECT_EQ(error_of("rules:\n  - when: []\n"), "line 2: the rule has no name");
  EXPECT_EQ(error_of("rules:\n  - name: a\n    do: {keys: a}\n"),
            "line 2: the rule \"a\" has neither \"when\" nor steps");
  EXPECT_EQ(error_of("rules:\n  - name: a\n    when: [{above: [nose, hips]}]\n"),
            "line 2: the rule \"a\" does nothing: it has no member \"do\"");
  EXPECT_EQ(with_condition("more: 1"),
            "line 4: the condition has no relation: one of above, below, left_of, right_of, apart, angle, speed");
  EXPECT_EQ(with_condition("{above: [nose, hips], below: [nose, hips]}"),
            "line 4: above and below are two conditions: begin each with -");
  EXPECT_EQ(with_condition("above: nose"), "line 4: above takes 2 joints, 1 is given");
  EXPECT_EQ(with_condition("speed: [nose, hips, wrists]"), "line 4: speed takes 1 or 2 joints, 3 are given");
  EXPECT_EQ(with_condition("apart: [nose, hips]"), "line 4: apart needs a bound: more, less or both");
  EXPECT_EQ(with_condition("{apart: [nose, hips], more: 2, less: 1}"),
            "line 4: nothing is both more and less than that");
  EXPECT_EQ(with_condition("{apart: [nose, hips], more: yes}"),
            "line 4: more must be a number from -1000 to 1000, it is \"true\"");
  EXPECT_EQ(with_condition("{apart: [nose, hips], more: .nan}"),
            "line 4: more must be a number from -1000 to 1000, it is \"null\"");
  EXPECT_EQ(error_of("rules:\n  - name: a\n    when: [{above: [nose, hips]}]\n    hold: -1\n    do: {keys: a}\n"),
            "line 4: hold must be a number from 0 to 3600, it is \"-1\"");
  EXPECT_EQ(
      error_of("rules:\n  - name: a\n    steps: [{when: [{above: [nose, hips]}]}]\n    hold: 1\n    do: {keys: a}\n"),
      "line 4: hold belongs into one of the steps");
  const std::string rule = "  - {name: a, when: [{above: [nose, hips]}], do: {keys: a}}\n";
  EXPECT_EQ(error_of("rules:\n" + rule + rule), "line 3: a rule \"a\" is there already: names are used once");
}

TEST(GestureRulesFile, ActionsAreWhatTheySay) {
  const auto with_action = [](const std::string& action) {
    return error_of("rules:\n  - name: a\n    when: [{above: [nose, hips]}]\n    do: " + action + "\n");
  };
  EXPECT_EQ(with_action("{command: 'rm -rf x'}"),
            "line 4: command must be a list of words, [program, argument]: no shell takes it apart");
  EXPECT_EQ(with_action("{command: [echo, 1]}"), "line 4: a word of command must be a text: put it in quotes");
  EXPECT_EQ(with_action("{command: [\"a\\0b\"]}"), "line 4: a word of command holds a letter that no text can");
  EXPECT_EQ(with_action("{keys: a, command: [b]}"),
            "line 4: an action is one of keys, command, stop, websocket; several are a list, each begun with -");
  EXPECT_EQ(with_action("{keys: 5}"), "no error");
  EXPECT_EQ(with_action("{stop: b}"), "line 4: stop names a rule with a command, and there is none");
  EXPECT_EQ(with_action("{websocket: {url: 'http://x', text: a}}"),
            "line 4: url must be ws://HOST, ws://HOST:PORT or ws://HOST:PORT/PATH");
  EXPECT_EQ(with_action("{websocket: {url: 'ws://x'}}"), "line 4: websocket has no member \"text\"");
}

TEST(GestureRulesFile, IsBounded) {
  std::string many = "rules:\n";
  for (int i = 0; i < 65; ++i) {
    many += "  - {name: r" + std::to_string(i) + ", when: [{above: [nose, hips]}], do: {keys: a}}\n";
  }
  EXPECT_EQ(error_of(many), "line 1: rules has 65 entries, at most 64 are read");
  EXPECT_EQ(error_of("rules:\n  - name: " + std::string(5000, 'a') + "\n"), "line 2: name has over 4096 letters");
}

TEST(GestureRulesFile, JointsAreThoseOfTheSkeleton) {
  const std::string yaml = "rules:\n  - {name: a, when: [{above: [neck, nose]}], do: {keys: a}}\n";
  EXPECT_TRUE(parse_gesture_rules(yaml, find_skeleton("openpose25").value()).ok());
  EXPECT_FALSE(parse_gesture_rules(yaml, coco()).ok());
}

}  // namespace
}  // namespace poise
