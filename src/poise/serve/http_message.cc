#include "poise/serve/http_message.h"

#include <array>
#include <cstdint>

namespace poise {
namespace {

constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// %-escapes spelled out; in a query + is a space.
Result<std::string> decoded(std::string_view text, bool is_query) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      const int high = i + 2 < text.size() ? hex(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex(text[i + 2]) : -1;
      if (high < 0 || low < 0) return malformed("the address holds a % without two hexadecimal digits behind it");
      c = static_cast<char>(high * 16 + low);
      i += 2;
    } else if (is_query && c == '+') {
      c = ' ';
    }
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return malformed("the address holds a control character");
    out.push_back(c);
  }
  return out;
}

}  // namespace

std::string_view HttpRequest::header(const std::string& lower_case_name) const {
  const auto found = headers.find(lower_case_name);
  return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

HttpResponse json_response(const Json& json, int status) {
  HttpResponse response;
  response.status = status;
  response.body = json.dump() + "\n";
  return response;
}

HttpResponse error_response(int status, std::string_view code, const std::string& message) {
  return json_response(Json::Object{{"error", Json::Object{{"code", code}, {"message", message}}}}, status);
}

HttpResponse error_response(const Error& error) {
  switch (error.code) {
    case ErrorCode::kInvalidArgument:
      return error_response(400, "invalid_argument", error.message);
    case ErrorCode::kMalformed:
      return error_response(400, "malformed", error.message);
    case ErrorCode::kNotFound:
      return error_response(404, "not_found", error.message);
    case ErrorCode::kTooLarge:
      return error_response(413, "too_large", error.message);
    case ErrorCode::kUnsupported:
      return error_response(415, "unsupported", error.message);
    case ErrorCode::kIo:
      break;
  }
  return error_response(500, "internal", error.message);
}

Status parse_target(std::string_view target, HttpRequest& request) {
  constexpr std::size_t kMostMembers = 64;
  if (target.empty() || target.front() != '/') return malformed("the address has no path");
  const std::size_t mark = target.find('?');
  POISE_TRY(request.path, decoded(target.substr(0, mark), false));
  request.query.clear();
  std::string_view rest = mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
  for (std::size_t count = 0; !rest.empty(); ++count) {
    if (count == kMostMembers) return malformed("the address has more than 64 members behind its ?");
    const std::size_t end = rest.find('&');
    const std::string_view member = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    if (member.empty()) continue;
    const std::size_t is = member.find('=');
    POISE_TRY(std::string name, decoded(member.substr(0, is), true));
    POISE_TRY(std::string value,
              decoded(is == std::string_view::npos ? std::string_view() : member.substr(is + 1), true));
    request.query.insert_or_assign(std::move(name), std::move(value));
  }
  return {};
}

Result<std::string> decode_base64(std::string_view text) {
  static const std::array<std::int8_t, 256> kValues = [] {
    std::array<std::int8_t, 256> values{};
    values.fill(-1);
    for (std::size_t i = 0; i < kBase64.size(); ++i)
      values[static_cast<unsigned char>(kBase64[i])] = static_cast<std::int8_t>(i);
    values['-'] = 62;  // of base64url
    values['_'] = 63;
    return values;
  }();
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  std::uint32_t bits = 0;
  int count = 0;
  std::size_t padding = 0;
  for (const char c : text) {
    if (c == '\n' || c == '\r' || c == ' ' || c == '\t') continue;
    if (c == '=') {
      ++padding;
      continue;
    }
    const int value = kValues[static_cast<unsigned char>(c)];
    if (value < 0 || padding > 0) return malformed("this is not base64");
    bits = bits << 6U | static_cast<std::uint32_t>(value);
    if (++count == 4) {
      bytes.push_back(static_cast<char>(bits >> 16U));
      bytes.push_back(static_cast<char>(bits >> 8U & 255U));
      bytes.push_back(static_cast<char>(bits & 255U));
      bits = 0;
      count = 0;
    }
  }
  if (count == 1 || padding > 2) return malformed("this is not base64: it ends within a byte");
  if (count == 2) bytes.push_back(static_cast<char>(bits >> 4U));
  if (count == 3) {
    bytes.push_back(static_cast<char>(bits >> 10U));
    bytes.push_back(static_cast<char>(bits >> 2U & 255U));
  }
  return bytes;
}

std::string encode_base64(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto byte = [&](std::size_t at) {
      return at < bytes.size() ? static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[at])) : 0U;
    };
    const std::uint32_t bits = byte(i) << 16U | byte(i + 1) << 8U | byte(i + 2);
    text.push_back(kBase64[bits >> 18U]);
    text.push_back(kBase64[bits >> 12U & 63U]);
    text.push_back(i + 1 < bytes.size() ? kBase64[bits >> 6U & 63U] : '=');
    text.push_back(i + 2 < bytes.size() ? kBase64[bits & 63U] : '=');
  }
  return text;
}

}  // namespace poise
