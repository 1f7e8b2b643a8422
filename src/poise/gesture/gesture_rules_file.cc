#include "poise/gesture/gesture_rules_file.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <span>

#include "poise/base/nearest.h"
#include "poise/base/printable.h"
#include "poise/base/yaml.h"

namespace poise {
namespace {

constexpr std::size_t kMostRules = 64, kMostInside = 16, kMostWords = 64, kLongestText = 4096;
constexpr double kLongestTime = 3600;  // seconds

using Names = std::vector<std::string>;

/// A value of the file, and where it stands.
struct Node {
  const Json* value = nullptr;
  const YamlPlace* place = nullptr;

  Error wrong(const std::string& what) const { return invalid_argument(what).prefixed(line()); }
  std::string line() const { return "line " + std::to_string(place->line); }

  std::optional<Node> find(std::string_view name) const {
    const Json::Object& members = value->as_object();
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (members[i].first == name) return Node{&members[i].second, &place->inner[i]};
    }
    return std::nullopt;
  }
  std::vector<Node> items() const {
    std::vector<Node> nodes;
    for (std::size_t i = 0; i < value->as_array().size(); ++i) {
      nodes.push_back({&value->as_array()[i], &place->inner[i]});
    }
    return nodes;
  }
};

std::string joined(const Names& names) {
  std::string text;
  for (const std::string& name : names) text.append(text.empty() ? "" : ", ").append(name);
  return text;
}

/// "there is no joint "left_wirst": is left_wrist meant?"
std::string unknown(const std::string& kind, std::string_view word, const Names& known) {
  const std::string likely = nearest(word, known);
  return "there is no " + kind + " " + printable(word) +
         (likely.empty() ? ": there are " + joined(known) : ": is " + likely + " meant?");
}

/// A mapping that has members of these names alone.
Status check_members(const Node& node, const std::string& what, const Names& known) {
  if (!node.value->is_object()) {
    return node.wrong(what + " must be a mapping of " + joined(known) + ", it is " + node.value->kind());
  }
  const Json::Object& members = node.value->as_object();
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (std::ranges::find(known, members[i].first) != known.end()) continue;
    return Node{&members[i].second, &node.place->inner[i]}.wrong(
        unknown("member", members[i].first, known).append(" (in ").append(what).append(")"));
  }
  return {};
}

/// One item or more, and at most so many.
Result<std::vector<Node>> list_of(const Node& node, const std::string& what, std::size_t most) {
  if (!node.value->is_array() || node.value->as_array().empty()) {
    return node.wrong(what + " must be a list with something in it");
  }
  if (node.value->as_array().size() > most) {
    return too_large(what + " has " + std::to_string(node.value->as_array().size()) + " entries, at most " +
                     std::to_string(most) + " are read")
        .prefixed(node.line());
  }
  return node.items();
}

Result<std::string> text_of(const Node& node, const std::string& what) {
  if (!node.value->is_string() || node.value->as_string().empty()) {
    return node.wrong(what + " must be a text" + (node.value->is_string() ? "" : ": put it in quotes"));
  }
  const std::string& text = node.value->as_string();
  if (text.size() > kLongestText) return too_large(what + " has over 4096 letters").prefixed(node.line());
  if (text.find('\0') != std::string::npos) return node.wrong(what + " holds a letter that no text can");
  return text;
}

/// A member that is a number, where it is there.
template <typename T>
Status read_number(const Node& node, const char* name, double low, double high, T& value) {
  const std::optional<Node> found = node.find(name);
  if (!found) return {};
  const bool right = found->value->is_number() && found->value->as_number() >= low && found->value->as_number() <= high;
  if (!right) {
    return found->wrong(std::string(name) + " must be a number from " + Json(low).dump() + " to " + Json(high).dump() +
                        ", it is " + printable(found->value->dump()));
  }
  value = static_cast<T>(found->value->as_number());
  return {};
}

struct RelationRow {
  const char* name;
  Relation relation;
  std::size_t least, most;  // points
  float slack;              // where none is given
  bool signed_value;        // without bounds it means: more than 0
};
constexpr std::array<RelationRow, 7> kRelations{{{"above", Relation::kAbove, 2, 2, 0.1F, true},
                                                 {"below", Relation::kBelow, 2, 2, 0.1F, true},
                                                 {"left_of", Relation::kLeftOf, 2, 2, 0.1F, true},
                                                 {"right_of", Relation::kRightOf, 2, 2, 0.1F, true},
                                                 {"apart", Relation::kApart, 2, 2, 0.1F, false},
                                                 {"angle", Relation::kAngle, 3, 3, 10.0F, false},
                                                 {"speed", Relation::kSpeed, 1, 2, 0.2F, false}}};

/// Names of points: joints, and the middles of two, "wrists" of left_wrist and right_wrist.
struct Points {
  Names names;
  std::vector<BodyPoint> points;

  explicit Points(const Skeleton& skeleton) {
    for (int i = 0; i < skeleton.size(); ++i) {
      names.push_back(skeleton.joints[static_cast<std::size_t>(i)].name);
      points.push_back({i, i});
    }
    constexpr std::string_view kLeft = "left_";
    for (int i = 0; i < skeleton.size(); ++i) {
      const std::string& name = skeleton.joints[static_cast<std::size_t>(i)].name;
      if (!name.starts_with(kLeft)) continue;
      const std::string what = name.substr(kLeft.size());
      const std::optional<int> other = skeleton.index_of("right_" + what);
      if (!other) continue;
      names.push_back(what + "s");
      points.push_back({i, *other});
    }
  }
};

class RulesReader {
 public:
  explicit RulesReader(const Skeleton& skeleton) : points_(skeleton) {}

  Result<GestureRules> read(const Node& root) {
    POISE_RETURN_IF_ERROR(check_members(root, "a rules file", {"leader", "min_score", "rest", "rules"}));
    GestureRules rules;
    POISE_RETURN_IF_ERROR(read_number(root, "min_score", 0, 1, rules.min_score));
    if (const auto leader = root.find("leader")) POISE_RETURN_IF_ERROR(read_leader(*leader, rules.leader));
    if (const auto rest = root.find("rest")) {
      POISE_TRY(rules.rest, read_conditions(*rest, "rest"));
    }
    const std::optional<Node> list = root.find("rules");
    if (!list) return root.wrong("rules are missing");
    POISE_TRY(const std::vector<Node> nodes, list_of(*list, "rules", kMostRules));
    for (const Node& node : nodes) {
      POISE_TRY(GestureRule rule, read_rule(node));
      const bool twice = std::ranges::find(rules.rules, rule.name, &GestureRule::name) != rules.rules.end();
      if (twice) return node.wrong("a rule " + printable(rule.name) + " is there already: names are used once");
      rules.rules.push_back(std::move(rule));
    }
    POISE_RETURN_IF_ERROR(check_stops(rules));
    return rules;
  }

 private:
  Status read_leader(const Node& node, LeaderOptions& leader) const {
    POISE_RETURN_IF_ERROR(check_members(node, "leader", {"choose", "min_size", "patience"}));
    POISE_RETURN_IF_ERROR(read_number(node, "min_size", 0, 1, leader.min_size));
    POISE_RETURN_IF_ERROR(read_number(node, "patience", 0, kLongestTime, leader.patience));
    if (const auto choose = node.find("choose")) {
      POISE_TRY(const std::string word, text_of(*choose, "choose"));
      if (word != "largest" && word != "centre") return choose->wrong(unknown("choice", word, {"largest", "centre"}));
      leader.choice = word == "centre" ? LeaderOptions::Choice::kCentre : LeaderOptions::Choice::kLargest;
    }
    return {};
  }

  Result<GestureRule> read_rule(const Node& node) {
    const Names members{"name", "when", "hold", "steps", "cool_down", "repeat", "do"};
    POISE_RETURN_IF_ERROR(check_members(node, "a rule", members));
    GestureRule rule;
    const std::optional<Node> name = node.find("name");
    if (!name) return node.wrong("the rule has no name");
    POISE_TRY(rule.name, text_of(*name, "name"));
    POISE_RETURN_IF_ERROR(read_number(node, "cool_down", 0, kLongestTime, rule.cool_down));
    POISE_RETURN_IF_ERROR(read_number(node, "repeat", 0, kLongestTime, rule.repeat));
    POISE_RETURN_IF_ERROR(read_steps(node, rule));
    const std::optional<Node> action = node.find("do");
    if (!action) return node.wrong("the rule " + printable(rule.name) + " does nothing: it has no member \"do\"");
    std::vector<Node> actions{*action};
    if (!action->value->is_object()) {
      POISE_TRY(actions, list_of(*action, "do", kMostInside));
    }
    for (const Node& one : actions) {
      POISE_TRY(GestureAction read, read_action(one));
      rule.actions.push_back(std::move(read));
    }
    return rule;
  }

  /// Several steps, or one that is written into the rule itself.
  Status read_steps(const Node& node, GestureRule& rule) const {
    const std::optional<Node> steps = node.find("steps");
    if (!steps) {
      if (!node.find("when")) return node.wrong("the rule " + printable(rule.name) + " has neither \"when\" nor steps");
      return read_step(node, rule);
    }
    for (const char* other : {"when", "hold"}) {
      if (const auto both = node.find(other)) return both->wrong(std::string(other) + " belongs into one of the steps");
    }
    POISE_TRY(const std::vector<Node> list, list_of(*steps, "steps", kMostInside));
    for (const Node& step : list) {
      POISE_RETURN_IF_ERROR(check_members(step, "a step", {"when", "hold", "within"}));
      if (!step.find("when")) return step.wrong("the step has no member \"when\"");
      POISE_RETURN_IF_ERROR(read_step(step, rule));
    }
    return {};
  }

  Status read_step(const Node& node, GestureRule& rule) const {
    GestureStep step;
    POISE_TRY(step.when, read_conditions(*node.find("when"), "when"));
    POISE_RETURN_IF_ERROR(read_number(node, "hold", 0, kLongestTime, step.hold));
    POISE_RETURN_IF_ERROR(read_number(node, "within", 0, kLongestTime, step.within));
    rule.steps.push_back(std::move(step));
    return {};
  }

  Result<std::vector<PoseCondition>> read_conditions(const Node& node, const char* what) const {
    POISE_TRY(const std::vector<Node> list, list_of(node, what, kMostInside));
    std::vector<PoseCondition> conditions;
    for (const Node& one : list) {
      POISE_TRY(PoseCondition condition, read_condition(one));
      conditions.push_back(std::move(condition));
    }
    return conditions;
  }

  Result<PoseCondition> read_condition(const Node& node) const {
    Names members;
    for (const RelationRow& row : kRelations) members.emplace_back(row.name);
    const Names relations = members;
    members.insert(members.end(), {"more", "less", "slack", "or_unseen"});
    POISE_RETURN_IF_ERROR(check_members(node, "a condition", members));
    const RelationRow* relation = nullptr;
    for (const RelationRow& row : kRelations) {
      if (!node.find(row.name)) continue;
      if (relation != nullptr) {
        return node.wrong(std::string(relation->name) + " and " + row.name + " are two conditions: begin each with -");
      }
      relation = &row;
    }
    if (relation == nullptr) return node.wrong("the condition has no relation: one of " + joined(relations));
    PoseCondition condition;
    condition.relation = relation->relation;
    condition.slack = relation->slack;
    condition.name = relation->name;
    POISE_RETURN_IF_ERROR(read_points(*node.find(relation->name), *relation, condition));
    constexpr double kMost = 1000;
    POISE_RETURN_IF_ERROR(read_number(node, "more", -kMost, kMost, condition.more));
    POISE_RETURN_IF_ERROR(read_number(node, "less", -kMost, kMost, condition.less));
    POISE_RETURN_IF_ERROR(read_number(node, "slack", 0, kMost, condition.slack));
    if (const auto unseen = node.find("or_unseen")) {
      if (!unseen->value->is_bool()) return unseen->wrong("or_unseen must be true or false");
      condition.or_unseen = unseen->value->as_bool();
    }
    if (!node.find("more") && !node.find("less")) {
      if (!relation->signed_value)
        return node.wrong(std::string(relation->name) + " needs a bound: more, less or both");
      condition.more = 0;
    }
    if (condition.more >= condition.less) return node.wrong("nothing is both more and less than that");
    return condition;
  }

  Status read_points(const Node& node, const RelationRow& relation, PoseCondition& condition) const {
    std::vector<Node> list{node};
    if (node.value->is_array()) list = node.items();
    if (list.size() < relation.least || list.size() > relation.most) {
      const std::string wanted = relation.least == relation.most
                                     ? std::to_string(relation.least)
                                     : std::to_string(relation.least) + " or " + std::to_string(relation.most);
      return node.wrong(std::string(relation.name) + " takes " + wanted + " joints, " + std::to_string(list.size()) +
                        (list.size() == 1 ? " is" : " are") + " given");
    }
    for (const Node& one : list) {
      POISE_TRY(const std::string name, text_of(one, "a joint"));
      const auto found = std::ranges::find(points_.names, name);
      if (found == points_.names.end()) return one.wrong(unknown("joint", name, points_.names));
      condition.points.push_back(points_.points[static_cast<std::size_t>(found - points_.names.begin())]);
      condition.name.append(" ").append(name);
    }
    return {};
  }

  Result<GestureAction> read_action(const Node& node) {
    const Names kinds{"keys", "command", "stop", "websocket"};
    POISE_RETURN_IF_ERROR(check_members(node, "do", kinds));
    if (node.value->as_object().size() != 1) {
      return node.wrong("an action is one of " + joined(kinds) + "; several are a list, each begun with -");
    }
    const std::string& kind = node.value->as_object()[0].first;
    const Node value{&node.value->as_object()[0].second, &node.place->inner[0]};
    if (kind == "command") return read_command(value);
    if (kind == "websocket") return read_message(value);
    if (kind == "stop") {
      StopProgram stop;
      POISE_TRY(stop.rule, text_of(value, "stop"));
      stops_.emplace_back(value, stop.rule);
      return GestureAction(std::move(stop));
    }
    // A digit alone is a number to YAML.
    POISE_TRY(const std::string name,
              value.value->is_integer() ? Result<std::string>(value.value->dump()) : text_of(value, "keys"));
    const auto chord = parse_chord(name);
    if (!chord.ok()) return chord.error().prefixed(value.line());
    return GestureAction(PressKeys{*chord});
  }

  static Result<GestureAction> read_command(const Node& node) {
    if (!node.value->is_array()) {
      return node.wrong("command must be a list of words, [program, argument]: no shell takes it apart");
    }
    POISE_TRY(const std::vector<Node> list, list_of(node, "command", kMostWords));
    StartProgram start;
    for (const Node& word : list) {
      POISE_TRY(std::string text, text_of(word, "a word of command"));
      start.words.push_back(std::move(text));
    }
    return GestureAction(std::move(start));
  }

  static Result<GestureAction> read_message(const Node& node) {
    POISE_RETURN_IF_ERROR(check_members(node, "websocket", {"url", "text"}));
    SendMessage message;
    for (const auto& [name, into] : {std::pair{"url", &message.url}, std::pair{"text", &message.text}}) {
      const std::optional<Node> found = node.find(name);
      if (!found) return node.wrong(std::string("websocket has no member \"") + name + "\"");
      POISE_TRY(*into, text_of(*found, name));
    }
    constexpr std::string_view kScheme = "ws://";
    const bool has_host = message.url.starts_with(kScheme) && message.url.size() > kScheme.size();
    if (!has_host) return node.find("url")->wrong("url must be ws://HOST, ws://HOST:PORT or ws://HOST:PORT/PATH");
    return GestureAction(std::move(message));
  }

  /// What is stopped is a rule that starts something.
  Status check_stops(const GestureRules& rules) const {
    Names starters;
    for (const GestureRule& rule : rules.rules) {
      const auto starts = [](const GestureAction& action) { return std::holds_alternative<StartProgram>(action); };
      if (std::ranges::any_of(rule.actions, starts)) starters.push_back(rule.name);
    }
    for (const auto& [node, name] : stops_) {
      if (std::ranges::find(starters, name) != starters.end()) continue;
      if (starters.empty()) return node.wrong("stop names a rule with a command, and there is none");
      return node.wrong(unknown("rule with a command", name, starters));
    }
    return {};
  }

  Points points_;
  std::vector<std::pair<Node, std::string>> stops_;
};

}  // namespace

Result<GestureRules> parse_gesture_rules(std::string_view yaml, const Skeleton& skeleton) {
  POISE_TRY(const PlacedYaml placed, parse_placed_yaml(yaml));
  if (placed.value.is_null()) return invalid_argument("there are no rules in it: it is empty");
  return RulesReader(skeleton).read({&placed.value, &placed.place});
}

}  // namespace poise
