#pragma once
// What exports say of themselves in an ONNX file's metadata, as Python writes its values. Internal to card. Pure.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace poise::card {

/// Class names as exports write them: a Python dict or list, or JSON, in either quotes and any order:
/// "{0: 'person', 1: 'a \"b\"'}", "{\"1\": \"dog\", \"0\": \"person\"}", "['person', 'dog']". Empty where it is
/// something else or not every number from 0 on has its name.
std::vector<std::string> exported_names(std::string_view text);

/// "[17, 3]", "(640, 640)" or "640". Empty where it is something else.
std::vector<std::int64_t> exported_numbers(std::string_view text);

/// Of "{0: ['nose', 'left_eye']}", the names of the first class's joints; of a plain list, all. Empty where it is
/// something else.
std::vector<std::string> exported_joint_names(std::string_view text);

/// "" where there is none.
std::string_view exported(const std::map<std::string, std::string>& metadata, const std::string& key);

}  // namespace poise::card
