#pragma once
// CLEAR MOT, IDF1 and HOTA of MOTChallenge files: of a sequence, or of folders of them. Thread-safe.

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "poise/base/json.h"
#include "poise/metrics/clear.h"
#include "poise/metrics/hota.h"
#include "poise/metrics/identity.h"

namespace poise {

struct MotOptions {
  std::optional<MotRules> rules;  // nothing: what each truth's columns and name ask for
  double threshold = 0.5;         // IoU of a match, CLEAR and IDF1
  int threads = 0;                // sequences at once; 0: as many as there are processors
};

struct MotFigures {
  std::string name;  // of the sequence; "all"
  MotRules rules = MotRules::kPlain;
  std::int64_t frames = 0;  // in which there is a box
  std::int64_t persons = 0;
  std::int64_t tracks = 0;
  std::int64_t truths_left_out = 0;  // boxes, by the rules
  std::int64_t tracks_left_out = 0;
  ClearFigures clear;
  IdentityFigures identity;
  HotaFigures hota;
};

struct MotEvaluation {
  std::vector<MotFigures> sequences;
  MotFigures all;                  // sums over sequences and the rates of these
  double threshold = 0.5;          // IoU of a match, CLEAR and IDF1
  std::vector<std::string> notes;  // what was left out, to be said aloud
};

/// A truth of nine columns is measured by MOT17's rules, or MOT20's where the sequence's name begins with MOT20; others
/// plainly. Errors: kInvalidArgument (threshold), those of pair_tracks and measure_identity.
Result<MotFigures> measure_mot(const MotSequence& truth, const MotSequence& tracks, const std::string& name,
                               const MotOptions& options = {});
MotFigures combine(const std::vector<MotFigures>& sequences);

/// Two files, or two folders: truths are NAME.txt, NAME/gt.txt or NAME/gt/gt.txt, tracks NAME.txt, NAME/tracks.txt,
/// NAME/test.txt. Each truth needs its tracks; tracks without a truth are noted. Errors also: kNotFound (no truths in
/// the folder, a truth without tracks), those of read_mot; messages name the file.
Result<MotEvaluation> evaluate_mot(const std::filesystem::path& truth, const std::filesystem::path& tracks,
                                   const MotOptions& options = {});

/// All figures under TrackEval's names, rates from 0 to 1; HOTA and its parts are means over the thresholds.
std::vector<std::pair<std::string, double>> figures_of(const MotFigures& figures);
/// {unit, rules, threshold, figures_of() all and counts; of several sequences NAME.HOTA ... of each}.
Json to_json(const MotEvaluation& evaluation);

}  // namespace poise
