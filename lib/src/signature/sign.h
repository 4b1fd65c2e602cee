#ifndef WBA_SRC_SIGNATURE_SIGN_H_
#define WBA_SRC_SIGNATURE_SIGN_H_

#include <wba/signature.h>

namespace wba {

// sign_message_as is sign_message for who has read the message's signatures and knows that none of
// them has `parameters.label`. On error `lines` is unspecified. Throws std::bad_alloc.
[[nodiscard]] Result<void> sign_message_as(const Message& message,
                                           const SigningParameters& parameters,
                                           const Signer& signer, const BaseOptions& options,
                                           SigningScratch& scratch, SignedLines& lines);

}  // namespace wba

#endif  // WBA_SRC_SIGNATURE_SIGN_H_
