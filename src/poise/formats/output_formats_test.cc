#include "poise/formats/output_formats.h"

#include <gtest/gtest.h>

#include <vector>

namespace poise {
namespace {

TEST(OutputFormats, EachIsOfAPictureOrOfARunOrOfAVideo) {
  EXPECT_STREQ(output_formats().front().name, "poise");
  for (const OutputFormat& format : output_formats()) {
    const PictureForm& form = format.pictures;
    EXPECT_EQ(form.suffix != nullptr, form.of_picture != nullptr) << format.name;
    EXPECT_EQ(form.run_file != nullptr, form.add_to_run != nullptr) << format.name;
    EXPECT_FALSE(form.suffix != nullptr && form.run_file != nullptr) << format.name;
    EXPECT_TRUE(format.holds_pictures() || format.holds_videos()) << format.name;
    EXPECT_EQ(find_output_format(format.name)->what, format.what);
  }
  const auto none = find_output_format("xml");
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().message,
            "no format is named \"xml\"; there are poise coco openpose csv roboflow posetrack posetrack17 "
            "mot trc bvh");
}

TEST(OutputFormats, ANewOneIsOneFunctionAndOneLine) {
  std::vector<OutputFormat> formats(output_formats().begin(), output_formats().end());
  formats.push_back(
      {"count",
       "how many",
       {.suffix = ".count", .of_picture = [](const FrameResult& frame, const Skeleton&, const Provenance&, float) {
          return std::to_string(frame.poses.size());
        }}});
  FrameResult frame;
  frame.poses.resize(3);
  EXPECT_EQ(find_output_format("count", formats)->pictures.of_picture(frame, {}, {}, 0), "3");
}

}  // namespace
}  // namespace poise
