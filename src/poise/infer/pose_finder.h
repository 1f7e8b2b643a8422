#pragma once
// A picture in, everyone's poses out. Start here:
//
//   auto finder = poise::PoseFinder::open().value();  // what comes with Poise; or {.model = "pose.onnx"}
//   for (const poise::Pose& pose : finder(photo).poses) ...

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "poise/formats/writers.h"
#include "poise/infer/box_source.h"
#include "poise/infer/doubles.h"
#include "poise/infer/estimator.h"
#include "poise/infer/pipeline.h"

namespace poise {

struct PoseFinderOptions {
  std::filesystem::path model = {};     // the pose network, as ModelStore::open has it; empty: what comes with Poise
  std::filesystem::path detector = {};  // what finds the people, likewise
  std::filesystem::path models = {};    // a ModelStore's folder, whose models' names are understood; empty: none
  bool whole_picture = false;           // no detector: each picture is one person's box
  EstimatorOptions estimate = {};       // card, threads, precision, flip test ... of the first
  DetectorOptions detect = {};          // and of the second
  DoublesOptions doubles = {};          // which poses are one person's
};

/// Detector, estimator and what keeps one pose a person. Movable. One thread at a time; siblings run side by side over
/// the same weights.
class PoseFinder {
 public:
  /// Errors: those of ModelStore::open, Estimator::create and Detector::create; messages start with the file.
  static Result<PoseFinder> open(const PoseFinderOptions& options = {});
  /// Of parts that are there already.
  PoseFinder(Estimator estimator, BoxSource people, DoublesOptions doubles = {})
      : estimator_(std::move(estimator)), people_(std::move(people)), doubles_(doubles) {}

  /// Everyone in the picture, which may be of any pixel order, best first; keypoints in its pixels. Nobody is an empty
  /// list. Where the boxes' source is a file, which knows pictures by their names, run_pipeline is the way. Errors:
  /// kInvalidArgument (an empty image; boxes from a file), those of the networks.
  Result<FrameResult> find(const ImageView& image);
  /// The people in these boxes alone, a pose each, in their order: nobody's guess.
  Result<FrameResult> find(const ImageView& image, std::span<const PersonBox> boxes);
  /// As the first; throws poise::Exception on failure.
  FrameResult operator()(const Image& image);

  const Skeleton& skeleton() const { return estimator_.skeleton(); }
  const DoublesOptions& doubles() const { return doubles_; }
  Estimator& estimator() { return estimator_; }
  const Estimator& estimator() const { return estimator_; }
  BoxSource& people() { return people_; }
  const BoxSource& people() const { return people_; }

  /// As Session::sibling, with `threads` compute threads; nothing where a network's runner can be only one, or boxes
  /// come from a file.
  std::optional<PoseFinder> sibling(int threads) const;

 private:
  Estimator estimator_;
  BoxSource people_;
  DoublesOptions doubles_;
};

/// How the finder's results come about, for outputs. Its settings: backend, precision, flip_test, batch, boxes,
/// detector (where one looks), pose_nms, and the members of the pose network's card but its skeleton. `model`: what
/// outputs call that network.
Provenance provenance_of(const PoseFinder& finder, std::string model);

/// run_pipeline of the finder's networks; its rule for doubles is in force.
PipelineCost run_pipeline(std::size_t pictures, PoseFinder& finder, const ReadPicture& read,
                          const std::function<void(std::size_t, Result<PipelineAnswer>)>& take,
                          PipelineOptions options = {});

}  // namespace poise
