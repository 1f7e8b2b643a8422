#pragma once
// Gets a published model with its registry's own client, verifies it, converts it and keeps it in the store. The only
// place of the library that causes anything to be fetched, and only where it is called. One fetch at a time a store;
// the lists are constant: thread-safe.

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "poise/base/child_program.h"
#include "poise/base/result.h"
#include "poise/models/model_store.h"
#include "poise/models/published.h"

namespace poise {

/// run_program(), or what stands in for it.
using RunProgram =
    std::function<Result<ProgramEnd>(const std::vector<std::string>& words, const std::filesystem::path& folder)>;

struct FetchOptions {
  /// The package's archive where it was fetched before, so that no network is needed; empty: the client fetches it.
  std::filesystem::path archive = {};
  RunProgram run = run_program;
};

/// True where it is new in the store, false where it was there already, of the same files. Runs npm (or pip) and tar
/// (or python3), which must be on this machine. Nothing is left but the stored model. Errors: kNotFound (the name; a
/// program that is not here, and what to install), kIo (the client failed: what it said last, and what to do without a
/// network or behind a proxy), kMalformed (a file is not the one that is listed: nothing is kept), those of
/// convert_network and ModelStore::add.
Result<bool> fetch_model(const ModelStore& store, const PublishedModel& model, const FetchOptions& options = {});

}  // namespace poise
