#include "poise/weights/tfjs/tfjs_weights.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "poise/base/printable.h"
#include "poise/weights/half.h"

namespace poise {
namespace {

constexpr std::size_t kMostAxes = 8;

Result<Shape> shape_of(const Json& weight) {
  const Json* const list = weight.find("shape");
  if (list == nullptr || !list->is_array() || list->as_array().size() > kMostAxes) {
    return malformed("its shape must be a list of 8 extents at most");
  }
  Shape shape;
  for (const Json& extent : list->as_array()) {
    if (!extent.is_integer() || extent.as_integer() < 0) return malformed("its shape holds what is no extent");
    shape.push_back(extent.as_integer());
  }
  return shape;
}

/// How a weight is stored, and what its numbers stand for.
struct Stored {
  std::string type;  // "float32", "int32", "bool", "float16", "uint8", "uint16"
  DType ours = DType::kFloat32;
  double scale = 1, low = 0;
  std::size_t bytes = 4;
};

Result<Stored> stored_as(const Json& weight) {
  Stored stored;
  POISE_TRY(stored.type, weight.string("dtype"));
  if (stored.type == "int32") {
    stored.ours = DType::kInt64;
  } else if (stored.type == "bool") {
    stored.ours = DType::kBool;
    stored.bytes = 1;
  } else if (stored.type != "float32") {
    return unsupported("its type " + printable(stored.type) + " is not supported");
  }
  const Json* const quantization = weight.find("quantization");
  if (quantization == nullptr) return stored;
  POISE_TRY(stored.type, quantization->string("dtype"));
  if (stored.type != "float16" && stored.type != "uint8" && stored.type != "uint16") {
    return unsupported("it is quantised to " + printable(stored.type) + ", which is not supported");
  }
  stored.bytes = stored.type == "uint8" ? 1 : 2;
  if (stored.type == "float16") return stored;
  POISE_TRY(stored.scale, quantization->number("scale"));
  POISE_TRY(stored.low, quantization->number("min"));
  return stored;
}

template <typename From, typename To, typename F>
void convert(BytesView bytes, std::span<To> to, F f) {
  for (std::size_t i = 0; i < to.size(); ++i) {
    From from{};
    std::memcpy(&from, bytes.data() + i * sizeof(From), sizeof(From));
    to[i] = f(from);
  }
}

template <typename To>
To rounded(double value) {
  if constexpr (std::is_same_v<To, float>) return static_cast<float>(value);
  constexpr double kLimit = 9e18;
  return static_cast<To>(std::clamp(value != value ? 0.0 : value, -kLimit, kLimit));
}

/// tfjs-core, src/io/io_utils.ts, decodeWeights(): integers are rounded there to the nearest.
Tensor numbers(const Stored& stored, Shape shape, BytesView bytes) {
  Tensor tensor(std::move(shape), stored.ours);
  const auto restore = [&]<typename To>(std::span<To> to, double half) {
    const auto real = [&](auto q) {
      const double value = static_cast<double>(q) * stored.scale + stored.low;
      return rounded<To>(half == 0 ? value : std::floor(value + half));
    };
    if (stored.type == "uint8") convert<std::uint8_t>(bytes, to, real);
    if (stored.type == "uint16") convert<std::uint16_t>(bytes, to, real);
    if (stored.type == "float16")
      convert<std::uint16_t>(bytes, to, [](std::uint16_t h) { return rounded<To>(from_half(h)); });
  };
  if (stored.ours == DType::kFloat32) {
    if (stored.type == "float32") {
      if (!bytes.empty()) std::memcpy(tensor.data(), bytes.data(), bytes.size());
    } else {
      restore(tensor.floats(), 0);
    }
  } else if (stored.ours == DType::kInt64) {
    const std::span<std::int64_t> to = tensor.as<std::int64_t>();
    if (stored.type == "int32") {
      convert<std::int32_t>(bytes, to, [](std::int32_t value) { return std::int64_t{value}; });
    } else {
      restore(to, 0.5);
    }
  } else {
    convert<std::uint8_t>(bytes, tensor.as<std::uint8_t>(),
                          [](std::uint8_t value) { return std::uint8_t{value != 0}; });
  }
  return tensor;
}

class Reader {
 public:
  Reader(BytesView bytes, ReadingBudget& budget) : bytes_(bytes), budget_(budget) {}

  Status add(const Json& weight, const std::string& name) {
    POISE_TRY(Shape shape, shape_of(weight));
    POISE_TRY(const Stored stored, stored_as(weight));
    POISE_TRY(const std::int64_t count, element_count(shape));
    const auto elements = static_cast<std::uint64_t>(count);
    if (elements > bytes_.size() / stored.bytes) {
      return malformed("its shape " + to_string(shape) + " wants more bytes than the weights' files have left");
    }
    POISE_RETURN_IF_ERROR(budget_.take(256 + name.size() + elements * size_of(stored.ours)));
    const BytesView own = bytes_.first(static_cast<std::size_t>(elements) * stored.bytes);
    bytes_ = bytes_.subspan(own.size());
    auto tensor = std::make_shared<const Tensor>(numbers(stored, std::move(shape), own));
    if (!weights.emplace(name, std::move(tensor)).second) return malformed("it is listed twice");
    return {};
  }
  std::size_t left() const { return bytes_.size(); }

  TfjsWeights weights;

 private:
  BytesView bytes_;
  ReadingBudget& budget_;
};

}  // namespace

Result<TfjsWeights> tfjs_weights(const Json& manifest, BytesView bytes, ReadingBudget& budget, int most) {
  if (!manifest.is_array()) return malformed("weightsManifest must be a list");
  Reader reader(bytes, budget);
  for (const Json& group : manifest.as_array()) {
    const Json* const list = group.find("weights");
    if (list == nullptr || !list->is_array())
      return malformed("a group of the weightsManifest has no list \"weights\"");
    for (const Json& weight : list->as_array()) {
      const auto name = weight.string("name");
      if (!name.ok()) return name.error().prefixed("a weight");
      if (reader.weights.size() >= static_cast<std::size_t>(most))
        return too_large("it has more weights than are read");
      if (const Status status = reader.add(weight, *name); !status.ok()) {
        return status.error().prefixed("weight " + printable(*name));
      }
    }
  }
  if (reader.left() > 0) {
    return malformed("the weights' files have " + std::to_string(reader.left()) +
                     " bytes more than the manifest lists: are they this model's?");
  }
  return std::move(reader.weights);
}

}  // namespace poise
