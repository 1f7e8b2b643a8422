#include "poise/tensor/npy.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace poise {
namespace {

namespace fs = std::filesystem;

/// A file as NumPy lays it out, with any header and data.
Bytes npy(const std::string& header, const std::string& data, std::uint8_t major = 1) {
  std::string text = "\x93NUMPY";
  text += static_cast<char>(major);
  text += '\0';
  for (unsigned i = 0; i < (major == 1 ? 2U : 4U); ++i) text += static_cast<char>(header.size() >> (8 * i));
  text += header + data;
  return {text.begin(), text.end()};
}

std::string header(const std::string& descr, const std::string& shape, const std::string& fortran = "False") {
  return "{'descr': '" + descr + "', 'fortran_order': " + fortran + ", 'shape': " + shape + ", }\n";
}

ErrorCode code_of(const Bytes& bytes) {
  const auto tensor = parse_npy(bytes);
  EXPECT_FALSE(tensor.ok());
  return tensor.ok() ? ErrorCode::kIo : tensor.error().code;
}

class Npy : public testing::Test {
 protected:
  fs::path path_ =
      fs::temp_directory_path() / ("poise_npy_" + std::to_string(testing::UnitTest::GetInstance()->random_seed()) +
                                   testing::UnitTest::GetInstance()->current_test_info()->name() + ".npy");
  void TearDown() override { fs::remove(path_); }
};

TEST_F(Npy, BytesAreThoseOfNumpy) {
  // np.save of np.array([[1, 2], [3, -4]], '<f4'): 64-byte aligned data, spaces and a line feed before it.
  ASSERT_TRUE(write_npy(path_, Tensor::from({2, 2}, std::vector<float>{1, 2, 3, -4})).ok());
  std::string text = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }";
  text += std::string(128 - 10 - 1 - text.size(), ' ') + '\n';
  const std::string data("\0\0\x80\x3f\0\0\0\x40\0\0\x40\x40\0\0\x80\xc0", 16);
  EXPECT_EQ(read_file(path_, 1000).value(), npy(text, data));
}

TEST_F(Npy, RoundTripOfEveryTypeAndRank) {
  for (const DType type :
       {DType::kFloat32, DType::kInt64, DType::kInt32, DType::kUint8, DType::kInt8, DType::kFloat64, DType::kBool}) {
    for (const Shape& shape : {Shape{}, Shape{3}, Shape{2, 3}, Shape{0, 5}, Shape{1, 2, 3, 4}}) {
      Tensor tensor(shape, type);
      for (std::size_t i = 0; i < tensor.bytes(); ++i) {
        static_cast<std::uint8_t*>(tensor.data())[i] = static_cast<std::uint8_t>(type == DType::kBool ? i % 2 : i + 1);
      }
      ASSERT_TRUE(write_npy(path_, tensor).ok());
      const Tensor back = read_npy(path_).value();
      EXPECT_EQ(back.shape(), shape);
      EXPECT_EQ(back.type(), type);
      EXPECT_EQ(std::memcmp(back.data(), tensor.data(), tensor.bytes()), 0);
    }
  }
}

TEST_F(Npy, VersionsTwoAndThreeAndAnyOrderOfKeys) {
  const std::string text = R"({"shape":(2,),"fortran_order":False,"descr":"|u1"})";
  for (const std::uint8_t major : {std::uint8_t{2}, std::uint8_t{3}}) {
    const Tensor tensor = parse_npy(npy(text, "ab", major)).value();
    EXPECT_EQ(tensor.as<std::uint8_t>()[1], 'b');
  }
}

TEST_F(Npy, BooleansAreZeroOrOne) {
  const Tensor tensor = parse_npy(npy(header("|b1", "(3,)"), std::string("\0\x01\x07", 3))).value();
  EXPECT_EQ(tensor.as<std::uint8_t>()[2], 1);
}

TEST_F(Npy, WhatWeDoNotReadIsNamed) {
  EXPECT_EQ(code_of(npy(header("<f4", "(1,)", "True"), "abcd")), ErrorCode::kUnsupported);
  EXPECT_EQ(code_of(npy(header("|O", "(1,)"), "abcd")), ErrorCode::kUnsupported);
  EXPECT_EQ(code_of(npy(header(">f4", "(1,)"), "abcd")), ErrorCode::kUnsupported);
  EXPECT_EQ(code_of(npy("{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (1,)}", "abcd")),
            ErrorCode::kUnsupported);
  EXPECT_EQ(code_of(npy(header("<f4", "(1,)"), "abcd", 4)), ErrorCode::kUnsupported);
}

TEST_F(Npy, HugeShapesAreRefusedBeforeAllocation) {
  EXPECT_EQ(code_of(npy(header("<f4", "(4294967296, 4294967296)"), "")), ErrorCode::kTooLarge);
  EXPECT_EQ(code_of(npy(header("<f4", "(1099511627776,)"), "abcd")), ErrorCode::kMalformed);  // 4 TiB claimed, 4 bytes
  EXPECT_EQ(code_of(npy(header("<f4", "(99999999999999999999,)"), "")), ErrorCode::kMalformed);
  EXPECT_EQ(code_of(npy(std::string(70'000, ' '), "", 2)), ErrorCode::kTooLarge);
}

TEST_F(Npy, DamagedHeadersAreRefused) {
  for (const std::string shape : {"(-1,)", "(1", "1,", "(1)", "(1.5,)", "(1 2)", "('1',)", "(,)", "(1L,)"}) {
    EXPECT_EQ(code_of(npy(header("<f4", shape), "abcd")), ErrorCode::kMalformed) << shape;
  }
  std::string deep = "(";
  for (int i = 0; i < 33; ++i) deep += "1,";
  EXPECT_EQ(code_of(npy(header("<f4", deep + ")"), "abcd")), ErrorCode::kMalformed);
  for (const std::string text :
       {"", "{", "{}", "x", "{'descr': '<f4'}", "{'descr': '<f4', 'descr': '<f4'}", "{'descr: 1}", "{'a': 1}",
        "{'descr' '<f4'}", "{'fortran_order': 0, }", "{'descr': '<f4' 'shape': (1,)}"}) {
    EXPECT_EQ(code_of(npy(text, "abcd")), ErrorCode::kMalformed) << text;
  }
  EXPECT_EQ(code_of(npy(header("<f4", "(1,)") + "x", "abcd")), ErrorCode::kMalformed);
}

TEST_F(Npy, EveryCutAndEveryExtraByteIsRefused) {
  Bytes bytes = npy(header("<f4", "(2, 1)"), "abcdefgh");
  ASSERT_TRUE(parse_npy(bytes).ok());
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_FALSE(parse_npy(BytesView(bytes).first(length)).ok()) << length;
  }
  bytes.push_back(0);
  EXPECT_EQ(parse_npy(bytes).error().message, "the .npy file has 9 bytes of data, shape 2x1 of float32 wants 8");
}

TEST_F(Npy, ErrorsNameTheFile) {
  EXPECT_EQ(read_npy(path_).error().message, path_.string() + ": no such file");
  EXPECT_FALSE(write_npy(path_, Tensor()).ok());
}

}  // namespace
}  // namespace poise
