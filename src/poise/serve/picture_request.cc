#include "poise/serve/picture_request.h"

#include <charconv>
#include <cmath>

#include "poise/formats/writers.h"
#include "poise/person/written_scores.h"
#include "poise/serve/multipart.h"

namespace poise {
namespace {

BytesView as_bytes(std::string_view text) { return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}; }

Result<std::vector<PersonBox>> parse_boxes(const Json& json, std::size_t most) {
  const Error wrong = malformed("boxes must be an array of [x, y, width, height], width and height above 0");
  if (!json.is_array()) return wrong;
  if (json.as_array().size() > most) return too_large("there are more than " + std::to_string(most) + " boxes");
  std::vector<PersonBox> boxes;
  for (const Json& box : json.as_array()) {
    if (!box.is_array() || box.as_array().size() != 4) return wrong;
    float numbers[4];
    for (std::size_t i = 0; i < 4; ++i) {
      if (!box.as_array()[i].is_number()) return wrong;
      numbers[i] = static_cast<float>(box.as_array()[i].as_number());
      if (!std::isfinite(numbers[i])) return wrong;
    }
    if (!(numbers[2] > 0) || !(numbers[3] > 0)) return wrong;
    boxes.push_back({{numbers[0], numbers[1], numbers[2], numbers[3]}});
  }
  return boxes;
}

Status take_boxes(std::string_view text, std::size_t most, PictureRequest& picture) {
  auto json = parse_json(text);
  if (!json.ok()) return json.error().prefixed("boxes");
  POISE_TRY(picture.boxes, parse_boxes(*json, most));
  return {};
}

/// The name alone: a client's folders are its own.
std::string base_name(const std::string& name) {
  const std::size_t end = name.find_last_of("/\\");
  return end == std::string::npos ? name : name.substr(end + 1);
}

Status parse_form(const HttpRequest& request, std::size_t most, PictureRequest& picture) {
  POISE_TRY(const auto parts, parse_multipart(request.header("content-type"), request.body));
  bool found = false;
  for (const FormPart& part : parts) {
    if (part.name == "image") {
      picture.body = part.body;
      picture.file_name = base_name(part.file_name);
      found = true;
    } else if (part.name == "boxes") {
      POISE_RETURN_IF_ERROR(take_boxes(part.body, most, picture));
    }
  }
  if (!found) return invalid_argument("the form has no file named image");
  return {};
}

Status parse_object(const HttpRequest& request, std::size_t most, PictureRequest& picture) {
  POISE_TRY(const Json json, parse_json(std::string_view(request.body)));
  POISE_TRY(const std::string image, json.string("image"));
  std::string_view text = image;
  if (text.starts_with("data:")) {  // data:image/jpeg;base64,...
    const std::size_t comma = text.find(',');
    if (comma == std::string_view::npos || !text.substr(0, comma).ends_with(";base64"))
      return malformed("member \"image\" is a data: address that is not base64");
    text = text.substr(comma + 1);
  }
  auto bytes = decode_base64(text);
  if (!bytes.ok()) return bytes.error().prefixed("member \"image\"");
  picture.owned = std::move(*bytes);
  if (const Json* boxes = json.find("boxes"); boxes != nullptr && !boxes->is_null()) {
    POISE_TRY(picture.boxes, parse_boxes(*boxes, most));
  }
  return {};
}

Result<float> parse_share(const std::string& text, const char* name) {
  float value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !(value >= 0) || !(value <= 1))
    return invalid_argument(std::string(name) + " must be a number from 0 to 1, it is \"" + text + "\"");
  return value;
}

const char* content_type_of(const OutputFormat& format) {
  return std::string_view(format.name) == "csv" ? "text/csv" : "application/json";
}

}  // namespace

Result<PictureRequest> parse_picture_request(const HttpRequest& request, std::size_t max_boxes) {
  PictureRequest picture;
  const std::string_view type = request.header("content-type");
  if (type.starts_with("multipart/")) {
    POISE_RETURN_IF_ERROR(parse_form(request, max_boxes, picture));
  } else if (type.starts_with("application/json")) {
    POISE_RETURN_IF_ERROR(parse_object(request, max_boxes, picture));
  } else {
    picture.body = request.body;
  }
  if (const auto boxes = request.query.find("boxes"); boxes != request.query.end())
    POISE_RETURN_IF_ERROR(take_boxes(boxes->second, max_boxes, picture));
  if (picture.bytes().empty()) {
    return invalid_argument(
        "there is no picture: send one as the body, as a form's file image, or as "
        "{\"image\": base64}");
  }
  return picture;
}

Result<DecodedImage> decode_picture(std::string_view bytes, std::uint64_t max_pixels) {
  return decode_image(as_bytes(bytes), {.max_pixels = max_pixels});
}

Result<AnswerForm> parse_answer_form(const HttpRequest& request, const DrawOptions& draw) {
  AnswerForm form;
  form.draw = draw;
  const auto asked = [&](const char* name) -> const std::string* {
    const auto found = request.query.find(name);
    return found == request.query.end() ? nullptr : &found->second;
  };
  const std::string* format = asked("format");
  auto found = find_output_format(format == nullptr ? "poise" : *format);
  if (!found.ok()) return invalid_argument(found.error().message);  // what is not found is a word, not an address
  form.format = *found;
  if (!form.format.holds_pictures())
    return invalid_argument(std::string("the format ") + form.format.name + " is of videos");
  if (const std::string* score = asked("min_score"); score != nullptr) {
    POISE_TRY(form.draw.min_score, parse_share(*score, "min_score"));
  }
  const std::string_view accept = request.header("accept");
  if (accept.starts_with("image/png")) form.picture = ImageFormat::kPng;
  if (accept.starts_with("image/jpeg")) form.picture = ImageFormat::kJpeg;
  if (const std::string* drawn = asked("draw"); drawn != nullptr && !form.picture) {
    if (*drawn != "0" && *drawn != "1") return invalid_argument("draw must be 0 or 1");
    if (*drawn == "1") form.picture = ImageFormat::kJpeg;
  }
  return form;
}

Json persons_of(FrameResult frame, const Skeleton& skeleton) {
  written_scores(frame.poses);
  return persons_json(frame, skeleton.joints.size());
}

Result<HttpResponse> write_answer(const AnswerForm& form, FrameResult frame, Image image, const Skeleton& skeleton,
                                  const Provenance& provenance) {
  HttpResponse response;
  response.headers.emplace_back("X-Poise-Persons", std::to_string(frame.poses.size()));
  if (form.picture) {
    draw(image, frame.poses, skeleton, form.draw);
    POISE_TRY(const Bytes bytes, encode_image(image.view(), {.format = *form.picture}));
    response.content_type = *form.picture == ImageFormat::kPng ? "image/png" : "image/jpeg";
    response.body.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return response;
  }
  written_scores(frame.poses);
  const PictureForm& format = form.format.pictures;
  response.content_type = content_type_of(form.format);
  if (format.of_picture != nullptr) {
    response.body = format.of_picture(frame, skeleton, provenance, form.draw.min_score);
    return response;
  }
  Json run = Json::array();
  frame.image_id = frame.image_id.value_or(1);
  format.add_to_run(frame, 1, run);
  response.body = run.dump() + "\n";
  return response;
}

}  // namespace poise
