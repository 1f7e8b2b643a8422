// PyTorch's checkpoints since 1.6: a zip archive of <name>/data.pkl, <name>/data/<key> and <name>/version.
// Source: torch/serialization.py, _save and _load; caffe2/serialize/inline_container.cc.

#include <array>
#include <string>

#include "poise/base/counted.h"
#include "poise/base/printable.h"
#include "poise/weights/torch/stored_tensor.h"
#include "poise/weights/torch/torch_objects.h"
#include "poise/weights/torch/zip_directory.h"

namespace poise {
namespace {

constexpr std::string_view kPickle = "data.pkl";

/// "archive/", the folder of data.pkl.
Result<std::string> find_folder(const ZipDirectory& zip) {
  std::string folder;
  for (const ZipDirectory::Entry& entry : zip.entries()) {
    const std::string_view name = zip.name(entry);
    const std::size_t slash = name.find('/');
    if (slash == std::string_view::npos || name.substr(slash + 1) != kPickle) continue;
    if (!folder.empty()) return malformed("the zip archive holds two checkpoints");
    folder = name.substr(0, slash + 1);
  }
  if (folder.empty()) return unsupported("the zip archive holds no data.pkl: it is no PyTorch checkpoint");
  for (const ZipDirectory::Entry& entry : zip.entries()) {
    const std::string_view name = zip.name(entry);
    if (name == folder + "constants.pkl" || name.starts_with(folder + "code/"))
      return unsupported("it is a TorchScript program: save its state_dict() with torch.save()");
  }
  for (const ZipDirectory::Entry& entry : zip.entries())
    if (entry.method != 0)
      return unsupported("the zip archive's entry " + printable(zip.name(entry)) +
                         " is compressed: save the checkpoint again with torch.save()");
  return folder;
}

/// PyTorch 2.1 and later say in which order the bytes are; before, they were little-endian.
Status check_byte_order(ByteSource& source, const ZipDirectory& zip, const std::string& folder) {
  const ZipDirectory::Entry* entry = zip.find(folder + "byteorder");
  constexpr std::string_view kLittle = "little";
  if (entry == nullptr) return {};
  std::array<std::uint8_t, kLittle.size()> text{};
  if (entry->size != kLittle.size()) return unsupported("its numbers are not little-endian");
  POISE_RETURN_IF_ERROR(source.read(entry->offset, text));
  if (std::string_view(reinterpret_cast<const char*>(text.data()), text.size()) != kLittle)
    return unsupported("its numbers are not little-endian");
  return {};
}

/// A window of another source: the pickle ends where its entry does.
class EntrySource : public ByteSource {
 public:
  EntrySource(ByteSource& whole, const ZipDirectory::Entry& entry) : whole_(whole), entry_(entry) {}
  std::uint64_t size() const override { return entry_.size; }
  Status read(std::uint64_t offset, std::span<std::uint8_t> out) override {
    if (offset > entry_.size || out.size() > entry_.size - offset) return malformed("data.pkl is cut short");
    return whole_.read(entry_.offset + offset, out);
  }
  BytesView view() const override {
    const BytesView all = whole_.view();
    if (all.empty()) return all;
    return all.subspan(static_cast<std::size_t>(entry_.offset), static_cast<std::size_t>(entry_.size));
  }

 private:
  ByteSource& whole_;
  const ZipDirectory::Entry& entry_;
};

}  // namespace

Result<StoredState> find_in_torch_zip(ByteSource& source, const StateDictLimits& limits) {
  // A tensor and its three of the optimizer, and a few entries more.
  const std::uint64_t most = 4 * static_cast<std::uint64_t>(limits.max_tensors) + 100;
  POISE_TRY(const ZipDirectory zip, ZipDirectory::read(source, most));
  POISE_TRY(const std::string folder, find_folder(zip));
  POISE_RETURN_IF_ERROR(check_byte_order(source, zip, folder));
  EntrySource entry(source, *zip.find(folder + std::string(kPickle)));
  POISE_TRY(const Pickle pickle, read_pickle(entry, 0, torch_globals()));
  POISE_TRY(TorchState state, find_torch_state(pickle, limits));
  return place_tensors(std::move(state), [&](const TorchStorage& storage) -> Result<std::uint64_t> {
    const ZipDirectory::Entry* data = zip.find(folder + "data/" + std::string(storage.key));
    if (data == nullptr) return malformed("its storage " + printable(storage.key) + " is not in the archive");
    const std::uint64_t need = storage.count * storage.type->bytes;
    if (data->size < need)
      return malformed("its storage wants " + counted(need, "byte") + ", the archive has " +
                       std::to_string(data->size));
    return data->offset;
  });
}

}  // namespace poise
