#include "directory/json.h"

#include <array>
#include <cmath>
#include <limits>
#include <new>
#include <set>
#include <string>
#include <vector>

namespace wba::directory {
namespace {

struct Refused {
  ErrorCode code;
};

}  // namespace

Result<Json> read_json(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.bytes) return std::unexpected(Error{ErrorCode::directory_too_large});
  std::vector<std::set<std::string, std::less<>>> seen;
  const auto watch = [&](int depth, Json::parse_event_t event, Json& parsed) {
    // depth counts the values around this one.
    if (static_cast<std::size_t>(depth) >= limits.depth) {
      throw Refused{ErrorCode::directory_too_deep};
    }
    if (event == Json::parse_event_t::object_start) {
      seen.emplace_back();
    } else if (event == Json::parse_event_t::object_end) {
      seen.pop_back();
    } else if (event == Json::parse_event_t::key) {
      if (!seen.back().insert(parsed.get_ref<const std::string&>()).second) {
        throw Refused{ErrorCode::directory_member_duplicate};
      }
    }
    return true;
  };
  try {
    return Json::parse(text.begin(), text.end(), watch);
  } catch (const Refused& refused) {
    return std::unexpected(Error{refused.code});
  } catch (const Json::parse_error& error) {
    const std::size_t at = error.byte == 0 ? 0 : error.byte - 1;
    return std::unexpected(Error{ErrorCode::directory_not_json,
                                 static_cast<std::uint32_t>(std::min(at, text.size()))});
  } catch (const Json::exception&) {
    // A number out of a double's range.
    return std::unexpected(Error{ErrorCode::directory_not_json});
  } catch (const std::bad_alloc&) {
    return std::unexpected(Error{ErrorCode::out_of_memory});
  }
}

const Json* member(const Json& object, std::string_view name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

std::optional<std::string_view> text_member(const Json& object, std::string_view name) {
  const Json* value = member(object, name);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return std::string_view(value->get_ref<const std::string&>());
}

std::optional<std::int64_t> whole_number(const Json& value) {
  if (value.is_number_unsigned()) {
    const auto number = value.get<std::uint64_t>();
    if (number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      return std::nullopt;
    }
    return static_cast<std::int64_t>(number);
  }
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (value.is_number_float()) {
    const auto number = value.get<double>();
    // 2^53: beyond it a double no longer holds every whole number.
    if (std::abs(number) > 9007199254740992.0 || std::trunc(number) != number) return std::nullopt;
    return static_cast<std::int64_t>(number);
  }
  return std::nullopt;
}

std::string_view private_member(const Json& jwk) {
  static constexpr std::array<std::string_view, 7> names = {"d", "p", "q", "dp", "dq", "qi", "oth"};
  for (const std::string_view name : names) {
    if (member(jwk, name) != nullptr) return name;
  }
  if (text_member(jwk, "kty") == "oct" && member(jwk, "k") != nullptr) return "k";
  return {};
}

}  // namespace wba::directory
