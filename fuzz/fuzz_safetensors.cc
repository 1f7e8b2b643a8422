// safetensors: any bytes, and any text as a header with its right length before 64 bytes of tensors.
#include "state_dict_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || data[0] != '{') return check_state_dict(data, size);
  const std::uint64_t length = size;
  std::string file(reinterpret_cast<const char*>(&length), sizeof length);
  file.append(reinterpret_cast<const char*>(data), size);
  file.append(64, '\x3f');
  return check_state_dict(reinterpret_cast<const std::uint8_t*>(file.data()), file.size());
}
