#include "poise/quantize/calibration_crops.h"

#include <algorithm>
#include <optional>
#include <string>

#include "poise/base/counted.h"
#include "poise/crop/crop.h"
#include "poise/formats/boxes.h"
#include "poise/image/codec.h"
#include "poise/infer/estimator.h"

namespace poise {
namespace {

struct Person {
  std::filesystem::path picture;
  std::optional<Box> box;  // nothing: the whole picture
};

std::vector<Person> list_people(const std::vector<std::filesystem::path>& pictures,
                                const std::optional<BoxesFile>& boxes) {
  std::vector<Person> people;
  for (const std::filesystem::path& picture : pictures) {
    if (!boxes) {
      people.push_back({picture, std::nullopt});
      continue;
    }
    const ImageBoxes* here = boxes->find(picture);
    if (here == nullptr) continue;
    for (const PersonBox& person : here->persons) people.push_back({picture, person.box});
  }
  return people;
}

Status check_count(std::size_t people, std::size_t count, std::size_t batch, bool boxes) {
  const std::size_t fewest = std::max<std::size_t>(kFewestCalibrated, 2 * batch);
  if (count >= fewest) return {};
  if (people >= fewest) {
    return invalid_argument("a count of " + std::to_string(count) +
                            " is too few: " + counted(fewest, "person is", "people are") + " needed at least");
  }
  return invalid_argument("there are " + counted(people, "person", "people") + " to calibrate on, " +
                          std::to_string(fewest) + " are needed at least" +
                          (boxes ? ": do the boxes belong to these pictures?" : ""));
}

Status write_person(const Person& person, const DecodeOptions& decode, const ModelCard& card, std::span<float> out) {
  POISE_TRY(const DecodedImage picture, read_image_file(person.picture, decode));
  const ImageView view = picture.image.view();
  const Box box = person.box.value_or(whole_box(view.size()));
  if (const Status fits = check_box(box, view.size(), 0); !fits.ok()) {
    return fits.error().prefixed(person.picture.string());
  }
  write_crop(view, crop_from_image(box, card.crop()), card.input, out);
  return {};
}

}  // namespace

Result<std::vector<Tensor>> read_calibration_crops(const CalibrationPictures& from, const ModelCard& card,
                                                   std::size_t batch, const QuantizeProgress& progress) {
  std::optional<BoxesFile> boxes;
  if (!from.boxes.empty()) {
    POISE_TRY(boxes, BoxesFile::read(from.boxes));
  }
  DecodeOptions decode;
  if (boxes && !boxes->exif_applied()) decode.exif = Exif::kIgnore;
  const std::vector<Person> people = list_people(from.pictures, boxes);
  const auto count = std::min(people.size(), static_cast<std::size_t>(std::max(from.count, 0)));
  POISE_RETURN_IF_ERROR(check_count(people.size(), count, batch, boxes.has_value()));

  const Size size = card.input.size;
  const auto pixels = static_cast<std::size_t>(size.width) * static_cast<std::size_t>(size.height) * 3;
  const std::size_t whole_batches = count / batch * batch;
  std::vector<Tensor> batches;
  for (std::size_t i = 0; i < whole_batches; ++i) {
    if (i % batch == 0) batches.emplace_back(Shape{static_cast<std::int64_t>(batch), 3, size.height, size.width});
    const std::span<float> out = batches.back().floats().subspan(i % batch * pixels, pixels);
    POISE_RETURN_IF_ERROR(write_person(people[i * people.size() / count], decode, card, out));
    if (progress && !progress(i + 1, whole_batches, "crops")) return io_error("stopped");
  }
  return batches;
}

}  // namespace poise
