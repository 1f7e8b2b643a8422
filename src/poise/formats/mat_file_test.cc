#include "poise/formats/mat_file.h"

#include <gtest/gtest.h>
#include <matio.h>

#include <array>
#include <cstring>
#include <filesystem>

#include "poise/formats/mat_hdf5_here.h"

namespace poise {
namespace {

namespace fs = std::filesystem;

const std::string kGolden = POISE_SOURCE_DIR "/tests/golden/persons/";

fs::path temporary(const std::string& name) { return fs::temp_directory_path() / ("poise-mat-" + name); }

MatVariable doubles(const std::string& name, std::vector<std::uint64_t> dims, std::vector<double> numbers) {
  return {name, "double", std::move(dims), std::move(numbers), {}};
}

const MatVariable* find(const std::vector<MatVariable>& variables, const std::string& name) {
  for (const MatVariable& one : variables) {
    if (one.name == name) return &one;
  }
  return nullptr;
}

/// A file of one variable, its element put together by hand.
class Handmade {
 public:
  Handmade() : bytes_(write_mat({})) {}
  Handmade& word(std::uint32_t value) {
    for (unsigned shift = 0; shift < 32; shift += 8) bytes_.push_back(static_cast<std::uint8_t>(value >> shift));
    return *this;
  }
  Handmade& words(std::initializer_list<std::uint32_t> values) {
    for (const std::uint32_t value : values) word(value);
    return *this;
  }
  const Bytes& bytes() const { return bytes_; }

 private:
  Bytes bytes_;
};

TEST(MatFile, WhatIsWrittenIsRead) {
  const std::vector<MatVariable> out = {doubles("joints", {2, 3, 2}, {1, 2, 3, 4, 5, 6, -7, .5, 1e300, 0, 11, 12}),
                                        doubles("x", {1, 1}, {3}),
                                        {"names", "cell", {1, 2}, {}, {"rank", "head top"}}};
  const auto in = parse_mat(write_mat(out)).value();
  ASSERT_EQ(in.size(), 3U);
  for (std::size_t i = 0; i < in.size(); ++i) {
    EXPECT_EQ(in[i].name, out[i].name);
    EXPECT_EQ(in[i].kind, out[i].kind);
    EXPECT_EQ(in[i].dims, out[i].dims);
    EXPECT_EQ(in[i].numbers, out[i].numbers);
    EXPECT_EQ(in[i].texts, out[i].texts);
  }
  EXPECT_EQ(describe(in), "joints 2x3x2 double, x 1x1 double, names 1x2 cell");
}

TEST(MatFile, MatioReadsWhatIsWritten) {
  const fs::path path = temporary("written.mat");
  const std::vector<double> numbers = {1, 2, 3, 4, 5, 6};
  ASSERT_TRUE(write_file_atomic(path, write_mat({doubles("joints", {3, 2}, numbers)})).ok());
  mat_t* file = Mat_Open(path.c_str(), MAT_ACC_RDONLY);
  ASSERT_NE(file, nullptr);
  matvar_t* variable = Mat_VarRead(file, "joints");
  ASSERT_NE(variable, nullptr);
  ASSERT_EQ(variable->rank, 2);
  EXPECT_EQ(variable->dims[0], 3U);
  EXPECT_EQ(variable->dims[1], 2U);
  EXPECT_EQ(std::memcmp(variable->data, numbers.data(), 48), 0);
  Mat_VarFree(variable);
  Mat_Close(file);
  fs::remove(path);
}

/// Versions and compressions of matio's writer; integers, singles and logicals become the same numbers.
TEST(MatFile, WhatMatioWritesIsRead) {
  struct Case {
    mat_ft version;
    matio_compression compression;
  };
  for (const Case one : {Case{MAT_FT_MAT5, MAT_COMPRESSION_NONE}, Case{MAT_FT_MAT5, MAT_COMPRESSION_ZLIB},
                         Case{MAT_FT_MAT73, MAT_COMPRESSION_NONE}}) {
    const fs::path path = temporary("matio.mat");
    fs::remove(path);
    mat_t* file = Mat_CreateVer(path.c_str(), nullptr, one.version);
    ASSERT_NE(file, nullptr);
    std::vector<double> wide = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    std::vector<std::int16_t> narrow = {-3, 700};
    std::vector<float> single = {0.5F, -2};
    std::array<std::size_t, 3> three = {2, 3, 2};
    std::array<std::size_t, 2> two = {1, 2};
    const auto put = [&](const char* name, matio_classes kind, matio_types type, int rank, std::size_t* dims,
                         void* data) {
      matvar_t* variable = Mat_VarCreate(name, kind, type, rank, dims, data, 0);
      ASSERT_NE(variable, nullptr);
      EXPECT_EQ(Mat_VarWrite(file, variable, one.compression), 0);
      Mat_VarFree(variable);
    };
    put("wide", MAT_C_DOUBLE, MAT_T_DOUBLE, 3, three.data(), wide.data());
    put("narrow", MAT_C_INT16, MAT_T_INT16, 2, two.data(), narrow.data());
    put("single", MAT_C_SINGLE, MAT_T_SINGLE, 2, two.data(), single.data());
    Mat_Close(file);
    const auto read = read_mat(path, read_mat_hdf5_here);
    ASSERT_TRUE(read.ok()) << read.error().message;
    ASSERT_NE(find(*read, "wide"), nullptr);
    EXPECT_EQ(find(*read, "wide")->dims, (std::vector<std::uint64_t>{2, 3, 2}));
    EXPECT_EQ(find(*read, "wide")->numbers, wide);
    EXPECT_EQ(find(*read, "narrow")->numbers, (std::vector<double>{-3, 700}));
    EXPECT_EQ(find(*read, "single")->numbers, (std::vector<double>{0.5, -2}));
    fs::remove(path);
  }
}

TEST(MatFile, CellsOfTextsAreRead) {
  const auto variables = read_mat(kGolden + "gt_valid.mat").value();
  const MatVariable* joints = find(variables, "dataset_joints");
  ASSERT_NE(joints, nullptr);
  ASSERT_EQ(joints->texts.size(), 16U);
  EXPECT_EQ(joints->texts[0], "rank");
  EXPECT_EQ(joints->texts[9], "head");
}

TEST(MatFile, OtherKindsAreNamed) {
  const auto error = [](const std::string& text) {
    const auto result = parse_mat({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
    EXPECT_FALSE(result.ok());
    return result.ok() ? std::string() : result.error().message;
  };
  std::string header(128, ' ');
  header.replace(0, 6, "MATLAB");
  EXPECT_NE(error("").find("not a .mat file"), std::string::npos);
  EXPECT_NE(error("{\"images\": []}").find("not a .mat file"), std::string::npos);
  EXPECT_NE(error(header).find("does not end with MI"), std::string::npos);
  header.replace(124, 4, {1, 0, 'M', 'I'});
  EXPECT_NE(error(header).find("big-endian"), std::string::npos);
  header.replace(124, 4, {0, 2, 'I', 'M'});
  EXPECT_NE(error(header).find("7.3"), std::string::npos);
  header.replace(124, 4, {0, 9, 'I', 'M'});
  EXPECT_NE(error(header).find("version 2304"), std::string::npos);
  const fs::path path = temporary("fake73.mat");
  header.replace(124, 4, {0, 2, 'I', 'M'});
  header.resize(512, '\0');
  for (const std::string& rest : {std::string("no HDF5 at all"), std::string("\x89HDF\r\n\x1a\n and no more")}) {
    ASSERT_TRUE(write_file_atomic(path, std::string_view(header + rest)).ok());
    ::testing::internal::CaptureStderr();
    const auto hdf5 = read_mat(path, read_mat_hdf5_here);
    EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
    ASSERT_FALSE(hdf5.ok());
    EXPECT_TRUE(hdf5.error().message.starts_with(path.string())) << hdf5.error().message;
  }
  const auto without = read_mat(path);  // as where poise::mat is not linked
  ASSERT_FALSE(without.ok());
  EXPECT_EQ(without.error().code, ErrorCode::kUnsupported);
  EXPECT_NE(without.error().message.find("save it as version 7"), std::string::npos);
  fs::remove(path);
}

/// Cut anywhere, or with any byte turned: an error or other numbers, and never more than the file can hold.
TEST(MatFile, CutAndTurnedBytes) {
  for (const char* name : {"pred.mat", "gt_valid.mat"}) {
    const Bytes whole = read_file(kGolden + name, 1U << 20U).value();
    const std::size_t variables = parse_mat(whole)->size();
    for (std::size_t size = 0; size < whole.size(); size += size < 400 ? 1 : 97) {
      const auto result = parse_mat(BytesView(whole).first(size));
      if (result.ok()) {  // cut between two variables: a shorter file
        EXPECT_LT(result->size(), variables) << name << " cut to " << size;
      } else {
        EXPECT_FALSE(result.error().message.empty());
      }
    }
  }
  const Bytes plain = write_mat({doubles("joints", {2, 3}, {1, 2, 3, 4, 5, 6})});
  for (std::size_t at = 128; at < plain.size(); ++at) {
    for (const unsigned flip : {0x01U, 0x80U, 0xffU}) {
      Bytes turned = plain;
      turned[at] = static_cast<std::uint8_t>(turned[at] ^ flip);
      const auto result = parse_mat(turned);
      if (!result.ok()) {
        EXPECT_FALSE(result.error().message.empty());
        continue;
      }
      for (const MatVariable& one : *result) EXPECT_LE(one.numbers.size(), turned.size());
    }
  }
}

TEST(MatFile, DimensionsAreHeldAgainstTheData) {
  const auto with_dims = [](std::uint32_t a, std::uint32_t b, std::uint32_t bytes) {
    return Handmade()
        .words({14, 56 + bytes, 6, 8, 6, 0, 5, 8, a, b, 1, 1, 'x', 0, 9, bytes})
        .words({0, 0x3ff00000})
        .bytes();
  };
  const auto good = parse_mat(with_dims(1, 1, 8));
  ASSERT_TRUE(good.ok()) << good.error().message;
  EXPECT_EQ(good->at(0).numbers, std::vector<double>{1});
  const auto message = [](const Bytes& bytes) {
    const auto result = parse_mat(bytes);
    return result.ok() ? std::string("read") : result.error().message;
  };
  EXPECT_NE(message(with_dims(1, 2, 8)).find("x is 1x2, but holds 8 bytes"), std::string::npos);
  EXPECT_NE(message(with_dims(0xffffffffU, 0xffffffffU, 8)).find("over 16 Mi"), std::string::npos);
  EXPECT_NE(message(with_dims(0x10000, 0x10000, 8)).find("over 16 Mi"), std::string::npos);
  EXPECT_NE(message(with_dims(1, 1, 0x7ffffff0)).find("truncated"), std::string::npos);
  EXPECT_EQ(message(with_dims(0, 0x7fffffff, 8)), "read");  // empty, whatever the other side
}

TEST(MatFile, ALargeInflationIsRefused) {
  // 200 MiB of zeros deflate to 200 KiB: a matrix element as zlib would pack it.
  const fs::path path = temporary("bomb.mat");
  fs::remove(path);
  mat_t* file = Mat_CreateVer(path.c_str(), nullptr, MAT_FT_MAT5);
  ASSERT_NE(file, nullptr);
  std::vector<std::uint8_t> zeros(160U << 20U, 0);
  std::array<std::size_t, 2> dims = {1, zeros.size()};
  matvar_t* variable = Mat_VarCreate("z", MAT_C_UINT8, MAT_T_UINT8, 2, dims.data(), zeros.data(), MAT_F_DONT_COPY_DATA);
  ASSERT_NE(variable, nullptr);
  ASSERT_EQ(Mat_VarWrite(file, variable, MAT_COMPRESSION_ZLIB), 0);
  Mat_VarFree(variable);
  Mat_Close(file);
  const auto result = read_mat(path, read_mat_hdf5_here);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, ErrorCode::kTooLarge);
  fs::remove(path);
}

}  // namespace
}  // namespace poise
