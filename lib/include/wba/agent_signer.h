#ifndef WBA_AGENT_SIGNER_H_
#define WBA_AGENT_SIGNER_H_

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include <wba/field_signer.h>

namespace wba {

// AgentSigner has requests signed by `wba agent`, which holds the key and a policy. What it answers
// is verified before it is used. A child of fork must not use its parent's.
class AgentSigner final : public FieldSigner {
 public:
  // connect asks the daemon that listens on the Unix socket `path` which keys this user may use,
  // and takes the one that is named so there, the first without a name. `limit` is for each call.
  // Errors: signer_unreachable, signer_refused (no such key), signer_answer_invalid,
  // argument_invalid.
  [[nodiscard]] static Result<AgentSigner> connect(
      const std::string& path, std::string_view key = {},
      std::chrono::milliseconds limit = std::chrono::seconds(10));

  AgentSigner(AgentSigner&&) noexcept;
  AgentSigner& operator=(AgentSigner&&) noexcept;
  ~AgentSigner() override;

  [[nodiscard]] Algorithm algorithm() const noexcept override;
  [[nodiscard]] std::string_view keyid() const noexcept override;
  [[nodiscard]] Result<void> sign(const Request& request, const SigningOptions& options,
                                  SignedFields& fields) const override;

  // profile and agent_url are what the daemon signs with.
  [[nodiscard]] SignerProfile profile() const noexcept;
  [[nodiscard]] const std::string& agent_url() const noexcept;

  // last_refusal is the daemon's reason for the last signer_refused: "authority-not-allowed".
  [[nodiscard]] std::string last_refusal() const;

 private:
  struct State;
  explicit AgentSigner(std::unique_ptr<State> state) noexcept;
  std::unique_ptr<State> state_;
};

}  // namespace wba

#endif  // WBA_AGENT_SIGNER_H_
