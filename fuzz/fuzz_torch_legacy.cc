// PyTorch's legacy layout: any bytes behind its magic number.
#include "state_dict_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 0 && data[0] == 0x80) return check_state_dict(data, size);
  std::string file("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\x02M\xe9\x03.\x80\x02}.", 25);
  file.append(reinterpret_cast<const char*>(data), size);
  return check_state_dict(reinterpret_cast<const std::uint8_t*>(file.data()), file.size());
}
