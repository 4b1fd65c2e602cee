#ifndef WBA_TOOLS_SIGN_OUTPUT_H_
#define WBA_TOOLS_SIGN_OUTPUT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <wba/message.h>
#include <wba/request_signer.h>

namespace wba::cli {

// SignedRequest is a request and all that is to be sent with it.
struct SignedRequest {
  Request request;
  std::vector<FieldLine> given = {};  // by the caller, in their order
  std::vector<FieldLine> added = {};  // by signing
  std::string content_digest = {};
  std::optional<std::string> body = {};
  SignedFields fields = {};
};

enum class OutputFormat : std::uint8_t {
  headers,  // the added field lines
  message,  // the whole HTTP/1.1 message
  curl,     // a command for a shell
  json,     // one object
};

[[nodiscard]] std::optional<OutputFormat> output_format_from_name(std::string_view name) noexcept;

// signed_output gives what `wba sign` prints. `url` is the request's, `body_file` the file that the
// body was read from, empty where there is none.
[[nodiscard]] std::string signed_output(const SignedRequest& made, OutputFormat format,
                                        std::string_view url, std::string_view body_file);

}  // namespace wba::cli

#endif  // WBA_TOOLS_SIGN_OUTPUT_H_
