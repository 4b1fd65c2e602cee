// Runs a test program on the path that WBA_ED25519_PATH names, with tables from the first
// verification on.

#include <cstdlib>

#include <gtest/gtest.h>

#include <wba/prepared_keys.h>

#include "crypto/ed25519_prepared.h"

namespace {

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
    wba::set_prepared_key_options({.uses_before_table = 1});
  }
};

const auto* const environment = testing::AddGlobalTestEnvironment(new PathFromEnvironment);

}  // namespace
