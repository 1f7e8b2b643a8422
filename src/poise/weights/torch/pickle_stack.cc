#include "poise/weights/torch/pickle_stack.h"

#include <string>

namespace poise {
namespace {

constexpr std::size_t kMaxStack = 1U << 18U;
constexpr std::size_t kMaxMemo = 1U << 18U;

Error empty_stack() { return malformed("the pickle takes a value where there is none"); }

}  // namespace

Result<PickleStack::Ref> PickleStack::pop() {
  if (values_.size() <= floor()) return empty_stack();
  const Ref ref = values_.back();
  values_.pop_back();
  return ref;
}

Result<PickleStack::Ref> PickleStack::top() const {
  if (values_.size() <= floor()) return empty_stack();
  return values_.back();
}

Result<std::vector<PickleStack::Ref>> PickleStack::pop_many(std::size_t count) {
  if (values_.size() - floor() < count) return empty_stack();
  const auto from = values_.end() - static_cast<std::ptrdiff_t>(count);
  std::vector<Ref> items(from, values_.end());
  values_.erase(from, values_.end());
  return items;
}

Result<std::vector<PickleStack::Ref>> PickleStack::pop_mark() {
  if (marks_.empty()) return malformed("the pickle goes back to a mark where there is none");
  const auto from = values_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
  std::vector<Ref> items(from, values_.end());
  values_.erase(from, values_.end());
  marks_.pop_back();
  return items;
}

Status PickleStack::pop_value_or_mark() {
  if (values_.size() > floor()) {
    values_.pop_back();
    return {};
  }
  POISE_TRY([[maybe_unused]] const std::vector<Ref> items, pop_mark());
  return {};
}

Status PickleStack::get(std::uint64_t index) {
  if (index >= memo_.size() || memo_[index] == kNothing) {
    return malformed("the pickle recalls a value that it never kept");
  }
  values_.push_back(memo_[index]);
  return {};
}

Status PickleStack::put(std::uint64_t index) {
  if (index >= kMaxMemo) return too_large("the pickle keeps a value as number " + std::to_string(index));
  POISE_TRY(const Ref ref, top());
  if (index >= memo_.size()) memo_.resize(static_cast<std::size_t>(index) + 1, kNothing);
  memo_[index] = ref;
  return {};
}

PickleStack::Ref PickleStack::below(std::size_t depth) const {
  return values_.size() > depth ? values_[values_.size() - depth - 1] : kNothing;
}

Status PickleStack::check_depth() const {
  if (values_.size() > kMaxStack || marks_.size() > kMaxStack) return too_large("the pickle's stack is too deep");
  return {};
}

}  // namespace poise
