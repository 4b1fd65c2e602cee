#ifndef WBA_TESTS_SUPPORT_CONTROLLED_NETWORK_H_
#define WBA_TESTS_SUPPORT_CONTROLLED_NETWORK_H_

// Name resolution and connections under a test's control. A program that links
// controlled_network.cc has its own getaddrinfo and connect, which stand before the C library's for
// libcurl too: names have the addresses that the test says, each lookup the next answer, and a
// connection to any address arrives at one server on loopback. So an address policy is tried with
// every address there is, and nothing leaves the machine.

#include <cstdint>
#include <string>
#include <vector>

namespace wba::test {

// Answer is the addresses of a name, in order; an empty one means that there is no such name.
using Answer = std::vector<std::string>;

class ControlledNetwork {
 public:
  // Whatever is connected to, `port` on 127.0.0.1 answers. One at a time.
  explicit ControlledNetwork(std::uint16_t port);
  ~ControlledNetwork();
  ControlledNetwork(const ControlledNetwork&) = delete;
  ControlledNetwork& operator=(const ControlledNetwork&) = delete;

  // set_answers says what `name` resolves to, lookup by lookup; the last answer stays.
  void set_answers(const std::string& name, std::vector<Answer> answers);

  // hold makes the lookups of `name` wait until `release`, 20 seconds at most.
  void hold(const std::string& name);
  void release();

  // lookups counts what was resolved. connected lists the addresses that sockets were connected to,
  // "192.0.2.1:443" or "[2001:db8::1]:443".
  [[nodiscard]] int lookups() const;
  [[nodiscard]] std::vector<std::string> connected() const;
  void forget();
};

}  // namespace wba::test

#endif  // WBA_TESTS_SUPPORT_CONTROLLED_NETWORK_H_
