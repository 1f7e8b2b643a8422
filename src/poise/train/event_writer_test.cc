#include "poise/train/event_writer.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "kit/temporary_folder.h"

namespace poise {
namespace {

namespace fs = std::filesystem;

Bytes bytes_of(const std::string& text) { return {text.begin(), text.end()}; }

TEST(EventWriter, Crc32cKnowsItsCheckValues) {
  EXPECT_EQ(crc32c(bytes_of("123456789")), 0xe3069283U);  // the catalogue's check value
  EXPECT_EQ(crc32c(Bytes(32, 0)), 0x8a9136aaU);           // RFC 3720, B.4
  EXPECT_EQ(crc32c(Bytes(32, 0xff)), 0x62a8ab43U);        // RFC 3720, B.4
}

std::uint64_t little(const Bytes& bytes, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = size; i-- > 0;) value = value << 8U | bytes.at(at + i);
  return value;
}

TEST(EventWriter, FilesAreRecordsWithTheirSums) {
  const kit::TemporaryFolder folder;
  {
    EventWriter writer = EventWriter::create(folder.path(), 1e9).value();
    ASSERT_TRUE(writer.add("pck", 0.25, 300, 1e9 + 1).ok());
    ASSERT_TRUE(writer.restart(301, 1e9 + 2).ok());
  }
  fs::path file;
  for (const auto& entry : fs::directory_iterator(folder.path())) file = entry.path();
  EXPECT_TRUE(file.filename().string().starts_with("events.out.tfevents.1000000000."));
  const Bytes bytes = read_file(file, 1U << 20U).value();
  std::vector<std::string> events;
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t size = little(bytes, at, 8);
    ASSERT_LE(at + 16 + size, bytes.size());
    const Bytes event(bytes.begin() + static_cast<std::ptrdiff_t>(at) + 12,
                      bytes.begin() + static_cast<std::ptrdiff_t>(at + 12 + size));
    EXPECT_EQ(event_record(event), Bytes(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                                         bytes.begin() + static_cast<std::ptrdiff_t>(at + 16 + size)));
    events.emplace_back(event.begin(), event.end());
    at += 16 + size;
  }
  ASSERT_EQ(events.size(), 3U);
  EXPECT_NE(events[0].find("brain.Event:2"), std::string::npos);
  // step (field 2) 300 as a varint; summary (5) of one value (1): tag (1) "pck", simple_value (2) 0.25.
  EXPECT_NE(events[1].find(std::string("\x10\xac\x02", 3)), std::string::npos);
  EXPECT_NE(events[1].find(std::string("\x2a\x0c\x0a\x0a\x0a\x03pck\x15\x00\x00\x80\x3e", 14)), std::string::npos);
  // step 301; session_log (7) of status (1) START.
  EXPECT_NE(events[2].find(std::string("\x10\xad\x02\x3a\x02\x08\x01", 7)), std::string::npos);
}

TEST(EventWriter, APictureIsItsFileWithItsSize) {
  const kit::TemporaryFolder folder;
  EventWriter writer = EventWriter::create(folder.path(), 1e9).value();
  ASSERT_TRUE(writer.add_picture("val", bytes_of("JPEG"), {300, 200}, 5, 1e9 + 1).ok());
  fs::path file;
  for (const auto& entry : fs::directory_iterator(folder.path())) file = entry.path();
  const Bytes bytes = read_file(file, 1U << 20U).value();
  const std::string all(bytes.begin(), bytes.end());
  // summary (5) of one value (1): tag (1) "val", image (4) of height (1), width (2), colorspace (3) RGB, bytes (4).
  const std::string image("\x08\xc8\x01\x10\xac\x02\x18\x03\x22\x04JPEG", 14);
  EXPECT_NE(all.find(std::string("\x2a\x17\x0a\x15\x0a\x03val\x22\x0e", 11) + image), std::string::npos);
}

TEST(EventWriter, RecordsSumTheLengthToo) {
  const Bytes record = event_record(bytes_of("123456789"));
  const auto mask = [](std::uint32_t crc) { return ((crc >> 15U) | (crc << 17U)) + 0xa282ead8U; };
  ASSERT_EQ(record.size(), 8U + 4 + 9 + 4);
  EXPECT_EQ(little(record, 0, 8), 9U);
  EXPECT_EQ(little(record, 8, 4), mask(crc32c(Bytes(record.begin(), record.begin() + 8))));
  EXPECT_EQ(little(record, 21, 4), mask(0xe3069283U));
}

}  // namespace
}  // namespace poise
