#pragma once
// What networks that look at whole pictures said that became nobody.

#include <cstddef>
#include <string>
#include <vector>

namespace poise {

/// By reason: to be said aloud.
struct PeopleLeftOut {
  std::size_t other_class = 0;    // things above the threshold that are no persons, before they are thinned out
  std::size_t not_finite = 0;     // boxes, joints or scores of NaN or infinity
  std::size_t outside = 0;        // boxes of which nothing lies in the picture
  std::size_t full_pictures = 0;  // pictures with max_detections people: there may be more
};

/// One line a reason, other classes apart. `network`: "the detector"; `one` and `more`: what it says, "box" and
/// "boxes"; `most`: its card's max_detections. Pure.
std::vector<std::string> notes_of(const PeopleLeftOut& out, const std::string& network, const char* one,
                                  const char* more, int most);

}  // namespace poise
