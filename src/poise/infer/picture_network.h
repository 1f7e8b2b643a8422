#pragma once
// What a network needs that looks at whole pictures: a runner, and memory that is kept from call to call. Internal. A
// PictureNetwork is used by one thread at a time; the counts by any.

#include <atomic>
#include <cstddef>
#include <memory>
#include <vector>

#include "poise/base/result.h"
#include "poise/crop/crop.h"
#include "poise/crop/letterbox.h"
#include "poise/graph/graph.h"
#include "poise/graph/runner.h"
#include "poise/image/image.h"
#include "poise/infer/people_left_out.h"
#include "poise/tensor/tensor.h"

namespace poise {

/// Errors: kUnsupported, a network that takes more than one picture at a time.
Status takes_one_picture(const Graph& graph);

/// What is shown before the first picture, to see whether the answers can be what the card says.
Image grey_picture();

/// Of all siblings.
struct PeopleCounts {
  std::atomic<std::size_t> other_class = 0, not_finite = 0, outside = 0, full_pictures = 0;
  PeopleLeftOut so_far() const { return {other_class, not_finite, outside, full_pictures}; }
};

class PictureNetwork {
 public:
  PictureNetwork(std::unique_ptr<Runner> runner, int compute_threads)
      : runner_(std::move(runner)), threads_(compute_threads) {}

  /// The outputs, good until the next call.
  Result<const std::vector<Tensor>*> run(const ImageView& image, const LetterboxOptions& letterbox,
                                         const InputForm& form);
  /// nullptr where the runner can be only one; threads 0: as many as here.
  std::unique_ptr<PictureNetwork> sibling(int threads) const;
  int threads() const { return threads_; }

 private:
  std::unique_ptr<Runner> runner_;
  int threads_;
  Tensor input_;  // as below: steady work asks for no memory
  std::vector<Tensor> outputs_;
};

}  // namespace poise
