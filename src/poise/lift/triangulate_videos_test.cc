#include "poise/lift/triangulate_videos.h"

#include <gtest/gtest.h>

#include "poise/lift/test_room.h"

namespace poise {
namespace {

TEST(TriangulateVideos, PeopleWhoCrossStayThemselves) {
  const Room room = walk(4, 20, 1.0);
  const TriangulatedVideos found = triangulate_videos(room.cameras, room.videos, {}).value();
  EXPECT_EQ(found.people, 2U);
  EXPECT_EQ(found.alone, 0U);
  ASSERT_EQ(found.set.frames.size(), 20U);
  EXPECT_LT(found.median_error, 2);
  EXPECT_GT(found.median_error, 0.3);
  std::map<int, std::size_t> who;  // by id
  for (std::size_t f = 0; f < 20; ++f) {
    ASSERT_EQ(found.set.frames[f].poses.size(), 2U);
    for (const WorldPose& pose : found.set.frames[f].poses) {
      std::size_t nearest = 0;
      double least = 1e9;
      for (std::size_t person = 0; person < 2; ++person) {
        double sum = 0;
        for (std::size_t j = 0; j < 17; ++j) sum += distance(pose.keypoints[j].point, room.truth[f][person][j]) / 17;
        if (sum < least) least = sum, nearest = person;
      }
      EXPECT_LT(least, 0.015);  // metres
      const auto known = who.emplace(pose.track_id.value(), nearest).first;
      EXPECT_EQ(known->second, nearest) << "frame " << f;
    }
  }
}

TEST(TriangulateVideos, WrongSightingsAreLeftOutAndCounted) {
  Room room = walk(4, 6, 0.5);
  for (TimedFrame& frame : room.videos[1].frames) frame.result.poses[0].keypoints[9].point.x += 100;
  const TriangulatedVideos found = triangulate_videos(room.cameras, room.videos, {}).value();
  EXPECT_EQ(found.cameras[1].left_out, 6U);
  EXPECT_EQ(found.cameras[0].left_out, 0U);
  EXPECT_EQ(found.sightings, 4U * 6 * 2 * 17 - 6);
}

TEST(TriangulateVideos, SomeoneOneCameraSeesIsAlone) {
  Room room = walk(3, 4, 0.5);
  for (std::size_t c = 1; c < 3; ++c) {
    for (std::size_t f = 0; f < 4; ++f) {
      auto& poses = room.videos[c].frames[f].result.poses;
      poses.erase(poses.begin() + static_cast<std::ptrdiff_t>((c + f) % 2));  // the second person
    }
  }
  const TriangulatedVideos found = triangulate_videos(room.cameras, room.videos, {}).value();
  EXPECT_EQ(found.alone, 4U);
  EXPECT_EQ(found.people, 1U);
}

TEST(TriangulateVideos, WhatCannotBe) {
  Room room = walk(2, 2, 0);
  EXPECT_FALSE(triangulate_videos(std::span(room.cameras).first(1), std::span(room.videos).first(1), {}).ok());
  EXPECT_FALSE(triangulate_videos(room.cameras, std::span(room.videos).first(1), {}).ok());
  Room other = room;
  other.videos[1].skeleton = find_skeleton("mpii16").value();
  EXPECT_FALSE(triangulate_videos(other.cameras, other.videos, {}).ok());
  for (TimedFrame& frame : room.videos[1].frames) frame.index += 100;
  EXPECT_FALSE(triangulate_videos(room.cameras, room.videos, {}).ok());
}

}  // namespace
}  // namespace poise
