#include "directory/reader.h"

#include <new>

#include <wba/agent_identity.h>

namespace wba::directory {

bool claim_early_fetch(const Subject& subject, Time now, std::int64_t interval) noexcept {
  const std::int64_t at = now.time_since_epoch().count();
  std::int64_t next = subject.early_fetch_at.load(std::memory_order_relaxed);
  return at >= next && subject.early_fetch_at.compare_exchange_strong(next, at + interval,
                                                                      std::memory_order_relaxed);
}

Reason link_problem(const Error& error) noexcept {
  return error.code == ErrorCode::agent_url_not_https ? Reason::signature_agent_not_https
                                                      : Reason::signature_agent_unparsable;
}

KeyLookup DirectoryReader::lookup(const AgentLink& link, std::string_view keyid,
                                  Time now) noexcept {
  try {
    const KeyLookup found = link.url.empty() ? KeyLookup{.reason = Reason::signature_agent_absent}
                                             : lookup_directory(link, keyid, now);
    // A directory that was read and does not have the key is not overruled by a key without URL.
    if (found.reason == Reason::none || found.reason == Reason::key_not_in_directory ||
        found.reason == Reason::key_kid_mismatch || found.reason == Reason::directory_no_keys ||
        !shared_->loose_keys.load(std::memory_order_acquire)) {
      return found;
    }
    return lookup_loose(keyid, now, found.reason);
  } catch (const std::bad_alloc&) {
    return {.reason = Reason::internal_error};
  }
}

KeyLookup DirectoryReader::lookup_directory(const AgentLink& link, std::string_view keyid,
                                            Time now) {
  const auto located = locate_agent(link, buffer_);
  if (!located) return {.reason = link_problem(located.error())};
  const DocumentName name{located->document, link.kind == AgentKind::cimd};
  const Directory* directory = pin_.find(name, shared_->table.hash_of(name));
  if (directory == nullptr) {
    return {.reason = ask_for_new(link, located->document, located->host, now)};
  }
  // A write only where the second has changed: readers do not fight for the line.
  const Subject& subject = *directory->subject;
  const std::int64_t at = now.time_since_epoch().count();
  if (subject.last_used.load(std::memory_order_relaxed) < at) {
    subject.last_used.store(at, std::memory_order_relaxed);
  }
  const Answer found = answer(*directory, keyid, now, shared_->allow_test_keys);
  bool coming = false;
  if (found.fetch_due) coming = ask_for_known(*directory, false);
  if (found.unknown) {
    coming = coming || subject.fetch_asked.load(std::memory_order_acquire);
    if (!coming && now >= directory->retry_at &&
        claim_early_fetch(subject, now, shared_->early_refetch)) {
      coming = ask_for_known(*directory, true);
    }
    if (coming) return {.reason = Reason::key_pending};
  }
  if (found.reason != Reason::none) return {.reason = found.reason};
  return {.reason = Reason::none,
          .key = &found.key->key,
          .identity = located->document,
          .domain = subject.domain};
}

KeyLookup DirectoryReader::lookup_loose(std::string_view keyid, Time now,
                                        Reason otherwise) noexcept {
  const Directory* loose = pin_.find(loose_name, shared_->table.hash_of(loose_name));
  if (loose == nullptr) return {.reason = otherwise};
  const Answer found = answer(*loose, keyid, now, shared_->allow_test_keys);
  if (found.key == nullptr) return {.reason = otherwise};
  if (found.reason != Reason::none) return {.reason = found.reason};
  return {.reason = Reason::none, .key = &found.key->key};
}

Reason DirectoryReader::ask_for_new(const AgentLink& link, std::string_view document,
                                    std::string_view host, Time now) {
  if (now.time_since_epoch().count() < shared_->full_until.load(std::memory_order_relaxed)) {
    return Reason::directory_overloaded;
  }
  Asked asked;
  asked.fresh = std::make_unique<Asked::NewUrl>(
      Asked::NewUrl{std::string(document), std::string(host), link.kind == AgentKind::cimd,
                    std::string(link.client)});
  return shared_->ask(asked) ? Reason::key_pending : Reason::directory_overloaded;
}

bool DirectoryReader::ask_for_known(const Directory& directory, bool early) noexcept {
  const Subject& subject = *directory.subject;
  if (subject.fetch_asked.exchange(true, std::memory_order_acq_rel)) return true;
  Asked asked{.known = directory.subject, .early = early};
  if (shared_->ask(asked)) return true;
  subject.fetch_asked.store(false, std::memory_order_relaxed);
  return false;
}

}  // namespace wba::directory
