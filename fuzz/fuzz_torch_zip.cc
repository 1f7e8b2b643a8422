// PyTorch's zip layout: any bytes, and any bytes as the archive's pickle, which mutations of a whole archive seldom
// reach past the zip directory.
#include <cstring>

#include "state_dict_target.h"

namespace {

void append(std::string& out, std::uint64_t value, std::size_t width) {
  out.append(reinterpret_cast<const char*>(&value), width);
}

void add(std::string& out, std::string& directory, const std::string& name, const std::string& data) {
  const std::size_t offset = out.size();
  for (std::string* header : {&out, &directory}) {
    const bool central = header == &directory;
    *header += central ? "PK\x01\x02" : "PK\x03\x04";
    header->append(central ? 16 : 14, '\0');
    append(*header, data.size(), 4);
    append(*header, data.size(), 4);
    append(*header, name.size(), 2);
    header->append(central ? 12 : 2, '\0');
    if (central) append(*header, offset, 4);
    *header += name;
  }
  out += data;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size >= 2 && std::memcmp(data, "PK", 2) == 0) return check_state_dict(data, size);
  std::string file;
  std::string directory;
  add(file, directory, "a/data.pkl", std::string(reinterpret_cast<const char*>(data), size));
  for (const char* key : {"0", "1", "2"}) add(file, directory, std::string("a/data/") + key, std::string(512, '\x3f'));
  const std::size_t start = file.size();
  file += directory + "PK\x05\x06" + std::string(4, '\0');
  append(file, 4, 2);
  append(file, 4, 2);
  append(file, directory.size(), 4);
  append(file, start, 4);
  append(file, 0, 2);
  return check_state_dict(reinterpret_cast<const std::uint8_t*>(file.data()), file.size());
}
