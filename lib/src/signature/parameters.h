#ifndef WBA_SRC_SIGNATURE_PARAMETERS_H_
#define WBA_SRC_SIGNATURE_PARAMETERS_H_

#include <span>

#include <wba/signature.h>

namespace wba {

// read_signature_parameters_into is read_signature_parameters into where they are to stay, whatever
// stood there. false for signature_parameter_invalid. RFC 9421 §2.3.
[[nodiscard]] bool read_signature_parameters_into(std::span<const sf::Parameter> parameters,
                                                  SignatureParameters& read) noexcept;

}  // namespace wba

#endif  // WBA_SRC_SIGNATURE_PARAMETERS_H_
