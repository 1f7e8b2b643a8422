#include "poise/data/pack.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "poise/base/random.h"
#include "poise/data/sample.h"
#include "poise/data/test_people.h"

namespace poise {
namespace {

using testing_people::figures;
using testing_people::Folder;

PackOptions small() { return {.longest = 160, .shard_bytes = 100'000, .origin = "figures"}; }

void pack(const DataSet& set, const std::filesystem::path& folder, const PackOptions& options) {
  PackWriter writer = PackWriter::create(folder, set.skeleton(), options).value();
  for (std::size_t i = 0; i < set.size(); ++i) writer.add(pack_person(set.get(i), options).value()).value();
  writer.finish().value();
}

std::vector<float> picture_of(const Person& person, const SampleOptions& options) {
  std::vector<float> image(3 * 96 * 128), targets(17 * 24 * 32), weights(17);
  make_sample(person, find_skeleton("coco17").value(), plain(person), options, {image, targets, weights}).value();
  return image;
}

TEST(Pack, EqualsTheUnpackedWithinJpegsError) {
  const auto set = figures(12, {640, 480});
  const Folder folder;
  PackOptions options = small();
  options.quality = 95;
  pack(*set, folder.path(), options);
  const auto packed = PackedDataSet::open(folder.path()).value();
  ASSERT_EQ(packed->size(), set->size());
  EXPECT_EQ(packed->skeleton(), set->skeleton());
  const SampleOptions sample = testing_people::samples({96, 128});
  for (std::size_t i = 0; i < set->size(); ++i) {
    const Person before = set->get(i);
    const Person after = packed->get(i);
    EXPECT_EQ(after.id, before.id);
    EXPECT_EQ(after.image_id, before.image_id);
    EXPECT_EQ(after.image_name, before.image_name);
    EXPECT_EQ(after.weights, before.weights);
    EXPECT_LE(std::max(after.box.width, after.box.height) * options.padding, 161);
    EXPECT_LE(std::max(after.picture.width, after.picture.height), 242);
    // The same crop, joints included, whatever was cut away.
    const PlacedJoints a = place_joints(before, set->skeleton(), plain(before), sample.crop());
    const PlacedJoints b = place_joints(after, set->skeleton(), plain(after), sample.crop());
    for (std::size_t j = 0; j < 17; ++j) {
      if (a.weights[j] == 0) continue;
      EXPECT_NEAR(a.points[j].x, b.points[j].x, 0.5F);
      EXPECT_NEAR(a.points[j].y, b.points[j].y, 0.5F);
    }
    const auto exact = picture_of(before, sample);
    const auto coded = picture_of(after, sample);
    double apart = 0;
    for (std::size_t k = 0; k < exact.size(); ++k) apart += std::abs(exact[k] - coded[k]);
    EXPECT_LT(apart / static_cast<double>(exact.size()), 0.02) << i;  // of 1
  }
}

TEST(Pack, SmallJpegsKeepTheirBytes) {
  const auto set = figures(2, {120, 100}, ImageFormat::kJpeg);
  const Folder folder;
  PackOptions options = small();
  options.margin = 3;
  pack(*set, folder.path(), options);
  const auto packed = PackedDataSet::open(folder.path()).value();
  const Person before = set->get(1);
  const Person after = packed->get(1);
  EXPECT_TRUE(std::ranges::equal(before.bytes, after.bytes));
  EXPECT_EQ(before.box, after.box);
  EXPECT_EQ(before.keypoints[0].point, after.keypoints[0].point);
}

TEST(Pack, ShardsStaySmallAndBelongTogether) {
  const auto set = figures(60, {320, 240});
  const Folder folder;
  PackOptions options = small();
  pack(*set, folder.path(), options);
  std::vector<std::filesystem::path> shards;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    EXPECT_LE(entry.file_size(), options.shard_bytes);
    shards.push_back(entry.path());
  }
  std::sort(shards.begin(), shards.end());
  ASSERT_GE(shards.size(), 3U);
  EXPECT_EQ(PackedDataSet::open(folder.path()).value()->size(), 60U);
  EXPECT_NE(PackWriter::create(folder.path(), set->skeleton(), options).error().message.find("already"),
            std::string::npos);

  const auto error_without = [&](const std::filesystem::path& shard) {
    std::filesystem::rename(shard, folder / "away");
    const auto opened = PackedDataSet::open(folder.path());
    std::filesystem::rename(folder / "away", shard);
    return opened.ok() ? std::string() : opened.error().message;
  };
  EXPECT_NE(error_without(shards.front()).find("does not follow"), std::string::npos);
  EXPECT_NE(error_without(shards[1]).find("does not follow"), std::string::npos);
  EXPECT_NE(error_without(shards.back()).find("last shard is missing"), std::string::npos);

  const Folder other;  // a shard of another pack in the place of ours
  options.origin = "others";
  pack(*set, other / "pack", options);
  std::filesystem::copy_file(other / "pack" / shards[1].filename(), shards[1],
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_FALSE(PackedDataSet::open(folder.path()).ok());
}

TEST(Pack, RefusesWhatMakesNoSense) {
  EXPECT_TRUE(check(PackOptions{}).ok());
  EXPECT_FALSE(check(PackOptions{.longest = 3}).ok());
  EXPECT_FALSE(check(PackOptions{.margin = 0.5F}).ok());
  EXPECT_FALSE(check(PackOptions{.quality = 0}).ok());
  EXPECT_FALSE(check(PackOptions{.shard_bytes = 10}).ok());
  const Folder folder;
  EXPECT_EQ(PackedDataSet::open(folder.path()).error().code, ErrorCode::kNotFound);
  EXPECT_FALSE(PackedDataSet::open(folder / "none").ok());
  Person person = figures(1)->get(0);
  person.path = folder / "none.jpg";
  EXPECT_NE(pack_person(person, {}).error().message.find("none.jpg"), std::string::npos);
}

TEST(Pack, ReadsAShardOfVersionOne) {
  // Written once, by the first program that wrote any: packs stay readable.
  const auto packed = PackedDataSet::open(POISE_SOURCE_DIR "/tests/golden/pack").value();
  ASSERT_EQ(packed->size(), 2U);
  EXPECT_EQ(packed->skeleton(), find_skeleton("coco17").value());
  const Person person = packed->get(1);
  EXPECT_EQ(person.id, 2);
  EXPECT_EQ(person.image_name, "2.png");
  EXPECT_EQ(load_picture(person).value().image.size(), person.picture);
  EXPECT_EQ(person.picture, (Size{96, 72}));
}

Bytes shard() {
  const auto set = figures(3, {120, 100}, ImageFormat::kJpeg);
  PackShard one{.skeleton = set->skeleton(), .number = 0, .last = true, .before = "", .origin = "x", .persons = {}};
  for (std::size_t i = 0; i < set->size(); ++i) one.persons.push_back(set->get(i));
  return pack_shard_bytes(one);
}

template <typename T>
bool refused_with(std::size_t at, T value) {
  Bytes bytes = shard();
  std::memcpy(bytes.data() + at, &value, sizeof(T));
  return !parse_pack_shard(bytes).ok();
}

TEST(Pack, RefusesHostileShards) {
  const Bytes good = shard();
  ASSERT_EQ(parse_pack_shard(good).value().persons.size(), 3U);
  std::uint32_t json = 0;
  std::memcpy(&json, good.data() + 28, sizeof(json));
  const std::size_t record = 64 + (json + 7) / 8 * 8;
  EXPECT_TRUE(refused_with(0, 'X'));
  EXPECT_TRUE(refused_with(8, std::uint32_t{2}));    // version
  EXPECT_TRUE(refused_with(16, std::uint32_t{2}));   // last
  EXPECT_TRUE(refused_with(20, ~std::uint32_t{0}));  // persons
  EXPECT_TRUE(refused_with(24, std::uint32_t{0}));   // joints
  EXPECT_TRUE(refused_with(24, std::uint32_t{16}));
  EXPECT_TRUE(refused_with(24, ~std::uint32_t{0}));
  EXPECT_TRUE(refused_with(28, ~std::uint32_t{0}));  // JSON
  EXPECT_TRUE(refused_with(32, ~std::uint64_t{0}));  // names
  EXPECT_TRUE(refused_with(40, ~std::uint64_t{0}));  // file
  EXPECT_TRUE(refused_with(48, std::uint64_t{1}));
  EXPECT_TRUE(refused_with(record, ~std::uint64_t{0}));  // JPEG's place
  EXPECT_TRUE(refused_with(record, std::uint64_t{0}));
  EXPECT_TRUE(refused_with(record + 8, ~std::uint32_t{0}));  // JPEG's size
  EXPECT_TRUE(refused_with(record + 8, std::uint32_t{0}));
  EXPECT_TRUE(refused_with(record + 12, ~std::uint32_t{0}));  // name
  EXPECT_TRUE(refused_with(record + 16, ~std::uint32_t{0}));
  EXPECT_TRUE(refused_with(record + 20, std::uint32_t{0}));  // width
  EXPECT_TRUE(refused_with(record + 28, -1.0F));             // area
  EXPECT_TRUE(refused_with(record + 48, std::numeric_limits<float>::quiet_NaN()));
  EXPECT_TRUE(refused_with(record + 56, 0.0F));  // box
  EXPECT_TRUE(refused_with(record + 64, std::numeric_limits<float>::infinity()));
  EXPECT_TRUE(refused_with(record + 72, -1.0F));  // weight
  EXPECT_TRUE(refused_with(record + 76, std::uint32_t{3}));
  for (std::size_t size = 0; size < good.size(); size += 1 + size / 50) {
    EXPECT_FALSE(parse_pack_shard(BytesView(good).subspan(0, size)).ok()) << size;
  }
}

TEST(Pack, SurvivesRandomDamage) {
  const Bytes good = shard();
  const std::size_t labels = 4096;  // where all that is parsed lies
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    Bytes bytes = good;
    Random random(seed);
    for (std::uint64_t n = random.below(6) + 1; n > 0; --n) {
      bytes[random.below(std::min(labels, bytes.size()))] = static_cast<std::uint8_t>(random.below(256));
    }
    const auto parsed = parse_pack_shard(bytes);
    if (!parsed.ok()) continue;
    for (const Person& person : parsed->persons) {
      ASSERT_GE(person.bytes.data(), bytes.data());
      ASSERT_LE(person.bytes.data() + person.bytes.size(), bytes.data() + bytes.size());
      ASSERT_EQ(person.keypoints.size(), parsed->skeleton.joints.size());
    }
  }
}

}  // namespace
}  // namespace poise
