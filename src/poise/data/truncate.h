#pragma once
// People whom the picture's edge or a table cuts off: photographs are full of them, sets of whole figures are not.

#include "poise/base/random.h"
#include "poise/data/data_set.h"

namespace poise {

/// What is left of a person after a cut. Pure but for the random numbers it takes: one thread a Random.
struct Truncation {
  Box box;    // of the joints left, image pixels, not padded
  Box scene;  // what the picture shows: joints outside have weight 0, pixels outside are black; of no width: all of it
};

/// Left and top edge included.
bool holds(const Box& box, Point p);

/// Cuts off below (60 of 100), above (10), on the left or the right (15 each), 20 to 85 % of the box being kept; three
/// in ten of those cut below lose a side too, 40 to 85 % of it being kept. In half of the cases the picture ends there,
/// otherwise only the box does. False: fewer than three labelled joints would be left. Always takes the same count of
/// random numbers.
bool truncate(const Person& person, Random& random, Truncation& result);

}  // namespace poise
