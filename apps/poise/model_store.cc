#include "model_store.h"

#include <cstdlib>

#include "poise/models/published.h"

namespace poise::app {
namespace {

namespace fs = std::filesystem;

fs::path variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

Result<fs::path> models_folder() {
  if (const fs::path own = variable("POISE_MODELS"); !own.empty()) return own;
  if (const fs::path data = variable("XDG_DATA_HOME"); data.is_absolute()) return data / "poise/models";
  if (const fs::path home = variable("HOME"); !home.empty()) return home / ".local/share/poise/models";
  return not_found("there is no folder for models: set POISE_MODELS to one");
}

fs::path plans_folder() {
  if (const fs::path own = variable("POISE_PLANS"); !own.empty()) return own;
  if (const fs::path cache = variable("XDG_CACHE_HOME"); cache.is_absolute()) return cache / "poise/plans";
  if (const fs::path home = variable("HOME"); !home.empty()) return home / ".cache/poise/plans";
  return {};
}

Result<OpenModel> open_model(const std::string& given, std::string_view otherwise) {
  const auto folder = models_folder();
  Result<OpenModel> opened = ModelStore(folder.ok() ? *folder : fs::path()).open(given, otherwise);
  if (opened.ok() || opened.error().code != ErrorCode::kNotFound || !find_published(given).ok()) return opened;
  return not_found(given + " is not on this machine yet: poise models get " + given);
}

}  // namespace poise::app
