#pragma once
// Weights in the layouts the kernels want, reordered once and shared by all plans of a program.

#include <functional>
#include <map>
#include <memory>
#include <oneapi/dnnl/dnnl.hpp>
#include <string>
#include <vector>

#include "poise/tensor/tensor.h"

namespace poise::onednn {

class WeightStore {
 public:
  WeightStore(dnnl::engine engine, dnnl::stream stream) : engine_(std::move(engine)), stream_(std::move(stream)) {}

  /// The weight `key` in layout `target`. `plain` makes it in row-major order the first time it is asked for.
  dnnl::memory get(const std::string& key, const dnnl::memory::desc& plain_desc, const dnnl::memory::desc& target,
                   const std::function<Tensor()>& plain);
  /// A vector used as it is (bias, scale, shift).
  dnnl::memory vector(const std::string& key, const std::function<Tensor()>& plain);
  bool has(const std::string& key) const { return entries_.contains(key); }
  const dnnl::engine& engine() const { return engine_; }

  std::size_t bytes() const;

 private:
  struct Entry {
    std::vector<dnnl::memory> forms;
    std::unique_ptr<Tensor> owner;  // behind a vector
  };
  dnnl::engine engine_;
  dnnl::stream stream_;
  std::map<std::string, Entry> entries_;
};

}  // namespace poise::onednn
