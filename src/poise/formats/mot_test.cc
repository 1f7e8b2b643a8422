#include "poise/formats/mot.h"

#include <gtest/gtest.h>

namespace poise {
namespace {

TEST(Mot, ReadsTruthsOfNineColumnsWithClasses) {
  const auto sequence = parse_mot("1,2,10.5,20,30,40,1,1,0.25\r\n\n2,2,11,21,30,40,0,7,1\n").value();
  ASSERT_EQ(sequence.rows.size(), 2U);
  EXPECT_TRUE(sequence.has_classes);
  EXPECT_EQ(sequence.rows[0].left, 10.5);
  EXPECT_EQ(sequence.rows[0].visibility, 0.25);
  EXPECT_EQ(sequence.rows[1].frame, 2);
  EXPECT_EQ(sequence.rows[1].confidence, 0);
  EXPECT_EQ(sequence.rows[1].object, 7);
}

TEST(Mot, TenColumnsHoldPlacesInTheWorldAndNoClass) {
  const auto sequence = parse_mot("1,1,88,99,61.08,218.56,1,4.4852,5.5016,0\n").value();
  EXPECT_FALSE(sequence.has_classes);
  EXPECT_EQ(sequence.rows[0].object, 1);
}

TEST(Mot, SpacesSeparateToo) {
  const auto sequence = parse_mot("  1 7 2 3\t4 5").value();
  ASSERT_EQ(sequence.rows.size(), 1U);
  EXPECT_EQ(sequence.rows[0].id, 7);
  EXPECT_EQ(sequence.rows[0].height, 5);
  EXPECT_EQ(parse_mot("1, 7, 2, 3, 4, 5\n").value().rows[0].height, 5);
}

TEST(Mot, FirstPixelIsZero) {
  const MotRow row = parse_mot("1,1,1,1,10,20,1,-1,-1,-1").value().rows[0];
  EXPECT_EQ(box_of(row), (Box{0, 0, 10, 20}));
  const MotRow back = mot_row(1, 1, {0, 0, 10, 20}, 1);
  EXPECT_EQ(mot_line(back), "1,1,1,1,10,20,1,-1,-1,-1\n");
}

TEST(Mot, WhatIsWrittenIsRead) {
  const Box box{793.2699F, 246.59F, 71.245F, 174.88F};
  const auto sequence = parse_mot(mot_line(mot_row(12, 3, box, 0.875))).value();
  EXPECT_EQ(sequence.rows[0].frame, 12);
  EXPECT_EQ(sequence.rows[0].id, 3);
  EXPECT_EQ(sequence.rows[0].confidence, 0.875);
  EXPECT_NEAR(box_of(sequence.rows[0]).x, box.x, 1e-4F);
  EXPECT_EQ(box_of(sequence.rows[0]).height, box.height);
}

TEST(Mot, ErrorsNameTheLine) {
  const auto error = [](const char* text) { return parse_mot(text).error().message; };
  EXPECT_EQ(error("1,1,1,1,1,1\n1,2,3\n").rfind("line 2: six numbers or more wanted", 0), 0U);
  EXPECT_EQ(error("frame,id,x,y,w,h"), "line 1: \"frame\" is no number up to 1e9");
  EXPECT_EQ(error("1,1,nan,1,1,1"), "line 1: \"nan\" is no number up to 1e9");
  EXPECT_EQ(error("1,1,1e300,1,1,1"), "line 1: \"1e300\" is no number up to 1e9");
  EXPECT_EQ(error("1,1.5,1,1,1,1"), "line 1: frame and id must be whole numbers");
  EXPECT_EQ(error("0,1,1,1,1,1"), "line 1: frames count from 1; add 1 to each if yours count from 0");
  EXPECT_EQ(error("1,2,3,4,5,6,7,8,9,10,11"), "line 1: more than ten numbers");
  EXPECT_EQ(error("1,,3,4,5,6"), "line 1: \"\" is no number up to 1e9");
}

TEST(Mot, AnEmptyFileIsAnEmptySequence) {
  EXPECT_TRUE(parse_mot("").value().rows.empty());
  EXPECT_FALSE(parse_mot("\n\n").value().has_classes);
}

}  // namespace
}  // namespace poise
