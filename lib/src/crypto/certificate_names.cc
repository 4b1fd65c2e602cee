#include "crypto/certificate_names.h"

#include <array>

#include <arpa/inet.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "crypto/openssl_handles.h"

namespace wba::crypto {
namespace {

using Bio = std::unique_ptr<BIO, Freed<BIO_free_all>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Names = std::unique_ptr<GENERAL_NAMES, Freed<GENERAL_NAMES_free>>;

std::string address_text(std::string_view octets) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (octets.size() == 4) {
    if (::inet_ntop(AF_INET, octets.data(), text.data(), text.size()) == nullptr) return {};
    return text.data();
  }
  if (octets.size() != 16 ||
      ::inet_ntop(AF_INET6, octets.data(), text.data(), text.size()) == nullptr) {
    return {};
  }
  return std::string("[").append(text.data()).append("]");
}

std::string_view octets_of(const ASN1_STRING* string) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
          static_cast<std::size_t>(ASN1_STRING_length(string))};
}

}  // namespace

std::vector<std::string> certificate_names(std::string_view pem) {
  const ErrorMark mark;
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  const Certificate certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (certificate == nullptr) return {};
  const Names names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate.get(), NID_subject_alt_name, nullptr, nullptr)));
  std::vector<std::string> hosts;
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    std::string host;
    if (name->type == GEN_DNS) host = octets_of(name->d.dNSName);
    if (name->type == GEN_IPADD) host = address_text(octets_of(name->d.iPAddress));
    if (!host.empty()) hosts.push_back(std::move(host));
  }
  return hosts;
}

}  // namespace wba::crypto
