#include "program.h"
#include "short_spins.h"

int main(int argc, char** argv) {
  poise::app::start_with_short_spins(argv);
  return poise::app::run_program(argc, argv);
}
