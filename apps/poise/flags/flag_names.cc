#include "flags/flag_names.h"

#include <array>
#include <string_view>

namespace poise::app {
namespace {

struct FlagName {
  std::string_view library, program;
};
/// What begins with another entry stands before it.
constexpr std::array<FlagName, 17> kNames{
    {{R"(option "preset" of the detector)", "--detector-preset"},
     {R"(option "preset")", "--preset"},
     {R"(option "model")", "--model"},
     {R"(option "detector")", "--detector"},
     {R"(option "sigmas")", "--sigmas"},
     {R"(option "area_from_box")", "--area box"},
     {R"(option "backend")", "--backend"},
     {R"(option "precision")", "--precision"},
     {R"(option "deterministic")", "--deterministic"},
     {R"(option "device")", "--device"},
     {R"(option "network")", "--arch"},
     {R"(option "config")", "--config"},
     {R"(option "data")", "--data"},
     {R"(option "out")", "--out"},
     {R"(option "resume")", "--resume"},
     {R"(as card member "skeleton")", R"(as card member "skeleton" (--skeleton))"},
     {"as a build of all of Poise writes it",
      "as `poise train CONFIG --print-config` writes it where all of Poise is built"}}};

}  // namespace

std::string with_flags(std::string message) {
  for (const FlagName& name : kNames) {
    std::size_t at = message.find(name.library);
    while (at != std::string::npos) {
      message.replace(at, name.library.size(), name.program);
      at = message.find(name.library, at + name.program.size());
    }
  }
  return message;
}

}  // namespace poise::app
