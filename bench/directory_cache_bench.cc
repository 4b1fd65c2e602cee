// The writer's side of a resolver: what a fetch of one of a thousand directories costs apart from
// the network, by its answer, and what a new URL costs when the cache is full.

#include <cstddef>
#include <cstdint>
#include <string>

#include <benchmark/benchmark.h>

#include <wba/key.h>

#include "directory/directory_cache.h"

namespace {

using namespace wba;             // NOLINT: a program of one topic
using namespace wba::directory;  // NOLINT

constexpr Time now{std::chrono::seconds(1'760'000'000)};
constexpr std::size_t count = 1000;

enum class Answered : std::uint8_t { anew, not_modified, failed };

FetchResult response(Answered answered, const std::string& body) {
  FetchResult result{.status = 200, .body = body};
  result.fields.content_type = "application/http-message-signatures-directory+json";
  result.fields.cache_control = "max-age=86400";
  result.fields.etag = "\"1\"";
  if (answered == Answered::not_modified) result.status = 304;
  if (answered == Answered::failed) result.status = 404;
  return result;
}

// Cache holds as many directories as it may, and as many URLs without one.
class Cache {
 public:
  Cache() : table_(2 * count), cache_(table_, settings()) {
    const PublicKey key = PrivateKey::generate(KeyType::ed25519)->public_key();
    body_ = "{\"keys\":[" + key.jwk(true).value() + "]}";
    for (std::size_t i = 0; i < 2 * count; ++i) {
      fetch(i, i < count ? Answered::anew : Answered::failed);
    }
  }

  // fetch ends a fetch of the directory with this number, which may be new.
  bool fetch(std::size_t number, Answered answered) {
    const std::string host = "agent" + std::to_string(number) + ".example";
    const std::string url = "https://" + host + "/.well-known/http-message-signatures-directory";
    const auto entry = cache_.admit({url, false}, host, now);
    if (!entry) return false;
    FetchResult result = response(answered, body_);
    result.id = cache_.begin(**entry)->id;
    const auto completed = cache_.complete(result, now, now, 0.5);
    return completed.failed == (answered == Answered::failed);
  }

 private:
  static CacheSettings settings() {
    CacheSettings settings;
    settings.limits.directories = count;
    settings.limits.unread_urls = count;
    settings.limits.new_urls_per_minute = SIZE_MAX;
    settings.limits.new_urls_per_minute_and_domain = SIZE_MAX;
    return settings;
  }

  DirectoryTable table_;
  DirectoryCache cache_;
  std::string body_;
};

void refetch(benchmark::State& state, Answered answered) {
  Cache cache;
  std::size_t next = 0;
  bool good = true;
  for (auto _ : state) good = cache.fetch(next++ % count, answered) && good;
  if (!good) state.SkipWithError("a fetch did not end as it should");
}

void new_url(benchmark::State& state) {
  Cache cache;
  std::size_t next = 2 * count;
  bool good = true;
  for (auto _ : state) good = cache.fetch(next++, Answered::failed) && good;
  if (!good) state.SkipWithError("a new URL was refused");
}

BENCHMARK_CAPTURE(refetch, anew, Answered::anew)->Name("directory/refetch/anew");
BENCHMARK_CAPTURE(refetch, not_modified, Answered::not_modified)
    ->Name("directory/refetch/not_modified");
BENCHMARK_CAPTURE(refetch, failed, Answered::failed)->Name("directory/refetch/failed");
BENCHMARK(new_url)->Name("directory/new_url/full");

}  // namespace
