#pragma once
// What is odd about pictures that are used all the same, counted by kind, so that a thousand of them are one line.
// One thread at a time.

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "poise/geometry/point.h"

namespace poise {

struct PictureNote {
  std::string what;         // the kind: "of another size than the labels say"
  std::string detail = {};  // of this picture: "is 640x480, they say 480x640"
};

/// Where labels give a size, and it is not the picture's.
std::optional<PictureNote> note_on_size(Size picture, std::optional<Size> labelled);

class PictureNotes {
 public:
  void add(const std::string& picture, const std::vector<PictureNote>& notes);
  /// "3 pictures of another size than the labels say; the first is a.jpg: is 640x480, they say 480x640".
  std::vector<std::string> lines() const;

 private:
  struct Kind {
    std::size_t count = 0;
    std::string first;
  };
  std::map<std::string, Kind> kinds_;
};

}  // namespace poise
