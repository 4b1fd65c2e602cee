#ifndef WBA_TOOLS_VERIFY_REPORT_H_
#define WBA_TOOLS_VERIFY_REPORT_H_

#include <functional>
#include <string>
#include <string_view>

#include <wba/verifier.h>

namespace wba::cli {

// RegisteredDomain gives the registered domain of a URL, empty where it has none.
using RegisteredDomain = std::function<std::string(std::string_view url)>;

// json_report gives the verdict as the one object that `wba verify --json` prints, with a line
// break. `request` is what was verified: where a signature was refused before its base was built,
// the base is built from it, since it is the first thing to compare.
[[nodiscard]] std::string json_report(const Request& request, const Verdict& verdict,
                                      const Policy& policy, const RegisteredDomain& domain);

// text_report gives it for people.
[[nodiscard]] std::string text_report(const Request& request, const Verdict& verdict,
                                      const Policy& policy, const RegisteredDomain& domain);

}  // namespace wba::cli

#endif  // WBA_TOOLS_VERIFY_REPORT_H_
