#include <algorithm>

#include <wba/agent_card.h>
#include <wba/agent_identity.h>
#include <wba/directory_document.h>

#include "directory/json.h"

namespace wba::directory {
namespace {

void put(Json& object, std::string_view name, const std::string& text) {
  if (!text.empty()) object[std::string(name)] = text;
}

void put(Json& object, std::string_view name, const std::vector<std::string>& texts) {
  if (!texts.empty()) object[std::string(name)] = texts;
}

Json extension_of(const AgentCard& card) {
  Json extension = Json::object();
  put(extension, "expected-user-agent", card.expected_user_agent);
  put(extension, "rfc9309-product-token", card.product_token);
  if (card.robots_compliance) extension["rfc9309-compliance"] = *card.robots_compliance;
  if (card.trigger) {
    extension["trigger"] = *card.trigger == AgentTrigger::fetcher ? "fetcher" : "crawler";
  }
  put(extension, "purpose", card.purpose);
  put(extension, "targeted-content", card.targeted_content);
  put(extension, "rate-control", card.rate_control);
  put(extension, "rate-expectation", card.rate_expectation);
  put(extension, "known-urls", card.known_urls);
  put(extension, "ips_uri", card.ips_uri);
  return extension;
}

Result<void> check_urls(const AgentCard& card) {
  if (auto id = normalise_agent_url(card.client_id); !id) return std::unexpected(id.error());
  for (const std::string* url : {&card.client_uri, &card.logo_uri, &card.jwks_uri, &card.ips_uri}) {
    if (url->empty()) continue;
    const bool page = url == &card.client_uri || url == &card.logo_uri;
    const std::string_view text(*url);
    const auto end = page ? text.find('#') : std::string_view::npos;
    if (auto normal = normalise_agent_url(text.substr(0, end)); !normal) {
      return std::unexpected(normal.error());
    }
  }
  return {};
}

}  // namespace

Result<std::string> make_card(const AgentCard& card) {
  if (auto urls = check_urls(card); !urls) return std::unexpected(urls.error());
  if (!card.jwks.empty() && !card.jwks_uri.empty()) {
    return std::unexpected(Error{ErrorCode::argument_invalid});
  }
  Json out = Json::object();
  put(out, "client_id", card.client_id);
  put(out, "client_name", card.client_name);
  put(out, "client_uri", card.client_uri);
  put(out, "logo_uri", card.logo_uri);
  put(out, "contacts", card.contacts);
  put(out, "jwks_uri", card.jwks_uri);
  if (!card.jwks.empty()) {
    const auto document = Document::parse(card.jwks);
    if (!document) return std::unexpected(document.error());
    auto set = read_json(document->serialise());
    if (!set) return std::unexpected(set.error());
    out["jwks"] = std::move(*set);
  }
  if (Json extension = extension_of(card); !extension.empty()) {
    out["web_bot_auth"] = std::move(extension);
  }
  try {
    std::string text = out.dump(2) + "\n";
    const auto findings = check_card({.url = card.client_id, .body = text}, Time{});
    const bool refused = std::ranges::any_of(findings, [](const Finding& finding) {
      return finding.level == Level::fail && !finding.subject.starts_with("jwks ");
    });
    if (refused) return std::unexpected(Error{ErrorCode::argument_invalid});
    return text;
  } catch (const Json::exception&) {
    // A text that is no UTF-8.
    return std::unexpected(Error{ErrorCode::argument_invalid});
  }
}

}  // namespace wba::directory
