#ifndef WBA_GUARD_CLIENT_SUBJECT_H_
#define WBA_GUARD_CLIENT_SUBJECT_H_

#include <string>
#include <string_view>

namespace wba::guard {

// append_client_subject appends whom a client's rate is counted for: of IPv6 its network of 64
// bits, since whoever has one address there has them all; of IPv4 the address, mapped or translated
// (64:ff9b::/96) into IPv6 or not. Text that is no address stands for itself.
void append_client_subject(std::string_view client, std::string& out);

}  // namespace wba::guard

#endif  // WBA_GUARD_CLIENT_SUBJECT_H_
