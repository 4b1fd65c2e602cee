#ifndef WBA_AGENT_CARD_H_
#define WBA_AGENT_CARD_H_

// Signature Agent Cards, which say who runs an agent, and registries, which list cards.
// draft-meunier-webbotauth-registry.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <wba/directory_lint.h>
#include <wba/error.h>
#include <wba/key_resolver.h>

namespace wba::directory {

// AgentTrigger says what makes the agent send a request.
enum class AgentTrigger : std::uint8_t {
  fetcher,  // a person's action
  crawler,  // a schedule
};

// AgentCard is what a card says. Empty texts and lists are left out of it.
struct AgentCard {
  std::string client_id;  // the card's own URL
  std::string client_name = {};
  std::string client_uri = {};
  std::string logo_uri = {};
  std::vector<std::string> contacts = {};  // URIs: mailto:, https:, tel:
  std::string jwks_uri = {};
  std::string jwks = {};  // a JWK Set; not beside jwks_uri
  // The members of web_bot_auth.
  std::string expected_user_agent = {};
  std::string product_token = {};                        // rfc9309-product-token
  std::optional<bool> robots_compliance = std::nullopt;  // rfc9309-compliance
  std::optional<AgentTrigger> trigger = std::nullopt;
  std::string purpose = {};
  std::string targeted_content = {};
  std::string rate_control = {};
  std::string rate_expectation = {};
  std::vector<std::string> known_urls = {};
  std::string ips_uri = {};
};

// make_card serialises a card: two spaces a level, a newline at the end. It is one that check_card
// finds nothing to fail in.
// Errors: agent_url_invalid, agent_url_not_https (of any URL in it), argument_invalid (jwks beside
// jwks_uri; a text that breaks the rule of its member), and those of Document::parse for `jwks`.
[[nodiscard]] Result<std::string> make_card(const AgentCard& card);

// FetchedCard is a card as it came. `status` is 0 for a file; `url` then is where it will be, or
// empty where that is not known.
struct FetchedCard {
  std::string_view url = {};
  std::uint16_t status = 0;
  std::span<const FieldLine> fields = {};
  std::string_view body;
};

// check_card runs every check of a card, the keys in its `jwks` included.
[[nodiscard]] std::vector<Finding> check_card(const FetchedCard& fetched, Time now);

// RegistryEntry is one URL of a registry, as it stands there, and its line, from 1.
struct RegistryEntry {
  std::string url;
  std::size_t line = 0;
};

struct Registry {
  std::vector<RegistryEntry> entries;  // those that are sound
  std::vector<Finding> findings;
};

struct RegistryLimits {
  std::size_t bytes = std::size_t{16} << 20U;
  std::size_t entries = 100'000;
  std::size_t findings = 1000;
};

// read_registry reads UTF-8 text of one https URL a line. "#" begins a comment; lines end in CR LF,
// LF or CR; empty ones are passed over. Cards inlined by data: URLs, which an earlier draft had,
// are a warning and no entry.
[[nodiscard]] Registry read_registry(std::string_view text, const RegistryLimits& limits = {});

}  // namespace wba::directory

#endif  // WBA_AGENT_CARD_H_
