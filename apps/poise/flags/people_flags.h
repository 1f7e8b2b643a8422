#pragma once
// The flags that say where the people are and which poses are one person's, shared by the commands that take them.

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

#include "console.h"
#include "poise/infer/box_source.h"
#include "poise/infer/doubles.h"
#include "poise/infer/pose_finder.h"
#include "poise/track/tracker.h"

namespace poise::app {

struct DetectorFlags {
  std::string detector, preset;
  std::optional<float> threshold, nms;

  /// Adds --detector --detector-preset --detect-threshold --nms to the command, under the heading `group`.
  void add_to(CLI::App& command, const std::string& group);
};

/// The one that flags name, else kShippedDetector. Errors: kNotFound, those of the readers and of the card.
Result<NamedDetector> open_detector(const DetectorFlags& flags, const RunnerOptions& run);
/// `boxes`: a file, or empty; a detector "none" is none: the whole picture is one person's box. Errors: both a file and
/// a detector; those of reading either.
Result<BoxSource> open_people(const std::string& boxes, const DetectorFlags& flags, const RunnerOptions& run);

/// A finder of the model, and of who finds the people, if that is not the model itself.
struct FinderFlags {
  std::string model, boxes;  // files or names; empty: what comes with Poise, and none
  DetectorFlags detector;
  DoublesOptions doubles;
};
struct OpenFinder {
  std::string name;  // what outputs call the pose network
  PoseFinder finder;
};
/// Errors: those of the readers, of the cards and of open_people(); boxes or a detector beside a network that finds
/// everyone itself.
Result<OpenFinder> open_finder(const FinderFlags& flags, const EstimatorOptions& options);

/// What a tracker needs to know of the finder whose poses it links: the detector's threshold, and whether boxes that it
/// carries along are of use.
TrackerOptions suited_to(PoseFinder& finder, TrackerOptions options);

/// Adds --pose-nms --oks-nms to the command, under the heading `group`.
void add_doubles_flags(CLI::App& command, DoublesOptions& options, const std::string& group);

/// Adds to the command, under "Who is where" and as one, what finds people and their poses: the detector's flags, with
/// the one that comes with Poise as the default, those of doubles and those of the estimator. `or_whole`: "none" is a
/// detector too, which takes each whole picture.
void add_finder_flags(CLI::App& command, DetectorFlags& detector, DoublesOptions& doubles, EstimatorOptions& estimator,
                      std::string& device, bool or_whole = false);

/// What the network that finds the people passed over, and where nobody was found in `pictures`, what to try; `hint`
/// goes on from there.
void say_of_detector(const Detector& detector, std::size_t pictures, std::size_t persons, Console& console,
                     const std::string& hint = {});
void say_of_finder(PoseFinder& finder, std::size_t pictures, std::size_t persons, Console& console,
                   const std::string& hint = {});

/// That results of many pictures, some of which are missing, are not in `file` but in that of partial_name().
void say_not_whole(const std::string& file, Console& console);

}  // namespace poise::app
