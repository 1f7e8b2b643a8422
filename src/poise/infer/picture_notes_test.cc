#include "poise/infer/picture_notes.h"

#include <gtest/gtest.h>

namespace poise {
namespace {

TEST(PictureNotes, AreCountedByKind) {
  PictureNotes notes;
  EXPECT_TRUE(notes.lines().empty());
  for (const char* name : {"a.jpg", "b.jpg", "c.jpg"}) {
    notes.add(name, {note_on_size({640, 480}, Size{480, 640}).value()});
  }
  notes.add("d.jpg", {{"read with a note"}});
  ASSERT_EQ(notes.lines().size(), 2U);
  EXPECT_EQ(notes.lines()[0],
            "3 pictures of another size than the labels say; the first is a.jpg: is 640x480, they say 480x640: turned "
            "by its EXIF orientation?");
  EXPECT_EQ(notes.lines()[1], "1 picture read with a note; it is d.jpg");
}

TEST(PictureNotes, SizesThatAgreeOrAreNotGivenNeedNone) {
  EXPECT_FALSE(note_on_size({640, 480}, Size{640, 480}));
  EXPECT_FALSE(note_on_size({640, 480}, std::nullopt));
}

}  // namespace
}  // namespace poise
