#include "support/test_ca.h"

#include <cstdio>
#include <cstdlib>
#include <random>
#include <stdexcept>
#include <utility>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <unistd.h>

namespace wba::test {
namespace {

void check(bool good, const char* what) {
  if (!good) throw std::runtime_error(what);
}

SslCertificate blank_certificate(EVP_PKEY* key, const char* name, bool expired) {
  SslCertificate certificate(X509_new());
  X509_set_version(certificate.get(), X509_VERSION_3);
  std::random_device random;
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), random());
  constexpr long day = 24 * 60 * 60;
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -30 * day);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), expired ? -day : 30 * day);
  X509_set_pubkey(certificate.get(), key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
  return certificate;
}

// Ed25519 signs without a digest of its own.
const EVP_MD* digest_of(const EVP_PKEY* key) {
  return EVP_PKEY_is_a(key, "ED25519") == 1 ? nullptr : EVP_sha256();
}

void add_extension(X509* certificate, X509* issuer, int id, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str());
  check(extension != nullptr, "certificate extension");
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

void write_pem(const std::filesystem::path& path, X509* certificate, EVP_PKEY* key) {
  std::FILE* file = std::fopen(path.c_str(), "we");
  check(file != nullptr, "cannot write a certificate file");
  if (certificate != nullptr) PEM_write_X509(file, certificate);
  if (key != nullptr) PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
  check(std::fclose(file) == 0, "cannot write a certificate file");
}

}  // namespace

TestCa::TestCa() : TestCa(SslKey(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"))) {}

TestCa::TestCa(SslKey key) : key_(std::move(key)) {
  check(key_ != nullptr, "CA key");
  certificate_ = blank_certificate(key_.get(), "wba test CA", false);
  X509_set_issuer_name(certificate_.get(), X509_get_subject_name(certificate_.get()));
  add_extension(certificate_.get(), certificate_.get(), NID_basic_constraints, "critical,CA:TRUE");
  add_extension(certificate_.get(), certificate_.get(), NID_key_usage, "critical,keyCertSign");
  add_extension(certificate_.get(), certificate_.get(), NID_subject_key_identifier, "hash");
  check(X509_sign(certificate_.get(), key_.get(), digest_of(key_.get())) > 0, "CA certificate");
  std::string name = (std::filesystem::temp_directory_path() / "wba-test-ca-XXXXXX").string();
  const int descriptor = mkstemp(name.data());
  check(descriptor >= 0, "CA file");
  close(descriptor);
  file_ = name;
  write_pem(file_, certificate_.get(), nullptr);
}

TestCa::~TestCa() {
  std::error_code ignored;
  std::filesystem::remove(file_, ignored);
}

TestCa::Pair TestCa::issue(const std::vector<std::string>& names, bool expired) const {
  Pair pair;
  pair.key.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  check(pair.key != nullptr && !names.empty(), "server key");
  pair.certificate = blank_certificate(pair.key.get(), "wba test server", expired);
  X509* certificate = pair.certificate.get();
  X509_set_issuer_name(certificate, X509_get_subject_name(certificate_.get()));
  std::string list;
  for (const std::string& name : names) {
    const bool address = name.find_first_not_of("0123456789.") == std::string::npos ||
                         name.find(':') != std::string::npos;
    if (!list.empty()) list.append(",");
    list.append(address ? "IP:" : "DNS:").append(name);
  }
  add_extension(certificate, certificate_.get(), NID_subject_alt_name, list);
  add_extension(certificate, certificate_.get(), NID_authority_key_identifier, "keyid");
  check(X509_sign(certificate, key_.get(), digest_of(key_.get())) > 0, "server certificate");
  return pair;
}

SslContext TestCa::server_context(const std::vector<std::string>& names, bool expired) const {
  const Pair pair = issue(names, expired);
  SslContext context(SSL_CTX_new(TLS_server_method()));
  check(SSL_CTX_use_certificate(context.get(), pair.certificate.get()) == 1 &&
            SSL_CTX_use_PrivateKey(context.get(), pair.key.get()) == 1,
        "server context");
  return context;
}

void TestCa::write_server_files(const std::filesystem::path& folder,
                                const std::vector<std::string>& names) const {
  const Pair pair = issue(names, false);
  write_pem(folder / "certificate.pem", pair.certificate.get(), nullptr);
  write_pem(folder / "key.pem", nullptr, pair.key.get());
}

void TestCa::write_key(const std::filesystem::path& file) const {
  write_pem(file, nullptr, key_.get());
}

}  // namespace wba::test
