#include <algorithm>
#include <array>
#include <cstring>
#include <string>

#include "poise/weights/pickle.h"
#include "poise/weights/pickle_builder.h"
#include "poise/weights/pickle_opcodes.h"
#include "poise/weights/printable.h"

namespace poise {
namespace {

constexpr std::uint64_t kMaxPickle = 8ULL << 20U;  // bytes; a network of 2,000 tensors with Adam's state has 1 MB
constexpr std::size_t kMaxStack = 1U << 18U;
constexpr std::size_t kMaxMemo = 1U << 18U;

Error refused(const std::string& what) {
  return unsupported("the pickle wants to " + what + ": refused, nothing was run; save the state_dict alone");
}

std::string dotted(std::string_view module, std::string_view name) {
  const std::string quoted = printable(std::string(module) + "." + std::string(name));
  return quoted.substr(1, quoted.size() - 2);
}

Error empty_stack() { return malformed("the pickle takes a value where there is none"); }

/// One run over one pickle's bytes.
class PickleMachine {
 public:
  using Ref = Pickle::Ref;
  static constexpr Ref kNothing = 0xffffffffU;

  PickleMachine(BytesView bytes, std::span<const PickleGlobal> globals)
      : bytes_(bytes), globals_(globals), builder_(bytes) {}

  /// After an error: whether more bytes would have let the machine go on.
  bool cut_short() const { return cut_short_; }

  Result<Pickle> run() {
    while (true) {
      POISE_TRY(const std::uint8_t opcode, take_u8());
      if (opcode == kStop) break;
      POISE_RETURN_IF_ERROR(step(opcode));
      if (stack_.size() > kMaxStack || marks_.size() > kMaxStack) return too_large("the pickle's stack is too deep");
    }
    POISE_TRY(const Ref root, pop());
    if (!stack_.empty()) return malformed("the pickle leaves values on its stack");
    return builder_.finish(root, at_);
  }

 private:
  Result<BytesView> take(std::uint64_t count) {
    if (count > bytes_.size() - at_) {
      cut_short_ = count <= kMaxPickle;
      return malformed("the pickle is cut short: it wants " + std::to_string(count) + " bytes, there are " +
                       std::to_string(bytes_.size() - at_));
    }
    const BytesView taken = bytes_.subspan(at_, static_cast<std::size_t>(count));
    at_ += taken.size();
    return taken;
  }

  Result<std::uint8_t> take_u8() {
    POISE_TRY(const BytesView byte, take(1));
    return byte[0];
  }

  /// Little-endian, of 1, 2, 4 or 8 bytes.
  Result<std::uint64_t> take_number(std::size_t width) {
    POISE_TRY(const BytesView taken, take(width));
    std::uint64_t value = 0;
    std::memcpy(&value, taken.data(), width);
    return value;
  }

  Result<std::string_view> take_line() {
    constexpr std::size_t kLongest = 256;
    const BytesView rest = bytes_.subspan(at_);
    const auto end = std::find(rest.begin(), rest.begin() + std::min(rest.size(), kLongest), '\n');
    const auto length = static_cast<std::size_t>(end - rest.begin());
    if (length == kLongest) return malformed("the pickle holds a module name over 256 bytes long");
    POISE_TRY(const BytesView taken, take(length + 1));  // an error where there is no line end
    return std::string_view(reinterpret_cast<const char*>(taken.data()), length);
  }

  Status push(PickleKind kind, std::int64_t value = 0, std::size_t count = 0) {
    return push(builder_.make(kind, value, count));
  }

  Status push(const Result<Ref>& made) {
    if (!made) return made.error();
    stack_.push_back(*made);
    return {};
  }

  /// The value stays where it is in the pickle.
  Status push_bytes(PickleKind kind, std::uint64_t length) {
    const std::size_t place = at_;
    POISE_TRY(const BytesView taken, take(length));
    return push(kind, static_cast<std::int64_t>(place), taken.size());
  }

  Status push_sized(PickleKind kind, std::size_t width) {
    POISE_TRY(const std::uint64_t length, take_number(width));
    return push_bytes(kind, length);
  }

  Status push_long(std::size_t width) {
    POISE_TRY(const std::uint64_t length, take_number(width));
    if (width == 4 && length > 0x7fffffffU) return malformed("the pickle holds a number of negative length");
    if (length > sizeof(std::int64_t)) return push_bytes(PickleKind::kBigInt, length);
    POISE_TRY(const BytesView taken, take(length));
    std::int64_t value = !taken.empty() && taken.back() >= 0x80U ? -1 : 0;  // two's complement
    if (!taken.empty()) std::memcpy(&value, taken.data(), taken.size());
    return push(PickleKind::kInt, value);
  }

  Status push_float() {
    POISE_TRY(const std::uint64_t bits, take_number(8));
    return push(PickleKind::kFloat, static_cast<std::int64_t>(__builtin_bswap64(bits)));  // big-endian, unlike the rest
  }

  /// No deeper than the innermost mark.
  Result<Ref> pop() {
    if (stack_.size() <= floor()) return empty_stack();
    const Ref ref = stack_.back();
    stack_.pop_back();
    return ref;
  }

  Result<Ref> top() const {
    if (stack_.size() <= floor()) return empty_stack();
    return stack_.back();
  }

  std::size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }

  /// What lies above the innermost mark; the mark goes.
  Result<std::vector<Ref>> pop_mark() {
    if (marks_.empty()) return malformed("the pickle goes back to a mark where there is none");
    const auto from = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
    std::vector<Ref> items(from, stack_.end());
    stack_.erase(from, stack_.end());
    marks_.pop_back();
    return items;
  }

  Status pop_tuple(std::size_t count) {
    if (stack_.size() - floor() < count) return empty_stack();
    const auto from = stack_.end() - static_cast<std::ptrdiff_t>(count);
    const std::vector<Ref> items(from, stack_.end());
    stack_.erase(from, stack_.end());
    return push(builder_.make_tuple(items));
  }

  /// Adds to the container on top of the stack.
  Status add(PickleKind kind, std::span<const Ref> items) {
    POISE_TRY(const Ref target, top());
    if (values().kind(target) != kind) return malformed("the pickle adds to a value that is no container of that kind");
    return builder_.grow(target, items);
  }

  Status add_marked(PickleKind kind) {
    POISE_TRY(const std::vector<Ref> items, pop_mark());
    return add(kind, items);
  }

  Status append() {
    POISE_TRY(const Ref item, pop());
    return add(PickleKind::kList, std::span(&item, 1));
  }

  Status set_item() {
    POISE_TRY(const Ref value, pop());
    POISE_TRY(const Ref key, pop());
    const std::array<Ref, 2> items{key, value};
    return add(PickleKind::kDict, items);
  }

  Status get(std::uint64_t index) {
    if (index >= memo_.size() || memo_[index] == kNothing)
      return malformed("the pickle recalls a value that it never kept");
    stack_.push_back(memo_[index]);
    return {};
  }

  Status put(std::uint64_t index) {
    if (index >= kMaxMemo) return too_large("the pickle keeps a value as number " + std::to_string(index));
    POISE_TRY(const Ref ref, top());
    if (index >= memo_.size()) memo_.resize(static_cast<std::size_t>(index) + 1, kNothing);
    memo_[index] = ref;
    return {};
  }

  Status global(std::string_view module, std::string_view name) {
    const auto found = std::find_if(globals_.begin(), globals_.end(), [&](const PickleGlobal& known) {
      return known.module == module && known.name == name;
    });
    if (found == globals_.end()) return refused("call " + dotted(module, name));
    return push(PickleKind::kGlobal, 0, static_cast<std::size_t>(found - globals_.begin()));
  }

  Status global_by_lines(bool call) {
    POISE_TRY(const std::string_view module, take_line());
    POISE_TRY(const std::string_view name, take_line());
    return call ? refused("call " + dotted(module, name)) : global(module, name);
  }

  Status stack_global() {
    POISE_TRY(const Ref name, pop());
    POISE_TRY(const Ref module, pop());
    if (!values().is(name, PickleKind::kText) || !values().is(module, PickleKind::kText))
      return malformed("the pickle names a function by something that is no text");
    return global(values().text(module), values().text(name));
  }

  Status reduce() {
    POISE_TRY(const Ref arguments, pop());
    POISE_TRY(const Ref function, pop());
    if (!values().is(function, PickleKind::kGlobal)) return refused("call a value that is no function");
    if (!values().is(arguments, PickleKind::kTuple)) return malformed("the pickle's arguments are no tuple");
    const PickleGlobal& known = globals_[values().index(function)];
    if (known.use == PickleGlobal::Use::kName) return refused("call " + dotted(known.module, known.name));
    if (known.use == PickleGlobal::Use::kDict) return push(builder_.make_dict_of(arguments));
    return push(PickleKind::kCall, arguments, values().index(function));
  }

  /// The state that a listed call's result takes, a dictionary's attributes: not needed, dropped.
  Status build() {
    POISE_TRY([[maybe_unused]] const Ref state, pop());
    POISE_TRY(const Ref target, top());
    if (!values().is(target, PickleKind::kDict) && !values().is(target, PickleKind::kCall))
      return refused("change a value's attributes");
    return {};
  }

  /// Names the class, where it lies at `place` on the stack.
  Status refuse_object(std::size_t place) const {
    if (place < stack_.size() && values().is(stack_[place], PickleKind::kGlobal)) {
      const PickleGlobal& known = globals_[values().index(stack_[place])];
      return refused("build an object of " + dotted(known.module, known.name));
    }
    return refused("build an object");
  }

  Status persistent() {
    POISE_TRY(const Ref identity, pop());
    return push(PickleKind::kPersistent, identity);
  }

  Status frame() {
    POISE_TRY(const std::uint64_t length, take_number(8));
    if (length > bytes_.size() - at_) return take(length).error();
    return {};
  }

  const Pickle& values() const { return builder_.made(); }

  Status step(std::uint8_t opcode);
  Status step_number_or_text(std::uint8_t opcode);
  Status step_container(std::uint8_t opcode);

  BytesView bytes_;
  std::span<const PickleGlobal> globals_;
  PickleBuilder builder_;
  std::vector<Ref> stack_;
  std::vector<std::uint32_t> marks_;  // sizes of the stack
  std::vector<Ref> memo_;
  std::size_t at_ = 0;
  bool cut_short_ = false;
};

Status PickleMachine::step(std::uint8_t opcode) {
  switch (opcode) {
    case kProto: {
      POISE_TRY(const std::uint8_t version, take_u8());
      if (version > 5) return unsupported("the pickle has protocol " + std::to_string(version));
      return {};
    }
    case kFrame:
      return frame();
    case kPop:
      if (stack_.size() > floor()) return pop().ok() ? Status() : empty_stack();
      [[fallthrough]];  // as CPython has it: with nothing above the mark, the mark goes
    case kPopMark:
      return pop_mark().ok() ? Status() : malformed("the pickle goes back to a mark where there is none");
    case kDup: {
      POISE_TRY(const Ref ref, top());
      stack_.push_back(ref);
      return {};
    }
    case kMark:
      marks_.push_back(static_cast<std::uint32_t>(stack_.size()));
      return {};
    case kBinGet:
    case kLongBinGet: {
      POISE_TRY(const std::uint64_t index, take_number(opcode == kBinGet ? 1 : 4));
      return get(index);
    }
    case kBinPut:
    case kLongBinPut: {
      POISE_TRY(const std::uint64_t index, take_number(opcode == kBinPut ? 1 : 4));
      return put(index);
    }
    case kMemoize:
      return put(memo_.size());
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
      return refuse_object(floor());
    case kNewObj:
      return refuse_object(stack_.size() - 2);  // below the arguments; where it wraps, there is none
    case kNewObjEx:
      return refuse_object(stack_.size() - 3);
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
      POISE_TRY(const std::vector<Ref> items, pop_mark());
      return push(builder_.make_tuple(items));
    }
    case kList:
    case kDict: {
      POISE_TRY(const std::vector<Ref> items, pop_mark());
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
      POISE_TRY(const std::uint64_t bits, take_number(4));
      return push(PickleKind::kInt, static_cast<std::int32_t>(static_cast<std::uint32_t>(bits)));
    }
    case kBinInt1:
    case kBinInt2: {
      POISE_TRY(const std::uint64_t value, take_number(opcode == kBinInt1 ? 1 : 2));
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
