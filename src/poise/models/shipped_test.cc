#include "poise/models/shipped.h"

#include <gtest/gtest.h>

#include "poise/base/sha256.h"
#include "poise/card/detector_card.h"
#include "poise/card/lift_card.h"
#include "poise/card/model_card.h"

namespace poise {
namespace {

TEST(Shipped, AreTheRepositorysFilesWithWholeCards) {
  std::uint64_t bytes = 0;
  for (const ShippedModel& model : shipped_models()) {
    SCOPED_TRACE(model.name);
    const std::string path = std::string(POISE_SOURCE_DIR) + "/models/" + std::string(model.name) + ".onnx";
    EXPECT_EQ(sha256_hex(model.onnx), sha256_hex(read_file(path, 1U << 30U).value()));
    bytes += model.onnx.size();
    const NetworkFile read = read_shipped(model.name).value();
    const Json card = gather_card({}, read.metadata, {}).value();
    if (is_detector_card(card)) {
      EXPECT_TRUE(detector_card_from_json(card, {}).ok());
    } else {
      EXPECT_TRUE(is_lift_card(card) ? lift_card_from_json(card).ok() : card_from_json(card, {}).ok());
    }
    for (const char* member : {"name", "licence", "source", "training_data", "accuracy"}) {
      EXPECT_TRUE(card.string(member).ok()) << member;
    }
  }
  EXPECT_LE(bytes, 17'000'000U);
}

TEST(Shipped, TheFirstIsTheDefault) {
  EXPECT_EQ(read_shipped().value().hash, sha256_hex(shipped_models().front().onnx));
  const auto missing = read_shipped("nobody");
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().message,
            "no network of the name \"nobody\" comes with Poise; there are poise-small poise-person poise-lift");
}

}  // namespace
}  // namespace poise
