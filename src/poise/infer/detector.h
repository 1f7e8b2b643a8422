#pragma once
// A picture in, the boxes of its people out: fit, run, decode, thin out, back to image pixels. One thread at a time.

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "poise/base/result.h"
#include "poise/card/detector_card.h"
#include "poise/image/image.h"
#include "poise/infer/people_left_out.h"
#include "poise/infer/runner.h"
#include "poise/person/pose.h"
#include "poise/weights/network_file.h"

namespace poise {

struct DetectorOptions {
  RunnerOptions run = {};               // backend, threads, precision
  std::optional<float> threshold = {};  // of scores, over the card's
  std::optional<float> nms = {};        // overlap from which two boxes are one person, over the card's
  CardSources card = {};                // flags over sidecar over embedded card over preset (detector_card.h)
};

/// The square about somebody of whom the middle of the hips and a point on the circle round the whole body, above the
/// head, are known, turned so that the person stands upright in it; nothing where the points are one. Source:
/// mediapipe/modules/pose_landmark/pose_detection_to_roi.pbtxt and calculators/util/
/// alignment_points_to_rects_calculator.cc, which counts angles the other way. Pure.
std::optional<TurnedBox> upright_square(Point hips, Point edge);

class PictureNetwork;  // of this folder
struct PeopleCounts;

class Detector {
 public:
  /// Reads the model and its card: ONNX, or darknet .weights with its .cfg beside it. Errors: those of the readers and
  /// of detector_card_from_json; outputs that are not the family's, naming them; an answer to a picture of one grey
  /// that check_answers refuses, unless the card is the file's own; nothing that says which of several classes, but
  /// COCO's 80, is the person. Messages start with the path.
  static Result<Detector> load(const std::filesystem::path& model, const DetectorOptions& options = {});
  /// The same of a model that has been read, read_shipped("poise-person") for one; `file`: where from, for the card
  /// beside it and for messages.
  static Result<Detector> create(NetworkFile model, const DetectorOptions& options = {},
                                 const std::filesystem::path& file = {});
  Detector(Detector&&) noexcept;
  Detector& operator=(Detector&&) noexcept;
  ~Detector();

  /// `image` may be of any pixel order, and says which. Best first, cut to the picture. Nobody there is an empty list.
  /// Errors: kInvalidArgument (an empty image; a person's class that the network has not), kUnsupported (outputs of
  /// another family).
  Result<std::vector<PersonBox>> detect(const ImageView& image);
  /// The same; throws poise::Exception on failure.
  std::vector<PersonBox> operator()(const Image& image);

  const DetectorCard& card() const;     // with the options' threshold and nms
  void set_threshold(float threshold);  // of scores, from the next picture on; siblings made before keep theirs
  const std::string& model_hash() const;
  Precision precision() const;  // in force
  int threads() const;
  /// Since it was made; its siblings' too. Thread-safe.
  PeopleLeftOut left_out() const;
  /// The same in words, one line a reason, other classes apart.
  std::vector<std::string> notes() const;

  /// As Session::sibling; nothing where the network's runner can be only one.
  std::optional<Detector> sibling(int threads) const;

 private:
  struct Model;  // what siblings share
  Result<std::vector<Detection>> look(const ImageView& image, const DetectionHead& head);
  Status check_answers_to_grey();
  Detector(std::shared_ptr<const Model> model, std::unique_ptr<PictureNetwork> network);
  std::shared_ptr<const Model> model_;
  std::unique_ptr<PictureNetwork> network_;  // one's own
  std::shared_ptr<PeopleCounts> counts_;     // of all siblings
};

}  // namespace poise
