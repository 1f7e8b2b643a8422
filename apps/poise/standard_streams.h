#pragma once
// "-" on the command line: standard input where a file is read, standard output where one is written.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "poise/base/result.h"
#include "poise/image/picture_files.h"

namespace poise::app {

/// What results call the picture that came on standard input.
inline constexpr const char* kStandardInput = "stdin";

inline bool is_dash(const std::string& given) { return given == "-"; }

/// A path to read `given` from: itself; for "-" that of all of standard input, kept in memory, since what is read may
/// be read twice. Errors: kInvalidArgument, asked for "-" a second time; kTooLarge; kIo.
Result<std::string> input_path(const std::string& given);

/// Errors: kInvalidArgument where "-" stands more than once among what a command is to read. Asked before it is read.
Status one_dash(const std::vector<std::string>& given);

/// What is read and must not be written over; input_path and find_pictures_or_dash tell it themselves.
void remember_input(const std::filesystem::path& file);

/// Errors: kInvalidArgument where the file that would be written is one that was read.
Status not_an_input(const std::filesystem::path& file);

/// find_pictures(), where "-" is a picture on standard input, called kStandardInput. Errors: of both.
Result<FoundPictures> find_pictures_or_dash(const std::vector<std::string>& names);

/// Messages name files by the path they were read from: what stands there for standard input is called so.
std::string with_input_named(std::string message);

/// Writes all of the file, atomically, or to standard output where it is "-". Errors: kIo; not_an_input's.
Status put_text(const std::string& file, std::string_view text);

/// Where to write a file of which "-" is standard output: a temporary one, handed on by send().
class OutputFile {
 public:
  /// Errors: kIo, no temporary folder can be made.
  static Result<OutputFile> create(const std::string& given);
  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&&) = delete;
  ~OutputFile();
  /// To write to.
  std::string path() const { return folder_.empty() ? given_ : (folder_ / "out").string(); }
  /// To standard output, where that was asked for. Errors: kIo; kInvalidArgument where a folder was written.
  Status send() const;

 private:
  OutputFile(std::string given, std::filesystem::path folder) : given_(std::move(given)), folder_(std::move(folder)) {}
  std::string given_;
  std::filesystem::path folder_;  // temporary, where there is one
};

}  // namespace poise::app
