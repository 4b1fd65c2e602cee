#include "proxy_channel.h"

#include <utility>

namespace wba::agent {
namespace {

constexpr std::size_t kRawMost = std::size_t{64} << 10U;

}  // namespace

void ProxyChannel::begin_tls(std::unique_ptr<crypto::TlsServer> tls,
                             std::string received) noexcept {
  tls_ = std::move(tls);
  raw_in_ = std::move(received);
}

bool ProxyChannel::receive(std::string& in, std::size_t most) {
  if (tls_ == nullptr) return socket_.receive(in, most);
  const bool moved = socket_.receive(raw_in_, kRawMost);
  const auto before = in.size();
  const bool good = tls_->receive(raw_in_, in, most, raw_out_);
  socket_.send(raw_out_);  // of the handshake, or why it failed
  broken_ = broken_ || !good;
  return moved || in.size() != before;
}

bool ProxyChannel::send(std::string& out) {
  if (tls_ == nullptr) return socket_.send(out);
  const auto before = out.size();
  if (!tls_->send(out, raw_out_, kRawMost)) broken_ = true;
  const bool moved = socket_.send(raw_out_);
  return moved || out.size() != before;
}

bool ProxyChannel::ended() const noexcept {
  return socket_.ended() || (tls_ != nullptr && tls_->ended());
}

void ProxyChannel::finish() {
  if (tls_ != nullptr) {
    tls_->finish(raw_out_);
    socket_.send(raw_out_);
  }
  socket_.finish();
}

void ProxyChannel::add_to(std::vector<curl_waitfd>& sockets, bool reading, bool writing) const {
  socket_.add_to(sockets, reading, tls_ == nullptr ? writing : !raw_out_.empty());
}

bool ProxyChannel::holds_back() const noexcept {
  return tls_ != nullptr && (!raw_in_.empty() || tls_->holds_back());
}

}  // namespace wba::agent
