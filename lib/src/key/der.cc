#include "key/der.h"

#include <algorithm>
#include <array>

namespace wba {
namespace {

unsigned value_of(std::byte octet) noexcept { return std::to_integer<unsigned>(octet); }

}  // namespace

bool DerReader::next_is(Tag tag) const noexcept {
  return !rest_.empty() && value_of(rest_[0]) == static_cast<unsigned>(tag);
}

std::optional<Octets> DerReader::read(Tag tag) noexcept {
  if (!next_is(tag) || rest_.size() < 2) return std::nullopt;
  std::size_t header = 2;
  std::size_t length = value_of(rest_[1]);
  if (length == 0x81) {
    if (rest_.size() < 3 || value_of(rest_[2]) < 0x80) return std::nullopt;
    length = value_of(rest_[2]);
    header = 3;
  } else if (length == 0x82) {
    if (rest_.size() < 4 || value_of(rest_[2]) == 0) return std::nullopt;
    length = value_of(rest_[2]) << 8U | value_of(rest_[3]);
    header = 4;
  } else if (length >= 0x80) {
    return std::nullopt;
  }
  if (length > rest_.size() - header) return std::nullopt;
  const Octets contents = rest_.subspan(header, length);
  rest_ = rest_.subspan(header + length);
  return contents;
}

std::optional<Octets> DerReader::read_number() noexcept {
  const Octets before = rest_;
  const auto contents = read(Tag::integer);
  if (contents && !contents->empty()) {
    const unsigned first = value_of((*contents)[0]);
    if (first > 0 && first < 0x80) return contents;
    if (first == 0 && contents->size() > 1 && value_of((*contents)[1]) >= 0x80) {
      return contents->subspan(1);
    }
  }
  rest_ = before;
  return std::nullopt;
}

std::optional<unsigned> DerReader::read_version() noexcept {
  const Octets before = rest_;
  const auto contents = read(Tag::integer);
  if (contents && contents->size() == 1 && value_of((*contents)[0]) < 0x80) {
    return value_of((*contents)[0]);
  }
  rest_ = before;
  return std::nullopt;
}

std::optional<Octets> DerReader::read_bits(Tag tag) noexcept {
  const Octets before = rest_;
  const auto contents = read(tag);
  if (contents && !contents->empty() && value_of((*contents)[0]) == 0) return contents->subspan(1);
  rest_ = before;
  return std::nullopt;
}

void DerWriter::prepend(Octets octets) noexcept {
  if (failed_ || octets.size() > start_) {
    failed_ = true;
    return;
  }
  start_ -= octets.size();
  std::ranges::copy(octets, buffer_.begin() + static_cast<std::ptrdiff_t>(start_));
}

void DerWriter::prepend(std::uint8_t octet) noexcept {
  const std::array one = {std::byte{octet}};
  prepend(one);
}

void DerWriter::prepend_header(Tag tag, std::size_t end) noexcept {
  const std::size_t length = end - start_;
  if (length > 0xffff) {
    failed_ = true;
    return;
  }
  prepend(static_cast<std::uint8_t>(length & 0xffU));
  if (length > 0xff) {
    prepend(static_cast<std::uint8_t>(length >> 8U));
    prepend(std::uint8_t{0x82});
  } else if (length >= 0x80) {
    prepend(std::uint8_t{0x81});
  }
  prepend(static_cast<std::uint8_t>(tag));
}

void DerWriter::prepend_number(Octets number) noexcept {
  const std::size_t end = mark();
  prepend(number);
  if (!number.empty() && value_of(number[0]) >= 0x80) prepend(std::uint8_t{0});
  prepend_header(Tag::integer, end);
}

void DerWriter::prepend_version(std::uint8_t version) noexcept {
  const std::size_t end = mark();
  prepend(version);
  prepend_header(Tag::integer, end);
}

std::optional<Octets> DerWriter::written() const noexcept {
  if (failed_) return std::nullopt;
  return buffer_.subspan(start_);
}

}  // namespace wba
