#ifndef WBA_DIRECTORY_POSSESSION_H_
#define WBA_DIRECTORY_POSSESSION_H_

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "directory/key_set.h"

namespace wba::directory {

// DirectoryResponse is what the proofs of a response are checked against. Views.
struct DirectoryResponse {
  std::string_view url;  // normalised; its authority is what the keys sign for
  std::string_view body;
  std::string_view content_digest = {};
  std::string_view signature_input = {};
  std::string_view signature = {};
  // Other fields that a proof may cover; empty where they did not come.
  std::string_view content_type = {};
  std::string_view cache_control = {};
};

// Possession says of one key what the response's signatures say: proven until then, or refuted by a
// signature in its name that does not verify, or neither.
struct Possession {
  std::optional<Time> proven_until = {};
  bool refuted = false;
};

// check_possession judges each of `keys`. A signature that has expired, or that covers too little,
// proves and refutes nothing. `require_digest` asks for the body to be signed, which it must be
// where TLS does not vouch for it.
[[nodiscard]] std::vector<Possession> check_possession(const DirectoryResponse& response,
                                                       std::span<const DirectoryKey> keys,
                                                       bool require_digest, Time now);

}  // namespace wba::directory

#endif  // WBA_DIRECTORY_POSSESSION_H_
