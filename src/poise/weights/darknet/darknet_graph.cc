#include "poise/weights/darknet/darknet_graph.h"

#include <array>
#include <cstring>
#include <set>

#include "poise/base/counted.h"
#include "poise/card/detector_card.h"

namespace poise {
namespace {

using Ints = std::vector<std::int64_t>;

constexpr std::int64_t kMostChannels = 1 << 20;  // of one layer
constexpr std::int64_t kLargestSide = 1 << 14;
constexpr std::size_t kMostAnchors = 16;
constexpr float kEpsilon = 1e-6F;  // src/blas.c, normalize_cpu

/// The numbers of a .weights file, in order. The view must be kept.
class Numbers {
 public:
  explicit Numbers(BytesView bytes) : bytes_(bytes) {}

  /// src/parser.c, load_weights_upto: three versions, then the number of pictures seen, of 8 bytes from version 0.2 on.
  Status header() {
    constexpr std::size_t kVersions = 12;
    if (bytes_.size() < kVersions) return malformed("is no darknet file: it is shorter than its header");
    std::array<std::uint32_t, 3> version{};
    std::memcpy(version.data(), bytes_.data(), kVersions);
    if (version[0] > 1000 || version[1] > 1000) return malformed("is no darknet file: its version makes no sense");
    const std::size_t seen = version[0] * 10 + version[1] >= 2 ? 8 : 4;
    if (bytes_.size() < kVersions + seen) return malformed("is no darknet file: it is shorter than its header");
    bytes_ = bytes_.subspan(kVersions + seen);
    return {};
  }

  std::uint64_t left() const { return bytes_.size() / sizeof(float); }
  BytesView rest() const { return bytes_; }

  /// There are as many: left() was asked.
  std::shared_ptr<const Tensor> take(Shape shape) {
    auto tensor = std::make_shared<Tensor>(std::move(shape));
    std::memcpy(tensor->data(), bytes_.data(), tensor->bytes());
    bytes_ = bytes_.subspan(tensor->bytes());
    return tensor;
  }

 private:
  BytesView bytes_;
};

struct Layer {
  ValueId value = kNoValue;  // none: an end
  std::int64_t channels = 0, height = 0, width = 0;
};

class Builder {
 public:
  explicit Builder(BytesView weights) : numbers_(weights) {}

  Status build(const std::vector<CfgSection>& sections) {
    POISE_RETURN_IF_ERROR(check_names(sections));
    POISE_RETURN_IF_ERROR(numbers_.header());
    POISE_RETURN_IF_ERROR(net(sections[0]));
    for (std::size_t i = 1; i < sections.size(); ++i) {
      const CfgSection& section = sections[i];
      index_ = i - 1;
      const std::string& name = section.name();
      if (name == "convolutional") POISE_RETURN_IF_ERROR(convolutional(section));
      if (name == "maxpool") POISE_RETURN_IF_ERROR(maxpool(section));
      if (name == "upsample") POISE_RETURN_IF_ERROR(upsample(section));
      if (name == "route") POISE_RETURN_IF_ERROR(route(section));
      if (name == "shortcut") POISE_RETURN_IF_ERROR(shortcut(section));
      if (name == "yolo") POISE_RETURN_IF_ERROR(yolo(section));
    }
    if (graph.outputs.empty()) return unsupported("the .cfg has no [yolo] layer: it is no detector");
    if (const std::size_t left = numbers_.rest().size(); left > 0) {
      return malformed("has " + counted(left, "byte") + " after the last layer's numbers: it is longer than its " +
                       ".cfg wants; is that the .cfg of these weights?");
    }
    return graph.validate();
  }

  Result<Json> card() const {
    POISE_TRY(Json json, detector_preset("yolov3"));
    json.set("input", Json(Json::Array{Json(input_.width), Json(input_.height)}));
    json.set("anchors", anchors_);
    json.set("scale_xy", scales_);
    return json;
  }

  Graph graph;

 private:
  static Status check_names(const std::vector<CfgSection>& sections) {
    if (sections.empty() || (sections[0].name() != "net" && sections[0].name() != "network"))
      return malformed("the .cfg does not start with [net]");
    static const std::set<std::string> known{"convolutional", "maxpool", "upsample", "route", "shortcut", "yolo"};
    std::set<std::string> unknown;
    for (std::size_t i = 1; i < sections.size(); ++i) {
      if (!known.contains(sections[i].name())) unknown.insert(sections[i].where());
      if (unknown.size() == 5) break;
    }
    if (unknown.empty()) return {};
    std::string list;
    for (const std::string& where : unknown) list += (list.empty() ? "" : ", ") + where;
    return unsupported("the .cfg has layers that are not known: " + list +
                       "; known are convolutional, maxpool, upsample, route, shortcut and yolo");
  }

  /// Options that would change what a layer does, and that we do not have.
  static Status refuse(const CfgSection& section, std::initializer_list<std::pair<const char*, const char*>> plain) {
    for (const auto& [option, value] : plain) {
      if (section.text(option, value) != value)
        return unsupported(section.where() + ": option " + option + " is not supported");
    }
    return {};
  }

  std::string own(const char* part) const { return "layer" + std::to_string(index_) + "." + part; }

  Status net(const CfgSection& section) {
    POISE_TRY(const std::int64_t width, section.whole("width", 416, 16, 4096));
    POISE_TRY(const std::int64_t height, section.whole("height", 416, 16, 4096));
    POISE_TRY(const std::int64_t channels, section.whole("channels", 3, 1, 1024));
    if (channels != 3) return unsupported(section.where() + ": channels must be 3: colour pictures");
    input_ = {static_cast<int>(width), static_cast<int>(height)};
    last_ = {graph.add_input("image", {-1, 3, height, width}), 3, height, width};
    graph.name = "darknet";
    return {};
  }

  /// The layer's input. Errors: it follows an end.
  Result<Layer> input(const CfgSection& section) const {
    if (last_.value != kNoValue) return last_;
    return section.error("stands after a [yolo] layer, which gives nothing on: a [route] must come between");
  }

  Status add(const CfgSection& section, const Layer& layer) {
    if (layer.channels > kMostChannels || layer.height > kLargestSide || layer.width > kLargestSide) {
      return too_large(section.where() + ": makes " + to_string(Shape{layer.channels, layer.height, layer.width}) +
                       ", more than any network has");
    }
    if (layer.height < 1 || layer.width < 1) return section.error("leaves nothing of its input");
    last_ = layer;
    layers_.push_back(layer);
    return {};
  }

  Result<ValueId> activate(const CfgSection& section, ValueId x, const char* otherwise) {
    const std::string name = section.text("activation", otherwise);
    if (name == "linear") return x;
    const std::string out = own("activation");
    if (name == "leaky") return graph.add_node("LeakyRelu", out, {x}, out, {{"alpha", 0.1F}});  // leaky_activate
    if (name == "relu") return graph.add_node("Relu", out, {x}, out);
    if (name == "logistic") return graph.add_node("Sigmoid", out, {x}, out);
    if (name == "swish") {
      const ValueId gate = graph.add_node("Sigmoid", own("gate"), {x}, own("gate"));
      return graph.add_node("Mul", out, {x, gate}, out);
    }
    if (name == "mish") {  // x tanh(log(1 + e^x)): Misra, BMVC 2020
      const ValueId soft = graph.add_node("Softplus", own("softplus"), {x}, own("softplus"));
      const ValueId gate = graph.add_node("Tanh", own("gate"), {soft}, own("gate"));
      return graph.add_node("Mul", out, {x, gate}, out);
    }
    return unsupported(section.where() + ": activation " + name.substr(0, 40) +
                       " is not known; known are linear, leaky, relu, mish, logistic and swish");
  }

  ValueId constant(const char* name, Shape shape) {
    return graph.add_constant(own(name), numbers_.take(std::move(shape)));
  }

  Status convolutional(const CfgSection& section) {
    POISE_RETURN_IF_ERROR(refuse(section, {{"binary", "0"},
                                           {"xnor", "0"},
                                           {"antialiasing", "0"},
                                           {"deform", "0"},
                                           {"stride_x", section.text("stride", "1").c_str()},
                                           {"stride_y", section.text("stride", "1").c_str()}}));
    if (section.has("share_index")) return unsupported(section.where() + ": option share_index is not supported");
    POISE_TRY(const Layer x, input(section));
    POISE_TRY(const std::int64_t filters, section.whole("filters", 1, 1, 65536));
    POISE_TRY(const std::int64_t size, section.whole("size", 1, 1, 64));
    POISE_TRY(const std::int64_t stride, section.whole("stride", 1, 1, 64));
    POISE_TRY(const std::int64_t dilation, section.whole("dilation", 1, 1, 64));
    POISE_TRY(const std::int64_t same, section.whole("pad", 0, 0, 1));
    POISE_TRY(const std::int64_t padding, section.whole("padding", 0, 0, 64));
    POISE_TRY(const std::int64_t groups, section.whole("groups", 1, 1, 65536));
    POISE_TRY(const std::int64_t normalize, section.whole("batch_normalize", 0, 0, 1));
    if (x.channels % groups != 0 || filters % groups != 0) {
      return section.error("groups is " + std::to_string(groups) + ", which does not divide " +
                           counted(x.channels, "channel") + " in and " + std::to_string(filters) + " out");
    }
    // src/convolutional_layer.c pads by `pad * dilation` and computes the output's side without dilation.
    const std::int64_t padded = same == 1 ? size / 2 : padding;
    if (dilation > 1 && 2 * padded != size - 1) {
      return unsupported(section.where() + ": dilation " + std::to_string(dilation) +
                         " is read where the padding keeps the size, as pad=1 of an odd size does");
    }
    const std::int64_t pad = padded * dilation;
    const std::int64_t reach = dilation * (size - 1) + 1;
    const std::int64_t count = filters * (x.channels / groups) * size * size;
    const std::int64_t wanted = count + filters * (normalize == 1 ? 4 : 1);
    if (static_cast<std::uint64_t>(wanted) > numbers_.left()) {
      return malformed("ends too early: " + section.where() + " of the .cfg wants " + counted(wanted, "number") + ", " +
                       std::to_string(numbers_.left()) + " are left; is that the .cfg of these weights?");
    }
    if (x.height + 2 * pad < reach || x.width + 2 * pad < reach) return section.error("leaves nothing of its input");
    // src/parser.c, load_convolutional_weights: the offsets, what normalizes, the weights.
    const ValueId offset = constant(normalize == 1 ? "norm.bias" : "conv.bias", {filters});
    std::vector<ValueId> norm;
    if (normalize == 1)
      norm = {constant("norm.weight", {filters}), constant("norm.running_mean", {filters}),
              constant("norm.running_var", {filters})};
    std::vector<ValueId> inputs{x.value, constant("conv.weight", {filters, x.channels / groups, size, size})};
    if (normalize == 0) inputs.push_back(offset);
    ValueId y = graph.add_node("Conv", own("conv"), std::move(inputs), own("conv.out"),
                               {{"kernel_shape", Ints{size, size}},
                                {"strides", Ints{stride, stride}},
                                {"pads", Ints{pad, pad, pad, pad}},
                                {"dilations", Ints{dilation, dilation}},
                                {"group", groups}});
    if (normalize == 1) {
      y = graph.add_node("BatchNormalization", own("norm"), {y, norm[0], offset, norm[1], norm[2]}, own("norm.out"),
                         {{"epsilon", kEpsilon}});
    }
    POISE_TRY(const ValueId out, activate(section, y, "logistic"));
    const auto side = [&](std::int64_t extent) { return (extent + 2 * pad - reach) / stride + 1; };
    return add(section, {out, filters, side(x.height), side(x.width)});
  }

  Status maxpool(const CfgSection& section) {
    POISE_RETURN_IF_ERROR(refuse(section, {{"maxpool_depth", "0"},
                                           {"antialiasing", "0"},
                                           {"stride_x", section.text("stride", "1").c_str()},
                                           {"stride_y", section.text("stride", "1").c_str()}}));
    POISE_TRY(const Layer x, input(section));
    POISE_TRY(const std::int64_t stride, section.whole("stride", 1, 1, 64));
    POISE_TRY(const std::int64_t size, section.whole("size", stride, 1, 64));
    POISE_TRY(const std::int64_t padding, section.whole("padding", size - 1, 0, size - 1));
    // src/maxpool_layer.c: `padding` is of both sides together, half of it, rounded down, in front.
    const std::int64_t before = padding / 2;
    const std::int64_t after = padding - before;
    if (x.height + padding < size || x.width + padding < size) return section.error("leaves nothing of its input");
    const ValueId y = graph.add_node("MaxPool", own("maxpool"), {x.value}, own("maxpool.out"),
                                     {{"kernel_shape", Ints{size, size}},
                                      {"strides", Ints{stride, stride}},
                                      {"pads", Ints{before, before, after, after}}});
    const auto side = [&](std::int64_t extent) { return (extent + padding - size) / stride + 1; };
    return add(section, {y, x.channels, side(x.height), side(x.width)});
  }

  Status upsample(const CfgSection& section) {
    POISE_RETURN_IF_ERROR(refuse(section, {{"scale", "1"}, {"reverse", "0"}}));
    POISE_TRY(const Layer x, input(section));
    POISE_TRY(const std::int64_t stride, section.whole("stride", 2, 1, 32));
    const auto factor = static_cast<float>(stride);
    const ValueId scales = graph.add_constant(
        own("scales"), std::make_shared<Tensor>(Tensor::from({4}, std::vector<float>{1, 1, factor, factor})));
    const ValueId y = graph.add_node("Resize", own("upsample"), {x.value, kNoValue, scales}, own("upsample.out"),
                                     {{"coordinate_transformation_mode", std::string("asymmetric")},
                                      {"mode", std::string("nearest")},
                                      {"nearest_mode", std::string("floor")}});
    return add(section, {y, x.channels, x.height * stride, x.width * stride});
  }

  /// A layer by darknet's number: from the first where 0 or more, else back from this one.
  Result<Layer> refer(const CfgSection& section, std::int64_t number) const {
    const auto here = static_cast<std::int64_t>(layers_.size());
    const std::int64_t index = number < 0 ? here + number : number;
    if (index < 0 || index >= here)
      return section.error("names layer " + std::to_string(number) + ", there are " + std::to_string(here) +
                           " before it");
    const Layer& layer = layers_[static_cast<std::size_t>(index)];
    if (layer.value == kNoValue)
      return section.error("names layer " + std::to_string(number) + ", a [yolo] layer, which gives nothing on");
    return layer;
  }

  Status route(const CfgSection& section) {
    constexpr std::int64_t kFar = 1'000'000;
    POISE_TRY(const Ints numbers, section.wholes("layers", -kFar, kFar, 64));
    POISE_TRY(const std::int64_t groups, section.whole("groups", 1, 1, 1024));
    POISE_TRY(const std::int64_t group, section.whole("group_id", 0, 0, groups - 1));
    std::vector<ValueId> parts;
    Layer sum;
    for (const std::int64_t number : numbers) {
      POISE_TRY(Layer part, refer(section, number));
      if (part.channels % groups != 0)
        return section.error("cannot part " + counted(part.channels, "channel") + " in " + std::to_string(groups));
      if (!parts.empty() && (part.height != sum.height || part.width != sum.width)) {
        return section.error("joins layers of " + to_string(Shape{sum.height, sum.width}) + " and " +
                             to_string(Shape{part.height, part.width}));
      }
      part.channels /= groups;
      if (groups > 1) {
        const std::string name = "part" + std::to_string(parts.size());
        part.value = slice(part.value, group * part.channels, part.channels, own(name.c_str()));
      }
      parts.push_back(part.value);
      sum = {kNoValue, sum.channels + part.channels, part.height, part.width};
    }
    sum.value = parts.size() == 1
                    ? parts[0]
                    : graph.add_node("Concat", own("route"), parts, own("route.out"), {{"axis", std::int64_t{1}}});
    return add(section, sum);
  }

  ValueId slice(ValueId x, std::int64_t begin, std::int64_t count, const std::string& name) {
    const auto one = [&](const char* what, std::int64_t value) {
      return graph.add_constant(name + what, std::make_shared<Tensor>(Tensor::from({1}, Ints{value})));
    };
    const ValueId starts = one(".starts", begin);
    const ValueId ends = one(".ends", begin + count);
    const ValueId axes = one(".axes", 1);
    return graph.add_node("Slice", name, {x, starts, ends, axes}, name + ".out");
  }

  Status shortcut(const CfgSection& section) {
    POISE_RETURN_IF_ERROR(refuse(section, {{"weights_type", "none"}}));
    POISE_TRY(const Layer x, input(section));
    constexpr std::int64_t kFar = 1'000'000;
    POISE_TRY(const Ints from, section.wholes("from", -kFar, kFar, 1));
    POISE_TRY(const Layer other, refer(section, from[0]));
    if (x.channels != other.channels || x.height != other.height || x.width != other.width) {
      return section.error("adds layers of " + to_string(Shape{x.channels, x.height, x.width}) + " and " +
                           to_string(Shape{other.channels, other.height, other.width}));
    }
    const ValueId sum = graph.add_node("Add", own("shortcut"), {x.value, other.value}, own("shortcut.out"));
    POISE_TRY(const ValueId out, activate(section, sum, "linear"));
    return add(section, {out, x.channels, x.height, x.width});
  }

  Status yolo(const CfgSection& section) {
    POISE_RETURN_IF_ERROR(refuse(section, {{"new_coords", "0"}}));
    POISE_TRY(const Layer x, input(section));
    POISE_TRY(const std::int64_t classes, section.whole("classes", 20, 1, 65536));
    POISE_TRY(const std::vector<float> sides, section.numbers("anchors", 1e-3F, 1e5F, 2 * kMostAnchors));
    const auto pairs = static_cast<std::int64_t>(sides.size() / 2);
    if (pairs < 1 || sides.size() % 2 != 0) return section.error("anchors must be pairs of width and height");
    Ints mask;
    if (section.has("mask")) {
      POISE_TRY(mask, section.wholes("mask", 0, pairs - 1, kMostAnchors));
    }
    for (std::int64_t i = 0; i < pairs && !section.has("mask"); ++i) mask.push_back(i);
    POISE_TRY(const float scale, section.number("scale_x_y", 1, 0.1F, 10));
    if (x.channels != static_cast<std::int64_t>(mask.size()) * (5 + classes)) {
      return section.error("is given " + counted(x.channels, "channel") + ", its " + counted(mask.size(), "anchor") +
                           " of " + counted(classes, "class", "classes") + " want " +
                           std::to_string(static_cast<std::int64_t>(mask.size()) * (5 + classes)));
    }
    if (!graph.outputs.empty() && classes != classes_) return section.error("has other classes than the one before");
    classes_ = classes;
    Json anchors = Json::array();
    for (const std::int64_t i : mask) {
      const auto at = static_cast<std::size_t>(2 * i);
      anchors.push(Json(Json::Array{Json(sides[at]), Json(sides[at + 1])}));
    }
    anchors_.push(std::move(anchors));
    scales_.push(scale);
    // Two [yolo] layers may read the same layer: each is an output of its own name.
    const std::string name = "yolo" + std::to_string(graph.outputs.size());
    graph.outputs.push_back(graph.add_node("Identity", name, {x.value}, name));
    last_ = {};
    layers_.push_back(last_);
    return {};
  }

  Numbers numbers_;
  Size input_;
  Layer last_;
  std::vector<Layer> layers_;
  std::size_t index_ = 0;
  std::int64_t classes_ = 0;
  Json anchors_ = Json::array(), scales_ = Json::array();
};

}  // namespace

Result<DarknetGraph> darknet_graph(const std::vector<CfgSection>& sections, BytesView weights) {
  Builder builder(weights);
  POISE_RETURN_IF_ERROR(builder.build(sections));
  POISE_TRY(Json card, builder.card());
  return DarknetGraph{std::move(builder.graph), std::move(card)};
}

}  // namespace poise
