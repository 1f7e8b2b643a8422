#include "poise/infer/picture_notes.h"

#include "poise/base/counted.h"

namespace poise {

std::optional<PictureNote> note_on_size(Size picture, std::optional<Size> labelled) {
  if (!labelled || *labelled == picture) return std::nullopt;
  const auto text = [](Size size) { return std::to_string(size.width) + "x" + std::to_string(size.height); };
  const bool turned = labelled->width == picture.height && labelled->height == picture.width;
  return PictureNote{"of another size than the labels say", "is " + text(picture) + ", they say " + text(*labelled) +
                                                                (turned ? ": turned by its EXIF orientation?" : "")};
}

void PictureNotes::add(const std::string& picture, const std::vector<PictureNote>& notes) {
  for (const PictureNote& note : notes) {
    Kind& kind = kinds_[note.what];
    if (++kind.count == 1) kind.first = picture + (note.detail.empty() ? "" : ": " + note.detail);
  }
}

std::vector<std::string> PictureNotes::lines() const {
  std::vector<std::string> lines;
  for (const auto& [what, kind] : kinds_) {
    const std::string count = counted(kind.count, "picture") + " ";
    lines.push_back(count + what + (kind.count == 1 ? "; it is " : "; the first is ") + kind.first);
  }
  return lines;
}

}  // namespace poise
