#include "poise/train/feed.h"

#include <gtest/gtest.h>

#include <memory>

#include "poise/graph_torch/torch_graph.h"

namespace poise {
namespace {

/// Example i is all i; the one called `broken` cannot be made.
class Numbers : public Examples {
 public:
  explicit Numbers(std::size_t size, std::size_t broken = 1000) : size_(size), broken_(broken) {}
  std::size_t size() const override { return size_; }
  std::vector<Stratum> strata() const override { return {{0, size_, 1.0}}; }
  ExampleShapes shapes() const override { return {{3, 2, 2}, {1, 1, 1}, {1}}; }
  Status make(std::size_t i, Random /*random*/, std::uint64_t /*epoch*/, const SampleView& out) const override {
    if (i == broken_) return malformed("broken");
    for (float& value : out.image) value = static_cast<float>(i);
    return {};
  }

 private:
  std::size_t size_, broken_;
};

std::unique_ptr<Loader> load(std::size_t size, std::size_t broken = 1000) {
  LoaderOptions options{.batch = 2, .shuffle = false, .epochs = 2};
  return Loader::create(std::make_shared<Numbers>(size, broken), options).value();
}

class FeedOf : public ::testing::TestWithParam<bool> {};

TEST_P(FeedOf, GivesTheLoadersBatchesInOrder) {
  const auto loader = load(6);
  Feed feed(*loader, at::kCPU, GetParam());
  for (int k = 0; k < 6; ++k) {
    const auto batch = feed.next();
    ASSERT_TRUE(batch.ok() && *batch) << k;
    EXPECT_EQ((*batch)->epoch, static_cast<std::uint64_t>(k / 3));
    EXPECT_EQ((*batch)->number, static_cast<std::size_t>(k % 3));
    EXPECT_EQ((*batch)->images.sizes().vec(), (Shape{2, 3, 2, 2}));
    EXPECT_EQ((*batch)->images[1].sum().item<float>(), 12.0F * static_cast<float>(2 * (k % 3) + 1));
  }
  for (int again = 0; again < 2; ++again) EXPECT_FALSE(feed.next().value());
}

TEST_P(FeedOf, PassesOnWhatTheLoaderCannotRead) {
  const auto loader = load(6, 3);
  Feed feed(*loader, at::kCPU, GetParam());
  EXPECT_TRUE(feed.next().ok());
  for (int again = 0; again < 2; ++again) EXPECT_EQ(feed.next().error().message, "broken");
}

TEST_P(FeedOf, EndsEarly) {
  const auto loader = load(40);
  Feed feed(*loader, at::kCPU, GetParam());
  EXPECT_TRUE(feed.next().ok());
}

INSTANTIATE_TEST_SUITE_P(Feed, FeedOf, ::testing::Values(false, true));

}  // namespace
}  // namespace poise
