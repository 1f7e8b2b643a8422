#include "short_spins.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <system_error>

void poise::app::start_with_short_spins(char** argv) {
  if (std::getenv("OMP_WAIT_POLICY") != nullptr || std::getenv("GOMP_SPINCOUNT") != nullptr) return;
  ::setenv("OMP_WAIT_POLICY", "PASSIVE", 1);
  ::setenv("GOMP_SPINCOUNT", "2000", 1);
  constexpr const char* kSelf = "/proc/self/exe";
  // By its own name, which is what ps and killall show; that is gone where a newer build took its place.
  std::error_code unknown;
  const std::filesystem::path name = std::filesystem::read_symlink(kSelf, unknown);
  if (!unknown && std::filesystem::exists(name, unknown)) ::execv(name.c_str(), argv);
  ::execv(kSelf, argv);
}
