#include "poise/base/linear.h"

#include <gtest/gtest.h>

#include "poise/base/random.h"

namespace poise {
namespace {

TEST(Linear, SolvesPositiveDefiniteSystems) {
  Random random(5);
  for (std::size_t n = 1; n < 12; ++n) {
    std::vector<double> factor(n * n), a(n * n, 0.0), x(n), b(n, 0.0);
    for (double& value : factor) value = random.normal();
    for (double& value : x) value = random.normal();
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) {
        for (std::size_t k = 0; k < n; ++k) a[i * n + j] += factor[i * n + k] * factor[j * n + k];
        if (i == j) a[i * n + j] += 0.1;
      }
    }
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) b[i] += a[i * n + j] * x[j];
    }
    ASSERT_TRUE(solve_positive(a, b));
    for (std::size_t i = 0; i < n; ++i) EXPECT_NEAR(b[i], x[i], 1e-8) << n;
  }
}

TEST(Linear, RefusesWhatIsNot) {
  std::vector<double> a{1, 2, 2, 1}, b{1, 1};
  EXPECT_FALSE(solve_positive(a, b));
  std::vector<double> zero(4, 0.0), c{1, 1};
  EXPECT_FALSE(solve_positive(zero, c));
}

}  // namespace
}  // namespace poise
