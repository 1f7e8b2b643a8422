#include "poise/track/signal_filters.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "poise/base/file.h"
#include "poise/base/json.h"

namespace poise {
namespace {

Json golden() {  // tests/golden/make_filters.py
  const std::string path = std::string(POISE_SOURCE_DIR) + "/tests/golden/filters.json";
  return parse_json(read_file(path, 1 << 20).value()).value();
}

std::vector<double> numbers(const Json& json) {
  std::vector<double> values;
  for (const Json& value : json.as_array()) values.push_back(value.as_number());
  return values;
}

TEST(SignalFilters, LowPassEqualsScipy) {
  const Json cases = golden();
  ASSERT_EQ(cases.find("low_pass")->as_array().size(), 5U);
  for (const Json& one : cases.find("low_pass")->as_array()) {
    const SecondOrderFilter filter =
        butterworth_low_pass(one.find("cutoff")->as_number(), one.find("rate")->as_number());
    const std::vector<double> b = numbers(*one.find("b")), a = numbers(*one.find("a"));
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_NEAR(filter.b.at(i), b[i], 1e-14);
      EXPECT_NEAR(filter.a.at(i), a[i], 1e-14);
    }
    const std::vector<double> wanted = numbers(*one.find("y"));
    const std::vector<double> had = filter_both_ways(filter, numbers(*one.find("x")));
    ASSERT_EQ(had.size(), wanted.size());
    for (std::size_t i = 0; i < had.size(); ++i) EXPECT_NEAR(had[i], wanted[i], 1e-10) << i;
  }
}

TEST(SignalFilters, OutliersEqualHampel) {
  const Json cases = golden();
  ASSERT_EQ(cases.find("outliers")->as_array().size(), 2U);
  for (const Json& one : cases.find("outliers")->as_array()) {
    const std::vector<double> x = numbers(*one.find("x")), wanted = numbers(*one.find("y"));
    std::vector<double> had = x;
    const auto replaced = replace_outliers(had, static_cast<int>(one.find("half_window")->as_integer()),
                                           one.find("deviations")->as_number());
    for (std::size_t i = 0; i < had.size(); ++i) {
      EXPECT_NEAR(had[i], wanted[i], 1e-12) << i;
      EXPECT_EQ(replaced[i], x[i] != wanted[i]) << i;
    }
  }
}

TEST(SignalFilters, OutliersOfLessThanTheLeastStay) {
  std::vector<double> values{0, 0, 0, 4, 0, 0, 0};
  EXPECT_FALSE(replace_outliers(values, 3, 3, 5)[3]);
  EXPECT_TRUE(replace_outliers(values, 3, 3, 3)[3]);
  EXPECT_EQ(values[3], 0);
}

TEST(SignalFilters, AStraightLineAndShortSignalsComeBack) {
  const SecondOrderFilter filter = butterworth_low_pass(6, 30);
  for (const std::size_t length : {0U, 1U, 2U, 5U, 9U, 10U, 50U}) {
    std::vector<double> line;
    for (std::size_t i = 0; i < length; ++i) line.push_back(7 + 3 * static_cast<double>(i));
    const std::vector<double> had = filter_both_ways(filter, line);
    ASSERT_EQ(had.size(), length);
    for (std::size_t i = 0; i < length; ++i) EXPECT_NEAR(had[i], line[i], 1) << length;
  }
}

TEST(SignalFilters, NothingComesLate) {
  const SecondOrderFilter filter = butterworth_low_pass(6, 30);
  std::vector<double> wave;
  for (int i = 0; i < 200; ++i) wave.push_back(std::sin(2 * std::numbers::pi * i / 30));
  const std::vector<double> had = filter_both_ways(filter, wave);
  for (std::size_t i = 20; i < 180; ++i) EXPECT_NEAR(had[i], wave[i], 0.002);
}

}  // namespace
}  // namespace poise
