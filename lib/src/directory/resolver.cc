// DirectoryResolver: what an application holds of the room.

#include <algorithm>
#include <future>
#include <new>
#include <system_error>

#include <wba/agent_identity.h>
#include <wba/directory_resolver.h>
#include <wba/registered_domain.h>

#include "directory/engine.h"
#include "directory/possession.h"
#include "directory/reader.h"
#include "directory/warm_start.h"

namespace wba {
namespace {

using directory::CacheSettings;
using directory::Fetcher;
using directory::Shared;

bool makes_sense(const DirectoryResolverOptions& options) {
  const DirectoryLimits& limits = options.limits;
  const DirectoryCachePolicy& cache = options.cache;
  const bool none_is_zero = limits.body_bytes > 0 && limits.keys > 0 &&
                            limits.fetch_time.count() > 0 && limits.connect_time.count() > 0 &&
                            limits.fetches > 0 && limits.fetches_per_host > 0 &&
                            limits.fetches_waiting > 0 && limits.directories > 0 &&
                            limits.directories_per_domain > 0 && limits.unread_urls > 0;
  constexpr std::chrono::seconds zero{0};
  return none_is_zero && cache.fresh_min > zero && cache.fresh_min <= cache.fresh_max &&
         cache.fresh_default > zero && cache.stale_max >= zero && cache.stale_guarded >= zero &&
         cache.failure_first > zero && cache.failure_first <= cache.failure_max &&
         cache.early_refetch > zero;
}

ErrorCode error_of(Reason reason) {
  if (reason == Reason::directory_too_large) return ErrorCode::directory_too_large;
  if (reason == Reason::directory_too_many_keys) return ErrorCode::directory_too_many_keys;
  return ErrorCode::directory_not_key_set;
}

}  // namespace

class DirectoryResolver::Impl {
 public:
  Impl(const DirectoryResolverOptions& options, std::shared_ptr<Shared> shared_state)
      : settings{.policy = options.cache,
                 .limits = options.limits,
                 .proofs = options.proofs,
                 .well_known_kid = options.well_known_kid},
        shared(std::move(shared_state)),
        engine(options, shared) {}

  const CacheSettings settings;
  const std::shared_ptr<Shared> shared;
  directory::Engine engine;
};

Result<std::shared_ptr<DirectoryResolver>> DirectoryResolver::create(
    DirectoryResolverOptions options) {
  try {
    if (!makes_sense(options)) return std::unexpected(Error{ErrorCode::argument_invalid});
    auto fetcher = Fetcher::create(options.network, options.limits, options.proofs);
    if (!fetcher || !directory::registered_domains_known()) {
      return std::unexpected(Error{ErrorCode::crypto_failure});
    }
    auto shared = std::make_shared<Shared>(options.limits.directories + options.limits.unread_urls,
                                           std::move(fetcher));
    shared->allow_test_keys = options.allow_test_keys;
    shared->early_refetch = options.cache.early_refetch.count();
    auto impl = std::make_unique<Impl>(options, std::move(shared));
    std::string buffer;
    for (const KnownAgent& agent : options.agents) {
      const auto located = locate_agent({.url = agent.url, .kind = agent.kind}, buffer);
      if (!located) return std::unexpected(located.error());
      impl->engine.pin({located->document, agent.kind == AgentKind::cimd}, located->host);
    }
    impl->engine.start();
    return std::shared_ptr<DirectoryResolver>(new DirectoryResolver(std::move(impl)));
  } catch (const std::bad_alloc&) {
    return std::unexpected(Error{ErrorCode::out_of_memory});
  } catch (const std::system_error&) {  // no thread can be had
    return std::unexpected(Error{ErrorCode::out_of_memory});
  }
}

DirectoryResolver::DirectoryResolver(std::unique_ptr<Impl> impl) noexcept
    : impl_(std::move(impl)) {}

DirectoryResolver::~DirectoryResolver() = default;

std::unique_ptr<KeyResolver::Reader> DirectoryResolver::reader() const {
  return std::make_unique<directory::DirectoryReader>(impl_->shared);
}

void DirectoryResolver::resolve(const AgentLink& link, std::string_view keyid,
                                std::chrono::steady_clock::time_point deadline,
                                Callback done) const {
  Reason problem = Reason::internal_error;
  try {
    std::string buffer;
    const auto located = locate_agent(link, buffer);
    if (located) {
      directory::Waiter waiter{.url = std::string(located->document),
                               .host = std::string(located->host),
                               .metadata = link.kind == AgentKind::cimd,
                               .keyid = std::string(keyid),
                               .client = std::string(link.client),
                               .deadline = deadline,
                               .done = done};
      return impl_->engine.wait_for(std::move(waiter));
    }
    problem = directory::link_problem(located.error());
  } catch (const std::bad_alloc&) {
  }
  done({.reason = problem});
}

KeyResolution DirectoryResolver::resolve(const AgentLink& link, std::string_view keyid,
                                         std::chrono::steady_clock::time_point deadline) const {
  try {
    auto promise = std::make_shared<std::promise<KeyResolution>>();
    std::future<KeyResolution> future = promise->get_future();
    resolve(link, keyid, deadline,
            [promise](const KeyResolution& resolution) { promise->set_value(resolution); });
    // The background thread keeps the deadline; were it held up by a callback, we would.
    constexpr std::chrono::milliseconds grace{100};
    constexpr auto end = std::chrono::steady_clock::time_point::max();
    const auto last = deadline > end - grace ? end : deadline + grace;
    if (future.wait_until(last) != std::future_status::ready) return {};
    return future.get();
  } catch (const std::bad_alloc&) {
    return {.reason = Reason::internal_error};
  }
}

Result<std::size_t> DirectoryResolver::add_redistributed(const RedistributedDirectory& directory,
                                                         Time now) {
  try {
    std::string buffer;
    AgentLocation located;
    if (!directory.url.empty()) {
      const auto found = locate_agent({.url = directory.url, .kind = AgentKind::key_set}, buffer);
      if (!found) return std::unexpected(found.error());
      located = *found;
    }
    const directory::KeyDocumentRules rules{.well_known = is_well_known_document(located.document),
                                            .well_known_kid = impl_->settings.well_known_kid,
                                            .bytes = impl_->settings.limits.body_bytes,
                                            .keys = impl_->settings.limits.keys};
    auto keys = directory::parse_key_document(directory.body, rules);
    if (!keys) return std::unexpected(Error{error_of(keys.error())});
    const auto possessions =
        directory::check_possession({.url = located.document,
                                     .body = directory.body,
                                     .content_digest = directory.content_digest,
                                     .signature_input = directory.signature_input,
                                     .signature = directory.signature},
                                    *keys, true, now);
    std::vector<directory::DirectoryKey> bound;
    std::vector<directory::DirectoryKey> loose;
    Time until{};
    for (std::size_t i = 0; i < keys->size(); ++i) {
      directory::DirectoryKey& key = (*keys)[i];
      if (const auto proven = possessions[i].proven_until) {
        const std::int64_t end = proven->time_since_epoch().count();
        key.exp = std::min(key.exp.value_or(end), end);
        until = std::max(until, *proven);
        bound.push_back(std::move(key));
      } else if (!possessions[i].refuted) {
        loose.push_back(std::move(key));
      }
    }
    if (!loose.empty()) impl_->engine.add_loose(std::move(loose));
    if (bound.empty()) return 0;
    const std::size_t count = bound.size();
    auto version = std::make_shared<const directory::Directory>(directory::Directory{
        .keys = std::make_shared<const directory::KeySet>(std::move(bound), !rules.well_known),
        .fresh_until = now,
        .refresh_at = now,
        .stale_until = until});
    const bool taken =
        impl_->engine.take_up({located.document, false}, located.host,
                              {.version = std::move(version), .fetched = false}, now);
    return taken ? count : 0;
  } catch (const std::bad_alloc&) {
    return std::unexpected(Error{ErrorCode::out_of_memory});
  }
}

Result<std::size_t> DirectoryResolver::save(const std::filesystem::path& file) const {
  try {
    return directory::write_cache_file(file, impl_->engine.saved(), impl_->settings.proofs);
  } catch (const std::bad_alloc&) {
    return std::unexpected(Error{ErrorCode::out_of_memory});
  }
}

Result<std::size_t> DirectoryResolver::load(const std::filesystem::path& file, Time now) {
  try {
    auto loaded = directory::read_cache_file(file, impl_->settings, now);
    if (!loaded) return std::unexpected(loaded.error());
    std::size_t taken = 0;
    for (directory::LoadedDirectory& entry : *loaded) {
      const directory::DocumentName name{entry.url, entry.metadata};
      if (impl_->engine.take_up(name, entry.host, std::move(entry.saved), now)) ++taken;
    }
    return taken;
  } catch (const std::bad_alloc&) {
    return std::unexpected(Error{ErrorCode::out_of_memory});
  }
}

DirectoryStatistics DirectoryResolver::statistics() const { return impl_->engine.statistics(); }

}  // namespace wba
