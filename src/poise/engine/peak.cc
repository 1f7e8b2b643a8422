#include "poise/engine/peak.h"

#include <omp.h>

#include <algorithm>
#include <chrono>
#include <cstdint>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace poise {
namespace {

#if defined(__x86_64__)

constexpr int kChains = 12;  // independent sums: more than latency times throughput of any processor so far

// Each runs `times` rounds of kChains instructions and returns what keeps the compiler from dropping them.

__attribute__((target("avx2,fma"))) float floats_256(std::int64_t times) {
  __m256 sums[kChains];
  for (__m256& sum : sums) sum = _mm256_set1_ps(1.0F);
  const __m256 x = _mm256_set1_ps(0.999F), y = _mm256_set1_ps(0.001F);
  for (std::int64_t i = 0; i < times; ++i) {
    for (__m256& sum : sums) sum = _mm256_fmadd_ps(sum, x, y);
  }
  __m256 all = sums[0];
  for (const __m256& sum : sums) all = _mm256_add_ps(all, sum);
  return _mm256_cvtss_f32(all);
}

__attribute__((target("avx512f"))) float floats_512(std::int64_t times) {
  __m512 sums[kChains];
  for (__m512& sum : sums) sum = _mm512_set1_ps(1.0F);
  const __m512 x = _mm512_set1_ps(0.999F), y = _mm512_set1_ps(0.001F);
  for (std::int64_t i = 0; i < times; ++i) {
    for (__m512& sum : sums) sum = _mm512_fmadd_ps(sum, x, y);
  }
  __m512 all = sums[0];
  for (const __m512& sum : sums) all = _mm512_add_ps(all, sum);
  return _mm512_cvtss_f32(all);
}

__attribute__((target("avx512f,avx512bf16,avx512bw,avx512vl"))) float halves_512(std::int64_t times) {
  __m512 sums[kChains];
  for (__m512& sum : sums) sum = _mm512_set1_ps(1.0F);
  const __m512 one = _mm512_set1_ps(1e-3F);
  const __m512bh x = _mm512_cvtne2ps_pbh(one, one);
  for (std::int64_t i = 0; i < times; ++i) {
    for (__m512& sum : sums) sum = _mm512_dpbf16_ps(sum, x, x);
  }
  __m512 all = sums[0];
  for (const __m512& sum : sums) all = _mm512_add_ps(all, sum);
  return _mm512_cvtss_f32(all);
}

__attribute__((target("avx512f,avx512vnni"))) float bytes_512(std::int64_t times) {
  __m512i sums[kChains];
  for (__m512i& sum : sums) sum = _mm512_set1_epi32(1);
  const __m512i x = _mm512_set1_epi32(0x01010101);
  for (std::int64_t i = 0; i < times; ++i) {
    for (__m512i& sum : sums) sum = _mm512_dpbusd_epi32(sum, x, x);
  }
  __m512i all = sums[0];
  for (const __m512i& sum : sums) all = _mm512_add_epi32(all, sum);
  alignas(64) std::int32_t lanes[16];
  _mm512_store_si512(lanes, all);
  return static_cast<float>(lanes[0]);
}

#endif

struct Kernel {
  float (*run)(std::int64_t times) = nullptr;
  double products = 0;  // of one round
};

Kernel kernel_for(Precision precision) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  switch (precision) {
    case Precision::kFloat32:
      if (__builtin_cpu_supports("avx512f")) return {floats_512, kChains * 16.0};
      if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return {floats_256, kChains * 8.0};
      break;
    case Precision::kBfloat16:
      if (__builtin_cpu_supports("avx512bf16")) return {halves_512, kChains * 32.0};
      break;
    case Precision::kInt8:
      if (__builtin_cpu_supports("avx512vnni")) return {bytes_512, kChains * 64.0};
      break;
  }
#else
  (void)precision;
#endif
  return {};
}

}  // namespace

double measured_peak(Precision precision, int threads) {
  const Kernel kernel = kernel_for(precision);
  if (kernel.run == nullptr) return 0;
  if (threads <= 0) threads = omp_get_num_procs();
  constexpr std::int64_t kRounds = 1'000'000;
  constexpr int kRuns = 10;
  using Clock = std::chrono::steady_clock;
  double best = 0;
  float kept = 0;
  for (int i = 0; i < kRuns; ++i) {
    const auto begin = Clock::now();
#pragma omp parallel num_threads(threads) reduction(+ : kept)
    kept += kernel.run(kRounds);
    const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    best = std::max(best, kernel.products * static_cast<double>(kRounds) * threads / seconds);
  }
  return kept == 0.0F ? 0.0 : best;  // never 0: the sums start at 1
}

}  // namespace poise
