#ifndef WBA_BENCH_BENCH_REQUEST_H_
#define WBA_BENCH_BENCH_REQUEST_H_

// The requests that benchmarks verify and sign.

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <wba/authorities.h>
#include <wba/key_resolver.h>
#include <wba/message.h>
#include <wba/request_signer.h>

namespace wba::bench {

enum class Shape : std::uint8_t {
  minimal,  // draft-ietf-webbotauth-httpsig-protocol-01, E.2.1
  browser,  // four components and a nonce, among the fields that a browser sends
  body,     // a POST with Content-Digest, checked against its body
};

// RFC 9421 B.1.4: test-key-ed25519.
inline constexpr std::string_view bench_private_jwk =
    R"({"kty":"OKP","crv":"Ed25519","d":"n4Ni-HpISpVObnQMW0wOhCKROaIKqKtW_2ZYb2p9KcU",)"
    R"("x":"JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs"})";

// BenchRequest is one request, signed and not, with the storage that its views need.
struct BenchRequest {
  BenchRequest() = default;
  BenchRequest(const BenchRequest&) = delete;
  BenchRequest& operator=(const BenchRequest&) = delete;

  Request request;           // signed
  Request unsigned_request;  // the same before it was signed
  std::optional<std::string> body;
  Time now{};
  std::string agent_url;
  std::string directory;  // the key set at the agent's URL
  std::vector<std::string_view> components;

  [[nodiscard]] SigningOptions signing_options() const noexcept;
  [[nodiscard]] std::size_t field_bytes() const noexcept;

  std::vector<FieldLine> fields;
  std::vector<FieldLine> unsigned_fields;
  SignedFields signed_fields;
};

// bench_authorities has the authorities of all these requests.
[[nodiscard]] inline Authorities bench_authorities() {
  return Authorities::of({"example.com", "*.example.com"}).value();
}

// bench_request makes the request of a shape once. It ends the program where that fails.
[[nodiscard]] const BenchRequest& bench_request(Shape shape);

}  // namespace wba::bench

#endif  // WBA_BENCH_BENCH_REQUEST_H_
