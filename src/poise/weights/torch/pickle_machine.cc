#include <algorithm>
#include <array>
#include <cstring>
#include <string>

#include "poise/base/printable.h"
#include "poise/weights/torch/pickle.h"
#include "poise/weights/torch/pickle_builder.h"
#include "poise/weights/torch/pickle_input.h"
#include "poise/weights/torch/pickle_opcodes.h"
#include "poise/weights/torch/pickle_stack.h"

namespace poise {
namespace {

Error refused(const std::string& what) {
  return unsupported("the pickle wants to " + what + ": refused, nothing was run; save the state_dict alone");
}

std::string dotted(std::string_view module, std::string_view name) {
  const std::string quoted = printable(std::string(module) + "." + std::string(name));
  return quoted.substr(1, quoted.size() - 2);
}

/// One run over one pickle's bytes.
class PickleMachine {
 public:
  using Ref = Pickle::Ref;

  PickleMachine(BytesView bytes, std::span<const PickleGlobal> globals)
      : input_(bytes), globals_(globals), builder_(bytes) {}

  bool cut_short() const { return input_.cut_short(); }

  Result<Pickle> run() {
    while (true) {
      POISE_TRY(const std::uint8_t opcode, input_.take_u8());
      if (opcode == kStop) break;
      POISE_RETURN_IF_ERROR(step(opcode));
      POISE_RETURN_IF_ERROR(stack_.check_depth());
    }
    POISE_TRY(const Ref root, stack_.pop());
    if (!stack_.empty()) return malformed("the pickle leaves values on its stack");
    return builder_.finish(root, input_.at());
  }

 private:
  Status push(PickleKind kind, std::int64_t value = 0, std::size_t count = 0) {
    return push(builder_.make(kind, value, count));
  }

  Status push(const Result<Ref>& made) {
    if (!made) return made.error();
    stack_.push(*made);
    return {};
  }

  /// The value stays where it is in the pickle.
  Status push_bytes(PickleKind kind, std::uint64_t length) {
    const std::size_t place = input_.at();
    POISE_TRY(const BytesView taken, input_.take(length));
    return push(kind, static_cast<std::int64_t>(place), taken.size());
  }

  Status push_sized(PickleKind kind, std::size_t width) {
    POISE_TRY(const std::uint64_t length, input_.take_number(width));
    return push_bytes(kind, length);
  }

  Status push_long(std::size_t width) {
    POISE_TRY(const std::uint64_t length, input_.take_number(width));
    if (width == 4 && length > 0x7fffffffU) return malformed("the pickle holds a number of negative length");
    if (length > sizeof(std::int64_t)) return push_bytes(PickleKind::kBigInt, length);
    POISE_TRY(const BytesView taken, input_.take(length));
    std::int64_t value = !taken.empty() && taken.back() >= 0x80U ? -1 : 0;  // two's complement
    if (!taken.empty()) std::memcpy(&value, taken.data(), taken.size());
    return push(PickleKind::kInt, value);
  }

  Status push_float() {
    POISE_TRY(const std::uint64_t bits, input_.take_number(8));
    return push(PickleKind::kFloat, static_cast<std::int64_t>(__builtin_bswap64(bits)));  // big-endian, unlike the rest
  }

  Status pop_tuple(std::size_t count) {
    POISE_TRY(const std::vector<Ref> items, stack_.pop_many(count));
    return push(builder_.make_tuple(items));
  }

  /// Adds to the container on top of the stack.
  Status add(PickleKind kind, std::span<const Ref> items) {
    POISE_TRY(const Ref target, stack_.top());
    if (values().kind(target) != kind) return malformed("the pickle adds to a value that is no container of that kind");
    return builder_.grow(target, items);
  }

  Status add_marked(PickleKind kind) {
    POISE_TRY(const std::vector<Ref> items, stack_.pop_mark());
    return add(kind, items);
  }

  Status append() {
    POISE_TRY(const Ref item, stack_.pop());
    return add(PickleKind::kList, std::span(&item, 1));
  }

  Status set_item() {
    POISE_TRY(const Ref value, stack_.pop());
    POISE_TRY(const Ref key, stack_.pop());
    const std::array<Ref, 2> items{key, value};
    return add(PickleKind::kDict, items);
  }

  Status global(std::string_view module, std::string_view name) {
    const auto found = std::find_if(globals_.begin(), globals_.end(), [&](const PickleGlobal& known) {
      return known.module == module && known.name == name;
    });
    if (found == globals_.end()) return refused("call " + dotted(module, name));
    return push(PickleKind::kGlobal, 0, static_cast<std::size_t>(found - globals_.begin()));
  }

  Status global_by_lines(bool call) {
    POISE_TRY(const std::string_view module, input_.take_line());
    POISE_TRY(const std::string_view name, input_.take_line());
    return call ? refused("call " + dotted(module, name)) : global(module, name);
  }

  Status stack_global() {
    POISE_TRY(const Ref name, stack_.pop());
    POISE_TRY(const Ref module, stack_.pop());
    if (!values().is(name, PickleKind::kText) || !values().is(module, PickleKind::kText))
      return malformed("the pickle names a function by something that is no text");
    return global(values().text(module), values().text(name));
  }

  Status reduce() {
    POISE_TRY(const Ref arguments, stack_.pop());
    POISE_TRY(const Ref function, stack_.pop());
    if (!values().is(function, PickleKind::kGlobal)) return refused("call a value that is no function");
    if (!values().is(arguments, PickleKind::kTuple)) return malformed("the pickle's arguments are no tuple");
    const PickleGlobal& known = globals_[values().index(function)];
    if (known.use == PickleGlobal::Use::kName) return refused("call " + dotted(known.module, known.name));
    if (known.use == PickleGlobal::Use::kDict) return push(builder_.make_dict_of(arguments));
    return push(PickleKind::kCall, arguments, values().index(function));
  }

  /// The state that a listed call's result takes, a dictionary's attributes: not needed, dropped.
  Status build() {
    POISE_TRY([[maybe_unused]] const Ref state, stack_.pop());
    POISE_TRY(const Ref target, stack_.top());
    if (!values().is(target, PickleKind::kDict) && !values().is(target, PickleKind::kCall))
      return refused("change a value's attributes");
    return {};
  }

  /// Names the class where that is what `callee` is.
  Status refuse_object(Ref callee) const {
    if (callee != PickleStack::kNothing && values().is(callee, PickleKind::kGlobal)) {
      const PickleGlobal& known = globals_[values().index(callee)];
      return refused("build an object of " + dotted(known.module, known.name));
    }
    return refused("build an object");
  }

  Status persistent() {
    POISE_TRY(const Ref identity, stack_.pop());
    return push(PickleKind::kPersistent, identity);
  }

  Status frame() {
    POISE_TRY(const std::uint64_t length, input_.take_number(8));
    if (length > input_.left()) return input_.take(length).error();
    return {};
  }

  const Pickle& values() const { return builder_.made(); }

  Status step(std::uint8_t opcode);
  Status step_number_or_text(std::uint8_t opcode);
  Status step_container(std::uint8_t opcode);

  PickleInput input_;
  std::span<const PickleGlobal> globals_;
  PickleBuilder builder_;
  PickleStack stack_;
};

Status PickleMachine::step(std::uint8_t opcode) {
  switch (opcode) {
    case kProto: {
      POISE_TRY(const std::uint8_t version, input_.take_u8());
      if (version > 5) return unsupported("the pickle has protocol " + std::to_string(version));
      return {};
    }
    case kFrame:
      return frame();
    case kPop:
      return stack_.pop_value_or_mark();
    case kPopMark: {
      POISE_TRY([[maybe_unused]] const std::vector<Ref> items, stack_.pop_mark());
      return {};
    }
    case kDup: {
      POISE_TRY(const Ref ref, stack_.top());
      stack_.push(ref);
      return {};
    }
    case kMark:
      stack_.mark();
      return {};
    case kBinGet:
    case kLongBinGet: {
      POISE_TRY(const std::uint64_t index, input_.take_number(opcode == kBinGet ? 1 : 4));
      return stack_.get(index);
    }
    case kBinPut:
    case kLongBinPut: {
      POISE_TRY(const std::uint64_t index, input_.take_number(opcode == kBinPut ? 1 : 4));
      return stack_.put(index);
    }
    case kMemoize:
      return stack_.memoize();
    case kGlobal:
    case kInst:
      return global_by_lines(opcode == kInst);
    case kStackGlobal:
      return stack_global();
    case kReduce:
      return reduce();
    case kBuild:
      return build();
    case kBinPersid:
      return persistent();
    case kObj:
      return refuse_object(stack_.first());
    case kNewObj:
      return refuse_object(stack_.below(1));  // under the arguments
    case kNewObjEx:
      return refuse_object(stack_.below(2));
    case kExt1:
    case kExt2:
    case kExt4:
      return refused("call an extension by its number");
    default:
      return step_container(opcode);
  }
}

Status PickleMachine::step_container(std::uint8_t opcode) {
  switch (opcode) {
    case kEmptyTuple:
      return push(builder_.make_tuple({}));
    case kTuple1:
    case kTuple2:
    case kTuple3:
      return pop_tuple(opcode - kTuple1 + 1U);
    case kEmptyList:
      return push(builder_.make_container(PickleKind::kList, {}));
    case kEmptyDict:
      return push(builder_.make_container(PickleKind::kDict, {}));
    case kEmptySet:
      return push(builder_.make_container(PickleKind::kSet, {}));
    case kTuple: {
      POISE_TRY(const std::vector<Ref> items, stack_.pop_mark());
      return push(builder_.make_tuple(items));
    }
    case kList:
    case kDict: {
      POISE_TRY(const std::vector<Ref> items, stack_.pop_mark());
      return push(builder_.make_container(opcode == kList ? PickleKind::kList : PickleKind::kDict, items));
    }
    case kAppend:
      return append();
    case kSetItem:
      return set_item();
    case kAppends:
      return add_marked(PickleKind::kList);
    case kSetItems:
      return add_marked(PickleKind::kDict);
    case kAddItems:
      return add_marked(PickleKind::kSet);
    default:
      return step_number_or_text(opcode);
  }
}

Status PickleMachine::step_number_or_text(std::uint8_t opcode) {
  switch (opcode) {
    case kNone:
      return push(PickleKind::kNone);
    case kNewTrue:
    case kNewFalse:
      return push(PickleKind::kBool, opcode == kNewTrue ? 1 : 0);
    case kBinInt: {
      POISE_TRY(const std::uint64_t bits, input_.take_number(4));
      return push(PickleKind::kInt, static_cast<std::int32_t>(static_cast<std::uint32_t>(bits)));
    }
    case kBinInt1:
    case kBinInt2: {
      POISE_TRY(const std::uint64_t value, input_.take_number(opcode == kBinInt1 ? 1 : 2));
      return push(PickleKind::kInt, static_cast<std::int64_t>(value));
    }
    case kLong1:
      return push_long(1);
    case kLong4:
      return push_long(4);
    case kBinFloat:
      return push_float();
    case kShortBinUnicode:
    case kShortBinString:  // Python 2's texts
      return push_sized(PickleKind::kText, 1);
    case kBinUnicode:
    case kBinString:
      return push_sized(PickleKind::kText, 4);
    case kBinUnicode8:
      return push_sized(PickleKind::kText, 8);
    case kShortBinBytes:
      return push_sized(PickleKind::kBytes, 1);
    case kBinBytes:
      return push_sized(PickleKind::kBytes, 4);
    case kBinBytes8:
      return push_sized(PickleKind::kBytes, 8);
    default:
      return unsupported("the pickle has the opcode " + std::to_string(opcode) +
                         ", which no state_dict needs: nothing was run");
  }
}

}  // namespace

Result<Pickle> read_pickle(ByteSource& source, std::uint64_t offset, std::span<const PickleGlobal> globals) {
  if (offset >= source.size()) return malformed("a pickle is missing: is the file truncated?");
  const std::uint64_t most = std::min(kMaxPickle, source.size() - offset);
  const bool in_memory = !source.view().empty();
  // A file's pickle has no length: read a little, and more where that was not all.
  constexpr std::uint64_t kFirst = 1U << 16U;
  constexpr std::uint64_t kGrowth = 8;
  for (std::uint64_t window = in_memory ? most : std::min(most, kFirst);; window = std::min(most, window * kGrowth)) {
    Bytes owned(in_memory ? 0 : static_cast<std::size_t>(window));
    POISE_RETURN_IF_ERROR(source.read(offset, owned));
    const BytesView view =
        in_memory ? source.view().subspan(static_cast<std::size_t>(offset), static_cast<std::size_t>(window)) : owned;
    PickleMachine machine(view, globals);
    Result<Pickle> pickle = machine.run();
    if (pickle) {
      pickle->owned_ = std::move(owned);  // its bytes stay where they are
      pickle->end_ += offset;
      return pickle;
    }
    if (!machine.cut_short()) return pickle;
    if (window == kMaxPickle) return too_large("the pickle is over 8 MiB: save the state_dict alone");
    if (window == most) return pickle;
  }
}

}  // namespace poise
