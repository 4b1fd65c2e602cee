#include <algorithm>
#include <array>
#include <utility>

#include <wba/agent_identity.h>
#include <wba/directory_check.h>
#include <wba/directory_document.h>

#include "directory/lint_parts.h"
#include "directory/text.h"

namespace wba::directory {
namespace {

// Verifiers are known to give up after 1.8 to 5 seconds.
constexpr std::chrono::milliseconds slow{1800};

constexpr std::string_view plain_agent = "webbotauth";

// Variant is another way to ask for the same directory.
struct Variant {
  std::string_view check;
  std::string_view shown;
  std::string_view accept;
  std::string_view user_agent;
};

constexpr std::array<Variant, 7> variants = {{
    {"accept", "without Accept", "", plain_agent},
    {"accept", "with Accept: */*", "*/*", plain_agent},
    {"accept", "with Accept: application/json", "application/json", plain_agent},
    {"user-agent", "without User-Agent", media_type, ""},
    {"user-agent", "with User-Agent: curl/8.5.0", media_type, "curl/8.5.0"},
    {"user-agent", "with User-Agent: Go-http-client/2.0", media_type, "Go-http-client/2.0"},
    {"user-agent", "with User-Agent: python-requests/2.32.3", media_type, "python-requests/2.32.3"},
}};

struct Text {
  std::string message;
  std::string advice;
};

Text problem_text(const ProbeResult& result, const CheckNetwork& network) {
  const std::string seconds =
      duration_text(std::chrono::ceil<std::chrono::seconds>(network.timeout));
  switch (result.problem) {
    case ProbeProblem::none:
      return {};
    case ProbeProblem::url:
      return {"not an absolute https URL", "give the URL that your agent sends, or its origin"};
    case ProbeProblem::name_unknown:
      return {"the host name has no address", "add it to DNS, or correct the URL"};
    case ProbeProblem::address:
      return {"the address is not public, or the port is not 443: verifiers refuse to connect",
              "serve it at a public address on port 443 (to try it here: --allow-address CIDR)"};
    case ProbeProblem::refused:
      return {"nobody accepts the connection",
              "start the server, and open its port to all of the Internet"};
    case ProbeProblem::timed_out:
      return {"no whole answer within " + seconds +
                  (result.status != 0 ? "; only a part came" : "; nothing came"),
              "answer within a second: verifiers give up"};
    case ProbeProblem::tls:
      return {"no TLS connection comes about", "serve https with TLS 1.2 or 1.3"};
    case ProbeProblem::certificate:
      return {"the certificate is not trusted",
              "use one of a public authority, and send its intermediate certificates"};
    case ProbeProblem::certificate_end:
      return {"the certificate has expired", "renew it"};
    case ProbeProblem::certificate_name:
      return {"the certificate is for other host names", "get one that has this name"};
    case ProbeProblem::cut:
      return {"the connection was closed before the whole answer came",
              "look into the server's log; is Content-Length right?"};
    case ProbeProblem::encoding:
      return {"the content coding cannot be decoded", "serve it unencoded: it is small"};
    case ProbeProblem::too_large:
      return {"more than " + std::to_string(network.bytes) + " bytes: more than verifiers read",
              "take out keys and members that no verifier needs"};
    case ProbeProblem::protocol:
      return {"what came is no HTTP", "put a web server there"};
    case ProbeProblem::internal:
      return {"the request could not be made", "try again on another machine"};
  }
  return {};
}

// Check runs the steps of check_directory.
class Check {
 public:
  Check(const std::string& url, const CheckNetwork& network, Time now, const LintOptions& options)
      : url_(url), network_(network), now_(now), options_(options) {}

  LintReport run() {
    const ProbeResult first = probe(
        {.url = url_, .accept = std::string(media_type), .user_agent = std::string(plain_agent)},
        network_);
    Finding reach = reach_finding(first, network_);
    if (first.problem != ProbeProblem::none) {
      LintReport report;
      report.findings.push_back(std::move(reach));
      for (const std::string_view verifier : {"draft-01", "cloudflare", "well-known"}) {
        report.verifiers.push_back(
            {.verifier = verifier, .takes = Takes::no, .reason = "no response"});
      }
      return report;
    }
    const auto lines = first.lines();
    const auto parts = split_target_uri(url_);
    const Request request{.method = "GET",
                          .authority = parts ? parts->authority : std::string_view(),
                          .target = parts ? parts->target : std::string_view()};
    LintReport report = lint_directory({.url = url_,
                                        .status = first.status,
                                        .fields = lines,
                                        .body = first.body,
                                        .request = &request},
                                       now_, options_);
    report.findings.insert(report.findings.begin(), std::move(reach));
    ask_otherwise(first, report);
    if (first.status == 200) revalidate(lines, report);
    return report;
  }

 private:
  void ask_otherwise(const ProbeResult& first, LintReport& report) const {
    for (const std::string_view check : {"accept", "user-agent"}) {
      bool same = true;
      for (const Variant& variant : variants) {
        if (variant.check == check) same = try_variant(variant, first, report) && same;
      }
      if (same) {
        report.findings.push_back({.level = Level::ok,
                                   .check = check,
                                   .message = check == "accept"
                                                  ? "the same answer whatever Accept says"
                                                  : "the same answer whatever User-Agent says"});
      }
    }
  }

  bool try_variant(const Variant& variant, const ProbeResult& first, LintReport& report) const {
    const ProbeResult other = probe({.url = url_,
                                     .accept = std::string(variant.accept),
                                     .user_agent = std::string(variant.user_agent)},
                                    network_);
    const std::string shown(variant.shown);
    const std::string field = variant.check == "accept" ? "Accept" : "User-Agent";
    const auto add = [&](Level level, std::string message) {
      report.findings.push_back({.level = level,
                                 .check = variant.check,
                                 .message = std::move(message),
                                 .advice = "answer the same whatever " + field + " says"});
      return false;
    };
    if (other.problem != ProbeProblem::none) {
      return add(Level::fail, shown + ": " + problem_text(other, network_).message);
    }
    if (other.status != first.status) {
      return add(Level::fail, shown + " answers " + std::to_string(other.status) + " instead of " +
                                  std::to_string(first.status));
    }
    if (other.body != first.body) return add(Level::warn, shown + " another body comes");
    return true;
  }

  void revalidate(const std::vector<FieldLine>& lines, LintReport& report) const {
    const auto tags = field_lines(lines, "etag");
    if (tags.empty()) return;
    const ProbeResult again = probe({.url = url_,
                                     .accept = std::string(media_type),
                                     .user_agent = std::string(plain_agent),
                                     .if_none_match = std::string(tags.front())},
                                    network_);
    const bool saved = again.problem == ProbeProblem::none && again.status == 304;
    report.findings.push_back(
        {.level = saved ? Level::ok : Level::warn,
         .check = "revalidation",
         .message = saved ? "answers 304 where nothing has changed"
                          : "does not answer 304 to If-None-Match with its own ETag",
         .advice = saved ? "" : "compare If-None-Match with the ETag"});
  }

  const std::string& url_;
  const CheckNetwork& network_;
  Time now_;
  const LintOptions& options_;
};

}  // namespace

Finding reach_finding(const ProbeResult& result, const CheckNetwork& network) {
  if (result.problem != ProbeProblem::none) {
    Text text = problem_text(result, network);
    return {.level = Level::fail,
            .check = "reach",
            .subject = std::string(to_string(result.problem)),
            .message = std::move(text.message),
            .advice = std::move(text.advice)};
  }
  const std::string took = std::to_string(result.took.count()) + " ms";
  if (result.took > slow) {
    return {.level = Level::warn,
            .check = "reach",
            .message = "answers after " + took,
            .advice = "answer within a second: verifiers give up"};
  }
  return {.level = Level::ok,
          .check = "reach",
          .message = "reached over https at " + result.address + " in " + took};
}

Result<std::string> directory_url(std::string_view url) {
  std::string buffer;
  const auto located = locate_agent({.url = url, .kind = AgentKind::well_known}, buffer);
  if (!located) return std::unexpected(located.error());
  return std::string(located->document);
}

LintReport check_directory(const std::string& url, const CheckNetwork& network, Time now,
                           const LintOptions& options) {
  return Check(url, network, now, options).run();
}

}  // namespace wba::directory
