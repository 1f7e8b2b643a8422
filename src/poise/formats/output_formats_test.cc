#include "poise/formats/output_formats.h"

#include <gtest/gtest.h>

#include <vector>

namespace poise {
namespace {

TEST(OutputFormats, EachIsOfAPictureOrOfARun) {
  EXPECT_STREQ(output_formats().front().name, "poise");
  for (const OutputFormat& format : output_formats()) {
    EXPECT_EQ(format.suffix != nullptr, format.of_picture != nullptr) << format.name;
    EXPECT_EQ(format.run_file != nullptr, format.add_to_run != nullptr) << format.name;
    EXPECT_NE(format.suffix != nullptr, format.run_file != nullptr) << format.name;
    EXPECT_EQ(find_output_format(format.name)->what, format.what);
  }
  const auto none = find_output_format("xml");
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().message, "no format is named \"xml\"; there are poise coco openpose csv");
}

TEST(OutputFormats, ANewOneIsOneFunctionAndOneLine) {
  std::vector<OutputFormat> formats(output_formats().begin(), output_formats().end());
  formats.push_back({"count", "how many", ".count",
                     [](const FrameResult& frame, const Skeleton&, const Provenance&, float) {
                       return std::to_string(frame.poses.size());
                     },
                     nullptr, nullptr});
  FrameResult frame;
  frame.poses.resize(3);
  EXPECT_EQ(find_output_format("count", formats)->of_picture(frame, {}, {}, 0), "3");
}

}  // namespace
}  // namespace poise
