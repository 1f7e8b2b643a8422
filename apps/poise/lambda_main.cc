// The program `bootstrap` of a function of AWS Lambda: `poise lambda`, alone and linked statically
// (scripts/lambda-zip).

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>
#include <string>
#include <vector>

#include "commands/command.h"
#include "console.h"
#include "poise/base/version.h"
#include "words.h"

namespace {

/// OpenMP reads its environment before main() begins, this before that. Threads that wait by spinning use up what a
/// function is granted; those that sleep at once are late for every small layer.
[[gnu::constructor(101)]] void wait_with_short_spins() {
  ::setenv("OMP_WAIT_POLICY", "PASSIVE", 0);
  ::setenv("GOMP_SPINCOUNT", "2000", 0);
}

/// Of the variable POISE_OPTIONS, since nobody gives a bootstrap words, then its own.
std::vector<std::string> all_words(int argc, char** argv) {
  const char* const given = std::getenv("POISE_OPTIONS");
  std::vector<std::string> words = CLI::detail::split_up(given == nullptr ? "" : given);
  for (std::string& word : poise::app::words_of(argc, argv)) words.push_back(std::move(word));
  return words;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  CLI::App app{"Poise as a function of AWS Lambda. Options stand in the variable POISE_OPTIONS, too.", "bootstrap"};
  app.set_version_flag("--version", std::string("poise ") + poise::kVersion);
  const poise::app::Action action = poise::app::make_lambda(app);
  int code = 0;
  if (!poise::app::parse_words(app, all_words(argc, argv), code)) return code;
  try {
    return action();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "poise: %s\n", poise::app::shown(error.what()).c_str());
  }
  return 1;
}
