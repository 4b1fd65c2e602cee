#include "crypto/tls_client.h"

#include <array>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

namespace wba::crypto {

std::unique_ptr<const TlsClient> TlsClient::create(const std::string& ca_file,
                                                   std::string server_name) {
  std::unique_ptr<TlsClient> tls(new TlsClient);
  tls->server_name_ = std::move(server_name);
  tls->context_.reset(SSL_CTX_new(TLS_client_method()));
  SSL_CTX* const context = tls->context_.get();
  if (context == nullptr || SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1) {
    return nullptr;
  }
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  const int trusted = ca_file.empty()
                          ? SSL_CTX_set_default_verify_paths(context)
                          : SSL_CTX_load_verify_locations(context, ca_file.c_str(), nullptr);
  ERR_clear_error();
  return trusted == 1 ? std::move(tls) : nullptr;
}

std::unique_ptr<TlsClient::Session> TlsClient::session() const {
  auto session = std::make_unique<Session>();
  session->ssl_.reset(SSL_new(context_.get()));
  SSL* const ssl = session->ssl_.get();
  if (ssl == nullptr) return nullptr;
  session->in_ = BIO_new(BIO_s_mem());
  session->out_ = BIO_new(BIO_s_mem());
  if (session->in_ == nullptr || session->out_ == nullptr) {
    BIO_free(session->in_);
    BIO_free(session->out_);
    return nullptr;
  }
  SSL_set_bio(ssl, session->in_, session->out_);
  SSL_set_connect_state(ssl);
  // It takes an address, and nothing else.
  bool named = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), server_name_.c_str()) == 1;
  if (!named) {
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    named = SSL_set1_host(ssl, server_name_.c_str()) == 1 &&
            SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                     const_cast<char*>(server_name_.c_str())) == 1;
  }
  return named ? std::move(session) : nullptr;
}

TlsClient::Session::Progress TlsClient::Session::progress(int result) const noexcept {
  if (result > 0) return Progress::done;
  const int error = SSL_get_error(ssl_.get(), result);
  ERR_clear_error();
  if (error == SSL_ERROR_WANT_READ) return Progress::wants_octets;
  return error == SSL_ERROR_ZERO_RETURN ? Progress::closed : Progress::failed;
}

TlsClient::Session::Progress TlsClient::Session::shake_hands() noexcept {
  ERR_clear_error();
  return progress(SSL_do_handshake(ssl_.get()));
}

TlsClient::Session::Progress TlsClient::Session::write(std::string_view octets) noexcept {
  ERR_clear_error();
  std::size_t written = 0;
  return progress(SSL_write_ex(ssl_.get(), octets.data(), octets.size(), &written));
}

TlsClient::Session::Progress TlsClient::Session::read(std::string& out) {
  ERR_clear_error();
  std::array<char, 4096> octets;
  std::size_t size = 0;
  const auto result = progress(SSL_read_ex(ssl_.get(), octets.data(), octets.size(), &size));
  out.append(octets.data(), size);
  return result;
}

void TlsClient::Session::to_send(std::string& out) {
  out.resize(BIO_ctrl_pending(out_));
  std::size_t size = 0;
  if (!out.empty()) BIO_read_ex(out_, out.data(), out.size(), &size);
  out.resize(size);
}

bool TlsClient::Session::received(std::string_view octets) noexcept {
  std::size_t size = 0;
  return BIO_write_ex(in_, octets.data(), octets.size(), &size) == 1 && size == octets.size();
}

}  // namespace wba::crypto
