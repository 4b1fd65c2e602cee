#ifndef WBA_TESTS_SUPPORT_DIRECTORY_CACHE_FIXTURE_H_
#define WBA_TESTS_SUPPORT_DIRECTORY_CACHE_FIXTURE_H_

// The resolver's writer side for tests: a cache, its table, and a reader's pin.

#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include "directory/directory_cache.h"

namespace wba::test {

struct DirectoryCacheFixture {
  explicit DirectoryCacheFixture(directory::CacheSettings settings = {})
      : table(1000), cache(table, settings), pin(table) {}

  // known gives the published version, or nullptr.
  const directory::Directory* known(std::string_view url) {
    const directory::DocumentName name{url, false};
    return pin.find(name, table.hash_of(name));
  }

  Reason ask(std::string_view url, std::string_view keyid, Time now) {
    const directory::Directory* found = known(url);
    return found == nullptr ? Reason::key_pending
                            : directory::answer(*found, keyid, now, false).reason;
  }

  // fetch admits, begins and completes in one go; the reason is that of a refusal.
  Reason fetch(std::string_view url, directory::FetchResult result, Time now) {
    const auto entry = cache.admit({url, false}, host(url), now);
    if (!entry) return entry.error();
    const auto request = cache.begin(**entry);
    EXPECT_TRUE(request);
    result.id = request->id;
    cache.complete(result, now, now, 0.5);
    return Reason::none;
  }

  static std::string_view host(std::string_view url) {
    url.remove_prefix(8);
    return url.substr(0, url.find('/'));
  }

  directory::DirectoryTable table;
  directory::DirectoryCache cache;
  directory::DirectoryTable::Pin pin;
};

// good gives a response with a directory.
inline directory::FetchResult good(const std::string& body,
                                   std::string cache_control = "max-age=3600") {
  directory::FetchResult result{.status = 200, .body = body};
  result.fields.cache_control = std::move(cache_control);
  result.fields.content_type = "application/json";
  return result;
}

}  // namespace wba::test

#endif  // WBA_TESTS_SUPPORT_DIRECTORY_CACHE_FIXTURE_H_
