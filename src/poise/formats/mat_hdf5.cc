#include "poise/formats/mat_hdf5.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <exception>
#include <system_error>
#include <utility>

#include "poise/base/descriptor.h"
#include "poise/base/json.h"
#include "poise/base/printable.h"
#include "poise/formats/confine.h"
#include "poise/formats/mat_hdf5_here.h"
#include "poise/formats/mat_limits.h"

extern char** environ;

namespace poise {
namespace {

constexpr std::size_t kMaxHead = std::size_t{8} << 20U;  // of an answer, before the numbers

std::string reason(int error) { return std::generic_category().message(error); }

/// waitpid's status.
int wait_for(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

/// Its standard output becomes `out`, the others nothing.
Result<pid_t> start(const std::vector<std::string>& words, int out) {
  std::vector<std::string> copy = words;
  std::vector<char*> argv;
  for (std::string& word : copy) argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out, 1);
  posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  pid_t pid = 0;
  const int failed = posix_spawn(&pid, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) return io_error("cannot start " + words.front() + ", which reads version 7.3: " + reason(failed));
  return pid;
}

/// All that comes, within the bounds of an answer. The helper's own alarm bounds the time.
Result<std::string> read_answer(int from) {
  constexpr std::size_t kMost = kMaxHead + sizeof(double) * mat::kMaxNumbers;
  std::string answer;
  std::array<char, 1U << 16U> chunk{};
  while (true) {
    const ssize_t got = ::read(from, chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return io_error("the helper's answer cannot be read: " + reason(errno));
    if (got == 0) return answer;
    answer.append(chunk.data(), static_cast<std::size_t>(got));
    if (answer.size() > kMost) return too_large("its variables are over 16 Mi numbers");
  }
}

Json to_json(const MatVariable& variable) {
  Json json = Json::object();
  json.set("name", variable.name);
  json.set("kind", variable.kind);
  Json dims = Json::array();
  for (const std::uint64_t side : variable.dims) dims.push(side);
  json.set("dims", std::move(dims));
  json.set("numbers", static_cast<std::uint64_t>(variable.numbers.size()));
  return json;
}

std::string one_line(std::string text) {
  constexpr std::size_t kLongest = 400;
  text.resize(std::min(text.size(), kLongest));
  std::ranges::replace_if(text, is_control, '?');
  return text;
}

Error no_answer() { return malformed("its reader gave no answer that makes sense: damaged"); }

/// Without its numbers; `count` is how many there are.
Result<MatVariable> from_json(const Json& json, std::uint64_t& count) {
  MatVariable variable;
  POISE_TRY(const std::string name, json.string("name"));
  POISE_TRY(const std::string kind, json.string("kind"));
  POISE_TRY(const std::int64_t numbers, json.integer("numbers"));
  const Json* dims = json.find("dims");
  if (dims == nullptr || !dims->is_array() || dims->as_array().size() > mat::kMaxRank || numbers < 0)
    return no_answer();
  variable.name = mat::printable(name);
  variable.kind = mat::printable(kind);
  for (const Json& side : dims->as_array()) {
    if (!side.is_integer() || side.as_integer() < 0) return no_answer();
    variable.dims.push_back(static_cast<std::uint64_t>(side.as_integer()));
  }
  count = static_cast<std::uint64_t>(numbers);
  if (count == 0) return variable;
  POISE_TRY(const std::uint64_t product, mat::count_of(variable.dims));
  if (product != count) return no_answer();
  return variable;
}

}  // namespace

std::string mat_answer(const Result<std::vector<MatVariable>>& variables) {
  Json head = Json::object();
  if (!variables.ok()) {
    head.set("code", static_cast<int>(variables.error().code));
    head.set("error", variables.error().message);
    return head.dump() + "\n";
  }
  Json list = Json::array();
  for (const MatVariable& variable : *variables) list.push(to_json(variable));
  head.set("variables", std::move(list));
  std::string answer = head.dump() + "\n";
  for (const MatVariable& variable : *variables) {
    answer.append(reinterpret_cast<const char*>(variable.numbers.data()), sizeof(double) * variable.numbers.size());
  }
  return answer;
}

Result<std::vector<MatVariable>> parse_mat_answer(std::string_view answer) {
  const std::size_t end = answer.substr(0, kMaxHead).find('\n');
  if (end == std::string_view::npos) return no_answer();
  const auto head = parse_json(answer.substr(0, end));
  if (!head.ok()) return no_answer();
  std::string_view rest = answer.substr(end + 1);
  if (const auto message = head->string("error"); message.ok()) {
    const auto code = head->integer("code");
    const bool known = code.ok() && *code >= 0 && *code <= static_cast<int>(ErrorCode::kIo);
    return Error{known ? static_cast<ErrorCode>(*code) : ErrorCode::kMalformed, one_line(*message)};
  }
  const Json* list = head->find("variables");
  if (list == nullptr || !list->is_array() || list->as_array().size() > mat::kMaxVariables) return no_answer();
  std::vector<MatVariable> variables;
  for (const Json& one : list->as_array()) {
    std::uint64_t count = 0;
    auto variable = from_json(one, count);
    if (!variable.ok() || count > rest.size() / sizeof(double)) return no_answer();
    variable->numbers.resize(count);
    if (count > 0) std::memcpy(variable->numbers.data(), rest.data(), sizeof(double) * count);
    rest.remove_prefix(sizeof(double) * count);
    variables.push_back(std::move(*variable));
  }
  if (!rest.empty()) return no_answer();
  return variables;
}

Result<std::vector<MatVariable>> read_mat_hdf5(const std::filesystem::path& path,
                                               const std::vector<std::string>& helper) {
  if (helper.empty()) return invalid_argument("no helper is named that reads version 7.3");
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return io_error("no pipe to the helper: " + reason(errno));
  Descriptor from(ends[0]);
  Descriptor to(ends[1]);
  std::vector<std::string> words = helper;
  words.push_back(std::filesystem::absolute(path).string());
  POISE_TRY(const pid_t pid, start(words, to.get()));
  to.close();
  const auto answer = read_answer(from.get());
  from.close();  // a helper that still writes ends
  const int status = wait_for(pid);
  POISE_RETURN_IF_ERROR(answer);
  if (WIFSIGNALED(status)) {
    return malformed(std::string("damaged: libhdf5, which reads version 7.3, was stopped (") +
                     strsignal(WTERMSIG(status)) + "): save it as version 7");
  }
  return parse_mat_answer(*answer);
}

Status serve_mat_hdf5(const std::filesystem::path& path, int descriptor) {
  confine_process();
  const std::string answer = mat_answer([&]() -> Result<std::vector<MatVariable>> {
    try {
      return read_mat_hdf5_here(path);
    } catch (const std::exception&) {
      return too_large("it takes more than 1 GiB of memory");
    }
  }());
  for (std::size_t done = 0; done < answer.size();) {
    const ssize_t wrote = ::write(descriptor, answer.data() + done, answer.size() - done);
    if (wrote < 0 && errno != EINTR) return io_error("the answer cannot be written: " + reason(errno));
    if (wrote > 0) done += static_cast<std::size_t>(wrote);
  }
  return {};
}

}  // namespace poise
