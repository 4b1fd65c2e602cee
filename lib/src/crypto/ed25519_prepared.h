#ifndef WBA_CRYPTO_ED25519_PREPARED_H_
#define WBA_CRYPTO_ED25519_PREPARED_H_

// Ed25519 verification with tables of multiples of the public key: a server sees the same few keys
// again and again, and with such tables a verification needs no doublings.
//
// It accepts exactly what libsodium 1.0.18 accepts (cofactorless; S below L; A and R canonical and
// not of small order). It takes time that depends on its input, which is public, and never signs.

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace wba::crypto {

// Ed25519Path is what a verification with a prepared key runs on.
enum class Ed25519Path : std::uint8_t {
  libsodium,  // no table is read
  portable,   // C++ on 64-bit integers
  avx2,       // 32-bit products in four lanes
  ifma,       // AVX-512 IFMA
};

[[nodiscard]] std::string_view to_string(Ed25519Path path) noexcept;
[[nodiscard]] std::optional<Ed25519Path> ed25519_path_from_name(std::string_view name) noexcept;

// cpu_has says whether this machine can run the path.
[[nodiscard]] bool cpu_has(Ed25519Path path) noexcept;

// ed25519_path is the path in use: the fastest that this machine has, unless one was forced.
[[nodiscard]] Ed25519Path ed25519_path() noexcept;

// force_ed25519_path sets the path for the whole process; false, and nothing changes, where this
// machine has no such path, or it does not verify known signatures. nullopt goes back to the
// fastest.
bool force_ed25519_path(std::optional<Ed25519Path> path) noexcept;

// TableKind is how much memory a prepared key may take for how much speed.
enum class TableKind : std::uint8_t {
  compact,  // radix 16: 64 KiB, 64 additions
  full,     // radix 256: 512 KiB, 32 additions
};

// table_bytes is the memory that a prepared key's table takes.
[[nodiscard]] std::size_t table_bytes(TableKind kind) noexcept;

enum class PrepareFailure : std::uint8_t {
  key_refused,  // libsodium refuses every signature of this key
  out_of_memory,
  // The table does not agree with libsodium, or the path in use does not verify what it must: do
  // not use it, report it.
  self_check_failed,
};

// PreparedEd25519Key is a public key with its table. Immutable and safe to share among threads.
class PreparedEd25519Key {
 public:
  // prepare builds the table and checks all of it against libsodium, and at its first call that the
  // path in use answers known signatures rightly. Takes 0.2 to 1.5 ms (some milliseconds more for a
  // key outside the prime-order subgroup, and at the first call).
  [[nodiscard]] static std::expected<std::unique_ptr<const PreparedEd25519Key>, PrepareFailure>
  prepare(std::span<const std::byte, 32> key, TableKind kind);

  // build is prepare without the look at the path in use, for which it makes the keys.
  [[nodiscard]] static std::expected<std::unique_ptr<const PreparedEd25519Key>, PrepareFailure>
  build(std::span<const std::byte, 32> key, TableKind kind) noexcept;

  PreparedEd25519Key(const PreparedEd25519Key&) = delete;
  PreparedEd25519Key& operator=(const PreparedEd25519Key&) = delete;
  ~PreparedEd25519Key();

  // verify says whether libsodium would accept. Allocates nothing.
  [[nodiscard]] bool verify(std::span<const std::byte> message,
                            std::span<const std::byte, 64> signature) const noexcept {
    return verify(ed25519_path(), message, signature);
  }

  // The same on a given path, which this machine has.
  [[nodiscard]] bool verify(Ed25519Path path, std::span<const std::byte> message,
                            std::span<const std::byte, 64> signature) const noexcept;

  [[nodiscard]] TableKind kind() const noexcept;

  // bytes is the memory held.
  [[nodiscard]] std::size_t bytes() const noexcept;

  // octets is the public key.
  [[nodiscard]] std::span<const std::byte, 32> octets() const noexcept;

  struct State;
  [[nodiscard]] const State& state() const noexcept { return *state_; }

 private:
  explicit PreparedEd25519Key(std::unique_ptr<const State> state) noexcept;

  std::unique_ptr<const State> state_;
};

// PendingEd25519 is one verification to be made together with others.
struct PendingEd25519 {
  const PreparedEd25519Key* key;
  std::span<const std::byte> message;
  std::span<const std::byte, 64> signature;
  bool verified = false;  // the answer
};

// verify_many gives each of `pending` its own exact answer, several at a time: they share
// inversions and, with IFMA, run in eight lanes. The keys may differ. Allocates nothing.
void verify_many(std::span<PendingEd25519> pending) noexcept;
void verify_many(Ed25519Path path, std::span<PendingEd25519> pending) noexcept;

}  // namespace wba::crypto

#endif  // WBA_CRYPTO_ED25519_PREPARED_H_
