#pragma once
// Picture and boxes in, poses out: crop, run, decode, back to image pixels.

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "poise/base/result.h"
#include "poise/engine/session.h"
#include "poise/image/image.h"
#include "poise/person/pose.h"
#include "poise/weights/model_card.h"
#include "poise/weights/onnx_reader.h"

namespace poise {

/// What runs a network in the engine's place.
class Runner {
 public:
  virtual ~Runner() = default;
  /// As Session::run.
  virtual Status run(std::span<const TensorView> inputs, std::vector<Tensor>& outputs) = 0;
};
using MakeRunner = std::function<Result<std::unique_ptr<Runner>>(Graph graph)>;

struct EstimatorOptions {
  std::string backend = "onednn";
  int threads = 0;                          // compute threads; 0: all
  std::optional<Precision> precision = {};  // nothing: the card's, where this processor has it
  int batch = 8;                            // persons run together at most
  bool flip_test = false;                   // run the mirrored crop too and average
  CardSources card;                         // flags over sidecar over embedded card over preset
  MakeRunner runner;                        // empty: the engine, by backend and threads
};

struct Estimate {
  std::vector<Pose> poses;  // one a box, in order; keypoints in image pixels, of the report skeleton
  /// Filled on request: one a box, of the network's own joints.
  struct Heatmaps {
    Tensor maps;  // (joints, h, w)
    Affine heatmap_from_image;
  };
  std::vector<Heatmaps> heatmaps;
};

/// Finite, not empty, and at least partly inside the image. Errors: kInvalidArgument, naming the box by its index.
Status check_box(const Box& box, Size image, std::size_t index);

class Estimator {
 public:
  /// Reads the model and its card. Errors: those of read_onnx and card_from_json; messages start with the path.
  static Result<Estimator> load(const std::filesystem::path& model, const EstimatorOptions& options = {});
  /// The same of a model that has been read, read_shipped() for one; `file`: where from, for the card beside it and for
  /// messages; empty: from no file.
  static Result<Estimator> create(OnnxModel model, const EstimatorOptions& options = {},
                                  const std::filesystem::path& file = {});
  Estimator(Estimator&&) noexcept;
  Estimator& operator=(Estimator&&) noexcept;
  ~Estimator();

  /// Boxes of zero size or wholly outside the image are refused: kInvalidArgument, naming the box.
  Result<Estimate> estimate(const ImageView& image, std::span<const PersonBox> boxes, bool want_heatmaps = false);
  /// The whole image as one box; throws poise::Exception on failure.
  std::vector<Pose> operator()(const Image& image);

  const ModelCard& card() const;
  const Skeleton& skeleton() const;  // of the poses
  const std::string& model_hash() const;
  Precision precision() const;  // in force

 private:
  struct State;
  explicit Estimator(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace poise
