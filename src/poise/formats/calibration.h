#pragma once
// Cameras' calibrations from the files of others, and back. No state: thread-safe.

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "poise/base/result.h"
#include "poise/geometry/camera.h"

namespace poise {

/// Pose2Sim's Calib.toml: a section a camera with size, matrix (3 x 3), distortions (k1 k2 p1 p2, and k3 where there
/// are five), rotation (Rodrigues' vector of camera_from_world) and translation in metres; "model" of ours names
/// another form of distortion (Distortion). Without rotation and translation a camera stands at the origin. Qualisys'
/// XML
/// (*.qca.txt): numbers in 64ths of a pixel and in millimetres. Errors: kNotFound, kIo, kTooLarge (1 MB), kMalformed
/// naming line or camera, kUnsupported (fisheye lenses); messages start with the path.
Result<std::vector<Camera>> read_calibration(const std::filesystem::path& path);
Result<std::vector<Camera>> parse_calibration(std::string_view text);

/// As Pose2Sim's.
std::string calibration_toml(std::span<const Camera> cameras);

}  // namespace poise
