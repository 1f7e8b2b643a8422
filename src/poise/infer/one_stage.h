#pragma once
// A picture in, everyone's poses out, by a network that needs no detector: fit, run, decode, thin out, back to image
// pixels. One thread at a time.

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "poise/base/result.h"
#include "poise/card/model_card.h"
#include "poise/card/one_stage_card.h"
#include "poise/image/image.h"
#include "poise/infer/people_left_out.h"
#include "poise/infer/runner.h"
#include "poise/person/pose.h"
#include "poise/weights/network_file.h"

namespace poise {

struct OneStageOptions {
  RunnerOptions run = {};               // backend, threads, precision
  std::optional<float> threshold = {};  // of people's scores, over the card's
  std::optional<float> nms = {};        // overlap from which two boxes are one person, over the card's
  Json card = Json::object();           // gather_pose_card()'s
};

class PictureNetwork;  // of this folder
struct PeopleCounts;

class OneStage {
 public:
  /// `model`: its graph's input is planes (card/picture_input.h). Errors: those of one_stage_card_from_json and
  /// find_answer, and of the codec's decoding where what the network says of a picture of one grey cannot be; messages
  /// start with the path.
  static Result<OneStage> create(NetworkFile model, const OneStageOptions& options = {},
                                 const std::filesystem::path& file = {});
  OneStage(OneStage&&) noexcept;
  OneStage& operator=(OneStage&&) noexcept;
  ~OneStage();

  /// `image` may be of any pixel order, and says which. Best first; a pose's score is its person's, its box cut to the
  /// picture. Errors: kInvalidArgument (an empty image), those of OneStageCodec::decode.
  Result<std::vector<Pose>> find(const ImageView& image);

  const OneStageCard& card() const;  // with the options' threshold and nms
  const Skeleton& skeleton() const;  // of the poses
  const std::string& model_hash() const;
  Precision precision() const;         // in force
  const std::string& backend() const;  // what runs the network
  int threads() const;
  /// Since it was made; its siblings' too. Thread-safe.
  PeopleLeftOut left_out() const;
  /// The same in words, one line a reason, other classes apart.
  std::vector<std::string> notes() const;

  /// As Session::sibling; nothing where the network's runner can be only one.
  std::optional<OneStage> sibling(int threads) const;

 private:
  struct Model;  // what siblings share
  OneStage(std::shared_ptr<const Model> model, std::unique_ptr<PictureNetwork> network);
  Result<std::vector<FoundPerson>> run(const ImageView& image);
  std::shared_ptr<const Model> model_;
  std::unique_ptr<PictureNetwork> network_;  // one's own
  std::shared_ptr<PeopleCounts> counts_;     // of all siblings
};

}  // namespace poise
