#include "poise/media/range_source.h"

#include <gtest/gtest.h>

#include "poise/media/test_frames.h"

namespace poise {
namespace {

using namespace testing_frames;

std::vector<std::int64_t> indices(const VideoRange& range, std::int64_t frames = 20) {
  const auto source = with_range(std::make_unique<CountedSource>(frames, 10), range).value();
  std::vector<std::int64_t> found;
  for (const VideoFrame& frame : read_all(*source).frames) {
    EXPECT_DOUBLE_EQ(frame.seconds, static_cast<double>(frame.index) / 10);
    found.push_back(frame.index);
  }
  EXPECT_LE(static_cast<std::int64_t>(found.size()), source->info().frames.value());
  return found;
}

using Indices = std::vector<std::int64_t>;

TEST(RangeSource, TakesAPart) {
  EXPECT_EQ(indices({.start = .5, .duration = .3}), (Indices{5, 6, 7}));
  EXPECT_EQ(indices({.start = .45, .duration = .3}), (Indices{5, 6, 7}));
  EXPECT_EQ(indices({.start = 1.7}), (Indices{17, 18, 19}));
  EXPECT_EQ(indices({.duration = .2}), (Indices{0, 1}));
  EXPECT_EQ(indices({.start = 3}), Indices{});
}

TEST(RangeSource, TakesOneOfSoMany) {
  EXPECT_EQ(indices({.every = 6}), (Indices{0, 6, 12, 18}));
  EXPECT_EQ(indices({.start = .3, .duration = .8, .every = 3}), (Indices{3, 6, 9}));
}

TEST(RangeSource, ReadsNoFurtherThanItsEnd) {
  auto counted = std::make_unique<CountedSource>(1000, 10);
  CountedSource& source = *counted;
  const auto range = with_range(std::move(counted), {.duration = .5}).value();
  EXPECT_EQ(read_all(*range).frames.size(), 5U);
  EXPECT_FALSE(range->next().value());
  EXPECT_EQ(source.given, 6);
}

TEST(RangeSource, SaysTheRateThatIsLeft) {
  const auto source = with_range(std::make_unique<CountedSource>(100, 30), {.every = 2}).value();
  EXPECT_DOUBLE_EQ(source->info().frames_per_second, 15);
  EXPECT_EQ(source->info().frames, 50);
}

TEST(RangeSource, ErrorsPassThrough) {
  const auto source = with_range(std::make_unique<CountedSource>(3, 10, "broken"), {}).value();
  const Read read = read_all(*source);
  EXPECT_EQ(read.frames.size(), 3U);
  EXPECT_EQ(read.error, "broken");
}

TEST(RangeSource, SenselessRangesAreRefused) {
  for (const VideoRange& range : {VideoRange{.start = -1}, VideoRange{.start = std::nan("")}, VideoRange{.duration = 0},
                                  VideoRange{.duration = std::nan("")}, VideoRange{.every = 0}}) {
    EXPECT_EQ(with_range(std::make_unique<CountedSource>(3, 10), range).error().code, ErrorCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace poise
