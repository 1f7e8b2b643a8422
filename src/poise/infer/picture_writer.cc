#include "poise/infer/picture_writer.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "poise/base/file.h"
#include "poise/formats/pose_set.h"
#include "poise/image/codec.h"
#include "poise/person/written_scores.h"
#include "poise/tensor/npy.h"

namespace poise {
namespace {

constexpr const char* kDrawn = ".poses.jpg";
constexpr const char* kHeatmaps = ".heatmaps.npy";
constexpr const char* kHeatmapPicture = ".heatmaps.jpg";

bool is_there(const std::filesystem::path& file) {
  std::error_code error;
  return std::filesystem::is_regular_file(file, error) && std::filesystem::file_size(file, error) > 0 && !error;
}

Status write_heatmaps(const std::filesystem::path& stem, const Image& photograph,
                      std::span<const Estimate::Heatmaps> found, std::vector<std::filesystem::path>& written) {
  if (found.empty()) return {};
  Image overlay = photograph.clone();
  const Shape& one = found.front().maps.shape();
  const auto persons = static_cast<std::int64_t>(found.size());
  Tensor all(Shape{persons, one[0], one[1], one[2]});
  float* to = all.floats().data();
  for (const Estimate::Heatmaps& heatmaps : found) {
    const auto values = heatmaps.maps.floats();
    to = std::copy(values.begin(), values.end(), to);
    draw_heatmaps(overlay, values.data(), static_cast<int>(one[0]),
                  {static_cast<int>(one[2]), static_cast<int>(one[1])}, heatmaps.heatmap_from_image);
  }
  POISE_RETURN_IF_ERROR(write_npy(stem.string() + kHeatmaps, all));
  written.emplace_back(stem.string() + kHeatmaps);
  POISE_RETURN_IF_ERROR(write_image(stem.string() + kHeatmapPicture, overlay));
  written.emplace_back(stem.string() + kHeatmapPicture);
  return {};
}

}  // namespace

Result<PictureWriter> PictureWriter::open(PictureWriterOptions options, Skeleton skeleton, Provenance provenance,
                                          std::span<const OutputFormat> formats) {
  PictureWriter writer;
  POISE_TRY(writer.format_, find_output_format(options.format, formats));
  if (!writer.format_.holds_pictures()) {
    return invalid_argument("the format " + options.format + " holds videos, not pictures that stand alone");
  }
  if (!options.stream) POISE_RETURN_IF_ERROR(prepare_folder(options.folder));
  writer.options_ = std::move(options);
  writer.skeleton_ = std::move(skeleton);
  writer.provenance_ = std::move(provenance);
  return writer;
}

std::filesystem::path PictureWriter::stem(const std::filesystem::path& place) const {
  std::filesystem::path stem = options_.folder / place;
  return stem.replace_extension();
}

std::vector<std::filesystem::path> PictureWriter::files(const std::filesystem::path& place) const {
  const std::string start = stem(place).string();
  std::vector<std::filesystem::path> files;
  if (options_.stream) return files;
  if (format_.pictures.suffix != nullptr) files.emplace_back(start + format_.pictures.suffix);
  if (options_.image) files.emplace_back(start + kDrawn);
  return files;
}

bool PictureWriter::is_done(const std::filesystem::path& place) const {
  const std::vector<std::filesystem::path> wanted = files(place);
  if (wanted.empty() || !std::ranges::all_of(wanted, is_there)) return false;
  const std::string start = stem(place).string();
  if (!options_.heatmaps || (is_there(start + kHeatmaps) && is_there(start + kHeatmapPicture))) return true;
  if (format_.pictures.suffix == nullptr) return false;
  const auto format = format_by_name(options_.format);
  if (!format.ok()) return false;
  const auto found = read_pose_set(start + format_.pictures.suffix, *format);
  return found.ok() && found->persons() == 0;
}

Status PictureWriter::write(const std::filesystem::path& place, Image image, const FrameResult& found,
                            std::span<const Estimate::Heatmaps> heatmaps,
                            std::vector<std::filesystem::path>* written) const {
  if (options_.stream) return {};
  std::vector<std::filesystem::path> unasked;
  std::vector<std::filesystem::path>& done = written != nullptr ? *written : unasked;
  FrameResult frame = found;
  written_scores(frame.poses);
  const std::filesystem::path start = stem(place);
  if (format_.pictures.suffix != nullptr) {
    const std::string text = format_.pictures.of_picture(frame, skeleton_, provenance_, options_.draw.min_score);
    const std::string file = start.string() + format_.pictures.suffix;
    POISE_RETURN_IF_ERROR(write_file_atomic(file, text));
    done.emplace_back(file);
  }
  if (options_.heatmaps) POISE_RETURN_IF_ERROR(write_heatmaps(start, image, heatmaps, done));
  if (!options_.image) return {};
  draw(image, found.poses, skeleton_, options_.draw);
  POISE_RETURN_IF_ERROR(write_image(start.string() + kDrawn, image));
  done.emplace_back(start.string() + kDrawn);
  return {};
}

Status PictureWriter::add(const FrameResult& found) {
  ++pictures_;
  if (format_.pictures.add_to_run == nullptr && !options_.stream) return {};
  FrameResult frame = found;
  written_scores(frame.poses);
  if (format_.pictures.add_to_run != nullptr) {
    format_.pictures.add_to_run(frame, pictures_, run_);
    return {};
  }
  const float min_score = options_.draw.min_score;
  return options_.stream(format_.pictures.in_stream != nullptr
                             ? format_.pictures.in_stream(frame, skeleton_, provenance_, min_score, pictures_ == 1)
                             : format_.pictures.of_picture(frame, skeleton_, provenance_, min_score));
}

std::filesystem::path PictureWriter::run_file(bool whole) const {
  if (format_.pictures.run_file == nullptr || options_.stream) return {};
  std::filesystem::path file = options_.folder / format_.pictures.run_file;
  return whole ? file : partial_name(std::move(file));
}

Status PictureWriter::finish(bool whole) const {
  if (format_.pictures.run_file == nullptr) return {};
  if (options_.stream) return options_.stream(run_.dump() + "\n");
  return write_file_atomic(run_file(whole), run_.dump() + "\n");
}

std::filesystem::path partial_name(std::filesystem::path file) { return file += ".partial"; }

}  // namespace poise
