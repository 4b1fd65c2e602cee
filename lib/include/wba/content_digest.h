#ifndef WBA_CONTENT_DIGEST_H_
#define WBA_CONTENT_DIGEST_H_

// Content-Digest and Repr-Digest, RFC 9530: sha-256 and sha-512.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <wba/error.h>
#include <wba/structured_field.h>

namespace wba {

enum class DigestAlgorithm : std::uint8_t { sha_256, sha_512 };

// to_string gives the key of RFC 9530 §5: "sha-256", "sha-512".
[[nodiscard]] std::string_view to_string(DigestAlgorithm algorithm) noexcept;

// content_digest gives the field value for `body`: `sha-256=:…:`.
[[nodiscard]] std::string content_digest(std::string_view body,
                                         DigestAlgorithm algorithm = DigestAlgorithm::sha_256);

// ContentDigest checks or makes digests of a body that comes in chunks.
class ContentDigest {
 public:
  // to_check reads the field's lines. Every supported digest among them will be compared; unknown
  // algorithms are passed over. Errors: digest_malformed, digest_unsupported.
  [[nodiscard]] static Result<ContentDigest> to_check(std::span<const std::string_view> lines);

  // to_make computes one digest.
  [[nodiscard]] static ContentDigest to_make(DigestAlgorithm algorithm);

  ContentDigest(ContentDigest&&) noexcept;
  ContentDigest& operator=(ContentDigest&&) noexcept;
  ~ContentDigest();

  // update takes the next chunk of the body.
  void update(std::string_view chunk) noexcept;

  // check ends it: all supported digests must match. Error: digest_mismatch. Call it once.
  [[nodiscard]] Result<void> check() noexcept;

  // field_value ends it: the value of the field, for to_make. Call it once.
  [[nodiscard]] std::string field_value();

 private:
  struct State;
  explicit ContentDigest(std::unique_ptr<State> state) noexcept;
  std::unique_ptr<State> state_;
};

// check_content_digest checks a whole body against the field's lines.
// Errors: digest_malformed, digest_unsupported, digest_mismatch. RFC 9530 §2.
[[nodiscard]] Result<void> check_content_digest(std::span<const std::string_view> lines,
                                                std::string_view body);

// The same with a Field to parse into: nothing is allocated once `scratch` has grown.
[[nodiscard]] Result<void> check_content_digest(std::span<const std::string_view> lines,
                                                std::string_view body, sf::Field& scratch);

}  // namespace wba

#endif  // WBA_CONTENT_DIGEST_H_
