#include "poise/weights/torch/pickle.h"

#include <bit>

#include "poise/base/check.h"

namespace poise {

double Pickle::number(Ref ref) const { return std::bit_cast<double>(cells_[ref].value); }

BytesView Pickle::bytes(Ref ref) const {
  return view_.subspan(static_cast<std::size_t>(cells_[ref].value), cells_[ref].count);
}

std::string_view Pickle::text(Ref ref) const {
  const BytesView all = bytes(ref);
  return {reinterpret_cast<const char*>(all.data()), all.size()};
}

std::size_t Pickle::count(Ref ref) const {
  const Cell& cell = cells_[ref];
  switch (cell.kind) {
    case PickleKind::kTuple:
      return cell.count;
    case PickleKind::kList:
    case PickleKind::kDict:
    case PickleKind::kSet:
      return growing_[static_cast<std::size_t>(cell.value)].size();
    case PickleKind::kCall:
    case PickleKind::kPersistent:
      return 1;
    default:
      return 0;
  }
}

Pickle::Ref Pickle::child(Ref ref, std::size_t i) const {
  POISE_CHECK(i < count(ref));
  const Cell& cell = cells_[ref];
  const auto place = static_cast<std::size_t>(cell.value);
  if (cell.kind == PickleKind::kTuple) return tuples_[place + i];
  if (cell.kind == PickleKind::kCall || cell.kind == PickleKind::kPersistent) return static_cast<Ref>(place);
  return growing_[place][i];
}

}  // namespace poise
