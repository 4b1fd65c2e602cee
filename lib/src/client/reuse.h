#ifndef WBA_CLIENT_REUSE_H_
#define WBA_CLIENT_REUSE_H_

// Signatures that may be sent again.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include <wba/client.h>
#include <wba/component.h>
#include <wba/message.h>
#include <wba/request_signer.h>
#include <wba/structured_field.h>

namespace wba::client {

// SignatureCache keeps signatures by authority. Bounded: the authority that was used longest ago
// goes first.
class SignatureCache {
 public:
  explicit SignatureCache(const ReusePolicy& policy) noexcept : policy_(policy) {}

  // find gives a signature by `profile` that holds for `request` octet for octet: the signature
  // base that a verifier will build is the one that was signed. nullptr where there is none. It
  // lives until the next call.
  [[nodiscard]] const SignedFields* find(const SigningProfile& profile, const Request& request,
                                         Time now);

  // add keeps a signature that was made at `now` for `request`.
  void add(const SigningProfile& profile, const Request& request, const SignedFields& fields,
           Time now);

 private:
  struct Entry {
    const SigningProfile* profile;
    SignedFields fields;
    sf::Field input;  // of fields.lines.signature_input
    Time created;
    Time expires;
  };
  struct Authority {
    std::vector<std::unique_ptr<Entry>> entries;
    std::uint64_t used = 0;
  };

  [[nodiscard]] bool holds(const Entry& entry, const Request& request);

  ReusePolicy policy_;
  std::unordered_map<std::string, Authority> authorities_;
  std::uint64_t uses_ = 0;
  ComponentScratch scratch_;
  std::vector<FieldLine> lines_;
  std::string key_;
  std::string base_;
};

}  // namespace wba::client

#endif  // WBA_CLIENT_REUSE_H_
