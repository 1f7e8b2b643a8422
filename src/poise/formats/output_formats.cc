#include "poise/formats/output_formats.h"

#include <array>

namespace poise {
namespace {

std::string poise_text(const FrameResult& frame, const Skeleton& skeleton, const Provenance& provenance,
                       float /*min_score*/) {
  return poses_json(frame, skeleton, provenance).dump(1) + "\n";
}

std::string openpose_text(const FrameResult& frame, const Skeleton& skeleton, const Provenance& /*provenance*/,
                          float min_score) {
  return openpose_json(frame, skeleton, min_score).dump() + "\n";
}

std::string csv_text(const FrameResult& frame, const Skeleton& skeleton, const Provenance& /*provenance*/,
                     float /*min_score*/) {
  return csv_header() + csv_rows(frame, skeleton);
}

std::string poise_line(const FrameResult& frame, const Skeleton& skeleton, const Provenance& provenance,
                       float /*min_score*/, bool /*is_first*/) {
  return poses_json(frame, skeleton, provenance).dump() + "\n";
}

std::string csv_lines(const FrameResult& frame, const Skeleton& skeleton, const Provenance& /*provenance*/,
                      float /*min_score*/, bool is_first) {
  return (is_first ? csv_header() : std::string()) + csv_rows(frame, skeleton);
}

constexpr std::array<OutputFormat, 4> kFormats{{
    {"poise", "one JSON a picture, with all settings", ".poses.json", poise_text, nullptr, nullptr, poise_line},
    {"coco", "one results.json a run", nullptr, nullptr, "results.json", append_coco_results},
    {"openpose", "one JSON a picture, BODY_25", "_keypoints.json", openpose_text, nullptr, nullptr},
    {"csv", "one CSV a picture, a line a joint", ".poses.csv", csv_text, nullptr, nullptr, csv_lines},
}};

}  // namespace

std::span<const OutputFormat> output_formats() { return kFormats; }

Result<OutputFormat> find_output_format(std::string_view name, std::span<const OutputFormat> formats) {
  std::string names;
  for (const OutputFormat& format : formats) {
    if (format.name == name) return format;
    names.append(" ").append(format.name);
  }
  return not_found("no format is named \"" + std::string(name) + "\"; there are" + names);
}

}  // namespace poise
