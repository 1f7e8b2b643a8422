#include "outputs.h"

#include <algorithm>

#include "poise/base/file.h"
#include "poise/draw/draw.h"
#include "poise/image/codec.h"
#include "poise/tensor/npy.h"

namespace poise::app {
namespace {

Status write_heatmaps(const std::filesystem::path& stem, const Image& photograph, const Estimate& estimate) {
  if (estimate.heatmaps.empty()) return {};
  Image overlay = photograph.clone();
  const Shape& one = estimate.heatmaps.front().maps.shape();
  const auto persons = static_cast<std::int64_t>(estimate.heatmaps.size());
  Tensor all(Shape{persons, one[0], one[1], one[2]});
  float* to = all.floats().data();
  for (const Estimate::Heatmaps& heatmaps : estimate.heatmaps) {
    const auto values = heatmaps.maps.floats();
    to = std::copy(values.begin(), values.end(), to);
    draw_heatmaps(overlay, values.data(), static_cast<int>(one[0]),
                  {static_cast<int>(one[2]), static_cast<int>(one[1])}, heatmaps.heatmap_from_image);
  }
  POISE_RETURN_IF_ERROR(write_npy(stem.string() + ".heatmaps.npy", all));
  return write_image(stem.string() + ".heatmaps.jpg", overlay);
}

Status write_text(const OutputOptions& options, const std::filesystem::path& stem, const FrameResult& frame,
                  const Skeleton& skeleton, const Provenance& provenance) {
  if (options.format == "poise") {
    return write_file_atomic(stem.string() + ".poses.json", poses_json(frame, skeleton, provenance).dump(1) + "\n");
  }
  if (options.format == "openpose") {
    return write_file_atomic(stem.string() + "_keypoints.json",
                             openpose_json(frame, skeleton, options.min_score).dump() + "\n");
  }
  if (options.format == "csv") {
    return write_file_atomic(stem.string() + ".poses.csv", csv_header() + csv_rows(frame, skeleton));
  }
  return {};  // coco: one file for the whole run, by the caller
}

}  // namespace

Status write_picture_outputs(const OutputOptions& options, const std::filesystem::path& place, Image image,
                             const FrameResult& frame, const Estimate& estimate, const Skeleton& skeleton,
                             const Provenance& provenance) {
  std::filesystem::path stem = options.folder / place;
  stem.replace_extension();
  POISE_RETURN_IF_ERROR(write_text(options, stem, frame, skeleton, provenance));
  if (options.heatmaps) POISE_RETURN_IF_ERROR(write_heatmaps(stem, image, estimate));
  if (!options.image) return {};
  for (const Pose& pose : frame.poses) draw(image, pose, skeleton, {.min_score = options.min_score});
  return write_image(stem.string() + ".poses.jpg", image);
}

Status check_out_folder(const std::filesystem::path& folder) {
  const Status ready = prepare_folder(folder);
  return ready.ok() ? ready : Status(io_error(ready.error().message + "; choose another --out"));
}

Status check_out_file(const std::filesystem::path& file) {
  std::error_code error;
  if (std::filesystem::is_directory(file, error) || !file.has_filename()) {
    return io_error(file.string() + ": is a folder; --out names a file");
  }
  if (std::filesystem::exists(file, error) && !std::filesystem::is_regular_file(file, error)) return {};  // a pipe
  return check_out_folder(file.has_parent_path() ? file.parent_path() : std::filesystem::path("."));
}

}  // namespace poise::app
