// The documents hold: their C++ is the examples', their commands and options exist, their links lead somewhere.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "poise/base/json.h"
#include "poise/card/model_card.h"
#include "poise/skeleton/skeleton.h"

namespace {

namespace fs = std::filesystem;

const fs::path kRoot = POISE_SOURCE_DIR;

std::string slurp(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<fs::path> documents() {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(kRoot)) {
    if (entry.path().extension() == ".md") found.push_back(entry.path());
  }
  for (const char* folder : {"docs", "bench"}) {
    for (const auto& entry : fs::recursive_directory_iterator(kRoot / folder)) {
      if (entry.path().extension() == ".md") found.push_back(entry.path());
    }
  }
  return found;
}

/// The lines of all ```language blocks of the text, without their indent.
std::vector<std::string> block_lines(const std::string& text, const std::string& language) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  bool inside = false;
  for (std::string line; std::getline(stream, line);) {
    if (line.starts_with("```")) {
      inside = !inside && line == "```" + language;
      continue;
    }
    if (inside && line.find_first_not_of(' ') != std::string::npos)
      lines.push_back(line.substr(line.find_first_not_of(' ')));
  }
  return lines;
}

/// What the program says to "poise WORDS".
std::string said(const std::string& words) {
  FILE* pipe = popen((std::string(POISE_PROGRAM) + " " + words + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return {};
  std::string text;
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) text.push_back(static_cast<char>(c));
  pclose(pipe);
  return text;
}

TEST(Documents, ExampleIsTheOneOfTheExamples) {  // which tests compile and run
  const std::string readme = slurp(kRoot / "README.md"), start = "```cpp\n";
  const std::size_t begin = readme.find(start);
  ASSERT_NE(begin, std::string::npos);
  const std::size_t end = readme.find("```", begin + start.size());
  const std::string example = readme.substr(begin + start.size(), end - begin - start.size());
  EXPECT_EQ(example, slurp(kRoot / "examples/find_package/main.cc"));
  EXPECT_EQ(example, slurp(kRoot / "examples/add_subdirectory/main.cc"));
}

TEST(Documents, CommandsAndOptionsExist) {
  const std::string all = said("--help");
  int checked = 0;
  for (const fs::path& document : documents()) {
    for (const std::string& line : block_lines(slurp(document), "sh")) {
      std::istringstream words(line);
      std::string program, command;
      words >> program >> command;
      const bool is_script = program.starts_with("scripts/") || program.starts_with("bench/");
      if (is_script) {
        EXPECT_TRUE(fs::exists(kRoot / program)) << document << ": " << line;
      }
      if (program != "poise" || command.starts_with("--")) continue;
      EXPECT_NE(all.find("\n  " + command + " "), std::string::npos) << document << ": " << line;
      std::string help = said(command + " --help");
      if (std::string inner; help.find("\nSubcommands:") != std::string::npos && words >> inner) {
        EXPECT_NE(help.find("\n  " + inner + " "), std::string::npos) << document << ": " << line;
        help = said(command + " " + inner + " --help");
      }
      if (help.find("this build has no poise-train") != std::string::npos) continue;  // nobody to ask
      for (std::string word; words >> word && word != "#";) {
        if (!word.starts_with("--")) continue;
        EXPECT_NE(help.find(word), std::string::npos) << document << ": " << line << "\n" << help;
        ++checked;
      }
    }
  }
  EXPECT_GT(checked, 10);
}

TEST(Documents, CardAndSkeletonExamplesAreAccepted) {
  std::vector<poise::Json> examples;
  std::string block;
  for (const std::string& line : block_lines(slurp(kRoot / "docs/model-cards.md"), "json")) {
    block += line + "\n";
    if (line != "}") continue;
    examples.push_back(poise::parse_json(block).value());
    block.clear();
  }
  ASSERT_EQ(examples.size(), 2U);
  EXPECT_EQ(poise::card_from_json(examples[0], {192, 256}).value().skeleton.name, "coco17");
  EXPECT_EQ(poise::skeleton_from_json(examples[1]).value().size(), 3);
}

TEST(Documents, LinksLeadSomewhere) {
  int checked = 0;
  for (const fs::path& document : documents()) {
    const std::string text = slurp(document);
    for (std::size_t at = text.find("]("); at != std::string::npos; at = text.find("](", at + 1)) {
      const std::string target = text.substr(at + 2, text.find_first_of(")#", at) - at - 2);
      if (target.empty() || target.find("://") != std::string::npos) continue;
      EXPECT_TRUE(fs::exists(document.parent_path() / target)) << document << " -> " << target;
      ++checked;
    }
  }
  EXPECT_GT(checked, 5);
}

}  // namespace
