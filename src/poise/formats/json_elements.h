#pragma once
// A large JSON file piece by piece: the elements of its top array, or of named arrays of its top object, in batches, so
// that a file of any size is read in bounded memory. Brackets and texts are followed here; whoever parses a batch
// checks the elements themselves. Values of other members are passed over, unparsed. One thread at a time.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "poise/base/file.h"
#include "poise/base/result.h"

namespace poise {

/// Consecutive elements of one array.
struct JsonBatch {
  std::string array;            // the member's name, "" for the top array
  std::uint64_t first = 0;      // index in the array of the first element
  std::uint64_t offset = 0;     // where in the file the first element begins
  std::string text;             // a JSON array: "[element, element]"
  std::vector<std::size_t> at;  // where in `text` each element begins, and one past the last
};

/// Of a batch that is no JSON, the element at fault: "annotations[3] (byte 512) is not valid JSON: NaN is no number
/// ...". `array` names what has no name in the file; `whole` is what is said where each element alone is fine. Pure.
Error blame_element(const JsonBatch& batch, const std::string& array, const Error& whole);
/// The same of a whole text, of which these arrays hold the entries.
Error blame_element(BytesView text, std::vector<std::string> arrays, const std::string& array, const Error& whole);

class JsonElements {
 public:
  /// Fills the span from its start, returns how many bytes; 0 at the end.
  using Source = std::function<Result<std::size_t>(std::span<char>)>;

  /// Of an object, the members named in `arrays` are given out.
  JsonElements(Source source, std::vector<std::string> arrays);
  /// Errors: kNotFound, kIo.
  static Result<JsonElements> open(const std::filesystem::path& path, std::vector<std::string> arrays);
  /// The bytes must outlive the reader.
  static JsonElements of(BytesView bytes, std::vector<std::string> arrays);

  /// '[' or '{'. Errors: kMalformed for anything else.
  Result<char> top();
  /// The next batch, about a quarter of a megabyte; false at the end. Errors: kMalformed (broken brackets or texts,
  /// truncated, nested over 256 levels, something after the end), kTooLarge (an element over 16 MiB); messages name the
  /// element.
  Result<bool> next(JsonBatch& batch);

 private:
  enum class State { kStart, kMember, kElement, kAfterElement, kAfterMember, kDone };
  Result<bool> refill();         // false: nothing more
  Result<char> peek();           // the next byte that is not white space, not taken; '\0' at the end
  Status skip_value(bool keep);  // from position_ to the end of one value; its bytes are kept, or dropped as they come
  Result<std::string> member_name();
  Status enter_array(const std::string& name);
  Result<bool> next_member();  // true once inside a wanted array
  Result<bool> gather(JsonBatch& batch);
  Error broken(const std::string& what) const;

  Source source_;
  std::vector<std::string> arrays_;
  State state_ = State::kStart;
  char top_ = 0;
  std::vector<char> buffer_;
  std::size_t keep_ = 0;      // bytes before this one may be dropped
  std::size_t position_ = 0;  // the next byte to look at
  std::size_t end_ = 0;
  std::uint64_t dropped_ = 0;  // file offset of buffer_[0]
  std::string array_;          // the one we are in
  std::uint64_t index_ = 0;    // of the next element
};

}  // namespace poise
