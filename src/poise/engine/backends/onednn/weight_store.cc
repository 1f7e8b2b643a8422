#include "poise/engine/backends/onednn/weight_store.h"

namespace poise::onednn {
dnnl::memory WeightStore::get(const std::string& key, const dnnl::memory::desc& plain_desc,
                              const dnnl::memory::desc& target, const std::function<Tensor()>& plain) {
  Entry& entry = entries_[key];
  for (const dnnl::memory& form : entry.forms) {
    if (form.get_desc() == target) return form;
  }
  Tensor made = plain();
  dnnl::memory source(plain_desc, engine_, made.data());  // from one form to another there is not always a way
  dnnl::memory reordered(target, engine_);
  dnnl::reorder(source, reordered).execute(stream_, source, reordered);
  stream_.wait();
  entry.forms.push_back(reordered);
  return reordered;
}

dnnl::memory WeightStore::vector(const std::string& key, const std::function<Tensor()>& plain) {
  Entry& entry = entries_[key];
  if (entry.forms.empty()) {
    entry.owner = std::make_unique<Tensor>(plain());
    const dnnl::memory::desc desc({entry.owner->count()}, dnnl::memory::data_type::f32, dnnl::memory::format_tag::a);
    entry.forms.emplace_back(desc, engine_, entry.owner->data());
  }
  return entry.forms.front();
}

std::size_t WeightStore::bytes() const {
  std::size_t sum = 0;
  for (const auto& [key, entry] : entries_) {
    for (const dnnl::memory& form : entry.forms) sum += form.get_desc().get_size();
  }
  return sum;
}

}  // namespace poise::onednn
