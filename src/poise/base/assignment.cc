#include "poise/base/assignment.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>

#include "poise/base/check.h"

namespace poise {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Rows are given columns one by one; each takes the cheapest path over columns that are taken. rows <= columns.
class Assignment {
 public:
  Assignment(std::span<const double> cost, int rows, int columns)
      : cost_(cost),
        rows_(static_cast<std::size_t>(rows)),
        columns_(static_cast<std::size_t>(columns)),
        row_price_(rows_ + 1, 0.0),
        column_price_(columns_ + 1, 0.0),
        row_of_(columns_ + 1, rows_),
        before_(columns_ + 1, columns_) {}

  std::vector<std::size_t> solve() {
    for (std::size_t row = 0; row < rows_; ++row) add(row);
    return {row_of_.begin(), row_of_.begin() + static_cast<std::ptrdiff_t>(columns_)};
  }

 private:
  /// The place after the last column stands for "none": the new row begins there.
  void add(std::size_t row) {
    row_of_[columns_] = row;
    std::size_t column = columns_;
    std::vector<double> distance(columns_, kInfinity);
    std::vector<bool> done(columns_ + 1, false);
    do {
      done[column] = true;
      const std::size_t from = row_of_[column];
      double step = kInfinity;
      std::size_t next = columns_;
      for (std::size_t j = 0; j < columns_; ++j) {
        if (done[j]) continue;
        const double through = cost_[from * columns_ + j] - row_price_[from] - column_price_[j];
        if (through < distance[j]) {
          distance[j] = through;
          before_[j] = column;
        }
        if (distance[j] < step) {
          step = distance[j];
          next = j;
        }
      }
      for (std::size_t j = 0; j <= columns_; ++j) {
        if (done[j]) {
          row_price_[row_of_[j]] += step;
          column_price_[j] -= step;
        } else if (j < columns_) {
          distance[j] -= step;
        }
      }
      column = next;
    } while (row_of_[column] != rows_);
    while (column != columns_) {
      row_of_[column] = row_of_[before_[column]];
      column = before_[column];
    }
  }

  std::span<const double> cost_;
  std::size_t rows_, columns_;
  std::vector<double> row_price_, column_price_;
  std::vector<std::size_t> row_of_;  // rows_: nobody's
  std::vector<std::size_t> before_;  // the column that a column's path comes from
};

}  // namespace

std::vector<int> assign(std::span<const double> cost, int rows, int columns) {
  POISE_CHECK(rows >= 0 && columns >= 0);
  POISE_CHECK(cost.size() == static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns));
  std::vector<int> column_of(static_cast<std::size_t>(rows), -1);
  if (rows == 0 || columns == 0) return column_of;

  // A forbidden pair costs more than all others together, so that it is chosen where nothing else is left, and then
  // goes.
  double lowest = 0, highest = 0;
  for (const double value : cost) {
    POISE_CHECK(!std::isnan(value) && value != -kInfinity);
    if (value == kInfinity) continue;
    lowest = std::min(lowest, value);
    highest = std::max(highest, value);
  }
  const double forbidden = (highest - lowest + 1) * (std::min(rows, columns) + 1);
  const bool turned = rows > columns;  // more columns than rows are wanted
  std::vector<double> table(cost.size());
  for (int r = 0; r < rows; ++r) {
    for (int c = 0; c < columns; ++c) {
      const double value = cost[static_cast<std::size_t>(r * columns + c)];
      table[static_cast<std::size_t>(turned ? c * rows + r : r * columns + c)] =
          value == kInfinity ? forbidden : value - lowest;
    }
  }
  const std::vector<std::size_t> row_of = Assignment(table, std::min(rows, columns), std::max(rows, columns)).solve();
  for (std::size_t j = 0; j < row_of.size(); ++j) {
    if (row_of[j] >= static_cast<std::size_t>(std::min(rows, columns))) continue;
    const int row = static_cast<int>(turned ? j : row_of[j]);
    const int column = static_cast<int>(turned ? row_of[j] : j);
    const bool allowed = cost[static_cast<std::size_t>(row * columns + column)] != kInfinity;
    if (allowed) column_of[static_cast<std::size_t>(row)] = column;
  }
  return column_of;
}

}  // namespace poise
