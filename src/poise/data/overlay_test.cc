#include "poise/data/overlay.h"

#include <gtest/gtest.h>

#include "poise/data/test_people.h"

namespace poise {
namespace {

using testing_people::figures;
using testing_people::Folder;

constexpr const char* kLabels = R"({"info": {"teacher": "somebody"}, "keypoints": ["nose", "left_wrist", "tail"],
 "annotations": [
 {"image_id": 1, "keypoints": [10, 20, 90, 30.5, 40, 80, 0, 0, 0], "far": [9, 15], "mirrored": [10]},
 {"image_id": 2, "keypoints": [10, 20, 25, 0, 0, 0, 5, 5, 99]},
 {"image_id": 77, "keypoints": [1, 1, 99, 1, 1, 99, 1, 1, 99]}]})";

Overlay labels() { return parse_overlay(parse_json(std::string_view(kLabels)).value()).value(); }

/// Figures whose noses nobody labelled.
DataSetPtr noseless() {
  const auto whole = figures(3);
  std::vector<Person> persons;
  for (std::size_t i = 0; i < whole->size(); ++i) {
    Person person = whole->get(i);
    person.bytes = {};
    person.keypoints[0].visibility = Visibility::kAbsent;
    person.weights[0] = 0;
    for (std::size_t j = 1; j < 17; ++j) {  // all else is there, whatever the figure hides
      person.keypoints[j].visibility = Visibility::kVisible;
      person.weights[j] = 1;
    }
    persons.push_back(std::move(person));
  }
  return std::make_shared<ListedDataSet>(whole->skeleton(), std::move(persons));
}

TEST(Overlay, AddsWhatIsMissingAndVetoesWhatIsContradicted) {
  const DataSetPtr set = with_overlay(noseless(), labels(), {.weight = 0.8F}).value();
  const Person first = set->get(0);
  EXPECT_EQ(first.keypoints[0].point, (Point{10, 20}));
  EXPECT_EQ(first.keypoints[0].visibility, Visibility::kVisible);
  EXPECT_EQ(first.weights[0], 0.8F);
  EXPECT_EQ(first.weights[9], 0);  // far
  EXPECT_EQ(first.weights[15], 0);
  EXPECT_EQ(first.weights[10], 0);  // mirrored
  EXPECT_EQ(first.weights[5], 1);
  const Person second = set->get(1);
  EXPECT_EQ(second.weights[0], 0);  // a score of 0.25
  EXPECT_EQ(second.weights[9], 1);
  EXPECT_EQ(set->get(2).weights[0], 0);  // no labels for it
}

TEST(Overlay, OwnLabelsStayUnlessVetoedAndReplaced) {
  const DataSetPtr kept = with_overlay(noseless(), labels(), {.veto_far = false, .veto_mirrored = false}).value();
  EXPECT_EQ(kept->get(0).keypoints[9].point, noseless()->get(0).keypoints[9].point);
  EXPECT_EQ(kept->get(0).weights[10], 1);
  const DataSetPtr replaced = with_overlay(noseless(), labels(), {.replace_vetoed = true}).value();
  EXPECT_EQ(replaced->get(0).keypoints[9].point, (Point{30.5, 40}));
  EXPECT_EQ(replaced->get(0).weights[9], 1);
  EXPECT_EQ(replaced->get(0).weights[15], 0);  // nothing to put in its place
}

TEST(Overlay, ReadsFiles) {
  const Folder folder;
  write_file_atomic(folder / "t.json", std::string_view(kLabels)).value();
  EXPECT_EQ(read_overlay(folder / "t.json").value().by_image.size(), 3U);
  write_file_atomic(folder / "t.json", std::string_view("{}")).value();
  EXPECT_NE(read_overlay(folder / "t.json").error().message.find("t.json"), std::string::npos);
  EXPECT_EQ(read_overlay(folder / "no.json").error().code, ErrorCode::kNotFound);
}

TEST(Overlay, RefusesOddFiles) {
  const auto wrong = [](const std::string& annotation) {
    const std::string text = R"({"keypoints": ["nose"], "annotations": [)" + annotation + "]}";
    return !parse_overlay(parse_json(std::string_view(text)).value()).ok();
  };
  EXPECT_FALSE(wrong(R"({"image_id": 1, "keypoints": [1, 2, 50]})"));
  EXPECT_TRUE(wrong(R"({"image_id": 1, "keypoints": [1, 2]})"));
  EXPECT_TRUE(wrong(R"({"image_id": 1, "keypoints": [1, 2, 101]})"));
  EXPECT_TRUE(wrong(R"({"image_id": 1, "keypoints": [1e20, 2, 50]})"));
  EXPECT_TRUE(wrong(R"({"image_id": 1, "keypoints": [1, 2, 50], "far": [17]})"));
  EXPECT_TRUE(wrong(R"({"image_id": 1, "keypoints": [1, 2, 50], "mirrored": [-1]})"));
  EXPECT_TRUE(wrong(R"({"image_id": 1, "keypoints": [1, 2, 50], "mirrored": 3})"));
  EXPECT_TRUE(wrong(R"({"keypoints": [1, 2, 50]})"));
  EXPECT_TRUE(wrong(R"({"image_id": 1, "keypoints": [1, 2, 50]}, {"image_id": 1, "keypoints": [1, 2, 50]})"));
  EXPECT_TRUE(wrong("3"));
}

TEST(Overlay, RefusesSetsThatDoNotFit) {
  Overlay elsewhere = labels();
  elsewhere.by_image.clear();
  elsewhere.by_image[99] = {.points = {{}, {}, {}}, .scores = {1, 1, 1}, .far = {}, .mirrored = {}};
  EXPECT_NE(with_overlay(noseless(), elsewhere).error().message.find("no image in common"), std::string::npos);
  Overlay strange = labels();
  strange.joints = {"horn", "tail", "hoof"};
  EXPECT_FALSE(with_overlay(noseless(), strange).ok());
  const auto twice = mixed({noseless(), noseless()}, {1, 1}, noseless()->skeleton()).value();
  EXPECT_NE(with_overlay(twice, labels()).error().message.find("several persons"), std::string::npos);
  EXPECT_FALSE(with_overlay(noseless(), labels(), {.weight = 2}).ok());
}

}  // namespace
}  // namespace poise
