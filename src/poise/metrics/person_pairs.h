#pragma once
// Which prediction is measured against which true person, and which of its joints against which of theirs. Pure.

#include <optional>
#include <string>
#include <vector>

#include "poise/base/result.h"
#include "poise/formats/pose_set.h"

namespace poise {

struct PersonPair {
  Annotation truth;
  std::optional<Pose> pose;     // nothing: nobody was found there, all joints are wrong
  std::optional<Box> head_box;  // where the truth has one
};

/// A joint that both skeletons have, by its name.
struct SharedJoint {
  std::string name;
  std::size_t truth = 0;  // index in the truth's skeleton
  std::size_t pose = 0;   // index in the prediction's
};

struct PersonPairs {
  Skeleton truth_skeleton;
  Annotated annotated = Annotated::kUnstated;
  std::vector<SharedJoint> joints;           // in the truth's order
  std::vector<std::string> truth_only;       // joints left out: they have no partner
  std::vector<std::string> prediction_only;  // likewise
  std::vector<PersonPair> persons;           // crowds left out

  // To be said aloud.
  std::size_t without_prediction = 0;  // persons nobody was found for
  std::size_t poses_left_out = 0;      // found where no person is, or worse than the one that was taken
  std::size_t pictures_left_out = 0;   // predictions whose name the truth does not list
  std::size_t crowds = 0;              // truths that are crowds: left out
  std::vector<std::string> notes;
};

/// Rows without names (pred.mat) meet truths row by row, in the order of the truth's ids: there must be as many, but
/// LSP's 1,000 test predictions meet the last 1,000 of its 2,000 truths. Else pictures meet by id, or by name: the
/// whole name, else the longest run of last parts that both have, else that without its ending, each where it is one
/// picture's alone; a name that is nothing but a number is an id. In a
/// picture, one person and one pose meet; of more, those whose boxes overlap most (IoU, the box of the pose or of its
/// joints), greedily, equal ones by score. Errors: kInvalidArgument (rows do not fit, a prediction's
/// image id is none of the truth, no picture or no joint in common).
Result<PersonPairs> pair_persons(const PoseSet& truth, const PoseSet& predictions);

/// One line each, to be said aloud: what was left out, what is odd.
std::vector<std::string> remarks(const PersonPairs& pairs);

}  // namespace poise
