#include "poise/engine/backends/onednn/grouped_deconv.h"

#include <algorithm>
#include <cmath>

namespace poise::onednn {
namespace {

float activate(float value, const Fusion& fusion) {
  switch (fusion.activation) {
    case Activation::kNone:
      return value;
    case Activation::kRelu:
      return std::max(value, 0.0F);
    case Activation::kClip:
      return std::min(std::max(value, fusion.low), fusion.high);
    case Activation::kSigmoid:
      return 1.0F / (1.0F + std::exp(-value));
    case Activation::kLeakyRelu:
      return value < 0 ? fusion.low * value : value;
    case Activation::kHardSwish:
      return value * std::clamp(value / 6 + 0.5F, 0.0F, 1.0F);
    case Activation::kSwish:
      return value / (1.0F + std::exp(-fusion.low * value));
    case Activation::kGelu:
      return 0.5F * value * (1.0F + std::erf(value * 0.70710678F));
    case Activation::kMish:
      return value * std::tanh(std::max(value, 0.0F) + std::log1p(std::exp(-std::fabs(value))));
  }
  return value;
}

/// The taps that meet at output position `out`: kernel index k and input index i with out = i * stride - pad + k * dil.
struct Taps {
  std::vector<std::vector<std::pair<std::int64_t, std::int64_t>>> of;  // (k, i), one list an output position
  Taps(std::int64_t out_size, std::int64_t in_size, std::int64_t kernel, std::int64_t stride, std::int64_t pad,
       std::int64_t dilation)
      : of(static_cast<std::size_t>(out_size)) {
    for (std::int64_t i = 0; i < in_size; ++i) {
      for (std::int64_t k = 0; k < kernel; ++k) {
        const std::int64_t out = i * stride - pad + k * dilation;
        if (out >= 0 && out < out_size) of[static_cast<std::size_t>(out)].emplace_back(k, i);
      }
    }
  }
};

Taps row_taps(const GroupedDeconv& d) {
  const ConvAttributes& a = d.attributes;
  return {a.output[2], d.in_height, a.kernel[0], a.strides[0], a.pads_begin[0], a.dilations[0]};
}
Taps column_taps(const GroupedDeconv& d) {
  const ConvAttributes& a = d.attributes;
  return {a.output[3], d.in_width, a.kernel[1], a.strides[1], a.pads_begin[1], a.dilations[1]};
}

}  // namespace

void run_grouped_plain(const GroupedDeconv& d, const float* source, float* destination) {
  const ConvAttributes& a = d.attributes;
  const std::int64_t out_channels = a.output[1];
  const std::int64_t in_group = d.in_channels / a.group;
  const std::int64_t out_group = out_channels / a.group;
  const std::int64_t in_plane = d.in_height * d.in_width;
  const std::int64_t out_plane = a.output[2] * a.output[3];
  const Taps rows = row_taps(d);
  const Taps columns = column_taps(d);
  const float* weight = d.weight.floats().data();
#pragma omp parallel for schedule(static)
  for (std::int64_t plane = 0; plane < d.batch * out_channels; ++plane) {
    const std::int64_t channel = plane % out_channels;
    const std::int64_t group = channel / out_group;
    const float bias = d.bias.count() > 0 ? d.bias.floats()[channel] : 0.0F;
    const float* in = source + (plane / out_channels * d.in_channels + group * in_group) * in_plane;
    float* out = destination + plane * out_plane;
    for (std::int64_t y = 0; y < a.output[2]; ++y) {
      for (std::int64_t x = 0; x < a.output[3]; ++x) {
        float sum = bias;
        for (std::int64_t c = 0; c < in_group; ++c) {
          const float* kernel =
              weight + ((group * in_group + c) * out_group + channel % out_group) * a.kernel[0] * a.kernel[1];
          for (const auto& [ky, iy] : rows.of[y]) {
            for (const auto& [kx, ix] : columns.of[x]) {
              sum += kernel[ky * a.kernel[1] + kx] * in[c * in_plane + iy * d.in_width + ix];
            }
          }
        }
        out[y * a.output[3] + x] = activate(sum, d.fusion);
      }
    }
  }
}

template <int block>
void run_depthwise_blocked(const GroupedDeconv& d, const float* source, float* destination) {
  const ConvAttributes& a = d.attributes;
  const std::int64_t blocks = (d.in_channels + block - 1) / block;
  const std::int64_t channels = blocks * block;
  const std::int64_t out_height = a.output[2];
  const std::int64_t out_width = a.output[3];
  const Taps rows = row_taps(d);
  const Taps columns = column_taps(d);
  const float* weight = d.weight.floats().data();
  const float* bias = d.bias.count() > 0 ? d.bias.floats().data() : nullptr;
#pragma omp parallel for collapse(2) schedule(static)
  for (std::int64_t image_block = 0; image_block < d.batch * blocks; ++image_block) {
    for (std::int64_t y = 0; y < out_height; ++y) {
      const std::int64_t first = image_block % blocks * block;
      const float* in = source + image_block * d.in_height * d.in_width * block;
      float* out = destination + (image_block * out_height + y) * out_width * block;
      for (std::int64_t x = 0; x < out_width; ++x, out += block) {
        float sum[block];
        for (int c = 0; c < block; ++c) sum[c] = bias != nullptr ? bias[first + c] : 0.0F;
        for (const auto& [ky, iy] : rows.of[y]) {
          for (const auto& [kx, ix] : columns.of[x]) {
            const float* w = weight + (ky * a.kernel[1] + kx) * channels + first;
            const float* pixel = in + (iy * d.in_width + ix) * block;
            for (int c = 0; c < block; ++c) sum[c] += w[c] * pixel[c];
          }
        }
        for (int c = 0; c < block; ++c) out[c] = activate(sum[c], d.fusion);
      }
      if (d.fusion.activation == Activation::kSigmoid || d.fusion.activation == Activation::kClip) {
        // Channels that only fill the block stay zero, as oneDNN expects of them.
        for (std::int64_t c = std::max<std::int64_t>(d.in_channels - first, 0); c < block; ++c) {
          for (std::int64_t x = 0; x < out_width; ++x) (out - (x + 1) * block)[c] = 0.0F;
        }
      }
    }
  }
}
template void run_depthwise_blocked<8>(const GroupedDeconv&, const float*, float*);
template void run_depthwise_blocked<16>(const GroupedDeconv&, const float*, float*);

Tensor depthwise_weight(const Tensor& weight, int block) {
  const std::int64_t channels = weight.dim(0);
  const std::int64_t taps = weight.dim(2) * weight.dim(3);
  const std::int64_t padded = (channels + block - 1) / block * block;
  Tensor ordered(Shape{taps, padded});
  for (std::int64_t c = 0; c < channels; ++c) {
    for (std::int64_t t = 0; t < taps; ++t) ordered.floats()[t * padded + c] = weight.floats()[c * taps + t];
  }
  return ordered;
}

Tensor padded_bias(const Tensor& bias, std::int64_t channels, int block) {
  Tensor padded(Shape{(channels + block - 1) / block * block});
  std::copy(bias.floats().begin(), bias.floats().end(), padded.floats().begin());
  return padded;
}

}  // namespace poise::onednn
