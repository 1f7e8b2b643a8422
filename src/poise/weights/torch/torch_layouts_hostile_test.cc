// Zip archives and legacy files nobody should have written, and golden ones cut and altered.
#include <gtest/gtest.h>

#include <fstream>

#include "poise/weights/state_dict.h"
#include "poise/weights/torch/test_checkpoints.h"

namespace poise {
namespace {

using namespace testing_checkpoints;
namespace fs = std::filesystem;

const ErrorCode kBad = ErrorCode::kMalformed;
const ErrorCode kNot = ErrorCode::kUnsupported;
const ErrorCode kBig = ErrorCode::kTooLarge;

class HostileZip : public testing::Test {
 protected:
  const std::string pickle_ = one_tensor(tensor(16, 0, tuple({1}), tuple({1})));
  const std::string storage_ = std::string(64, '\0');

  std::vector<ZipEntry> good() const { return {{"a/data.pkl", pickle_}, {"a/data/0", storage_}}; }
  /// A good checkpoint with one entry more.
  void expect_entry_refused(const ZipEntry& entry, ErrorCode code, const std::string& part) const {
    std::vector<ZipEntry> entries = good();
    entries.push_back(entry);
    expect_error(parse(zip_of(entries)), code, part);
  }
};

TEST_F(HostileZip, GoodOneIsFine) { EXPECT_TRUE(parse(zip_of(good())).ok()); }

TEST_F(HostileZip, NamesThatLeadElsewhere) {
  for (const char* name : {"../x", "a/../../x", "..", "a/..", "/etc/passwd", "a\\..\\x", "C:x", "a/\nb", ""})
    expect_entry_refused({name, "x"}, kBad, "leads elsewhere");
  expect_entry_refused({std::string("a\0b", 3), "x"}, kBad, "leads elsewhere");
  EXPECT_TRUE(parse(zip_of({{"a/data.pkl", pickle_}, {"a/data/0", storage_}, {"a/..b/...", "x"}})).ok());
}

TEST_F(HostileZip, SymbolicLinks) {
  expect_entry_refused({.name = "a/link", .data = "/etc/passwd", .attributes = 0xa1ff0000U}, kBad, "symbolic link");
}

TEST_F(HostileZip, CompressedAndEncryptedEntries) {
  expect_entry_refused({.name = "a/x", .data = "x", .method = 8}, kNot, "is compressed");
  expect_entry_refused({.name = "a/x", .data = "x", .flags = 1}, kNot, "is encrypted");
}

TEST_F(HostileZip, TwoEntriesOfOneName) {
  expect_entry_refused({"a/data/0", storage_}, kBad, "two entries \"a/data/0\"");
  expect_entry_refused({"b/data.pkl", pickle_}, kBad, "two checkpoints");
}

TEST_F(HostileZip, TheDirectoryAndTheEntriesDisagree) {
  expect_entry_refused({.name = "a/x", .data = "x", .local_name = "a/y"}, kBad, "disagree");
  expect_entry_refused({.name = "a/x", .data = "x", .local_name = "a/xy"}, kBad, "disagree");
  expect_entry_refused({.name = "a/x", .data = "x", .offset = 1 << 20}, kBad, "");
  expect_entry_refused({.name = "a/x", .data = "x", .size = 1 << 20}, kBad, "beyond the file");
  expect_entry_refused({.name = "a/x", .data = "x", .size = 0xffffffffLL}, kBad, "64-bit size");
  expect_entry_refused({.name = "a/x", .data = "x", .size = 2}, kBad, "reach into its directory");
}

TEST_F(HostileZip, OverlappingEntries) {
  // One kernel of bytes under many names, as zip bombs have it: the directory leads each name to the same place.
  expect_entry_refused({.name = "a/x", .data = "x", .local_name = "a/data.pkl", .offset = 0}, kBad, "overlaps another");
  std::vector<ZipEntry> entries = good();
  entries[0].size = static_cast<std::int64_t>(pickle_.size()) + 40;  // over the next entry's header
  expect_error(parse(zip_of(entries)), kBad, "overlaps another");
}

TEST_F(HostileZip, ABombOfQuotedEntriesIsRefused) {
  // The shape of the best-known bombs: each entry's data are the next entry's header and data, and so on to the end.
  constexpr int kEntries = 1000;
  std::string out;
  std::string directory;
  const std::string kernel(20'000, 'k');
  const std::size_t header = 30 + 4;
  for (int i = 0; i < kEntries; ++i) {
    const std::string name = std::string("x") + std::to_string(100 + i).substr(0, 3);
    const std::uint64_t size = static_cast<std::uint64_t>(kEntries - 1 - i) * header + kernel.size();
    directory += zip_central({.name = name, .data = {}, .size = static_cast<std::int64_t>(size)}, out.size());
    out += "PK\x03\x04" + le(20, 2) + le(0, 2) + le(0, 2) + le(0, 8) + le(size, 4) + le(size, 4) + le(4, 2) + le(0, 2) +
           name;
  }
  out += kernel;
  const std::string file = out + directory + zip_end(kEntries, directory.size(), out.size());
  const TemporaryFolder folder;
  ASSERT_TRUE(write_file_atomic(folder / "x", file).ok());
  expect_refused_in_little_memory(folder / "x", kBad, "overlaps another");
}

TEST_F(HostileZip, DirectoryEnds) {
  const std::string file = zip_of(good());
  const std::string body = file.substr(0, file.size() - 22);
  const std::uint64_t size = good().size() * 46 + 10 + 8;
  const std::uint64_t start = body.size() - size;
  ASSERT_TRUE(parse(body + zip_end(2, size, start)).ok());
  expect_error(parse(body), kBad, "does not end with its directory");
  expect_error(parse(file + "x"), kBad, "does not end with its directory");
  expect_error(parse(file + std::string(22, '\0')), kBad, "does not end with its directory");
  expect_error(parse(body + zip_end(3, size, start)), kBad, "not where its end says");
  expect_error(parse(body + zip_end(1, size, start)), kBad, "more than it says");
  expect_error(parse(body + zip_end(60'000, size, start)), kBad, "not where its end says");
  expect_error(parse(body + zip_end(2, size + 1, start)), kBad, "not where its end says");
  expect_error(parse(body + zip_end(2, 0xffffffffU, start)), kBig, "over 16 MiB");
  expect_error(parse(body + zip_end(2, size, 0xffffffffU)), kBad, "not where its end says");
  std::string wrong = body;
  wrong[start] = 'Q';
  expect_error(parse(wrong + zip_end(2, size, start)), kBad, "directory is damaged");
  wrong = body;
  wrong[start + 28] = '\xff';  // a longer name than there is
  expect_error(parse(wrong + zip_end(2, size, start)), kBad, "directory is cut short");
  const std::string locator = "PK\x06\x07" + le(0, 4) + le(1ULL << 60U, 8) + le(1, 4);
  expect_error(parse(body + locator + zip_end(2, size, start)), kBad, "not where it should be");
}

TEST_F(HostileZip, ManyEntriesAreRefusedBeforeTheyAreRead) {
  const StateDictLimits limits{.max_tensors = 1};
  std::vector<ZipEntry> entries = good();
  for (int i = 0; i < 103; ++i) entries.push_back({"a/x" + std::to_string(i), ""});
  expect_error(parse(zip_of(entries), limits), kBig, "105 entries, the limit is 104");
  entries.pop_back();
  EXPECT_TRUE(parse(zip_of(entries), limits).ok());
}

TEST_F(HostileZip, BigEndianNumbers) {
  expect_entry_refused({"a/byteorder", "big"}, kNot, "not little-endian");
  expect_entry_refused({"a/byteorder", "bigger"}, kNot, "not little-endian");
  std::vector<ZipEntry> entries = good();
  entries.push_back({"a/byteorder", "little"});
  EXPECT_TRUE(parse(zip_of(entries)).ok());
}

TEST(HostileLegacy, PreambleAndKeys) {
  const std::string pickle = one_tensor(tensor(16, 0, tuple({1}), tuple({1})));
  const std::string good = legacy_layout(pickle);
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string file = good;
    const std::size_t at = file.find(from);
    EXPECT_NE(at, std::string::npos);
    return file.replace(at, from.size(), to);
  };
  ASSERT_TRUE(parse(good).ok());
  expect_error(parse(with("\x19.", "\x20.")), kNot, "none that torch.save() has written");
  expect_error(parse(with("M\xe9\x03", "M\xea\x03")), kNot, "other than 1001");
  expect_error(parse(with(pickled("}"), pickled("}" + text("little_endian") + "\x89s"))), kNot, "not little-endian");
  const std::string keys = pickled("]" + text("0") + "a");
  expect_error(parse(with(keys, pickled("N"))), kBad, "list of storages is missing");
  expect_error(parse(with(keys, pickled("]Na"))), kBad, "what is no text");
  expect_error(parse(with(keys, pickled("]"))), kBad, "its storage \"0\" is not in the file");
  expect_error(parse(good.substr(0, good.size() - 1)), kBad, "reaches beyond the file");
  expect_error(parse(with(keys, pickled("](" + text("0") + text("0") + "e")) + le(16, 8) + std::string(64, '\0')), kBad,
               "listed twice");
  const std::string two = pickled("}(" + text("a") + tensor(16, 0, tuple({1}), tuple({1})) + text("b") +
                                  tensor(8, 0, tuple({1}), tuple({1}), "DoubleStorage") + "u");
  expect_error(parse(legacy_layout(two)), kBad, "two types or sizes");
}

TEST(HostileFiles, EveryTruncationIsAnError) {
  const fs::path golden = POISE_SOURCE_DIR "/tests/golden/checkpoints";
  for (const char* name : {"wrapped_zip.pth", "wrapped_legacy.pth", "views_legacy.pth", "protocol4_zip.pth"}) {
    const Bytes whole = read_file(golden / name, 1U << 20U).value();
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const auto state = parse_state_dict(BytesView(whole).first(size));
      ASSERT_FALSE(state.ok()) << name << " at " << size;
      EXPECT_EQ(state.error().message.find('\n'), std::string::npos);
    }
  }
}

TEST(HostileFiles, EveryFlippedByteIsAnErrorOrAStateDict) {
  const fs::path golden = POISE_SOURCE_DIR "/tests/golden/checkpoints";
  for (const char* name : {"wrapped_zip.pth", "wrapped_legacy.pth", "types_zip.pth", "views_legacy.pth"}) {
    Bytes bytes = read_file(golden / name, 1U << 20U).value();
    int refused = 0;
    for (std::uint8_t& byte : bytes) {
      for (const int flip : {0x01, 0x80, 0xff}) {
        byte = static_cast<std::uint8_t>(byte ^ flip);
        if (!parse_state_dict(bytes).ok()) ++refused;
        byte = static_cast<std::uint8_t>(byte ^ flip);
      }
    }
    EXPECT_GT(refused, 500) << name;
    EXPECT_TRUE(parse_state_dict(bytes).ok());
  }
}

TEST(HostileFiles, AHugeSparseFileIsRefusedBeforeItIsRead) {
  const TemporaryFolder folder;
  std::ofstream(folder / "huge") << "PK\x03\x04";
  fs::resize_file(folder / "huge", std::uintmax_t{1} << 42U);
  expect_refused_in_little_memory(folder / "huge", kBig, "the limit is 4294967296");
}

}  // namespace
}  // namespace poise
