#pragma once
// Where this program keeps models and plans: the environment says.

#include <filesystem>
#include <string>
#include <string_view>

#include "poise/base/result.h"
#include "poise/models/model_store.h"

namespace poise::app {

/// $POISE_MODELS, else $XDG_DATA_HOME/poise/models, else ~/.local/share/poise/models. Errors: kNotFound, where none of
/// the three is set.
Result<std::filesystem::path> models_folder();

/// Where `poise bench --tune` keeps its plans: $POISE_PLANS, else $XDG_CACHE_HOME/poise/plans, else
/// ~/.cache/poise/plans; empty, where none of the three is set.
std::filesystem::path plans_folder();

/// ModelStore::open() of that folder; without one, of files and what comes with Poise.
Result<OpenModel> open_model(const std::string& given, std::string_view otherwise = {});

}  // namespace poise::app
