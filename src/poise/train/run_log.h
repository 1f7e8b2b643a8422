#pragma once
// What a run writes down as it goes: log.jsonl (one JSON object a line), TensorBoard's events, curves.png
// (.jpg in a build without PNG). One thread at a time.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "poise/base/json.h"
#include "poise/image/image.h"
#include "poise/train/event_writer.h"

namespace poise {

class RunLog {
 public:
  /// Goes on in `folder` after `step`: what a stopped run had written of later ones is dropped, lines from the file,
  /// events by a mark that TensorBoard heeds. Errors: kIo.
  static Result<RunLog> open(const std::filesystem::path& folder, std::int64_t step, double seconds);

  /// `record` has "step" and numbers; those go to TensorBoard too, under their names, members of objects as
  /// "joints/left_wrist"; what was not measured, under 0 there, does not.
  Status add(const Json& record, double seconds);
  /// A picture for TensorBoard. Errors: kIo.
  Status add_picture(const std::string& name, const Image& picture, std::int64_t step, double seconds);
  /// Losses and accuracy by epoch, from the records that have "epoch", "loss", "val_loss" and "pck", "ap50" or "auc3d".
  /// Errors: kIo.
  Status draw_curves() const;

 private:
  RunLog(std::filesystem::path folder, EventWriter events) : folder_(std::move(folder)), events_(std::move(events)) {}
  std::filesystem::path folder_;
  EventWriter events_;
  std::vector<Json> epochs_;  // records of whole epochs
};

}  // namespace poise
