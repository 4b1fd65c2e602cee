#ifndef WBA_MESSAGE_COMPONENT_TEXT_H_
#define WBA_MESSAGE_COMPONENT_TEXT_H_

#include <string>
#include <string_view>

#include <wba/component.h>

namespace wba {

// append_component_identifier is the public function of this name with a Field to parse into:
// nothing is allocated for a name alone, nor for a quoted one with parameters, once `scratch` and
// `out` have grown.
[[nodiscard]] Result<void> append_component_identifier(std::string_view text, sf::Field& scratch,
                                                       std::string& out);

// read_component_identifier_into is read_component_identifier into a new `id`, where it is to stay.
// false with `error` set; `id` then holds no identifier. RFC 9421 §2, §2.5.
[[nodiscard]] bool read_component_identifier_into(const sf::BareItem& name,
                                                  std::span<const sf::Parameter> parameters,
                                                  ComponentIdentifier& id,
                                                  ErrorCode& error) noexcept;

}  // namespace wba

#endif  // WBA_MESSAGE_COMPONENT_TEXT_H_
