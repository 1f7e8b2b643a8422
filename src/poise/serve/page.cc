#include "poise/serve/page.h"

#include <algorithm>
#include <array>

#include "poise/base/embed.h"

POISE_EMBED(poise_page_html, POISE_PAGE "/index.html");
POISE_EMBED(poise_page_script, POISE_PAGE "/assets/index.js");
POISE_EMBED(poise_page_style, POISE_PAGE "/assets/index.css");
POISE_EMBED(poise_page_icon, POISE_PAGE "/icon.svg");

namespace poise {
namespace {

std::string_view between(const std::uint8_t* begin, const std::uint8_t* end) {
  return {reinterpret_cast<const char*>(begin), static_cast<std::size_t>(end - begin)};
}

}  // namespace

const PageFile* find_page_file(std::string_view path) {
  static const std::array<PageFile, 4> kFiles{{
      {"/", "text/html; charset=utf-8", between(poise_page_html, poise_page_html_end)},
      {"/assets/index.js", "text/javascript; charset=utf-8", between(poise_page_script, poise_page_script_end)},
      {"/assets/index.css", "text/css; charset=utf-8", between(poise_page_style, poise_page_style_end)},
      {"/icon.svg", "image/svg+xml", between(poise_page_icon, poise_page_icon_end)},
  }};
  const auto* found = std::ranges::find(kFiles, path, &PageFile::path);
  return found == kFiles.end() ? nullptr : found;
}

}  // namespace poise
