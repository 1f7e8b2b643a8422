// Files that nobody means well with: what a reader makes of them has a limit, their names take no effect, and what was
// right before stays right.
#include <matio.h>
#include <zlib.h>

#include <array>
#include <cstdint>
#include <functional>
#include <span>

#include "e2e/program.h"
#include "poise/base/file.h"

namespace poise {
namespace {

class HostileFiles : public Program {
 protected:
  /// Piece by piece: a test that holds a large file would lend its memory to the program that it starts.
  void write_many(const std::string& name, const std::string& begin, const std::string& part, std::size_t count,
                  const std::string& end) const {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream file(folder_ / name, std::ios::binary);
    file << begin;
    for (std::size_t i = 0; i < count; ++i) file << part;
    file << end;
  }
  /// Ten times the file and 64 MB.
  long allowed(const std::string& name) const {
    return static_cast<long>(10 * fs::file_size(folder_ / name) / 1'000'000 + 64);
  }
  /// A PNG of one colour, RGBA of eight bits, row by row.
  void write_png(const std::string& name, std::uint32_t side) const;
  /// Version 7.3, of one compressed variable.
  fs::path write_mat_73(const std::string& name) const;
};

// --- memory of readers ---

std::string varint(std::uint64_t value) {
  std::string out;
  for (; value >= 0x80U; value >>= 7U) out += static_cast<char>((value & 0x7fU) | 0x80U);
  return out + static_cast<char>(value);
}
std::string opened(std::uint64_t field, std::uint64_t bytes) { return varint(field << 3U | 2U) + varint(bytes); }

TEST_F(HostileFiles, OnnxOfManySmallPartsIsRefused) {
  constexpr std::size_t kBytes = 32U << 20U;
  const std::string relu = opened(1, 1) + "x" + opened(2, 1) + "y" + opened(4, 4) + "Relu";
  struct Case {
    std::string head, part;
    const char* what;
  };
  const std::uint64_t node = relu.size() + kBytes;
  const std::string begin = opened(7, node + opened(1, node).size()) + opened(1, node) + relu;
  for (const Case& one :
       {Case{begin, std::string("\x2a\x00", 2), "attributes"}, Case{begin, std::string("\x0a\x00", 2), "inputs"},
        Case{"", std::string("\x42\x00", 2), "opsets"}}) {
    write_many("many.onnx", one.head, one.part, kBytes / one.part.size(), "");
    const Outcome outcome = run({"info", "many.onnx"});
    EXPECT_EQ(outcome.code, 1) << one.what;
    EXPECT_TRUE(contains(outcome.err, "many.onnx: it holds so many small parts")) << one.what << ": " << outcome.err;
    EXPECT_LT(outcome.peak_megabytes, allowed("many.onnx")) << one.what;
  }
}

TEST_F(HostileFiles, JsonOfManySmallPartsIsRefused) {
  constexpr std::size_t kMany = 10'000'000;
  write_many("boxes.json", "[[]", ",[]", kMany, "]");
  write("a.jpg", "no picture");
  Outcome outcome = run({"predict", "a.jpg", "--boxes", "boxes.json"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(contains(outcome.err, "boxes.json")) << outcome.err;
  EXPECT_LT(outcome.peak_megabytes, allowed("boxes.json"));
  write_many("labels.json", R"({"images":[],"annotations":[[[])", ",[]", kMany, "]]}");
  outcome = run({"metrics", "coco", "labels.json", "labels.json"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(contains(outcome.err, "labels.json")) << outcome.err;
  EXPECT_LT(outcome.peak_megabytes, allowed("labels.json"));
}

TEST_F(HostileFiles, SafetensorsOfManyNamesIsRefused) {
  constexpr std::size_t kMany = 1'500'000;
  std::uint64_t bytes = 0;
  const auto entries = [&](const std::function<void(const std::string&)>& put) {
    put(R"({"__metadata__":{"":"")");
    for (std::size_t i = 0; i < kMany; ++i) put(",\"" + std::to_string(i) + "\":\"\"");
    put("}}");
  };
  entries([&](const std::string& text) { bytes += text.size(); });
  {
    std::ofstream file(folder_ / "many.safetensors", std::ios::binary);
    file.write(reinterpret_cast<const char*>(&bytes), sizeof bytes);
    entries([&](const std::string& text) { file << text; });
  }
  const Outcome outcome = run({"convert", "many.safetensors", "--arch", "pose_resnet", "--joints", "17", "--size",
                               "256x192", "--out", "o.onnx"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(contains(outcome.err, "many.safetensors")) << outcome.err;
  constexpr long kNetwork = 136;  // 34 million weights of four bytes, made before they are read
  EXPECT_LT(outcome.peak_megabytes, allowed("many.safetensors") + kNetwork);
}

TEST_F(HostileFiles, CsvWithAPlaceForEachJointOfEachPersonIsRefused) {
  std::string rows = "source,person,score,joint,x,y,joint_score\n";
  for (int j = 0; j < 4000; ++j) rows += "a,0,,j" + std::to_string(j) + ",,,\n";
  for (int p = 1; p < 100'000; ++p) rows += "a," + std::to_string(p) + ",,j0,,,\n";
  write("poses.csv", rows);  // 2 MB, which would take 4.8 GB
  const Outcome outcome = run({"convert-results", "poses.csv", "--to", "csv", "--out", "out.csv"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(contains(outcome.err, "poses.csv: it holds so many small parts") ||
              contains(outcome.err, "poses.csv: record"))
      << outcome.err;
  EXPECT_LT(outcome.peak_megabytes, allowed("poses.csv") + 64) << "the program alone takes 64";
}

// --- pictures ---

void HostileFiles::write_png(const std::string& name, std::uint32_t side) const {
  const auto big_endian = [](std::uint32_t value) {
    std::string out;
    for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> static_cast<unsigned>(shift));
    return out;
  };
  fs::create_directories((folder_ / name).parent_path());
  std::ofstream file(folder_ / name, std::ios::binary);
  const auto chunk = [&](const std::string& kind, const std::string& data) {
    const std::string body = kind + data;
    const auto sum = crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size()));
    file << big_endian(static_cast<std::uint32_t>(data.size())) << body << big_endian(static_cast<std::uint32_t>(sum));
  };
  file << "\x89PNG\r\n\x1a\n";
  chunk("IHDR", big_endian(side) + big_endian(side) + std::string("\x08\x06\x00\x00\x00", 5));
  z_stream stream{};
  ASSERT_EQ(deflateInit(&stream, 9), Z_OK);
  std::string row(1 + 4 * std::size_t{side}, '\0');
  std::string out;
  std::array<char, 1U << 16U> piece{};
  for (std::uint32_t y = 0; y <= side; ++y) {
    const bool last = y == side;
    stream.next_in = reinterpret_cast<Bytef*>(row.data());
    stream.avail_in = last ? 0 : static_cast<uInt>(row.size());
    do {
      stream.next_out = reinterpret_cast<Bytef*>(piece.data());
      stream.avail_out = piece.size();
      deflate(&stream, last ? Z_FINISH : Z_NO_FLUSH);
      out.append(piece.data(), piece.size() - stream.avail_out);
    } while (stream.avail_out == 0);
  }
  deflateEnd(&stream);
  chunk("IDAT", out);
  chunk("IEND", "");
}

TEST_F(HostileFiles, PicturesUnderWayShareABudgetOfPixels) {
  constexpr std::uint32_t kSide = 9000;  // 243 MB each, as RGB
  write_png("in/a.png", kSide);
  for (const char* copy : {"in/b.png", "in/c.png", "in/d.png"}) fs::copy_file(folder_ / "in/a.png", folder_ / copy);
  const Outcome outcome = run({"predict", "in", "--no-image", "--detector", "none", "--out", "out"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(exists("out/in/d.poses.json"));
  EXPECT_LT(outcome.peak_megabytes, 600) << "one at a time, and the networks";
}

TEST_F(HostileFiles, ALargePictureInAFewBytesIsRefused) {
  std::string header("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\xff\xff\0\0\xff\xff\x08\x06\0\0\0", 29);
  write("huge.png", header + std::string("\0\0\0\0\0\0\0\0IDAT\0\0\0\0\0\0\0\0IEND\0\0\0\0", 28));
  const Outcome outcome = run({"predict", "huge.png", "--detector", "none"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(contains(outcome.err, "huge.png")) << outcome.err;
  EXPECT_LT(outcome.peak_megabytes, 400);
}

/// A JPEG's start: a frame of this kind (SOF marker) and size, and as many scans.
std::string jpeg_of(char kind, std::uint16_t side, std::size_t scans) {
  const std::string two{static_cast<char>(side >> 8U), static_cast<char>(side & 0xffU)};
  std::string bytes = "\xff\xd8\xff" + std::string(1, kind) + std::string("\0\x11\x08", 3) + two + two +
                      std::string("\x03\x01\x11\0\x02\x11\0\x03\x11\0", 10);
  for (std::size_t i = 0; i < scans; ++i)
    bytes += std::string("\xff\xda\0\x08\x01\x01\0\0\0\x01\0\0\0\0", 14) + std::string(100, 'a');
  return bytes + "\xff\xd9";
}

TEST_F(HostileFiles, JpegsOfManyScansAndOfLargeHeadersAreRefused) {
  write("scans.jpg", jpeg_of('\xc2', 8000, 490));
  const Outcome scans = run({"predict", "scans.jpg", "--detector", "none"});
  EXPECT_EQ(scans.code, 1);
  EXPECT_TRUE(contains(scans.err, "scans.jpg: a JPEG of 8000x8000 pixels in 490 scans takes too long")) << scans.err;
  for (const char kind : {'\xc0', '\xc2', '\xc9', '\xca'}) {  // the last two are arithmetic-coded
    write("header.jpg", jpeg_of(kind, 15900, 1));
    const Outcome header = run({"predict", "header.jpg", "--detector", "none"});
    EXPECT_EQ(header.code, 1);
    EXPECT_TRUE(contains(header.err, "header.jpg: ")) << header.err;
    EXPECT_LT(header.peak_megabytes, 400);
  }
  EXPECT_LT(scans.peak_megabytes, 400);
}

// --- .mat files of version 7.3 ---

fs::path HostileFiles::write_mat_73(const std::string& name) const {
  const fs::path path = folder_ / name;
  mat_t* file = Mat_CreateVer(path.c_str(), nullptr, MAT_FT_MAT73);
  EXPECT_NE(file, nullptr);
  std::vector<double> joints(3 * std::size_t{14} * 5);
  for (std::size_t i = 0; i < joints.size(); ++i) joints[i] = i % 3 == 2 ? 1.0 : 10.0 + static_cast<double>(i);
  std::array<std::size_t, 3> dims = {3, 14, 5};
  matvar_t* variable = Mat_VarCreate("joints", MAT_C_DOUBLE, MAT_T_DOUBLE, 3, dims.data(), joints.data(), 0);
  EXPECT_EQ(Mat_VarWrite(file, variable, MAT_COMPRESSION_ZLIB), 0);
  Mat_VarFree(variable);
  Mat_Close(file);
  return path;
}

TEST_F(HostileFiles, Version73IsReadApart) {
  write_mat_73("joints.mat");
  const Outcome outcome = run({"convert-results", "joints.mat", "--from", "lsp", "--to", "csv", "--out", "o.csv"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(contains(outcome.out, "5 pictures")) << outcome.out;
  EXPECT_EQ(run({"data", "check", "joints.mat", "--images", ".", "--no-decode"}).code, 1)
      << "its pictures are not there";
}

TEST_F(HostileFiles, ADamagedVersion73IsAnErrorAndNoCrash) {
  const Bytes whole = read_file(write_mat_73("joints.mat"), 1U << 20U).value();
  // Bytes of HDF5's structure, behind the header of 512.
  for (std::size_t at = 512; at < whole.size(); at += whole.size() / 24) {
    Bytes turned = whole;
    for (std::size_t i = at; i < std::min(at + 4, turned.size()); ++i) turned[i] ^= 0xffU;
    write("turned.mat", {turned.begin(), turned.end()});
    const Outcome outcome = run({"convert-results", "turned.mat", "--from", "lsp", "--to", "csv", "--out", "o.csv"});
    EXPECT_LE(outcome.code, 1) << at << ": " << outcome.err;
    if (outcome.code == 1) {
      EXPECT_TRUE(contains(outcome.err, "turned.mat")) << at << ": " << outcome.err;
    }
    EXPECT_LT(outcome.peak_megabytes, 300) << at;
  }
  const fs::path corpus = POISE_SOURCE_DIR "/../shared/corpora/hostile";
  for (const char* name : {"mat73_oob_1.mat", "mat73_b.mat"}) {
    if (!fs::exists(corpus / name)) GTEST_SKIP() << (corpus / name) << " is not here";
    const Outcome outcome = run({"convert-results", corpus / name, "--from", "lspet", "--to", "csv", "--out", "o.csv"});
    EXPECT_LE(outcome.code, 1) << name << ": " << outcome.err;
    EXPECT_LE(run({"data", "check", corpus / name, "--images", "."}).code, 1) << name;
  }
}

TEST_F(HostileFiles, TheHelperOpensNothingToWrite) {
  write_mat_73("joints.mat");
  const auto through_a_pipe = [this](const std::string& file) {  // standard output as a file could not grow
    return run({"-c", std::string("'") + POISE_PROGRAM + "' read-mat-7.3 " + file + " | cat"}, "/bin/sh");
  };
  const Outcome outcome = through_a_pipe("joints.mat");
  EXPECT_TRUE(outcome.out.starts_with(R"({"variables":[{"name":"joints")")) << outcome.out.substr(0, 80);
  EXPECT_TRUE(contains(through_a_pipe("missing.mat").out, "\"error\""));
}

// --- time and findings ---

TEST_F(HostileFiles, ACrowdOfTwentyThousandIsChecked) {
  constexpr int kPersons = 20'000;
  std::string labels = R"({"images":[{"id":1,"file_name":"a.jpg","width":640,"height":480}],"categories":[{"id":1,)"
                       R"("name":"person","keypoints":["a","b","c","d"]}],"annotations":[)";
  for (int i = 0; i < kPersons; ++i) {
    labels += (i > 0 ? ",{\"id\":" : "{\"id\":") + std::to_string(i + 1) +
              R"(,"image_id":1,"category_id":1,"bbox":[10,10,90,90],"area":8100,"iscrowd":0,"num_keypoints":4,)"
              R"("keypoints":[10,10,2,100,10,2,10,100,2,100,100,2]})";
  }
  write("labels.json", labels + "]}");
  write("a.jpg", "x");
  const Outcome outcome = run({"data", "check", "labels.json", "--images", ".", "--no-decode", "--json", "c.json"});
  EXPECT_TRUE(contains(outcome.out, "19999  duplicate person")) << outcome.out << outcome.err;
  EXPECT_LE(json("c.json").find("findings")->as_array().size(), 10'000U);
  EXPECT_LT(outcome.peak_megabytes, 250);
}

// --- names ---

TEST_F(HostileFiles, NamesTakeNoEffectAnywhere) {
  const std::string name =
      "evil\x1b[31m\xc2\x9b"
      "2J\nname";
  const std::string spelled = "evil\\x1b[31m\\xc2\\x9b2J\\x0aname";
  write("labels.json", R"({"images":[{"id":1,"file_name":"evil\u001b[31m\u009b2J\nname","width":64,"height":48}],)"
                       R"("categories":[{"id":1,"name":"person","keypoints":["a\u001b[1m","b"]}],"annotations":[{)"
                       R"("id":1,"image_id":1,"category_id":1,"bbox":[1,2,30,40],"area":1200,"iscrowd":0,)"
                       R"("num_keypoints":2,"keypoints":[2,3,2,20,30,2]}]})");
  write(name + ".onnx", "\x08\x08 no model");
  write(name + ".json", "{\"\x1b\": [");
  fs::copy_file(folder_ / "labels.json", folder_ / (name + "2.json"));
  const std::vector<Strings> commands = {
      {"data", "check", "labels.json", "--images", "."},
      {"data", "check", name + "2.json", "--images", "."},
      {"data", "check", name + ".json", "--images", "."},
      {"metrics", "coco", name + "2.json", name + ".json"},
      {"metrics", "pck", name + "2.json", name + ".json"},
      {"metrics", "pck", name + "2.json", name + "2.json"},
      {"eval", "--model", name + ".onnx", "--annotations", "labels.json", "--images", "."},
      {"info", name + ".onnx"},
      {"compare", name + ".onnx", name + ".onnx"},
      {"run", name + ".onnx", "--input", name + ".json", "--output", "o.npy"},
      {"convert", name + ".onnx", "--preset", name, "--out", "o.onnx"},
      {"convert-results", name + "2.json", "--to", "csv", "--out", name + ".csv"},
      {"models", "show", name},
      {"predict", name + ".json", "--boxes", name + "2.json"},
      {"detect", name, "--out", name + "/a.json"},
      {"--" + name},
      {"predict", "--" + name},
      {"train", name + ".json"},
  };
  for (const Strings& command : commands) {
    const Outcome outcome = run(command);
    const std::string all = outcome.out + outcome.err;
    EXPECT_FALSE(contains(all, "\x1b")) << command[0] << " " << all;
    EXPECT_FALSE(contains(all, "\xc2\x9b")) << command[0] << " " << all;
    EXPECT_FALSE(contains(all, "2J\nname")) << command[0] << " " << all;
  }
  setenv("POISE_MODELS", (folder_ / name).c_str(), 1);
  fs::create_directories(folder_ / name);
  const Outcome noted = run({"models", "verify"});
  EXPECT_TRUE(contains(noted.err, spelled)) << "a note: " << noted.out << noted.err;
  const Outcome table = run(commands[0]);
  EXPECT_TRUE(contains(table.out, spelled)) << table.out;
  EXPECT_TRUE(exists(name + ".csv")) << "files keep their names";
}

TEST_F(HostileFiles, ErrorsOfLabelsNameTheirFile) {
  write("labels.json", R"({"images":[{"id":1,"file_name":"a.jpg","width":64,"height":48}],"categories":[{"id":1,)"
                       R"("name":"person","keypoints":["a","b"]}],"annotations":[{"id":1,"image_id":1,"category_id":1,)"
                       R"("bbox":[1,2,30,40],"iscrowd":0,"num_keypoints":2,"keypoints":[2,3,2,20,30,2]}]})");
  write("results.json", R"([{"image_id":1,"category_id":1,"keypoints":[2,3,1,20,30,1],"score":1}])");
  for (const Strings& words : {Strings{"--variant", "cocoapi"}, Strings{}, Strings{"--sigmas", "coco17"}}) {
    Strings command = {"metrics", "coco", "labels.json", "results.json"};
    command.insert(command.end(), words.begin(), words.end());
    const Outcome outcome = run(command);
    if (outcome.code != 0) {
      EXPECT_TRUE(contains(outcome.err, "labels.json: ")) << outcome.err;
    }
  }
  const Outcome outcome =
      run({"metrics", "coco", "labels.json", "results.json", "--variant", "cocoapi", "--sigmas", "0.1,0.1"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(contains(outcome.err, "labels.json: 1 truth has no area")) << outcome.err;
}

// --- right before, and to stay so ---

TEST_F(HostileFiles, FoldersThatContainThemselvesEnd) {
  write("in/a/no.jpg", "no picture");
  fs::create_directory_symlink("..", folder_ / "in/a/up");
  fs::create_directory_symlink(".", folder_ / "in/here");
  fs::create_symlink("loop.jpg", folder_ / "in/loop.jpg");
  const Outcome outcome = run({"predict", "in", "--detector", "none"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(contains(outcome.err, "no.jpg")) << outcome.err;
}

TEST_F(HostileFiles, AFullDiskIsAnErrorThatNamesTheFileAndLeavesNothing) {
  write(
      "poses.csv", "source,person,score,joint,x,y,joint_score\n" + [] {
        std::string rows;
        for (int i = 0; i < 20'000; ++i) rows += "a" + std::to_string(i) + ".jpg,0,1,head,1,2,1\n";
        return rows;
      }());
  const std::string program = POISE_PROGRAM;
  // No file over 100 kB can be written, as where a disk is full: the signal is passed over, the write fails.
  const Outcome outcome = run(
      {"-c", "trap '' XFSZ; ulimit -f 200; exec " + program + " convert-results poses.csv --to csv --out full/o.csv"},
      "/bin/sh");
  EXPECT_EQ(outcome.code, 1) << outcome.err;
  EXPECT_TRUE(contains(outcome.err, "o.csv")) << outcome.err;
  EXPECT_TRUE(fs::is_empty(folder_ / "full"));
}

TEST_F(HostileFiles, ConfigurationsThatMultiplyAreRefused) {
  std::string bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n";
  for (char c = 'b'; c < 'k'; ++c) {
    const std::string before = std::string("*") + static_cast<char>(c - 1);
    bomb += std::string(1, c) + ": &" + c + " [" + before + ", " + before + ", " + before + ", " + before + "]\n";
  }
  write("bomb.yaml", bomb);
  const Outcome outcome = run({"convert", "none.pth", "--config", "bomb.yaml", "--out", "o.onnx"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(contains(outcome.err, "bomb.yaml")) << outcome.err;
  EXPECT_LT(outcome.peak_megabytes, 128);
  write("deep.json", std::string(100'000, '[') + std::string(100'000, ']'));
  const Outcome deep = run({"data", "check", "deep.json", "--images", "."});
  EXPECT_EQ(deep.code, 1);
  EXPECT_TRUE(contains(deep.err, "deep.json")) << deep.err;
}

}  // namespace
}  // namespace poise
