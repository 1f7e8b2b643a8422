#include "poise/base/assignment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

namespace poise {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Sum {
  int pairs = 0;
  double cost = 0;
};

/// The most pairs at the least cost, by trying all orders of the columns (and of "none" for each row).
Sum best_of_all(const std::vector<double>& cost, int rows, int columns) {
  std::vector<int> order(static_cast<std::size_t>(rows + columns));
  std::iota(order.begin(), order.end(), 0);
  Sum best;
  best.pairs = -1;
  do {
    Sum sum;
    for (int r = 0; r < rows; ++r) {
      const int c = order[static_cast<std::size_t>(r)];
      if (c >= columns || cost[static_cast<std::size_t>(r * columns + c)] == kInfinity) continue;
      sum.pairs += 1;
      sum.cost += cost[static_cast<std::size_t>(r * columns + c)];
    }
    if (sum.pairs > best.pairs || (sum.pairs == best.pairs && sum.cost < best.cost)) best = sum;
  } while (std::next_permutation(order.begin(), order.end()));
  return best;
}

Sum sum_of(const std::vector<int>& column_of, const std::vector<double>& cost, int columns) {
  Sum sum;
  std::vector<int> used;
  for (std::size_t r = 0; r < column_of.size(); ++r) {
    if (column_of[r] < 0) continue;
    EXPECT_EQ(std::count(used.begin(), used.end(), column_of[r]), 0) << "a column twice";
    used.push_back(column_of[r]);
    sum.pairs += 1;
    sum.cost += cost[r * static_cast<std::size_t>(columns) + static_cast<std::size_t>(column_of[r])];
  }
  return sum;
}

TEST(Assignment, IsTheBestOfAll) {
  std::mt19937 random(1);
  std::uniform_real_distribution<double> value(-5, 5);
  for (int round = 0; round < 300; ++round) {
    const int rows = 1 + static_cast<int>(random() % 4);
    const int columns = 1 + static_cast<int>(random() % 4);
    std::vector<double> cost;
    for (int i = 0; i < rows * columns; ++i) cost.push_back(random() % 4 == 0 ? kInfinity : value(random));
    const Sum ours = sum_of(assign(cost, rows, columns), cost, columns);
    const Sum best = best_of_all(cost, rows, columns);
    EXPECT_EQ(ours.pairs, best.pairs);
    EXPECT_NEAR(ours.cost, best.cost, 1e-9);
  }
}

TEST(Assignment, NothingAndNobody) {
  EXPECT_TRUE(assign({}, 0, 3).empty());
  EXPECT_EQ(assign({}, 2, 0), (std::vector<int>{-1, -1}));
  EXPECT_EQ(assign(std::vector<double>{kInfinity}, 1, 1), std::vector<int>{-1});
}

TEST(Assignment, TwoHundredOfEachInAGivenOrder) {
  constexpr int kCount = 200;
  std::vector<double> cost(kCount * kCount);
  for (int r = 0; r < kCount; ++r) {
    for (int c = 0; c < kCount; ++c)
      cost[static_cast<std::size_t>(r * kCount + c)] = std::abs(c - (r * 7 + 3) % kCount);
  }
  const std::vector<int> column_of = assign(cost, kCount, kCount);
  for (int r = 0; r < kCount; ++r) EXPECT_EQ(column_of[static_cast<std::size_t>(r)], (r * 7 + 3) % kCount);
}

}  // namespace
}  // namespace poise
