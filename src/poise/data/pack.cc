#include "poise/data/pack.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <utility>

#include "poise/data/sample.h"
#include "poise/image/codec.h"
#include "poise/image/resize.h"

namespace poise {
namespace {

namespace fs = std::filesystem;

constexpr const char* kEnd = ".pack";
constexpr std::uint64_t kMaxShard = std::uint64_t{1} << 30U;  // of any program's; ours are far smaller
constexpr std::uint64_t kMinShard = 100'000;
constexpr std::uint64_t kHead = 1U << 15U;  // room for a shard's head, skeleton and origin
constexpr std::size_t kMaxOrigin = 1000;

std::string shard_name(int number) {
  std::array<char, 32> name{};
  std::snprintf(name.data(), name.size(), "shard-%05d%s", number, kEnd);
  return name.data();
}

Result<std::vector<fs::path>> shards_in(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (it->path().extension() == kEnd) files.push_back(it->path());
  }
  if (error) return io_error(folder.string() + ": cannot be listed (" + error.message() + ")");
  std::sort(files.begin(), files.end());
  return files;
}

/// The part of the picture to keep, whole pixels inside it: a square around the box, so that any input's aspect fits.
PixelRect region_of(const Box& box, Size picture, float factor) {
  const double side = std::max(box.width, box.height) * static_cast<double>(factor);
  const Point centre = box.centre();
  const auto edge = [](double value, int limit) {
    return static_cast<std::int64_t>(std::clamp(value, 0.0, static_cast<double>(limit)));
  };
  const std::int64_t left = edge(std::floor(centre.x - side / 2), picture.width - 1);
  const std::int64_t top = edge(std::floor(centre.y - side / 2), picture.height - 1);
  return {.x = left,
          .y = top,
          .width = std::max<std::int64_t>(1, edge(std::ceil(centre.x + side / 2), picture.width) - left),
          .height = std::max<std::int64_t>(1, edge(std::ceil(centre.y + side / 2), picture.height) - top)};
}

bool is_jpeg(BytesView bytes) { return bytes.size() > 2 && bytes[0] == 0xFF && bytes[1] == 0xD8 && bytes[2] == 0xFF; }

std::uint64_t shard_share(const PackedPerson& packed) {
  constexpr std::uint64_t kRecord = 64;
  constexpr std::uint64_t kJoint = 16;
  return packed.jpeg.size() + kRecord + kJoint * packed.person.keypoints.size() + packed.person.image_name.size();
}

}  // namespace

Status check(const PackOptions& o) {
  if (o.longest < 16 || o.longest > 8192) return invalid_argument("longest must be 16 to 8192 pixels");
  if (!(o.padding >= 1 && o.padding <= 10)) return invalid_argument("padding must be 1 to 10");
  if (!(o.margin >= 1 && o.margin <= 10)) return invalid_argument("margin must be 1 to 10");
  if (o.quality < 1 || o.quality > 100) return invalid_argument("quality must be 1 to 100");
  if (o.shard_bytes < kMinShard || o.shard_bytes > kMaxShard) {
    return invalid_argument("a shard must be 100,000 bytes to 1 GiB");
  }
  if (o.origin.size() > kMaxOrigin) return invalid_argument("origin must be at most 1000 bytes");
  return {};
}

Result<PackedPerson> pack_person(const Person& person, const PackOptions& options) {
  PackedPerson packed{person, {}};
  Bytes read;
  Person in_memory = person;
  if (!person.path.empty()) {
    auto file = read_file(person.path, DecodeOptions{}.max_bytes);
    if (!file.ok()) return file.error().prefixed(person.path.string());
    read = std::move(*file);
    in_memory.path.clear();
    in_memory.bytes = read;
  }
  auto loaded = load_picture(in_memory);
  if (!loaded.ok()) {
    return person.path.empty() ? loaded.error() : Error(loaded.error()).prefixed(person.path.string());
  }
  const Size whole = loaded->image.size();
  const PixelRect region = region_of(person.box, whole, options.padding * options.margin);
  const double longer = std::max(person.box.width, person.box.height) * static_cast<double>(options.padding);
  const double factor = std::min(1.0, options.longest / longer);
  const auto kept = [&](std::int64_t side) {
    return static_cast<int>(std::max<std::int64_t>(1, std::llround(static_cast<double>(side) * factor)));
  };
  const Size size{kept(region.width), kept(region.height)};
  packed.person.path.clear();
  packed.person.bytes = {};
  packed.person.picture = size;
  if (size == whole && is_jpeg(in_memory.bytes)) {
    packed.jpeg.assign(in_memory.bytes.begin(), in_memory.bytes.end());
    return packed;
  }
  const Image crop = resize_area(loaded->image.view(), region, size);
  POISE_TRY(packed.jpeg, encode_image(crop.view(), {.format = ImageFormat::kJpeg, .quality = options.quality}));

  // Pixel centres are whole numbers: the region's left edge lies half a pixel before its first one.
  const double sx = size.width / static_cast<double>(region.width);
  const double sy = size.height / static_cast<double>(region.height);
  const Affine kept_from_image{.a = sx,
                               .b = 0,
                               .c = (0.5 - static_cast<double>(region.x)) * sx - 0.5,
                               .d = 0,
                               .e = sy,
                               .f = (0.5 - static_cast<double>(region.y)) * sy - 0.5};
  for (auto& joint : packed.person.keypoints) {
    if (joint.visibility != Visibility::kAbsent) joint.point = kept_from_image(joint.point);
  }
  const Point centre = kept_from_image(person.box.centre());
  Box& box = packed.person.box;
  box.width = static_cast<float>(person.box.width * sx);
  box.height = static_cast<float>(person.box.height * sy);
  box.x = centre.x - box.width / 2;
  box.y = centre.y - box.height / 2;
  packed.person.area = static_cast<float>(person.area * sx * sy);
  return packed;
}

Result<PackWriter> PackWriter::create(const fs::path& folder, const Skeleton& skeleton, const PackOptions& options) {
  POISE_RETURN_IF_ERROR(check(options));
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return io_error(folder.string() + ": cannot be made (" + error.message() + ")");
  POISE_TRY(const auto files, shards_in(folder));
  if (!files.empty()) {
    return invalid_argument(folder.string() + " holds a packed data set already: remove it or name another folder");
  }
  return PackWriter(folder, skeleton, options);
}

PackWriter::PackWriter(fs::path folder, Skeleton skeleton, PackOptions options)
    : folder_(std::move(folder)), skeleton_(std::move(skeleton)), options_(std::move(options)) {}

Status PackWriter::add(PackedPerson packed) {
  const std::uint64_t share = shard_share(packed);
  const std::uint64_t room = options_.shard_bytes - kHead;
  if (share > room) {
    return too_large("the picture of person " + std::to_string(packed.person.id) + " is larger than a shard: name a " +
                     "smaller longest side or larger shards");
  }
  if (held_bytes_ + share > room) POISE_RETURN_IF_ERROR(flush(false));
  held_bytes_ += share;
  held_.push_back(std::move(packed));
  return {};
}

Status PackWriter::finish() { return flush(true); }

Status PackWriter::flush(bool last) {
  PackShard shard{.skeleton = skeleton_,
                  .number = shards_,
                  .last = last,
                  .before = before_,
                  .origin = options_.origin,
                  .persons = {}};
  for (PackedPerson& packed : held_) {
    packed.person.bytes = packed.jpeg;
    shard.persons.push_back(std::move(packed.person));
  }
  const Bytes bytes = pack_shard_bytes(shard);
  POISE_RETURN_IF_ERROR(write_file_atomic(folder_ / shard_name(shards_), bytes));
  before_ = labels_hash(bytes);
  held_.clear();
  held_bytes_ = 0;
  ++shards_;
  written_ += bytes.size();
  return {};
}

Result<std::shared_ptr<const PackedDataSet>> PackedDataSet::open(const fs::path& folder) {
  POISE_TRY(const auto paths, shards_in(folder));
  if (paths.empty()) return not_found(folder.string() + ": holds no shard-*.pack: make them with poise data pack");
  std::vector<MappedFile> files;
  std::vector<Person> persons;
  Skeleton skeleton;
  std::string before;
  bool ended = false;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    const auto named = [&](const Error& error) { return error.prefixed(paths[i].string()); };
    auto file = MappedFile::open(paths[i], kMaxShard);
    if (!file.ok()) return named(file.error());
    auto shard = parse_pack_shard(file->bytes());
    if (!shard.ok()) return named(shard.error());
    if (shard->number != static_cast<int>(i) || shard->before != before || ended ||
        (i > 0 && !(shard->skeleton == skeleton))) {
      return named(malformed("does not follow the shard before: one is missing, or of another pack: pack anew"));
    }
    ended = shard->last;
    before = labels_hash(file->bytes());
    skeleton = std::move(shard->skeleton);
    std::ranges::move(shard->persons, std::back_inserter(persons));
    files.push_back(std::move(*file));
  }
  if (!ended) return malformed(folder.string() + ": its last shard is missing: pack anew");
  return std::shared_ptr<const PackedDataSet>(
      std::make_shared<PackedDataSet>(std::move(files), std::move(skeleton), std::move(persons)));
}

}  // namespace poise
