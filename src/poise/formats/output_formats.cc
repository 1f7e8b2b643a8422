#include "poise/formats/output_formats.h"

#include <array>

// The list: each is the function NAME_format of a file of this folder.
#define POISE_OUTPUT_FORMATS(ENTRY) \
  ENTRY(poise)                      \
  ENTRY(coco)                       \
  ENTRY(openpose)                   \
  ENTRY(csv)                        \
  ENTRY(roboflow)                   \
  ENTRY(posetrack)                  \
  ENTRY(posetrack17)                \
  ENTRY(mot)                        \
  ENTRY(trc)                        \
  ENTRY(bvh)

namespace poise {

#define POISE_DECLARE(format) OutputFormat format##_format();
POISE_OUTPUT_FORMATS(POISE_DECLARE)
#undef POISE_DECLARE

std::span<const OutputFormat> output_formats() {
#define POISE_CALL(format) format##_format(),
  static const std::array kFormats{POISE_OUTPUT_FORMATS(POISE_CALL)};
#undef POISE_CALL
  return kFormats;
}

Result<OutputFormat> find_output_format(std::string_view name, std::span<const OutputFormat> formats) {
  std::string names;
  for (const OutputFormat& format : formats) {
    if (format.name == name) return format;
    names.append(" ").append(format.name);
  }
  return not_found("no format is named \"" + std::string(name) + "\"; there are" + names);
}

}  // namespace poise
