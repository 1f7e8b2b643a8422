#include "poise/serve/multipart.h"

#include <algorithm>

#include "poise/base/ascii.h"

namespace poise {
namespace {

constexpr std::size_t kMostParts = 64;
constexpr std::size_t kMostHeaderBytes = 8192;
constexpr std::size_t kMostBoundary = 70;  // RFC 2046, 5.1.1

constexpr std::string_view kBlanks = " \t";

/// The parameter of a header's value, `form-data; name="image"`: "" where there is none. Quotes are taken off.
std::string parameter(std::string_view value, std::string_view wanted) {
  std::size_t at = value.find(';');
  while (at != std::string_view::npos) {
    value.remove_prefix(at + 1);
    const std::size_t is = value.find('=');
    if (is == std::string_view::npos) return {};
    const std::string name = lower_case(trimmed(value.substr(0, is), kBlanks));
    value = trimmed(value.substr(is + 1), kBlanks);
    std::string text;
    std::size_t end = 0;
    if (!value.empty() && value.front() == '"') {
      for (end = 1; end < value.size() && value[end] != '"'; ++end) {
        // Browsers leave a backslash of a folder as it is.
        if (value[end] == '\\' && end + 1 < value.size() && (value[end + 1] == '"' || value[end + 1] == '\\')) ++end;
        text.push_back(value[end]);
      }
      if (end >= value.size()) return {};
    } else {
      end = std::min(value.find(';'), value.size());
      text = trimmed(value.substr(0, end), kBlanks);
    }
    if (name == wanted) return text;
    at = value.find(';', end);
  }
  return {};
}

Result<FormPart> parse_headers(std::string_view headers) {
  FormPart part;
  bool named = false;
  while (!headers.empty()) {
    const std::size_t end = headers.find("\r\n");
    const std::string_view line = headers.substr(0, end);
    headers = end == std::string_view::npos ? std::string_view() : headers.substr(end + 2);
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return malformed("the form has a part whose header has no colon");
    const std::string name = lower_case(trimmed(line.substr(0, colon), kBlanks));
    const std::string_view value = trimmed(line.substr(colon + 1), kBlanks);
    if (name == "content-disposition") {
      named = lower_case(value).starts_with("form-data");
      part.name = parameter(value, "name");
      part.file_name = parameter(value, "filename");
    } else if (name == "content-type") {
      part.content_type = std::string(value);
    }
  }
  if (!named || part.name.empty()) return malformed("the form has a part without a name");
  return part;
}

}  // namespace

Result<std::vector<FormPart>> parse_multipart(std::string_view content_type, std::string_view body) {
  const std::string boundary = parameter(content_type, "boundary");
  if (boundary.empty() || boundary.size() > kMostBoundary)
    return malformed("the form's Content-Type names no boundary of 1 to 70 letters");
  const std::string mark = "--" + boundary;
  std::size_t at = body.find(mark);
  if (at != 0 && (at == std::string_view::npos || at < 2 || body.substr(at - 2, 2) != "\r\n"))
    return malformed("the form does not hold its boundary");
  at += mark.size();
  std::vector<FormPart> parts;
  const std::string end_mark = "\r\n" + mark;
  for (;;) {
    if (body.substr(at, 2) == "--") return parts;
    while (at < body.size() && (body[at] == ' ' || body[at] == '\t')) ++at;
    if (body.substr(at, 2) != "\r\n") return malformed("the form's boundary is not at the end of its line");
    at += 2;
    if (parts.size() == kMostParts) return too_large("the form has more than 64 parts");
    const std::size_t head_end = body.substr(at, kMostHeaderBytes).find("\r\n\r\n");
    if (head_end == std::string_view::npos) return malformed("the form has a part whose headers do not end");
    POISE_TRY(FormPart part, parse_headers(body.substr(at, head_end)));
    at += head_end + 4;
    // The empty part's end mark begins with the end of its headers.
    const std::size_t end = body.find(end_mark, at - 2);
    if (end == std::string_view::npos) return malformed("the form has a part that does not end");
    part.body = end < at ? std::string_view() : body.substr(at, end - at);
    parts.push_back(std::move(part));
    at = end + end_mark.size();
  }
}

}  // namespace poise
