#include "poise/engine/backends/onednn/weight_store.h"

#include <bit>

namespace poise::onednn {

std::vector<std::uint32_t> bits_of(std::span<const float> values) {
  std::vector<std::uint32_t> bits;
  bits.reserve(values.size());
  for (const float value : values) bits.push_back(std::bit_cast<std::uint32_t>(value));
  return bits;
}

dnnl::memory WeightStore::get(const WeightKey& key, const dnnl::memory::desc& plain_desc,
                              const dnnl::memory::desc& target, const std::function<Tensor()>& plain) {
  std::vector<Form>& forms = entries_[key];
  for (const Form& form : forms) {
    if (form.plain == plain_desc && form.memory.get_desc() == target) return form.memory;
  }
  claim(target.get_size());
  Tensor made = plain();
  dnnl::memory source(plain_desc, engine_, made.data());  // from one form to another there is not always a way
  dnnl::memory reordered(target, engine_);
  dnnl::reorder(source, reordered).execute(stream_, source, reordered);
  stream_.wait();
  forms.push_back({plain_desc, reordered, nullptr});
  return reordered;
}

dnnl::memory WeightStore::vector(const WeightKey& key, const std::function<Tensor()>& plain) {
  std::vector<Form>& forms = entries_[key];
  for (const Form& form : forms) {
    if (form.owner) return form.memory;
  }
  auto owner = std::make_unique<Tensor>(plain());
  claim(owner->bytes());
  const dnnl::memory::desc desc({owner->count()}, dnnl::memory::data_type::f32, dnnl::memory::format_tag::a);
  dnnl::memory memory(desc, engine_, owner->data());
  forms.push_back({desc, memory, std::move(owner)});
  return memory;
}

void WeightStore::claim(std::uint64_t bytes) {
  if (bytes_ + bytes > room_) throw OverMemory{bytes_ + bytes};
  bytes_ += bytes;
}

}  // namespace poise::onednn
