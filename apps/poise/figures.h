#pragma once
// Figures as people read them: "3.7 s", "1 error", "2 min left".

#include <cstddef>
#include <string>

namespace poise::app {

/// "0.04 s", "3.7 s", "27 s", "2 min 5 s", "1 h 3 min".
std::string duration(double seconds);

/// Three digits that matter, never as 1e+03: "0.0412", "3.71", "83.2", "1204".
std::string figure(double value);

/// "8.3/s"; of what takes longer than a second each "2.1 s each".
std::string rate(double per_second);

}  // namespace poise::app
