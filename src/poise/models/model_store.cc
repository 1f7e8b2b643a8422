#include "poise/models/model_store.h"

#include <algorithm>
#include <array>
#include <utility>

#include "poise/base/json.h"
#include "poise/base/sha256.h"
#include "poise/card/check_card.h"
#include "poise/card/model_card.h"
#include "poise/models/shipped.h"
#include "poise/weights/network_file.h"

namespace poise {
namespace {

namespace fs = std::filesystem;

constexpr const char* kIndex = "index.json";
constexpr std::uint64_t kMaxIndexBytes = 16U << 20U;
constexpr std::uint64_t kMaxCardBytes = 1U << 20U;

/// A plain file name: what is recorded is only ever looked for in the folder itself.
bool is_plain(const std::string& name) {
  return !name.empty() && name.front() != '.' && name.size() <= 200 &&
         std::none_of(name.begin(), name.end(),
                      [](char c) { return c == '/' || static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

/// The texts that the index keeps of a model.
struct Member {
  const char* name;
  std::string StoredModel::*text;
};
constexpr std::array<Member, 6> kMembers{{{"name", &StoredModel::name},
                                          {"sha256", &StoredModel::sha256},
                                          {"card_sha256", &StoredModel::card_sha256},
                                          {"licence", &StoredModel::licence},
                                          {"source", &StoredModel::source},
                                          {"accuracy", &StoredModel::accuracy}}};

Result<std::vector<StoredModel>> read_index(const fs::path& folder) {
  const fs::path path = folder / kIndex;
  const Result<Bytes> bytes = read_file(path, kMaxIndexBytes);
  if (!bytes && bytes.error().code == ErrorCode::kNotFound) return std::vector<StoredModel>{};
  if (!bytes) return bytes.error().prefixed(path.string());
  const Result<Json> json = parse_json(BytesView(*bytes));
  if (!json) return json.error().prefixed(path.string());
  const Json* list = json->find("models");
  if (list == nullptr || !list->is_array()) return malformed(path.string() + ": has no list \"models\"");
  std::vector<StoredModel> models;
  for (const Json& entry : list->as_array()) {
    StoredModel model;
    for (const Member& member : kMembers) {
      const Result<std::string> text = entry.string(member.name);
      if (!text) return text.error().prefixed(path.string());
      model.*member.text = *text;
    }
    if (!is_plain(model.name)) return malformed(path.string() + ": names a model outside its folder");
    model.path = folder / (model.name + ".onnx");
    models.push_back(std::move(model));
  }
  return models;
}

Status write_index(const fs::path& folder, const std::vector<StoredModel>& models) {
  Json list = Json::array();
  for (const StoredModel& model : models) {
    Json entry = Json::object();
    for (const Member& member : kMembers) entry.set(member.name, model.*member.text);
    list.push(std::move(entry));
  }
  Json json = Json::object();
  json.set("models", std::move(list));
  return write_file_atomic(folder / kIndex, json.dump(1) + "\n");
}

/// Both files are there whole, or neither.
Status write_pair(const StoredModel& model, BytesView bytes, const Result<Bytes>& card) {
  fs::path beside = model.path;
  beside.replace_extension(".card.json");
  if (card) POISE_RETURN_IF_ERROR(write_file_atomic(beside, BytesView(*card)));
  Status written = write_file_atomic(model.path, bytes);
  std::error_code error;
  if (!written.ok() && card) fs::remove(beside, error);
  return written;
}

std::string shortened(const std::string& hash) { return hash.substr(0, 12); }

}  // namespace

Json to_json(const StoredModel& model) {
  Json json = Json::object();
  json.set("name", model.name);
  json.set("file", model.path.string());
  json.set("sha256", model.sha256);
  json.set("licence", model.licence);
  json.set("source", model.source);
  json.set("accuracy", model.accuracy);
  return json;
}

ModelStore::ModelStore(fs::path folder) : folder_(std::move(folder)) {}

Result<std::vector<StoredModel>> ModelStore::list() const {
  if (folder_.empty()) return std::vector<StoredModel>{};
  POISE_TRY(std::vector<StoredModel> models, read_index(folder_));
  std::error_code error;
  fs::directory_iterator entries(folder_, error);
  for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
    const fs::path& path = entries->path();
    const std::string name = path.stem().string();
    const bool is_recorded =
        std::any_of(models.begin(), models.end(), [&](const StoredModel& model) { return model.name == name; });
    if (path.extension() == ".onnx" && is_plain(name) && !is_recorded) {
      StoredModel& model = models.emplace_back();
      model.name = name;
      model.path = path;
    }
  }
  std::sort(models.begin(), models.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return models;
}

Result<bool> ModelStore::add(const fs::path& file, const std::string& name) const {
  if (folder_.empty()) return not_found("there is no folder to add models to");
  if (!is_plain(name))
    return invalid_argument("\"" + name + "\" cannot be a model's name: give a plain one, as option \"name\"");
  const Result<Bytes> bytes = read_file(file, NetworkLimits{}.max_bytes);
  if (!bytes) return bytes.error().prefixed(file.string());
  // Without a folder: data outside the file would be missing from the copy.
  const Result<NetworkFile> model = parse_onnx(BytesView(*bytes));
  if (!model) return model.error().prefixed(file.string());
  POISE_TRY(const Json card_in_force, gather_card(file, model->metadata, {}));
  if (const auto checked = check_card(card_in_force, model->graph); !checked) {
    return checked.error().prefixed(file.string());
  }
  fs::path beside = file;
  beside.replace_extension(".card.json");
  const Result<Bytes> card = read_file(beside, kMaxCardBytes);
  if (!card && card.error().code != ErrorCode::kNotFound) return card.error().prefixed(beside.string());

  POISE_TRY(std::vector<StoredModel> models, read_index(folder_));
  const auto text = [&](const char* member) {
    return card_in_force.string(member).ok() ? *card_in_force.string(member) : "";
  };
  const StoredModel added{name,           model->hash,      card ? sha256_hex(*card) : "", text("licence"),
                          text("source"), text("accuracy"), folder_ / (name + ".onnx")};
  const auto same = std::find_if(models.begin(), models.end(), [&](const StoredModel& m) { return m.name == name; });
  std::error_code error;
  if (same != models.end() && same->sha256 == added.sha256 && same->card_sha256 == added.card_sha256 &&
      fs::exists(same->path, error)) {
    return false;
  }
  if (same != models.end() || fs::exists(added.path, error)) {
    return invalid_argument("another model is already stored as " + name +
                            ": give this one another, as option \"name\", or " + "remove " + added.path.string());
  }
  POISE_RETURN_IF_ERROR(write_pair(added, BytesView(*bytes), card));
  models.push_back(added);
  POISE_RETURN_IF_ERROR(write_index(folder_, models));
  return true;
}

Result<OpenModel> ModelStore::open(const std::string& given, std::string_view otherwise) const {
  const auto read = [](const fs::path& path) -> Result<OpenModel> {
    POISE_TRY(NetworkFile model, read_network(path));
    return OpenModel{path.filename().string(), path, std::move(model)};
  };
  const auto read_own = [](std::string_view name) -> Result<OpenModel> {
    POISE_TRY(NetworkFile model, read_shipped(name));
    return OpenModel{std::string(name), {}, std::move(model)};
  };
  if (given.empty()) return read_own(otherwise.empty() ? shipped_models().front().name : otherwise);
  std::error_code error;
  const bool is_there = fs::exists(given, error) && !fs::is_directory(given, error);
  if (is_there || !is_plain(given)) return read(given);
  if (!folder_.empty()) {
    for (const std::string& file : {given, given + ".onnx"}) {
      if (file.ends_with(".onnx") && fs::is_regular_file(folder_ / file, error)) return read(folder_ / file);
    }
  }
  std::string shipped;
  for (const ShippedModel& model : shipped_models()) {
    if (given == model.name) return read_own(given);
    shipped.append(shipped.empty() ? "" : ", ").append(model.name);
  }
  return not_found(given + ": there is no such file, and no model of that name" +
                   (folder_.empty() ? std::string() : " in " + folder_.string()) + "; those that come with Poise are " +
                   shipped);
}

std::string fault_of(const StoredModel& model) {
  const auto read = read_network(model.path);
  if (!read.ok()) return read.error().message;
  if (read->hash != model.sha256) {
    return model.path.string() + " differs from what was added: sha256 was " + shortened(model.sha256) + ", is " +
           shortened(read->hash) + "; remove it and add it again from its source";
  }
  fs::path beside = model.path;
  beside.replace_extension(".card.json");
  const auto card = read_file(beside, 1U << 20U);
  const std::string card_hash = card.ok() ? sha256_hex(*card) : std::string();
  if (card_hash == model.card_sha256) return {};
  return beside.string() + (card.ok() ? " differs from what was added" : " is gone") +
         ": remove the model and add it again from its source";
}

}  // namespace poise
