#ifndef WBA_TOOLS_FETCHING_RESOLVER_H_
#define WBA_TOOLS_FETCHING_RESOLVER_H_

#include <memory>

#include <wba/directory_resolver.h>
#include <wba/key_resolver.h>

namespace wba::cli {

// fetching_resolver looks keys up in `given`, and fetches the directory of an agent whose key is
// not there. Its lookups wait for the network: right for one request at a terminal, and nowhere
// else.
[[nodiscard]] std::shared_ptr<const KeyResolver> fetching_resolver(
    std::shared_ptr<const KeyResolver> given, std::shared_ptr<const DirectoryResolver> fetched);

}  // namespace wba::cli

#endif  // WBA_TOOLS_FETCHING_RESOLVER_H_
