#pragma once
// The page that the server shows, inside the program: web/ of the repository, built. Constant: thread-safe.

#include <string_view>

namespace poise {

struct PageFile {
  std::string_view path;  // "/", "/assets/index.js"
  const char* content_type;
  std::string_view bytes;
};

/// nullptr: the page has no such file.
const PageFile* find_page_file(std::string_view path);

}  // namespace poise
