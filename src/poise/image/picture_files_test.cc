#include "poise/image/picture_files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "kit/temporary_folder.h"
#include "poise/base/file.h"

namespace poise {
namespace {

FoundPictures found_in(const std::vector<std::string>& names) {
  const kit::TemporaryFolder folder;
  for (const std::string& name : names) {
    EXPECT_TRUE(write_file_atomic(folder.path() / name, std::string_view("x")).ok());
  }
  return find_pictures({folder.path().string()}).value();
}

TEST(FindPictures, WhatIsPassedOverIsCountedByKind) {
  EXPECT_EQ(found_in({"a.jpg", "b.JFIF", "c.jpe", ".hidden.heic", "._a.jpg"}).note(), "");
  const FoundPictures found = found_in({"a.jpg", "b.tiff", "c.TIFF", "sub/d.tiff"});
  EXPECT_EQ(found.files.size(), 1U);
  EXPECT_EQ(found.note(), "3 files not read: TIFF");
  EXPECT_EQ(found_in({"a.jpg", "b.tiff", "c.mp4", "README"}).note(),
            "3 files not read: 1 without an extension, 1 MP4, 1 TIFF");
  EXPECT_EQ(found_in({"a.jpg", "b.gif"}).note(), "1 file not read: GIF");
}

TEST(FindPictures, AFolderWithoutPicturesSaysWhatItHolds) {
  const kit::TemporaryFolder folder;
  EXPECT_TRUE(write_file_atomic(folder.path() / "a.tiff", std::string_view("x")).ok());
  const auto found = find_pictures({folder.path().string()});
  ASSERT_FALSE(found.ok());
  EXPECT_NE(found.error().message.find("1 file not read: TIFF"), std::string::npos) << found.error().message;
}

TEST(FindPictures, WhatIsNoFileIsCountedToo) {
  namespace fs = std::filesystem;
  const kit::TemporaryFolder folder;
  EXPECT_TRUE(write_file_atomic(folder.path() / "a.jpg", std::string_view("x")).ok());
  fs::create_directories(folder.path() / "sub.jpg");
  fs::create_symlink("nowhere", folder.path() / "gone.jpg");
  fs::create_directory_symlink("sub.jpg", folder.path() / "again");
  fs::create_symlink("a.jpg", folder.path() / "same.jpg");
  ASSERT_EQ(::mkfifo((folder.path() / "pipe.jpg").c_str(), 0600), 0);
  const FoundPictures found = find_pictures({folder.path().string()}).value();
  EXPECT_EQ(found.files.size(), 2U) << "a link to a picture that is there is a picture";
  EXPECT_EQ(found.note(), "3 files not read: 1 broken link, 1 link to a folder, 1 pipe, socket or device");
}

}  // namespace
}  // namespace poise
