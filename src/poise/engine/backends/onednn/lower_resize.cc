// Resizing over blocks of channels: oneDNN's resampling knows one convention of coordinates, exporters write five.

#include "poise/engine/backends/onednn/builder.h"
#include "poise/graph/ops/resize.h"

namespace poise::onednn {
namespace {

struct Plane {
  std::int64_t planes = 0;  // images times blocks of channels
  std::int64_t in_height = 0, in_width = 0, out_height = 0, out_width = 0;
  std::int64_t row_taps = 1, column_taps = 1;  // an output row's, an output column's
  std::vector<Tap> rows, columns;
};

template <int block>
void resize_nearest(const Plane& p, const float* source, float* destination) {
#pragma omp parallel for collapse(2) schedule(static)
  for (std::int64_t plane = 0; plane < p.planes; ++plane) {
    for (std::int64_t y = 0; y < p.out_height; ++y) {
      const float* in = source + (plane * p.in_height + p.rows[y].from) * p.in_width * block;
      float* out = destination + (plane * p.out_height + y) * p.out_width * block;
      for (std::int64_t x = 0; x < p.out_width; ++x) {
        const float* pixel = in + p.columns[x].from * block;
        for (int c = 0; c < block; ++c) out[x * block + c] = pixel[c];
      }
    }
  }
}

template <int block>
void resize_weighted(const Plane& p, const float* source, float* destination) {
#pragma omp parallel for collapse(2) schedule(static)
  for (std::int64_t plane = 0; plane < p.planes; ++plane) {
    for (std::int64_t y = 0; y < p.out_height; ++y) {
      const float* in = source + plane * p.in_height * p.in_width * block;
      float* out = destination + (plane * p.out_height + y) * p.out_width * block;
      for (std::int64_t x = 0; x < p.out_width; ++x) {
        float sum[block] = {};
        for (std::int64_t i = y * p.row_taps; i < (y + 1) * p.row_taps; ++i) {
          for (std::int64_t j = x * p.column_taps; j < (x + 1) * p.column_taps; ++j) {
            const auto weight = static_cast<float>(p.rows[i].weight * p.columns[j].weight);
            const float* pixel = in + (p.rows[i].from * p.in_width + p.columns[j].from) * block;
            for (int c = 0; c < block; ++c) sum[c] += weight * pixel[c];
          }
        }
        for (int c = 0; c < block; ++c) out[x * block + c] = sum[c];
      }
    }
  }
}

}  // namespace

Result<bool> lower_resize(Builder& builder, const Node& node) {
  const Shape& in = builder.shape(node.inputs[0]);
  const Shape& out = builder.shape(node.outputs[0]);
  if (in.size() != 4 || in[0] != out[0] || in[1] != out[1]) return false;
  const auto known = [&](std::size_t i) -> const Tensor* {
    const bool given = i < node.inputs.size() && node.inputs[i] != kNoValue;
    return given ? builder.info(node.inputs[i]).constant.get() : nullptr;
  };
  POISE_TRY(const ResizeAttributes a, resize_attributes(node, in, known(2), known(3)));
  Plane p;
  p.planes = in[0] * ((in[1] + builder.block - 1) / builder.block);
  p.in_height = in[2];
  p.in_width = in[3];
  p.out_height = out[2];
  p.out_width = out[3];
  p.row_taps = static_cast<std::int64_t>(tap_count(a, 2, in[2]));
  p.column_taps = static_cast<std::int64_t>(tap_count(a, 3, in[3]));
  p.rows = resize_taps(a, 2, in[2]);
  p.columns = resize_taps(a, 3, in[3]);
  const dnnl::memory from = builder.read(node.inputs[0], builder.blocked(in));
  const dnnl::memory to = builder.write(node.outputs[0], builder.blocked(out));
  const bool nearest = a.mode == ResizeAttributes::Mode::kNearest;
  const auto kernel = builder.block == 16 ? (nearest ? resize_nearest<16> : resize_weighted<16>)
                                          : (nearest ? resize_nearest<8> : resize_weighted<8>);
  builder.add_step(node, "blocked", 0, [p = std::move(p), kernel, from, to](dnnl::stream&) {
    kernel(p, static_cast<const float*>(from.get_data_handle()), static_cast<float*>(to.get_data_handle()));
  });
  return true;
}

}  // namespace poise::onednn
