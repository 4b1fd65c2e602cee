#ifndef WBA_TESTS_SUPPORT_JSON_FILE_H_
#define WBA_TESTS_SUPPORT_JSON_FILE_H_

#include <fstream>
#include <initializer_list>
#include <sstream>
#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace wba::test {

// read_json_file gives the parsed file with members in the file's order. A file that is missing or
// no JSON fails the test; the result is then null.
inline nlohmann::ordered_json read_json_file(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  std::stringstream bytes;
  bytes << stream.rdbuf();
  if (!stream) {
    ADD_FAILURE() << path << ": cannot be read";
    return nullptr;
  }
  nlohmann::ordered_json parsed = nlohmann::ordered_json::parse(bytes.str(), nullptr, false);
  if (parsed.is_discarded()) {
    ADD_FAILURE() << path << ": not JSON";
    return nullptr;
  }
  return parsed;
}

// expect_known_keys fails the test for a member of `object` that is not among `known`, so that no
// part of a vector goes unread.
inline void expect_known_keys(const nlohmann::ordered_json& object,
                              std::initializer_list<std::string_view> known,
                              const std::string& where) {
  ASSERT_TRUE(object.is_object()) << where;
  for (const auto& [key, value] : object.items()) {
    bool found = false;
    for (const std::string_view name : known) found = found || name == key;
    EXPECT_TRUE(found) << where << ": unknown member " << key;
  }
}

}  // namespace wba::test

#endif  // WBA_TESTS_SUPPORT_JSON_FILE_H_
