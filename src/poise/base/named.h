#pragma once
// Errors that name their file. Pure.

#include <string>
#include <utility>

#include "poise/base/result.h"

namespace poise {

/// The result; its error, where it is one, with the name of the file that it is about in front.
template <typename T>
Result<T> named(const std::string& file, Result<T> result) {
  if (!result.ok()) return result.error().prefixed(file);
  return result;
}

}  // namespace poise
