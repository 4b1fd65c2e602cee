#ifndef WBA_CRYPTO_TLS_INTERCEPTION_H_
#define WBA_CRYPTO_TLS_INTERCEPTION_H_

// The server's end of TLS for hosts that are others': with certificates of a local authority that
// its clients were told to trust. It is in no library: the forward proxy alone is built with it.

#include <cstddef>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "crypto/parts.h"

namespace wba::crypto {

// TlsServer is one connection. No socket in it: octets go in and come out. TLS 1.2 and 1.3,
// HTTP/1.1 where the client names protocols.
class TlsServer {
 public:
  ~TlsServer();
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  // receive takes what the client sent from the front of `in`, appends what it means to `text`
  // until that holds `most`, and to `out` what TLS itself has to answer. False where the client
  // does not speak TLS as it should; `out` then holds the alert.
  [[nodiscard]] bool receive(std::string& in, std::string& text, std::size_t most,
                             std::string& out);
  // send takes `text` and appends what carries it to `out`, until that holds `most`. Nothing is
  // taken before the handshake is done. False on failure.
  [[nodiscard]] bool send(std::string& text, std::string& out, std::size_t most);
  // finish appends the notice that nothing more will come, once.
  void finish(std::string& out);

  // holds_back: something was received that receive has not given yet.
  [[nodiscard]] bool holds_back() const noexcept;
  // ended: the client gave that notice. established: the handshake is done.
  [[nodiscard]] bool ended() const noexcept;
  [[nodiscard]] bool established() const noexcept;

 private:
  friend class InterceptionAuthority;
  struct State;
  explicit TlsServer(std::unique_ptr<State> state) noexcept;
  std::unique_ptr<State> state_;
};

// InterceptionAuthority makes the certificates, all for one key that lives as long as it does.
class InterceptionAuthority {
 public:
  // create reads the authority's certificate, which is PEM. Its private key stays in guarded
  // memory, and is OpenSSL's for the time of one signature: one for each host that is new. Errors:
  // what is wrong with them, for people; nothing of what is in them.
  [[nodiscard]] static std::expected<InterceptionAuthority, std::string> create(
      std::string_view certificate, KeyParts key);
  InterceptionAuthority(InterceptionAuthority&&) noexcept;
  InterceptionAuthority& operator=(InterceptionAuthority&&) noexcept;
  ~InterceptionAuthority();

  // serve begins a connection for `host`, a name or an IP address (IPv6 in brackets). nullptr
  // where no certificate can be made for it.
  [[nodiscard]] std::unique_ptr<TlsServer> serve(std::string_view host);

 private:
  struct State;
  explicit InterceptionAuthority(std::unique_ptr<State> state) noexcept;
  std::unique_ptr<State> state_;
};

}  // namespace wba::crypto

#endif  // WBA_CRYPTO_TLS_INTERCEPTION_H_
