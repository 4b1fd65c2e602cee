#ifndef WBA_SRC_SIGNATURE_SIGN_H_
#define WBA_SRC_SIGNATURE_SIGN_H_

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <wba/signature.h>

namespace wba {

// CoveredList is a label with the Inner List of its covered components, written, and read back as a
// verifier will read it. It is kept from one signature to the next: most requests of a signer cover
// the same.
class CoveredList {
 public:
  CoveredList() = default;
  CoveredList(const CoveredList&) = delete;  // it views itself
  CoveredList& operator=(const CoveredList&) = delete;

  // write makes it the list of `components`, as append_component_identifier takes them, unless it
  // is that already. Errors: those of sign_message. Throws std::bad_alloc.
  [[nodiscard]] Result<void> write(std::string_view label,
                                   std::span<const std::string_view> components);

  // Of the last write, which must have succeeded: `label=("…" …)`, what is read from it, and the
  // components.
  [[nodiscard]] std::string_view text() const noexcept { return text_; }
  [[nodiscard]] const sf::Field& field() const noexcept { return field_; }
  [[nodiscard]] std::span<const ComponentIdentifier> identifiers() const noexcept {
    return identifiers_;
  }

 private:
  [[nodiscard]] bool is_of(std::string_view label,
                           std::span<const std::string_view> components) const noexcept;

  bool written_ = false;
  std::string label_;
  std::vector<std::string> components_;
  std::string text_;
  sf::Field field_;
  std::vector<ComponentIdentifier> identifiers_;
};

// sign_message_as is sign_message for who has read the message's signatures and knows that none of
// them has `parameters.label`, and whose parameters have different keys. On error `lines` is
// unspecified. Throws std::bad_alloc.
[[nodiscard]] Result<void> sign_message_as(const Message& message,
                                           const SigningParameters& parameters,
                                           const Signer& signer, const BaseOptions& options,
                                           CoveredList& covered, ComponentScratch& scratch,
                                           SignedLines& lines);

}  // namespace wba

#endif  // WBA_SRC_SIGNATURE_SIGN_H_
