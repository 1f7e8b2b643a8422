#pragma once
// The parts of a form with files, multipart/form-data (RFC 7578). Pure functions of values: thread-safe.

#include <string>
#include <string_view>
#include <vector>

#include "poise/base/result.h"

namespace poise {

struct FormPart {
  std::string name, file_name, content_type;
  std::string_view body;  // of the request's body, which must outlive it
};

/// `content_type`: the header, with its boundary. Errors: kMalformed (no boundary or one of more than 70 letters, a
/// part without an end or a name, headers of more than 8 KiB), kTooLarge (more than 64 parts).
Result<std::vector<FormPart>> parse_multipart(std::string_view content_type, std::string_view body);

}  // namespace poise
