#pragma once
// A trained pose network and pictures of its trade in, its file in eight-bit integers out: crops to calibrate on, the
// layers chosen, a race against the floats, what the rounding costs, and the card that says so. Thread-safe.

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "poise/base/json.h"
#include "poise/base/result.h"
#include "poise/card/model_card.h"
#include "poise/engine/session.h"
#include "poise/quantize/calibration_crops.h"
#include "poise/quantize/quantize.h"
#include "poise/weights/network_file.h"

namespace poise {

struct QuantizeModelOptions {
  CalibrationPictures calibration;
  CardSources card;         // as EstimatorOptions::card
  QuantizeOptions layers;   // which are rounded and how; threads and progress are those of the whole
  double worthwhile = 1.3;  // times as fast as the floats, or accuracy is not measured: QuantizedModel::worthwhile
  /// How right a network is, in [0, 1]; called with the floats before anything is rounded and with the integers after.
  /// Empty: nobody measures.
  std::function<Result<double>(NetworkFile network, Precision precision)> accuracy;
};

/// Milliseconds of one person on the machine at hand, the least of several runs in turns.
struct PrecisionRace {
  double floats = 0;
  double integers = 0;
  double times_as_fast() const { return floats / integers; }
};

struct QuantizedModel {
  Quantized network;
  PrecisionRace race;
  bool worthwhile = false;                 // as fast as QuantizeModelOptions::worthwhile asks
  std::optional<double> float_accuracy;    // where it was measured
  std::optional<double> integer_accuracy;  // where it was measured: not unless worthwhile
  /// Of the integers. "accuracy" still speaks of the floats, and says so: set what was measured in its place.
  Json card;
  std::map<std::string, std::string> metadata;  // of the file but for the card; "poise.quantized_from" names the floats
};

/// "layers", "ranges", "biases_corrected", "damage", "ms_fp32", "ms_int8", "times_as_fast" and what accuracy there is.
Json to_json(const QuantizedModel& model);

/// `name`: what the file calls its origin; `file`: where the model lies, for the card beside it; empty: nowhere.
/// Errors: kInvalidArgument (it computes in integers already), kUnsupported (no top-down pose network), those of
/// gather_card, read_calibration_crops and quantize, those of `accuracy`.
Result<QuantizedModel> quantize_model(const NetworkFile& model, const std::string& name,
                                      const std::filesystem::path& file, const QuantizeModelOptions& options);

/// ONNX with the card inside, whole or not at all. Errors: those of write_onnx.
Status write_quantized(const std::filesystem::path& path, const QuantizedModel& model);

}  // namespace poise
