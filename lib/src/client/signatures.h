#ifndef WBA_CLIENT_SIGNATURES_H_
#define WBA_CLIENT_SIGNATURES_H_

// How a session signs: which profile for which target, with which fields, fresh or reused.

#include <cstddef>
#include <string>
#include <vector>

#include <wba/client.h>
#include <wba/request_signer.h>

#include "client/challenge.h"
#include "client/outgoing.h"
#include "client/reuse.h"

namespace wba::client {

// Signed is a request ready to be sent: `fields` in their order, signature fields last.
struct Signed {
  std::vector<ClientField> fields;
  SignedFields signature;
  std::vector<std::string> covered;  // serialised identifiers
  bool reused = false;
};

class Signatures {
 public:
  [[nodiscard]] static Result<void> check(const ClientConfig& config);

  explicit Signatures(ClientConfig config);

  [[nodiscard]] const ClientConfig& config() const noexcept { return config_; }
  [[nodiscard]] Time now() const;

  // sign signs `outgoing` by the profile for its host; with a wish, as wished. A stream that is
  // digested is rewound.
  // Errors: client_body_not_rewindable, those of RequestSigner::sign.
  [[nodiscard]] Result<Signed> sign(const Outgoing& outgoing, const Wish* wish);

  // wish_for says what to sign for a request that was answered with these Accept-Signature lines.
  // Errors: those of parse_accept_signature, signature_label_missing (policy allows none).
  [[nodiscard]] Result<Wish> wish_for(const Outgoing& outgoing,
                                      std::span<const std::string_view> lines) const;

  [[nodiscard]] std::size_t made() const noexcept { return made_; }
  [[nodiscard]] std::size_t reused() const noexcept { return reused_; }

 private:
  [[nodiscard]] const SigningProfile& profile_for(const std::string& host) const noexcept;
  [[nodiscard]] KeyName key_of(const SigningProfile& profile) const noexcept;
  [[nodiscard]] Result<std::string> digest_of(const Outgoing& outgoing,
                                              DigestAlgorithm algorithm) const;
  [[nodiscard]] Result<void> add_fields(const Outgoing& outgoing, const SigningProfile& profile,
                                        const Wish* wish, Signed& result) const;
  void view(const Outgoing& outgoing, const Signed& result);
  [[nodiscard]] Result<void> sign_fresh(const SigningProfile& profile, const Wish* wish,
                                        Signed& result);

  ClientConfig config_;
  RequestSigner signer_;
  SignatureCache cache_;
  // The request as it is signed.
  Request request_;
  std::vector<FieldLine> lines_;
  std::string content_length_;
  std::size_t made_ = 0;
  std::size_t reused_ = 0;
};

}  // namespace wba::client

#endif  // WBA_CLIENT_SIGNATURES_H_
