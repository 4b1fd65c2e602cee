#ifndef WBA_AUTHORITIES_H_
#define WBA_AUTHORITIES_H_

// Which hosts and ports a server answers for. A signature binds a request to the authority that the
// agent sent it to (RFC 9421 §2.2.3): it is worth nothing unless that authority is the server's
// own.

#include <initializer_list>
#include <memory>
#include <span>
#include <string_view>

#include <wba/error.h>

namespace wba {

// Authorities are the authorities that are a server's own. It has no default constructor: leaving
// the decision out does not compile.
class Authorities {
 public:
  // of takes patterns:
  //
  //   shop.example        this host, at the default port of the request's scheme
  //   *.shop.example      every host below it, at any depth, and not shop.example itself
  //   shop.example:8443   this port, with "*." too
  //   192.0.2.1, [2001:db8::1]:8443
  //
  // Hosts are compared in one spelling: case, a dot at the end, and the way to write an IPv6
  // address make no difference. Errors: argument_invalid for an empty list; authority_invalid for
  // what is no such pattern, with its place in the list as offset.
  [[nodiscard]] static Result<Authorities> of(std::span<const std::string_view> patterns);
  [[nodiscard]] static Result<Authorities> of(std::initializer_list<std::string_view> patterns);

  // any takes every authority for the server's own. A signature is then good at any server: a site
  // that an agent visits can send its signed requests on, with its own name in Host, and passes as
  // the agent. It is for those who look at Host themselves, and for looking into messages.
  [[nodiscard]] static Authorities any() noexcept;

  [[nodiscard]] bool is_any() const noexcept { return state_ == nullptr; }

  // contains returns true if `authority`, as a client of `scheme` sent it, is one of these. It
  // allocates nothing for a host in its usual spelling.
  [[nodiscard]] bool contains(std::string_view scheme, std::string_view authority) const noexcept;

  // Equal if made of the same patterns, in any spelling and order.
  friend bool operator==(const Authorities& a, const Authorities& b) noexcept;

 private:
  struct State;
  explicit Authorities(std::shared_ptr<const State> state) noexcept;
  std::shared_ptr<const State> state_;
};

}  // namespace wba

#endif  // WBA_AUTHORITIES_H_
