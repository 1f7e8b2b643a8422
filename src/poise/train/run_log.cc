#include "poise/train/run_log.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "poise/draw/chart.h"
#include "poise/image/codec.h"

namespace poise {
namespace {

constexpr std::uint64_t kMaxLog = 1U << 30U;
constexpr const char* kName = "log.jsonl";

BytesView bytes_of(std::string_view text) { return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}; }

/// The records up to `step`; a last line that was cut off is none.
std::vector<Json> records_until(std::string_view text, std::int64_t step) {
  std::vector<Json> records;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) break;
    auto record = parse_json(text.substr(0, end));
    text.remove_prefix(end + 1);
    if (!record.ok() || !record->integer("step").ok() || record->find("step")->as_integer() > step) continue;
    records.push_back(std::move(*record));
  }
  return records;
}

/// What an epoch was measured by, as the log names it and as people read it; nothing in other records.
struct Measure {
  const char* name;
  const char* title;
};
const Measure* measure_in(const Json& record) {
  static constexpr std::array<Measure, 3> kMeasures{{{"pck", "PCK@0.2"}, {"ap50", "AP50"}, {"auc3d", "AUC of PCK3D"}}};
  const auto has = [&record](const char* name) { return record.number(name).ok(); };
  if (!has("epoch") || !has("loss") || !has("val_loss")) return nullptr;
  const auto* found = std::ranges::find_if(kMeasures, [&](const Measure& m) { return has(m.name); });
  return found == kMeasures.end() ? nullptr : found;
}

}  // namespace

Result<RunLog> RunLog::open(const std::filesystem::path& folder, std::int64_t step, double seconds) {
  const std::filesystem::path path = folder / kName;
  std::string kept;
  std::vector<Json> epochs;
  std::error_code ignored;
  const bool goes_on = std::filesystem::exists(path, ignored);
  if (goes_on) {
    const auto bytes = read_file(path, kMaxLog);
    if (!bytes.ok()) return bytes.error().prefixed(path.string());
    for (Json& record : records_until({reinterpret_cast<const char*>(bytes->data()), bytes->size()}, step)) {
      kept += record.dump() + "\n";
      if (measure_in(record) != nullptr) epochs.push_back(std::move(record));
    }
  }
  POISE_RETURN_IF_ERROR(write_file_atomic(path, kept));
  POISE_TRY(EventWriter events, EventWriter::create(folder, seconds));
  if (goes_on) POISE_RETURN_IF_ERROR(events.restart(step + 1, seconds));
  RunLog log(folder, std::move(events));
  log.epochs_ = std::move(epochs);
  return log;
}

Status RunLog::add(const Json& record, double seconds) {
  POISE_RETURN_IF_ERROR(append_to_file(folder_ / kName, bytes_of(record.dump() + "\n")));
  POISE_TRY(const std::int64_t step, record.integer("step"));
  for (const auto& [name, value] : record.as_object()) {
    if (name == "step") continue;
    if (value.is_number()) POISE_RETURN_IF_ERROR(events_.add(name, value.as_number(), step, seconds));
    if (!value.is_object()) continue;
    for (const auto& [part, one] : value.as_object()) {
      if (!one.is_number() || one.as_number() < 0) continue;
      POISE_RETURN_IF_ERROR(events_.add(std::string(name).append("/").append(part), one.as_number(), step, seconds));
    }
  }
  if (measure_in(record) != nullptr) epochs_.push_back(record);
  return {};
}

Status RunLog::add_picture(const std::string& name, const Image& picture, std::int64_t step, double seconds) {
  POISE_TRY(const Bytes file, encode_image(picture.view()));
  return events_.add_picture(name, file, picture.size(), step, seconds);
}

Status RunLog::draw_curves() const {
  if (epochs_.size() < 2) return {};
  const Measure* measure = measure_in(epochs_.back());
  Curve score{measure->title, {}}, train{"LOSS / LARGEST", {}}, val{"VAL LOSS / LARGEST", {}};
  double largest = 0;
  for (const Json& record : epochs_) {
    for (const char* name : {"loss", "val_loss"}) largest = std::max(largest, record.number(name).value());
  }
  if (!(largest > 0)) largest = 1;
  Chart chart;
  for (const Json& record : epochs_) {
    const double epoch = record.number("epoch").value();
    score.points.emplace_back(epoch, record.number(measure->name).value());
    train.points.emplace_back(epoch, record.number("loss").value() / largest);
    val.points.emplace_back(epoch, record.number("val_loss").value() / largest);
    chart.x_high = std::max(chart.x_high, epoch);
  }
  chart.title = "TRAINING";
  chart.x_label = "EPOCH";
  const Image drawn = poise::draw_curves(chart, {score, train, val});
  Status written = write_image(folder_ / "curves.png", drawn);
  const bool no_png = !written.ok() && written.error().code == ErrorCode::kUnsupported;
  return no_png ? write_image(folder_ / "curves.jpg", drawn) : written;
}

}  // namespace poise
