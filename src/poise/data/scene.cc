#include "poise/data/scene.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>

#include "poise/base/check.h"
#include "poise/data/hide_people.h"
#include "poise/data/sample.h"
#include "poise/image/warp.h"

namespace poise {
namespace {

constexpr float kLeastSeen = 0.2F;       // of a person's box
constexpr float kLeastPixels = 4.0F;     // of what is seen of it
constexpr double kMostGrown = 2.0;       // a picture grows at most by this: beyond, people are all blur ...
constexpr double kMostBackground = 4.0;  // ... and by this where it holds nobody
constexpr double kLeastOfPart = 0.22, kMostOfPart = 1.5;  // a person's length, in its part's
constexpr int kTries = 12;                                // for a window without anybody ...
constexpr int kPictures = 8;                              // ... of so many pictures
constexpr double kMostSharpened = 2.5;                    // times what is above the blur
constexpr float kMargin = 4.0F;                           // around everybody, pixels of the picture: hair and fingers

Box intersection(const Box& a, const Box& b) {
  const float left = std::max(a.x, b.x), top = std::max(a.y, b.y);
  const float right = std::min(a.x + a.width, b.x + b.width), bottom = std::min(a.y + a.height, b.y + b.height);
  return {left, top, std::max(0.0F, right - left), std::max(0.0F, bottom - top)};
}

/// Uniform in the part of [low, high] that lies in [within_low, within_high], where there is any; else in [low, high].
double uniform_within(Random& random, double low, double high, double within_low, double within_high) {
  const double from = std::max(low, within_low), to = std::min(high, within_high);
  return from <= to ? random.uniform(from, to) : random.uniform(low, high);
}

/// Where one side of a picture of `length` begins, in a part of `room`; person: its begin and end, in the picture.
double draw_begin(Random& random, double room, double length, double begin, double end, bool whole) {
  const double low = std::min(0.0, room - length), high = std::max(0.0, room - length);
  const double middle = (begin + end) / 2;
  // Whole where it has room, else its middle at least.
  if (whole && end - begin <= room) return uniform_within(random, low, high, -begin, room - end);
  return uniform_within(random, low, high, -middle, room - middle);
}

bool holds_nobody(const BoxedPicture& picture, const Box& window) {
  const auto apart = [&window](const Box& b) {
    const Box grown{b.x - kMargin, b.y - kMargin, b.width + 2 * kMargin, b.height + 2 * kMargin};
    return !(intersection(grown, window).area() > 0);
  };
  return std::ranges::all_of(picture.persons, apart) && std::ranges::all_of(picture.ignored, apart);
}

/// One of them, larger ones more often: they are the sharper pictures.
Box draw_person(const std::vector<Box>& persons, Random& random) {
  const auto length = [](const Box& b) { return static_cast<double>(std::max(b.width, b.height)); };
  double total = 0;
  for (const Box& person : persons) total += length(person);
  double at = random.uniform() * total;
  for (const Box& person : persons) {
    at -= length(person);
    if (at < 0) return person;
  }
  return persons.back();
}

Recolouring draw_recolouring(const SceneOptions& o, Random& random) {
  const auto around = [&random](float share) { return static_cast<float>(random.uniform(-1, 1)) * share; };
  Recolouring r;
  const float contrast = 1 + around(o.colour), brightness = 127.5F * around(o.colour);
  r.saturation = random.uniform() < static_cast<double>(o.grey) ? 0 : 1 + around(o.saturation);
  for (std::size_t c = 0; c < 3; ++c) {
    r.gain[c] = contrast * (1 + around(o.colour / 2));
    r.offset[c] = brightness + 127.5F * (1 - contrast);
  }
  return r;
}

/// `image`: the picture, of whatever size.
void hide_all(const BoxedPicture& picture, Image& image, Random& random) {
  std::vector<Box> boxes = picture.persons;
  boxes.insert(boxes.end(), picture.ignored.begin(), picture.ignored.end());
  const float x = static_cast<float>(image.width()) / static_cast<float>(picture.picture.width);
  const float y = static_cast<float>(image.height()) / static_cast<float>(picture.picture.height);
  for (Box& box : boxes) box = {box.x * x, box.y * y, box.width * x, box.height * y};
  hide_people(image, boxes, random);
}

bool covers(const BoxedPicture& picture, const ScenePlacement& p) {
  constexpr double kSlack = 1;  // pixel
  const double right = p.x + picture.picture.width * p.scale, bottom = p.y + picture.picture.height * p.scale;
  const Box& part = p.part;
  return p.x <= static_cast<double>(part.x) + kSlack && p.y <= static_cast<double>(part.y) + kSlack &&
         right >= static_cast<double>(part.x + part.width) - kSlack &&
         bottom >= static_cast<double>(part.y + part.height) - kSlack;
}

/// A quarter to three quarters of each side, whole pixels.
Box draw_inner(const Box& part, Random& random) {
  const auto share = [&random](float side) {
    return std::max(1.0F, std::floor(side * static_cast<float>(random.uniform(0.25, 0.75))));
  };
  const float width = share(part.width), height = share(part.height);
  const auto begin = [&random](float room) { return std::floor(room * static_cast<float>(random.uniform())); };
  return {part.x + begin(part.width - width), part.y + begin(part.height - height), width, height};
}

/// Where the parts of a side begin and end: `count` of them, of about equal lengths.
std::vector<int> draw_cuts(int length, int count, Random& random) {
  std::vector<int> cuts{0};
  const double mean = static_cast<double>(length) / count;
  for (int i = 1; i < count; ++i) cuts.push_back(static_cast<int>(mean * (i + random.uniform(-0.25, 0.25))));
  cuts.push_back(length);
  return cuts;
}

class SceneExamples : public Examples {
 public:
  SceneExamples(std::vector<WeightedBoxSet> sets, const SceneOptions& options)
      : sets_(std::move(sets)), options_(options) {
    for (const WeightedBoxSet& one : sets_) total_ += one.weight * static_cast<double>(one.set.size());
  }

  std::size_t size() const override { return options_.scenes; }
  ExampleShapes shapes() const override {
    const Size cells = this->cells();
    return {
        {3, options_.size.height, options_.size.width}, {5, cells.height, cells.width}, {2, cells.height, cells.width}};
  }

  Status make(std::size_t, Random random, std::uint64_t, const SampleView& out) const override {
    const bool mosaic = random.uniform() < static_cast<double>(options_.mosaic);
    const double which = random.uniform();
    const int count = !mosaic ? 1 : which < 0.45 ? 2 : which < 0.8 ? 3 : 4;
    const std::vector<int> columns = draw_cuts(options_.size.width, count, random);
    const std::vector<int> rows = draw_cuts(options_.size.height, count, random);
    std::vector<Box> persons, ignored;
    for (std::size_t r = 0; r + 1 < rows.size(); ++r) {
      for (std::size_t c = 0; c + 1 < columns.size(); ++c) {
        const Box part{static_cast<float>(columns[c]), static_cast<float>(rows[r]),
                       static_cast<float>(columns[c + 1] - columns[c]), static_cast<float>(rows[r + 1] - rows[r])};
        POISE_RETURN_IF_ERROR(fill(part, random, out.image, persons, ignored));
        if (random.uniform() < static_cast<double>(options_.sharpness)) {
          const double amount = random.uniform() < 0.5 ? random.uniform(-1, 0) : random.uniform(0, kMostSharpened);
          const int reach = random.uniform() < 0.5 ? 1 : 2;
          sharpen(part, static_cast<float>(amount), reach, options_.normalisation, options_.size, out.image);
        }
      }
    }
    const EncodedCentres encoded = encode(options_.codec, persons, ignored, cells());
    std::ranges::copy(encoded.maps.floats(), out.targets.begin());
    std::ranges::copy(encoded.weights.floats(), out.weights.begin());
    return {};
  }

 private:
  Size cells() const {
    return {static_cast<int>(static_cast<float>(options_.size.width) / options_.codec.stride),
            static_cast<int>(static_cast<float>(options_.size.height) / options_.codec.stride)};
  }

  const BoxedPicture& draw_picture(Random& random) const {
    double at = random.uniform() * total_;
    for (const WeightedBoxSet& one : sets_) {
      const double share = one.weight * static_cast<double>(one.set.size());
      if (at < share) return one.set[std::min(one.set.size() - 1, static_cast<std::size_t>(at / one.weight))];
      at -= share;
    }
    return sets_.back().set.back();
  }

  /// Paints a window that holds nobody, of any picture. False: none was found.
  Result<bool> fill_with_nobody(const Box& part, Random& random, std::span<float> image) const {
    for (int i = 0; i < kPictures; ++i) {
      const BoxedPicture& picture = draw_picture(random);
      const auto placement = draw_background(picture, part, options_, random);
      if (!placement) continue;
      const Recolouring colours = draw_recolouring(options_, random);
      POISE_RETURN_IF_ERROR(paint(picture, {*placement, colours, Outside::kEdge}, image));
      return true;
    }
    return false;
  }

  Status fill(const Box& part, Random& random, std::span<float> image, std::vector<Box>& persons,
              std::vector<Box>& ignored) const {
    const bool nobody = random.uniform() < static_cast<double>(options_.nobody);
    const bool hidden = nobody && options_.hidden > 0 && random.uniform() < static_cast<double>(options_.hidden);
    if (nobody && !hidden) {
      POISE_TRY(const bool filled, fill_with_nobody(part, random, image));
      // Pictures within pictures hold nobody as often: their frames are no sign of people.
      if (filled && random.uniform() < 0.5) {
        POISE_TRY([[maybe_unused]] const bool inner, fill_with_nobody(draw_inner(part, random), random, image));
      }
      if (filled) return {};
    }
    const BoxedPicture& picture = draw_picture(random);
    const ScenePlacement placement = draw_placement(picture, part, options_, random);
    const Recolouring colours = draw_recolouring(options_, random);
    const double outside = random.uniform();
    Outside around = outside < 0.15 ? Outside::kMean : outside < 0.3 ? Outside::kEdge : Outside::kAsItIs;
    if (around == Outside::kAsItIs && !covers(picture, placement)) {
      POISE_TRY(const bool filled, fill_with_nobody(part, random, image));
      if (!filled) around = Outside::kMean;
    }
    if (!hidden) place_boxes(picture, placement, persons, ignored);
    return paint(picture, {placement, colours, around}, image, hidden ? &random : nullptr);
  }

  /// hide: with these random numbers, none: people are seen.
  Status paint(const BoxedPicture& picture, const ScenePaint& how, std::span<float> image,
               Random* hide = nullptr) const {
    Person source;
    source.path = picture.path;
    int shrink = 1;
    while (shrink < 8 && how.placement.scale * shrink * 2 <= 1) shrink *= 2;
    POISE_TRY(LoadedPicture loaded, load_picture(source, shrink));
    const double length = how.placement.scale * picture.picture.width;  // of the picture in the scene
    if (length < 0.5 * loaded.image.width()) {
      const double scale = length / loaded.image.width();
      const auto smaller = [scale](int side) { return std::max(1, static_cast<int>(std::lround(side * scale))); };
      loaded.image = resize(loaded.image.view(), {smaller(loaded.image.width()), smaller(loaded.image.height())});
    }
    if (hide != nullptr) hide_all(picture, loaded.image, *hide);
    ScenePaint of_loaded = how;
    of_loaded.placement.scale = length / loaded.image.width();
    poise::paint(loaded.image.view(), of_loaded, options_.normalisation, options_.size, image);
    return {};
  }

  std::vector<WeightedBoxSet> sets_;
  SceneOptions options_;
  double total_ = 0;
};

}  // namespace

Status check(const SceneOptions& o) {
  constexpr int kMaxSide = 4096;
  for (const int side : {o.size.width, o.size.height}) {
    if (side < 32 || side > kMaxSide) return invalid_argument("a scene must be 32 to 4096 pixels a side");
  }
  if (!(o.codec.stride >= 1 && o.codec.stride <= 32)) return invalid_argument("the stride must be 1 to 32");
  if (!(o.codec.box_sigma >= 0 && o.codec.box_sigma <= 0.5F)) {
    return invalid_argument("the sigma of the cells that learn a box must be 0 to 0.5 of its sides");
  }
  if (o.scenes < 1 || o.scenes > 1'000'000'000) return invalid_argument("scenes must be 1 to 10^9");
  for (const auto& [name, value] :
       {std::pair("mosaic", o.mosaic), std::pair("nobody", o.nobody), std::pair("hidden", o.hidden),
        std::pair("flip", o.flip), std::pair("colour", o.colour), std::pair("saturation", o.saturation),
        std::pair("grey", o.grey), std::pair("sharpness", o.sharpness)}) {
    if (!(value >= 0 && value <= 1)) return invalid_argument(std::string(name) + " of scenes must be 0 to 1");
  }
  if (!(o.smallest >= 4 && o.smallest <= o.largest && o.largest <= 4 * kMaxSide)) {
    return invalid_argument("people of scenes must be of 4 pixels or more, the smallest no larger than the largest");
  }
  for (const float std : o.normalisation.std) {
    if (!(std::abs(std) > 0)) return invalid_argument("a channel's std must not be 0");
  }
  return {};
}

void place_boxes(const BoxedPicture& picture, const ScenePlacement& placement, std::vector<Box>& persons,
                 std::vector<Box>& ignored) {
  const Box& part = placement.part;
  const auto placed = [&](const Box& b) {
    const auto scale = static_cast<float>(placement.scale);
    Box there{static_cast<float>(placement.x) + b.x * scale, static_cast<float>(placement.y) + b.y * scale,
              b.width * scale, b.height * scale};
    if (placement.flip) there.x = 2 * part.x + part.width - there.x - there.width;
    return there;
  };
  for (const Box& person : picture.persons) {
    const Box whole = placed(person), seen = intersection(whole, part);
    if (!(seen.area() > 0)) continue;
    const bool enough = seen.area() >= kLeastSeen * whole.area() && std::min(seen.width, seen.height) >= kLeastPixels;
    (enough ? persons : ignored).push_back(seen);
  }
  for (const Box& box : picture.ignored) {
    const Box seen = intersection(placed(box), part);
    if (seen.area() > 0) ignored.push_back(seen);
  }
}

std::optional<ScenePlacement> draw_background(const BoxedPicture& picture, const Box& part, const SceneOptions& options,
                                              Random& random) {
  ScenePlacement placement;
  placement.part = part;
  placement.flip = random.uniform() < static_cast<double>(options.flip);
  const auto width = static_cast<double>(picture.picture.width), height = static_cast<double>(picture.picture.height);
  const double aspect = static_cast<double>(part.width / part.height);
  const double widest = std::min(width, height * aspect), narrowest = static_cast<double>(part.width) / kMostBackground;
  if (narrowest > widest) return std::nullopt;
  for (int i = 0; i < kTries; ++i) {
    const double w = narrowest * std::pow(widest / narrowest, random.uniform()), h = w / aspect;
    const double x = random.uniform(0, width - w), y = random.uniform(0, height - h);
    const Box window{static_cast<float>(x), static_cast<float>(y), static_cast<float>(w), static_cast<float>(h)};
    if (!holds_nobody(picture, window)) continue;
    placement.scale = static_cast<double>(part.width) / w;
    placement.x = static_cast<double>(part.x) - x * placement.scale;
    placement.y = static_cast<double>(part.y) - y * placement.scale;
    return placement;
  }
  return std::nullopt;
}

ScenePlacement draw_placement(const BoxedPicture& picture, const Box& part, const SceneOptions& options,
                              Random& random) {
  ScenePlacement placement;
  placement.part = part;
  placement.flip = random.uniform() < static_cast<double>(options.flip);
  const Box all{0, 0, static_cast<float>(picture.picture.width), static_cast<float>(picture.picture.height)};
  const Box person = picture.persons.empty() ? all : draw_person(picture.persons, random);
  const double room = static_cast<double>(std::max(part.width, part.height));
  const auto smallest = static_cast<double>(options.smallest), largest = static_cast<double>(options.largest);
  const double low = std::clamp(kLeastOfPart * room, smallest, largest);
  const double high = std::clamp(kMostOfPart * room, low, largest);
  const double length = low * std::pow(high / low, random.uniform());
  placement.scale = std::min(length / static_cast<double>(std::max({person.width, person.height, 1.0F})), kMostGrown);
  const double scale = placement.scale;
  const bool whole = random.uniform() < 0.7;
  placement.x =
      static_cast<double>(part.x) + draw_begin(random, static_cast<double>(part.width), picture.picture.width * scale,
                                               static_cast<double>(person.x) * scale,
                                               static_cast<double>(person.x + person.width) * scale, whole);
  placement.y =
      static_cast<double>(part.y) + draw_begin(random, static_cast<double>(part.height), picture.picture.height * scale,
                                               static_cast<double>(person.y) * scale,
                                               static_cast<double>(person.y + person.height) * scale, whole);
  return placement;
}

Result<ExamplesPtr> scene_examples(std::vector<WeightedBoxSet> sets, const SceneOptions& options) {
  POISE_RETURN_IF_ERROR(check(options));
  for (const WeightedBoxSet& one : sets) {
    if (!(one.weight > 0 && one.weight <= 1e6)) return invalid_argument("a set's weight must be over 0, at most 10^6");
  }
  std::erase_if(sets, [](const WeightedBoxSet& one) { return one.set.empty(); });
  if (sets.empty()) return invalid_argument("there is no picture to make scenes of");
  return ExamplesPtr(std::make_shared<SceneExamples>(std::move(sets), options));
}

}  // namespace poise
