// Kept plans: nothing, or forms that are known. Whatever lies in the file, a network runs without it.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "poise/engine/backends/onednn/forms.h"
#include "scratch_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using poise::onednn::Form;
  static const ScratchFolder folder;
  static const std::string key = "a processor, 2 threads";  // of the seed, too
  static const std::string name = [] {
    if (!poise::onednn::write_forms(folder.path(), key, {{"Conv \"a\"", Form::kDirect}}).ok()) std::abort();
    return std::filesystem::directory_iterator(folder.path())->path().filename().string();
  }();
  folder.write(name, data, size);
  const auto forms = poise::onednn::read_forms(folder.path(), key);
  if (!forms) return 0;
  for (const auto& [label, form] : *forms)
    if (poise::onednn::find_form(name_of(form)) != form) std::abort();
  return 0;
}
