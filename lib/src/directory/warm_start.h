#ifndef WBA_DIRECTORY_WARM_START_H_
#define WBA_DIRECTORY_WARM_START_H_

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <wba/directory_resolver.h>

#include "directory/directory_cache.h"

namespace wba::directory {

// LoadedDirectory is an entry read back, checked against the rules of the day.
struct LoadedDirectory {
  std::string url;
  std::string host;
  bool metadata = false;
  SavedDirectory saved;
};

// write_cache_file writes `directories` under a checksum, to a file beside `file` which then takes
// its name: at no moment is half a file there. `proofs` is the rule that their keys went through.
// Error: argument_invalid (it cannot be written).
[[nodiscard]] Result<std::size_t> write_cache_file(const std::filesystem::path& file,
                                                   const std::vector<SavedDirectory>& directories,
                                                   ProofRule proofs);

// read_cache_file reads it back. Entries that are too old, or that no rule of `settings` would have
// let in, are passed over.
// Errors: argument_invalid (it cannot be read, is not what was written, is too large, can be
// written by others, or was written without the proofs that are required now).
[[nodiscard]] Result<std::vector<LoadedDirectory>> read_cache_file(
    const std::filesystem::path& file, const CacheSettings& settings, Time now);

}  // namespace wba::directory

#endif  // WBA_DIRECTORY_WARM_START_H_
