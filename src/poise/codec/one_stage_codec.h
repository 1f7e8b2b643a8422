#pragma once
// What networks say that look at a whole picture and find everyone in it, joints and all: no detector comes first. A
// card names a codec and holds its parameters. The codecs themselves are files of codec/one_stage, listed in
// one_stage_codec.cc.

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "poise/base/json.h"
#include "poise/base/result.h"
#include "poise/codec/detection.h"
#include "poise/codec/pose_codec.h"
#include "poise/person/pose.h"
#include "poise/skeleton/skeleton.h"
#include "poise/tensor/tensor.h"

namespace poise {

/// Somebody whom a network found, in pixels of its input. Joints count as boxes do, from the edges: that is how such
/// networks are taught, and nothing is added on the way back to the picture.
struct FoundPerson {
  Detection found;
  std::vector<Keypoint> keypoints;  // one a joint of the skeleton; at (0, 0) with score 0: not found
};

/// A network's answer, as its codec found it.
struct OneStageAnswer {
  Size input;                        // of the network, pixels
  int joints = 0;                    // of the skeleton
  int classes = 0;                   // that the network tells apart; 0: not known, as nobody names them
  int form = 0;                      // which of its layouts the codec found; its own
  std::vector<std::size_t> outputs;  // which of the network's are the answer, in the codec's order
};

/// Immutable: shared by all who use it, from any thread.
class OneStageCodec {
 public:
  virtual ~OneStageCodec() = default;
  /// As cards name it.
  virtual const char* name() const = 0;
  /// Its parameters as members of a card; create() of its family reads them back.
  virtual Json parameters() const = 0;

  /// Holds the codec against a network that is loaded, before it is run. `classes`: that the card names, 0: none.
  /// Errors: kUnsupported (outputs of another kind, all of them named with their shapes), kInvalidArgument (another
  /// number of joints than the skeleton's).
  virtual Result<OneStageAnswer> check(std::span<const NetworkOutput> outputs, const Skeleton& skeleton, Size input,
                                       int classes) const = 0;

  /// One picture's outputs, those of the answer in its order -> people whose score is above the threshold, in no
  /// particular order, not thinned out. Errors: kUnsupported, outputs that are not what check() was told, or say what
  /// cannot be: class numbers beyond those there are, scores beyond 0 to 1. Pure.
  virtual Result<std::vector<FoundPerson>> decode(const OneStageAnswer& answer, std::span<const Tensor> outputs,
                                                  float threshold) const = 0;

  /// Whether one person may come several times, so that overlapping ones are to be thinned out.
  virtual bool repeats_people(const OneStageAnswer& /*answer*/) const { return true; }
};
using OneStageCodecPtr = std::shared_ptr<const OneStageCodec>;

struct OneStageCodecFamily {
  const char* name = "";                // "yolo_pose": as cards name it
  std::vector<const char*> parameters;  // members of a card that it alone reads
  /// Reads them; each may be left out. Errors: kInvalidArgument, naming the member.
  Result<OneStageCodecPtr> (*create)(const Json& card) = nullptr;
};
/// The codecs that come with the library.
std::span<const OneStageCodecFamily> one_stage_codec_families();
/// nullptr where there is none of that name.
const OneStageCodecFamily* find_one_stage_codec(const std::string& name);

/// suppress() of people: of those who overlap the best stays. Best first. Pure.
std::vector<FoundPerson> suppress(std::vector<FoundPerson> found, float iou, int max);

}  // namespace poise
