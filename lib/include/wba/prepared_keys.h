#ifndef WBA_PREPARED_KEYS_H_
#define WBA_PREPARED_KEYS_H_

// Prepared keys: tables of multiples of an Ed25519 public key, with which verifying takes a tenth
// (AVX-512 IFMA) to a fifth (portable) of libsodium's time. A key earns a table by use: after a
// number of signatures that verified, one background thread builds it, checks it against libsodium
// and publishes it. Until then, and where there is no room, libsodium verifies. The verdict is the
// same on every way, and a table goes with its key.
//
// All of it is for the whole process; every function may be called from any thread.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

#include <wba/error.h>
#include <wba/key.h>

namespace wba {

enum class PreparedKeyMode : std::uint8_t {
  off,     // libsodium verifies; no table is built or kept
  on,      // tables verify
  shadow,  // both verify, libsodium's verdict counts, and every difference is reported
};

struct PreparedKeyOptions {
  PreparedKeyMode mode = PreparedKeyMode::on;

  // Signatures of a key that must have verified before it gets a table. Signatures that did not
  // verify do not count, so that nobody earns a table for another's key.
  std::uint32_t uses_before_table = 64;

  // Octets that all tables together may take: 512 KiB a key while three quarters are not used up,
  // 64 KiB a key after that. When there is no room, the table that was used least lately gives way,
  // if it was used less than the new one's key. The system gives memory in pages of 2 MiB, which
  // tables share; what is free in these, and a table for all keys of 2 MiB, come on top.
  std::size_t memory = std::size_t{64} << 20;

  // Called in shadow mode with the 32 octets of a key for which the verdicts differed, on the
  // thread that verified. The key's table is not used again. It may call all functions of this
  // file, and must not throw.
  std::function<void(std::span<const std::byte> key)> on_difference = {};
};

// set_prepared_key_options replaces the options. Tables that the new ones do not allow are taken
// out of use at once and freed soon after.
void set_prepared_key_options(const PreparedKeyOptions& options);

struct PreparedKeyStatistics {
  std::size_t tables = 0;          // in use
  std::size_t bytes = 0;           // that tables take, those about to be freed included
  std::uint64_t built = 0;         // since the process began, as are the following
  std::uint64_t evicted = 0;       // gave way to another key's
  std::uint64_t without_room = 0;  // earned a table while no table had to give way
  std::uint64_t failed = 0;        // no memory, or the self-check failed
  std::uint64_t differences = 0;   // found in shadow mode
};

[[nodiscard]] PreparedKeyStatistics prepared_key_statistics();

// prepare_key asks for a table now: for keys that a configuration names. Keys that are not Ed25519
// are left as they are. It does not wait.
void prepare_key(const PublicKey& key);

// wait_for_prepared_keys waits until every table that was asked for or earned stands, at most
// `limit`; false where the time was not enough.
bool wait_for_prepared_keys(std::chrono::milliseconds limit);

// set_ed25519_path makes tables be read in one way, for tests and measuring: "portable", "avx2",
// "ifma", or "libsodium", which reads none; "" is the fastest that this machine has.
// Error: argument_invalid where the name is unknown, or the machine cannot do it or does it wrong.
[[nodiscard]] Result<void> set_ed25519_path(std::string_view name);

// ed25519_path is the way in use: "ifma".
[[nodiscard]] std::string_view ed25519_path() noexcept;

// PendingVerification is one of several Ed25519 verifications to be made together.
struct PendingVerification {
  const PublicKey* key;
  std::string_view message;
  std::span<const std::byte> signature;
  bool verified = false;  // the answer
};

// verify_ed25519_many gives each of `pending` its own exact answer, as PublicKey::verify would with
// the algorithm ed25519; a key of another type verifies nothing. Those with tables are verified
// eight at a time, which takes less than one by one. For servers that have a queue. Allocates
// nothing.
void verify_ed25519_many(std::span<PendingVerification> pending) noexcept;

}  // namespace wba

#endif  // WBA_PREPARED_KEYS_H_
