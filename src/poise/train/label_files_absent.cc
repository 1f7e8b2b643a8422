#include "poise/train/label_files.h"

namespace poise {
namespace {

Error packs_alone(const std::filesystem::path& path) {
  return unsupported(path.string() +
                     ": this build reads packs alone: make them where all of Poise is built, into FOLDER/train "
                     "and FOLDER/val, and give option \"data\" FOLDER");
}

}  // namespace

Result<DataSetPtr> open_coco(const std::filesystem::path& annotations, const std::filesystem::path& /*images*/,
                             const Note& /*note*/) {
  return packs_alone(annotations);
}

Result<DataSetPtr> open_authors_set(const TrainConfig& config, const std::string& /*set*/, const Note& /*note*/) {
  return packs_alone(config.root);
}

}  // namespace poise
