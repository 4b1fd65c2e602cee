#ifndef WBA_MESSAGE_COMPONENT_TEXT_H_
#define WBA_MESSAGE_COMPONENT_TEXT_H_

#include <string>
#include <string_view>

#include <wba/error.h>
#include <wba/structured_field.h>

namespace wba {

// append_component_identifier is the public function of this name with a Field to parse into:
// nothing is allocated for a name alone, nor for a quoted one with parameters, once `scratch` and
// `out` have grown.
[[nodiscard]] Result<void> append_component_identifier(std::string_view text, sf::Field& scratch,
                                                       std::string& out);

}  // namespace wba

#endif  // WBA_MESSAGE_COMPONENT_TEXT_H_
