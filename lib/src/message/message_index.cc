#include "message/message_index.h"

#include <utility>

namespace wba {
namespace {

// A parsed field takes many times its octets: what large ones took is given back.
constexpr std::size_t kept_octets = 4096;

template <typename View>
bool is_same(const View& a, const View& b) noexcept {
  return a.data() == b.data() && a.size() == b.size();
}

}  // namespace

void MessageIndex::start() noexcept {
  work_ = 0;
  has_target_ = false;
  has_query_ = false;
  // The first section that is asked for takes the same place in each message, whose memory has
  // grown.
  last_lines_ = 1;
  for (auto& lines : lines_) {
    lines.section = {};
    lines.scans = 0;
    lines.is_indexed = false;
  }
  for (auto& value : std::span(structured_).first(structured_count_)) {
    value.name = {};
    if (value.octets > kept_octets) value = StructuredValue();
  }
  structured_count_ = 0;
}

const TargetParts* MessageIndex::target(const Request& request) noexcept {
  if (!has_target_ || !is_same(target_, request.target) || !is_same(method_, request.method)) {
    parts_ = {};
    is_split_ = split_target(request, parts_);
    target_ = request.target;
    method_ = request.method;
    has_target_ = true;
    spend(target_.size());
  }
  return is_split_ ? &parts_ : nullptr;
}

QueryParameters* MessageIndex::query(std::string_view query) {
  if (!has_query_ || !is_same(query_, query)) {
    has_query_ = false;
    is_read_ = parameters_.read(query);
    query_ = query;
    has_query_ = true;
    spend(query.size());
  }
  return is_read_ ? &parameters_ : nullptr;
}

StructuredValue* MessageIndex::find_structured(std::string_view name,
                                               std::span<const FieldLine> section) noexcept {
  for (auto& value : std::span(structured_).first(structured_count_)) {
    if (value.name == name && is_same(value.section, section)) return &value;
  }
  return nullptr;
}

StructuredValue* MessageIndex::add_structured() noexcept {
  if (structured_count_ == structured_.size()) return nullptr;
  auto& value = structured_[structured_count_++];
  value.is_malformed = false;
  return &value;
}

MessageIndex::Lines& MessageIndex::lines_of(std::span<const FieldLine> section) noexcept {
  if (is_same(lines_[last_lines_].section, section)) return lines_[last_lines_];
  last_lines_ = 1 - last_lines_;
  Lines& lines = lines_[last_lines_];
  if (!is_same(lines.section, section)) {
    lines.section = section;
    lines.scans = 0;
    lines.is_indexed = false;
  }
  return lines;
}

void MessageIndex::index(Lines& lines) {
  lines.names.clear();
  std::string& names = lines.names.names();
  for (std::size_t i = 0; i < lines.section.size(); ++i) {
    const auto before = names.size();
    names.append(lines.section[i].name);
    for (char& c : std::span(names).subspan(before)) c = ascii::to_lower(c);
    lines.names.add(i);
  }
  lines.names.sort();
  lines.is_indexed = true;
  spend(lines.names.names().size());
}

}  // namespace wba
