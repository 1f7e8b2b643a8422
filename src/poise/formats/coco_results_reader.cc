#include "poise/formats/coco_results_reader.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <deque>
#include <future>
#include <limits>
#include <memory>
#include <numeric>
#include <thread>
#include <unordered_map>
#include <utility>

#include "poise/base/counted.h"
#include "poise/base/thread_pool.h"
#include "poise/formats/coco_entry.h"
#include "poise/formats/json_elements.h"

namespace poise {
namespace {

constexpr std::size_t kMaxRows = 100'000'000;

/// Puts detections in rows, one after the other, in the file's order; a better one takes the row of the worst.
class Rows {
 public:
  Rows(const CocoTruth& truth, const CocoResultsOptions& options) : truth_(truth), options_(options) {
    results_.joints = options.part == CocoPart::kNone ? 0 : truth.joints;
  }

  Status add(const CocoEntry& entry, const std::vector<double>& keypoints) {
    ++results_.in_file;
    const auto wrong = [&](const std::string& what) {
      return malformed("results[" + std::to_string(entry.index) + "]" + what);
    };
    if (!entry.image_id) return wrong(".image_id is missing");
    if (!entry.category_id) return wrong(".category_id is missing");
    if (!entry.score) return wrong(".score is missing");
    const int image = truth_.find_image(*entry.image_id);
    if (image < 0) {
      return wrong(".image_id " + std::to_string(*entry.image_id) +
                   " is no image of the truth: are these results of another data set?");
    }
    if (entry.index == 0) {
      area_from_box_ = entry.box.has_value();
      if (!area_from_box_ && entry.has_segmentation) {
        return unsupported("results[0] has a segmentation and no bbox: give each detection its bbox");
      }
    }
    if (area_from_box_ && !entry.box) return wrong(" has no bbox, but the first entry has one: all or none must");
    if (options_.part == CocoPart::kNone) {
      if (!entry.box) return wrong(".bbox is missing");
    } else {
      if (!area_from_box_ && !entry.has_keypoints) return wrong(".keypoints is missing");
      if (results_.joints == 0) results_.joints = static_cast<int>(entry.joints);  // a truth without anybody
      if (static_cast<int>(entry.joints) != results_.joints || results_.joints == 0) {
        return wrong(" has " + counted(entry.joints, "joint") + ", it must have " + std::to_string(results_.joints) +
                     " as the truth");
      }
    }
    const int category = truth_.find_category(*entry.category_id);
    if (category < 0) {
      ++results_.unknown_category;
      return {};
    }
    const double* joints = keypoints.data() + entry.first;
    if (options_.drop_unseen && !is_seen(joints, entry.joints)) {
      ++results_.unseen;
      return {};
    }
    return place(entry, image, category, joints);
  }

  CocoResults finish() {
    std::vector<std::size_t> order(results_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    const CocoResults& r = results_;
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      if (r.category[a] != r.category[b]) return r.category[a] < r.category[b];
      if (r.image[a] != r.image[b]) return r.image[a] < r.image[b];
      if (r.score[a] != r.score[b]) return r.score[a] > r.score[b];
      return r.index[a] < r.index[b];
    });
    CocoResults sorted;
    sorted.joints = r.joints;
    sorted.has_boxes = area_from_box_;
    sorted.in_file = r.in_file;
    sorted.beyond_max = r.beyond_max;
    sorted.unseen = r.unseen;
    sorted.unknown_category = r.unknown_category;
    gather(order, results_.index, sorted.index);
    gather(order, results_.image, sorted.image);
    gather(order, results_.category, sorted.category);
    gather(order, results_.score, sorted.score);
    gather(order, results_.area, sorted.area);
    gather(order, results_.box, sorted.box);
    sorted.keypoints.reserve(order.size() * width());
    for (const std::size_t row : order) {
      const double* joints = joints_of(row);
      sorted.keypoints.insert(sorted.keypoints.end(), joints, joints + width());
    }
    return sorted;
  }

 private:
  std::size_t width() const { return 3 * static_cast<std::size_t>(results_.joints); }

  template <typename T>
  static void gather(const std::vector<std::size_t>& order, std::vector<T>& from, std::vector<T>& to) {
    to.reserve(order.size());
    for (const std::size_t row : order) to.push_back(from[row]);
    std::vector<T>().swap(from);  // one array at a time is there twice
  }

  double* joints_of(std::size_t row) { return blocks_[row / kBlock].get() + row % kBlock * width(); }

  static bool is_seen(const double* joints, std::size_t count) {
    for (std::size_t j = 0; j < count; ++j) {
      if (joints[3 * j + 2] > 0) return true;
    }
    return false;
  }

  Status place(const CocoEntry& entry, int image, int category, const double* joints) {
    const auto key = static_cast<std::uint64_t>(image) << 32U | static_cast<std::uint64_t>(category);
    std::vector<std::uint32_t>& bucket = buckets_[key];
    const auto limit = static_cast<std::size_t>(std::max(options_.max_per_image, 0));
    std::size_t row = results_.size();
    if (limit == 0 || bucket.size() < limit) {
      if (row >= kMaxRows) return too_large("over " + counted(kMaxRows, "detection") + " to keep");
      if (limit != 0) bucket.push_back(static_cast<std::uint32_t>(row));
      results_.index.emplace_back();
      results_.image.push_back(image);
      results_.category.push_back(category);
      results_.score.emplace_back();
      results_.area.emplace_back();
      results_.box.emplace_back();
      if (row == blocks_.size() * kBlock) blocks_.push_back(std::make_unique<double[]>(kBlock * width()));
    } else {
      ++results_.beyond_max;
      const auto worse = [&](std::uint32_t a, std::uint32_t b) {
        if (results_.score[a] != results_.score[b]) return results_.score[a] < results_.score[b];
        return results_.index[a] > results_.index[b];
      };
      row = *std::min_element(bucket.begin(), bucket.end(), worse);
      if (*entry.score <= results_.score[row]) return {};
    }
    results_.index[row] = entry.index;
    results_.score[row] = *entry.score;
    results_.area[row] = area_from_box_ ? (*entry.box)[2] * (*entry.box)[3] : entry.extent;
    results_.box[row] = entry.box.value_or(std::array<double, 4>{});
    if (!area_from_box_ && width() > 0) results_.box[row] = around(joints);
    std::copy_n(joints, width(), joints_of(row));
    return {};
  }

  std::array<double, 4> around(const double* joints) const {
    double low_x = joints[0], high_x = joints[0], low_y = joints[1], high_y = joints[1];
    for (std::size_t i = 3; i < width(); i += 3) {
      low_x = std::min(low_x, joints[i]);
      high_x = std::max(high_x, joints[i]);
      low_y = std::min(low_y, joints[i + 1]);
      high_y = std::max(high_y, joints[i + 1]);
    }
    return {low_x, low_y, high_x - low_x, high_y - low_y};
  }

  const CocoTruth& truth_;
  const CocoResultsOptions& options_;
  CocoResults results_;
  bool area_from_box_ = false;
  static constexpr std::size_t kBlock = 4096;      // rows
  std::vector<std::unique_ptr<double[]>> blocks_;  // the rows' joints: a vector that grows would copy them all again
  std::unordered_map<std::uint64_t, std::vector<std::uint32_t>> buckets_;
};

/// A number after it was written with the digits of a float and read as a double.
double as_written(float value) {
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  double read = 0;
  std::from_chars(digits.data(), end, read);
  return read;
}

bool is_finite(const Pose& pose) {
  const auto finite = [](const Keypoint& k) {
    return std::isfinite(k.point.x) && std::isfinite(k.point.y) && std::isfinite(k.score);
  };
  const Box& box = pose.box;
  return std::isfinite(pose.score) && std::isfinite(box.x) && std::isfinite(box.y) && std::isfinite(box.width) &&
         std::isfinite(box.height) && std::all_of(pose.keypoints.begin(), pose.keypoints.end(), finite);
}

int thread_count(int wanted) {
  const auto processors = static_cast<int>(std::thread::hardware_concurrency());
  return std::clamp(wanted > 0 ? wanted : processors, 1, 64);
}

/// Batches are parsed side by side, each lane with its parser; rows are filled in the file's order.
Result<CocoResults> read(JsonElements elements, const CocoTruth& truth, const CocoResultsOptions& options) {
  POISE_TRY(const char top, elements.top());
  if (top != '[') {
    return malformed("the results must be an array of detections; this is an object: are the two files swapped?");
  }
  struct Lane {
    CocoEntryParser parser;
    JsonBatch batch;
    CocoEntries entries;
    std::future<Status> parsed;
  };
  std::vector<std::unique_ptr<Lane>> lanes;
  const int threads = thread_count(options.threads);
  const int lane_count = threads == 1 ? 1 : threads + 1;
  lanes.reserve(static_cast<std::size_t>(lane_count));
  for (int i = 0; i < lane_count; ++i) {
    lanes.push_back(std::make_unique<Lane>(
        Lane{CocoEntryParser({keypoint_members(options.part), score_member(options.part)}), {}, {}, {}}));
  }
  Rows rows(truth, options);
  const auto merge = [&](Lane& lane) -> Status {
    POISE_RETURN_IF_ERROR(lane.parsed.get());
    for (const CocoEntry& entry : lane.entries.entries) {
      POISE_RETURN_IF_ERROR(rows.add(entry, lane.entries.keypoints));
    }
    return {};
  };
  ThreadPool pool(threads);  // after the lanes: it ends before they do
  std::deque<Lane*> busy;
  for (std::size_t turn = 0;; ++turn) {
    Lane& lane = *lanes[turn % lanes.size()];
    if (lane.parsed.valid()) {
      busy.pop_front();
      POISE_RETURN_IF_ERROR(merge(lane));
    }
    auto more = elements.next(lane.batch);
    if (!more.ok()) {  // what comes before the broken place may hold the first fault
      for (Lane* before : busy) POISE_RETURN_IF_ERROR(merge(*before));
      return more.error();
    }
    if (!*more) break;
    lane.parsed = pool.submit([&lane] { return lane.parser.parse(lane.batch, "results", lane.entries); });
    busy.push_back(&lane);
  }
  for (Lane* lane : busy) POISE_RETURN_IF_ERROR(merge(*lane));
  return rows.finish();
}

}  // namespace

Result<CocoResults> read_coco_results(const std::filesystem::path& path, const CocoTruth& truth,
                                      const CocoResultsOptions& options) {
  POISE_TRY(JsonElements elements, JsonElements::open(path, {}));
  auto results = read(std::move(elements), truth, options);
  if (!results.ok()) return results.error().prefixed(path.string());
  return results;
}

Result<CocoResults> parse_coco_results(BytesView bytes, const CocoTruth& truth, const CocoResultsOptions& options) {
  return read(JsonElements::of(bytes, {}), truth, options);
}

Result<CocoResults> coco_results_of(std::span<const FrameResult> frames, const CocoTruth& truth,
                                    const CocoResultsOptions& options, std::int64_t category_id) {
  Rows rows(truth, options);
  CocoEntry entry;
  std::vector<double> keypoints;
  std::uint64_t index = 0;
  for (const FrameResult& frame : frames) {
    for (const Pose& pose : frame.poses) {
      entry.index = index++;
      entry.image_id = frame.image_id;
      entry.category_id = category_id;
      if (!is_finite(pose)) {
        return malformed("results[" + std::to_string(entry.index) + "] holds a number that is not finite");
      }
      entry.score = as_written(pose.score);
      entry.box = {as_written(pose.box.x), as_written(pose.box.y), as_written(pose.box.width),
                   as_written(pose.box.height)};
      keypoints.clear();
      if (options.part != CocoPart::kNone) {
        for (const Keypoint& keypoint : pose.keypoints) {
          keypoints.insert(keypoints.end(),
                           {as_written(keypoint.point.x), as_written(keypoint.point.y), as_written(keypoint.score)});
        }
        entry.has_keypoints = true;
        entry.joints = pose.keypoints.size();
        entry.first = 0;
      }
      POISE_RETURN_IF_ERROR(rows.add(entry, keypoints));
    }
  }
  return rows.finish();
}

}  // namespace poise
