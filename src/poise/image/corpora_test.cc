// Malformed and odd files collected by others: none may crash the decoder, the
// corrupt ones must be refused.

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <string>

#include "poise/image/codec.h"

namespace poise {
namespace {

namespace fs = std::filesystem;
const fs::path kCorpora = POISE_SOURCE_DIR "/../shared/corpora";

class Corpora : public testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(kCorpora)) GTEST_SKIP() << "../shared/corpora is not here";
  }
};

TEST_F(Corpora, EveryFileDecodesOrIsRefusedWithASentence) {
  int decoded = 0;
  int refused = 0;
  for (const auto& entry : fs::recursive_directory_iterator(kCorpora)) {
    if (!entry.is_regular_file()) continue;
    const auto result = read_image_file(entry.path(), {.max_pixels = 20'000'000});
    if (result.ok()) {
      ++decoded;
      EXPECT_FALSE(result->image.empty()) << entry.path();
    } else {
      ++refused;
      EXPECT_GT(result.error().message.size(), entry.path().string().size() + 10);
      EXPECT_EQ(result.error().message.find('\n'), std::string::npos) << entry.path();
    }
  }
  EXPECT_GT(decoded, 200);
  EXPECT_GT(refused, 100);
}

TEST_F(Corpora, CorruptPngsAreRefused) {
  int count = 0;
  for (const auto& entry : fs::directory_iterator(kCorpora / "pngsuite/corrupt")) {
    EXPECT_FALSE(read_image(entry.path()).ok()) << entry.path();
    ++count;
  }
  EXPECT_EQ(count, 14);
}

TEST_F(Corpora, SoundPngsAreRead) {
  int count = 0;
  for (const char* folder : {"primary", "16bit"}) {
    for (const auto& entry : fs::directory_iterator(kCorpora / "pngsuite" / folder)) {
      if (entry.path().extension() != ".png") continue;
      const auto image = read_image(entry.path());
      EXPECT_TRUE(image.ok()) << (image.ok() ? "" : image.error().message);
      ++count;
    }
  }
  EXPECT_EQ(count, 100);
}

TEST_F(Corpora, InterlacedAndPlainPngsShowTheSame) {
  int pairs = 0;
  for (const auto& entry : fs::directory_iterator(kCorpora / "pngsuite/primary")) {
    const std::string name = entry.path().filename().string();
    if (name.rfind("basi", 0) != 0) continue;
    const fs::path plain = entry.path().parent_path() / ("basn" + name.substr(4));
    if (!fs::exists(plain)) continue;
    const Image a = read_image(entry.path()).value();
    const Image b = read_image(plain).value();
    ASSERT_EQ(a.size(), b.size());
    EXPECT_TRUE(std::equal(a.row(0), a.row(0) + a.width() * a.height() * 3, b.row(0))) << name;
    ++pairs;
  }
  EXPECT_GT(pairs, 5);
}

}  // namespace
}  // namespace poise
