#include "flags/draw_flags.h"

#include <array>
#include <map>
#include <vector>

#include "words.h"

namespace poise::app {
namespace {

struct Part {
  const char* name;
  bool DrawOptions::*member;
};
constexpr std::array<Part, 6> kParts{{{"joints", &DrawOptions::joints},
                                      {"limbs", &DrawOptions::limbs},
                                      {"boxes", &DrawOptions::boxes},
                                      {"labels", &DrawOptions::labels},
                                      {"scores", &DrawOptions::scores},
                                      {"ids", &DrawOptions::ids}}};

std::vector<std::string> names() {
  std::vector<std::string> all;
  for (const Part& part : kParts) all.emplace_back(part.name);
  return all;
}

std::string drawn_by(const DrawOptions& options) {
  std::string text;
  for (const Part& part : kParts) {
    if (options.*part.member) text += (text.empty() ? "" : ",") + std::string(part.name);
  }
  return text;
}

}  // namespace

void add_draw_flags(CLI::App& command, DrawOptions& options, const std::string& group) {
  static const std::map<std::string, DrawColours> kColours{{"side", DrawColours::kSide},
                                                           {"person", DrawColours::kPerson}};
  command
      .add_option_function<std::vector<std::string>>(
          "--draw",
          [&options](const std::vector<std::string>& given) {
            for (const Part& part : kParts) options.*part.member = false;
            for (const std::string& name : given) {
              for (const Part& part : kParts) options.*part.member = options.*part.member || name == part.name;
            }
          },
          "these and nothing else, with commas between: joints, limbs, boxes, labels, scores, ids")
      ->delimiter(',')
      ->allow_extra_args(false)  // what stands behind it is a picture
      ->check(one_of(names()))
      ->default_str(drawn_by(options))
      ->group(group)
      ->type_name("LIST");
  command
      .add_option_function<std::string>(
          "--colours", [&options](const std::string& name) { options.colours = kColours.at(name); },
          "side: left green, right orange; person: one each")
      ->check(one_of({"side", "person"}))
      ->default_str("side")
      ->group(group);
  command.add_option("--line-width", options.line_width, "of limbs, in pixels; 0: as the person's size wants it")
      ->check(within(0.0, 1000.0))
      ->capture_default_str()
      ->group(group);
  command.add_option("--alpha", options.alpha, "opacity of what is drawn")
      ->check(within(0.0, 1.0))
      ->capture_default_str()
      ->group(group);
  command.add_option("--min-score", options.min_score, "joints that score less are not drawn")
      ->check(within(0.0, 1.0))
      ->capture_default_str()
      ->group(group);
}

}  // namespace poise::app
