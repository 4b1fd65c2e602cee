#include "findings_output.h"

#include <algorithm>

namespace wba::cli {
namespace {

using directory::Finding;
using directory::Level;

void pad(std::string& line, std::size_t to) {
  if (line.size() < to) line.append(to - line.size(), ' ');
}

nlohmann::ordered_json or_null(const std::string& text) {
  return text.empty() ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(text);
}

}  // namespace

std::string findings_text(std::span<const Finding> findings) {
  std::string text;
  for (const Finding& finding : findings) {
    std::string line(to_string(finding.level));
    pad(line, 6);
    line.append(finding.check);
    pad(line, 23);
    line += ' ';
    if (!finding.subject.empty()) line.append(finding.subject).append(": ");
    line.append(finding.message);
    if (!finding.advice.empty()) line.append(" -> ").append(finding.advice);
    text.append(line).append("\n");
  }
  return text;
}

nlohmann::ordered_json findings_json(std::span<const Finding> findings) {
  auto list = nlohmann::ordered_json::array();
  for (const Finding& finding : findings) {
    list.push_back({{"level", to_string(finding.level)},
                    {"check", finding.check},
                    {"subject", or_null(finding.subject)},
                    {"message", finding.message},
                    {"advice", or_null(finding.advice)}});
  }
  return list;
}

Level worst_level(std::span<const Finding> findings) {
  Level worst = Level::ok;
  for (const Finding& finding : findings) worst = std::max(worst, finding.level);
  return worst;
}

Exit exit_of(Level worst) { return worst == Level::fail ? Exit::invalid : Exit::done; }

std::string summary_line(std::span<const Finding> findings) {
  const auto count = [&](Level level) {
    return std::to_string(std::ranges::count(findings, level, &Finding::level));
  };
  return count(Level::ok) + " ok, " + count(Level::warn) + " to look at, " + count(Level::fail) +
         " failed\n";
}

}  // namespace wba::cli
