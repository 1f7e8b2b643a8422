#include "poise/base/assignment.h"

#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "poise/base/check.h"

namespace poise {
namespace {

constexpr double kForbidden = std::numeric_limits<double>::infinity();

/// A cost in two parts, the first of which outweighs any second: rows left without a partner, then the sum of costs.
struct Ranked {
  double unpaired = 0;
  double cost = 0;
  friend Ranked operator+(Ranked a, Ranked b) { return {a.unpaired + b.unpaired, a.cost + b.cost}; }
  friend Ranked operator-(Ranked a, Ranked b) { return {a.unpaired - b.unpaired, a.cost - b.cost}; }
  friend bool operator<(Ranked a, Ranked b) {
    return a.unpaired < b.unpaired || (a.unpaired == b.unpaired && a.cost < b.cost);
  }
  friend bool operator==(Ranked a, Ranked b) { return a.unpaired == b.unpaired && a.cost == b.cost; }
};

/// The matrix as it is.
struct Plain {
  using Number = double;
  static constexpr Number kInfinite = kForbidden;
  std::span<const double> cost;
  int rows;
  int columns;
  Number operator()(int row, int column) const {
    return cost[static_cast<std::size_t>(row) * static_cast<std::size_t>(columns) + static_cast<std::size_t>(column)];
  }
};

/// Behind the matrix, one column a row that only this row may take: it stands for having no partner.
struct WithNobody {
  using Number = Ranked;
  static constexpr Number kInfinite{kForbidden, 0};
  std::span<const double> cost;
  int rows;
  int real_columns;
  int columns;
  Number operator()(int row, int column) const {
    if (column >= real_columns) return column - real_columns == row ? Number{1, 0} : kInfinite;
    const double one =
        cost[static_cast<std::size_t>(row) * static_cast<std::size_t>(real_columns) + static_cast<std::size_t>(column)];
    return one == kForbidden ? kInfinite : Number{0, one};
  }
};

template <typename Matrix>
class ShortestPaths {
 public:
  using Number = typename Matrix::Number;

  explicit ShortestPaths(const Matrix& matrix)
      : matrix_(matrix),
        row_price_(static_cast<std::size_t>(matrix.rows)),
        column_price_(static_cast<std::size_t>(matrix.columns)),
        distance_(static_cast<std::size_t>(matrix.columns)),
        from_(static_cast<std::size_t>(matrix.columns)),
        remaining_(static_cast<std::size_t>(matrix.columns)),
        row_of_(static_cast<std::size_t>(matrix.columns), -1),
        column_of_(static_cast<std::size_t>(matrix.rows), -1) {}

  /// The column of each row; nothing where some row can get none. At most as many rows as columns.
  std::vector<int> run() {
    for (int row = 0; row < matrix_.rows; ++row) {
      const int sink = find_path(row);
      if (sink < 0) return {};
      update_prices(row);
      augment(row, sink);
    }
    return std::move(column_of_);
  }

 private:
  static std::size_t at(int index) { return static_cast<std::size_t>(index); }

  /// Dijkstra over reduced costs from `start` to a column without a row; -1 where there is none.
  int find_path(int start) {
    const int columns = matrix_.columns;
    // Backwards, so that a matrix of equal costs gives the identity.
    for (int i = 0; i < columns; ++i) remaining_[at(i)] = columns - i - 1;
    distance_.assign(at(columns), Matrix::kInfinite);
    visited_rows_.clear();
    visited_columns_.clear();
    shortest_ = Number{};
    int left = columns;
    for (int row = start;;) {
      visited_rows_.push_back(row);
      const int place = relax(row, left);
      if (place < 0) return -1;
      const int column = remaining_[at(place)];
      visited_columns_.push_back(column);
      remaining_[at(place)] = remaining_[at(--left)];
      row = row_of_[at(column)];
      if (row < 0) return column;
    }
  }

  /// Lets paths to the columns not yet visited go through `row`; the place of the nearest one, a free one among equals.
  int relax(int row, int left) {
    int nearest = -1;
    Number lowest = Matrix::kInfinite;
    const Number price = row_price_[at(row)];
    for (int i = 0; i < left; ++i) {
      const int column = remaining_[at(i)];
      Number& distance = distance_[at(column)];
      const Number cost = matrix_(row, column);
      if (cost < Matrix::kInfinite) {
        const Number through = shortest_ + cost - price - column_price_[at(column)];
        if (through < distance) {
          from_[at(column)] = row;
          distance = through;
        }
      }
      if (distance < lowest || (nearest >= 0 && distance == lowest && row_of_[at(column)] < 0)) {
        lowest = distance;
        nearest = i;
      }
    }
    shortest_ = lowest;
    return nearest;
  }

  void update_prices(int start) {
    for (const int row : visited_rows_) {
      Number& price = row_price_[at(row)];
      price = price + (row == start ? shortest_ : shortest_ - distance_[at(column_of_[at(row)])]);
    }
    for (const int column : visited_columns_) {
      Number& price = column_price_[at(column)];
      price = price - (shortest_ - distance_[at(column)]);
    }
  }

  void augment(int start, int sink) {
    for (int column = sink;;) {
      const int row = from_[at(column)];
      row_of_[at(column)] = row;
      std::swap(column_of_[at(row)], column);
      if (row == start) return;
    }
  }

  const Matrix& matrix_;
  std::vector<Number> row_price_, column_price_, distance_;
  std::vector<int> from_, remaining_, row_of_, column_of_, visited_rows_, visited_columns_;
  Number shortest_{};
};

/// One column a row where all rows can have one; else nothing.
std::vector<int> assign_all(std::span<const double> cost, int rows, int columns) {
  if (rows <= columns) return ShortestPaths(Plain{cost, rows, columns}).run();
  std::vector<double> turned(cost.size());
  for (int row = 0; row < rows; ++row) {
    for (int column = 0; column < columns; ++column) {
      turned[static_cast<std::size_t>(column) * static_cast<std::size_t>(rows) + static_cast<std::size_t>(row)] =
          cost[static_cast<std::size_t>(row) * static_cast<std::size_t>(columns) + static_cast<std::size_t>(column)];
    }
  }
  const std::vector<int> row_of = ShortestPaths(Plain{turned, columns, rows}).run();
  if (row_of.empty()) return {};
  std::vector<int> column_of(static_cast<std::size_t>(rows), -1);
  for (int column = 0; column < columns; ++column) {
    column_of[static_cast<std::size_t>(row_of[static_cast<std::size_t>(column)])] = column;
  }
  return column_of;
}

}  // namespace

std::vector<int> assign(std::span<const double> cost, int rows, int columns) {
  POISE_CHECK(rows >= 0 && columns >= 0);
  POISE_CHECK(cost.size() == static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns));
  for (const double one : cost) POISE_CHECK(one > -kForbidden);
  std::vector<int> result(static_cast<std::size_t>(rows), -1);
  if (cost.empty()) return result;
  if (auto all = assign_all(cost, rows, columns); !all.empty()) return all;
  result = ShortestPaths(WithNobody{cost, rows, columns, columns + rows}).run();
  for (int& column : result) column = column < columns ? column : -1;
  return result;
}

}  // namespace poise
