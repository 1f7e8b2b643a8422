#pragma once
// One reader a format, bytes in, PoseSet out, without the path in messages. read_pose_set is for users. Pure.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "poise/base/file.h"
#include "poise/base/json.h"
#include "poise/formats/mat_file.h"
#include "poise/formats/pose_set.h"
#include "poise/formats/posetrack.h"

namespace poise {

/// LSP's joints 3x14xN (third row 1: occluded) or LSPET's 14x3xN (third column 1: visible, else not labelled), or
/// predictions 2x14xN or 14x2xN. 1-based pixels, as MATLAB counts. Images are im0001.jpg (LSPET: im00001.jpg) with
/// their row as id; predictions have no names. Errors: kMalformed, naming the file's variables where none is of these
/// shapes.
Result<PoseSet> lsp_from_mat(const std::vector<MatVariable>& variables);
bool is_lsp(const std::vector<MatVariable>& variables);

/// gt_valid.mat (pos_gt_src 16x2xN, jnt_missing 16xN, headboxes_src 2x2xN) or pred.mat (preds Nx16x2), 1-based.
Result<PoseSet> mpii_from_mat(const std::vector<MatVariable>& variables);
/// The authors' annot/*.json: [{image, joints[16][2] 1-based, joints_vis[16], center, scale}]. The box is their square
/// around the person: centre c + (0, 15 s), side 200 * 1.25 s (Simple Baselines lib/dataset/mpii.py, _get_db), all
/// minus one pixel. Annotation ids are rows, from 1; the area is the box's. Train and test entries without joints too.
Result<PoseSet> mpii_from_json(const Json& json);

/// COCO results or annotations, streamed (see coco_ground_truth.h for what is passed over).
Result<PoseSet> coco_pose_set(const std::filesystem::path& path, const PoseReadOptions& options);

/// One picture of OpenPose's. 25 joints are BODY_25, 18 are COCO's, else the skeleton must be given. 0,0,0: not found.
Result<std::vector<Pose>> openpose_poses(const Json& json, std::optional<Skeleton>& skeleton);
const std::vector<std::string>& body25_joints();

/// What csv_rows writes. Joints by name, in order of appearance; an empty number is NaN.
Result<PoseSet> csv_pose_set(std::string_view text);

/// Predictions where any joint has a score, else truths. People without a joint are left out, and counted.
Result<PoseSet> posetrack_pose_set(const PosetrackSequence& sequence);
/// Its inverse, for sets of any skeleton: joints by name, derived_joints.h's rules for those it has not.
PosetrackSequence posetrack_sequence(const PoseSet& set);

/// One of our own: adds a picture; the first one's skeleton is the set's, and the others must have it too.
Status add_poses_json(const Json& json, PoseSet& set);

/// Whether the text is JSON Lines of ours: a first line that is a whole object of this kind, with others after it or
/// without persons of its own.
bool is_json_lines(std::string_view text);
/// Adds what they say: a picture a line, or a video's frames, which are called frame_000000000012 and have their number
/// for an id. Errors name the line.
Status add_poses_lines(std::string_view text, PoseSet& set);
/// "frame_000000000012".
std::string frame_name(std::int64_t index);

/// "skeleton" of what we wrote, and what reads it: joints by name, limbs by number. Errors: kMalformed, kTooLarge.
Json skeleton_json(const Skeleton& skeleton);
Result<Skeleton> written_skeleton(const Json& json);
/// Takes the first line off; "" at the end. Empty lines are passed over, and counted in `number` as all are.
std::string_view take_line(std::string_view& text, std::size_t& number);

/// A joint that was not found.
Keypoint not_found_keypoint();
/// A finite number in float's range. Errors: kMalformed, naming it.
Result<float> finite_float(const Json* json, const std::string& name);

}  // namespace poise
