#ifndef WBA_TESTS_SUPPORT_PREPARED_AGENTS_H_
#define WBA_TESTS_SUPPORT_PREPARED_AGENTS_H_

// Keys that earn tables, and a clock for them.

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <sodium.h>

#include <wba/key.h>
#include <wba/prepared_keys.h>

#include "crypto/ed25519_prepared_admission.h"
#include "crypto/ed25519_prepared_slot.h"
#include "crypto/verifying_key.h"

namespace wba::test {

inline constexpr std::chrono::seconds patience{60};
inline constexpr std::size_t full_table = 32 * 128 * 128;
inline constexpr std::size_t compact_table = 64 * 8 * 128;

// Agent has a key, and one signature by it.
struct Agent {
  explicit Agent(std::uint8_t number, std::string_view text = "\"@authority\": example.com")
      : message(text) {
    std::array<std::uint8_t, crypto_sign_SEEDBYTES> seed{};
    std::array<std::uint8_t, crypto_sign_PUBLICKEYBYTES> octets;
    std::array<std::uint8_t, crypto_sign_SECRETKEYBYTES> secret;
    seed[0] = number;
    crypto_sign_seed_keypair(octets.data(), secret.data(), seed.data());
    crypto_sign_detached(signature.data(), nullptr,
                         reinterpret_cast<const std::uint8_t*>(message.data()), message.size(),
                         secret.data());
    key.emplace(*wba::PublicKey::from_ed25519(std::as_bytes(std::span(octets))));
  }

  [[nodiscard]] std::span<const std::byte> proof() const {
    return std::as_bytes(std::span(signature));
  }
  [[nodiscard]] bool verify() const {
    return key->verify(wba::Algorithm::ed25519, message, proof()).has_value();
  }
  [[nodiscard]] bool verify_changed() const {
    auto changed = signature;
    changed[40] ^= 1;
    return key->verify(wba::Algorithm::ed25519, message, std::as_bytes(std::span(changed)))
        .has_value();
  }
  void verify(int times) const {
    for (int i = 0; i < times; ++i) ASSERT_TRUE(verify());
  }
  [[nodiscard]] const wba::crypto::TableSlot& slot() const {
    return *key->verifying_key().table_slot();
  }

  std::string message;
  std::array<std::uint8_t, crypto_sign_BYTES> signature;
  std::optional<wba::PublicKey> key;
};

class PreparedKeys : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_GE(sodium_init(), 0);
    wba::set_prepared_key_options({.uses_before_table = 4});
    pass({});
    settle();
  }
  void TearDown() override {
    wba::set_prepared_key_options({});
    wba::crypto::TableAdmission::instance().set_period_for_test(std::nullopt);
  }

  // Time stands still but for this.
  void pass(std::chrono::seconds time) {
    period_ += static_cast<std::uint32_t>(time / wba::crypto::use_half_life);
    wba::crypto::TableAdmission::instance().set_period_for_test(period_);
  }

  static void settle() { ASSERT_TRUE(wba::wait_for_prepared_keys(patience)); }

 private:
  std::uint32_t period_ = 0;
};

// Several are keys whose tables are asked for together.
struct Several {
  Several() {
    for (std::uint8_t i = 0; i < 16; ++i) agents.emplace_back(static_cast<std::uint8_t>(50 + i));
    for (const Agent& agent : agents) wba::prepare_key(*agent.key);
  }
  // being_built waits until some stand. While others do not, one is being built: from one build to
  // the next the admission holds its lock.
  [[nodiscard]] bool being_built() const {
    const auto end = std::chrono::steady_clock::now() + patience;
    std::size_t tables = 0;
    while (tables == 0 && std::chrono::steady_clock::now() < end)
      tables = wba::prepared_key_statistics().tables;
    return tables > 0 && tables < agents.size();
  }
  std::deque<Agent> agents;
};

}  // namespace wba::test

#endif  // WBA_TESTS_SUPPORT_PREPARED_AGENTS_H_
