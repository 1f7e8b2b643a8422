#include "poise/base/nearest.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <vector>

#include "poise/base/ascii.h"

namespace poise {
namespace {

/// `most` + 1 where it is over `most`.
std::size_t distance(std::string_view a, std::string_view b, std::size_t most) {
  if (std::max(a.size(), b.size()) - std::min(a.size(), b.size()) > most) return most + 1;
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (lower_case(a[i]) == lower_case(b[j]) ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return std::min(row.back(), most + 1);
}

}  // namespace

std::string nearest(std::string_view word, std::span<const std::string> known) {
  constexpr std::size_t kLongest = 200;  // names are shorter: what is longer is no slip of the hand
  if (word.size() > kLongest) return {};
  const std::size_t most = std::max<std::size_t>(2, word.size() / 3);
  std::size_t least = most + 1;
  std::string best;
  for (const std::string& name : known) {
    const std::size_t apart = distance(word, name, most);
    if (apart >= least || apart >= std::max(word.size(), name.size())) continue;
    least = apart;
    best = name;
  }
  return best;
}

}  // namespace poise
