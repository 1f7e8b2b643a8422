#include "poise/label/label_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <system_error>
#include <utility>

#include "poise/base/file.h"

namespace poise {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kMostBytes = std::uint64_t{4} << 30U;  // of a journal

double tenths(float value) { return std::round(static_cast<double>(value) * 10) / 10; }
double thousandths(float value) { return std::round(static_cast<double>(value) * 1000) / 1000; }

Json numbers(std::initializer_list<double> values) {
  Json json = Json::array();
  for (const double value : values) json.push(value);
  return json;
}

Json entry_of(const LabelledPerson& person) {
  Json keypoints = Json::array(), scores = Json::array();
  for (const AgreedJoint& joint : person.joints) {
    keypoints.push(tenths(joint.point.x));
    keypoints.push(tenths(joint.point.y));
    keypoints.push(joint.kept ? static_cast<int>(Visibility::kVisible) : static_cast<int>(Visibility::kAbsent));
    scores.push(thousandths(joint.score));
  }
  const Box& box = person.box;
  return Json::Object{{"bbox", numbers({tenths(box.x), tenths(box.y), tenths(box.width), tenths(box.height)})},
                      {"score", thousandths(person.box_score)},
                      {"keypoints", std::move(keypoints)},
                      {"scores", std::move(scores)}};
}

/// The entry of a journal, checked: of a skeleton of `joints` joints.
Result<std::string> check_entry(const Json& entry, std::size_t joints) {
  POISE_TRY(std::string name, entry.string("file_name"));
  POISE_RETURN_IF_ERROR(entry.integer("width"));
  POISE_RETURN_IF_ERROR(entry.integer("height"));
  const Json* people = entry.find("people");
  if (people == nullptr || !people->is_array()) return malformed("member \"people\" must be an array");
  for (const Json& person : people->as_array()) {
    POISE_TRY(const auto box, person.numbers("bbox"));
    POISE_TRY(const auto keypoints, person.numbers("keypoints"));
    POISE_TRY(const auto scores, person.numbers("scores"));
    POISE_RETURN_IF_ERROR(person.number("score"));
    if (box.size() != 4 || keypoints.size() != joints * 3 || scores.size() != joints)
      return malformed("a person's box or joints are not as many as they should be");
  }
  return name;
}

std::size_t kept_joints(const Json& person) {
  const Json::Array& keypoints = person.find("keypoints")->as_array();
  std::size_t kept = 0;
  for (std::size_t i = 2; i < keypoints.size(); i += 3) kept += keypoints[i].as_number() > 0 ? 1 : 0;
  return kept;
}

Json category_of(const Skeleton& skeleton) {
  Json names = Json::array(), limbs = Json::array();
  for (const Joint& joint : skeleton.joints) names.push(joint.name);
  for (const Limb& limb : skeleton.limbs) {
    Json pair = Json::array();
    pair.push(limb.from + 1);  // COCO counts from 1
    pair.push(limb.to + 1);
    limbs.push(std::move(pair));
  }
  return Json::Object{{"id", 1}, {"name", "person"}, {"keypoints", std::move(names)}, {"skeleton", std::move(limbs)}};
}

/// One annotation of the file. `with_joints`: else its box alone.
Json annotation_of(const Json& person, std::int64_t id, std::int64_t image_id, bool with_joints, bool ignored) {
  const std::vector<double> box = person.numbers("bbox").value();
  Json entry = Json::Object{{"id", id},
                            {"image_id", image_id},
                            {"category_id", 1},
                            {"iscrowd", 0},
                            {"bbox", *person.find("bbox")},
                            {"area", std::round(box[2] * box[3] * 10) / 10},
                            {"score", *person.find("score")}};
  const std::size_t kept = with_joints ? kept_joints(person) : 0;
  entry.set("num_keypoints", static_cast<std::int64_t>(kept));
  Json keypoints = *person.find("keypoints");
  if (!with_joints) {
    for (Json& number : keypoints.as_array()) number = 0;
  }
  entry.set("keypoints", std::move(keypoints));
  entry.set("scores", *person.find("scores"));
  if (ignored) entry.set("ignore", 1);
  return entry;
}

}  // namespace

Result<LabelFile> LabelFile::open(const fs::path& file, const Skeleton& skeleton, LabelFileOptions options) {
  POISE_RETURN_IF_ERROR(prepare_file(file));
  LabelFile labels(file, skeleton, std::move(options));
  std::error_code ignored;
  const bool begun = fs::exists(labels.journal(), ignored);
  if (!begun && fs::exists(file, ignored))
    return invalid_argument(file.string() +
                            ": is there already; labels may have been mended by hand: remove it, or "
                            "name another file");
  Status status = labels.lock();
  if (status.ok()) status = begun ? labels.go_on() : labels.begin();
  if (!status.ok()) return status.error().prefixed(labels.journal().string());
  return labels;
}

LabelFile::LabelFile(LabelFile&& other) noexcept
    : file_(std::move(other.file_)),
      skeleton_(std::move(other.skeleton_)),
      options_(std::move(other.options_)),
      journal_fd_(std::exchange(other.journal_fd_, -1)),
      pictures_(std::move(other.pictures_)) {}

LabelFile::~LabelFile() {
  if (journal_fd_ >= 0) ::close(journal_fd_);
}

Status LabelFile::lock() {
  journal_fd_ = ::open(journal().c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0666);
  if (journal_fd_ < 0) return io_error("cannot be written (" + std::generic_category().message(errno) + ")");
  if (::flock(journal_fd_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
    return invalid_argument("another run writes it: wait for it, or name another file");
  return {};
}

Status LabelFile::begin() {
  return append(Json(Json::Object{{"poise_labels", 1}, {"settings", options_.settings}}).dump());
}

Status LabelFile::go_on() {
  POISE_TRY(const Bytes bytes, read_file(journal(), kMostBytes));
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  // A killed run may have left half a line, which is written anew.
  const std::size_t whole = text.rfind('\n') == std::string_view::npos ? 0 : text.rfind('\n') + 1;
  if (whole < text.size() && ::ftruncate(journal_fd_, static_cast<off_t>(whole)) != 0)
    return io_error("cannot be cut (" + std::generic_category().message(errno) + ")");
  if (whole == 0) return begin();
  std::size_t number = 0;
  for (std::size_t at = 0; at < whole; ++number) {
    const std::size_t end = text.find('\n', at);
    auto line = parse_json(text.substr(at, end - at));
    at = end + 1;
    if (!line.ok()) return line.error().prefixed("line " + std::to_string(number + 1));
    if (number == 0) {
      const Json* settings = line->find("settings");
      if (line->find("poise_labels") == nullptr || settings == nullptr) return malformed("is not a journal of labels");
      if (settings->dump() != options_.settings.dump())
        return invalid_argument("was begun with other settings: " + settings->dump() + ", and not " +
                                options_.settings.dump() + ": give the same, or remove it to begin anew");
      continue;
    }
    auto name = check_entry(*line, skeleton_.joints.size());
    if (!name.ok()) return name.error().prefixed("line " + std::to_string(number + 1));
    pictures_.insert_or_assign(std::move(*name), std::move(*line));
  }
  return {};
}

Status LabelFile::append(const std::string& line) {
  const std::string text = line + "\n";
  for (std::size_t at = 0; at < text.size();) {
    const ssize_t wrote = ::write(journal_fd_, text.data() + at, text.size() - at);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return io_error("cannot be written (" + std::generic_category().message(errno) + ")");
    at += static_cast<std::size_t>(wrote);
  }
  return {};
}

Status LabelFile::add(const LabelledPicture& picture) {
  Json people = Json::array();
  for (const LabelledPerson& person : picture.people) people.push(entry_of(person));
  Json entry = Json::Object{{"file_name", picture.file_name},
                            {"width", picture.size.width},
                            {"height", picture.size.height},
                            {"people", std::move(people)}};
  const Status status = append(entry.dump());
  if (!status.ok()) return status.error().prefixed(journal().string());
  pictures_.insert_or_assign(picture.file_name, std::move(entry));
  return {};
}

Result<LabelTotals> LabelFile::write(std::span<const std::string> names) const {
  LabelTotals totals;
  std::string images, annotations;
  for (const std::string& name : names) {
    const auto found = pictures_.find(name);
    if (found == pictures_.end()) continue;
    const Json& entry = found->second;
    const auto image_id = static_cast<std::int64_t>(++totals.pictures);
    images += (images.empty() ? "" : ",\n") + Json(Json::Object{{"id", image_id},
                                                                {"file_name", name},
                                                                {"width", *entry.find("width")},
                                                                {"height", *entry.find("height")}})
                                                  .dump();
    for (const Json& person : entry.find("people")->as_array()) {
      const bool ignored = person.number("score").value() < static_cast<double>(options_.sure_box);
      const bool with_joints = kept_joints(person) >= options_.min_joints;
      const auto id = static_cast<std::int64_t>(++totals.persons);
      totals.ignored += ignored ? 1 : 0;
      totals.joints += with_joints ? kept_joints(person) : 0;
      annotations +=
          (annotations.empty() ? "" : ",\n") + annotation_of(person, id, image_id, with_joints, ignored).dump();
    }
  }
  Json categories = Json::array();
  categories.push(category_of(skeleton_));
  POISE_TRY(GrowingFile file, GrowingFile::create(file_));
  POISE_RETURN_IF_ERROR(file.append("{\"info\":" + options_.settings.dump() + ",\n\"categories\":" + categories.dump() +
                                    ",\n\"images\":[\n" + images + "],\n\"annotations\":[\n" + annotations + "]}\n"));
  POISE_RETURN_IF_ERROR(file.commit());
  return totals;
}

void LabelFile::remove_journal() {
  std::error_code ignored;
  fs::remove(journal(), ignored);
}

std::vector<LabelFile::Sample> LabelFile::sample(std::span<const std::string> names, std::size_t most) const {
  std::vector<Sample> all;
  for (const std::string& name : names) {
    const auto found = pictures_.find(name);
    if (found == pictures_.end()) continue;
    for (const Json& person : found->second.find("people")->as_array()) {
      if (kept_joints(person) < options_.min_joints) continue;
      const std::vector<double> box = person.numbers("bbox").value(), joints = person.numbers("keypoints").value(),
                                scores = person.numbers("scores").value();
      Sample sample;
      sample.file_name = name;
      sample.pose.box = {static_cast<float>(box[0]), static_cast<float>(box[1]), static_cast<float>(box[2]),
                         static_cast<float>(box[3])};
      double sum = 0;
      for (std::size_t j = 0; j < scores.size(); ++j) {
        const bool kept = joints[3 * j + 2] > 0;
        sample.pose.keypoints.push_back({{static_cast<float>(joints[3 * j]), static_cast<float>(joints[3 * j + 1])},
                                         kept ? static_cast<float>(scores[j]) : 0.0F});
        sum += scores[j];
      }
      sample.pose.score = static_cast<float>(sum / static_cast<double>(std::max<std::size_t>(scores.size(), 1)));
      all.push_back(std::move(sample));
    }
  }
  if (all.size() <= most) return all;
  std::ranges::stable_sort(all, {}, [](const Sample& sample) { return sample.pose.score; });
  std::vector<Sample> chosen(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(most / 2));
  const std::size_t rest = most - chosen.size(), from = chosen.size();
  for (std::size_t i = 0; i < rest; ++i) chosen.push_back(all[from + i * (all.size() - from) / rest]);
  return chosen;
}

}  // namespace poise
