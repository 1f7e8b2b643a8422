// Holds the tree against src/poise/LAYERS and the house rules on what a library may include and call.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kit/temporary_folder.h"

namespace {

namespace fs = std::filesystem;
using Lines = std::vector<std::string>;

/// Private headers, not for users of the library: these may name the library they wrap, and those of weights' wings are
/// included from weights alone.
constexpr std::array<std::string_view, 26> kPrivateHeaders{"engine/backends/onednn/",
                                                           "weights/onnx/",
                                                           "weights/torch/",
                                                           "weights/darknet/",
                                                           "media/ffmpeg/av.h",
                                                           "media/ffmpeg/camera.h",
                                                           "media/ffmpeg/decoder.h",
                                                           "media/ffmpeg/encoder.h",
                                                           "media/ffmpeg/file_io.h",
                                                           "media/ffmpeg/frame_converter.h",
                                                           "media/ffmpeg/open_input.h",
                                                           "media/ffmpeg/seek.h",
                                                           "media/ffmpeg/sound.h",
                                                           "serve/http/core.h",
                                                           "serve/http/http_session.h",
                                                           "serve/http/server_metrics.h",
                                                           "serve/http/websocket_session.h",
                                                           "graph_torch/torch_graph.h",
                                                           "graph_torch/torch_operators.h",
                                                           "train/centre_loss.h",
                                                           "train/feed.h",
                                                           "train/learner.h",
                                                           "train/loss.h",
                                                           "train/optimizer.h",
                                                           "train/task.h",
                                                           "train/validation.h"};
constexpr std::array<std::string_view, 21> kThirdParty{
    "dnnl",      "oneapi/", "turbojpeg", "jpeglib",  "png.h",  "webp/",       "google/protobuf",
    "nlohmann/", ".pb.h",   "simdjson",  "opencv2/", "torch/", "ATen/",       "CLI/",
    "yaml-cpp/", "libav",   "libsw",     "SDL",      "boost/", "prometheus/", "openssl/"};

/// A part of a folder that is a library of its own, since it brings a long chain of others: nothing else in the library
/// includes it, or what it wraps.
struct Annexe {
  std::string_view folder;
  std::vector<std::string_view> wraps;  // how the includes begin
};
const std::array<Annexe, 5> kAnnexes{{{"media/ffmpeg/", {"<libav", "\"libav", "<libsw", "\"libsw"}},
                                      {"track/opencv/", {"<opencv2/", "\"opencv2/"}},
                                      {"serve/http/", {"<boost/", "<prometheus/", "<openssl/"}},
                                      {"serve/lambda/", {"<boost/"}},
                                      {"gesture/websocket/", {"<boost/"}}}};
/// Headers that are not installed: cmake/PoiseLibrary.cmake.
constexpr std::array<std::string_view, 9> kNotInstalled{
    "engine/backends/onednn/", "weights/onnx/", "weights/torch/", "weights/darknet/",
    "media/ffmpeg/",           "train/",        "graph_torch/",   "image/test_",
    "capi/handles.h"};
/// They call programs of others, by their flags.
constexpr std::array<std::string_view, 2> kCallsOthers{"models/fetch.cc", "gesture/xdotool_keyboard.cc"};
constexpr std::string_view kUmbrella = "poise.h";
constexpr std::array<std::string_view, 8> kForbiddenHeaders{"<iostream>", "<print>", "<csignal>",  "<getopt.h>",
                                                            "<CLI",       "\"CLI",   "<syslog.h>", "<ostream>"};
constexpr std::array<std::string_view, 12> kForbiddenCalls{"printf", "fprintf", "vprintf",    "puts",
                                                           "fputs",  "putchar", "perror",     "exit",
                                                           "_exit",  "abort",   "quick_exit", "terminate"};
/// Neither includes the other, whatever their floors: they meet in models, codec and crop.
constexpr std::array<std::pair<std::string_view, std::string_view>, 2> kBanned{
    {{"train", "infer"}, {"infer", "train"}}};

struct Layers {
  std::map<std::string, int> floor;
  std::map<std::string, std::set<std::string>> edges;  // on the same floor
};

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

Lines read_lines(const fs::path& path) {
  std::ifstream file(path);
  Lines lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

Layers read_layers(const fs::path& path, Lines& wrong) {
  Layers layers;
  for (const std::string& line : read_lines(path)) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream words(line);
    int floor = 0;
    std::string folder, arrow;
    if (!(words >> floor >> folder) || ((words >> arrow) && arrow != "->")) {
      wrong.push_back("LAYERS: cannot read \"" + line + "\": want FLOOR FOLDER [-> FOLDER...]");
      continue;
    }
    if (!layers.floor.emplace(folder, floor).second) wrong.push_back("LAYERS: " + folder + " is listed twice");
    for (std::string target; words >> target;) layers.edges[folder].insert(target);
  }
  if (layers.floor.empty()) wrong.push_back("LAYERS: lists no folder");
  for (const auto& [folder, targets] : layers.edges) {
    for (const std::string& target : targets) {
      const auto found = layers.floor.find(target);
      if (found == layers.floor.end() || found->second != layers.floor[folder]) {
        std::string line = "LAYERS: " + folder;
        line.append(" -> ").append(target).append(" is not an edge between folders of one floor");
        wrong.push_back(std::move(line));
      }
    }
  }
  return layers;
}

/// Folders from which the listed edges lead back to themselves.
Lines circles(const Layers& layers) {
  Lines found;
  for (const auto& [start, first] : layers.edges) {
    std::set<std::string> seen, open(first);
    while (!open.empty()) {
      const std::string folder = open.extract(open.begin()).value();
      if (!seen.insert(folder).second) continue;
      if (const auto next = layers.edges.find(folder); next != layers.edges.end())
        open.insert(next->second.begin(), next->second.end());
    }
    if (seen.contains(start)) found.push_back("LAYERS: the edges of " + start + " lead back to it");
  }
  return found;
}

/// The text between the quotes or angle brackets, with them; empty where the line includes nothing.
std::string included(const std::string& line) {
  const std::size_t hash = line.find_first_not_of(" \t");
  if (hash == std::string::npos || line[hash] != '#') return {};
  const std::size_t word = line.find_first_not_of(" \t", hash + 1);
  if (word == std::string::npos || line.compare(word, 7, "include") != 0) return {};
  const std::size_t begin = line.find_first_of("\"<", word), end = line.find_last_of("\">");
  return begin == std::string::npos || end <= begin ? std::string{} : line.substr(begin, end - begin + 1);
}

/// Of a file without its comments: the code, and the insides of string and character literals, a line each.
struct Parts {
  std::string code, literals;
};

Parts parts_of(const Lines& lines) {
  Parts parts;
  bool block = false;
  for (const std::string& line : lines) {
    char quote = 0;
    for (std::size_t i = 0; i < line.size(); ++i) {
      const std::string_view two = std::string_view(line).substr(i, 2);
      if (block) {
        if (two == "*/") block = false, ++i;
      } else if (quote != 0) {
        if (line[i] == quote) {
          quote = 0;
          parts.literals += '\n';
          continue;
        }
        if (line[i] == '\\') ++i;
        parts.literals += line[std::min(i, line.size() - 1)];
      } else if (two == "//") {
        break;
      } else if (two == "/*") {
        block = true, ++i;
      } else if (line[i] == '"' ||
                 (line[i] == '\'' && (i == 0 || !std::isalnum(static_cast<unsigned char>(line[i - 1]))))) {
        quote = line[i];  // 1'000 is a number
      } else {
        parts.code += line[i];
      }
    }
    parts.code += '\n';
  }
  return parts;
}

/// The first command-line flag that a literal names ("--model"); empty where there is none.
std::string flag_in(const std::string& literals) {
  for (std::size_t at = literals.find("--"); at != std::string::npos; at = literals.find("--", at + 1)) {
    if (at > 0 && literals[at - 1] == '-') continue;  // a rule
    std::size_t end = at + 2;
    while (end < literals.size() &&
           (std::islower(static_cast<unsigned char>(literals[end])) != 0 || (end > at + 2 && literals[end] == '-'))) {
      ++end;
    }
    if (end > at + 2) return literals.substr(at, end - at);
  }
  return {};
}

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

/// The first forbidden function that is called, or stream that is named; empty where there is none.
std::string forbidden_use(const std::string& code) {
  for (std::size_t i = 0; i < code.size(); ++i) {
    if (!is_word(code[i]) || (i > 0 && is_word(code[i - 1]))) continue;
    std::size_t end = i;
    while (end < code.size() && is_word(code[end])) ++end;
    std::string word = code.substr(i, end - i);
    if (word == "cout" || word == "cerr" || word == "clog") return word;
    const std::size_t next = code.find_first_not_of(" \t\n", end);
    const bool call = next != std::string::npos && code[next] == '(';
    if (call && std::find(kForbiddenCalls.begin(), kForbiddenCalls.end(), word) != kForbiddenCalls.end()) return word;
  }
  return {};
}

bool wraps(const Annexe& annexe, const std::string& what) {
  return std::any_of(annexe.wraps.begin(), annexe.wraps.end(),
                     [&](std::string_view beginning) { return what.starts_with(beginning); });
}

/// The annexe that the file is not in, and has no business with; empty where there is none.
std::string annexe_of(const std::string& name, const std::string& what) {
  const bool own = std::any_of(kAnnexes.begin(), kAnnexes.end(), [&](const Annexe& annexe) {
    return name.starts_with(annexe.folder) && wraps(annexe, what);
  });
  for (const Annexe& annexe : kAnnexes) {
    if (name.starts_with(annexe.folder)) continue;
    if ((!own && wraps(annexe, what)) || what.starts_with("\"poise/" + std::string(annexe.folder)))
      return std::string(annexe.folder);
  }
  return {};
}

void check_includes(const Layers& layers, const std::string& folder, const std::string& name, const Lines& lines,
                    Lines& wrong) {
  const bool is_test = name.ends_with("_test.cc");
  const bool is_public =
      name.ends_with(".h") && std::none_of(kPrivateHeaders.begin(), kPrivateHeaders.end(),
                                           [&](std::string_view prefix) { return name.starts_with(prefix); });
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string what = included(lines[i]);
    if (what.empty()) continue;
    std::string where = name;
    where.append(":").append(std::to_string(i + 1)).append(": includes ").append(what);
    if (is_public) {
      for (const std::string_view library : kThirdParty) {
        if (contains(what, library)) wrong.push_back(where + ": third-party header in a public header");
      }
    }
    if (!is_test && std::any_of(kForbiddenHeaders.begin(), kForbiddenHeaders.end(),
                                [&](std::string_view h) { return what.starts_with(h); })) {
      wrong.push_back(where + ": printing and flags are the program's");
    }
    if (const std::string annexe = annexe_of(name, what); !annexe.empty()) {
      wrong.push_back(where + ": belongs to " + annexe + ", a library of its own");
    }
    if (!what.starts_with("\"poise/")) continue;
    const std::string target = what.substr(7, what.find_first_of("/\"", 7) - 7);
    const auto floor = layers.floor.find(target);
    if (floor == layers.floor.end()) {
      wrong.push_back(where + ": the folder is not listed in LAYERS");
      continue;
    }
    const auto edges = layers.edges.find(folder);
    const bool edge = edges != layers.edges.end() && edges->second.contains(target);
    const int own = layers.floor.at(folder);
    if (folder != "weights" && what.starts_with("\"poise/weights/") && contains(what.substr(15), "/")) {
      wrong.push_back(where + ": internal to weights");
    }
    if (target != folder && floor->second > own) wrong.push_back(where + ": upward");
    if (target != folder && floor->second == own && !edge) wrong.push_back(where + ": same floor, not a listed edge");
    for (const auto& [from, to] : kBanned) {
      if (folder == from && target == to) wrong.push_back(where + ": train and infer never meet");
    }
  }
}

/// Everything that is wrong with the tree whose src/poise is `source`, one line each.
Lines violations(const fs::path& source) {
  Lines wrong;
  const Layers layers = read_layers(source / "LAYERS", wrong);
  for (std::string& circle : circles(layers)) wrong.push_back(std::move(circle));
  for (const auto& [folder, floor] : layers.floor) {
    if (!fs::is_directory(source / folder)) wrong.push_back("LAYERS: there is no folder " + folder);
  }
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(source)) {
    const std::string extension = entry.path().extension().string();
    if (extension != ".h" && extension != ".cc") continue;
    const std::string name = fs::relative(entry.path(), source).generic_string();
    const std::string folder = name.substr(0, name.find('/'));
    if (name == kUmbrella) continue;  // it includes what it likes, and no folder includes it
    if (!layers.floor.contains(folder)) {
      wrong.push_back(name + ": the folder is not listed in LAYERS");
      continue;
    }
    const Lines lines = read_lines(entry.path());
    check_includes(layers, folder, name, lines, wrong);
    if (name.ends_with("_test.cc")) continue;
    const Parts parts = parts_of(lines);
    if (const std::string use = forbidden_use(parts.code); !use.empty()) {
      std::string line = name;
      wrong.push_back(line.append(": uses ").append(use).append(": the library never prints and never exits"));
    }
    if (const std::string flag = flag_in(parts.literals);
        !flag.empty() && std::ranges::find(kCallsOthers, name) == kCallsOthers.end()) {
      std::string line = name;
      wrong.push_back(line.append(": names ").append(flag).append(": flags are the program's, name the option"));
    }
  }
  std::sort(wrong.begin(), wrong.end());
  return wrong;
}

std::string joined(const Lines& lines) {
  std::string text;
  for (const std::string& line : lines) text.append(line).append("\n");
  return text;
}

TEST(Layers, TheTreeKeepsToItsFloors) {
  const fs::path source = fs::path(POISE_SOURCE_DIR) / "src/poise";
  EXPECT_EQ(joined(violations(source)), "");
}

/// Public headers that do not say what threads may do. Those that say that they are internal are not for users.
Lines silent_on_threads(const fs::path& source) {
  constexpr std::array<std::string_view, 8> kStatements{
      "thread-safe", "pure", "any thread", "one thread", "a thread", "another thread", "own threads", "one session a"};
  constexpr std::array<std::string_view, 3> kInternal{"internal to", "private to", "not for users"};
  Lines silent;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(source)) {
    const std::string name = fs::relative(entry.path(), source).generic_string();
    const bool stays = std::ranges::any_of(kNotInstalled, [&](std::string_view p) { return name.starts_with(p); });
    if (entry.path().extension() != ".h" || stays || contains(name, "/test_")) continue;
    std::string comments;
    for (const std::string& line : read_lines(entry.path())) {
      const std::size_t at = line.find("//");
      if (at != std::string::npos) comments += line.substr(at) + "\n";
    }
    std::ranges::transform(comments, comments.begin(), [](unsigned char c) { return std::tolower(c); });
    const auto says = [&](std::string_view words) { return contains(comments, words); };
    if (std::ranges::none_of(kInternal, says) && std::ranges::none_of(kStatements, says)) silent.push_back(name);
  }
  std::ranges::sort(silent);
  return silent;
}

TEST(Layers, PublicHeadersSayWhatThreadsMayDo) {
  EXPECT_EQ(joined(silent_on_threads(fs::path(POISE_SOURCE_DIR) / "src/poise")), "");
}

/// A small tree with sound floors, into which each test plants one fault.
class PlantedFault : public ::testing::Test {
 protected:
  void SetUp() override {
    write("LAYERS", "# floors\n1 base\n2 image -> tensor\n2 tensor\n3 infer\n4 train\n");
    write("base/a.h", "#include <vector>\n");
    write("image/b.h", "#include \"poise/base/a.h\"\n#include \"poise/tensor/c.h\"\n");
    write("tensor/c.h", "// printf(\"never\")\nconst char* s = \"exit(1)\"; int n = 1'000; int snprintf(char*);\n");
    write("infer/d.cc", "#include \"poise/image/b.h\"\n#include <png.h>\n");
    write("train/e.cc", "#include \"poise/image/b.h\"\n");
  }
  void write(const std::string& name, const std::string& text) const {
    fs::create_directories((source_ / name).parent_path());
    std::ofstream(source_ / name) << text;
  }
  std::string found() const { return joined(violations(source_)); }
  const poise::kit::TemporaryFolder temporary_;
  const fs::path source_ = temporary_.path();
};

TEST_F(PlantedFault, NoneInASoundTree) { EXPECT_EQ(found(), ""); }

TEST_F(PlantedFault, UpwardIncludeIsFound) {
  write("base/bad.cc", "\n#  include \"poise/image/b.h\"\n");
  EXPECT_EQ(found(), "base/bad.cc:2: includes \"poise/image/b.h\": upward\n");
}
TEST_F(PlantedFault, UpwardIncludeOfATestIsFound) {
  write("base/bad_test.cc", "#include \"poise/image/b.h\"\n");
  EXPECT_EQ(found(), "base/bad_test.cc:1: includes \"poise/image/b.h\": upward\n");
}
TEST_F(PlantedFault, UnlistedNeighbourIsFound) {
  write("tensor/bad.cc", "#include \"poise/image/b.h\"\n");
  EXPECT_EQ(found(), "tensor/bad.cc:1: includes \"poise/image/b.h\": same floor, not a listed edge\n");
}
TEST_F(PlantedFault, UnlistedFolderIsFound) {
  write("extra/bad.h", "\n");
  EXPECT_EQ(found(), "extra/bad.h: the folder is not listed in LAYERS\n");
}
TEST_F(PlantedFault, UmbrellaHeaderIsForUsersAlone) {
  write("poise.h", "#include \"poise/train/e.h\"\n");
  EXPECT_EQ(found(), "");
  write("image/bad.cc", "#include \"poise/poise.h\"\n");
  EXPECT_EQ(found(), "image/bad.cc:1: includes \"poise/poise.h\": the folder is not listed in LAYERS\n");
}
TEST_F(PlantedFault, FolderThatIsNotThereIsFound) {
  fs::remove_all(source_ / "train");
  EXPECT_EQ(found(), "LAYERS: there is no folder train\n");
}
TEST_F(PlantedFault, CircleIsFound) {
  write("LAYERS", "1 base\n2 image -> tensor\n2 tensor -> image\n3 infer\n4 train\n");
  EXPECT_EQ(found(), "LAYERS: the edges of image lead back to it\nLAYERS: the edges of tensor lead back to it\n");
}
TEST_F(PlantedFault, EdgeToAnotherFloorIsFound) {
  write("LAYERS", "1 base -> image\n2 image -> tensor\n2 tensor\n3 infer\n4 train\n");
  EXPECT_EQ(found(), "LAYERS: base -> image is not an edge between folders of one floor\n");
}
TEST_F(PlantedFault, WingOfWeightsIncludedFromOutsideIsFound) {
  write("LAYERS", "1 base\n2 image -> tensor\n2 tensor\n2 weights\n3 infer\n4 train\n");
  write("weights/network_file.h", "#include \"poise/weights/onnx/reader.h\"\n");
  write("infer/bad.cc", "#include \"poise/weights/network_file.h\"\n#include \"poise/weights/onnx/reader.h\"\n");
  EXPECT_EQ(found(), "infer/bad.cc:2: includes \"poise/weights/onnx/reader.h\": internal to weights\n");
}
TEST_F(PlantedFault, TrainNeverMeetsInfer) {
  write("train/bad.cc", "#include \"poise/infer/d.h\"\n");
  EXPECT_EQ(found(), "train/bad.cc:1: includes \"poise/infer/d.h\": train and infer never meet\n");
}
TEST_F(PlantedFault, ThirdPartyInAPublicHeaderIsFound) {
  write("image/bad.h", "#include <png.h>\n");
  EXPECT_EQ(found(), "image/bad.h:1: includes <png.h>: third-party header in a public header\n");
}
TEST_F(PlantedFault, AnAnnexeOrWhatItWrapsElsewhereIsFound) {
  write("LAYERS", "1 base\n2 image -> tensor\n2 tensor\n2 media\n3 infer\n4 train\n");
  write("media/ffmpeg/av.h", "#include <libavcodec/avcodec.h>\n");
  write("media/ffmpeg/reader.cc", "#include \"poise/media/ffmpeg/av.h\"\n#include <libswscale/swscale.h>\n");
  EXPECT_EQ(found(), "");
  write("media/bad.cc", "#include <libavutil/frame.h>\n");
  write("infer/bad.cc", "#include \"poise/media/ffmpeg/ffmpeg.h\"\n");
  write("media/ffmpeg/bad.h", "#include <libswscale/swscale.h>\n");
  EXPECT_EQ(found(),
            "infer/bad.cc:1: includes \"poise/media/ffmpeg/ffmpeg.h\": belongs to media/ffmpeg/, a library of its own\n"
            "media/bad.cc:1: includes <libavutil/frame.h>: belongs to media/ffmpeg/, a library of its own\n"
            "media/ffmpeg/bad.h:1: includes <libswscale/swscale.h>: third-party header in a public header\n");
}
TEST_F(PlantedFault, PrintingIsFound) {
  write("image/bad.cc", "#include <iostream>\nvoid f() { std::cout << 1; }\n");
  EXPECT_EQ(found(),
            "image/bad.cc: uses cout: the library never prints and never exits\n"
            "image/bad.cc:1: includes <iostream>: printing and flags are the program's\n");
}
TEST_F(PlantedFault, ExitIsFound) {
  write("image/bad.cc", "/* exit(0) */ void f() { std::exit (1); }\n");
  EXPECT_EQ(found(), "image/bad.cc: uses exit: the library never prints and never exits\n");
}
TEST_F(PlantedFault, AHeaderThatSaysNothingOfThreadsIsFound) {
  for (const std::string name : {"base/a.h", "image/b.h", "tensor/c.h"}) write(name, "/// Pure.\nint f();\n");
  EXPECT_EQ(joined(silent_on_threads(source_)), "");
  write("base/a.h", "// A value.\nint pure();\n");
  write("image/b.h", "// Rows. Internal to image.\n");
  EXPECT_EQ(joined(silent_on_threads(source_)), "base/a.h\n");
}
TEST_F(PlantedFault, AFlagInAMessageIsFound) {
  write("image/good.cc", "// as --size says\nint n = 3; void g() { n--; } const char* s = \"--- a -- b\";\n");
  EXPECT_EQ(found(), "");
  write("image/bad.cc", "const char* f() { return \"too small: \\\"give\\\" --input-size\"; }\n");
  EXPECT_EQ(found(), "image/bad.cc: names --input-size: flags are the program's, name the option\n");
}

}  // namespace
