#ifndef WBA_COMPONENT_H_
#define WBA_COMPONENT_H_

// HTTP message components: their identifiers and values, RFC 9421 §2.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <wba/error.h>
#include <wba/message.h>
#include <wba/structured_field.h>

namespace wba {

// ComponentKind says whether a component is a field (§2.1) or which derived component (§2.2).
enum class ComponentKind : std::uint8_t {
  field,
  method,          // "@method"
  target_uri,      // "@target-uri"
  authority,       // "@authority"
  scheme,          // "@scheme"
  request_target,  // "@request-target"
  path,            // "@path"
  query,           // "@query"
  query_param,     // "@query-param";name="…"
  status,          // "@status"
};

// ComponentIdentifier is a component's name and parameters, read and checked. It views the parsed
// field that it was read from.
struct ComponentIdentifier {
  ComponentKind kind = ComponentKind::field;
  std::string_view name;  // lower-case field name, or the derived name with its "@"
  bool sf = false;        // §2.1.1
  bool bs = false;        // §2.1.3
  bool tr = false;        // §2.1.4
  bool req = false;       // §2.4
  bool has_key = false;   // §2.1.2
  std::string_view key;   // of a Dictionary member; or the name of a query parameter, §2.2.8

  // Two identifiers are equal where name and parameters are, in whatever order these came. §2.
  friend bool operator==(const ComponentIdentifier&, const ComponentIdentifier&) = default;
};

// read_component_identifier reads one item of a list of covered components and checks what can be
// checked without a message.
// Errors: signature_input_not_string, component_name_invalid, component_name_unknown,
// component_signature_params_listed, component_parameter_unknown, component_parameter_invalid,
// component_parameters_incompatible. RFC 9421 §2, §2.5.
[[nodiscard]] Result<ComponentIdentifier> read_component_identifier(
    const sf::BareItem& name, std::span<const sf::Parameter> parameters) noexcept;

// append_component_identifier appends an identifier as people and options write it, in its strict
// form: a name without quotes gets them, so that `@method`, `"@method"` and
// `@query-param;name="a"` are all taken. `out` is unchanged on error.
// Errors: the sf_ codes and those of read_component_identifier.
[[nodiscard]] Result<void> append_component_identifier(std::string_view text, std::string& out);

// FieldType is the structured type of a field that the application knows, for sf and key.
struct FieldType {
  enum class Structure : std::uint8_t { item, list, dictionary };
  std::string_view name;  // lower case
  Structure structure = Structure::dictionary;
};

class MessageIndex;

// ComponentScratch is memory that evaluating components reuses, for one thread at a time, and what
// was read of the message: a part that several components need is read once.
class ComponentScratch {
 public:
  ComponentScratch() noexcept;
  ComponentScratch(ComponentScratch&&) noexcept;
  ComponentScratch& operator=(ComponentScratch&&) noexcept;
  ~ComponentScratch();

  // start forgets the message of before: call it before each message. build_signature_base does.
  void start() noexcept;

  // work counts the octets and field lines that evaluating components has read and written since
  // start.
  [[nodiscard]] std::size_t work() const noexcept;

  // identifiers is a list for the caller to keep the identifiers of one signature in.
  [[nodiscard]] std::vector<ComponentIdentifier>& identifiers() noexcept { return identifiers_; }

  // index is for append_component_value. It throws std::bad_alloc at its first use.
  [[nodiscard]] MessageIndex& index();

 private:
  std::unique_ptr<MessageIndex> index_;
  std::vector<ComponentIdentifier> identifiers_;
};

// append_component_value appends the value of the component `identifier` of `message`, as it stands
// in the signature base. `types` are structured fields beside those known to everybody
// (Content-Digest, Repr-Digest, Signature, Signature-Input, Signature-Agent, Accept-Signature); a
// field of unknown type is read as a Dictionary for key, since the identifier says so. Of a query
// with more than 1024 parameters none can be covered: signature_base_too_long. `out` is unchanged
// on error. Errors: the component_ codes, authority_invalid. RFC 9421 §2.1 to §2.4.
[[nodiscard]] Result<void> append_component_value(const Message& message,
                                                  const ComponentIdentifier& identifier,
                                                  std::span<const FieldType> types,
                                                  ComponentScratch& scratch, std::string& out);

}  // namespace wba

#endif  // WBA_COMPONENT_H_
