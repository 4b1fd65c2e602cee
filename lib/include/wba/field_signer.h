#ifndef WBA_FIELD_SIGNER_H_
#define WBA_FIELD_SIGNER_H_

#include <string_view>

#include <wba/algorithm.h>
#include <wba/error.h>
#include <wba/key_resolver.h>
#include <wba/message.h>
#include <wba/request_signer.h>

namespace wba {

// FieldSigner makes the signature fields of requests. A Signer is handed a signature base, which it
// can sign or not; a FieldSigner is handed the request, and can judge it. That is why the signing
// daemon is a FieldSigner: a base is whatever its caller wrote, and a daemon that signed bases
// would sign for every host, whatever its policy says. An implementation may be used from several
// threads at once.
class FieldSigner {
 public:
  virtual ~FieldSigner() = default;

  // algorithm and keyid are of the key that will sign. The views live as long as the signer.
  [[nodiscard]] virtual Algorithm algorithm() const noexcept = 0;
  [[nodiscard]] virtual std::string_view keyid() const noexcept = 0;

  // sign makes the fields as RequestSigner::sign does, `fields.lines.base` included. What the
  // options ask for is covered at least; time and a lifetime that is not given are the signer's to
  // choose. `fields` is unchanged on error. Errors: signer_unreachable, signer_refused,
  // signer_answer_invalid; argument_invalid (a profile or agent URL that is not the signer's).
  [[nodiscard]] virtual Result<void> sign(const Request& request, const SigningOptions& options,
                                          SignedFields& fields) const = 0;
};

}  // namespace wba

#endif  // WBA_FIELD_SIGNER_H_
