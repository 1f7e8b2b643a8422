#pragma once
// What a pose network's outputs mean: joints in input pixels <-> what the network says, both ways in one place. A card
// names a codec and holds its parameters. The codecs themselves are files of this folder, listed in pose_codec.cc.

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "poise/base/json.h"
#include "poise/base/result.h"
#include "poise/geometry/affine.h"
#include "poise/person/pose.h"
#include "poise/skeleton/skeleton.h"
#include "poise/tensor/tensor.h"

namespace poise {

/// What a network gives, before it is run.
struct NetworkOutput {
  std::string name;
  Shape shape;  // (N, ...); of any number, with the input's size set
  DType type = DType::kFloat32;
};

/// A network's answer, as its codec found it: what every call below needs to know of the network.
struct PoseAnswer {
  Size input;                        // of the network, pixels
  std::vector<int> flip_index = {};  // one a joint: its mirror image, Skeleton::flip_index()
  std::vector<std::size_t> outputs;  // which of the network's are the answer, in the codec's order
  std::vector<Shape> shapes = {};    // theirs, of one person: without N
  int joints() const { return static_cast<int>(flip_index.size()); }
};

/// Part of an answer that can be looked at: one map a joint, about 0 to 1.
struct PoseMaps {
  std::size_t output = 0;  // of PoseAnswer::shapes, which is (joints, height, width)
  Affine maps_from_input;  // input pixels -> pixels of the maps
};

/// A codec with its parameters. Immutable: shared by all who use it, from any thread. `answer` is what check() gave;
/// values are float32 and row-major, one pointer an output of the answer, in its order and of its shape.
class PoseCodec {
 public:
  virtual ~PoseCodec() = default;
  /// As cards name it.
  virtual const char* name() const = 0;
  /// Its parameters as members of a card; create() of its family reads them back.
  virtual Json parameters() const = 0;

  /// Holds the codec against a network that is loaded, before it is run: which outputs are the answer, by the rule of
  /// find_output(). Errors: kUnsupported (outputs of another kind), kInvalidArgument (another number of joints than the
  /// skeleton's).
  virtual Result<PoseAnswer> check(std::span<const NetworkOutput> outputs, const Skeleton& skeleton,
                                   Size input) const = 0;

  /// One person's outputs -> one keypoint a joint, in input pixels. Pure.
  virtual std::vector<Keypoint> decode(const PoseAnswer& answer, std::span<const float* const> values) const = 0;

  /// values = the mean of them and of what the mirrored input gave, turned back, pairs swapped.
  virtual void merge_flipped(const PoseAnswer& answer, std::span<float* const> values,
                             std::span<const float* const> flipped) const = 0;

  /// What the network is taught with, of one person; a codec of several outputs lays theirs one behind another. Errors:
  /// kInvalidArgument (a network of these shapes cannot be taught), kUnsupported (no network of this codec can).
  virtual Result<Shape> target_shape(const PoseAnswer& answer) const = 0;

  /// Joints in input pixels -> targets of target_shape(), and one weight a joint, 0 or 1: 0 where it is not `present`
  /// or has no place in the targets. Writes all of both. As many of `present` as of `joints`. Pure.
  virtual void encode(const PoseAnswer& answer, std::span<const Point> joints, std::span<const bool> present,
                      std::span<float> targets, std::span<float> weights) const = 0;

  /// Whether the network is taught on people who stand upright in its input.
  virtual bool wants_upright() const { return false; }

  /// Whether the edges of the box are the edges of the network's input, to the point, as they are where a picture is
  /// cut and resized; else as Simple Baselines warps it (CropOptions::edges).
  virtual bool wants_edges() const { return false; }

  /// Of the whole person: by default Simple Baselines' person_score(). Pure.
  virtual float score_of(const std::vector<Keypoint>& keypoints, float box_score) const;

  /// What can be shown of an answer; nothing where it has no maps.
  virtual std::optional<PoseMaps> maps(const PoseAnswer& /*answer*/) const { return std::nullopt; }
};
using PoseCodecPtr = std::shared_ptr<const PoseCodec>;

struct PoseCodecFamily {
  const char* name = "";                // "gaussian_heatmap": as cards name it
  std::vector<const char*> parameters;  // members of a card that it alone reads
  /// Reads them; each may be left out. Errors: kInvalidArgument, naming the member.
  Result<PoseCodecPtr> (*create)(const Json& card) = nullptr;
};
/// The codecs that come with the library.
std::span<const PoseCodecFamily> pose_codec_families();
/// nullptr where there is none of that name.
const PoseCodecFamily* find_pose_codec(const std::string& name,
                                       std::span<const PoseCodecFamily> families = pose_codec_families());

/// "outputs boxes (1x100x5), keypoints (1x100x17x3)": what a network gives, for messages.
std::string describe(std::span<const NetworkOutput> outputs);

/// The one rule of what is a network's answer: the output of this name, else the only one. Returns its index. Errors:
/// kUnsupported.
Result<std::size_t> find_output(std::span<const NetworkOutput> outputs, const std::string& name);

/// One person's outputs -> the pose in the picture, with the codec's score. `person`: the box that the
/// input shows, and its score. Pure.
Pose decode_pose(const PoseCodec& codec, const PoseAnswer& answer, std::span<const float* const> values,
                 const Affine& image_from_input, const PersonBox& person);

}  // namespace poise
