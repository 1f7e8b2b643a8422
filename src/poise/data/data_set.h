#pragma once
// A data set is size() and get(i); shuffling, augmenting and loading ahead wrap it (loader.h). Sets are made once, by
// one thread, and then read by many.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "poise/base/file.h"
#include "poise/base/result.h"
#include "poise/formats/pose_set.h"
#include "poise/person/pose.h"

namespace poise {

/// One person to learn from, in the pixels of its picture as stored: EXIF orientation is not applied, because labels
/// are made on the raw raster (Simple Baselines reads with IMREAD_IGNORE_ORIENTATION).
struct Person {
  std::filesystem::path path;  // of the picture; "" where `bytes` holds it
  BytesView bytes;             // the encoded picture, in memory of the data set, which outlives this
  Size picture;                // 0 x 0 where not known
  std::int64_t id = 0;         // of the annotation
  std::int64_t image_id = 0;
  std::string image_name;
  std::vector<Annotation::TrueKeypoint> keypoints;  // one a joint of the set's skeleton
  std::vector<float> weights;                       // one a joint, >= 0; 0 where not labelled or not trusted
  Box box;                                          // not empty; not padded
  float area = 0;                                   // square pixels, for OKS
};

/// Persons begin to end - 1 are seen `weight` times an epoch each, on average exactly.
struct Stratum {
  std::size_t begin = 0;
  std::size_t end = 0;
  double weight = 1;
};

class DataSet {
 public:
  virtual ~DataSet() = default;
  virtual std::size_t size() const = 0;
  virtual const Skeleton& skeleton() const = 0;
  /// i < size(). The person must not outlive the set. Thread-safe.
  virtual Person get(std::size_t i) const = 0;
  /// Together all of 0 to size() - 1, each once.
  virtual std::vector<Stratum> strata() const { return {{0, size(), 1.0}}; }
};
using DataSetPtr = std::shared_ptr<const DataSet>;

struct LeftOut {  // why annotations did not become persons
  std::size_t crowd = 0;
  std::size_t no_joints = 0;
  std::size_t empty_box = 0;
  std::size_t unlisted_image = 0;
  std::size_t total() const { return crowd + no_joints + empty_box + unlisted_image; }
};

struct DataSetOptions {
  float box_padding = 1.0F;  // what the file's boxes are padded by already (MPII's: 1.25): divided out, not cleaned
  float grow_boxes = 0.0F;  // boxes that are the joints' extent itself (LSP's .mat): by this share a side; 0.1 is usual
  bool check_images = true;  // every picture must be there
};

/// Persons in memory, pictures in files.
class ListedDataSet : public DataSet {
 public:
  ListedDataSet(Skeleton skeleton, std::vector<Person> persons, LeftOut left_out = {})
      : skeleton_(std::move(skeleton)), persons_(std::move(persons)), left_out_(left_out) {}
  std::size_t size() const override { return persons_.size(); }
  const Skeleton& skeleton() const override { return skeleton_; }
  Person get(std::size_t i) const override { return persons_.at(i); }
  const LeftOut& left_out() const { return left_out_; }

 private:
  Skeleton skeleton_;
  std::vector<Person> persons_;
  LeftOut left_out_;
};

/// COCO keypoints, or any skeleton in COCO's style. As Simple Baselines (lib/dataset/coco.py,
/// _load_coco_keypoint_annotation_kernal): crowds, annotations without a labelled joint and without area are left out,
/// boxes are cleaned (geometry/box.h). The skeleton is the built-in one of these joints, else made of their names.
/// Errors: kNotFound, kIo, kMalformed, kTooLarge as read_coco_truth; kNotFound too for pictures that are not there;
/// kInvalidArgument where nobody is left.
Result<std::shared_ptr<const ListedDataSet>> coco_data_set(const std::filesystem::path& annotations,
                                                           const std::filesystem::path& images,
                                                           const DataSetOptions& options = {});
/// The truths of any format that formats/ reads (MPII: box_padding 1.25; LSP), by the same rules.
Result<std::shared_ptr<const ListedDataSet>> pose_data_set(const PoseSet& set, const std::filesystem::path& images,
                                                           const DataSetOptions& options = {});

/// The set's persons with the joints of `skeleton`, matched by name; those the set does not have get weight 0.
/// Errors: kInvalidArgument where they share no joint.
Result<DataSetPtr> with_skeleton(DataSetPtr set, const Skeleton& skeleton);

/// Several sets, one after another, as one of `skeleton`. weights: how often each one's persons are seen an epoch, one
/// a set, > 0. Errors: kInvalidArgument.
Result<DataSetPtr> mixed(const std::vector<DataSetPtr>& sets, const std::vector<double>& weights,
                         const Skeleton& skeleton);

/// Persons `indices` of a set, in that order: a part to try things on.
Result<DataSetPtr> subset(DataSetPtr set, std::vector<std::size_t> indices);

}  // namespace poise
