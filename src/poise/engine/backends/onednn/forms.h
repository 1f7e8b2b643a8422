#pragma once
// The ways in which a layer can run, where there are several, and which of them was measured to be the fastest.

#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "poise/engine/session.h"
#include "poise/graph/graph.h"

namespace poise::onednn {

enum class Form {
  kDirect,    // as it stands; of a transposed convolution its phases
  kWinograd,  // oneDNN's F(4x4, 3x3)
  kTiles,     // winograd.h
};
inline constexpr Form kForms[] = {Form::kDirect, Form::kWinograd, Form::kTiles};
const char* name_of(Form form);                        // "direct", "winograd", "tiles"
std::optional<Form> find_form(std::string_view name);  // the same names

/// By the node's label. A layer that is not named runs as the rules say.
using Forms = std::map<std::string, Form>;

/// What a measurement is good for: this processor and library, precision and threads, a network of these layers and
/// sizes, whatever its weights.
std::string forms_key(const Graph& graph, const std::vector<ValueInfo>& infos, Precision precision, int threads);
/// Nothing where none were kept under this key, or the file is not one of ours.
std::optional<Forms> read_forms(const std::filesystem::path& folder, const std::string& key);
/// Errors: kIo.
Status write_forms(const std::filesystem::path& folder, const std::string& key, const Forms& forms);

}  // namespace poise::onednn
