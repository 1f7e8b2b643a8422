#include "poise/draw/draw.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "poise/base/check.h"
#include "poise/draw/canvas.h"
#include "poise/draw/letters.h"

namespace poise {
namespace {

using namespace draw_detail;

// MMPose, mmpose/configs/_base_/datasets/coco.py, colours of left, right and centre.
constexpr Colour kLeft{{0, 255, 0}};
constexpr Colour kRight{{255, 128, 0}};
constexpr Colour kCentre{{51, 153, 255}};
constexpr Colour kRim{{16, 20, 28}};
constexpr Colour kBox{{240, 240, 240}};
constexpr Colour kWhite{{255, 255, 255}};
constexpr Colour kBlack{{0, 0, 0}};
// Apart from each other and from left and right.
constexpr std::array<Colour, 8> kPeople{{{{51, 153, 255}},
                                         {{255, 70, 190}},
                                         {{255, 235, 60}},
                                         {{160, 95, 255}},
                                         {{0, 225, 225}},
                                         {{255, 75, 75}},
                                         {{240, 240, 240}},
                                         {{196, 150, 100}}}};
constexpr double kLighter = 0.45;  // of white, in a person's left
constexpr double kDarker = 0.4;    // of black, in their right

constexpr double kRimOpacity = 0.85;
constexpr double kLimbOfPerson = 0.016;   // limb width as a part of the person's longer side
constexpr double kThinnest = 1.0;         // pixels
constexpr double kThickest = 16.0;        // pixels
constexpr double kJointOfLimb = 1.45;     // a joint's radius as a multiple of half a limb's width
constexpr double kWidthOfLength = 0.18;   // a short limb is no wider than this part of its length
constexpr double kFace = 0.6;             // a face's lines and points, of the body's
constexpr double kThinnestInFace = 0.6;   // pixels
constexpr double kJointOfGap = 0.28;      // a joint's radius is no more than this part of the way to the next one
constexpr double kSmallestJoint = 0.5;    // its radius, pixels
constexpr double kThinnestRim = 0.5;      // pixels
constexpr double kRimOfLimb = 0.3;        // the rim's width as a part of the limb's width
constexpr double kThinnestBox = 0.75;     // half its line's width, pixels
constexpr double kLetterOfPerson = 0.05;  // a label's height as a part of the person's longer side
constexpr int kBorderOfLetters = 2;       // around a label's letters, times their scale
constexpr int kLargestLetters = 8;        // scales of the built-in ones
constexpr int kPixelsALetterScale = 900;  // large pictures are looked at shrunk: their labels have a least size

bool finite(Point p) { return std::isfinite(p.x) && std::isfinite(p.y); }
Spot spot(Point p) { return {p.x, p.y}; }
double distance(Spot a, Spot b) { return std::hypot(b.x - a.x, b.y - a.y); }

/// The rim of a shape with this radius.
double rim_width(double radius) { return std::max(kThinnestRim, kRimOfLimb * 2 * radius); }

bool is_in_face(std::string_view joint) {
  return joint == "nose" || joint.ends_with("_eye") || joint.ends_with("_ear");
}

/// A limb from one side to the centre is that side's; one that joins left and right is the centre's.
Side limb_side(Side a, Side b) {
  if (a == b || b == Side::kCentre) return a;
  return a == Side::kCentre ? b : Side::kCentre;
}

struct PersonColours {
  Colour left, right, centre, box;
  const Colour& of(Side side) const { return side == Side::kLeft ? left : side == Side::kRight ? right : centre; }
};

PersonColours colours_of(const DrawOptions& options, std::size_t person, bool alone) {
  const Colour& own = kPeople[person % kPeople.size()];
  if (options.colours == DrawColours::kPerson)
    return {mixed(own, kWhite, kLighter), mixed(own, kBlack, kDarker), own, own};
  if (alone) return {kLeft, kRight, kCentre, kBox};
  return {kLeft, kRight, own, own};
}

/// One person on a picture.
class Figure {
 public:
  Figure(const MutableImageView& image, const Pose& pose, const Skeleton& skeleton, const DrawOptions& options)
      : image_(image), pose_(pose), skeleton_(skeleton), options_(options) {
    POISE_CHECK(pose.keypoints.size() == skeleton.joints.size());
    fitted_ = !(std::isfinite(options.line_width) && options.line_width > 0);
    measure();
    const double fit = kLimbOfPerson * extent_;
    width_ = !fitted_             ? static_cast<double>(options.line_width)
             : std::isfinite(fit) ? std::clamp(fit, kThinnest, kThickest)
                                  : kThinnest;
  }

  /// The longer side of what is seen of the person: of the joints drawn, of the box where fewer than two are.
  double extent() const { return extent_; }

  void draw_box(const Colour& colour) const {
    const Box& box = pose_.box;
    if (!finite({box.x, box.y}) || !std::isfinite(box.width) || !std::isfinite(box.height)) return;
    const double radius = std::max(kThinnestBox, width_ / 4);
    const Spot a = spot({box.x, box.y});
    const Spot c{a.x + box.width, a.y + box.height};
    const Spot b{c.x, a.y};
    const Spot d{a.x, c.y};
    const std::array<Segment, 4> edges{{{a, b}, {b, c}, {c, d}, {d, a}}};
    for (const Segment& edge : edges) fill_capsule(image_, edge, radius + rim_width(radius), kRim, kRimOpacity);
    for (const Segment& edge : edges) fill_capsule(image_, edge, radius, colour, 1.0);
  }

  /// All rims lie below all colours: where a small person's joints are close, they stay apart.
  void draw_limbs_and_joints(const PersonColours& colours) const {
    std::vector<Shape> shapes;
    std::vector<double> widest(skeleton_.joints.size(), 0.0);  // of the limbs at each joint
    add_limbs(colours, shapes, widest);
    if (!options_.limbs) shapes.clear();
    if (options_.joints) add_joints(colours, widest, shapes);
    for (const Shape& shape : shapes) {
      fill_capsule(image_, shape.segment, shape.radius + rim_width(shape.radius), kRim, kRimOpacity);
    }
    for (const Shape& shape : shapes) fill_capsule(image_, shape.segment, shape.radius, shape.colour, 1.0);
  }

  /// Where its label covers as little of those in `taken` as may be: above what is drawn of the person, below it, or on
  /// it. Of no width where there is nothing to write.
  Rectangle label_place(const std::string& text, std::span<const Rectangle> taken) const;
  void draw_label(const std::string& text, const Rectangle& place, const Colour& colour) const;

 private:
  /// Of its letters.
  int label_scale() const;
  struct Shape {
    Segment segment;
    double radius = 0;
    Colour colour;
  };

  const Keypoint& keypoint(int index) const { return pose_.keypoints[static_cast<std::size_t>(index)]; }
  const Joint& joint(int index) const { return skeleton_.joints[static_cast<std::size_t>(index)]; }
  bool drawn(int index) const { return keypoint(index).score >= options_.min_score && finite(keypoint(index).point); }
  void measure();
  void add_limbs(const PersonColours& colours, std::vector<Shape>& shapes, std::vector<double>& widest) const;
  void add_joints(const PersonColours& colours, const std::vector<double>& widest, std::vector<Shape>& shapes) const;
  double gap(int index) const;

  const MutableImageView& image_;
  const Pose& pose_;
  const Skeleton& skeleton_;
  const DrawOptions& options_;
  bool fitted_ = true;  // widths follow the person's size
  double extent_ = 0, width_ = 0;
  // Of the box, or of the joints where it is not drawn: where the label goes.
  double left_ = 0, top_ = 0, right_ = 0, bottom_ = 0;
};

void Figure::measure() {
  float x0 = std::numeric_limits<float>::max();
  float y0 = x0;
  float x1 = std::numeric_limits<float>::lowest();
  float y1 = x1;
  int seen = 0;
  for (int index = 0; index < skeleton_.size(); ++index) {
    if (!drawn(index)) continue;
    const Point p = keypoint(index).point;
    x0 = std::min(x0, p.x);
    x1 = std::max(x1, p.x);
    y0 = std::min(y0, p.y);
    y1 = std::max(y1, p.y);
    ++seen;
  }
  const bool has_box = pose_.box.width > 0 && pose_.box.height > 0;
  const bool on_box = seen == 0 || (has_box && options_.boxes);  // else on what is drawn, which a box may be far from
  left_ = on_box ? pose_.box.x : x0;
  top_ = on_box ? pose_.box.y : y0;
  right_ = on_box ? static_cast<double>(pose_.box.x) + pose_.box.width : x1;
  bottom_ = on_box ? static_cast<double>(pose_.box.y) + pose_.box.height : y1;
  extent_ = seen < 2 ? static_cast<double>(std::max(pose_.box.width, pose_.box.height))
                     : std::max(static_cast<double>(x1) - x0, static_cast<double>(y1) - y0);
}

void Figure::add_limbs(const PersonColours& colours, std::vector<Shape>& shapes, std::vector<double>& widest) const {
  for (const Limb& limb : skeleton_.limbs) {
    if (!drawn(limb.from) || !drawn(limb.to)) continue;
    const Segment segment{spot(keypoint(limb.from).point), spot(keypoint(limb.to).point)};
    const bool face = is_in_face(joint(limb.from).name) && is_in_face(joint(limb.to).name);
    const double most = face ? kFace * width_ : width_;
    const double least = face ? kThinnestInFace : kThinnest;
    const double fit = std::max(least, kWidthOfLength * distance(segment.a, segment.b));
    const double own = fitted_ ? std::min(std::max(most, least), fit) : width_;
    shapes.push_back({segment, own / 2, colours.of(limb_side(joint(limb.from).side, joint(limb.to).side))});
    for (const int end : {limb.from, limb.to}) {
      double& at_joint = widest[static_cast<std::size_t>(end)];
      at_joint = std::max(at_joint, own);
    }
  }
}

/// To the nearest other joint that is drawn elsewhere.
double Figure::gap(int index) const {
  double nearest = std::numeric_limits<double>::infinity();
  for (int other = 0; other < skeleton_.size(); ++other) {
    if (other == index || !drawn(other)) continue;
    const double away = distance(spot(keypoint(index).point), spot(keypoint(other).point));
    if (away > 0) nearest = std::min(nearest, away);
  }
  return nearest;
}

void Figure::add_joints(const PersonColours& colours, const std::vector<double>& widest,
                        std::vector<Shape>& shapes) const {
  for (int index = 0; index < skeleton_.size(); ++index) {
    if (!drawn(index)) continue;
    const bool face = fitted_ && is_in_face(joint(index).name);
    const double limb = widest[static_cast<std::size_t>(index)];
    double radius = kJointOfLimb * (limb > 0 ? limb : width_) / 2;
    if (face) radius = std::min(radius, kJointOfLimb * kFace * width_ / 2);
    if (fitted_) radius = std::max(std::min(radius, kJointOfGap * gap(index)), std::min(kSmallestJoint, radius));
    const Spot centre = spot(keypoint(index).point);
    shapes.push_back({{centre, centre}, radius, colours.of(joint(index).side)});
  }
}

int Figure::label_scale() const {
  const int least = 1 + std::max(image_.width, image_.height) / kPixelsALetterScale;
  const double fit = kLetterOfPerson * extent_ / kLetterHeight;
  const int most = std::max(least, kLargestLetters);
  return std::isfinite(fit) ? static_cast<int>(std::clamp(fit, 1.0 * least, 1.0 * most)) : least;
}

/// Pixels that both cover.
double overlap(const Rectangle& a, const Rectangle& b) {
  const int width = std::min(a.x + a.width, b.x + b.width) - std::max(a.x, b.x);
  const int height = std::min(a.y + a.height, b.y + b.height) - std::max(a.y, b.y);
  return width > 0 && height > 0 ? static_cast<double>(width) * height : 0;
}

Rectangle Figure::label_place(const std::string& text, std::span<const Rectangle> taken) const {
  const bool known = std::isfinite(left_) && std::isfinite(top_) && std::isfinite(right_) && std::isfinite(bottom_);
  if (text.empty() || !known) return {};
  const int scale = label_scale();
  const int border = kBorderOfLetters * scale;
  const int width = letters_width(text) * scale + 2 * border;
  const int height = kLetterHeight * scale + 2 * border;
  // Never beyond the picture's edge while it fits.
  const auto fitted = [](double wanted, int room) {
    return static_cast<int>(std::lround(std::clamp(wanted, 0.0, std::max(0.0, 1.0 * room))));
  };
  Rectangle best;
  double least = std::numeric_limits<double>::infinity();
  const auto consider = [&](double x, double y) {
    const Rectangle place{fitted(x, image_.width - width), fitted(y, image_.height - height), width, height};
    double covered = 0;
    for (const Rectangle& other : taken) covered += overlap(place, other);
    if (covered < least) {
      least = covered;
      best = place;
    }
  };
  const std::array<double, 2> sides{left_, right_ - width};
  for (const double x : sides) {
    if (top_ >= height) consider(x, top_ - height);
  }
  consider(left_, top_);
  for (const double x : sides) {
    if (least > 0 && bottom_ + height <= image_.height) consider(x, bottom_);
  }
  constexpr int kMostRows = 12;  // of places on the person
  for (int row = 0; row < kMostRows && least > 0 && top_ + (row + 1) * height <= bottom_; ++row) {
    for (const double x : sides) consider(x, top_ + row * height);
  }
  return best;
}

void Figure::draw_label(const std::string& text, const Rectangle& place, const Colour& colour) const {
  if (place.width == 0) return;
  const int scale = label_scale();
  fill_rectangle(image_, place, colour);
  const double light = 0.299 * colour.rgb[0] + 0.587 * colour.rgb[1] + 0.114 * colour.rgb[2];  // ITU-R BT.601
  constexpr double kLight = 128;
  write_letters(image_, place.x + kBorderOfLetters * scale, place.y + kBorderOfLetters * scale, text,
                light > kLight ? kBlack : kWhite, scale);
}

std::string label_of(const Pose& pose, std::size_t place, const DrawOptions& options) {
  std::string text;
  const auto add = [&text](const std::string& word) { text += (text.empty() ? "" : " ") + word; };
  if (options.ids)
    add("#" + std::to_string(pose.track_id ? std::int64_t{*pose.track_id} : static_cast<std::int64_t>(place) + 1));
  if (options.labels) add("person");
  if (options.scores && std::isfinite(pose.score)) {
    std::array<char, 64> score{};
    std::snprintf(score.data(), score.size(), "%.2f", static_cast<double>(pose.score));
    add(score.data());
  }
  return text;
}

struct DrawnPerson {
  Figure figure;
  PersonColours colours;
  std::string label;
};

/// The last of the list, who lies on top, has the first choice of places; what overlaps all the same is on top too.
void draw_labels(std::span<const DrawnPerson> people) {
  std::vector<Rectangle> places;
  for (std::size_t i = people.size(); i-- > 0;) {
    places.push_back(people[i].figure.label_place(people[i].label, places));
  }
  for (std::size_t i = 0; i < people.size(); ++i) {
    people[i].figure.draw_label(people[i].label, places[people.size() - 1 - i], people[i].colours.box);
  }
}

void draw_opaque(const MutableImageView& image, std::span<const Pose> poses, const Skeleton& skeleton,
                 const DrawOptions& options) {
  std::vector<DrawnPerson> people;
  for (std::size_t i = poses.size(); i-- > 0;) {
    const std::size_t person = poses[i].track_id ? static_cast<std::size_t>(*poses[i].track_id) : i;
    const bool alone = poses.size() < 2 && !poses[i].track_id;  // who has an id keeps its colour
    people.push_back({Figure(image, poses[i], skeleton, options), colours_of(options, person, alone),
                      label_of(poses[i], i, options)});
  }
  if (options.boxes) {
    for (const DrawnPerson& one : people) one.figure.draw_box(one.colours.box);
  }
  for (const DrawnPerson& one : people) one.figure.draw_limbs_and_joints(one.colours);
  draw_labels(people);
}

/// The rows' bytes, without what lies between them.
std::vector<std::uint8_t> pixels_of(const MutableImageView& image) {
  const std::ptrdiff_t row = std::ptrdiff_t{bytes_per_pixel(image.order)} * image.width;
  std::vector<std::uint8_t> bytes;
  bytes.reserve(static_cast<std::size_t>(row * image.height));
  for (int y = 0; y < image.height; ++y) bytes.insert(bytes.end(), image.row(y), image.row(y) + row);
  return bytes;
}

}  // namespace

void draw(const MutableImageView& image, std::span<const Pose> poses, const Skeleton& skeleton,
          const DrawOptions& options) {
  if (image.empty() || poses.empty()) {
    for (const Pose& pose : poses) POISE_CHECK(pose.keypoints.size() == skeleton.joints.size());
    return;
  }
  const double alpha = std::isfinite(options.alpha) ? std::clamp(static_cast<double>(options.alpha), 0.0, 1.0) : 1.0;
  if (alpha == 1.0) return draw_opaque(image, poses, skeleton, options);
  // Drawn whole and laid over what was there: where lines cross they are no denser than elsewhere.
  const std::vector<std::uint8_t> before = pixels_of(image);
  draw_opaque(image, poses, skeleton, options);
  auto was = before.begin();
  for (int y = 0; y < image.height; ++y) {
    std::uint8_t* row = image.row(y);
    const std::uint8_t* end = row + std::ptrdiff_t{bytes_per_pixel(image.order)} * image.width;
    for (; row != end; ++row, ++was) *row = static_cast<std::uint8_t>(std::lround(*was + (*row - *was) * alpha));
  }
}

Pose as_pose(const Annotation& truth) {
  Pose pose;
  for (const Annotation::TrueKeypoint& joint : truth.keypoints) {
    pose.keypoints.push_back({joint.point, joint.visibility == Visibility::kAbsent ? 0.0F : 1.0F});
  }
  pose.box = truth.box;
  pose.score = 1;
  return pose;
}

}  // namespace poise
