#ifndef WBA_COMMAND_SIGNER_H_
#define WBA_COMMAND_SIGNER_H_

#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <wba/key.h>
#include <wba/signer.h>

namespace wba {

// CommandSigner signs with a key that another program reaches: an HSM's, a cloud's. The program
// gets the signature base on its standard input, and writes the signature to its standard output:
// its octets, or base64 with padding, white space around it. ECDSA signatures are r || s, as RFC
// 9421 has them. It runs once for each signature, by no shell, with this process's environment and
// standard error and none of its other descriptors, and everything of its process group is killed
// when the time is over. Each signature is verified before it is given: a wrong key is found here
// and not by an origin.
class CommandSigner final : public Signer {
 public:
  struct Limits {
    std::chrono::milliseconds time = std::chrono::seconds(10);
    std::size_t output = 4096;  // octets
  };

  // create takes the public half of the key, and the program, looked for in PATH where it has no
  // slash, with its arguments. The algorithm is the key's own (RSA: rsa-pss-sha512), unless given.
  // Errors: argument_invalid (no program, a NUL in it, no time), algorithm_key_mismatch (HMAC too).
  [[nodiscard]] static Result<CommandSigner> create(PublicKey key,
                                                    std::vector<std::string> command);
  [[nodiscard]] static Result<CommandSigner> create(PublicKey key, std::vector<std::string> command,
                                                    Algorithm algorithm, Limits limits);

  [[nodiscard]] Algorithm algorithm() const noexcept override { return algorithm_; }
  [[nodiscard]] std::string_view keyid() const noexcept override { return key_.thumbprint(); }

  // sign runs the program. Errors: signer_unreachable (it cannot be started, or took too long),
  // signer_refused (it ended with another status than 0), signer_answer_invalid (no signature of
  // `base` by this key), argument_invalid (no room).
  [[nodiscard]] Result<std::size_t> sign(std::string_view base,
                                         std::span<std::byte> out) const override;

 private:
  CommandSigner(PublicKey key, std::vector<std::string> command, Algorithm algorithm,
                Limits limits) noexcept;

  PublicKey key_;
  std::vector<std::string> command_;
  Algorithm algorithm_;
  Limits limits_;
};

}  // namespace wba

#endif  // WBA_COMMAND_SIGNER_H_
