#ifndef WBA_SRC_SIGNATURE_BASE_H_
#define WBA_SRC_SIGNATURE_BASE_H_

#include <span>
#include <string>
#include <vector>

#include <wba/signature.h>

namespace wba {

// read_covered_components replaces `identifiers` by the covered components of `member`, read and
// checked, none of them twice. The error's offset is the index of the component at fault.
// Errors: signature_input_not_inner_list, component_duplicate, those of
// read_component_identifier. RFC 9421 §2.5, §4.1.
[[nodiscard]] Result<void> read_covered_components(const sf::Field& input, const sf::Member& member,
                                                   std::vector<ComponentIdentifier>& identifiers);

// build_signature_base_of is build_signature_base for identifiers that read_covered_components
// read. The caller starts `scratch` once a message: all its signatures share the work.
[[nodiscard]] Result<void> build_signature_base_of(const Message& message, const sf::Field& input,
                                                   const sf::Member& member,
                                                   std::span<const ComponentIdentifier> identifiers,
                                                   const BaseOptions& options,
                                                   ComponentScratch& scratch, std::string& out);

}  // namespace wba

#endif  // WBA_SRC_SIGNATURE_BASE_H_
