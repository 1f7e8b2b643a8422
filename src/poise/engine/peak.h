#pragma once
// What the processor multiplies at most, measured: the yardstick beside which a layer's speed means something.

#include "poise/engine/session.h"

namespace poise {

/// Multiply-adds a second of `threads` threads (0: all) that keep all operands in registers, the best of some short
/// runs (about 50 ms). 0: this processor has no such instructions, or no measure for them is built in. Thread-safe.
double measured_peak(Precision precision, int threads);

}  // namespace poise
