#pragma once
// Packed data sets: pre-cut JPEGs and labels in shards that map into memory; docs/data.md has the format byte by byte.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "poise/data/data_set.h"
#include "poise/data/mapped_file.h"

namespace poise {

struct PackOptions {
  int longest = 256;      // the padded box's longer side is kept with at most so many pixels; never enlarged
  float padding = 1.25F;  // of the crop to come
  float margin = 1.5F;    // and so much more around it, for scale, rotation and shifts of augmentation
  int quality = 90;       // of JPEGs that have to be written anew, 1 to 100
  std::uint64_t shard_bytes = 30'000'000;  // at most
  std::string origin = "";                 // where the persons come from, for people
};
/// Errors: kInvalidArgument, naming the option.
Status check(const PackOptions& options);

/// A person as it goes into a pack: cut out, shrunk by area averaging if larger than `longest` asks for, labels moved
/// along. A JPEG that stays whole and unshrunk keeps its bytes. Errors: as load_picture.
struct PackedPerson {
  Person person;  // its `bytes` are empty
  Bytes jpeg;
};
Result<PackedPerson> pack_person(const Person& person, const PackOptions& options);

/// Writes shards one by one, in bounded memory, each whole or not at all; the last by finish(). One thread at a time.
class PackWriter {
 public:
  /// Errors: kInvalidArgument where the folder holds shards already; kIo.
  static Result<PackWriter> create(const std::filesystem::path& folder, const Skeleton& skeleton,
                                   const PackOptions& options);
  /// Errors: kTooLarge where one person is over a shard; kIo.
  Status add(PackedPerson packed);
  Status finish();
  int shards() const { return shards_; }
  std::uint64_t bytes() const { return written_; }

 private:
  PackWriter(std::filesystem::path folder, Skeleton skeleton, PackOptions options);
  Status flush(bool last);

  std::filesystem::path folder_;
  Skeleton skeleton_;
  PackOptions options_;
  std::string before_;
  std::vector<PackedPerson> held_;  // of the shard at hand
  std::uint64_t held_bytes_ = 0;
  int shards_ = 0;
  std::uint64_t written_ = 0;
};

/// One shard: labels, checked from end to end, and JPEGs, whose pixels are checked when they are decoded.
struct PackShard {
  Skeleton skeleton;
  int number = 0;               // from 0
  bool last = false;            // of its pack
  std::string before;           // SHA-256 of the labels of the shard before, "" in the first: ties a pack together
  std::string origin;           // of PackOptions
  std::vector<Person> persons;  // reading: `bytes` looks into the shard's memory, which outlives this
};
/// Errors: kMalformed, kTooLarge, kUnsupported (of a later version); messages do not name the file.
Result<PackShard> parse_pack_shard(BytesView bytes);
Bytes pack_shard_bytes(const PackShard& shard);
/// SHA-256 of all before the JPEGs of a shard that parse_pack_shard takes.
std::string labels_hash(BytesView bytes);

class PackedDataSet : public DataSet {
 public:
  PackedDataSet(std::vector<MappedFile> files, Skeleton skeleton, std::vector<Person> persons)
      : files_(std::move(files)), skeleton_(std::move(skeleton)), persons_(std::move(persons)) {}
  /// All shards of a folder, mapped. Errors: kNotFound (no shard), kMalformed (a broken shard, one missing, of another
  /// pack), kIo; messages name the file.
  static Result<std::shared_ptr<const PackedDataSet>> open(const std::filesystem::path& folder);
  std::size_t size() const override { return persons_.size(); }
  const Skeleton& skeleton() const override { return skeleton_; }
  Person get(std::size_t i) const override { return persons_.at(i); }

 private:
  std::vector<MappedFile> files_;
  Skeleton skeleton_;
  std::vector<Person> persons_;
};

}  // namespace poise
