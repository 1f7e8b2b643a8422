#include "poise/data/select.h"

#include <gtest/gtest.h>

#include "poise/data/test_people.h"

namespace poise {
namespace {

using testing_people::MemorySet;

constexpr CropOptions kCrop{.size = {192, 256}};

/// `joints` labelled joints with their mean `right` pixels beside the middle of a box of 120 x 160, which the crop pads
/// to 150 x 200.
Person person(int joints, float right) {
  Person person;
  person.keypoints.resize(17);
  person.weights.assign(17, 0.0F);
  person.box = {40, 20, 120, 160};
  for (int j = 0; j < joints; ++j) {
    const auto i = static_cast<std::size_t>(j);
    const float side = j == joints - 1 && joints % 2 == 1 ? 0.0F : (j % 2 == 0 ? 10.0F : -10.0F);
    person.keypoints[i] = {{100 + right + side, 100 + side}, Visibility::kVisible};
    person.weights[i] = 1;
  }
  return person;
}

std::size_t selected(const std::vector<Person>& persons) {
  auto set = std::make_shared<MemorySet>(find_skeleton("coco17").value());
  for (const Person& one : persons) set->add(one, Image(8, 8));
  const auto result = select_centred(set, kCrop);
  return result.ok() ? (*result)->size() : 0;
}

TEST(Select, TheLimitIsTheAuthors) {
  // d^2 = -2 * 0.04 * 150 * 200 * ln(metric): one joint 0.45, seventeen 0.65.
  EXPECT_EQ(selected({person(1, 43.7F)}), 1U);
  EXPECT_EQ(selected({person(1, 43.9F)}), 0U);
  EXPECT_EQ(selected({person(17, 32.1F)}), 1U);
  EXPECT_EQ(selected({person(17, 32.2F)}), 0U);
  EXPECT_EQ(selected({person(17, -32.1F)}), 1U);
}

TEST(Select, KeepsTheOrderAndCountsLabelledJointsAlone) {
  Person distrusted = person(17, 100);  // its labels but one, in the middle, have weight 0
  distrusted.weights.assign(17, 0.0F);
  distrusted.weights[16] = 1;
  distrusted.keypoints[16].point = {100, 100};
  distrusted.id = 3;
  Person first = person(17, 0);
  first.id = 1;
  auto set = std::make_shared<MemorySet>(find_skeleton("coco17").value());
  for (const Person& one : {first, person(17, 90), distrusted, person(0, 0)}) set->add(one, Image(8, 8));
  const DataSetPtr kept = select_centred(set, kCrop).value();
  ASSERT_EQ(kept->size(), 2U);
  EXPECT_EQ(kept->get(0).id, 1);
  EXPECT_EQ(kept->get(1).id, 3);
}

TEST(Select, NobodyLeftIsSaid) {
  auto set = std::make_shared<MemorySet>(find_skeleton("coco17").value());
  set->add(person(17, 90), Image(8, 8));
  const auto result = select_centred(set, kCrop);
  ASSERT_FALSE(result.ok());
  EXPECT_NE(result.error().message.find("DATASET.SELECT_DATA"), std::string::npos);
}

}  // namespace
}  // namespace poise
