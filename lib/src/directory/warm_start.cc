#include "directory/warm_start.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <optional>

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include <wba/agent_identity.h>
#include <wba/content_digest.h>

namespace wba::directory {
namespace {

using Json = nlohmann::json;

constexpr std::string_view magic = "wba-directory-cache 1 ";
constexpr std::size_t max_file_bytes = std::size_t{1} << 30U;
constexpr auto failed = std::unexpected(Error{ErrorCode::argument_invalid});

// Descriptor closes what it holds.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return number_; }

 private:
  int number_;
};

std::int64_t count(Time time) { return time.time_since_epoch().count(); }

Json to_json(const SavedDirectory& saved) {
  const Directory& version = *saved.version;
  Json keys = Json::array();
  for (const DirectoryKey& key : version.keys->keys()) {
    const auto jwk = key.key.jwk();
    if (!jwk) continue;
    Json entry = {{"jwk", *jwk}, {"kid", key.kid}};
    if (key.nbf) entry["nbf"] = *key.nbf;
    if (key.exp) entry["exp"] = *key.exp;
    keys.push_back(std::move(entry));
  }
  return {{"url", version.subject->url},
          {"metadata", version.subject->metadata},
          {"labels", version.keys->labels_count()},
          {"fresh_until", count(version.fresh_until)},
          {"refresh_at", count(version.refresh_at)},
          {"stale_until", count(version.stale_until)},
          {"etag", saved.etag},
          {"last_modified", saved.last_modified},
          {"keys", std::move(keys)}};
}

bool write_all(int to, std::string_view data) {
  while (!data.empty()) {
    const ssize_t written = ::write(to, data.data(), data.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    data.remove_prefix(static_cast<std::size_t>(written));
  }
  return ::fsync(to) == 0;
}

std::optional<std::string> read_all(const std::filesystem::path& file) {
  // Of a pipe nobody would ever open the other end.
  const Descriptor from(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat status {};
  if (from.get() < 0 || ::fstat(from.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return std::nullopt;
  }
  // Whoever can write it can name keys: root, and this user alone.
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) return std::nullopt;
  if (status.st_uid != 0 && status.st_uid != ::geteuid()) return std::nullopt;
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size > max_file_bytes) return std::nullopt;
  std::string text(size, '\0');
  for (std::size_t at = 0; at < size;) {
    const ssize_t got = ::read(from.get(), text.data() + at, size - at);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return std::nullopt;
    at += static_cast<std::size_t>(got);
  }
  return text;
}

// Fields of the file, read with the type that they must have.
template <typename T>
std::optional<T> member(const Json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end()) return std::nullopt;
  if constexpr (std::is_same_v<T, bool>) {
    if (!found->is_boolean()) return std::nullopt;
  } else if constexpr (std::is_same_v<T, std::int64_t>) {
    if (!found->is_number_integer()) return std::nullopt;
  } else {
    if (!found->is_string()) return std::nullopt;
  }
  return found->get<T>();
}

std::optional<std::vector<DirectoryKey>> read_keys(const Json& entry, std::size_t most) {
  const auto list = entry.find("keys");
  if (list == entry.end() || !list->is_array() || list->size() > most) return std::nullopt;
  std::vector<DirectoryKey> keys;
  for (const Json& element : *list) {
    if (!element.is_object()) return std::nullopt;
    const auto jwk = member<std::string>(element, "jwk");
    if (!jwk) return std::nullopt;
    const auto key = PublicKey::from_jwk(*jwk);
    if (!key) return std::nullopt;
    keys.push_back({.key = *key,
                    .kid = member<std::string>(element, "kid").value_or(""),
                    .nbf = member<std::int64_t>(element, "nbf"),
                    .exp = member<std::int64_t>(element, "exp"),
                    .test_key = key->is_published_test_key()});
    if ((element.contains("nbf") && !keys.back().nbf) ||
        (element.contains("exp") && !keys.back().exp)) {
      return std::nullopt;
    }
  }
  return keys;
}

bool is_field_value(std::string_view text) {
  return text.size() <= 1024 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c != '\x7f'; });
}

std::optional<LoadedDirectory> read_entry(const Json& entry, const CacheSettings& settings,
                                          Time now) {
  if (!entry.is_object()) return std::nullopt;
  const auto url = member<std::string>(entry, "url");
  const auto metadata = member<bool>(entry, "metadata");
  const auto labels = member<bool>(entry, "labels");
  const auto fresh_until = member<std::int64_t>(entry, "fresh_until");
  const auto refresh_at = member<std::int64_t>(entry, "refresh_at");
  const auto stale_until = member<std::int64_t>(entry, "stale_until");
  const auto etag = member<std::string>(entry, "etag");
  const auto last_modified = member<std::string>(entry, "last_modified");
  if (!url || !metadata || !labels || !fresh_until || !refresh_at || !stale_until || !etag ||
      !last_modified || !is_field_value(*etag) || !is_field_value(*last_modified)) {
    return std::nullopt;
  }
  LoadedDirectory loaded{.url = *url, .host = {}, .metadata = *metadata, .saved = {}};
  std::string buffer;
  const auto located = locate_agent({.url = *url, .kind = AgentKind::key_set}, buffer);
  if (!located || located->document != *url) return std::nullopt;
  loaded.host = located->host;
  auto keys = read_keys(entry, settings.limits.keys);
  if (!keys) return std::nullopt;
  // No file can make a directory last longer than a response could.
  const std::int64_t at = count(now);
  const std::int64_t fresh = std::min(*fresh_until, at + settings.policy.fresh_max.count());
  const std::int64_t stale = std::min(*stale_until, fresh + settings.policy.stale_max.count());
  if (stale <= at) return std::nullopt;
  const auto time = [](std::int64_t value) { return Time(std::chrono::seconds(value)); };
  loaded.saved = {.version = std::make_shared<const Directory>(
                      Directory{.keys = std::make_shared<const KeySet>(std::move(*keys), *labels),
                                .fresh_until = time(fresh),
                                .refresh_at = time(std::min(*refresh_at, fresh)),
                                .stale_until = time(stale)}),
                  .etag = *etag,
                  .last_modified = *last_modified};
  return loaded;
}

}  // namespace

Result<std::size_t> write_cache_file(const std::filesystem::path& file,
                                     const std::vector<SavedDirectory>& directories,
                                     ProofRule proofs) {
  Json list = Json::array();
  for (const SavedDirectory& saved : directories) list.push_back(to_json(saved));
  const Json whole = {{"proofs_required", proofs == ProofRule::required},
                      {"directories", std::move(list)}};
  const std::string body = whole.dump(-1, ' ', true, Json::error_handler_t::replace);
  const std::string head = std::string(magic) + content_digest(body) + "\n";
  std::string name = file.string() + ".XXXXXX";
  {
    const Descriptor to(::mkstemp(name.data()));  // mode 0600
    if (to.get() < 0) return failed;
    if (!write_all(to.get(), head + body) || ::rename(name.c_str(), file.c_str()) != 0) {
      ::unlink(name.c_str());
      return failed;
    }
  }
  // The new name too must outlast a power cut.
  const auto folder = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
  const Descriptor parent(::open(folder.c_str(), O_RDONLY | O_CLOEXEC | O_DIRECTORY));
  if (parent.get() >= 0) static_cast<void>(::fsync(parent.get()));
  return directories.size();
}

Result<std::vector<LoadedDirectory>> read_cache_file(const std::filesystem::path& file,
                                                     const CacheSettings& settings, Time now) {
  const auto text = read_all(file);
  if (!text || !text->starts_with(magic)) return failed;
  const std::size_t line = text->find('\n');
  if (line == std::string::npos) return failed;
  const std::string_view digest = std::string_view(*text).substr(magic.size(), line - magic.size());
  const std::string_view body = std::string_view(*text).substr(line + 1);
  if (content_digest(body) != digest) return failed;
  const Json whole = Json::parse(body, nullptr, false);
  if (!whole.is_object()) return failed;
  const auto proofs = member<bool>(whole, "proofs_required");
  const auto list = whole.find("directories");
  if (!proofs || list == whole.end() || !list->is_array()) return failed;
  if (settings.proofs == ProofRule::required && !*proofs) return failed;
  std::vector<LoadedDirectory> result;
  for (const Json& entry : *list) {
    if (auto loaded = read_entry(entry, settings, now)) result.push_back(std::move(*loaded));
  }
  return result;
}

}  // namespace wba::directory
