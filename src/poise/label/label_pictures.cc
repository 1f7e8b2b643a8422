#include "poise/label/label_pictures.h"

#include <deque>
#include <future>
#include <mutex>
#include <utility>
#include <vector>

#include "poise/base/thread_pool.h"

namespace poise {
namespace {

struct Labelled {
  LabelledPicture picture;
  std::vector<std::string> problems;
  std::vector<PictureNote> notes;
};

/// Finders of one compute thread each, over the same weights; the given one where it can be only one.
class Finders {
 public:
  Finders(PoseFinder& given, int count) {
    for (int i = 0; i < count; ++i) {
      auto sibling = sibling_of(given);
      if (!sibling) break;
      own_.push_back(std::move(*sibling));
    }
    for (PoseFinder& finder : own_) free_.push_back(&finder);
    if (free_.empty()) free_.push_back(&given);
  }
  int count() const { return static_cast<int>(std::max<std::size_t>(own_.size(), 1)); }

  PoseFinder& take() {
    const std::lock_guard lock(mutex_);
    PoseFinder* finder = free_.back();
    free_.pop_back();
    return *finder;
  }
  void give_back(PoseFinder& finder) {
    const std::lock_guard lock(mutex_);
    free_.push_back(&finder);
  }

 private:
  /// Of a finder whose people a file names, the estimator is all that is needed.
  static std::optional<PoseFinder> sibling_of(const PoseFinder& given) {
    if (!given.people().boxes()) return given.sibling(1);
    auto estimator = given.estimator()->sibling(1);
    if (!estimator) return std::nullopt;
    return PoseFinder(std::move(*estimator), BoxSource(), given.doubles());
  }

  std::deque<PoseFinder> own_;
  std::vector<PoseFinder*> free_;
  std::mutex mutex_;
};

Result<Labelled> label_one(PoseFinder& finder, const BoxSource& people, const PictureToLabel& picture,
                           const LabelOptions& options) {
  POISE_TRY(PipelinePicture read, people.picture(picture.path, {.exif = people.exif()}));
  auto labelled = label_people(finder, read, options);
  if (!labelled.ok()) return about_picture(picture.path, labelled.error());
  const bool turned = read.frame.exif_applied && read.frame.exif_orientation >= 5;
  const Size shown = read.image.size();
  const Size stored = turned ? Size{shown.height, shown.width} : shown;
  return Labelled{{picture.name, stored, std::move(*labelled)}, std::move(read.problems), std::move(read.notes)};
}

}  // namespace

Result<LabelRun> label_pictures(PoseFinder& finder, std::span<const PictureToLabel> pictures,
                                const LabelOptions& options, LabelFile& file, const LabelCallbacks& callbacks) {
  if (finder.estimator() == nullptr) {
    return unsupported(
        "labels are made of several looks at each person, and this network finds everyone at one look: name one that "
        "takes a person a crop");
  }
  LabelRun run;
  std::vector<const PictureToLabel*> left;
  for (const PictureToLabel& picture : pictures) {
    if (file.has(picture.name)) {
      ++run.there;
    } else {
      left.push_back(&picture);
    }
  }
  const BoxSource& people = finder.people();
  Finders finders(finder, finder.threads());
  ThreadPool pool(finders.count());
  std::deque<std::future<Result<Labelled>>> under_way;
  Status kept;
  std::size_t begun = 0;
  for (std::size_t i = 0; i < left.size(); ++i) {
    while (begun < left.size() && under_way.size() < static_cast<std::size_t>(finders.count()) + 1) {
      if (!kept.ok() || callbacks.stop()) break;
      under_way.push_back(pool.submit([&, picture = left[begun]] {
        PoseFinder& one = finders.take();
        auto labelled = label_one(one, people, *picture, options);
        finders.give_back(one);
        return labelled;
      }));
      ++begun;
    }
    if (under_way.empty()) break;
    Result<Labelled> labelled = under_way.front().get();
    under_way.pop_front();
    if (!labelled.ok()) {
      callbacks.error(labelled.error().message);
    } else if (kept.ok()) {
      for (const std::string& problem : labelled->problems) callbacks.error(problem);
      run.notes.add(left[i]->path.string(), labelled->notes);
      run.persons += labelled->picture.people.size();
      kept = file.add(labelled->picture);
      run.looked_at += kept.ok() ? 1 : 0;
    }
    callbacks.progress(i + 1, left.size(), left[i]->name);
  }
  if (!kept.ok()) return kept.error();
  return run;
}

}  // namespace poise
