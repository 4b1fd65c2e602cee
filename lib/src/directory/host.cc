#include <algorithm>
#include <map>
#include <mutex>

#include <wba/agent_identity.h>
#include <wba/content_digest.h>
#include <wba/directory_document.h>
#include <wba/directory_host.h>
#include <wba/directory_proof.h>

#include "directory/http_cache.h"
#include "directory/text.h"

namespace wba::directory {
namespace {

// Signed is the proof for one authority, used until it is too old.
struct Signed {
  ProofFields fields;
  Time renew_at{};
};

using Fields = std::vector<std::pair<std::string, std::string>>;

// tag_matches says whether If-None-Match names `tag`; weak comparison. RFC 9110 §13.1.2.
bool tag_matches(std::span<const FieldLine> fields, std::string_view tag) {
  for (const FieldLine& field : fields) {
    if (!field_name_equals(field.name, "if-none-match")) continue;
    const std::string_view value = trimmed(field.value);
    if (value == "*") return true;
    for (std::size_t at = 0; (at = value.find(tag, at)) != std::string_view::npos; ++at) {
      // The tag holds its quotes, and no tag has one inside: a match is a whole one.
      const auto end = value.find_first_not_of(" \t", at + tag.size());
      if (end == std::string_view::npos || value[end] == ',') return true;
    }
  }
  return false;
}

void allow_any_origin(Fields& fields) {
  fields.emplace_back("Access-Control-Allow-Origin", "*");
  fields.emplace_back("Access-Control-Expose-Headers",
                      "Content-Digest, ETag, Signature, Signature-Input");
}

HostReply plain(std::uint16_t status, std::string_view text) {
  HostReply reply{.status = status};
  reply.fields.emplace_back("Content-Type", "text/plain; charset=utf-8");
  reply.fields.emplace_back("Cache-Control", "no-store");
  reply.body.append(text).append("\n");
  return reply;
}

HostReply preflight() {
  HostReply reply{.status = 204};
  allow_any_origin(reply.fields);
  reply.fields.emplace_back("Access-Control-Allow-Methods", "GET, HEAD");
  reply.fields.emplace_back("Access-Control-Allow-Headers", "Accept, If-None-Match");
  reply.fields.emplace_back("Access-Control-Max-Age", "86400");
  return reply;
}

}  // namespace

struct Host::State {
  std::vector<std::string> authorities;  // normalised
  std::chrono::seconds signature_lifetime;
  std::chrono::seconds cache_lifetime;
  std::vector<std::shared_ptr<const Signer>> signers;

  std::mutex mutex;  // guards what follows
  std::string body;
  std::string tag;
  std::vector<const Signer*> publishing;  // those of `signers` whose keys are in the directory
  std::map<std::string, Signed, std::less<>> proofs;  // by authority
  bool loaded = false;

  // proof gives the current proof for an authority, nullptr where signing failed.
  const Signed* proof(const std::string& authority, Time now) {
    Signed& held = proofs[authority];
    // A clock that was set back would leave a signature from the future in use.
    const bool too_new = held.renew_at > now + signature_lifetime;
    if (!held.fields.signature.empty() && now < held.renew_at && !too_new) return &held;
    auto made = sign_directory(
        body, publishing, {.authority = authority, .created = now, .lifetime = signature_lifetime});
    if (!made) return nullptr;
    held.fields = std::move(*made);
    // Half way between now and the last moment at which a response may still be handed out.
    held.renew_at = now + (signature_lifetime - cache_lifetime) / 2;
    return &held;
  }

  HostReply directory(const Request& request, const std::string& authority, Time now) {
    const std::lock_guard lock(mutex);
    if (!loaded) return plain(503, "no directory");
    const bool unchanged = tag_matches(request.fields, tag);
    HostReply reply{.status = static_cast<std::uint16_t>(unchanged ? 304 : 200)};
    if (!unchanged) {
      reply.fields.emplace_back("Content-Type", media_type);
      reply.body = body;
    }
    reply.fields.emplace_back("Cache-Control",
                              "public, max-age=" + std::to_string(cache_lifetime.count()));
    reply.fields.emplace_back("ETag", tag);
    // A 304 has them too: caches put these fields in the place of the stored ones, so that a
    // revalidated response has a signature that lives on. RFC 9111 §3.2.
    if (!publishing.empty()) {
      const Signed* held = proof(authority, now);
      if (held == nullptr) return plain(500, "the directory cannot be signed");
      reply.fields.emplace_back("Content-Digest", held->fields.content_digest);
      reply.fields.emplace_back("Signature-Input", held->fields.signature_input);
      reply.fields.emplace_back("Signature", held->fields.signature);
    }
    reply.fields.emplace_back("X-Content-Type-Options", "nosniff");
    allow_any_origin(reply.fields);
    return reply;
  }

  HostReply answer(const Request& request, Time now) {
    const std::string_view path = request.target.substr(0, request.target.find('?'));
    if (path != directory_well_known_path) return plain(404, "not found");
    std::string authority;
    if (!append_normalised_authority("https", request.authority, authority) ||
        std::ranges::find(authorities, authority) == authorities.end()) {
      return plain(421, "this directory is not served under that name");
    }
    if (request.method == "OPTIONS") return preflight();
    if (request.method != "GET" && request.method != "HEAD") {
      HostReply refused = plain(405, "GET and HEAD only");
      refused.fields.emplace_back("Allow", "GET, HEAD, OPTIONS");
      return refused;
    }
    return directory(request, authority, now);
  }
};

Host::Host(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
Host::Host(Host&&) noexcept = default;
Host& Host::operator=(Host&&) noexcept = default;
Host::~Host() = default;

Result<Host> Host::create(const HostOptions& options,
                          std::vector<std::shared_ptr<const Signer>> signers) {
  if (options.authorities.empty() || options.cache_lifetime.count() < 0 ||
      options.signature_lifetime <= options.cache_lifetime) {
    return std::unexpected(Error{ErrorCode::argument_invalid});
  }
  auto state = std::make_unique<State>();
  for (const std::string& authority : options.authorities) {
    std::string normal;
    if (auto done = append_normalised_authority("https", authority, normal); !done) {
      return std::unexpected(done.error());
    }
    state->authorities.push_back(std::move(normal));
  }
  state->signature_lifetime = options.signature_lifetime;
  state->cache_lifetime = options.cache_lifetime;
  state->signers = std::move(signers);
  return Host(std::move(state));
}

Result<Host::Loaded> Host::load(std::string_view json) {
  const auto document = Document::parse(json);
  if (!document) return std::unexpected(document.error());
  Loaded loaded{.keys = document->keys().size()};
  std::vector<const Signer*> publishing;
  for (const DocumentKey& entry : document->keys()) {
    if (!entry.key) continue;
    const auto signer = std::ranges::find_if(state_->signers, [&](const auto& candidate) {
      return candidate->keyid() == entry.key->thumbprint();
    });
    if (signer == state_->signers.end()) {
      loaded.without_signer.emplace_back(entry.key->thumbprint());
    } else {
      publishing.push_back(signer->get());
    }
  }
  // sha-256=:…: is as good a tag as any: the same bytes, the same tag.
  std::string tag = content_digest(json);
  tag = "\"" + tag.substr(tag.find(':') + 1, 22) + "\"";
  const std::lock_guard lock(state_->mutex);
  state_->body = json;
  state_->tag = std::move(tag);
  state_->publishing = std::move(publishing);
  state_->proofs.clear();
  state_->loaded = true;
  return loaded;
}

HostReply Host::reply(const Request& request, Time now) {
  HostReply reply = state_->answer(request, now);
  // Caches reckon a response's age by it. RFC 9110 §6.6.1.
  reply.fields.emplace_back("Date", http_date(now));
  return reply;
}

}  // namespace wba::directory
