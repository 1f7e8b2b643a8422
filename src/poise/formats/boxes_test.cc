#include "poise/formats/boxes.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "poise/formats/writers.h"

namespace poise {
namespace {

Result<BoxesFile> parse(const std::string& text) {
  return BoxesFile::parse({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

std::string message(const std::string& text) {
  const auto file = parse(text);
  if (file.ok()) return "no error";
  EXPECT_EQ(file.error().code, ErrorCode::kMalformed);
  return file.error().message;
}

/// One image of 640 x 480 and these annotations.
std::string annotated(const std::string& annotations) {
  return R"({"images": [{"id": 7, "file_name": "a.jpg", "width": 640, "height": 480}], "annotations": [)" +
         annotations + R"(], "categories": [{"id": 1, "name": "person"}]})";
}

std::size_t persons_of(const std::string& annotation) {
  return parse(annotated(annotation)).value().find("a.jpg")->persons.size();
}

TEST(Boxes, DetectionsAreFoundByTheNumberThatEndsTheStem) {
  const auto file = parse(R"([{"image_id": 139, "category_id": 1, "bbox": [1.5, 2, 3, 4], "score": 0.75},
                              {"image_id": 139, "category_id": 1, "bbox": [5, 6, 7, 8], "score": 0.5},
                              {"image_id": 140, "category_id": 1, "bbox": [0, 0, 1, 1], "score": 1}])")
                        .value();
  EXPECT_FALSE(file.is_annotations());
  EXPECT_EQ(file.image_count(), 2U);
  const ImageBoxes* boxes = file.find("val/COCO_val2014_000000000139.jpg");
  ASSERT_NE(boxes, nullptr);
  EXPECT_EQ(boxes->image_id, 139);
  ASSERT_EQ(boxes->persons.size(), 2U);
  EXPECT_EQ(boxes->persons[0].box, (Box{1.5F, 2, 3, 4}));
  EXPECT_EQ(boxes->persons[0].score, 0.75F);
  EXPECT_EQ(file.find("141.jpg"), nullptr);
  EXPECT_EQ(file.find("139x.jpg"), nullptr);
  EXPECT_EQ(file.find("99999999999999999999139.jpg"), nullptr);
}

TEST(Boxes, DetectionsAreFoundByFileName) {
  const auto file = parse(R"([{"file_name": "team/one.jpg", "bbox": [1, 2, 3, 4], "score": 0.5},
                              {"file_name": "12.jpg", "image_id": 99, "bbox": [1, 2, 3, 4], "score": 0.5}])")
                        .value();
  ASSERT_NE(file.find("/photos/team/one.jpg"), nullptr);
  EXPECT_FALSE(file.find("one.jpg")->image_id);
  EXPECT_EQ(file.find("12.jpg")->image_id, 99);
  EXPECT_EQ(file.find("99.jpg"), nullptr) << "a file name is given, so the number does not count";
}

TEST(Boxes, TheAuthorsDetectionsAreRead) {
  // As COCO_val2017_detections_AP_H_56_person.json begins.
  const auto file = parse(R"([{"bbox": [252.52, 0.0, 387.48, 425.34], "category_id": 1, "image_id": 532481,
                               "score": 0.06}, {"bbox": [12.0, 3.5, 4.25, 8], "category_id": 44, "image_id": 532481,
                               "score": 0.9}])")
                        .value();
  ASSERT_NE(file.find(532481), nullptr);
  ASSERT_EQ(file.find(532481)->persons.size(), 1U);
  EXPECT_EQ(file.find(532481)->persons[0].box.width, 387.48F);
  EXPECT_FALSE(file.is_named());
  EXPECT_FALSE(file.exif_applied());
}

TEST(Boxes, WhatDetectWroteIsReadAgain) {
  Json written;
  const std::vector<PersonBox> persons{{{1.5F, 2, 3, 4}, 0.75F}, {{5, 6, 7, 8}, 0.5F}};
  append_coco_detections("in/a.jpg", 5, persons, false, written);
  append_coco_detections("in/b.jpg", 6, persons, true, written);
  append_coco_detections("in/c.jpg", 7, {}, true, written);
  const auto file = parse(written.dump()).value();
  EXPECT_TRUE(file.is_named());
  EXPECT_TRUE(file.exif_applied()) << "b.jpg was turned";
  EXPECT_EQ(file.image_count(), 2U);
  ASSERT_EQ(file.find("else/in/b.jpg")->persons.size(), 2U);
  EXPECT_EQ(file.find("b.jpg")->persons[0].box, persons[0].box);
  EXPECT_EQ(file.find("b.jpg")->image_id, 6);
  EXPECT_EQ(message(R"([{"image_id": 1, "bbox": [1, 2, 3, 4], "score": 1, "exif_applied": 1}])"),
            "detections[0].exif_applied must be true or false, it is another number");
}

TEST(Boxes, APictureNamedWithoutAPersonHasAnEmptyList) {
  const auto file =
      parse(R"([{"file_name": "dog.jpg", "category_id": 18, "bbox": [1, 2, 3, 4], "score": 0.9}])").value();
  ASSERT_NE(file.find("dog.jpg"), nullptr);
  EXPECT_TRUE(file.find("dog.jpg")->persons.empty());
}

TEST(Boxes, TheLongestRunOfTrailingPathPartsWins) {
  const auto file = parse(R"([{"file_name": "x.jpg", "image_id": 1, "bbox": [0, 0, 9, 9], "score": 1},
                              {"file_name": "b/x.jpg", "image_id": 2, "bbox": [0, 0, 9, 9], "score": 1},
                              {"file_name": "a\\b\\x.jpg", "image_id": 3, "bbox": [0, 0, 9, 9], "score": 1},
                              {"file_name": "c/x.jpg", "image_id": 4, "bbox": [0, 0, 9, 9], "score": 1}])")
                        .value();
  EXPECT_EQ(file.find("/data/a/b/x.jpg")->image_id, 3);
  EXPECT_EQ(file.find("/data/c/x.jpg")->image_id, 4);
  EXPECT_EQ(file.find("./x.jpg")->image_id, 1);
  EXPECT_EQ(file.find("z/b/x.jpg")->image_id, 2) << "as long as a/b/x.jpg, and whole";
  EXPECT_EQ(file.find("z/x.jpg")->image_id, 1);
  EXPECT_EQ(file.find("ax.jpg"), nullptr) << "parts agree as wholes";
}

TEST(Boxes, OfEquallyGoodNamesTheFirstWins) {
  const auto file = parse(R"([{"file_name": "p/x.jpg", "image_id": 1, "bbox": [0, 0, 9, 9], "score": 1},
                              {"file_name": "q/x.jpg", "image_id": 2, "bbox": [0, 0, 9, 9], "score": 1}])")
                        .value();
  EXPECT_EQ(file.find("x.jpg")->image_id, 1);
  EXPECT_EQ(file.find("r/x.jpg")->image_id, 1);
}

TEST(Boxes, AnnotationBoxesAreCleanedAgainstTheImage) {
  const auto file = parse(annotated(R"({"image_id": 7, "category_id": 1, "bbox": [-10, 470, 110, 50], "area": 9,
                                        "iscrowd": 0, "num_keypoints": 1, "keypoints": [5, 5, 2]})"))
                        .value();
  EXPECT_TRUE(file.is_annotations());
  const ImageBoxes* boxes = file.find("a.jpg");
  ASSERT_NE(boxes, nullptr);
  EXPECT_EQ(boxes->image_id, 7);
  ASSERT_EQ(boxes->persons.size(), 1U);
  EXPECT_EQ(boxes->persons[0].box, (Box{0, 470, 109, 9}));
  EXPECT_EQ(boxes->persons[0].annotated, (Box{0, 470, 100, 10}));  // as it is, within the picture
  EXPECT_EQ(boxes->persons[0].score, 1.0F);
}

TEST(Boxes, AnnotationBoxesStayRawWhereTheImageSizeIsNotGiven) {
  const auto file = parse(R"({"images": [{"id": 7, "file_name": "a.jpg"}],
                              "annotations": [{"image_id": 7, "bbox": [-10, 470, 110, 50]}]})")
                        .value();
  ASSERT_EQ(file.find("a.jpg")->persons.size(), 1U);
  EXPECT_EQ(file.find("a.jpg")->persons[0].box, (Box{-10, 470, 110, 50}));
}

TEST(Boxes, AnnotationsWithoutAPersonToEstimateArePassedOver) {
  EXPECT_EQ(persons_of(R"({"image_id": 7, "bbox": [1, 2, 30, 40], "keypoints": [5, 5, 2]})"), 1U);
  EXPECT_EQ(persons_of(R"({"image_id": 7, "bbox": [1, 2, 30, 40]})"), 1U);
  EXPECT_EQ(persons_of(R"({"image_id": 7, "bbox": [1, 2, 30, 40], "iscrowd": 1})"), 0U);
  EXPECT_EQ(persons_of(R"({"image_id": 7, "bbox": [1, 2, 30, 40], "iscrowd": true})"), 0U);
  EXPECT_EQ(persons_of(R"({"image_id": 7, "bbox": [1, 2, 30, 40], "area": 0})"), 0U);
  EXPECT_EQ(persons_of(R"({"image_id": 7, "bbox": [1, 2, 30, 40], "num_keypoints": 0})"), 0U);
  EXPECT_EQ(persons_of(R"({"image_id": 7, "bbox": [1, 2, 30, 40], "keypoints": [0, 0, 0]})"), 0U);
  EXPECT_EQ(persons_of(R"({"image_id": 7, "bbox": [1, 2, 30, 40], "category_id": 2})"), 0U);
  EXPECT_EQ(persons_of(R"({"image_id": 7, "bbox": [700, 2, 30, 40]})"), 0U) << "beside the image";
}

TEST(Boxes, ThePersonCategoryIsTheOneOfThatName) {
  const std::string start = R"({"images": [{"id": 7, "file_name": "a.jpg"}], "annotations": [
      {"image_id": 7, "category_id": 3, "bbox": [1, 2, 3, 4]}, {"image_id": 7, "category_id": 5, "bbox": [5, 6, 7, 8]}],
      "categories": )";
  const auto both = parse(start + R"([{"id": 3, "name": "dog"}, {"id": 5, "name": "person"}]})").value();
  ASSERT_EQ(both.find("a.jpg")->persons.size(), 1U);
  EXPECT_EQ(both.find("a.jpg")->persons[0].box, (Box{5, 6, 7, 8}));
  const auto only = parse(start + R"([{"id": 3, "name": "dancer"}]})").value();
  ASSERT_EQ(only.find("a.jpg")->persons.size(), 1U);
  EXPECT_EQ(only.find("a.jpg")->persons[0].box, (Box{1, 2, 3, 4}));
  EXPECT_EQ(message(start + R"([{"id": 3, "name": "dog"}, {"id": 5, "name": "cat"}]})"),
            "categories: none of several is named \"person\", and not one alone has keypoints");
}

TEST(Boxes, ExifAppliedIsKept) {
  EXPECT_FALSE(parse("[]").value().exif_applied());
  EXPECT_FALSE(parse(R"({"detections": []})").value().exif_applied());
  EXPECT_TRUE(parse(R"({"exif_applied": true, "detections": []})").value().exif_applied());
  EXPECT_TRUE(parse(R"({"exif_applied": true, "images": [], "annotations": []})").value().exif_applied());
  EXPECT_EQ(message(R"({"exif_applied": 1, "detections": []})"), "exif_applied must be a boolean, it is a number");
}

TEST(Boxes, ErrorsNameTheEntry) {
  EXPECT_EQ(message(R"([{"image_id": 1, "bbox": [1, 2, 3], "score": 1}])"),
            "detections[0].bbox must be four finite numbers: x, y, width, height");
  EXPECT_EQ(message(R"([{"image_id": 1, "bbox": [1, 2, 3, 1e39], "score": 1}])"),
            "detections[0].bbox must be four finite numbers: x, y, width, height");
  EXPECT_EQ(message(R"([{"image_id": 1, "bbox": [1, 2, -3, 4.5], "score": 1}])"),
            "detections[0].bbox has a negative size, -3 x 4.5: COCO boxes are x, y, width, height");
  EXPECT_EQ(
      message(R"([{"image_id": "1", "bbox": [1, 2, 3, 4], "score": 1}])"),
      "detections[0].image_id must be an integer, it is \"1\": number images and categories, and name them by these "
      "numbers, without quotes, in the entries");
  EXPECT_EQ(message(R"([{"image_id": 1.5, "bbox": [1, 2, 3, 4], "score": 1}])"),
            "detections[0].image_id must be an integer, it is another number");
  EXPECT_EQ(message(R"([{"image_id": 1, "bbox": [1, 2, 3, 4]}])"),
            "detections[0].score must be a finite number, it is missing");
  EXPECT_EQ(message(R"([{"bbox": [1, 2, 3, 4], "score": 1}])"), "detections[0] needs image_id or file_name");
  EXPECT_EQ(message("[3]"), "detections[0] must be an object, it is a number");
  EXPECT_EQ(message(R"([{"file_name": "a/", "image_id": 1, "bbox": [1, 2, 3, 4], "score": 1},
                        {"file_name": "a/", "image_id": 2, "bbox": [1, 2, 3, 4], "score": 1}])"),
            "detections[1].image_id differs from an earlier entry of the same file_name \"a/\"");
  EXPECT_EQ(message(annotated(R"({"image_id": 8, "bbox": [1, 2, 3, 4]})")),
            "annotations[0].image_id 8 is no image of this file");
  EXPECT_EQ(message(R"({"images": [{"id": 7, "file_name": "a.jpg"}, {"id": 7, "file_name": "b.jpg"}],
                        "annotations": []})"),
            "images[1].id 7 is that of an earlier image too");
  EXPECT_EQ(message(R"({"images": [{"id": 7, "file_name": "a.jpg", "width": 0, "height": 5}], "annotations": []})"),
            "images[0]: width and height must be above 0, they are 0 x 5");
}

TEST(Boxes, AFileOfNeitherFormIsToldBothForms) {
  for (const char* text : {"{}", "3", R"({"images": []})", R"({"images": 1, "annotations": 2})"}) {
    const std::string error = message(text);
    EXPECT_NE(error.find("{image_id or file_name, bbox, score}"), std::string::npos) << error;
    EXPECT_NE(error.find("images and annotations"), std::string::npos) << error;
  }
}

TEST(Boxes, AMissingFileIsNamed) {
  const auto file = BoxesFile::read("no/such/boxes.json");
  ASSERT_FALSE(file.ok());
  EXPECT_EQ(file.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(file.error().message.rfind("no/such/boxes.json: ", 0), 0U) << file.error().message;
}

TEST(Boxes, TheCocoSampleHas163Persons) {
  const std::filesystem::path folder = POISE_SOURCE_DIR "/../shared/data/coco-persons";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no shared/data/coco-persons beside the source tree";
  const auto file = BoxesFile::read(folder / "persons.json").value();
  EXPECT_TRUE(file.is_annotations());
  EXPECT_EQ(file.image_count(), 68U);
  std::size_t persons = 0;
  for (const auto& picture : std::filesystem::directory_iterator(folder / "images")) {
    const ImageBoxes* boxes = file.find(picture.path());
    ASSERT_NE(boxes, nullptr) << picture.path();
    persons += boxes->persons.size();
  }
  EXPECT_EQ(persons, 163U);
  EXPECT_EQ(file.find(folder / "no-person" / "000000000802.jpg"), nullptr);
}

TEST(Boxes, WhoBecomesNobodyIsCounted) {
  const auto parse = [](std::string_view text) {
    return BoxesFile::parse({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}).value();
  };
  const BoxesFile found = parse(R"([{"image_id": 1.0, "category_id": 0, "bbox": [1, 2, 3, 4], "score": 1}])");
  ASSERT_NE(found.find(std::int64_t{1}), nullptr) << "1.0 is 1";
  EXPECT_EQ(found.notes(),
            std::vector<std::string>{"1 detection left out: of another category than 1, which means people"});
  const BoxesFile truth = parse(R"({"images": [{"id": 1, "file_name": "a.jpg", "width": 9, "height": 9}],
    "categories": [{"id": 3, "name": "horse"}, {"id": 7, "name": "swimmer", "keypoints": ["nose"]}], "annotations": [
    {"image_id": 1, "category_id": 3, "bbox": [1, 2, 3, 4]}, {"image_id": 1, "category_id": 7, "bbox": [1, 2, 3, 4]},
    {"image_id": 1, "category_id": 7, "bbox": [1, 2, 3, 4], "iscrowd": 1},
    {"image_id": 1, "category_id": 7, "bbox": [1, 2, 3, 4], "num_keypoints": 0},
    {"image_id": 1, "category_id": 7, "bbox": [1, 2, 3, 4], "area": 0},
    {"image_id": 1, "category_id": 7, "bbox": [20, 20, 3, 4]}]})");
  EXPECT_EQ(truth.find(std::int64_t{1})->persons.size(), 1U) << "the one category with joints is taken";
  EXPECT_EQ(truth.notes().size(), 5U);
  EXPECT_EQ(truth.left_out().outside, 1U);
}

TEST(Boxes, SharesOfThePictureInPlaceOfPixelsAreRefused) {
  const std::string shares = "all boxes lie within two pixels, as shares of the picture would: pixels are wanted";
  EXPECT_EQ(message(R"([{"image_id": 1, "bbox": [0.25, 0.5, 0.25, 0.8], "score": 1}])").find(shares), 0U);
  EXPECT_EQ(message(annotated(R"({"image_id": 7, "category_id": 1, "bbox": [0, 0, 0.5, 1]})")).find(shares), 0U);
  EXPECT_EQ(message(R"([{"image_id": 1, "bbox": [0.25, 0.5, 0.25, 0.5], "score": 1},
                        {"image_id": 1, "bbox": [1, 2, 30, 40], "score": 1}])"),
            "no error");
}

TEST(Boxes, TwoCornersInPlaceOfASizeAreTold) {
  const auto corners = parse(annotated(R"({"image_id": 7, "category_id": 1, "bbox": [300, 200, 600, 470]},
                                          {"image_id": 7, "category_id": 1, "bbox": [10, 10, 50, 90]})"))
                           .value();
  EXPECT_TRUE(corners.find("a.jpg")->maybe_corners);
  EXPECT_EQ(corners.find("a.jpg")->far_beyond, 1U) << "counted before it is cut to the picture";
  const auto sizes = parse(annotated(R"({"image_id": 7, "category_id": 1, "bbox": [300, 200, 600, 470]},
                                        {"image_id": 7, "category_id": 1, "bbox": [400, 10, 50, 90]})"))
                         .value();
  EXPECT_FALSE(sizes.find("a.jpg")->maybe_corners) << "the second could not be";
  const auto found = parse(R"([{"image_id": 1, "bbox": [300, 200, 600, 470], "score": 1}])").value();
  EXPECT_TRUE(found.find(std::int64_t{1})->maybe_corners);
  EXPECT_TRUE(reaches_far_beyond({300, 200, 600, 470}, {640, 480}));
  EXPECT_FALSE(reaches_far_beyond({0, 0, 660, 480}, {640, 480})) << "a person at the edge";
}

TEST(Boxes, PicturesWithoutAnybodyAreSaid) {
  EXPECT_EQ(parse(annotated("")).value().notes(), std::vector<std::string>{"nobody is in its 1 picture"});
  EXPECT_TRUE(parse(annotated(R"({"image_id": 7, "category_id": 1, "bbox": [1, 2, 30, 40]})")).value().notes().empty());
}

}  // namespace
}  // namespace poise
