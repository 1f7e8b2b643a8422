#pragma once
// Pictures without their people: what is left is background as sharp and as full of things as pictures of people have
// it, which windows beside people rarely are. Changes the picture it is given and nothing else: one thread a picture.

#include <span>

#include "poise/base/random.h"
#include "poise/geometry/box.h"
#include "poise/image/image.h"

namespace poise {

/// Each box, in the picture's pixels, a little grown: in two of three cases its content is cut into four to seven
/// blocks a side and these are shuffled and mirrored, so that colours and textures stay and no figure does; else it
/// gets one colour of the picture. Boxes may reach over the picture's edge.
void hide_people(Image& picture, std::span<const Box> boxes, Random& random);

}  // namespace poise
