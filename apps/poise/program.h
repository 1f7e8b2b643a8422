#pragma once
// The whole program as a function, for main() and for the Python module.

namespace poise::app {

/// Runs the command that the words name, after the program's own name; the exit code. Once a process at a time.
int run_program(int argc, char** argv);

}  // namespace poise::app
