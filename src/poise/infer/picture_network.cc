#include "poise/infer/picture_network.h"

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "poise/base/counted.h"

namespace poise {

std::vector<std::string> notes_of(const PeopleLeftOut& out, const std::string& network, const char* one,
                                  const char* more, int most) {
  std::vector<std::string> lines;
  if (out.not_finite > 0) {
    lines.push_back(counted(out.not_finite, one, more) + " of " + network + " left out: no finite numbers");
  }
  if (out.outside > 0) {
    lines.push_back(counted(out.outside, one, more) + " of " + network +
                    " left out: nothing of them lies in the picture");
  }
  if (out.full_pictures > 0) {
    lines.push_back("in " + counted(out.full_pictures, "picture") + " " + network + " found " +
                    counted(most, "person", "people") +
                    ", which is its limit (\"max_detections\" of its card): there may be more");
  }
  return lines;
}

Status takes_one_picture(const Graph& graph) {
  const std::int64_t batch = graph.values.at(graph.inputs[0]).shape[0];
  if (batch <= 1) return {};
  return unsupported("the network takes " + counted(batch, "picture") + " at a time, not 1");
}

Image grey_picture() {
  constexpr int kSide = 16;
  constexpr std::uint8_t kGrey = 114;
  Image grey(kSide, kSide);
  std::fill_n(grey.data(), std::size_t{3} * kSide * kSide, kGrey);
  return grey;
}

Result<const std::vector<Tensor>*> PictureNetwork::run(const ImageView& image, const LetterboxOptions& letterbox,
                                                       const InputForm& form) {
  if (input_.count() == 0) input_ = Tensor(Shape{1, 3, form.size.height, form.size.width});
  write_letterbox(image, letterbox, form, input_.floats());
  const TensorView view(input_);
  POISE_RETURN_IF_ERROR(runner_->run(std::span(&view, 1), outputs_));
  return &outputs_;
}

std::unique_ptr<PictureNetwork> PictureNetwork::sibling(int threads) const {
  auto runner = runner_->sibling(threads);
  if (runner == nullptr) return nullptr;
  return std::make_unique<PictureNetwork>(std::move(runner), threads > 0 ? threads : threads_);
}

}  // namespace poise
