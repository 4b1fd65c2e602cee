#ifndef WBA_TOOLS_AGENT_LOG_LINE_H_
#define WBA_TOOLS_AGENT_LOG_LINE_H_

// How the daemon writes JSON and times, in its log and in its answers.

#include <string>

#include <nlohmann/json.hpp>

#include <wba/key_resolver.h>

namespace wba::agent {

// dump gives `value` without a line break. It never throws: what is no UTF-8 is replaced.
[[nodiscard]] std::string dump(const nlohmann::json& value);

// iso_time gives "2026-11-01T12:00:00Z".
[[nodiscard]] std::string iso_time(Time now);

}  // namespace wba::agent

#endif  // WBA_TOOLS_AGENT_LOG_LINE_H_
