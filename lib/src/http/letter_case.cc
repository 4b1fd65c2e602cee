#include "http/letter_case.h"

#include <clocale>
#include <cstddef>
#include <cwctype>

#include <locale.h>

#include "base/ascii.h"

namespace wba::http {
namespace {

// fold gives the simple case folding of a code point.
char32_t fold(char32_t c) noexcept {
  static const locale_t unicode = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  // Without the tables any letter may be any other.
  if (unicode == nullptr) return U'\uFFFD';
  return static_cast<char32_t>(
      ::towlower_l(::towupper_l(static_cast<wint_t>(c), unicode), unicode));
}

void append_utf8(char32_t c, std::string& out) {
  const auto add = [&](char32_t octet) { out.push_back(static_cast<char>(octet)); };
  if (c < 0x80) return add(c);
  if (c < 0x800) {
    add(0xc0 | (c >> 6U));
  } else {
    if (c < 0x10000) {
      add(0xe0 | (c >> 12U));
    } else {
      add(0xf0 | (c >> 18U));
      add(0x80 | ((c >> 12U) & 0x3fU));
    }
    add(0x80 | ((c >> 6U) & 0x3fU));
  }
  add(0x80 | (c & 0x3fU));
}

}  // namespace

void fold_case(std::string_view text, std::string& out) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i++]);
    if (lead < 0x80) {
      out.push_back(ascii::to_lower(static_cast<char>(lead)));
      continue;
    }
    const unsigned more = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    char32_t c = lead & (0x3fU >> more);
    for (unsigned k = 0; k < more && i < text.size(); ++k) {
      c = c << 6U | (static_cast<unsigned char>(text[i++]) & 0x3fU);
    }
    append_utf8(fold(c), out);
  }
}

}  // namespace wba::http
