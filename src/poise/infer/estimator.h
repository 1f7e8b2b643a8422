#pragma once
// Picture and boxes in, poses out: crop, run, decode, back to image pixels. One thread at a time.

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "poise/base/result.h"
#include "poise/card/model_card.h"
#include "poise/codec/pose_codec.h"
#include "poise/geometry/affine.h"
#include "poise/image/image.h"
#include "poise/infer/runner.h"
#include "poise/person/pose.h"
#include "poise/skeleton/skeleton.h"
#include "poise/tensor/tensor.h"
#include "poise/weights/network_file.h"

namespace poise {

struct EstimatorOptions {
  RunnerOptions run;                                                // backend, threads, precision
  int batch = 8;                                                    // persons run together at most
  bool flip_test = false;                                           // run the mirrored crop too and average
  CardSources card;                                                 // flags over sidecar over embedded card over preset
  std::span<const PoseCodecFamily> codecs = pose_codec_families();  // that a card may name
};

struct Estimate {
  std::vector<Pose> poses;  // one a box, in order; keypoints in image pixels, of the report skeleton
  /// Filled on request: one a box, of the network's own joints.
  struct Heatmaps {
    Tensor maps;  // (joints, h, w), as PoseCodec::maps has them
    Affine heatmap_from_image;
  };
  std::vector<Heatmaps> heatmaps;
};

/// A picture and some of its people.
struct PicturePeople {
  ImageView image;
  std::span<const PersonBox> boxes;
};

/// The whole picture as one person's box.
Box whole_box(Size image);

/// Finite, not empty, and at least partly inside the image. Errors: kInvalidArgument, naming the box by its index.
Status check_box(const Box& box, Size image, std::size_t index);

class Estimator {
 public:
  /// Reads the model and its card. Errors: those of read_network, card_from_json and find_answer; messages start with
  /// the path.
  static Result<Estimator> load(const std::filesystem::path& model, const EstimatorOptions& options = {});
  /// The same of a model that has been read, read_shipped() for one; `file`: where from, for the card beside it and for
  /// messages; empty: from no file.
  static Result<Estimator> create(NetworkFile model, const EstimatorOptions& options = {},
                                  const std::filesystem::path& file = {});
  Estimator(Estimator&&) noexcept;
  Estimator& operator=(Estimator&&) noexcept;
  ~Estimator();

  /// `image` may be of any pixel order, and says which. Errors: kInvalidArgument (a box that check_box refuses, naming
  /// it), kUnsupported (heatmaps of a codec without).
  Result<Estimate> estimate(const ImageView& image, std::span<const PersonBox> boxes, bool want_heatmaps = false);
  /// The same of several pictures, whose people are run together; one estimate a picture. Where one picture's boxes are
  /// refused, there is none.
  Result<std::vector<Estimate>> estimate(std::span<const PicturePeople> pictures, bool want_heatmaps = false);
  /// The whole image as one box; throws poise::Exception on failure.
  std::vector<Pose> operator()(const Image& image);
  /// The people in the boxes, a Detector's for one; throws poise::Exception on failure.
  std::vector<Pose> operator()(const Image& image, std::span<const PersonBox> boxes);

  const ModelCard& card() const;
  const Skeleton& skeleton() const;  // of the poses
  const std::string& model_hash() const;
  Precision precision() const;         // in force
  const std::string& backend() const;  // what runs the network: "onednn", "libtorch cuda"
  int threads() const;
  int batch() const;  // persons run together at most
  bool flip_test() const;

  /// As Session::sibling; nothing where the network's runner can be only one.
  std::optional<Estimator> sibling(int threads) const;

 private:
  struct Model;  // what siblings share
  struct State;  // one's own: the runner, and memory kept from call to call
  Estimator(std::shared_ptr<const Model> model, std::unique_ptr<State> state);
  std::shared_ptr<const Model> model_;
  std::unique_ptr<State> state_;
};

}  // namespace poise
