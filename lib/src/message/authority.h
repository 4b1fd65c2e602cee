#ifndef WBA_SRC_MESSAGE_AUTHORITY_H_
#define WBA_SRC_MESSAGE_AUTHORITY_H_

#include <string>
#include <string_view>

namespace wba {

// append_authority is append_normalised_authority for callers that catch std::bad_alloc themselves
// and say authority_invalid where it returns false: `out` is unchanged then. RFC 9421 §2.2.3.
[[nodiscard]] bool append_authority(std::string_view scheme, std::string_view authority,
                                    std::string& out);

}  // namespace wba

#endif  // WBA_SRC_MESSAGE_AUTHORITY_H_
