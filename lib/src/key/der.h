#ifndef WBA_SRC_KEY_DER_H_
#define WBA_SRC_KEY_DER_H_

// The little of DER (X.690 §10, §11) that keys are written in. By hand because OpenSSL's decoders
// and encoders leave copies of private keys behind that nobody wipes: the reader gives views, the
// writer writes into the caller's guarded memory.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace wba {

using Octets = std::span<const std::byte>;

enum class Tag : std::uint8_t {
  integer = 0x02,
  bit_string = 0x03,
  octet_string = 0x04,
  null = 0x05,
  object_identifier = 0x06,
  sequence = 0x30,
  context_0 = 0xa0,            // [0], constructed
  context_1 = 0xa1,            // [1], constructed
  context_1_primitive = 0x81,  // [1] IMPLICIT of a primitive type
};

// DerReader goes through the elements of one constructed value. Lengths are definite and minimal;
// contents of 64 KiB and more are refused. A failed read leaves the reader where it was.
class DerReader {
 public:
  explicit DerReader(Octets data) noexcept : rest_(data) {}

  [[nodiscard]] bool at_end() const noexcept { return rest_.empty(); }
  [[nodiscard]] bool next_is(Tag tag) const noexcept;

  // read gives the contents of the next element, which must have this tag.
  [[nodiscard]] std::optional<Octets> read(Tag tag) noexcept;

  // read_number gives a positive INTEGER without its sign octet.
  [[nodiscard]] std::optional<Octets> read_number() noexcept;

  // read_version reads an INTEGER from 0 to 127.
  [[nodiscard]] std::optional<unsigned> read_version() noexcept;

  // read_bits gives the contents of a BIT STRING of whole octets, tagged `tag`.
  [[nodiscard]] std::optional<Octets> read_bits(Tag tag = Tag::bit_string) noexcept;

 private:
  Octets rest_;
};

// DerWriter writes from the back of a buffer to its front, so that lengths are known when they are
// written. What does not fit leaves it failed.
class DerWriter {
 public:
  explicit DerWriter(std::span<std::byte> buffer) noexcept
      : buffer_(buffer), start_(buffer.size()) {}

  // mark is where an element ends that is about to be written.
  [[nodiscard]] std::size_t mark() const noexcept { return start_; }

  void prepend(Octets octets) noexcept;
  void prepend(std::uint8_t octet) noexcept;
  // prepend_header closes an element that ends at `end`.
  void prepend_header(Tag tag, std::size_t end) noexcept;
  // prepend_number writes a positive INTEGER from its big-endian octets without leading zeros.
  void prepend_number(Octets number) noexcept;
  void prepend_version(std::uint8_t version) noexcept;

  // written gives what was written; nullopt where it did not fit.
  [[nodiscard]] std::optional<Octets> written() const noexcept;

 private:
  std::span<std::byte> buffer_;
  std::size_t start_;
  bool failed_ = false;
};

}  // namespace wba

#endif  // WBA_SRC_KEY_DER_H_
