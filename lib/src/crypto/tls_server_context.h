#ifndef WBA_CRYPTO_TLS_SERVER_CONTEXT_H_
#define WBA_CRYPTO_TLS_SERVER_CONTEXT_H_

// A server's certificate and key for TLS. It is in no library: the servers alone are built with it.

#include <memory>
#include <optional>
#include <string>

struct ssl_ctx_st;
struct ssl_st;

namespace wba::crypto {

// TlsServerContext makes the server's end of connections: TLS 1.2 and 1.3.
class TlsServerContext {
 public:
  // load reads a certificate chain and its key, PEM files. nullopt if they do not belong together
  // or cannot be read.
  [[nodiscard]] static std::optional<TlsServerContext> load(const std::string& certificate,
                                                            const std::string& key);

  // connection gives OpenSSL's object for one connection, which the caller frees. Null if there is
  // no memory.
  [[nodiscard]] ssl_st* connection() const noexcept;

 private:
  struct Free {
    void operator()(ssl_ctx_st* context) const noexcept;
  };
  explicit TlsServerContext(ssl_ctx_st* context) noexcept : context_(context) {}

  std::unique_ptr<ssl_ctx_st, Free> context_;
};

}  // namespace wba::crypto

#endif  // WBA_CRYPTO_TLS_SERVER_CONTEXT_H_
