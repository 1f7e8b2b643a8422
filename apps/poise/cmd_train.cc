#include <cstdlib>
#include <utility>

#include "command.h"
#include "console.h"
#include "launch.h"

namespace poise::app {

Action make_train(CLI::App& command) {
  command.set_help_flag();  // poise-train has its own
  command.prefix_command();
  return [&command] {
    // Compute threads that wait by spinning starve the threads that read pictures: several times slower on few cores.
    ::setenv("OMP_WAIT_POLICY", "PASSIVE", 0);
    Console(false).error(become("poise-train", command.remaining()).message);
    return 1;
  };
}

}  // namespace poise::app
