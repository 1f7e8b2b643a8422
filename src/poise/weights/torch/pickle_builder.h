#pragma once
// What a pickle holds, put together while its opcodes are read (pickle.h).

#include <span>
#include <vector>

#include "poise/weights/torch/pickle.h"

namespace poise {

/// Makes a Pickle's values, within 16 MiB of memory: a network of 2,000 tensors with Adam's state takes 4 MB.
class PickleBuilder {
 public:
  using Ref = Pickle::Ref;

  explicit PickleBuilder(BytesView bytes);
  const Pickle& made() const { return out_; }

  /// Errors, here and below: kTooLarge, kMalformed (a key without a value).
  Result<Ref> make(PickleKind kind, std::int64_t value = 0, std::size_t count = 0);
  Result<Ref> make_tuple(std::span<const Ref> items);
  Result<Ref> make_container(PickleKind kind, std::span<const Ref> items);
  /// OrderedDict(): a dictionary. OrderedDict(pairs), as Python 2 writes it: the pairs' dictionary.
  Result<Ref> make_dict_of(Ref arguments);
  /// Adds to a list, dictionary or set.
  Status grow(Ref ref, std::span<const Ref> items);

  /// The whole, which reaches to `end`. Errors: kMalformed (a value that contains itself, over 100 levels).
  Result<Pickle> finish(Ref root, std::uint64_t end);

 private:
  Status charge(std::size_t bytes);
  Status check_depth() const;

  Pickle out_;
  std::size_t charged_ = 0;  // bytes of memory that values have taken
};

}  // namespace poise
