#include "crypto/tls_interception.h"

#include <algorithm>
#include <ctime>
#include <map>
#include <utility>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "crypto/openssl_handles.h"
#include "crypto/openssl_pair.h"

namespace wba::crypto {
namespace {

using Bio = std::unique_ptr<BIO, Freed<BIO_free_all>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using TlsContext = std::unique_ptr<SSL_CTX, Freed<SSL_CTX_free>>;
using Connection = std::unique_ptr<SSL, Freed<SSL_free>>;
using Names = std::unique_ptr<GENERAL_NAMES, Freed<GENERAL_NAMES_free>>;

// Contexts that are kept; a client that names ever new hosts makes no more of them.
constexpr std::size_t kMaxHosts = 256;
constexpr long kHour = 60 * 60;
constexpr long kLifetime = 7 * 24 * kHour;
constexpr std::size_t kRecord = 16384;

Bio bio_of(std::string_view text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

bool add_extension(X509* certificate, X509* issuer, int id, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, id, value);
  const bool added = extension != nullptr && X509_add_ext(certificate, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  return added;
}

// The name is set as it is, and not by a text in which a comma would begin another.
bool add_host(X509* certificate, std::string_view host) {
  std::string name(host);
  if (name.starts_with('[') && name.ends_with(']')) name = name.substr(1, name.size() - 2);
  GENERAL_NAME* general = GENERAL_NAME_new();
  ASN1_OCTET_STRING* address = a2i_IPADDRESS(name.c_str());
  if (address != nullptr) {
    GENERAL_NAME_set0_value(general, GEN_IPADD, address);
  } else {
    ASN1_IA5STRING* text = ASN1_IA5STRING_new();
    ASN1_STRING_set(text, name.data(), static_cast<int>(name.size()));
    GENERAL_NAME_set0_value(general, GEN_DNS, text);
  }
  const Names names(sk_GENERAL_NAME_new_null());
  if (sk_GENERAL_NAME_push(names.get(), general) <= 0) {
    GENERAL_NAME_free(general);
    return false;
  }
  // The subject is empty: the extension is critical. RFC 5280 §4.2.1.6.
  return X509_add1_ext_i2d(certificate, NID_subject_alt_name, names.get(), 1, 0) == 1;
}

Certificate issue(X509* issuer, EVP_PKEY* issuer_key, EVP_PKEY* key, std::string_view host) {
  Certificate certificate(X509_new());
  X509* const raw = certificate.get();
  unsigned char serial[16];
  if (raw == nullptr || RAND_bytes(serial, sizeof serial) != 1) return nullptr;
  serial[0] &= 0x7fU;
  BIGNUM* number = BN_bin2bn(serial, sizeof serial, nullptr);
  const bool numbered =
      number != nullptr && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(raw)) != nullptr;
  BN_free(number);
  // A key that signs without a digest of its own (Ed25519) says so.
  int digest = NID_undef;
  const bool hashes =
      EVP_PKEY_get_default_digest_nid(issuer_key, &digest) > 0 && digest != NID_undef;
  const bool made = numbered && X509_set_version(raw, X509_VERSION_3) == 1 &&
                    X509_gmtime_adj(X509_getm_notBefore(raw), -kHour) != nullptr &&
                    X509_gmtime_adj(X509_getm_notAfter(raw), kLifetime) != nullptr &&
                    X509_set_issuer_name(raw, X509_get_subject_name(issuer)) == 1 &&
                    X509_set_pubkey(raw, key) == 1 && add_host(raw, host) &&
                    add_extension(raw, issuer, NID_basic_constraints, "critical,CA:FALSE") &&
                    add_extension(raw, issuer, NID_key_usage, "critical,digitalSignature") &&
                    add_extension(raw, issuer, NID_ext_key_usage, "serverAuth") &&
                    add_extension(raw, issuer, NID_authority_key_identifier, "keyid") &&
                    X509_sign(raw, issuer_key, hashes ? EVP_sha256() : nullptr) > 0;
  return made ? std::move(certificate) : nullptr;
}

int choose_protocol(SSL* /*ssl*/, const unsigned char** out, unsigned char* size,
                    const unsigned char* in, unsigned in_size, void* /*unused*/) {
  static constexpr unsigned char kHttp11[] = "\x08http/1.1";
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, size, kHttp11, sizeof kHttp11 - 1, in, in_size) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace

struct TlsServer::State {
  Connection ssl;
  BIO* in = nullptr;   // the connection's
  BIO* out = nullptr;  // the connection's
  bool ended = false;
  bool finished = false;

  void drain(std::string& to) const {
    char* data = nullptr;
    const long size = BIO_get_mem_data(out, &data);
    if (size > 0) to.append(data, static_cast<std::size_t>(size));
    BIO_reset(out);
  }

  // good says whether the connection goes on after a call that gave `result`.
  [[nodiscard]] bool good(int result) {
    const int error = SSL_get_error(ssl.get(), result);
    if (error == SSL_ERROR_ZERO_RETURN) ended = true;
    return error == SSL_ERROR_NONE || error == SSL_ERROR_WANT_READ ||
           error == SSL_ERROR_ZERO_RETURN;
  }
};

TlsServer::TlsServer(std::unique_ptr<State> state) noexcept : state_(std::move(state)) {}
TlsServer::~TlsServer() = default;

bool TlsServer::holds_back() const noexcept {
  return BIO_pending(state_->in) > 0 || SSL_has_pending(state_->ssl.get()) == 1;
}
bool TlsServer::ended() const noexcept { return state_->ended; }
bool TlsServer::established() const noexcept {
  return SSL_is_init_finished(state_->ssl.get()) == 1;
}

bool TlsServer::receive(std::string& in, std::string& text, std::size_t most, std::string& out) {
  ERR_clear_error();
  bool good = true;
  char buffer[kRecord];
  while (good && !state_->ended && text.size() < most) {
    // What has come is looked at piece by piece: not much more is held than is read of it.
    const auto fed = std::min(in.size(), kRecord);
    if (fed > 0) BIO_write(state_->in, in.data(), static_cast<int>(fed));
    in.erase(0, fed);
    const int size = SSL_read(state_->ssl.get(), buffer,
                              static_cast<int>(std::min(kRecord, most - text.size())));
    good = size > 0 || state_->good(size);
    if (size > 0) text.append(buffer, static_cast<std::size_t>(size));
    if (size <= 0 && fed == 0) break;
  }
  state_->drain(out);
  return good;
}

bool TlsServer::send(std::string& text, std::string& out, std::size_t most) {
  ERR_clear_error();
  std::size_t sent = 0;
  bool good = true;
  while (good && established() && sent < text.size() && out.size() < most) {
    const int size = SSL_write(state_->ssl.get(), text.data() + sent,
                               static_cast<int>(std::min(kRecord, text.size() - sent)));
    good = size > 0;
    if (good) sent += static_cast<std::size_t>(size);
    state_->drain(out);
  }
  text.erase(0, sent);
  return good;
}

void TlsServer::finish(std::string& out) {
  if (!established() || std::exchange(state_->finished, true)) return;
  ERR_clear_error();
  SSL_shutdown(state_->ssl.get());
  state_->drain(out);
}

struct InterceptionAuthority::State {
  Certificate certificate;
  KeyParts key;
  Pkey host_key;  // all hosts', of this process: it is worth nothing without a certificate
  std::map<std::string, TlsContext, std::less<>> contexts;  // by host

  [[nodiscard]] Certificate issue_for(std::string_view host) const;
  [[nodiscard]] SSL_CTX* context_for(std::string_view host);
};

Certificate InterceptionAuthority::State::issue_for(std::string_view host) const {
  const Pkey pair = openssl_pair(key);
  return pair == nullptr ? nullptr : issue(certificate.get(), pair.get(), host_key.get(), host);
}

SSL_CTX* InterceptionAuthority::State::context_for(std::string_view host) {
  if (const auto found = contexts.find(host); found != contexts.end()) {
    // One whose certificate is about to expire is made anew.
    const X509* made = SSL_CTX_get0_certificate(found->second.get());
    std::time_t soon = std::time(nullptr) + kHour;
    if (X509_cmp_time(X509_get0_notAfter(made), &soon) > 0) return found->second.get();
    contexts.erase(found);
  }
  const Certificate leaf = issue_for(host);
  TlsContext context(SSL_CTX_new(TLS_server_method()));
  if (leaf == nullptr || context == nullptr ||
      SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) != 1 ||
      SSL_CTX_use_certificate(context.get(), leaf.get()) != 1 ||
      SSL_CTX_use_PrivateKey(context.get(), host_key.get()) != 1 ||
      SSL_CTX_add1_chain_cert(context.get(), certificate.get()) != 1) {
    return nullptr;
  }
  SSL_CTX_set_options(context.get(), SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_alpn_select_cb(context.get(), &choose_protocol, nullptr);
  if (contexts.size() >= kMaxHosts) contexts.erase(contexts.begin());
  return contexts.emplace(host, std::move(context)).first->second.get();
}

InterceptionAuthority::InterceptionAuthority(std::unique_ptr<State> state) noexcept
    : state_(std::move(state)) {}
InterceptionAuthority::InterceptionAuthority(InterceptionAuthority&&) noexcept = default;
InterceptionAuthority& InterceptionAuthority::operator=(InterceptionAuthority&&) noexcept = default;
InterceptionAuthority::~InterceptionAuthority() = default;

std::expected<InterceptionAuthority, std::string> InterceptionAuthority::create(
    std::string_view certificate, KeyParts key) {
  ERR_clear_error();
  auto state = std::make_unique<State>();
  // Nobody is asked for a passphrase.
  const auto no_passphrase = [](char*, int, int, void*) { return -1; };
  state->certificate.reset(
      PEM_read_bio_X509(bio_of(certificate).get(), nullptr, no_passphrase, nullptr));
  if (state->certificate == nullptr) return std::unexpected("there is no certificate in PEM");
  state->key = std::move(key);
  if (X509_check_private_key(state->certificate.get(), openssl_pair(state->key).get()) != 1) {
    return std::unexpected("the private key is not the certificate's");
  }
  if (X509_check_ca(state->certificate.get()) != 1 ||
      (X509_get_key_usage(state->certificate.get()) & KU_KEY_CERT_SIGN) == 0) {
    return std::unexpected("the certificate is not an authority's: it may issue no others");
  }
  if (X509_cmp_current_time(X509_get0_notAfter(state->certificate.get())) <= 0) {
    return std::unexpected("the certificate has expired");
  }
  state->host_key.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  if (state->host_key == nullptr) return std::unexpected("no key for hosts can be made");
  return InterceptionAuthority(std::move(state));
}

std::unique_ptr<TlsServer> InterceptionAuthority::serve(std::string_view host) {
  ERR_clear_error();
  SSL_CTX* context = state_->context_for(host);
  auto state = std::make_unique<TlsServer::State>();
  if (context == nullptr) return nullptr;
  state->ssl.reset(SSL_new(context));
  state->in = BIO_new(BIO_s_mem());
  state->out = BIO_new(BIO_s_mem());
  if (state->ssl == nullptr || state->in == nullptr || state->out == nullptr) {
    BIO_free(state->in);
    BIO_free(state->out);
    return nullptr;
  }
  BIO_set_mem_eof_return(state->in, -1);
  SSL_set_bio(state->ssl.get(), state->in, state->out);
  SSL_set_accept_state(state->ssl.get());
  return std::unique_ptr<TlsServer>(new TlsServer(std::move(state)));
}

}  // namespace wba::crypto
