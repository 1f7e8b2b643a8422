#pragma once
// POST /v1/poses: what is asked for, and how it is answered. Pure functions of values: thread-safe.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "poise/draw/draw.h"
#include "poise/formats/output_formats.h"
#include "poise/image/codec.h"
#include "poise/serve/http_message.h"

namespace poise {

struct PictureRequest {
  std::string owned;      // the picture's bytes, where the body does not hold them as they are
  std::string_view body;  // else: of the request, which must outlive this
  std::string file_name;  // as a form gave it, without folders; may be empty
  std::optional<std::vector<PersonBox>> boxes;

  std::string_view bytes() const { return owned.empty() ? body : std::string_view(owned); }
};

/// The body is the picture; or a form with a file `image` and, where wanted, `boxes`; or JSON, {"image": base64 or a
/// data: address, "boxes"?}. Boxes are [[x, y, width, height], ...] in the upright picture's pixels; in the query, too.
/// Errors: kMalformed, kInvalidArgument (no picture), kTooLarge (more boxes than max_boxes).
Result<PictureRequest> parse_picture_request(const HttpRequest& request, std::size_t max_boxes);

/// JPEG, PNG, WebP or what else this build reads, turned upright. Errors: those of decode_image.
Result<DecodedImage> decode_picture(std::string_view bytes, std::uint64_t max_pixels);

struct AnswerForm {
  OutputFormat format;
  std::optional<ImageFormat> picture;  // the picture with the people drawn, and not `format`
  DrawOptions draw;
};

/// Of the query: format, draw (1), min_score; of the header Accept: image/png or image/jpeg. Errors:
/// kInvalidArgument.
Result<AnswerForm> parse_answer_form(const HttpRequest& request, const DrawOptions& draw);

Result<HttpResponse> write_answer(const AnswerForm& form, FrameResult frame, Image image, const Skeleton& skeleton,
                                  const Provenance& provenance);

/// The people as poses_json has them, scores as they are written.
Json persons_of(FrameResult frame, const Skeleton& skeleton);

}  // namespace poise
