#ifndef WBA_TESTS_SUPPORT_TEST_CA_H_
#define WBA_TESTS_SUPPORT_TEST_CA_H_

// A certificate authority that a test makes for itself.

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <openssl/ssl.h>

namespace wba::test {

template <auto Free>
struct OpenSslFree {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using SslKey = std::unique_ptr<EVP_PKEY, OpenSslFree<EVP_PKEY_free>>;
using SslCertificate = std::unique_ptr<X509, OpenSslFree<X509_free>>;
using SslContext = std::unique_ptr<SSL_CTX, OpenSslFree<SSL_CTX_free>>;

// TestCa holds a key, a fresh one of P-256 where none is given, and its self-signed certificate,
// written to `file()` (PEM), which is what `--ca` or DirectoryResolver's `ca_file` takes. The file
// goes with the object.
class TestCa {
 public:
  TestCa();
  explicit TestCa(SslKey key);
  ~TestCa();
  TestCa(const TestCa&) = delete;
  TestCa& operator=(const TestCa&) = delete;

  [[nodiscard]] const std::filesystem::path& file() const { return file_; }

  // server_context gives a TLS server context with a certificate for `names` (DNS names, or IP
  // addresses as text). An expired one ended a day ago.
  [[nodiscard]] SslContext server_context(const std::vector<std::string>& names,
                                          bool expired = false) const;

  // write_server_files writes `certificate.pem` and `key.pem` for `names` into `folder`, for
  // servers that read files.
  void write_server_files(const std::filesystem::path& folder,
                          const std::vector<std::string>& names) const;

  // write_key writes the authority's own private key, for who is to issue certificates itself.
  void write_key(const std::filesystem::path& file) const;

 private:
  struct Pair {
    SslKey key;
    SslCertificate certificate;
  };
  [[nodiscard]] Pair issue(const std::vector<std::string>& names, bool expired) const;

  SslKey key_;
  SslCertificate certificate_;
  std::filesystem::path file_;
};

}  // namespace wba::test

#endif  // WBA_TESTS_SUPPORT_TEST_CA_H_
