// In steady state no memory is asked for in pieces above 4 KiB: what runs for weeks beside others must not fragment.

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <functional>

#include "kit/qdq.h"
#include "poise/engine/session.h"
#include "poise/infer/estimator.h"
#include "poise/models/pose_resnet.h"
#include "poise/models/shipped.h"

#if defined(__SANITIZE_ADDRESS__)
#define POISE_COUNTS 0  // the sanitizer has an allocator of its own
#else
#define POISE_COUNTS 1
#endif

namespace {

constexpr std::size_t kLarge = 4096;
std::atomic<int> large_allocations{0};

void note(std::size_t bytes) {
  if (bytes > kLarge) large_allocations.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

#if POISE_COUNTS
// In front of the C library's, for operator new and for oneDNN alike.
extern "C" {
void* __libc_malloc(std::size_t bytes);
void* __libc_calloc(std::size_t count, std::size_t bytes);
void* __libc_realloc(void* old, std::size_t bytes);
void* __libc_memalign(std::size_t alignment, std::size_t bytes);

void* malloc(std::size_t bytes) {
  note(bytes);
  return __libc_malloc(bytes);
}
void* calloc(std::size_t count, std::size_t bytes) {
  note(count * bytes);
  return __libc_calloc(count, bytes);
}
void* realloc(void* old, std::size_t bytes) {
  note(bytes);
  return __libc_realloc(old, bytes);
}
void* aligned_alloc(std::size_t alignment, std::size_t bytes) {
  note(bytes);
  return __libc_memalign(alignment, bytes);
}
int posix_memalign(void** out, std::size_t alignment, std::size_t bytes) {
  note(bytes);
  *out = __libc_memalign(alignment, bytes);
  return *out == nullptr ? 12 : 0;  // ENOMEM
}
}
#endif

namespace poise {
namespace {

int count_large(const std::function<void()>& work) {
  const int before = large_allocations.load();
  work();
  return large_allocations.load() - before;
}

TEST(Allocation, IsCounted) {
  if (POISE_COUNTS == 0) GTEST_SKIP() << "the sanitizer has an allocator of its own";
  EXPECT_GT(count_large([] { Tensor large(Shape{64, 64}); }), 0);
  EXPECT_EQ(count_large([] { Tensor small(Shape{8, 8}); }), 0);
}

TEST(Allocation, ASessionAsksForNothingLarge) {
  for (const Precision precision : native_precisions()) {
    SCOPED_TRACE(name_of(precision));
    const bool integers = precision == Precision::kInt8;
    const Grid grid{.scale = 0.03F, .zero = 100, .type = DType::kUint8};
    Graph graph = integers ? kit::small_pose_net(4, grid, grid, grid, false)
                           : pose_resnet({.depth = 18, .input = {64, 64}, .width = 0.25F}).value();
    Session session = Session::create(std::move(graph), {"onednn", 2, precision}).value();
    const Tensor input(integers ? Shape{2, 3, 32, 24} : Shape{2, 3, 64, 64});
    const TensorView view(input);
    std::vector<Tensor> outputs;
    const auto run = [&] { session.run(std::span(&view, 1), outputs).value(); };
    for (int i = 0; i < 2; ++i) run();
    EXPECT_EQ(count_large(run), 0);
  }
}

TEST(Allocation, AnEstimatorAsksForNothingLarge) {
  EstimatorOptions options;
  options.run.threads = 2;
  Estimator estimator = Estimator::create(read_shipped().value(), options).value();
  const Image picture(640, 480);
  const std::vector<PersonBox> boxes{{{10, 10, 100, 200}, 1.0F}, {{200, 50, 150, 300}, 1.0F}};
  const auto run = [&] { (void)estimator.estimate(picture.view(), boxes).value(); };
  for (int i = 0; i < 2; ++i) run();
  EXPECT_EQ(count_large(run), 0);
}

}  // namespace
}  // namespace poise
