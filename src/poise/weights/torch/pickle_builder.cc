#include "poise/weights/torch/pickle_builder.h"

#include <algorithm>

namespace poise {

PickleBuilder::PickleBuilder(BytesView bytes) {
  out_.view_ = bytes;
  out_.growing_.emplace_back();
}

/// Before the memory is taken.
Status PickleBuilder::charge(std::size_t bytes) {
  constexpr std::size_t kMaxValues = 16ULL << 20U;
  charged_ += bytes;
  if (charged_ > kMaxValues) return too_large("the pickle's values take more than 16 MiB");
  return {};
}

Result<Pickle::Ref> PickleBuilder::make(PickleKind kind, std::int64_t value, std::size_t count) {
  POISE_RETURN_IF_ERROR(charge(sizeof(Pickle::Cell)));
  const auto ref = static_cast<Ref>(out_.cells_.size());
  out_.cells_.push_back({kind, static_cast<std::uint32_t>(count), value});
  return ref;
}

Result<Pickle::Ref> PickleBuilder::make_tuple(std::span<const Ref> items) {
  const auto place = static_cast<std::int64_t>(out_.tuples_.size());
  POISE_RETURN_IF_ERROR(charge(items.size_bytes()));
  out_.tuples_.insert(out_.tuples_.end(), items.begin(), items.end());
  return make(PickleKind::kTuple, place, items.size());
}

Result<Pickle::Ref> PickleBuilder::make_container(PickleKind kind, std::span<const Ref> items) {
  POISE_TRY(const Ref ref, make(kind));
  POISE_RETURN_IF_ERROR(grow(ref, items));
  return ref;
}

Result<Pickle::Ref> PickleBuilder::make_dict_of(Ref arguments) {
  std::vector<Ref> items;
  if (out_.count(arguments) > 0) {
    const Ref pairs = out_.child(arguments, 0);
    if (!out_.is(pairs, PickleKind::kList)) return malformed("the pickle makes a dictionary of no list");
    POISE_RETURN_IF_ERROR(charge(2 * sizeof(Ref) * out_.count(pairs)));
    for (std::size_t i = 0; i < out_.count(pairs); ++i) {
      const Ref pair = out_.child(pairs, i);
      const bool fits = out_.is(pair, PickleKind::kList) || out_.is(pair, PickleKind::kTuple);
      if (!fits || out_.count(pair) != 2) return malformed("the pickle makes a dictionary of what are no pairs");
      items.push_back(out_.child(pair, 0));
      items.push_back(out_.child(pair, 1));
    }
  }
  return make_container(PickleKind::kDict, items);
}

Status PickleBuilder::grow(Ref ref, std::span<const Ref> items) {
  if (items.empty()) return {};
  Pickle::Cell& cell = out_.cells_[ref];
  if (cell.kind == PickleKind::kDict && items.size() % 2 != 0)
    return malformed("the pickle holds a key without a value");
  if (cell.value == 0) {  // until then all share the empty one
    constexpr std::size_t kOverhead = 64;
    POISE_RETURN_IF_ERROR(charge(kOverhead));
    cell.value = static_cast<std::int64_t>(out_.growing_.size());
    out_.growing_.emplace_back();
  }
  std::vector<Ref>& children = out_.growing_[static_cast<std::size_t>(cell.value)];
  POISE_RETURN_IF_ERROR(charge(2 * items.size_bytes()));  // a vector may have twice the room it needs
  children.insert(children.end(), items.begin(), items.end());
  return {};
}

Result<Pickle> PickleBuilder::finish(Ref root, std::uint64_t end) {
  out_.root_ = root;
  out_.end_ = end;
  POISE_RETURN_IF_ERROR(check_depth());
  return std::move(out_);
}

/// Walks down from the root; what was seen once is not walked again, however often it is mentioned.
Status PickleBuilder::check_depth() const {
  constexpr std::size_t kMaxDepth = 100;
  constexpr std::uint8_t kUnseen = 0;
  constexpr std::uint8_t kOpen = 255;
  struct Visit {
    Ref ref;
    std::size_t next = 0;
    std::uint8_t below = 0;  // levels below this value
  };
  std::vector<std::uint8_t> levels(out_.cells(), kUnseen);  // 1 for a value without children
  std::vector<Visit> path{{out_.root_}};
  levels[out_.root_] = kOpen;
  while (!path.empty()) {
    Visit& visit = path.back();
    if (visit.next < out_.count(visit.ref)) {
      const Ref child = out_.child(visit.ref, visit.next++);
      const std::uint8_t seen = levels[child];
      if (seen == kOpen) return malformed("the pickle holds a value that contains itself: refused");
      const std::size_t below = seen == kUnseen ? 1 : seen;
      if (path.size() + below > kMaxDepth) return malformed("the pickle is nested deeper than 100 levels");
      if (seen == kUnseen) {
        levels[child] = kOpen;
        path.push_back({child});
      } else {
        visit.below = std::max(visit.below, seen);
      }
      continue;
    }
    const auto here = static_cast<std::uint8_t>(visit.below + 1);
    levels[visit.ref] = here;
    path.pop_back();
    if (!path.empty()) path.back().below = std::max(path.back().below, here);
  }
  return {};
}

}  // namespace poise
