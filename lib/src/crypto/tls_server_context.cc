#include "crypto/tls_server_context.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

namespace wba::crypto {

void TlsServerContext::Free::operator()(ssl_ctx_st* context) const noexcept {
  ::SSL_CTX_free(context);
}

std::optional<TlsServerContext> TlsServerContext::load(const std::string& certificate,
                                                       const std::string& key) {
  TlsServerContext made(::SSL_CTX_new(::TLS_server_method()));
  ::SSL_CTX* const context = made.context_.get();
  const bool is_loaded =
      context != nullptr && ::SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
      ::SSL_CTX_use_certificate_chain_file(context, certificate.c_str()) == 1 &&
      ::SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) == 1 &&
      ::SSL_CTX_check_private_key(context) == 1;
  ::ERR_clear_error();
  if (!is_loaded) return std::nullopt;
  ::SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  // Silent connections hold no buffers.
  ::SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  return made;
}

ssl_st* TlsServerContext::connection() const noexcept { return ::SSL_new(context_.get()); }

}  // namespace wba::crypto
