#ifndef WBA_COMPONENT_H_
#define WBA_COMPONENT_H_

// HTTP message components: their identifiers and values, RFC 9421 §2.

#include <cstdint>
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

// ComponentScratch is memory that evaluating components reuses, for one thread at a time.
class ComponentScratch {
 public:
  // start forgets the message of before. build_signature_base calls it.
  void start() noexcept { parsed_name_ = {}; }

  // identifiers is a list for the caller to keep the identifiers of one signature in.
  [[nodiscard]] std::vector<ComponentIdentifier>& identifiers() noexcept { return identifiers_; }

 private:
  friend class ComponentEvaluator;

  sf::Field parsed_;  // the structured field that was read last …
  std::string_view parsed_name_;
  std::span<const FieldLine> parsed_section_;
  std::string text_;  // … and its lines, joined
  std::string decoded_, name_, value_;
  std::vector<ComponentIdentifier> identifiers_;
};

// append_component_value appends the value of the component `identifier` of `message`, as it stands
// in the signature base. `types` are structured fields beside those known to everybody
// (Content-Digest, Repr-Digest, Signature, Signature-Input, Signature-Agent, Accept-Signature); a
// field of unknown type is read as a Dictionary for key, since the identifier says so. `out` is
// unchanged on error. Errors: the component_ codes, authority_invalid. RFC 9421 §2.1 to §2.4.
[[nodiscard]] Result<void> append_component_value(const Message& message,
                                                  const ComponentIdentifier& identifier,
                                                  std::span<const FieldType> types,
                                                  ComponentScratch& scratch, std::string& out);

}  // namespace wba

#endif  // WBA_COMPONENT_H_
