#include "poise/capi/poise_c.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <regex>
#include <set>
#include <sstream>
#include <thread>

#include "kit/temporary_folder.h"
#include "poise/base/file.h"
#include "poise/base/json.h"
#include "poise/base/version.h"
#include "poise/image/codec.h"
#include "poise/infer/pose_finder.h"

namespace {

const std::string kPhoto = POISE_SOURCE_DIR "/docs/images/figure.jpg";

template <auto Free>
struct Freed {
  template <typename T>
  void operator()(T* handle) const {
    Free(handle);
  }
};
using Picture = std::unique_ptr<poise_picture, Freed<poise_picture_free>>;
using Finder = std::unique_ptr<poise_finder, Freed<poise_finder_free>>;
using People = std::unique_ptr<poise_people, Freed<poise_people_free>>;
using Detector = std::unique_ptr<poise_detector, Freed<poise_detector_free>>;
using Estimator = std::unique_ptr<poise_estimator, Freed<poise_estimator_free>>;
using Tracker = std::unique_ptr<poise_tracker, Freed<poise_tracker_free>>;
using Skeleton = std::unique_ptr<poise_skeleton, Freed<poise_skeleton_free>>;
using Report = std::unique_ptr<poise_report, Freed<poise_report_free>>;

Picture photo() {
  poise_picture* picture = nullptr;
  poise_error error;
  EXPECT_EQ(poise_picture_read(kPhoto.c_str(), &picture, &error), POISE_OK) << error.message;
  return Picture(picture);
}

poise_finder_options one_thread() {
  poise_finder_options options;
  poise_finder_options_init(&options);
  options.threads = 1;
  return options;
}

Finder open_finder() {
  const poise_finder_options options = one_thread();
  poise_finder* finder = nullptr;
  poise_error error;
  EXPECT_EQ(poise_finder_open(&options, &finder, &error), POISE_OK) << error.message;
  return Finder(finder);
}

People find(poise_finder* finder, const poise_image& image) {
  poise_people* people = nullptr;
  poise_error error;
  EXPECT_EQ(poise_finder_find(finder, &image, &people, &error), POISE_OK) << error.message;
  return People(people);
}

void expect_same(const poise_people* a, const poise_people* b) {
  ASSERT_EQ(poise_people_count(a), poise_people_count(b));
  const std::size_t joints = poise_people_count(a) * poise_people_joints(a);
  for (std::size_t i = 0; i < joints; ++i) {
    EXPECT_EQ(poise_people_keypoints(a)[i].x, poise_people_keypoints(b)[i].x);
    EXPECT_EQ(poise_people_keypoints(a)[i].y, poise_people_keypoints(b)[i].y);
    EXPECT_EQ(poise_people_keypoints(a)[i].score, poise_people_keypoints(b)[i].score);
  }
}

std::set<std::string> lines_of(const std::string& path) {
  std::ifstream file(path);
  std::set<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.insert(line);
  return lines;
}

TEST(PoiseC, TheListOfSymbolsIsTheHeaders) {
  const std::string folder = POISE_SOURCE_DIR "/src/poise/capi/";
  std::set<std::string> declared;
  const std::regex function(R"((poise_[a-z_]+)\()");
  for (const std::string& line : lines_of(folder + "poise_c.h")) {
    std::smatch match;
    if (!line.starts_with("//") && std::regex_search(line, match, function)) declared.insert(match[1]);
  }
  EXPECT_GT(declared.size(), 50U);
  EXPECT_EQ(declared, lines_of(folder + "symbols.txt"));
}

TEST(PoiseC, SaysItsVersions) {
  EXPECT_EQ(poise_abi_version(), POISE_ABI_VERSION);
  const int32_t passive = poise_set_passive_threads(1);
  EXPECT_EQ(poise_set_passive_threads(1), passive);  // twice is once
  EXPECT_EQ(poise_set_passive_threads(0), 0);
  EXPECT_STREQ(poise_version(), poise::kVersion);
  EXPECT_STREQ(poise_code_name(POISE_MALFORMED), "malformed");
  EXPECT_STREQ(poise_code_name(POISE_INTERNAL + 1), "unknown");
  // Sizes are part of what a number promises: a change of one of these wants another POISE_ABI_VERSION.
  EXPECT_EQ(sizeof(poise_error), 1024U);
  EXPECT_EQ(sizeof(poise_keypoint), 12U);
  EXPECT_EQ(sizeof(poise_person), 28U);
  EXPECT_EQ(sizeof(poise_person_box), 20U);
}

TEST(PoiseC, FindsWhatTheLibraryFinds) {
  poise::PoseFinderOptions options;
  options.estimate.run.threads = options.detect.run.threads = 1;
  auto finder = poise::PoseFinder::open(options).value();
  const poise::FrameResult wanted = finder(poise::read_image(kPhoto).value());
  ASSERT_FALSE(wanted.poses.empty());

  const Finder own = open_finder();
  const Picture picture = photo();
  const People people = find(own.get(), poise_picture_image(picture.get()));
  ASSERT_EQ(poise_people_count(people.get()), wanted.poses.size());
  ASSERT_EQ(poise_people_joints(people.get()), 17U);
  for (std::size_t i = 0; i < wanted.poses.size(); ++i) {
    const poise::Pose& pose = wanted.poses[i];
    const poise_person& person = poise_people_persons(people.get())[i];
    EXPECT_EQ(person.score, pose.score);
    EXPECT_EQ(person.box.width, pose.box.width);
    EXPECT_EQ(person.track_id, 0);
    for (std::size_t k = 0; k < 17; ++k) {
      const poise_keypoint& joint = poise_people_keypoints(people.get())[17 * i + k];
      EXPECT_EQ(joint.x, pose.keypoints[k].point.x);
      EXPECT_EQ(joint.y, pose.keypoints[k].point.y);
      EXPECT_EQ(joint.score, pose.keypoints[k].score);
    }
  }
  EXPECT_EQ(std::string(poise_finder_model(own.get())).size(), 64U);
}

TEST(PoiseC, PixelsMayLieInAnyOrderAndStride) {
  const Finder finder = open_finder();
  const Picture picture = photo();
  const poise_image rgb = poise_picture_image(picture.get());
  const People wanted = find(finder.get(), rgb);
  ASSERT_GT(poise_people_count(wanted.get()), 0U);
  // BGR with a gap after each row; and the same bottom up.
  const std::ptrdiff_t stride = 3 * rgb.width + 13;
  std::vector<std::uint8_t> bgr(static_cast<std::size_t>(stride * rgb.height), 0xAA), upside_down(bgr);
  for (int y = 0; y < rgb.height; ++y) {
    for (int x = 0; x < rgb.width; ++x) {
      for (int c = 0; c < 3; ++c) {
        const std::uint8_t value = rgb.data[y * rgb.stride + 3 * x + 2 - c];
        bgr[static_cast<std::size_t>(y * stride + 3 * x + c)] = value;
        upside_down[static_cast<std::size_t>((rgb.height - 1 - y) * stride + 3 * x + c)] = value;
      }
    }
  }
  const poise_image plain{bgr.data(), rgb.width, rgb.height, stride, POISE_BGR};
  expect_same(find(finder.get(), plain).get(), wanted.get());
  const poise_image flipped{upside_down.data() + (rgb.height - 1) * stride, rgb.width, rgb.height, -stride, POISE_BGR};
  expect_same(find(finder.get(), flipped).get(), wanted.get());
}

TEST(PoiseC, DetectorAndEstimatorAreTheFindersParts) {
  const poise_finder_options options = one_thread();
  const Picture picture = photo();
  const poise_image image = poise_picture_image(picture.get());
  poise_error error;
  poise_detector* opened = nullptr;
  ASSERT_EQ(poise_detector_open(&options, &opened, &error), POISE_OK) << error.message;
  const Detector detector(opened);
  std::size_t count = 0;
  ASSERT_EQ(poise_detector_detect(detector.get(), &image, nullptr, 0, &count, &error), POISE_OK) << error.message;
  ASSERT_GT(count, 0U);
  std::vector<poise_person_box> boxes(count + 1, {{-7, -7, -7, -7}, -7});
  ASSERT_EQ(poise_detector_detect(detector.get(), &image, boxes.data(), count, &count, &error), POISE_OK);
  EXPECT_EQ(boxes[count].score, -7) << "beyond the capacity";
  EXPECT_GT(boxes[0].score, 0);

  poise_estimator* made = nullptr;
  ASSERT_EQ(poise_estimator_open(&options, &made, &error), POISE_OK) << error.message;
  const Estimator estimator(made);
  poise_people* estimated = nullptr;
  ASSERT_EQ(poise_estimator_estimate(estimator.get(), &image, boxes.data(), 1, &estimated, &error), POISE_OK);
  const People people(estimated);
  const Finder finder = open_finder();
  const People found = find(finder.get(), image);
  ASSERT_EQ(poise_people_count(people.get()), 1U);
  EXPECT_EQ(poise_people_keypoints(people.get())[5].x, poise_people_keypoints(found.get())[5].x);
  EXPECT_STREQ(poise_skeleton_name(poise_estimator_skeleton(estimator.get())), "coco17");
  const poise_person_box outside{{1e6F, 0, 10, 10}, 1};
  poise_people* nobody = nullptr;
  EXPECT_EQ(poise_estimator_estimate(estimator.get(), &image, &outside, 1, &nobody, &error), POISE_INVALID_ARGUMENT);
  EXPECT_EQ(nobody, nullptr);
}

TEST(PoiseC, SiblingsRunSideBySide) {
  const Finder finder = open_finder();
  const Picture picture = photo();
  const poise_image image = poise_picture_image(picture.get());
  const People wanted = find(finder.get(), image);
  std::vector<Finder> siblings;
  std::vector<People> found(2);
  for (int i = 0; i < 2; ++i) {
    poise_finder* sibling = nullptr;
    ASSERT_EQ(poise_finder_sibling(finder.get(), 1, &sibling, nullptr), POISE_OK);
    siblings.emplace_back(sibling);
  }
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < 2; ++i) threads.emplace_back([&, i] { found[i] = find(siblings[i].get(), image); });
  }
  for (const People& people : found) expect_same(people.get(), wanted.get());
}

TEST(PoiseC, AVideosPeopleHaveIds) {
  const Finder finder = open_finder();
  const Picture picture = photo();
  const poise_image image = poise_picture_image(picture.get());
  poise_tracker_options options;
  poise_tracker_options_init(&options);
  EXPECT_EQ(options.similarity, POISE_BY_MULTI_FLOW);
  poise_error error;
  poise_tracker* made = nullptr;
  ASSERT_EQ(poise_tracker_new(poise_finder_skeleton(finder.get()), &options, &made, &error), POISE_OK) << error.message;
  const Tracker tracker(made);
  for (int frame = 0; frame < 3; ++frame) {
    poise_people* people = nullptr;
    ASSERT_EQ(poise_tracker_next(tracker.get(), finder.get(), &image, frame / 25.0, &people, &error), POISE_OK);
    const People freed(people);
    ASSERT_EQ(poise_people_count(people), 1U);
    EXPECT_EQ(poise_people_persons(people)[0].track_id, 1);
  }
  EXPECT_EQ(poise_tracker_ids(tracker.get()), 1);
  poise_people* people = nullptr;
  EXPECT_EQ(poise_tracker_next(tracker.get(), finder.get(), &image, 0, &people, &error), POISE_INVALID_ARGUMENT);
  options.detect_every = 0;
  EXPECT_EQ(poise_tracker_new(poise_finder_skeleton(finder.get()), &options, &made, &error), POISE_INVALID_ARGUMENT);
  EXPECT_STREQ(error.message, "detect_every is 0: from 1");
}

TEST(PoiseC, TextGoesIntoTheCallersBuffer) {
  const Finder finder = open_finder();
  const Picture picture = photo();
  const People people = find(finder.get(), poise_picture_image(picture.get()));
  poise_error error;
  std::size_t length = 0;
  ASSERT_EQ(poise_people_text(people.get(), "coco", "7.jpg", nullptr, 0, &length, &error), POISE_OK) << error.message;
  std::string text(length + 1, 'x');
  EXPECT_EQ(poise_people_text(people.get(), "coco", "7.jpg", text.data(), length, nullptr, &error), POISE_TOO_LARGE);
  ASSERT_EQ(poise_people_text(people.get(), "coco", "7.jpg", text.data(), text.size(), &length, &error), POISE_OK);
  text.resize(length);
  const poise::Json json = poise::parse_json(std::string_view(text)).value();
  ASSERT_EQ(json.as_array().size(), poise_people_count(people.get()));
  EXPECT_EQ(json.as_array()[0].integer("image_id").value(), 7);
  for (const char* format : {"poise", "openpose", "csv"}) {
    EXPECT_EQ(poise_people_text(people.get(), format, "a.jpg", nullptr, 0, &length, &error), POISE_OK) << error.message;
    EXPECT_GT(length, 100U);
  }
  EXPECT_EQ(poise_people_text(people.get(), "trc", nullptr, nullptr, 0, &length, &error), POISE_INVALID_ARGUMENT);
  EXPECT_EQ(poise_people_text(people.get(), "xml", nullptr, nullptr, 0, &length, &error), POISE_NOT_FOUND);
}

TEST(PoiseC, DrawsOnTheCallersPixels) {
  const Finder finder = open_finder();
  const Picture picture = photo();
  const People people = find(finder.get(), poise_picture_image(picture.get()));
  const poise::Image before = poise::read_image(kPhoto).value();
  const poise_canvas canvas = poise_picture_canvas(picture.get());
  poise_draw_options options;
  poise_draw_options_init(&options);
  options.joints = options.limbs = 0;
  poise_error error;
  const std::size_t bytes = static_cast<std::size_t>(canvas.stride) * static_cast<std::size_t>(canvas.height);
  ASSERT_EQ(poise_draw(&canvas, people.get(), &options, &error), POISE_OK) << error.message;
  EXPECT_EQ(std::memcmp(before.data(), canvas.data, bytes), 0);
  ASSERT_EQ(poise_draw(&canvas, people.get(), nullptr, &error), POISE_OK) << error.message;
  EXPECT_NE(std::memcmp(before.data(), canvas.data, bytes), 0);
  const poise::kit::TemporaryFolder folder;
  const std::string path = (folder.path() / "drawn.png").string();
  const poise_image image = poise_picture_image(picture.get());
  ASSERT_EQ(poise_image_write(&image, path.c_str(), 92, &error), POISE_OK) << error.message;
  const auto written = poise::read_file(path, 1U << 30U).value();
  poise_picture* again = nullptr;
  ASSERT_EQ(poise_picture_decode(written.data(), written.size(), &again, &error), POISE_OK) << error.message;
  EXPECT_EQ(std::memcmp(poise_picture_image(again).data, canvas.data, bytes), 0);
  poise_picture_free(again);
  EXPECT_EQ(poise_image_write(&image, path.c_str(), 0, &error), POISE_INVALID_ARGUMENT);
}

TEST(PoiseC, SkeletonsCanBeAsked) {
  poise_skeleton* found = nullptr;
  poise_error error;
  ASSERT_EQ(poise_skeleton_find("coco17", &found, &error), POISE_OK);
  const Skeleton skeleton(found);
  EXPECT_STREQ(poise_skeleton_joint(skeleton.get(), 9), "left_wrist");
  EXPECT_EQ(poise_skeleton_joint(skeleton.get(), 17), nullptr);
  EXPECT_EQ(poise_skeleton_mirrored(skeleton.get(), 9), 10U);
  std::size_t from = 99, to = 99;
  EXPECT_EQ(poise_skeleton_limb(skeleton.get(), poise_skeleton_limbs(skeleton.get()), &from, &to), 0);
  EXPECT_EQ(from, 99U);
  EXPECT_EQ(poise_skeleton_limb(skeleton.get(), 0, &from, &to), 1);
  EXPECT_LT(from, 17U);
  EXPECT_EQ(poise_skeleton_find("nobody", &found, &error), POISE_NOT_FOUND);
  EXPECT_EQ(found, nullptr);
}

TEST(PoiseC, MeasuresAsTheLibraryDoes) {
  poise_report* made = nullptr;
  poise_error error;
  const poise::kit::TemporaryFolder folder;
  const std::string truth = (folder.path() / "gt.json").string(), results = (folder.path() / "dt.json").string();
  std::ofstream(truth)
      << R"({"images": [{"id": 1, "width": 100, "height": 100}], "categories": [{"id": 1, "name": "person"}],
    "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [10, 10, 40, 40], "area": 1600, "iscrowd": 0}]})";
  std::ofstream(results) << R"([{"image_id": 1, "category_id": 1, "bbox": [10, 10, 40, 40], "score": 0.5}])";
  poise_coco_options options;
  poise_coco_options_init(&options);
  options.boxes = 1;
  ASSERT_EQ(poise_metrics_coco(truth.c_str(), results.c_str(), &options, &made, &error), POISE_OK) << error.message;
  const Report report(made);
  EXPECT_EQ(poise_report_count(report.get()), 12U);
  EXPECT_STREQ(poise_report_name(report.get(), 0), "AP");
  EXPECT_NEAR(poise_report_value(report.get(), 0), 1, 1e-9);
  EXPECT_EQ(poise_report_name(report.get(), 12), nullptr);
  const poise::Json json = poise::parse_json(std::string_view(poise_report_json(report.get()))).value();
  EXPECT_NEAR(json.number("AP50").value(), 1, 1e-9);
  options.rules = "mine";
  EXPECT_EQ(poise_metrics_coco(truth.c_str(), results.c_str(), &options, &made, &error), POISE_INVALID_ARGUMENT);
  EXPECT_EQ(poise_metrics_coco("none.json", results.c_str(), nullptr, &made, &error), POISE_NOT_FOUND);
  EXPECT_NE(std::string(error.message).find("none.json"), std::string::npos);
}

TEST(PoiseC, FaultsOfTheCallerAreErrors) {
  poise_error error;
  poise_finder* finder = nullptr;
  poise_finder_options options = one_thread();
  options.model = "/nowhere/pose.onnx";
  EXPECT_EQ(poise_finder_open(&options, &finder, &error), POISE_NOT_FOUND);
  EXPECT_EQ(error.code, POISE_NOT_FOUND);
  EXPECT_EQ(finder, nullptr);
  options = one_thread();
  options.precision = "fp12";
  EXPECT_EQ(poise_finder_open(&options, &finder, &error), POISE_INVALID_ARGUMENT);
  EXPECT_STREQ(error.message, "no precision is named \"fp12\"; there are fp32 bf16 int8");
  options = one_thread();
  options.card = "{";
  EXPECT_EQ(poise_finder_open(&options, &finder, &error), POISE_MALFORMED);
  options = {};  // not by poise_finder_options_init()
  EXPECT_EQ(poise_finder_open(&options, &finder, &error), POISE_INVALID_ARGUMENT);
  EXPECT_EQ(poise_finder_open(nullptr, nullptr, &error), POISE_INVALID_ARGUMENT);

  const Finder good = open_finder();
  const Picture picture = photo();
  const poise_image whole = poise_picture_image(picture.get());
  poise_people* people = nullptr;
  EXPECT_EQ(poise_finder_find(nullptr, &whole, &people, &error), POISE_INVALID_ARGUMENT);
  EXPECT_STREQ(error.message, "the finder is null");
  poise_image image = whole;
  image.width = 0;
  EXPECT_EQ(poise_finder_find(good.get(), &image, &people, &error), POISE_INVALID_ARGUMENT);
  image = whole;
  image.stride = 3 * image.width - 1;
  EXPECT_EQ(poise_finder_find(good.get(), &image, &people, nullptr), POISE_INVALID_ARGUMENT);
  image = whole;
  image.order = 9;
  EXPECT_EQ(poise_finder_find(good.get(), &image, &people, &error), POISE_INVALID_ARGUMENT);
  image = whole;
  image.data = nullptr;
  EXPECT_EQ(poise_finder_find(good.get(), &image, &people, &error), POISE_INVALID_ARGUMENT);
  EXPECT_EQ(poise_finder_find(good.get(), &whole, &people, &error), POISE_OK);
  EXPECT_STREQ(error.message, "");
  poise_people_free(people);

  poise_picture* none = nullptr;
  EXPECT_EQ(poise_picture_decode("GIF89a", 6, &none, &error), POISE_UNSUPPORTED) << error.message;
  EXPECT_EQ(poise_picture_decode(nullptr, 6, &none, &error), POISE_INVALID_ARGUMENT);
  EXPECT_EQ(poise_people_count(nullptr), 0U);
  EXPECT_EQ(poise_people_keypoints(nullptr), nullptr);
  poise_finder_free(nullptr);
}

TEST(PoiseC, AnOlderCallersShorterOptionsAreTaken) {
  poise_finder_options options = one_thread();
  options.whole_picture = 1;
  options.doubles_oks = 77;                                // a member that such a caller does not have
  options.size = offsetof(poise_finder_options, backend);  // ends before it
  poise_finder* finder = nullptr;
  poise_error error;
  ASSERT_EQ(poise_finder_open(&options, &finder, &error), POISE_OK) << error.message;
  const Finder freed(finder);
  const Picture picture = photo();
  const People people = find(finder, poise_picture_image(picture.get()));
  ASSERT_EQ(poise_people_count(people.get()), 1U);
  EXPECT_EQ(poise_people_persons(people.get())[0].box.x, 0) << "the whole picture";
}

TEST(PoiseC, LongMessagesAreCutBetweenCharacters) {
  std::string path = "/nowhere/";
  for (int i = 0; i < 900; ++i) path += "\u00e9";
  poise_error error;
  poise_picture* picture = nullptr;
  EXPECT_EQ(poise_picture_read(path.c_str(), &picture, &error), POISE_NOT_FOUND);
  const std::string message(error.message);
  EXPECT_LT(message.size(), sizeof(error.message));
  EXPECT_GT(message.size(), sizeof(error.message) - 4);
  EXPECT_NE(static_cast<unsigned char>(message.back()), 0xC3U) << "half a character";
}

}  // namespace
