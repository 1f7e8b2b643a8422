#pragma once
// Other people's weights in, an ONNX file with a card out: a checkpoint whose network a configuration or a name tells,
// or a network file, which keeps its network and gets another card. Thread-safe.

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "poise/base/json.h"
#include "poise/base/result.h"
#include "poise/graph/graph.h"

namespace poise {

inline constexpr const char* kOriginKey = "poise.converted_from";  // metadata_props: the input's name and SHA-256

struct ConvertOptions {
  std::filesystem::path input;  // what read_state_dict() or read_network() reads
  std::filesystem::path out;    // ends in .onnx, and is not the input
  /// The network of a checkpoint: the authors' configuration, which tells the card too, or a name of models/zoo.h with
  /// the parameters that differ from it, "input" among them. Of a network file only the configuration's card counts.
  std::filesystem::path config = {};
  std::string network = {};
  Json parameters = Json::object();
  std::vector<std::string> outputs = {};  // of a network file, the ones that are kept, in this order; empty: all
  std::string preset = {};                // of a card, under all else; empty: none
  Json card = Json::object();             // members over the configuration's, the input's own card and the preset
  bool sidecar = false;                   // write the card beside it too, as OUT.card.json
};

struct Conversion {
  Graph graph;
  Json card;                                    // empty: there is none
  std::map<std::string, std::string> metadata;  // of the new file, card and origin among it
  std::string layout;                           // of the input: NetworkFile::kind or StateDict::layout
  std::string input_hash, hash;                 // SHA-256 of input and output
  std::vector<std::string> notes;               // what a person should know, a sentence each
};

/// Reads the input and writes the output, whole or not at all. Errors, one line: those of read_model_config,
/// find_network, build_model, read_state_dict, load_parameters, read_network, check_card, write_file_atomic;
/// kInvalidArgument (options that contradict each other), kNotFound (an output, listing the network's), kUnsupported
/// (the name of a network that finds people: export_checkpoint() writes it).
Result<Conversion> convert_network(const ConvertOptions& options);

/// What was done, for a file.
Json to_json(const ConvertOptions& options, const Conversion& conversion);

}  // namespace poise
