#include "poise/image/picture_folder.h"

#include <gtest/gtest.h>

#include "kit/temporary_folder.h"
#include "poise/base/file.h"

namespace poise {
namespace {

class PictureFolderTest : public ::testing::Test {
 protected:
  PictureFolderTest() {
    for (const char* name : {"a.png", "sub/b.png", "sub/deep/c.png", "back\\slash.png"}) {
      EXPECT_TRUE(write_file_atomic(root() / name, std::string_view("x")).ok());
    }
    EXPECT_TRUE(write_file_atomic(temporary_.path() / "secret.png", std::string_view("x")).ok());
  }
  std::filesystem::path root() const { return temporary_.path() / "images"; }
  /// Relative to the folder; the error's text where there is one.
  std::string find(const std::string& name) {
    const auto found = PictureFolder(root()).find(name);
    return found.ok() ? found->lexically_relative(root()).string() : found.error().message;
  }
  kit::TemporaryFolder temporary_;
};

TEST_F(PictureFolderTest, ForeignPathsAreFoundByTheirEnds) {
  EXPECT_EQ(find("sub/b.png"), "sub/b.png");
  EXPECT_EQ(find("./sub/b.png"), "sub/b.png");
  EXPECT_EQ(find("back\\slash.png"), "back\\slash.png") << "a name of this machine";
  EXPECT_EQ(find("images\\sub\\b.png"), "sub/b.png");
  EXPECT_EQ(find("C:\\Users\\someone\\sub\\b.png"), "sub/b.png");
  EXPECT_EQ(find("/home/someone/images/a.png"), "a.png");
  EXPECT_EQ(find("..\\..\\upload\\4\\a.png"), "a.png");
  EXPECT_EQ(find("train/sub/deep/c.png"), "sub/deep/c.png");
}

TEST_F(PictureFolderTest, NothingOutsideTheFolderIsRead) {
  for (const std::string name : {"../secret.png", "..\\secret.png", "/etc/passwd", "../../etc/passwd", "C:\\x.png"}) {
    EXPECT_NE(find(name).find("\"" + name + "\" lies outside the folder of images"), std::string::npos) << find(name);
  }
  EXPECT_NE(find("sub/../../secret.png").find("outside"), std::string::npos);
  EXPECT_NE(find("").find("no file_name"), std::string::npos);
  EXPECT_NE(find("..").find("no file_name"), std::string::npos);
  EXPECT_NE(find("b.png").find("is not in"), std::string::npos) << "no folder is searched through";
  EXPECT_NE(find("sub").find("is not in"), std::string::npos) << "a folder is no picture";
}

TEST_F(PictureFolderTest, TwoNamesAreNotOneFile) {
  PictureFolder folder(root());
  EXPECT_TRUE(folder.find("cam1/a.png").ok());
  EXPECT_TRUE(folder.find("cam1/a.png").ok()) << "listed twice";
  const auto other = folder.find("cam2/a.png");
  ASSERT_FALSE(other.ok());
  EXPECT_NE(other.error().message.find("would both be"), std::string::npos) << other.error().message;
}

}  // namespace
}  // namespace poise
