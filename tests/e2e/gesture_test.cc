// `poise gesture`: recordings, lines on standard input and videos, before the rules that ship and before others.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <chrono>
#include <thread>

#include "e2e/program.h"

namespace poise {
namespace {

const std::string kRoot = POISE_SOURCE_DIR, kRules = kRoot + "/configs/gestures/",
                  kRecordings = kRoot + "/tests/golden/gestures/";

/// Whoever raises the left hand over the shoulder does it: `action` is a mapping of YAML.
std::string raised_hand(const std::string& action) {
  return "rules:\n  - name: hand\n    when: [{above: [left_wrist, left_shoulder]}]\n    do: " + action + "\n";
}

class Gesture : public Program {
 protected:
  /// "zoom in: keys ctrl+plus" of each event.
  static std::vector<std::string> events(const Outcome& outcome) {
    std::vector<std::string> lines;
    const Json summary = parse_json(outcome.out).value();
    for (const Json& event : summary.find("events")->as_array()) {
      std::string line = event.find("rule")->as_string() + ":";
      for (const Json& action : event.find("actions")->as_array()) line += " " + action.as_string();
      lines.push_back(std::move(line));
    }
    return lines;
  }
  std::vector<std::string> played(const std::string& recording, const std::string& rules) const {
    const Outcome outcome = run(
        {"gesture", kRecordings + recording + ".jsonl", "--rules", kRules + rules + ".yaml", "--dry-run", "--json"});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return outcome.code == 0 ? events(outcome) : std::vector<std::string>{outcome.err};
  }
  /// A program of this name that writes its words into `log`, first on the path.
  void fake(const std::string& name) const {
    const std::string log = (folder_ / "log").string();
    // In one piece, since two of them may write at the same time.
    write("bin/" + name,
          "#!/bin/sh\nline=\nfor word; do line=\"$line[$word]\"; done\nprintf '%s\\n' \"$line\" >> " + log + "\n");
    ::chmod((folder_ / "bin" / name).c_str(), 0700);
    setenv("PATH", ((folder_ / "bin").string() + ":" + path_).c_str(), 1);
  }
  void TearDown() override {
    setenv("PATH", path_.c_str(), 1);
    Program::TearDown();
  }
  std::string path_ = getenv("PATH");
};

TEST_F(Gesture, RecordingsGiveTheKeysThatTheyAreFor) {
  EXPECT_EQ(played("zoom_in", "zoom"), Strings{"zoom in: keys ctrl+plus"});
  EXPECT_EQ(played("zoom_out", "zoom"), Strings{"zoom out: keys ctrl+minus"});
  EXPECT_EQ(played("slides", "slides"), (Strings{"next slide: keys page_down", "previous slide: keys page_up"}));
  EXPECT_EQ(played("application", "application"),
            (Strings{"open: command x-www-browser https://example.org", "close: stop open"}));
  EXPECT_EQ(played("slides", "zoom"), Strings{});
  EXPECT_EQ(played("zoom_in", "slides"), Strings{});
}

TEST_F(Gesture, SaysWhatWouldBeDoneForPeopleToo) {
  const Outcome outcome = run({"gesture", kRecordings + "zoom_in.jsonl", "--rules", kRules + "zoom.yaml", "--dry-run"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(contains(outcome.out, " s  zoom in: keys ctrl+plus\n")) << outcome.out;
  EXPECT_TRUE(contains(outcome.out, "42 frames, 1 gesture\n")) << outcome.out;
  const Outcome explained =
      run({"gesture", kRecordings + "zoom_in.jsonl", "--rules", kRules + "zoom.yaml", "--dry-run", "--explain"});
  EXPECT_TRUE(contains(explained.err, "zoom in: step 1 of 2: left_of left_shoulder right_shoulder 0."))
      << explained.err;
}

TEST_F(Gesture, XdotoolIsGivenTheChordWhenItsTimeHasCome) {
  fake("xdotool");
  const auto begin = std::chrono::steady_clock::now();
  const Outcome outcome =
      run({"gesture", kRecordings + "zoom_in.jsonl", "--rules", kRules + "zoom.yaml", "--keys", "xdotool"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(slurp(folder_ / "log"), "[version]\n[key][--clearmodifiers][ctrl+plus]\n");
  EXPECT_GT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(3)) << "the recording is so long";
}

TEST_F(Gesture, StandardInputIsAStreamOfPoses) {
  input_ = kRecordings + "zoom_in.jsonl";
  const Outcome outcome = run({"gesture", "-", "--rules", kRules + "zoom.yaml", "--dry-run", "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(events(outcome), Strings{"zoom in: keys ctrl+plus"});
  const std::string whole = slurp(kRecordings + "zoom_in.jsonl");
  write("torn.jsonl", whole.substr(0, whole.find('\n', whole.size() / 2) + 30));
  input_ = "torn.jsonl";
  const Outcome torn = run({"gesture", "-", "--rules", kRules + "zoom.yaml", "--dry-run"});
  EXPECT_EQ(torn.code, 1);
  EXPECT_TRUE(contains(torn.err, "stdin: line ")) << torn.err;
  input_ = "/dev/null";
  const Outcome empty = run({"gesture", "-", "--rules", kRules + "zoom.yaml", "--dry-run"});
  EXPECT_EQ(empty.code, 1);
  EXPECT_TRUE(contains(empty.err, "standard input ended before a first line")) << empty.err;
}

/// A stream of somebody with a raised hand, with this among its texts, wherever a line may hold one.
std::string stream_with(const std::string& text) {
  const std::string recording = slurp(kRecordings + "zoom_in.jsonl");
  const Json first = parse_json(recording.substr(0, recording.find('\n'))).value();
  Json skeleton = *first.find("skeleton");
  skeleton.set("name", text);
  const Json command = Json::Array{"touch", "ran"};
  const Json head = Json::Object{{"poise_poses", 1},
                                 {"poise_version", text},
                                 {"model", Json::Object{{"file", text}, {"sha256", text}}},
                                 {"settings", Json::Object{{text, text}, {"do", Json::Object{{"command", command}}}}},
                                 {"command", command},
                                 {"skeleton", std::move(skeleton)}};
  std::string lines = head.dump() + "\n";
  for (int i = 0; i < 20; ++i) {
    Json person = Json::Object{{"score", 0.9}, {"box", Json::Array{0, 0, 200, 300}}, {"box_score", 1}, {"track_id", 1}};
    Json keypoints = Json::array();
    for (int k = 0; k < 17; ++k) {
      const int y = k == 9 ? 50 : k == 5 || k == 6 ? 100 : k == 11 || k == 12 ? 200 : 150;
      keypoints.push(Json::Array{k % 2 == 0 ? 80 : 120, y, 0.9});
    }
    person.set("keypoints", std::move(keypoints));
    for (const char* name : {"name", "id", "keys"}) person.set(name, text);
    person.set("command", command);
    Json frame = Json::Object{{"frame", i}, {"seconds", i / 30.0}, {"width", 640}, {"height", 480}, {"source", text}};
    frame.set("persons", Json::Array{std::move(person)});
    lines += frame.dump() + "\n";
  }
  return lines;
}

TEST_F(Gesture, AStreamOfPosesRunsNothing) {
  fake("xdotool");
  fake("noted");
  write("rules.yaml", raised_hand("[{command: [noted, '$(touch ran)', 'a b']}, {keys: ctrl+a}]"));
  for (const std::string text :
       {"$(touch ran)", "`touch ran`", "; touch ran #", "'; touch ran; '", "\" && touch ran && \"", "| touch ran",
        "\ntouch ran\n", "--help", "$PATH", "command: [touch, ran]"}) {
    write("poses.jsonl", stream_with(text));
    fs::remove(folder_ / "log");
    const Outcome outcome = run({"gesture", "poses.jsonl", "--rules", "rules.yaml", "--keys", "xdotool"});
    EXPECT_EQ(outcome.code, 0) << text << ": " << outcome.err;
    for (int i = 0; i < 2000 && !contains(slurp(folder_ / "log"), "[a b]"); ++i) {  // it runs on its own
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    const std::string log = slurp(folder_ / "log");
    EXPECT_TRUE(contains(log, "[$(touch ran)][a b]")) << "the rule's own words, as they are: " << log;
    EXPECT_TRUE(contains(log, "[key][--clearmodifiers][ctrl+a]")) << log;
    EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 3) << log;
    EXPECT_FALSE(exists("ran")) << text;
  }
}

TEST_F(Gesture, WeirdStreamsAreRefusedOrPassedOver) {
  write("rules.yaml", raised_hand("{command: [touch, ran]}"));
  const std::string good = stream_with("x");
  const std::string head = good.substr(0, good.find('\n') + 1);
  const std::string frame = R"({"frame":0,"seconds":0,"width":9,"height":9,"persons":)";
  const std::vector<std::pair<std::string, std::string>> streams{
      {"[]\n", "skeleton is missing"},
      {"{\"skeleton\":{\"joints\":[\"a\"]}}\n", "there is no joint \"left_wrist\": there are a"},
      {"{\"skeleton\":{\"joints\":[1]}}\n", "skeleton.joints must be names"},
      {head + "[\"touch\",\"ran\"]\n", "line 2: a frame must be an object"},
      {head + "{\"frame\":0,\"seconds\":\"$(touch ran)\"}\n", "line 2: seconds must be a finite number"},
      {head + frame + "[{\"track_id\":\"$(touch ran)\"}]}\n", "line 2: persons[0].score must be a finite number"},
      {head + frame + "[" + std::string(100000, '[') + "\n", "line 2: "},
      {head + "touch ran\n", "line 2: "}};
  for (const auto& [stream, why] : streams) {
    write("poses", stream);
    input_ = "poses";
    const Outcome outcome = run({"gesture", "-", "--rules", "rules.yaml"});
    EXPECT_EQ(outcome.code, 1) << stream.substr(0, 200);
    EXPECT_TRUE(contains(outcome.err, why)) << outcome.err;
  }
  EXPECT_FALSE(exists("ran"));
}

TEST_F(Gesture, WrongRulesAndWordsAreSaidBeforeAnythingIsDone) {
  write("rules.yaml", "rules:\n  - name: a\n    when: [{above: [left_wirst, nose]}]\n    do: {keys: a}\n");
  const std::string recording = kRecordings + "zoom_in.jsonl";
  const Outcome wrong = run({"gesture", recording, "--rules", "rules.yaml"});
  EXPECT_EQ(wrong.code, 1);
  EXPECT_EQ(wrong.err, "poise: rules.yaml: line 3: there is no joint \"left_wirst\": is left_wrist meant?\n");
  EXPECT_EQ(run({"gesture", recording}).code, 2) << "rules are needed";
  EXPECT_EQ(run({"gesture", recording, "--rules", kRules + "zoom.yaml", "--record", "a.jsonl"}).code, 2);
  EXPECT_EQ(run({"gesture", recording, "--rules", kRules + "zoom.yaml", "--show"}).code, 2);
  EXPECT_EQ(run({"gesture", recording, "--rules", kRules + "zoom.yaml", "--keys", "mouse"}).code, 2);
  EXPECT_TRUE(contains(run({"gesture", recording, "--rules", "none.yaml"}).err, "none.yaml: "));
  if (fs::exists("/dev/uinput")) GTEST_SKIP() << "there is a /dev/uinput: what is said without it is not tested";
  const Outcome keyless = run({"gesture", recording, "--rules", kRules + "zoom.yaml", "--keys", "uinput"});
  EXPECT_EQ(keyless.code, 1);
  EXPECT_TRUE(contains(keyless.err, "modprobe uinput")) << keyless.err;
}

TEST_F(Gesture, CtrlCEndsIt) {
  write("rules.yaml", raised_hand("{command: ['true']}"));
  write("poses.jsonl", stream_with("x") + R"({"frame":99,"seconds":600,"width":9,"height":9,"persons":[]})" + "\n");
  const pid_t child = start({"gesture", "poses.jsonl", "--rules", "rules.yaml"});
  for (int i = 0; i < 2000 && !contains(slurp(folder_ / ".stdout"), "hand:"); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  ::kill(child, SIGINT);
  const Outcome outcome = finish(child);
  EXPECT_EQ(outcome.code, 130) << outcome.err;
  EXPECT_TRUE(contains(outcome.out, ", 1 gesture\n")) << outcome.out;
}

#ifdef POISE_HAS_VIDEO
TEST_F(Gesture, AVideoIsRecordedAndPlayedAgain) {
  const std::string video = kRoot + "/tests/golden/videos/" + "plain.mp4";
  write("rules.yaml", "leader: {min_size: 0}\nmin_score: 0\n" + raised_hand("{keys: a}"));
  const Outcome outcome = run({"gesture", video, "--detector", "none", "--rules", "rules.yaml", "--dry-run", "--record",
                               "out/me.jsonl", "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const std::int64_t frames = parse_json(outcome.out).value().find("frames")->as_integer();
  EXPECT_GT(frames, 0);
  const Outcome again = run({"gesture", "out/me.jsonl", "--rules", "rules.yaml", "--dry-run", "--json"});
  ASSERT_EQ(again.code, 0) << again.err;
  EXPECT_EQ(parse_json(again.out).value().find("frames")->as_integer(), frames);
  EXPECT_EQ(events(again), events(outcome));
}

/// Real people who mean none of it: played once.
TEST_F(Gesture, PeopleWhoDoSomethingElseTriggerNothing) {
  const fs::path videos = fs::path(kRoot) / "../shared/data/video";
  if (!fs::exists(videos / "sports_demo.mp4")) GTEST_SKIP() << "../shared is not there";
  for (const std::string name : {"sports_demo", "people_cam01", "people_cam02", "people_cam03", "people_cam04"}) {
    const std::string record = name + ".jsonl";
    // The cameras give 60 frames a second.
    const Outcome zoom =
        run({"gesture", (videos / (name + ".mp4")).string(), "--every", name == "sports_demo" ? "1" : "2", "--rules",
             kRules + "zoom.yaml", "--dry-run", "--record", record, "--json"});
    ASSERT_EQ(zoom.code, 0) << zoom.err;
    EXPECT_EQ(events(zoom), Strings{}) << name;
    EXPECT_GE(parse_json(zoom.out).value().find("frames")->as_integer(), 50) << name;
    EXPECT_TRUE(contains(slurp(folder_ / record), "\"track_id\":1")) << name << ": nobody was seen";
    for (const std::string rules : {"slides", "application"}) {
      const Outcome again = run({"gesture", record, "--rules", kRules + rules + ".yaml", "--dry-run", "--json"});
      ASSERT_EQ(again.code, 0) << again.err;
      EXPECT_EQ(events(again), Strings{}) << name;
    }
  }
}
#endif

}  // namespace
}  // namespace poise
