// .mat files of version 7.3. The answer of the process that reads them is parsed here, whatever it says; a file that
// looks like one is given to such a process, which this program is itself. libhdf5 crashes there: that is an error.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string_view>

#include "poise/formats/mat_hdf5.h"
#include "scratch_file.h"

namespace {

void check(const poise::Result<std::vector<poise::MatVariable>>& variables) {
  if (!variables) {
    if (variables.error().message.empty() || variables.error().message.find('\n') != std::string::npos) std::abort();
    return;
  }
  for (const poise::MatVariable& variable : *variables) {
    if (variable.numbers.empty()) continue;
    std::uint64_t count = 1;
    for (const std::uint64_t side : variable.dims) count *= side;
    if (count != variable.numbers.size()) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  if (*argc == 3 && std::strcmp((*argv)[1], poise::kMatHelper) == 0)
    std::_Exit(poise::serve_mat_hdf5((*argv)[2], 1).ok() ? 0 : 1);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (!text.starts_with("MATLAB 7.3")) {
    check(poise::parse_mat_answer(text));
    return 0;
  }
  static const ScratchFolder folder;
  static const std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
  check(poise::read_mat_hdf5(folder.write("file.mat", data, size), {self, poise::kMatHelper}));
  return 0;
}
