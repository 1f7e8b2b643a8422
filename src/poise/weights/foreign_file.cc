#include "poise/weights/foreign_file.h"

#include <array>
#include <string_view>

namespace poise {
namespace {

using Start = std::string_view;

constexpr bool has(Start start, std::string_view text) { return start.find(text) != Start::npos; }

/// The identifier of TensorFlow Lite's flatbuffer, after the offset of its root (tensorflow/lite/schema/schema.fbs).
bool is_tflite(Start start) { return start.size() >= 8 && start.substr(4, 4) == "TFL3"; }
/// model.json of TensorFlow.js (tfjs-core, src/io/types.ts, ModelJSON).
bool is_tfjs(Start start) {
  return start.starts_with('{') &&
         (has(start, "\"modelTopology\"") || has(start, "\"graph-model\"") || has(start, "\"layers-model\""));
}
bool is_json(Start start) { return start.starts_with('{') && !is_tfjs(start); }
bool is_hdf5(Start start) { return start.starts_with("\x89HDF"); }
bool is_picture(Start start) {
  return start.starts_with("\xff\xd8\xff") || start.starts_with("\x89PNG") || start.starts_with("GIF8") ||
         (start.starts_with("RIFF") && start.substr(0, 12).ends_with("WEBP"));
}
bool is_darknet_cfg(Start start) { return start.starts_with("[net]") || start.starts_with("[network]"); }

struct Kind {
  bool (*recognises)(Start start);
  const char* message;
};
constexpr std::array<Kind, 6> kKinds{{
    {is_tflite, "it is a TensorFlow Lite model, which is not read: have it exported as ONNX"},
    {is_tfjs, "it is a TensorFlow.js model, which is not read: have it exported as ONNX"},
    {is_hdf5, "it is an HDF5 file, as Keras writes its models, which is not read: have it exported as ONNX"},
    {is_picture, "it is a picture: name a network's file"},
    {is_darknet_cfg, "it is darknet's list of layers: name the .weights beside it"},
    {is_json, "it is a JSON text: name a network's file; its card may lie beside it"},
}};

}  // namespace

std::string foreign_file(BytesView start) {
  const Start text(reinterpret_cast<const char*>(start.data()), start.size());
  for (const Kind& kind : kKinds) {
    if (kind.recognises(text)) return kind.message;
  }
  return {};
}

}  // namespace poise
