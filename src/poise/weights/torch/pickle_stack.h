#pragma once
// The stack, marks and memo of a pickle's machine. Errors: kMalformed (a value or mark that is not there), kTooLarge.

#include <cstdint>
#include <vector>

#include "poise/weights/torch/pickle.h"

namespace poise {

class PickleStack {
 public:
  using Ref = Pickle::Ref;
  static constexpr Ref kNothing = 0xffffffffU;

  void push(Ref ref) { values_.push_back(ref); }
  void mark() { marks_.push_back(static_cast<std::uint32_t>(values_.size())); }

  /// No deeper than the innermost mark.
  Result<Ref> pop();
  Result<Ref> top() const;
  /// The topmost ones, the deepest first.
  Result<std::vector<Ref>> pop_many(std::size_t count);
  /// What lies above the innermost mark; the mark goes.
  Result<std::vector<Ref>> pop_mark();
  /// A value, or with nothing above the innermost mark that mark, as CPython has it.
  Status pop_value_or_mark();

  /// The memo: pushes what was kept; keeps what is on top.
  Status get(std::uint64_t index);
  Status put(std::uint64_t index);
  Status memoize() { return put(memo_.size()); }

  bool empty() const { return values_.empty(); }
  /// Below the `depth` topmost ones, kNothing where the stack ends before.
  Ref below(std::size_t depth) const;
  /// The first above the innermost mark, kNothing where there is none.
  Ref first() const { return floor() < values_.size() ? values_[floor()] : kNothing; }
  Status check_depth() const;

 private:
  std::size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }

  std::vector<Ref> values_;
  std::vector<std::uint32_t> marks_;  // sizes of the stack
  std::vector<Ref> memo_;
};

}  // namespace poise
