#ifndef WBA_TOOLS_DIRECTORY_SERVER_H_
#define WBA_TOOLS_DIRECTORY_SERVER_H_

// The HTTPS server of `wba directory serve`.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <wba/directory_host.h>
#include <wba/signer.h>

#include "context.h"

namespace wba::cli {

struct ServerOptions {
  std::string file;  // the directory
  std::string certificate;
  std::string tls_key;
  std::string address = "0.0.0.0";
  std::uint16_t port = 443;  // 0: any that is free
  directory::HostOptions host;
};

// DirectoryServer serves one directory file at the well-known path, and `/health`. The file is read
// again when it has changed; one that is no good leaves the old directory in place.
//
// One thread holds all connections. Those that say nothing, or little at a time, are closed when
// their time is over, or sooner when there are too many: of one address or network, or at all.
class DirectoryServer {
 public:
  // create opens the port, which no other server may have, and reads the directory.
  [[nodiscard]] static Outcome<std::unique_ptr<DirectoryServer>> create(
      ServerOptions options, std::vector<std::shared_ptr<const Signer>> signers);
  ~DirectoryServer();
  DirectoryServer(const DirectoryServer&) = delete;
  DirectoryServer& operator=(const DirectoryServer&) = delete;

  [[nodiscard]] std::uint16_t port() const noexcept;

  // run serves until stop is called, from any thread.
  [[nodiscard]] Outcome<void> run();
  void stop() noexcept;

 private:
  class Impl;
  explicit DirectoryServer(std::unique_ptr<Impl> impl) noexcept;
  std::unique_ptr<Impl> impl_;
};

}  // namespace wba::cli

#endif  // WBA_TOOLS_DIRECTORY_SERVER_H_
