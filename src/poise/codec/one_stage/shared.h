#pragma once
// What several codecs of codec/one_stage share. Internal to codec.

#include <algorithm>
#include <cmath>
#include <string>

#include "poise/codec/detectors/shared.h"
#include "poise/codec/one_stage_codec.h"

namespace poise {

inline Error not_as_checked(std::span<const Tensor> outputs, const char* codec) {
  return unsupported("the network gives " + shapes_of(outputs) + ", which is not what codec " + codec +
                     " found when it was loaded");
}

/// A class's number as networks write it, a float, of `classes`; 0: of any number. Errors: kUnsupported.
inline Result<int> label_of(float number, int classes) {
  constexpr float kMost = 100'000;
  const auto below = classes > 0 ? static_cast<float>(classes) : kMost;
  if (number >= 0 && number < below && number == std::floor(number)) return static_cast<int>(number);
  return unsupported("the network says class " + Json(number).dump() + " where " +
                     (classes > 0 ? "there are " + std::to_string(classes) : "numbers of classes are whole") +
                     ": its rows are others than left, top, right, bottom, score, class");
}

/// That scores are 0 to 1, as they are where a sigmoid is the last thing that happens to them, and boxes are boxes and
/// no larger than the input by far. What is no number is left out later, and no error. Errors: kUnsupported.
inline Status check_people(std::span<const FoundPerson> people, Size input) {
  constexpr float kSlack = 0.02F;  // rounding of small integers
  constexpr float kLargest = 16;   // times the input's longer side
  const std::string why = ": is a sigmoid missing, or do the outputs say something else?";
  const auto is_score = [](float s) { return std::isnan(s) || (s >= -kSlack && s <= 1 + kSlack); };
  const auto longest = kLargest * static_cast<float>(std::max(input.width, input.height));
  for (const FoundPerson& person : people) {
    const Box& box = person.found.box;
    if (!is_score(person.found.score)) {
      return unsupported("somebody scores " + Json(person.found.score).dump() + ", people score 0 to 1" + why);
    }
    if (box.width <= 0 || box.height <= 0 || box.width > longest || box.height > longest) {
      return unsupported("somebody's box is " + Json(box.width).dump() + " x " + Json(box.height).dump() +
                         " pixels of the input: the outputs say something else there");
    }
    for (const Keypoint& joint : person.keypoints) {
      if (!is_score(joint.score)) {
        return unsupported("a joint scores " + Json(joint.score).dump() + ", joints score 0 to 1" + why);
      }
    }
  }
  return {};
}

}  // namespace poise
