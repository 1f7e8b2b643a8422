// A shard of a packed data set: whatever the bytes are, an error, or persons whose pictures lie inside the bytes and
// can be made into samples or refused.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "poise/codec/gaussian_heatmap.h"
#include "poise/data/pack.h"
#include "poise/data/sample.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const poise::BytesView bytes(data, size);
  const auto shard = poise::parse_pack_shard(bytes);
  if (!shard.ok()) {
    if (shard.error().message.empty()) std::abort();
    return 0;
  }
  poise::labels_hash(bytes);
  const std::size_t joints = shard->skeleton.joints.size();
  constexpr std::size_t kMost = 4;  // pictures decoded an input: the rest are alike
  poise::SampleOptions options{.input = {.size = {32, 32}}, .codec = poise::gaussian_heatmap()};
  options.answer = {{32, 32}, shard->skeleton.flip_index(), {0}, {{static_cast<std::int64_t>(joints), 8, 8}}};
  std::vector<float> image(std::size_t{3} * 32 * 32);
  std::vector<float> targets(joints * 64);
  std::vector<float> weights(joints);
  for (std::size_t i = 0; i < shard->persons.size(); ++i) {
    const poise::Person& person = shard->persons[i];
    if (person.bytes.data() < data || person.bytes.data() + person.bytes.size() > data + size) std::abort();
    if (person.keypoints.size() != joints || person.weights.size() != joints) std::abort();
    constexpr int kSide = 512;  // larger ones take their time, and are the image target's
    if (i >= kMost || person.picture.width > kSide || person.picture.height > kSide) continue;
    const poise::Augmentation drawn =
        poise::draw_augmentation({}, 1, person, shard->skeleton, options.crop(), poise::Random(i));
    (void)poise::make_sample(person, shard->skeleton, drawn, options, {image, targets, weights}).ok();
  }
  return 0;
}
