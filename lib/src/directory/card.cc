#include <algorithm>
#include <array>

#include <wba/agent_card.h>
#include <wba/agent_identity.h>

#include "directory/json.h"
#include "directory/lint_parts.h"
#include "directory/text.h"

namespace wba::directory {
namespace {

// CardCheck checks one card, member by member.
class CardCheck {
 public:
  CardCheck(const FetchedCard& fetched, Time now) : fetched_(fetched), now_(now) {}

  std::vector<Finding> run() {
    if (!response()) return std::move(findings_);
    const auto card = read_json(fetched_.body);
    if (!card) {
      add(Level::fail, "json", "", std::string(describe(card.error().code)),
          "serve one JSON object in UTF-8");
      return std::move(findings_);
    }
    if (!card->is_object() || card->empty()) {
      add(Level::fail, "json", "", "no JSON object with at least one member",
          "serve one JSON object");
      return std::move(findings_);
    }
    add(Level::ok, "json", "", "a JSON object");
    client_id(*card);
    text(*card, "client_name");
    // Of a page a fragment may be part.
    url(*card, "client_uri", Fragment::allowed);
    url(*card, "logo_uri", Fragment::allowed);
    contacts(*card);
    keys(*card);
    if (const Json* extension = member(*card, "web_bot_auth")) web_bot_auth(*extension);
    return std::move(findings_);
  }

 private:
  void add(Level level, std::string_view check, std::string_view subject, std::string message,
           std::string advice = {}) {
    findings_.push_back({.level = level,
                         .check = check,
                         .subject = std::string(subject),
                         .message = std::move(message),
                         .advice = std::move(advice)});
  }

  bool response() {
    if (fetched_.status == 0) return true;
    if (fetched_.status != 200) {
      const bool redirect = fetched_.status >= 300 && fetched_.status < 400;
      add(Level::fail, redirect ? "redirect" : "status", "",
          "answers " + std::to_string(fetched_.status) + " instead of 200",
          redirect ? "serve the card at this very URL: redirects are not followed"
                   : "serve the card with status 200");
      return false;
    }
    add(Level::ok, "status", "", "200");
    const auto types = field_lines(fetched_.fields, "content-type");
    const std::string type =
        types.empty() ? "" : ascii_lower(trimmed(types.front().substr(0, types.front().find(';'))));
    const bool json = type == "application/json" || type.ends_with("+json");
    add(json ? Level::ok : Level::warn, "media-type", "",
        json           ? type
        : type.empty() ? "no Content-Type"
                       : quote(type) + " is no JSON",
        json ? "" : "send Content-Type: application/json");
    return true;
  }

  void client_id(const Json& card) {
    const Json* value = member(card, "client_id");
    if (value == nullptr) {
      add(Level::fail, "client-id", "client_id", "is missing", "set it to the card's own URL");
    } else if (!value->is_string()) {
      add(Level::fail, "client-id", "client_id", "is no string", "set it to the card's own URL");
    } else if (const auto id = value->get_ref<const std::string&>(); !normalise_agent_url(id)) {
      add(Level::fail, "client-id", "client_id", "is no https URL: " + quote(id, 200),
          "set it to the card's own URL");
    } else if (!fetched_.url.empty() && id != fetched_.url) {
      // Octet by octet: RFC 3986 §6.2.1.
      add(Level::fail, "client-id", "client_id",
          quote(id, 200) + " is not the URL of the card, " + quote(fetched_.url, 200),
          "make the two the same, letter by letter");
    } else {
      add(Level::ok, "client-id", "client_id",
          fetched_.url.empty() ? "an https URL; the card must be served there"
                               : "the URL of the card");
    }
  }

  // text_of gives a member's text where it is one, and complains where it is something else.
  std::optional<std::string_view> text_of(const Json& object, std::string_view name) {
    const Json* value = member(object, name);
    if (value == nullptr) return std::nullopt;
    if (!value->is_string() || value->get_ref<const std::string&>().empty()) {
      add(Level::fail, "member", name, "is no text", "write it as a JSON string, or leave it out");
      return std::nullopt;
    }
    return std::string_view(value->get_ref<const std::string&>());
  }

  void text(const Json& object, std::string_view name) {
    if (const auto value = text_of(object, name)) {
      add(Level::ok, "member", name, quote(*value, 100));
    }
  }

  enum class Fragment : std::uint8_t { refused, allowed };

  void url(const Json& object, std::string_view name, Fragment fragment = Fragment::refused) {
    const auto value = text_of(object, name);
    if (!value) return;
    const auto end = fragment == Fragment::allowed ? value->find('#') : std::string_view::npos;
    if (const auto normal = normalise_agent_url(value->substr(0, end)); !normal) {
      add(Level::fail, "url", name,
          quote(*value, 200) + ": " + std::string(describe(normal.error().code)),
          "write an absolute https URL");
    } else {
      add(Level::ok, "url", name, quote(*value, 200));
    }
  }

  // texts checks that a member is an array of texts, each taken by `good`.
  template <typename Good>
  void texts(const Json& object, std::string_view name, std::string_view what, Good good) {
    const Json* value = member(object, name);
    if (value == nullptr) return;
    if (!value->is_array()) {
      add(Level::fail, "member", name, "is no array", "write an array of strings");
      return;
    }
    for (const Json& element : *value) {
      if (element.is_string() && good(element.get_ref<const std::string&>())) continue;
      add(Level::fail, "member", name,
          "holds something that is no " + std::string(what) +
              (element.is_string() ? ": " + quote(element.get_ref<const std::string&>())
                                   : std::string()),
          "write an array of strings, each a " + std::string(what));
      return;
    }
    add(Level::ok, "member", name, std::to_string(value->size()) + " of them");
  }

  void contacts(const Json& card) {
    texts(card, "contacts", "URI", [](std::string_view text) {
      const auto colon = text.find(':');
      if (colon == 0 || colon == std::string_view::npos || colon + 1 == text.size()) return false;
      return std::ranges::all_of(text.substr(0, colon), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '+' || c == '-' || c == '.';
      });
    });
  }

  void keys(const Json& card) {
    const Json* set = member(card, "jwks");
    const bool uri = member(card, "jwks_uri") != nullptr;
    if (set != nullptr && uri) {
      add(Level::fail, "keys", "", "has both jwks and jwks_uri", "leave one of them out");
    } else if (set == nullptr && !uri) {
      add(Level::warn, "keys", "", "neither jwks_uri nor jwks: the card leads to no key",
          "add jwks_uri");
    }
    url(card, "jwks_uri");
    if (set == nullptr) return;
    const std::string body = set->dump();
    for (Finding& finding : lint_directory({.url = {}, .body = body}, now_).findings) {
      if (finding.check == "json" || finding.check == "size") continue;
      finding.subject = finding.subject.empty() ? "jwks" : "jwks " + finding.subject;
      findings_.push_back(std::move(finding));
    }
  }

  void web_bot_auth(const Json& extension) {
    if (!extension.is_object()) {
      add(Level::fail, "member", "web_bot_auth", "is no object", "write a JSON object");
      return;
    }
    for (const std::string_view name : {"expected-user-agent", "purpose", "targeted-content",
                                        "rate-control", "rate-expectation"}) {
      text(extension, name);
    }
    product_token(extension);
    const Json* compliance = member(extension, "rfc9309-compliance");
    if (compliance != nullptr && !compliance->is_boolean()) {
      add(Level::fail, "member", "rfc9309-compliance", "is neither true nor false",
          "say true where the agent follows robots.txt");
    }
    if (const auto trigger = text_of(extension, "trigger")) {
      const bool known = *trigger == "fetcher" || *trigger == "crawler";
      add(known ? Level::ok : Level::fail, "member", "trigger", quote(*trigger),
          known ? "" : "write \"fetcher\" or \"crawler\"");
    }
    texts(extension, "known-urls", "URL, path or pattern",
          [](std::string_view text) { return !text.empty(); });
    url(extension, "ips_uri");
  }

  // product_token: letters, hyphen and underscore. RFC 9309 §2.2.1.
  void product_token(const Json& extension) {
    const auto token = text_of(extension, "rfc9309-product-token");
    if (!token) return;
    const bool good = *token == "*" || std::ranges::all_of(*token, [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
    });
    add(good ? Level::ok : Level::fail, "member", "rfc9309-product-token", quote(*token),
        good ? "" : "use letters, hyphens and underscores only, as in robots.txt");
  }

  const FetchedCard& fetched_;
  Time now_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> check_card(const FetchedCard& fetched, Time now) {
  return CardCheck(fetched, now).run();
}

}  // namespace wba::directory
