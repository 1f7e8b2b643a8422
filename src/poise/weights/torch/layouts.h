#pragma once
// The layouts in which parameters are stored, told apart by how a file starts. Adding one: its find function in a file
// of its own, and one line in layouts.cc.

#include <span>

#include "poise/weights/torch/stored_tensor.h"

namespace poise {

struct Layout {
  const char* name;  // "torch zip"
  bool (*recognises)(BytesView start);
  Result<StoredState> (*find)(ByteSource& source, const StateDictLimits& limits);
};
std::span<const Layout> layouts();

/// nullptr: the file is none of them.
const Layout* find_layout(BytesView start);

/// The first bytes of a source, as many as tell its kind, or all of a shorter one. Errors: those of ByteSource::read.
Result<Bytes> read_start(ByteSource& source);

}  // namespace poise
