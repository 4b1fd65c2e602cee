#ifndef WBA_CRYPTO_TLS_CLIENT_H_
#define WBA_CRYPTO_TLS_CLIENT_H_

// The client's end of TLS. It moves octets between memory and memory: sending and receiving is its
// caller's.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <openssl/ssl.h>

namespace wba::crypto {

// TlsClient is what connections to one server have in common: whom to trust, and its name.
class TlsClient {
 public:
  // create trusts the roots in the PEM file `ca_file`, or those of the system if it is empty.
  // `server_name` is a host name or an address. nullptr: the file cannot be read.
  [[nodiscard]] static std::unique_ptr<const TlsClient> create(const std::string& ca_file,
                                                               std::string server_name);

  // Session is one connection's.
  class Session {
   public:
    // Progress says what is needed before a step is done: send what send() gives, then receive.
    enum class Progress : std::uint8_t { done, wants_octets, closed, failed };

    // The server's certificate must be good for the server's name.
    [[nodiscard]] Progress shake_hands() noexcept;
    [[nodiscard]] Progress write(std::string_view octets) noexcept;
    // read appends what has come, one record at the most, to `out`.
    [[nodiscard]] Progress read(std::string& out);

    // to_send takes out what is to be sent.
    void to_send(std::string& out);
    // received puts in what came.
    [[nodiscard]] bool received(std::string_view octets) noexcept;

   private:
    friend class TlsClient;
    struct Free {
      void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
    };
    [[nodiscard]] Progress progress(int result) const noexcept;

    std::unique_ptr<SSL, Free> ssl_;
    BIO* in_ = nullptr;  // both are of ssl_
    BIO* out_ = nullptr;
  };

  // session gives nullptr if there is no memory.
  [[nodiscard]] std::unique_ptr<Session> session() const;

 private:
  struct Free {
    void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
  };
  TlsClient() = default;

  std::unique_ptr<SSL_CTX, Free> context_;
  std::string server_name_;
};

}  // namespace wba::crypto

#endif  // WBA_CRYPTO_TLS_CLIENT_H_
