#include "poise/data/loader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <set>

#include "poise/base/sha256.h"
#include "poise/data/test_people.h"

namespace poise {
namespace {

using testing_people::figures;
using testing_people::MemorySet;

const SampleOptions kSample = testing_people::samples({48, 64});
constexpr AugmentOptions kAugment{
    .half_body = 0.3F, .translation = 0.1F, .colour = 0.2F, .cutout = 0.5F, .grow_epochs = 3};

std::unique_ptr<Loader> load(const DataSetPtr& set, const LoaderOptions& options) {
  return Loader::create(set, kSample, kAugment, options).value();
}

std::string hash(const Batch& batch) {
  Sha256 sha;
  for (const Tensor* t : {&batch.images, &batch.targets, &batch.weights}) {
    sha.update({static_cast<const std::uint8_t*>(t->data()), t->bytes()});
  }
  sha.update(
      {reinterpret_cast<const std::uint8_t*>(batch.indices.data()), batch.indices.size() * sizeof(batch.indices[0])});
  return sha.hex();
}

std::vector<std::string> hashes(Loader& loader, int count) {
  std::vector<std::string> list;
  for (int i = 0; i < count; ++i) list.push_back(hash(*loader.next().value()));
  return list;
}

TEST(Loader, WorkersDoNotChangeResults) {
  const DataSetPtr set = figures(21);
  std::vector<std::vector<std::string>> seen;
  for (const int workers : {1, 2, 4}) {
    seen.push_back(hashes(*load(set, {.batch = 5, .workers = workers, .ahead = workers + 1, .seed = 9}), 10));
  }
  EXPECT_EQ(seen[0], seen[1]);
  EXPECT_EQ(seen[0], seen[2]);
  EXPECT_EQ(std::set<std::string>(seen[0].begin(), seen[0].end()).size(), 10U);  // no batch comes twice
  EXPECT_NE(seen[0], hashes(*load(set, {.batch = 5, .seed = 10}), 10));
}

TEST(Loader, ContinuesWhereItIsTold) {
  const DataSetPtr set = figures(21);
  const LoaderOptions options{.batch = 5, .seed = 9};
  const auto through = hashes(*load(set, options), 12);
  const auto loader = load(set, options);
  EXPECT_EQ(loader->batches_per_epoch(), 4U);
  loader->seek(1, 2);
  EXPECT_EQ(loader->epoch(), 1U);
  EXPECT_EQ(loader->number(), 2U);
  EXPECT_EQ(hashes(*loader, 6), std::vector<std::string>(through.begin() + 6, through.end()));
  EXPECT_EQ(loader->epoch(), 3U);
  EXPECT_EQ(loader->number(), 0U);
}

TEST(Loader, MemoryOfEarlierBatchesChangesNothing) {
  const DataSetPtr set = figures(21);
  const LoaderOptions options{.batch = 5, .ahead = 2, .seed = 9};
  const auto fresh = hashes(*load(set, options), 10);
  const auto loader = load(set, options);
  std::vector<std::string> reused;
  std::set<const void*> places;
  for (int i = 0; i < 10; ++i) {
    Batch batch = *loader->next().value();
    reused.push_back(hash(batch));
    places.insert(batch.images.data());
    std::ranges::fill(batch.targets.floats(), 7.0F);
    loader->recycle(std::move(batch));
  }
  EXPECT_EQ(reused, fresh);
  EXPECT_LE(places.size(), 4U);
}

TEST(Loader, GivesShapesAndPlaces) {
  const auto loader = load(figures(21), {.batch = 5});
  for (std::size_t i = 0; i < 8; ++i) {
    const Batch batch = std::move(*loader->next().value());
    EXPECT_EQ(batch.images.shape(), (Shape{5, 3, 64, 48}));
    EXPECT_EQ(batch.targets.shape(), (Shape{5, 17, 16, 12}));
    EXPECT_EQ(batch.weights.shape(), (Shape{5, 17}));
    EXPECT_EQ(batch.epoch, i / 4);
    EXPECT_EQ(batch.number, i % 4);
    EXPECT_EQ(batch.last, i % 4 == 3);
  }
}

TEST(Loader, ValidationSeesEveryoneOnceInOrder) {
  const DataSetPtr set = figures(11);
  const auto loader = Loader::create(set, kSample, {}, validation_loading(4, 2)).value();
  std::vector<std::size_t> seen;
  while (auto batch = loader->next().value()) {
    if (seen.empty()) {  // as it is: no augmentation
      std::vector<float> expected(batch->images.floats().size() / 4);
      const Person person = set->get(0);
      const Image picture = decode_image(person.bytes).value().image.clone();
      write_crop(picture.view(), crop_from_image(person.box, kSample.crop()), kSample.input, expected);
      EXPECT_EQ(std::memcmp(expected.data(), batch->images.data(), expected.size() * sizeof(float)), 0);
    }
    seen.insert(seen.end(), batch->indices.begin(), batch->indices.end());
  }
  std::vector<std::size_t> all(11);
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
  EXPECT_EQ(seen, all);
  EXPECT_FALSE(loader->next().value().has_value());
}

TEST(Loader, EpochsArePermutationsByWeight) {
  const DataSetPtr set = figures(10);
  auto order = epoch_order(set->strata(), 1, 0);
  EXPECT_NE(order, epoch_order(set->strata(), 1, 1));
  EXPECT_NE(order, epoch_order(set->strata(), 2, 0));
  EXPECT_EQ(order, epoch_order(set->strata(), 1, 0));
  std::sort(order.begin(), order.end());
  for (std::size_t i = 0; i < order.size(); ++i) EXPECT_EQ(order[i], i);

  const Skeleton coco = find_skeleton("coco17").value();
  const DataSetPtr both = mixed({figures(10), figures(8)}, {2.5, 0.5}, coco).value();
  std::map<std::size_t, int> counts;
  for (std::uint64_t epoch = 0; epoch < 200; ++epoch) {
    const auto one = epoch_order(both->strata(), 1, epoch);
    ASSERT_EQ(one.size(), 25U + 4U);
    std::map<std::size_t, int> here;
    for (const std::size_t i : one) ++here[i];
    for (std::size_t i = 0; i < 10; ++i) {
      ASSERT_GE(here[i], 2);
      ASSERT_LE(here[i], 3);
    }
    for (const auto& [i, n] : here) counts[i] += n;
  }
  for (std::size_t i = 0; i < 18; ++i) EXPECT_NEAR(counts[i] / 200.0, i < 10 ? 2.5 : 0.5, 0.15) << i;
}

TEST(Loader, AnEarlyEndIsClean) {
  for (int i = 0; i < 10; ++i) {
    const auto loader = load(figures(30), {.batch = 15, .workers = 4, .ahead = 8});
    if (i % 2 == 0) {
      EXPECT_TRUE(loader->next().ok());
    }
    loader->seek(5, 1);
  }
}

TEST(Loader, SaysWhichPictureIsBroken) {
  auto set = std::make_shared<MemorySet>(find_skeleton("coco17").value());
  const auto good = figures(1);
  Person person = good->get(0);
  set->add(person, decode_image(person.bytes).value().image);
  std::vector<Person> persons(6, set->get(0));
  persons[4].path = "/nowhere/five.jpg";
  const auto listed = std::make_shared<ListedDataSet>(set->skeleton(), persons);
  const auto loader = load(listed, {.batch = 3, .shuffle = false});
  EXPECT_TRUE(loader->next().ok());
  for (int i = 0; i < 2; ++i) {
    const auto second = loader->next();
    ASSERT_FALSE(second.ok());
    EXPECT_NE(second.error().message.find("/nowhere/five.jpg"), std::string::npos);
  }
  loader->seek(1, 0);
  EXPECT_TRUE(loader->next().ok());
}

TEST(Loader, RefusesWhatCannotBeLoaded) {
  const DataSetPtr set = figures(5);
  const auto error = [&](const LoaderOptions& options) {
    const auto loader = Loader::create(set, kSample, {}, options);
    return loader.ok() ? std::string() : loader.error().message;
  };
  EXPECT_NE(error({.batch = 6}).find("larger than the data set, 5 examples"), std::string::npos);
  EXPECT_EQ(error({.batch = 6, .drop_last = false}), "");
  EXPECT_NE(error({.batch = 0}), "");
  EXPECT_NE(error({.batch = 1, .workers = 0}), "");
  const auto none = std::make_shared<ListedDataSet>(set->skeleton(), std::vector<Person>());
  EXPECT_NE(Loader::create(none, kSample, {}, {.batch = 1}).error().message.find("empty"), std::string::npos);
}

}  // namespace
}  // namespace poise
