#ifndef WBA_TESTS_FUZZ_FUZZ_INPUT_H_
#define WBA_TESTS_FUZZ_FUZZ_INPUT_H_

// What fuzz targets share: a check that holds in every build type, and a way to take an input
// apart.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <source_location>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace wba::fuzz {

// require ends the program where the property that a target asserts does not hold.
inline void require(bool holds, std::source_location where = std::source_location::current()) {
  if (holds) return;
  std::fprintf(stderr, "%s:%u: a property does not hold\n", where.file_name(), where.line());
  std::abort();
}

// Input takes the bytes of one run apart from the front. Taking more than there is gives zeros or
// less.
class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) noexcept
      : bytes_(reinterpret_cast<const char*>(data), size) {}

  [[nodiscard]] std::uint8_t take_byte() noexcept {
    const std::string_view byte = take(1);
    return byte.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(byte.front());
  }

  [[nodiscard]] std::string_view take(std::size_t count) noexcept {
    const std::string_view taken = bytes_.substr(0, count);
    bytes_.remove_prefix(taken.size());
    return taken;
  }

  // take_until gives the bytes before `end` and drops `end` itself.
  [[nodiscard]] std::string_view take_until(char end) noexcept {
    const std::string_view taken = bytes_.substr(0, bytes_.find(end));
    bytes_.remove_prefix(taken.size() < bytes_.size() ? taken.size() + 1 : taken.size());
    return taken;
  }

  [[nodiscard]] std::string_view rest() noexcept { return take(bytes_.size()); }
  [[nodiscard]] bool empty() const noexcept { return bytes_.empty(); }

 private:
  std::string_view bytes_;
};

}  // namespace wba::fuzz

#endif  // WBA_TESTS_FUZZ_FUZZ_INPUT_H_
