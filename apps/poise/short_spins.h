#pragma once

namespace poise::app {

/// Starts the program once more, with OpenMP's threads told to wait by a short spin (some 40 microseconds) and then to
/// sleep: libgomp reads that from the environment when it is loaded, and has no function for it. Threads that spin on
/// starve other work and each other; those that sleep at once are late for every small layer (a tenth of poise-small's
/// time, a quarter of a training's). Returns where OMP_WAIT_POLICY or GOMP_SPINCOUNT is set, or the start fails. Call
/// it first in main().
void start_with_short_spins(char** argv);

}  // namespace poise::app
