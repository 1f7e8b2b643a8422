#include "poise/formats/manifest.h"

#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "kit/temporary_folder.h"

namespace poise {
namespace {

class ManifestFile : public ::testing::Test {
 protected:
  Result<std::vector<ManifestEntry>> read(const std::string& text, const Shard& shard = {}) {
    std::ofstream(file_, std::ios::binary) << text;
    return read_manifest(file_, shard);
  }
  std::string fault(const std::string& text) {
    const auto entries = read(text);
    return entries.ok() ? "" : entries.error().message.substr(file_.string().size());
  }
  const kit::TemporaryFolder temporary_;
  const std::filesystem::path file_ = temporary_.path() / "list.csv";
};

TEST_F(ManifestFile, RowsAreIdsAndPathsInAnyColumns) {
  const auto entries =
      read("\xEF\xBB\xBFwidth,path,id\r\n640,a.jpg,one\r\n640,\"b,c.jpg\",\"t\"\"wo\"\r\n,/x/d.jpg,3").value();
  ASSERT_EQ(entries.size(), 3U);
  EXPECT_EQ(entries[0].id, "one");
  EXPECT_EQ(entries[0].path, temporary_.path() / "a.jpg") << "relative to the list's own folder";
  EXPECT_EQ(entries[1].id, "t\"wo");
  EXPECT_EQ(entries[1].path.filename(), "b,c.jpg");
  EXPECT_EQ(entries[2].path, "/x/d.jpg");
  EXPECT_EQ(read_manifest(file_, {}, "/photos").value()[0].path, "/photos/a.jpg");
  EXPECT_TRUE(read("id,path\n").value().empty());
}

TEST_F(ManifestFile, FaultsAreNamedByTheirLine) {
  EXPECT_EQ(fault("name,path\n1,a.jpg\n"), ": line 1: the columns id and path are wanted in the first line");
  EXPECT_EQ(fault(""), ": line 1: the columns id and path are wanted in the first line");
  EXPECT_EQ(fault("id,path\n1,a.jpg\n\n2\n"), ": line 4: an id and a path are wanted");
  EXPECT_EQ(fault("id,path\n,a.jpg\n"), ": line 2: an id and a path are wanted");
  EXPECT_EQ(fault("id,path\n1,a.jpg\n2,b.jpg\n1,c.jpg\n"), ": line 4: the id \"1\" stands here a second time");
  EXPECT_EQ(read_manifest("/nowhere/list.csv").error().code, ErrorCode::kNotFound);
}

TEST_F(ManifestFile, ShardsShareNothingAndLeaveNothing) {
  std::string text = "id,path\n", reversed;
  for (int i = 0; i < 3000; ++i) {
    const std::string row = std::to_string(i) + ",p" + std::to_string(i) + ".jpg\n";
    text += row;
    reversed = row + reversed;
  }
  std::set<std::string> all;
  for (int number = 1; number <= 7; ++number) {
    std::set<std::string> own, later;
    for (const ManifestEntry& entry : read(text, {number, 7}).value()) own.insert(entry.id);
    for (const ManifestEntry& entry : read("id,path\n" + reversed, {number, 7}).value()) later.insert(entry.id);
    EXPECT_EQ(own, later) << "whatever the order";
    EXPECT_NEAR(static_cast<double>(own.size()), 3000 / 7.0, 90) << "about as many each";
    const std::size_t before = all.size();
    all.insert(own.begin(), own.end());
    EXPECT_EQ(all.size(), before + own.size());
  }
  EXPECT_EQ(all.size(), 3000U);
}

TEST(Shards, AreRead) {
  EXPECT_EQ(parse_shard("3/64").value().number, 3);
  EXPECT_EQ(parse_shard("3/64").value().count, 64);
  for (const char* wrong : {"", "3", "0/4", "5/4", "-1/4", "1/0", "a/b", "1/4x", "1/", "1/9999999", " 1/4"}) {
    EXPECT_EQ(parse_shard(wrong).error().code, ErrorCode::kInvalidArgument) << wrong;
  }
}

}  // namespace
}  // namespace poise
