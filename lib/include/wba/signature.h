#ifndef WBA_SIGNATURE_H_
#define WBA_SIGNATURE_H_

// HTTP message signatures, RFC 9421: the signature fields, parameters, base, signing, verifying.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <wba/component.h>
#include <wba/error.h>
#include <wba/key.h>
#include <wba/message.h>
#include <wba/signer.h>
#include <wba/structured_field.h>

namespace wba {

// SignatureLimits bound what is read of a message's signatures, before it is read.
struct SignatureLimits {
  // Of each of the signature fields; `members` is how many signatures one message may carry,
  // `inner_list_items` how many components one signature may cover.
  sf::Limits fields{.bytes = 16384, .members = 16, .parameters = 32, .inner_list_items = 64};
  std::size_t base_bytes = 65536;  // of one signature base
  // Octets and field lines that are read and written for the bases of one message, of all its
  // signatures together.
  std::size_t base_work = 131072;
};

// SignatureParameters are the parameters of one signature, views of its Signature-Input member.
// Absent ones are nullopt. RFC 9421 §2.3.
struct SignatureParameters {
  std::optional<std::int64_t> created = {};  // seconds since the epoch
  std::optional<std::int64_t> expires = {};
  std::optional<std::string_view> nonce = {};
  std::optional<std::string_view> alg = {};
  std::optional<std::string_view> keyid = {};
  std::optional<std::string_view> tag = {};
};

// read_signature_parameters reads the parameters of an Inner List; unknown ones are passed over.
// Error: signature_parameter_invalid for one of the wrong type. RFC 9421 §2.3.
[[nodiscard]] Result<SignatureParameters> read_signature_parameters(
    std::span<const sf::Parameter> parameters) noexcept;

// SignatureFields are the parsed Signature-Input and Signature fields of one message. They view the
// message's storage; parsing into the same object again allocates nothing once it has grown.
class SignatureFields {
 public:
  // parse reads both fields of a header or trailer section. A field that is not there leaves its
  // Dictionary empty. On error both are empty. Lines and members of Signature that are of another
  // kind of signature and have no label of Signature-Input are passed over.
  // Errors: the sf_ codes; signature_input_not_inner_list, signature_value_invalid,
  // signature_label_duplicate; `in_signature` then tells which of the two fields it was in.
  [[nodiscard]] Result<void> parse(std::span<const FieldLine> section,
                                   const SignatureLimits& limits = {});

  // has_input and has_signature say whether the field is there at all, even empty.
  [[nodiscard]] bool has_input() const noexcept { return has_input_; }
  [[nodiscard]] bool has_signature() const noexcept { return has_signature_; }
  [[nodiscard]] bool error_in_signature() const noexcept { return error_in_signature_; }

  // has_foreign: true if something in Signature is of another kind: a line that is no Dictionary, a
  // member that is no Byte Sequence.
  [[nodiscard]] bool has_foreign() const noexcept { return has_foreign_; }

  // input is Signature-Input: its members are Inner Lists, one a label.
  [[nodiscard]] const sf::Field& input() const noexcept { return input_; }

  // signature is Signature: its members are Byte Sequences, one a label, but for foreign ones.
  [[nodiscard]] const sf::Field& signature() const noexcept { return signature_; }

  // value gives the signature with this label, nullopt where no Byte Sequence has it.
  [[nodiscard]] std::optional<std::span<const std::byte>> value(
      std::string_view label) const noexcept;

 private:
  void collect(std::span<const FieldLine> section, std::string_view name);
  Result<void> read_input(std::span<const FieldLine> section, const sf::Limits& limits);
  Result<void> read_signature(std::span<const FieldLine> section, const sf::Limits& limits);
  Result<void> read_own_lines(const Error& error, const sf::Limits& limits);

  sf::Field input_;
  sf::Field signature_;
  std::vector<std::string_view> lines_;
  bool has_input_ = false;
  bool has_signature_ = false;
  bool has_foreign_ = false;
  bool error_in_signature_ = false;
};

// BaseOptions are what building a signature base needs to know of the application.
struct BaseOptions {
  std::span<const FieldType> field_types = {};
  std::size_t max_bytes = SignatureLimits{}.base_bytes;
  std::size_t max_work = SignatureLimits{}.base_work;
};

// build_signature_base replaces `out` by the signature base of `message` for `member`, a member of
// the parsed Signature-Input (or Accept-Signature) `input`: one line per covered component, then
// @signature-params with no newline after it. `out` is empty on error; the error's offset is the
// index of the component at fault. No allocation once `scratch` and `out` have grown.
// Errors: signature_input_not_inner_list, the component_ codes, authority_invalid,
// signature_base_too_long, for more work than the limit, too. RFC 9421 §2.5.
[[nodiscard]] Result<void> build_signature_base(const Message& message, const sf::Field& input,
                                                const sf::Member& member,
                                                const BaseOptions& options,
                                                ComponentScratch& scratch, std::string& out);

// SigningParameters say what a new signature covers and states. `parameters` follow in this order.
struct SigningParameters {
  // label of the signature. Empty: the first of sig1, sig2, … that the message does not have.
  std::string_view label = {};
  // components as append_component_identifier takes them: `@method`, `content-digest;req`.
  std::span<const std::string_view> components = {};
  // parameters in their order: keys and values, such as {"created", Integer}.
  std::span<const sf::Parameter> parameters = {};
};

// SignedLines are a new signature as two field lines: what to add to the message, beside the lines
// that it may have. `base` is what was signed.
struct SignedLines {
  std::string signature_input;  // value of a Signature-Input line
  std::string signature;        // value of a Signature line
  std::string base;
};

// sign_message makes a signature of `message`. Fields it covers must be in the message already.
// `lines` is reused: nothing is allocated for ed25519 once it and `scratch` have grown.
// Errors: sf_invalid_key (label), the component_ codes, signature_label_duplicate,
// signature_base_too_long, the signer's own. RFC 9421 §3.1, §4.
struct SigningScratch {
  sf::Field field;
  SignatureFields existing;
  ComponentScratch components;
  std::string dictionary;
  std::string text;
};
[[nodiscard]] Result<void> sign_message(const Message& message, const SigningParameters& parameters,
                                        const Signer& signer, const BaseOptions& options,
                                        SigningScratch& scratch, SignedLines& lines);

// algorithm_of decides with which algorithm a signature is to be checked: the `alg` parameter where
// there is one, the key's own else; they must agree. RFC 9421 §3.2, step 6.
// Errors: algorithm_unknown, algorithm_key_mismatch.
[[nodiscard]] Result<Algorithm> algorithm_of(const SignatureParameters& parameters,
                                             const PublicKey& key) noexcept;

// verify_message checks the signature `label` of `message` with `key`: the cryptography of RFC 9421
// §3.2 and nothing else. Times, required components and who the key belongs to are the caller's
// to judge; a Verifier does all of it for Web Bot Auth.
// Errors: those of SignatureFields::parse, signature_label_missing, signature_parameter_invalid,
// those of build_signature_base and algorithm_of, signature_wrong.
[[nodiscard]] Result<SignatureParameters> verify_message(const Message& message,
                                                         const SignatureFields& fields,
                                                         std::string_view label,
                                                         const PublicKey& key,
                                                         const BaseOptions& options = {});

}  // namespace wba

#endif  // WBA_SIGNATURE_H_
