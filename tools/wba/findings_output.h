#ifndef WBA_TOOLS_FINDINGS_OUTPUT_H_
#define WBA_TOOLS_FINDINGS_OUTPUT_H_

// Findings of a check, for people and for scripts.

#include <span>
#include <string>

#include <nlohmann/json.hpp>

#include <wba/directory_lint.h>

#include "context.h"

namespace wba::cli {

// findings_text gives one line a finding: level, check, subject, what was found and what to do.
[[nodiscard]] std::string findings_text(std::span<const directory::Finding> findings);

// findings_json gives an array of objects with the members level, check, subject, message, advice.
[[nodiscard]] nlohmann::ordered_json findings_json(std::span<const directory::Finding> findings);

// worst_level is the highest level among the findings; exit_of makes it the command's status:
// `invalid` where a check failed.
[[nodiscard]] directory::Level worst_level(std::span<const directory::Finding> findings);
[[nodiscard]] Exit exit_of(directory::Level worst);

// summary_line counts the findings of each level.
[[nodiscard]] std::string summary_line(std::span<const directory::Finding> findings);

}  // namespace wba::cli

#endif  // WBA_TOOLS_FINDINGS_OUTPUT_H_
