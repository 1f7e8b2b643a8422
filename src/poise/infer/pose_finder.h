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
#include <variant>

#include "poise/formats/writers.h"
#include "poise/infer/box_source.h"
#include "poise/infer/doubles.h"
#include "poise/infer/estimator.h"
#include "poise/infer/one_stage.h"
#include "poise/infer/pipeline.h"
#include "poise/models/model_store.h"

namespace poise {

/// A pose network of either kind: one person a crop, whose boxes somebody else finds, or everyone of a whole picture.
using PoseNetwork = std::variant<Estimator, OneStage>;

struct PoseNetworkOptions {
  EstimatorOptions estimate = {};                 // card, threads, precision ... of either kind
  std::optional<float> threshold = {}, nms = {};  // as OneStageOptions'; of no meaning to the other kind
};
/// Reads the card, which tells the kind. `file`: where the model is from, for the card beside it and for messages;
/// empty: from no file. Errors: those of gather_pose_card, Estimator::create and OneStage::create; kInvalidArgument, a
/// flip test of a network that looks at whole pictures. Messages start with the file.
Result<PoseNetwork> make_pose_network(NetworkFile model, const PoseNetworkOptions& options = {},
                                      const std::filesystem::path& file = {});

struct PoseFinderOptions {
  std::filesystem::path model = {};     // the pose network, as ModelStore::open has it; empty: what comes with Poise
  std::filesystem::path detector = {};  // what finds the people, likewise; none where the first finds everyone itself
  std::filesystem::path models = {};    // a ModelStore's folder, whose models' names are understood; empty: none
  bool whole_picture = false;           // no detector: each picture is one person's box
  EstimatorOptions estimate = {};       // card, threads, precision, flip test ... of the first
  DetectorOptions detect = {};          // and of the second; threshold and nms of the first where it needs none
  DoublesOptions doubles = {};          // which poses are one person's
};

/// Detector and estimator, or a network that is both, and what keeps one pose a person. Movable. One thread at a time;
/// siblings run side by side over the same weights.
class PoseFinder {
 public:
  /// Errors: those of ModelStore::open, make_pose_network and Detector::create; messages start with the file;
  /// kInvalidArgument, a detector beside a network that finds everyone itself.
  static Result<PoseFinder> open(const PoseFinderOptions& options = {});
  /// The same of a pose network that has been read; PoseFinderOptions::model is passed over.
  static Result<PoseFinder> open(OpenModel model, const PoseFinderOptions& options);
  /// Of parts that are there already. `people`: of a network that finds everyone itself BoxSource::of_network().
  PoseFinder(PoseNetwork network, BoxSource people, DoublesOptions doubles = {});

  /// Everyone in the picture, which may be of any pixel order, best first; keypoints in its pixels. Nobody is an empty
  /// list. Where the boxes' source is a file, which knows pictures by their names, run_pipeline is the way. Errors:
  /// kInvalidArgument (an empty image; boxes from a file), those of the networks.
  Result<FrameResult> find(const ImageView& image);
  /// The people in these boxes alone, a pose each, in their order: nobody's guess. Errors also: kInvalidArgument where
  /// the network looks at whole pictures.
  Result<FrameResult> find(const ImageView& image, std::span<const PersonBox> boxes);
  /// As the first; throws poise::Exception on failure.
  FrameResult operator()(const Image& image);

  const Skeleton& skeleton() const;
  const DoublesOptions& doubles() const { return doubles_; }
  /// One of the two is null: which kind the network is.
  Estimator* estimator() { return std::get_if<Estimator>(&network_); }
  const Estimator* estimator() const { return std::get_if<Estimator>(&network_); }
  OneStage* one_stage() { return std::get_if<OneStage>(&network_); }
  const OneStage* one_stage() const { return std::get_if<OneStage>(&network_); }
  /// Of the pose network, whichever kind it is.
  const std::string& model_hash() const;
  const std::string& backend() const;
  Precision precision() const;
  int threads() const;
  Json card_json() const;
  /// How its crops are made, which says what OKS between poses is relative to; nothing where it makes none.
  std::optional<CropOptions> crop() const;
  BoxSource& people() { return people_; }
  const BoxSource& people() const { return people_; }

  /// As Session::sibling, with `threads` compute threads; nothing where a network's runner can be only one, or boxes
  /// come from a file.
  std::optional<PoseFinder> sibling(int threads) const;

 private:
  PoseNetwork network_;
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
