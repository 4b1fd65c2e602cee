#ifndef WBA_SRC_BASE_GUARDED_CALL_H_
#define WBA_SRC_BASE_GUARDED_CALL_H_

#include <exception>
#include <new>
#include <utility>

#include <wba/error.h>

namespace wba {

// guarded_call gives what `body` gives and lets no exception out: the library throws nothing.
template <typename Body>
[[nodiscard]] auto guarded_call(Body&& body) noexcept -> decltype(body()) {
  try {
    return std::forward<Body>(body)();
  } catch (const std::bad_alloc&) {
    return std::unexpected(Error{ErrorCode::out_of_memory});
  } catch (...) {
    return std::unexpected(Error{ErrorCode::crypto_failure});
  }
}

}  // namespace wba

#endif  // WBA_SRC_BASE_GUARDED_CALL_H_
