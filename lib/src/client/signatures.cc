#include "client/signatures.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <wba/agent_identity.h>
#include <wba/message.h>
#include <wba/structured_field.h>

#include "base/ascii.h"

namespace wba::client {
namespace {

std::unexpected<Error> fail(ErrorCode code) noexcept { return std::unexpected(Error{code}); }

bool fits(std::string_view pattern, std::string_view host) noexcept {
  if (!pattern.starts_with("*.")) return ascii::equals_ignoring_case(pattern, host);
  pattern.remove_prefix(1);  // ".example.com": on a label border
  return host.size() > pattern.size() &&
         ascii::equals_ignoring_case(host.substr(host.size() - pattern.size()), pattern);
}

Result<void> check_profile(const SigningProfile& profile) {
  std::string buffer;
  const auto located = locate_agent({.url = profile.agent_url, .kind = AgentKind::key_set}, buffer);
  if (!located) return std::unexpected(located.error());
  for (const auto& component : profile.components) {
    std::string out;
    if (auto read = append_component_identifier(component, out); !read) return read;
  }
  if (profile.lifetime.count() < 0) return fail(ErrorCode::argument_invalid);
  return {};
}

// Party is who signs: one of the two.
struct Party {
  const Signer* key;
  const FieldSigner* fields;
};

Party party_of(const SigningProfile& profile, const ClientConfig& config) noexcept {
  if (profile.signer != nullptr || profile.field_signer != nullptr) {
    return {.key = profile.signer.get(), .fields = profile.field_signer.get()};
  }
  return {.key = config.signer.get(), .fields = config.field_signer.get()};
}

bool has_signer(const SigningProfile& profile, const ClientConfig& config) noexcept {
  const Party party = party_of(profile, config);
  return (party.key == nullptr) != (party.fields == nullptr);
}

// profile_components are what the profile covers, serialised.
std::vector<std::string> profile_components(const SigningProfile& profile) {
  std::vector<std::string> names = profile.components;
  if (names.empty()) names = {"@authority", "@method", "@path"};
  std::vector<std::string> serialised;
  for (const auto& name : names) {
    std::string out;
    if (append_component_identifier(name, out)) serialised.push_back(std::move(out));
  }
  return serialised;
}

bool asks_for(const Wish* wish, std::string_view serialised) noexcept {
  return wish != nullptr && lists_component(wish->components, serialised);
}

bool has_signature(const std::vector<ClientField>& fields) noexcept {
  return find_field(fields, "signature") != nullptr ||
         find_field(fields, "signature-input") != nullptr ||
         find_field(fields, "signature-agent") != nullptr;
}

}  // namespace

Result<void> Signatures::check(const ClientConfig& config) {
  if (auto checked = check_profile(config.profile); !checked) return checked;
  if (!has_signer(config.profile, config)) return fail(ErrorCode::argument_invalid);
  for (const auto& target : config.targets) {
    if (auto checked = check_profile(target.profile); !checked) return checked;
    if (!has_signer(target.profile, config)) return fail(ErrorCode::argument_invalid);
    const std::string_view host = target.host;
    const bool below = host.starts_with("*.");
    if (host.size() < (below ? 3U : 1U) ||
        host.find('*', below ? 1 : 0) != std::string_view::npos ||
        host.find('/') != std::string_view::npos) {
      return fail(ErrorCode::argument_invalid);
    }
  }
  return {};
}

Signatures::Signatures(ClientConfig config) : config_(std::move(config)), cache_(config_.reuse) {}

Time Signatures::now() const {
  if (config_.clock) return config_.clock();
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

const SigningProfile& Signatures::profile_for(const std::string& host) const noexcept {
  for (const auto& target : config_.targets) {
    if (fits(target.host, host)) return target.profile;
  }
  return config_.profile;
}

KeyName Signatures::key_of(const SigningProfile& profile) const noexcept {
  const Party party = party_of(profile, config_);
  if (party.fields != nullptr) {
    return {.keyid = party.fields->keyid(), .algorithm = party.fields->algorithm()};
  }
  return {.keyid = party.key->keyid(), .algorithm = party.key->algorithm()};
}

Result<std::string> Signatures::digest_of(const Outgoing& outgoing,
                                          DigestAlgorithm algorithm) const {
  const auto& request = outgoing.request;
  if (request.stream == nullptr) return content_digest(request.body.value_or(""), algorithm);
  if (!request.stream->rewindable() || !request.stream->rewind()) {
    return fail(ErrorCode::client_body_not_rewindable);
  }
  ContentDigest digest = ContentDigest::to_make(algorithm);
  std::vector<char> buffer(std::size_t{64} << 10U);
  for (;;) {
    const auto size = request.stream->read(buffer);
    if (!size || *size > buffer.size()) return fail(ErrorCode::client_body_not_rewindable);
    if (*size == 0) break;
    digest.update({buffer.data(), *size});
  }
  if (!request.stream->rewind()) return fail(ErrorCode::client_body_not_rewindable);
  return digest.field_value();
}

// What libcurl would add by itself is written out, so that it can be covered.
Result<void> Signatures::add_fields(const Outgoing& outgoing, const SigningProfile& profile,
                                    const Wish* wish, Signed& result) const {
  result.fields = outgoing.request.fields;
  const auto lacks = [&](std::string_view name) {
    return find_field(result.fields, name) == nullptr && !omits(outgoing.request, name);
  };
  if (lacks("accept")) {
    result.fields.push_back({.name = "Accept", .value = "*/*"});
  }
  const bool wanted =
      (profile.digest && outgoing.has_body()) || asks_for(wish, "\"content-digest\"");
  if (wanted && lacks("content-digest")) {
    auto digest = digest_of(outgoing, profile.digest.value_or(DigestAlgorithm::sha_256));
    if (!digest) return std::unexpected(digest.error());
    result.fields.push_back({.name = "Content-Digest", .value = *std::move(digest)});
  }
  return {};
}

// view sets request_ to the request as a server will see it.
void Signatures::view(const Outgoing& outgoing, const Signed& result) {
  lines_.clear();
  std::string_view authority = outgoing.target.authority;
  for (const auto& field : result.fields) {
    if (field_name_equals(field.name, "host")) authority = ascii::trim(field.value);
    lines_.push_back({.name = field.name, .value = field.value});
  }
  const auto& request = outgoing.request;
  const auto size = request.stream != nullptr ? request.stream->size()
                    : request.body            ? std::optional<std::uint64_t>(request.body->size())
                                              : std::nullopt;
  if (size) {
    content_length_ = std::to_string(*size);
    lines_.push_back({.name = "Content-Length", .value = content_length_});
  }
  request_ = {.method = request.method,
              .scheme = "https",
              .authority = authority,
              .target = outgoing.target.request_target,
              .fields = lines_};
}

Result<void> Signatures::sign_fresh(const SigningProfile& profile, const Wish* wish,
                                    Signed& result) {
  const auto& names = wish != nullptr ? wish->components : profile.components;
  const std::vector<std::string_view> components(names.begin(), names.end());
  SigningOptions options{.profile = profile.profile,
                         .agent_url = profile.agent_url,
                         .label = profile.label,
                         .components = components,
                         .lifetime = profile.lifetime};
  if (!profile.nonce) options.nonce_mode = SigningOptions::Nonce::none;
  if (wish != nullptr) {
    options.label = wish->label;
    if (!wish->nonce.empty()) {
      options.nonce_mode = SigningOptions::Nonce::given;
      options.nonce = wish->nonce;
    }
  }
  const Party party = party_of(profile, config_);
  if (party.fields != nullptr) return party.fields->sign(request_, options, result.signature);
  return signer_.sign(request_, *party.key, options, now(), result.signature);
}

Result<Signed> Signatures::sign(const Outgoing& outgoing, const Wish* wish) {
  const SigningProfile& profile = profile_for(outgoing.target.host);
  Signed result;
  if (auto added = add_fields(outgoing, profile, wish, result); !added) {
    return std::unexpected(added.error());
  }
  view(outgoing, result);
  const bool reusable =
      config_.reuse.enabled && wish == nullptr && !has_signature(outgoing.request.fields);
  const SignedFields* cached = reusable ? cache_.find(profile, request_, now()) : nullptr;
  if (cached != nullptr) {
    result.signature = *cached;
    result.reused = true;
    ++reused_;
  } else {
    if (auto done = sign_fresh(profile, wish, result); !done) return std::unexpected(done.error());
    ++made_;
    if (reusable) cache_.add(profile, request_, result.signature, now());
  }
  sf::Field input;
  if (sf::parse_dictionary(result.signature.lines.signature_input, input)) {
    for (const auto& item : input.items(input.members().front())) {
      sf::append_item(input, item, result.covered.emplace_back());
    }
  }
  const auto add = [&result](std::string_view name, const std::string& value) {
    if (!value.empty()) result.fields.push_back({.name = std::string(name), .value = value});
  };
  add("Signature-Agent", result.signature.signature_agent);
  add("Signature-Input", result.signature.lines.signature_input);
  add("Signature", result.signature.lines.signature);
  return result;
}

Result<Wish> Signatures::wish_for(const Outgoing& outgoing,
                                  std::span<const std::string_view> lines) const {
  const SigningProfile& profile = profile_for(outgoing.target.host);
  const auto asked = parse_accept_signature(
      lines, SignatureTarget::request,
      {.bytes = 16384, .members = 16, .parameters = 32, .inner_list_items = 64});
  if (!asked) return std::unexpected(asked.error());
  return choose_wish(*asked, config_.challenge, key_of(profile), profile_components(profile));
}

}  // namespace wba::client
