// Requests of the server: an address, then its body as each kind that is taken. An error, or parts that lie within what
// was given.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "poise/serve/kserve.h"
#include "poise/serve/multipart.h"
#include "poise/serve/picture_request.h"

namespace {

void expect(bool holds) {
  if (!holds) std::abort();
}

bool within(std::string_view part, std::string_view whole) {
  return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t line = text.find('\n');
  poise::HttpRequest request;
  if (const auto parsed = poise::parse_target(text.substr(0, line), request); !parsed.ok()) {
    expect(!parsed.error().message.empty());
    request.path = "/v1/poses";
  }
  request.body = std::string(line == std::string_view::npos ? std::string_view() : text.substr(line + 1));
  (void)poise::parse_answer_form(request, {});

  for (const char* type : {"image/jpeg", "application/json", "multipart/form-data; boundary=XyZ"}) {
    request.headers["content-type"] = type;
    constexpr std::size_t kMostBoxes = 20;
    const auto picture = poise::parse_picture_request(request, kMostBoxes);
    if (!picture.ok()) {
      expect(!picture.error().message.empty());
      continue;
    }
    expect(!picture->bytes().empty());
    expect(!picture->owned.empty() || within(picture->body, request.body));
    if (picture->boxes) expect(picture->boxes->size() <= kMostBoxes);
  }
  const auto parts = poise::parse_multipart(request.body, request.body);
  if (parts.ok()) {
    for (const poise::FormPart& part : *parts) expect(within(part.body, request.body) && !part.name.empty());
  }
  if (const auto bytes = poise::decode_base64(request.body); bytes.ok()) {
    const auto again = poise::decode_base64(poise::encode_base64(*bytes));
    expect(again.ok() && *again == *bytes);
  }
  const std::size_t brace = request.body.rfind('}');
  for (const bool binary : {false, true}) {
    if (binary)
      request.headers["inference-header-content-length"] = std::to_string(brace == std::string::npos ? 0 : brace + 1);
    const auto infer = poise::parse_infer_request(request);
    if (!infer.ok()) continue;
    for (const poise::KserveTensor& tensor : infer->inputs) expect(tensor.bytes.size() <= 16 * request.body.size());
    (void)poise::infer_response("m", *infer, infer->inputs);
  }
  return 0;
}
