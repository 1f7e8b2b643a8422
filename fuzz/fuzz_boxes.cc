// The boxes reader: whatever the bytes are, an error or a file whose every image can be asked for.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "poise/formats/boxes.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto file = poise::BoxesFile::parse({data, size});
  if (!file.ok()) {
    if (file.error().message.empty()) std::abort();
    return 0;
  }
  for (const char* picture : {"a.jpg", "b/a.jpg", "1.jpg", "/"}) {
    const poise::ImageBoxes* boxes = file->find(picture);
    if (boxes == nullptr) continue;
    for (const poise::PersonBox& person : boxes->persons) {
      if (!std::isfinite(person.box.x) || !(person.box.width >= 0) || !(person.box.height >= 0)) std::abort();
    }
  }
  return 0;
}
