#ifndef WBA_VERIFIED_SIGNATURES_H_
#define WBA_VERIFIED_SIGNATURES_H_

#include <chrono>
#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include <wba/algorithm.h>
#include <wba/error.h>
#include <wba/key.h>
#include <wba/key_resolver.h>

namespace wba {

// VerifiedSignatures remembers signatures that verified, so that an agent which makes one signature
// a host and presents it until it expires costs one verification. What it remembers is exactly
// which key verified which signature of which signature base by which algorithm, as a keyed hash of
// 128 bits that nobody outside the process can compute.
//
// It says that a signature is the key's, no more. Every other check is made each time: times,
// components, and that the key is in the agent's directory now, so that a removed key stops working
// at once. It is no replay protection and does not weaken any: whether a signature may be presented
// again is for the replay policy to say, which sees each presentation.
//
// Shared by all threads. A lookup that would have to wait for another thread misses instead.
class VerifiedSignatures {
 public:
  // create makes room for `capacity` signatures (24 octets each), rounded up to a power of two.
  // Errors: argument_invalid (0, or over 2^26), crypto_failure (no random key), out_of_memory.
  [[nodiscard]] static Result<std::shared_ptr<VerifiedSignatures>> create(std::size_t capacity);

  VerifiedSignatures(const VerifiedSignatures&) = delete;
  VerifiedSignatures& operator=(const VerifiedSignatures&) = delete;
  ~VerifiedSignatures();

  // contains says whether exactly this was added and does not expire before or at `now`.
  [[nodiscard]] bool contains(const PublicKey& key, Algorithm algorithm, std::string_view base,
                              std::span<const std::byte> signature, Time now) const noexcept;

  // add remembers until `expires` what verified. Where its place is taken, the entry that expires
  // first goes.
  void add(const PublicKey& key, Algorithm algorithm, std::string_view base,
           std::span<const std::byte> signature, Time expires) noexcept;

 private:
  struct State;
  explicit VerifiedSignatures(std::unique_ptr<State> state) noexcept;
  std::unique_ptr<State> state_;
};

}  // namespace wba

#endif  // WBA_VERIFIED_SIGNATURES_H_
