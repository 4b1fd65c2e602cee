// Signature-Agent as it is spoken: draft-ietf-webbotauth-httpsig-protocol-01 §4, and what older
// drafts had.

#include <cstdint>

#include <wba/signature_agent.h>

#include "base/ascii.h"

namespace wba {
namespace {

bool starts_with_scheme(std::string_view text, std::string_view scheme) noexcept {
  return text.size() >= scheme.size() &&
         ascii::equals_ignoring_case(text.substr(0, scheme.size()), scheme);
}

// starts_with_any_scheme: a Dictionary key holds no ":", so that "scheme://" cannot start a
// structured field.
bool starts_with_any_scheme(std::string_view text) noexcept {
  std::size_t i = 0;
  while (i < text.size() && (ascii::is_alpha(text[i]) || ascii::is_digit(text[i]) ||
                             text[i] == '+' || text[i] == '-' || text[i] == '.')) {
    ++i;
  }
  return i > 0 && text.substr(i).starts_with("://");
}

// url_kind tells an origin from a URL with a path, cheaply; the resolver reads the URL properly.
enum class UrlKind : std::uint8_t { invalid, not_https, origin, with_path };

UrlKind url_kind(std::string_view url) noexcept {
  if (!ascii::is_visible(url)) return UrlKind::invalid;
  if (!starts_with_scheme(url, "https://")) {
    return url.find(':') == std::string_view::npos ? UrlKind::invalid : UrlKind::not_https;
  }
  const auto rest = url.substr(8);
  std::size_t end = 0;
  while (end < rest.size() && rest[end] != '/' && rest[end] != '?' && rest[end] != '#') ++end;
  if (end == 0) return UrlKind::invalid;
  return end == rest.size() || rest.substr(end) == "/" ? UrlKind::origin : UrlKind::with_path;
}

SignatureAgentChoice refuse(Reason reason) noexcept { return {.reason = reason}; }

SignatureAgentChoice accept(std::string_view url, AgentKind kind, Dialect dialect) noexcept {
  return {.reason = Reason::none, .link = {.url = url, .kind = kind, .dialect = dialect}};
}

// of_url judges a URL that stands without a type: an origin means its well-known path. `direct` is
// the dialect of a URL with a path, none where the dialect has origins only.
SignatureAgentChoice of_url(std::string_view url, Dialect origin, Dialect direct) noexcept {
  switch (url_kind(url)) {
    case UrlKind::invalid:
      return refuse(Reason::signature_agent_unparsable);
    case UrlKind::not_https:
      return refuse(Reason::signature_agent_not_https);
    case UrlKind::origin:
      return accept(url, AgentKind::well_known, origin);
    case UrlKind::with_path:
      break;
  }
  if (direct == Dialect::none) {
    auto choice = refuse(Reason::signature_agent_not_origin);
    choice.link = {.url = url, .dialect = origin};
    return choice;
  }
  return accept(url, AgentKind::key_set, direct);
}

}  // namespace

void SignatureAgentField::read(std::span<const FieldLine> section) {
  form_ = Form::absent;
  uri_ = {};
  field_.clear();
  lines_.clear();
  constexpr std::string_view kName = "signature-agent";
  for (const auto& line : section) {
    if (line.name.size() == kName.size() && field_name_equals(line.name, kName)) {
      lines_.push_back(line.value);
    }
  }
  if (lines_.empty()) return;
  const auto first = ascii::trim(lines_.front());
  form_ = Form::unreadable;
  if (starts_with_any_scheme(first)) {
    if (lines_.size() != 1) return;
    uri_ = first;
    form_ = Form::bare;
    return;
  }
  constexpr sf::Limits kLimits{
      .bytes = 16384, .members = 16, .parameters = 16, .inner_list_items = 16};
  if (first.starts_with('"')) {
    if (lines_.size() == 1 && sf::parse_item(first, field_, kLimits)) form_ = Form::string;
    return;
  }
  if (sf::parse_dictionary(lines_, field_, kLimits)) form_ = Form::dictionary;
}

SignatureAgentChoice SignatureAgentField::of_member(const sf::Member& member) const noexcept {
  if (member.is_inner_list || member.value.type != sf::Type::string) {
    return refuse(Reason::signature_agent_unparsable);
  }
  const std::string_view url = member.value.text;
  const auto parameters = field_.parameters(member);
  if (parameters.empty()) {
    return of_url(url, Dialect::origin_dictionary, Dialect::direct_dictionary);
  }
  // Older drafts said by `type` what the URL points to. Any other parameter is unknown to all.
  const auto& [key, value] = parameters.front();
  const bool text = value.type == sf::Type::token || value.type == sf::Type::string;
  auto unsupported = refuse(Reason::agent_kind_unsupported);
  unsupported.link = {.url = url, .dialect = Dialect::origin_dictionary};
  if (parameters.size() != 1 || key != "type" || !text) return unsupported;
  auto choice = of_url(url, Dialect::origin_dictionary, Dialect::origin_dictionary);
  if (choice.reason != Reason::none) return choice;
  const bool is_origin = choice.link.kind == AgentKind::well_known;
  if (value.text == "directory") {
    if (!is_origin) choice.reason = Reason::signature_agent_not_origin;
  } else if (value.text == "jwks_uri") {
    choice.link.kind = AgentKind::key_set;
  } else if (value.text == "cimd") {
    choice.link.kind = AgentKind::cimd;
  } else {
    return unsupported;
  }
  return choice;
}

SignatureAgentChoice SignatureAgentField::choose(
    std::string_view label, std::span<const ComponentIdentifier> covered) const noexcept {
  bool whole = false;
  const ComponentIdentifier* own = nullptr;    // of the member named like the label
  const ComponentIdentifier* other = nullptr;  // of a member named otherwise
  std::size_t others = 0;
  for (const auto& id : covered) {
    if (id.kind != ComponentKind::field || id.tr || id.req || id.name != "signature-agent") {
      continue;
    }
    if (!id.has_key) {
      whole = true;
    } else if (id.key == label) {
      own = &id;
    } else {
      other = &id;
      ++others;
    }
  }
  const ComponentIdentifier* keyed = own != nullptr ? own : other;
  if (form_ == Form::absent) {
    return refuse(whole || keyed != nullptr ? Reason::signature_agent_member_missing
                                            : Reason::signature_agent_absent);
  }
  if (!whole && keyed == nullptr) return refuse(Reason::signature_agent_not_covered);
  if (form_ == Form::unreadable) return refuse(Reason::signature_agent_unparsable);
  if (form_ != Form::dictionary) {
    // A member of what is no Dictionary cannot be covered.
    if (keyed != nullptr) return refuse(Reason::signature_agent_not_dictionary);
    if (form_ == Form::bare) return of_url(uri_, Dialect::bare_uri, Dialect::none);
    const sf::Member& item = field_.members().front();
    if (item.value.type != sf::Type::string || !field_.parameters(item).empty()) {
      return refuse(Reason::signature_agent_unparsable);
    }
    return of_url(item.value.text, Dialect::legacy_string, Dialect::legacy_string);
  }
  // The last of two members wins in one reader, the first in another.
  if (field_.has_duplicate_key() || (own == nullptr && others > 1)) {
    return refuse(Reason::signature_agent_ambiguous_member);
  }
  const sf::Member* member = nullptr;
  if (keyed != nullptr) {
    member = field_.find(keyed->key);
  } else {
    member = field_.find(label);
    if (member == nullptr && field_.members().size() > 1) {
      return refuse(Reason::signature_agent_ambiguous_member);
    }
    if (member == nullptr && !field_.members().empty()) member = &field_.members().front();
  }
  if (member == nullptr) return refuse(Reason::signature_agent_member_missing);
  auto choice = of_member(*member);
  choice.member_key = member->key;
  return choice;
}

}  // namespace wba
