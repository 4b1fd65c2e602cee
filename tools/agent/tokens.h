#ifndef WBA_TOOLS_AGENT_TOKENS_H_
#define WBA_TOOLS_AGENT_TOKENS_H_

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace wba::agent {

// Tokens knows callers by the secrets that they show. It keeps digests, so that neither its memory
// nor the time it takes tells anything of a token.
class Tokens {
 public:
  // A token is 32 to 256 letters, digits and characters of "-._~+/=" (RFC 6750 §2.1): 128 random
  // bits in hexadecimal digits, at least.
  static constexpr std::size_t min_size = 32;
  static constexpr std::size_t max_size = 256;

  // add says what is wrong with `token`, which is not shown.
  [[nodiscard]] std::expected<void, std::string> add(std::string name, std::string_view token);

  // holder gives the name of who holds the token in an Authorization field's value, "Bearer TOKEN";
  // empty where nobody does. It lives as long as the object.
  [[nodiscard]] std::string_view holder(std::string_view authorization) const;

 private:
  struct Known {
    std::string name;
    std::string digest;
  };
  std::vector<Known> known_;
};

}  // namespace wba::agent

#endif  // WBA_TOOLS_AGENT_TOKENS_H_
