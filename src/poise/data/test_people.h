#pragma once
// For the tests of this folder: people in memory and in files.

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "poise/base/file.h"
#include "poise/base/json.h"
#include "poise/codec/gaussian_heatmap.h"
#include "poise/data/data_set.h"
#include "poise/data/sample.h"
#include "poise/draw/figures.h"
#include "poise/image/codec.h"

namespace poise::testing_people {

/// A folder of its own, gone with the value.
class Folder {
 public:
  Folder() {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    path_ = std::filesystem::temp_directory_path() / ("poise_data_" + std::string(test->test_suite_name()) + "_" +
                                                      test->name() + "_" + std::to_string(::getpid()));
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  ~Folder() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// Persons whose pictures the set owns, one a person.
class MemorySet : public DataSet {
 public:
  explicit MemorySet(Skeleton skeleton) : skeleton_(std::move(skeleton)) {}
  void add(Person person, const Image& picture, ImageFormat format = ImageFormat::kPng) {
    pictures_.push_back(
        std::make_unique<Bytes>(encode_image(picture.view(), {.format = format, .quality = 95}).value()));
    person.bytes = *pictures_.back();
    person.picture = picture.size();
    persons_.push_back(std::move(person));
  }
  std::size_t size() const override { return persons_.size(); }
  const Skeleton& skeleton() const override { return skeleton_; }
  Person get(std::size_t i) const override { return persons_.at(i); }

 private:
  Skeleton skeleton_;
  std::vector<std::unique_ptr<Bytes>> pictures_;
  std::vector<Person> persons_;
};

inline Person person_of(const Annotation& truth, std::int64_t id) {
  Person person;
  person.id = person.image_id = id;
  person.image_name = std::to_string(id) + ".png";
  person.keypoints = truth.keypoints;
  for (const auto& joint : truth.keypoints)
    person.weights.push_back(joint.visibility == Visibility::kAbsent ? 0.F : 1.F);
  person.box = truth.box;
  person.area = truth.area;
  return person;
}

/// One figure a picture, COCO-17.
inline std::shared_ptr<MemorySet> figures(int count, Size size = {200, 160}, ImageFormat format = ImageFormat::kPng) {
  auto set = std::make_shared<MemorySet>(find_skeleton("coco17").value());
  for (int i = 0; i < count; ++i) {
    const FigurePicture picture = draw_figures({.size = size, .people = 1, .seed = static_cast<std::uint64_t>(i) + 1});
    set->add(person_of(picture.people.at(0), i + 1), picture.image, format);
  }
  return set;
}

inline std::string lspet() { return POISE_SOURCE_DIR "/../shared/data/lspet"; }

/// Gaussian heatmaps of a quarter of the input, of no refinement.
inline SampleOptions samples(Size input, const Skeleton& skeleton = find_skeleton("coco17").value()) {
  SampleOptions options;
  options.input.size = input;
  options.codec = gaussian_heatmap({.refine = Refine::kNone});
  const NetworkOutput output{"heatmaps", {1, skeleton.size(), input.height / 4, input.width / 4}};
  options.answer = options.codec->check(std::span(&output, 1), skeleton, input).value();
  return options;
}

}  // namespace poise::testing_people
