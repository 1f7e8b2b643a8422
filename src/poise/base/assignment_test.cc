#include "poise/base/assignment.h"

#include <gtest/gtest.h>

#include <limits>
#include <stdexcept>

#include "poise/base/random.h"

namespace poise {
namespace {

constexpr double kForbidden = std::numeric_limits<double>::infinity();

struct Best {
  int pairs = 0;
  double sum = 0;
  bool better_than(const Best& other) const { return pairs > other.pairs || (pairs == other.pairs && sum < other.sum); }
};

/// All ways to pair the rows from `row` on.
Best brute_force(const std::vector<double>& cost, int row, int rows, std::vector<bool>& taken) {
  if (row == rows) return {};
  Best best = brute_force(cost, row + 1, rows, taken);
  const std::size_t columns = taken.size();
  for (std::size_t column = 0; column < columns; ++column) {
    const double one = cost[static_cast<std::size_t>(row) * columns + column];
    if (taken[column] || one == kForbidden) continue;
    taken[column] = true;
    Best rest = brute_force(cost, row + 1, rows, taken);
    taken[column] = false;
    ++rest.pairs;
    rest.sum += one;
    if (rest.better_than(best)) best = rest;
  }
  return best;
}

/// Checks that no column is taken twice and no forbidden pair is taken.
Best value_of(const std::vector<int>& assigned, const std::vector<double>& cost, int columns) {
  Best value;
  std::vector<bool> taken(static_cast<std::size_t>(columns));
  for (std::size_t row = 0; row < assigned.size(); ++row) {
    if (assigned[row] < 0) continue;
    const auto column = static_cast<std::size_t>(assigned[row]);
    EXPECT_FALSE(taken.at(column));
    taken.at(column) = true;
    ++value.pairs;
    value.sum += cost[row * static_cast<std::size_t>(columns) + column];
  }
  EXPECT_LT(value.sum, kForbidden);
  return value;
}

TEST(Assignment, EqualsBruteForce) {
  for (std::uint64_t trial = 0; trial < 4000; ++trial) {
    Random random(1, trial);
    const int rows = static_cast<int>(random.below(7));
    const int columns = static_cast<int>(random.below(7));
    const double forbidden = trial % 2 == 0 ? 0.0 : random.uniform();
    std::vector<double> cost;
    for (int i = 0; i < rows * columns; ++i) {
      // Whole numbers tie often, and their sums are exact.
      const double value = trial % 3 == 0 ? random.uniform(-5, 5) : static_cast<double>(random.below(6)) - 3;
      cost.push_back(random.uniform() < forbidden ? kForbidden : value);
    }
    std::vector<bool> taken(static_cast<std::size_t>(columns));
    const Best wanted = brute_force(cost, 0, rows, taken);
    const auto assigned = assign(cost, rows, columns);
    ASSERT_EQ(assigned.size(), static_cast<std::size_t>(rows));
    const Best value = value_of(assigned, cost, columns);
    ASSERT_EQ(value.pairs, wanted.pairs) << trial;
    ASSERT_NEAR(value.sum, wanted.sum, 1e-12) << trial;
  }
}

TEST(Assignment, LeavesOutTheDearerOfTwoRowsThatWantOneColumn) {
  EXPECT_EQ(assign(std::vector<double>{5, kForbidden, 1, kForbidden}, 2, 2), (std::vector<int>{-1, 0}));
  EXPECT_EQ(assign(std::vector<double>{kForbidden, kForbidden}, 2, 1), (std::vector<int>{-1, -1}));
}

TEST(Assignment, MorePairsComeBeforeASmallerSum) {
  EXPECT_EQ(assign(std::vector<double>{0, 1e300, 1e300, kForbidden}, 2, 2), (std::vector<int>{1, 0}));
}

TEST(Assignment, EqualCostsGiveTheIdentity) {
  EXPECT_EQ(assign(std::vector<double>(12, 3.0), 3, 4), (std::vector<int>{0, 1, 2}));
  EXPECT_EQ(assign(std::vector<double>(12, 3.0), 4, 3), (std::vector<int>{0, 1, 2, -1}));
}

TEST(Assignment, NobodyIsPairedWithNobody) {
  EXPECT_TRUE(assign({}, 0, 5).empty());
  EXPECT_EQ(assign({}, 3, 0), (std::vector<int>{-1, -1, -1}));
}

TEST(Assignment, RefusesWhatIsNoCost) {
  EXPECT_THROW(assign(std::vector<double>{std::numeric_limits<double>::quiet_NaN()}, 1, 1), std::logic_error);
  EXPECT_THROW(assign(std::vector<double>{-kForbidden}, 1, 1), std::logic_error);
  EXPECT_THROW(assign(std::vector<double>{1, 2}, 1, 1), std::logic_error);
}

}  // namespace
}  // namespace poise
