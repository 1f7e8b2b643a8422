// One shard of a pack, bytes to labels and back; docs/data.md has the table that this follows.

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "poise/base/check.h"
#include "poise/base/json.h"
#include "poise/base/sha256.h"
#include "poise/data/pack.h"

namespace poise {
namespace {

static_assert(std::endian::native == std::endian::little, "shards are little-endian and mapped as they are");

constexpr std::array<char, 8> kMagic{'P', 'O', 'I', 'S', 'E', 'P', 'A', 'K'};
constexpr std::uint32_t kVersion = 1;
constexpr std::uint32_t kMaxJson = 1U << 20U;
constexpr std::uint32_t kMaxJoints = 1000;
constexpr std::uint32_t kMaxName = 4096;
constexpr std::uint32_t kMaxShards = 1'000'000;
constexpr int kMaxSide = 65500;        // libjpeg's
constexpr float kFarthest = 1e9F;      // pixels
constexpr float kMaxWeight = 1000.0F;  // of a joint

struct Head {
  std::array<char, 8> magic;
  std::uint32_t version;
  std::uint32_t shard;
  std::uint32_t last;  // 0 or 1
  std::uint32_t persons;
  std::uint32_t joints;
  std::uint32_t json_bytes;
  std::uint64_t name_bytes;
  std::uint64_t file_bytes;
  std::array<std::uint64_t, 2> zero;
};
static_assert(sizeof(Head) == 64);

struct Record {
  std::uint64_t jpeg_at;
  std::uint32_t jpeg_bytes;
  std::uint32_t name_at;
  std::uint32_t name_bytes;
  std::uint32_t width;
  std::uint32_t height;
  float area;
  std::int64_t id;
  std::int64_t image_id;
  Box box;
};
static_assert(sizeof(Record) == 64);

struct JointRecord {
  float x;
  float y;
  float weight;
  std::uint32_t visibility;
};
static_assert(sizeof(JointRecord) == 16);

std::uint64_t padded(std::uint64_t bytes) { return (bytes + 7) / 8 * 8; }

/// Where each part begins. No overflow: all counts are 32 bits, name_bytes is checked against the file first.
struct Layout {
  explicit Layout(const Head& head)
      : record_bytes(sizeof(Record) + std::uint64_t{head.joints} * sizeof(JointRecord)),
        records(sizeof(Head) + padded(head.json_bytes)),
        names(records + std::uint64_t{head.persons} * record_bytes),
        jpegs(names + padded(head.name_bytes)) {}
  std::uint64_t record_bytes, records, names, jpegs;
};

template <typename T>
T load(BytesView bytes, std::uint64_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof(T));
  return value;
}

template <typename T>
void store(Bytes& bytes, std::uint64_t at, const T& value) {
  std::memcpy(bytes.data() + at, &value, sizeof(T));
}

Result<Head> read_head(BytesView bytes) {
  if (bytes.size() < sizeof(Head)) return malformed("too short for a shard of a packed data set");
  const auto head = load<Head>(bytes, 0);
  if (head.magic != kMagic) return malformed("no shard of a packed data set");
  if (head.version != kVersion) {
    return unsupported("a shard of version " + std::to_string(head.version) +
                       ", this program reads version 1: pack anew");
  }
  const auto wrong = [](const char* what) { return malformed(std::string("damaged shard: ") + what); };
  if (head.file_bytes != bytes.size()) return wrong("its length is not what it says");
  if (head.shard >= kMaxShards || head.last > 1 || head.zero != std::array<std::uint64_t, 2>{})
    return wrong("its head");
  if (head.joints == 0 || head.joints > kMaxJoints) return wrong("1 to 1000 joints");
  if (head.json_bytes > kMaxJson) return wrong("over a megabyte of JSON");
  if (head.name_bytes > bytes.size() || Layout(head).jpegs > bytes.size()) return wrong("it ends early");
  return head;
}

bool is_pixel(float v) { return std::abs(v) < kFarthest; }

Result<Person> read_person(BytesView bytes, const Head& head, const Layout& layout, std::uint64_t number) {
  const std::uint64_t at = layout.records + number * layout.record_bytes;
  const auto wrong = [&](const char* what) {
    return malformed("damaged shard: person " + std::to_string(number) + ": " + what);
  };
  const auto record = load<Record>(bytes, at);
  if (record.jpeg_bytes == 0 || record.jpeg_at < layout.jpegs || record.jpeg_at > bytes.size() ||
      record.jpeg_bytes > bytes.size() - record.jpeg_at) {
    return wrong("its picture lies outside");
  }
  if (record.name_bytes > kMaxName || record.name_at > head.name_bytes ||
      record.name_bytes > head.name_bytes - record.name_at) {
    return wrong("its name lies outside");
  }
  if (record.width < 1 || record.width > kMaxSide || record.height < 1 || record.height > kMaxSide) {
    return wrong("the size of its picture");
  }
  const Box& box = record.box;
  if (!(is_pixel(box.x) && is_pixel(box.y) && box.width > 0 && is_pixel(box.width) && box.height > 0 &&
        is_pixel(box.height) && record.area >= 0 && std::isfinite(record.area))) {
    return wrong("its box");
  }
  Person person;
  person.bytes = bytes.subspan(record.jpeg_at, record.jpeg_bytes);
  person.picture = {static_cast<int>(record.width), static_cast<int>(record.height)};
  person.id = record.id;
  person.image_id = record.image_id;
  person.image_name.assign(reinterpret_cast<const char*>(bytes.data() + layout.names + record.name_at),
                           record.name_bytes);
  person.box = box;
  person.area = record.area;
  for (std::uint32_t j = 0; j < head.joints; ++j) {
    const auto joint = load<JointRecord>(bytes, at + sizeof(Record) + std::uint64_t{j} * sizeof(JointRecord));
    if (!(is_pixel(joint.x) && is_pixel(joint.y) && joint.weight >= 0 && joint.weight <= kMaxWeight) ||
        joint.visibility > 2) {
      return wrong("a joint");
    }
    person.keypoints.push_back({{joint.x, joint.y}, static_cast<Visibility>(joint.visibility)});
    person.weights.push_back(joint.weight);
  }
  return person;
}

Json head_json(const PackShard& shard) {
  Json json = Json::object();
  json.set("skeleton", to_json(shard.skeleton));
  json.set("before", shard.before);
  json.set("origin", shard.origin);
  return json;
}

}  // namespace

Result<PackShard> parse_pack_shard(BytesView bytes) {
  POISE_TRY(const Head head, read_head(bytes));
  const Layout layout(head);
  POISE_TRY(const Json json, parse_json(bytes.subspan(sizeof(Head), head.json_bytes)));
  const Json* skeleton = json.find("skeleton");
  if (skeleton == nullptr) return malformed("damaged shard: no skeleton");
  PackShard shard;
  POISE_TRY(shard.skeleton, skeleton_from_json(*skeleton));
  POISE_TRY(shard.before, json.string("before"));
  POISE_TRY(shard.origin, json.string("origin"));
  if (shard.skeleton.joints.size() != head.joints) return malformed("damaged shard: its skeleton has other joints");
  shard.number = static_cast<int>(head.shard);
  shard.last = head.last == 1;
  for (std::uint64_t i = 0; i < head.persons; ++i) {
    POISE_TRY(Person person, read_person(bytes, head, layout, i));
    shard.persons.push_back(std::move(person));
  }
  return shard;
}

std::string labels_hash(BytesView bytes) {
  return sha256_hex(bytes.subspan(0, static_cast<std::size_t>(Layout(load<Head>(bytes, 0)).jpegs)));
}

Bytes pack_shard_bytes(const PackShard& shard) {
  const std::string json = head_json(shard).dump();
  Head head{.magic = kMagic,
            .version = kVersion,
            .shard = static_cast<std::uint32_t>(shard.number),
            .last = shard.last ? 1U : 0U,
            .persons = static_cast<std::uint32_t>(shard.persons.size()),
            .joints = static_cast<std::uint32_t>(shard.skeleton.joints.size()),
            .json_bytes = static_cast<std::uint32_t>(json.size()),
            .name_bytes = 0,
            .file_bytes = 0,
            .zero = {}};
  for (const Person& person : shard.persons)
    head.name_bytes += std::min<std::size_t>(person.image_name.size(), kMaxName);
  const Layout layout(head);
  head.file_bytes = layout.jpegs;
  for (const Person& person : shard.persons) head.file_bytes += person.bytes.size();
  Bytes bytes(head.file_bytes);
  store(bytes, 0, head);
  std::ranges::copy(json, bytes.begin() + sizeof(Head));
  std::uint64_t name_at = 0;
  std::uint64_t jpeg_at = layout.jpegs;
  for (std::size_t i = 0; i < shard.persons.size(); ++i) {
    const Person& person = shard.persons[i];
    POISE_CHECK(person.keypoints.size() == head.joints && person.weights.size() == head.joints);
    const std::string name = person.image_name.substr(0, kMaxName);
    std::uint64_t at = layout.records + i * layout.record_bytes;
    store(bytes, at,
          Record{.jpeg_at = jpeg_at,
                 .jpeg_bytes = static_cast<std::uint32_t>(person.bytes.size()),
                 .name_at = static_cast<std::uint32_t>(name_at),
                 .name_bytes = static_cast<std::uint32_t>(name.size()),
                 .width = static_cast<std::uint32_t>(person.picture.width),
                 .height = static_cast<std::uint32_t>(person.picture.height),
                 .area = person.area,
                 .id = person.id,
                 .image_id = person.image_id,
                 .box = person.box});
    at += sizeof(Record);
    for (std::size_t j = 0; j < head.joints; ++j, at += sizeof(JointRecord)) {
      const auto& joint = person.keypoints[j];
      store(bytes, at,
            JointRecord{joint.point.x, joint.point.y, person.weights[j], static_cast<std::uint32_t>(joint.visibility)});
    }
    std::ranges::copy(name, bytes.begin() + static_cast<std::ptrdiff_t>(layout.names + name_at));
    std::ranges::copy(person.bytes, bytes.begin() + static_cast<std::ptrdiff_t>(jpeg_at));
    name_at += name.size();
    jpeg_at += person.bytes.size();
  }
  return bytes;
}

}  // namespace poise
