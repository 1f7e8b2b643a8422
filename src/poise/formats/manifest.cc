#include "poise/formats/manifest.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <unordered_set>

#include "poise/base/file.h"
#include "poise/formats/csv_text.h"

namespace poise {
namespace {

constexpr std::uint64_t kMostBytes = 2ULL << 30U;
constexpr int kMostShards = 1'000'000;

/// FNV-1a of 64 bits (Fowler, Noll, Vo), and its last bits well mixed: SplitMix64's finish.
std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  hash = (hash ^ (hash >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  hash = (hash ^ (hash >> 27U)) * 0x94d049bb133111ebULL;
  return hash ^ (hash >> 31U);
}

struct Columns {
  std::size_t id = 0, path = 0;
};

Result<Columns> columns_of(const std::vector<std::string>& header) {
  const auto find = [&](const char* name) { return std::ranges::find(header, name) - header.begin(); };
  const auto id = find("id"), path = find("path"), size = static_cast<std::ptrdiff_t>(header.size());
  if (id == size || path == size) return malformed("line 1: the columns id and path are wanted in the first line");
  return Columns{static_cast<std::size_t>(id), static_cast<std::size_t>(path)};
}

}  // namespace

bool Shard::has(std::string_view id) const {
  return hash_of(id) % static_cast<std::uint64_t>(count) == static_cast<std::uint64_t>(number - 1);
}

Result<Shard> parse_shard(std::string_view text) {
  Shard shard;
  const std::size_t slash = text.find('/');
  const auto number = [](std::string_view digits, int& value) {
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return error == std::errc() && end == digits.data() + digits.size();
  };
  const bool good = slash != std::string_view::npos && number(text.substr(0, slash), shard.number) &&
                    number(text.substr(slash + 1), shard.count) && shard.number >= 1 && shard.number <= shard.count &&
                    shard.count <= kMostShards;
  if (!good) {
    return invalid_argument("a shard is a number and how many there are, \"3/64\", not \"" + std::string(text) + "\"");
  }
  return shard;
}

Result<std::vector<ManifestEntry>> read_manifest(const std::filesystem::path& file, const Shard& shard,
                                                 const std::filesystem::path& folder) {
  const auto named = [&](const Error& error) { return error.prefixed(file.string()); };
  const auto bytes = read_file(file, kMostBytes);
  if (!bytes.ok()) return named(bytes.error());
  std::string_view text(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  std::size_t at = 0, line = 1;
  const auto header = csv_record(text, at, line);
  if (!header.ok()) return named(header.error());
  const auto columns = columns_of(*header);
  if (!columns.ok()) return named(columns.error());
  const std::filesystem::path start = folder.empty() ? file.parent_path() : folder;
  std::vector<ManifestEntry> entries;
  std::unordered_set<std::string> ids;
  while (at < text.size()) {
    const std::string where = "line " + std::to_string(line) + ": ";
    const auto fields = csv_record(text, at, line);
    if (!fields.ok()) return named(fields.error().prefixed("line " + std::to_string(line)));
    if (fields->size() == 1 && fields->front().empty()) continue;
    if (fields->size() <= std::max(columns->id, columns->path) || (*fields)[columns->id].empty() ||
        (*fields)[columns->path].empty()) {
      return named(malformed(where + "an id and a path are wanted"));
    }
    std::string id = (*fields)[columns->id];
    if (!shard.has(id)) continue;
    if (!ids.insert(id).second) return named(malformed(where + "the id \"" + id + "\" stands here a second time"));
    entries.push_back({std::move(id), start / (*fields)[columns->path]});
  }
  return entries;
}

}  // namespace poise
