#include "poise/weights/torch/safetensors_writer.h"

#include <cstring>

#include "poise/base/json.h"
#include "poise/weights/torch/stored_tensor.h"

namespace poise {

Result<Bytes> to_safetensors(const std::map<std::string, std::shared_ptr<const Tensor>>& tensors,
                             const std::map<std::string, std::string>& metadata) {
  Json header = Json::object();
  if (!metadata.empty()) {
    Json texts = Json::object();
    for (const auto& [key, text] : metadata) texts.set(key, text);
    header.set("__metadata__", std::move(texts));
  }
  std::uint64_t end = 0;
  for (const auto& [name, tensor] : tensors) {
    const Status fits = check_tensor_name(name);
    if (!fits.ok() || name.empty() || name == "__metadata__")
      return invalid_argument("a tensor's name cannot be written");
    if (tensor->type() != DType::kFloat32 && tensor->type() != DType::kInt64) {
      return invalid_argument("tensor " + name + " is " + name_of(tensor->type()) + ": float32 and int64 are written");
    }
    const std::uint64_t begin = end;
    end += tensor->bytes();
    if (end > (std::uint64_t{1} << 40U)) return too_large("the tensors are over 2^40 bytes");
    Json shape = Json::array();
    for (const std::int64_t extent : tensor->shape()) shape.push(extent);
    Json offsets = Json::array();
    offsets.push(begin);
    offsets.push(end);
    Json entry = Json::object();
    entry.set("dtype", tensor->type() == DType::kFloat32 ? "F32" : "I64");
    entry.set("shape", std::move(shape));
    entry.set("data_offsets", std::move(offsets));
    header.set(name, std::move(entry));
  }
  std::string text = header.dump();
  constexpr std::size_t kAlign = 8;
  text.append((kAlign - text.size() % kAlign) % kAlign, ' ');
  Bytes bytes;
  bytes.reserve(sizeof(std::uint64_t) + text.size() + static_cast<std::size_t>(end));
  for (unsigned i = 0; i < sizeof(std::uint64_t); ++i)
    bytes.push_back(static_cast<std::uint8_t>(text.size() >> (8 * i)));
  bytes.insert(bytes.end(), text.begin(), text.end());
  for (const auto& [name, tensor] : tensors) {
    const auto* from = static_cast<const std::uint8_t*>(tensor->data());
    bytes.insert(bytes.end(), from, from + tensor->bytes());
  }
  return bytes;
}

}  // namespace poise
