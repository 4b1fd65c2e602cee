#ifndef WBA_DIRECTORY_CLIENT_SUBJECT_H_
#define WBA_DIRECTORY_CLIENT_SUBJECT_H_

// Whom a client's share of something is counted for.

#include <string>
#include <string_view>

namespace wba::directory {

// append_client_subject appends the key of one client: the IPv4 address, mapped or translated
// (64:ff9b::/96) into IPv6 or not, or the IPv6 /64 network. Text that is no address stands for
// itself.
void append_client_subject(std::string_view client, std::string& out);

// append_client_network appends the key of the client's wider network, which one holder of
// addresses has as a whole: the IPv4 /16 or the IPv6 /32. Text that is no address stands for
// itself.
void append_client_network(std::string_view client, std::string& out);

}  // namespace wba::directory

#endif  // WBA_DIRECTORY_CLIENT_SUBJECT_H_
