#include "verify_report.h"

#include <algorithm>
#include <optional>
#include <vector>

#include <nlohmann/json.hpp>

#include "context.h"

namespace wba::cli {
namespace {

using Json = nlohmann::ordered_json;

// SignatureReport is what is told of one signature of the message, tagged or not.
struct SignatureReport {
  wba::Outcome outcome = wba::Outcome::unsigned_;
  Reason reason = Reason::no_signature;
  std::string url;
  std::string domain;
  std::string keyid;
  Dialect dialect = Dialect::none;
  std::string label;
  std::vector<std::string> covered;
  // What became of the Content-Digest: "compared", "mismatch" or "not-compared"; empty where it is
  // not covered.
  std::string_view content_digest;
  std::optional<std::int64_t> created;
  std::optional<std::int64_t> expires;
  std::string base;
};

std::string build_base(const Request& request, const sf::Field& input, const sf::Member& member,
                       const Policy& policy) {
  ComponentScratch scratch;
  std::string base;
  const auto built = build_signature_base(
      request, input, member,
      {.field_types = policy.field_types, .max_bytes = policy.limits.base_bytes}, scratch, base);
  return built ? base : std::string();
}

// content_digest_of says what became of the digest of a signature with this outcome: it is compared
// last.
std::string_view content_digest_of(const std::vector<std::string>& covered, wba::Outcome outcome,
                                   Reason reason) {
  const bool is_covered = std::ranges::any_of(covered, [](std::string_view component) {
    return component.starts_with("\"content-digest\"") && !component.contains(";tr");
  });
  if (!is_covered) return {};
  if (outcome == wba::Outcome::verified) return "compared";
  return reason == Reason::content_digest_mismatch ? "mismatch" : "not-compared";
}

// Whatever can be said of a member of Signature-Input without judging it.
SignatureReport describe_member(const Request& request, const sf::Field& input,
                                const sf::Member& member, const Policy& policy) {
  SignatureReport report;
  report.reason = Reason::no_tagged_signature;
  report.label = member.key;
  for (const auto& item : input.items(member)) {
    sf::append_item(input, item, report.covered.emplace_back());
  }
  if (const auto parameters = read_signature_parameters(input.parameters(member))) {
    report.keyid = parameters->keyid.value_or("");
    report.created = parameters->created;
    report.expires = parameters->expires;
  }
  report.content_digest = content_digest_of(report.covered, report.outcome, report.reason);
  report.base = build_base(request, input, member, policy);
  return report;
}

void add_verdict(const SignatureVerdict& verdict, const RegisteredDomain& domain,
                 SignatureReport& report) {
  report.outcome = verdict.outcome();
  report.reason = verdict.reason();
  report.content_digest = content_digest_of(report.covered, report.outcome, report.reason);
  report.dialect = verdict.dialect();
  // A verified agent has its identity; of another the claim is told, beside its outcome.
  report.url =
      verdict.outcome() == wba::Outcome::verified ? verdict.identity() : verdict.claimed_url();
  report.domain = verdict.domain();
  if (report.domain.empty() && !report.url.empty()) report.domain = domain(report.url);
  if (!verdict.signature_base().empty()) report.base = verdict.signature_base();
}

struct Reports {
  SignatureReport decisive;
  std::vector<SignatureReport> all;
};

Reports make_reports(const Request& request, const Verdict& verdict, const Policy& policy,
                     const RegisteredDomain& domain) {
  Reports reports;
  SignatureFields fields;
  if (fields.parse(request.fields, policy.limits)) {
    for (const auto& member : fields.input().members()) {
      auto& report =
          reports.all.emplace_back(describe_member(request, fields.input(), member, policy));
      const auto judged =
          std::ranges::find(verdict.signatures(), member.key, &SignatureVerdict::label);
      if (judged != verdict.signatures().end()) add_verdict(*judged, domain, report);
      if (verdict.decisive() != nullptr && verdict.decisive()->label() == member.key) {
        reports.decisive = report;
      }
    }
  }
  reports.decisive.outcome = verdict.outcome();
  reports.decisive.reason = verdict.reason();
  return reports;
}

Json or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

Json to_json(const SignatureReport& report) {
  const bool verified = report.outcome == wba::Outcome::verified;
  Json json;
  json["outcome"] = to_string(report.outcome);
  json["reason"] = verified ? Json(nullptr) : Json(to_string(report.reason));
  json["agent"] = {{"url", or_null(report.url)},
                   {"keyid", or_null(report.keyid)},
                   {"domain", or_null(report.domain)}};
  json["dialect"] =
      report.dialect == Dialect::none ? Json(nullptr) : Json(to_string(report.dialect));
  json["label"] = or_null(report.label);
  json["covered"] = report.covered;
  json["content_digest"] =
      report.content_digest.empty() ? Json(nullptr) : Json(report.content_digest);
  json["created"] = report.created ? Json(*report.created) : Json(nullptr);
  json["expires"] = report.expires ? Json(*report.expires) : Json(nullptr);
  json["signature_base"] = or_null(report.base);
  return json;
}

void add_row(std::string& text, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  text.append(name).append(std::max<std::size_t>(11, name.size() + 1) - name.size(), ' ');
  text.append(escape(value, 2048)).push_back('\n');
}

std::string_view digest_text(std::string_view state) {
  if (state == "compared") return "the body is the one of its Content-Digest";
  if (state == "mismatch") return "the body is not the one of its Content-Digest";
  return "the body was not compared with its Content-Digest";
}

}  // namespace

std::string json_report(const Request& request, const Verdict& verdict, const Policy& policy,
                        const RegisteredDomain& domain) {
  const Reports reports = make_reports(request, verdict, policy, domain);
  Json json = to_json(reports.decisive);
  json["signatures"] = Json::array();
  for (const auto& report : reports.all) json["signatures"].push_back(to_json(report));
  // Escaped to ASCII: what a request holds reaches a terminal only as text.
  return json.dump(2, ' ', true, Json::error_handler_t::replace) + "\n";
}

std::string text_report(const Request& request, const Verdict& verdict, const Policy& policy,
                        const RegisteredDomain& domain) {
  const SignatureReport report = make_reports(request, verdict, policy, domain).decisive;
  std::string text(to_string(report.outcome));
  if (report.outcome != wba::Outcome::verified) {
    text.append(": ").append(to_string(report.reason));
  }
  text.push_back('\n');
  add_row(text, "agent", report.url);
  add_row(text, "domain", report.domain);
  add_row(text, "keyid", report.keyid);
  if (report.dialect != Dialect::none) add_row(text, "dialect", to_string(report.dialect));
  add_row(text, "label", report.label);
  std::string covered;
  for (const auto& component : report.covered) {
    covered.append(covered.empty() ? "" : " ").append(component);
  }
  add_row(text, "covered", covered);
  if (!report.content_digest.empty()) add_row(text, "digest", digest_text(report.content_digest));
  if (report.created) add_row(text, "created", std::to_string(*report.created));
  if (report.expires) add_row(text, "expires", std::to_string(*report.expires));
  if (!report.base.empty()) {
    text.append("signature base:\n");
    for (std::string_view rest = report.base; !rest.empty();) {
      const auto end = std::min(rest.find('\n'), rest.size());
      text.append("  ").append(escape(rest.substr(0, end), 65536)).push_back('\n');
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  return text;
}

}  // namespace wba::cli
