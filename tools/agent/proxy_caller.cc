#include "proxy_caller.h"

#include <cstring>

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace wba::agent {
namespace {

struct Question {
  nlmsghdr header;
  inet_diag_req_v2 request;
};

// fill_end writes an address and its port; false where it is not on loopback.
bool fill_end(const sockaddr_storage& address, __be32* octets, __be16& port) noexcept {
  if (address.ss_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof v4);
    octets[0] = v4.sin_addr.s_addr;
    port = v4.sin_port;
    return (ntohl(v4.sin_addr.s_addr) >> 24U) == 127;
  }
  sockaddr_in6 v6{};
  std::memcpy(&v6, &address, sizeof v6);
  std::memcpy(octets, &v6.sin6_addr, sizeof v6.sin6_addr);
  port = v6.sin6_port;
  return address.ss_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr);
}

// The question is for the peer's socket, whose own end is our other one.
bool fill(int fd, inet_diag_req_v2& request) noexcept {
  sockaddr_storage own{};
  sockaddr_storage peer{};
  socklen_t own_size = sizeof own;
  socklen_t peer_size = sizeof peer;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&own), &own_size) != 0 ||
      ::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &peer_size) != 0) {
    return false;
  }
  request.sdiag_family = static_cast<__u8>(own.ss_family);
  request.sdiag_protocol = IPPROTO_TCP;
  request.idiag_states = ~0U;
  request.id.idiag_cookie[0] = INET_DIAG_NOCOOKIE;
  request.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  return fill_end(peer, request.id.idiag_src, request.id.idiag_sport) &&
         fill_end(own, request.id.idiag_dst, request.id.idiag_dport);
}

// ask gives the kernel's answer. The kernel answers at once: nothing is waited for.
bool ask(const Question& question, inet_diag_msg& answer) noexcept {
  const int netlink = ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
  if (netlink < 0) return false;
  alignas(nlmsghdr) char buffer[4096];
  ssize_t size = -1;
  if (::send(netlink, &question, sizeof question, 0) == static_cast<ssize_t>(sizeof question)) {
    size = ::recv(netlink, buffer, sizeof buffer, MSG_DONTWAIT);
  }
  ::close(netlink);
  nlmsghdr header{};
  if (size < static_cast<ssize_t>(NLMSG_HDRLEN + sizeof answer)) return false;
  std::memcpy(&header, buffer, sizeof header);
  if (header.nlmsg_type != SOCK_DIAG_BY_FAMILY) return false;
  std::memcpy(&answer, buffer + NLMSG_HDRLEN, sizeof answer);
  return true;
}

}  // namespace

std::optional<uid_t> user_of_peer(int fd) {
  Question question{};
  question.header.nlmsg_len = sizeof question;
  question.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  question.header.nlmsg_flags = NLM_F_REQUEST;
  inet_diag_msg answer{};
  if (!fill(fd, question.request) || !ask(question, answer)) return std::nullopt;
  // Where there is no such connection the kernel may tell of a socket that listens there; and one
  // that its process has closed counts as root's. Neither is who is calling.
  const bool same_ends = answer.id.idiag_sport == question.request.id.idiag_sport &&
                         answer.id.idiag_dport == question.request.id.idiag_dport &&
                         std::memcmp(answer.id.idiag_src, question.request.id.idiag_src,
                                     sizeof answer.id.idiag_src) == 0 &&
                         std::memcmp(answer.id.idiag_dst, question.request.id.idiag_dst,
                                     sizeof answer.id.idiag_dst) == 0;
  const bool open = answer.idiag_state == TCP_ESTABLISHED || answer.idiag_state == TCP_FIN_WAIT1 ||
                    answer.idiag_state == TCP_FIN_WAIT2;
  if (!same_ends || !open || answer.idiag_inode == 0) return std::nullopt;
  return answer.idiag_uid;
}

}  // namespace wba::agent
