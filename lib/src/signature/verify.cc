// Verifying one signature, RFC 9421 §3.2.

#include <wba/signature.h>

namespace wba {

Result<Algorithm> algorithm_of(const SignatureParameters& parameters,
                               const PublicKey& key) noexcept {
  if (!parameters.alg) {
    const auto own = key.algorithm();
    // An RSA key without `alg` fits two algorithms: to try either would be a guess.
    if (!own) return std::unexpected(Error{ErrorCode::algorithm_unknown});
    return *own;
  }
  const auto named = algorithm_from_name(*parameters.alg);
  if (!named) return std::unexpected(Error{ErrorCode::algorithm_unknown});
  if (!key.allows(*named)) return std::unexpected(Error{ErrorCode::algorithm_key_mismatch});
  return *named;
}

Result<SignatureParameters> verify_message(const Message& message, const SignatureFields& fields,
                                           std::string_view label, const PublicKey& key,
                                           const BaseOptions& options) {
  const sf::Member* member = fields.input().find(label);
  const auto value = fields.value(label);
  if (member == nullptr || !value) {
    return std::unexpected(Error{ErrorCode::signature_label_missing});
  }
  const auto parameters = read_signature_parameters(fields.input().parameters(*member));
  if (!parameters) return parameters;
  const auto algorithm = algorithm_of(*parameters, key);
  if (!algorithm) return std::unexpected(algorithm.error());
  ComponentScratch scratch;
  std::string base;
  if (auto built = build_signature_base(message, fields.input(), *member, options, scratch, base);
      !built) {
    return std::unexpected(built.error());
  }
  if (auto verified = key.verify(*algorithm, base, *value); !verified) {
    return std::unexpected(verified.error());
  }
  return parameters;
}

}  // namespace wba
