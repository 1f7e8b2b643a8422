#pragma once
// Python's pickle format as inert data. The machine never calls, imports or builds an object: what a pickle wants to
// call is refused unless its name is on the caller's list, and then it is only noted, with its arguments.
// Source: CPython's Lib/pickletools.py.

#include <cstdint>
#include <deque>
#include <span>
#include <string_view>
#include <vector>

#include "poise/base/result.h"
#include "poise/weights/torch/byte_source.h"

namespace poise {

/// A name that a pickle may mention.
struct PickleGlobal {
  std::string_view module;
  std::string_view name;
  enum class Use : std::uint8_t { kName, kCall, kDict } use = Use::kName;  // kDict: calling it gives a dictionary
};

enum class PickleKind : std::uint8_t {
  kNone,
  kBool,
  kInt,
  kBigInt,  // beyond 64 bits: bytes(), little-endian
  kFloat,
  kText,
  kBytes,
  kTuple,
  kList,
  kDict,  // children are key, value, key, value, ...
  kSet,
  kGlobal,      // index() into the caller's list
  kCall,        // index() into the caller's list; its one child is the arguments' tuple
  kPersistent,  // its one child is the persistent identity
};

/// What one pickle holds. Values are numbered, so that a list that contains itself is harmless; there is none in what
/// read_pickle() gives, and nothing deeper than 100 levels. Texts are views of the pickle's bytes.
class Pickle {
 public:
  using Ref = std::uint32_t;

  Ref root() const { return root_; }
  std::uint64_t end() const { return end_; }           // the offset after the pickle in its source
  std::size_t cells() const { return cells_.size(); }  // each Ref below is a value, in the order they were made

  PickleKind kind(Ref ref) const { return cells_[ref].kind; }
  bool is(Ref ref, PickleKind wanted) const { return kind(ref) == wanted; }
  bool boolean(Ref ref) const { return cells_[ref].value != 0; }
  std::int64_t integer(Ref ref) const { return cells_[ref].value; }
  double number(Ref ref) const;
  BytesView bytes(Ref ref) const;
  std::string_view text(Ref ref) const;
  std::size_t index(Ref ref) const { return cells_[ref].count; }
  std::size_t count(Ref ref) const;  // children
  Ref child(Ref ref, std::size_t i) const;

 private:
  friend class PickleBuilder;
  friend Result<Pickle> read_pickle(ByteSource& source, std::uint64_t offset, std::span<const PickleGlobal> globals);
  struct Cell {
    PickleKind kind = PickleKind::kNone;
    std::uint32_t count = 0;  // bytes of a text, children of a tuple, index of a global or a call
    std::int64_t value = 0;   // number, place of the bytes, of the children, the one child
  };

  Bytes owned_;     // empty where the source lies in memory
  BytesView view_;  // of the pickle
  std::uint64_t end_ = 0;
  Ref root_ = 0;
  std::deque<Cell> cells_;                // deques, so that growing never holds everything twice
  std::deque<Ref> tuples_;                // children of tuples, one tuple after another
  std::deque<std::vector<Ref>> growing_;  // children of lists, dictionaries and sets; 0 is the empty one
};

/// Reads the pickle at `offset`: protocols 2 to 4 as PyTorch writes them. Errors, one line: kMalformed (truncated,
/// lengths that do not fit, a value that contains itself), kUnsupported (names what the pickle wants to call),
/// kTooLarge (over 8 MiB of pickle or 16 MiB of values), those of ByteSource. Memory: the pickle and its values.
Result<Pickle> read_pickle(ByteSource& source, std::uint64_t offset, std::span<const PickleGlobal> globals);

}  // namespace poise
