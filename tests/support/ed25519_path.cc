// Runs a test program on the path that WBA_ED25519_PATH names, with a table for every key from its
// first verification on. Fails where no verification read a table: then it was libsodium that ran.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include <gtest/gtest.h>

#include <wba/prepared_keys.h>

#include "crypto/ed25519_key.h"
#include "crypto/ed25519_prepared_steps.h"

namespace {

using wba::crypto::Ed25519Path;

constexpr std::size_t memory = std::size_t{256} << 20;

Ed25519Path wanted = Ed25519Path::libsodium;
std::atomic<std::uint64_t> on_wanted = 0;
std::atomic<std::uint64_t> on_others = 0;

void count(Ed25519Path path, std::size_t verifications) {
  (path == wanted ? on_wanted : on_others).fetch_add(verifications, std::memory_order_relaxed);
}

class PathFromEnvironment : public testing::Environment {
 public:
  void SetUp() override {
    const char* const name = std::getenv("WBA_ED25519_PATH");
    if (name == nullptr) return;
    const auto path = wba::crypto::ed25519_path_from_name(name);
    ASSERT_TRUE(path) << "WBA_ED25519_PATH names no path";
    if (!wba::crypto::cpu_has(*path))
      GTEST_SKIP() << "this machine cannot run the path of WBA_ED25519_PATH";
    ASSERT_TRUE(wba::set_ed25519_path(name));
    wanted = *path;
    forced_ = true;
    wba::set_prepared_key_options({.uses_before_table = 1, .memory = memory});
    wba::crypto::build_tables_with_keys();
    wba::crypto::prepared::table_observer = count;
  }

  void TearDown() override {
    if (!forced_) return;
    std::printf("%llu verifications with tables on the path of WBA_ED25519_PATH\n",
                static_cast<unsigned long long>(on_wanted));
    EXPECT_EQ(on_others, 0U) << "tables were read on another path";
    EXPECT_EQ(on_wanted > 0, wanted != Ed25519Path::libsodium) << "no table was read, or one was";
  }

 private:
  bool forced_ = false;
};

const auto* const environment = testing::AddGlobalTestEnvironment(new PathFromEnvironment);

}  // namespace
