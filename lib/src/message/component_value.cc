#include <array>
#include <charconv>
#include <cstdint>
#include <new>

#include <wba/component.h>

#include "base/ascii.h"
#include "base/words.h"
#include "message/authority.h"
#include "message/message_index.h"

namespace wba {
namespace {

// RFC 9421 §2.5: the base is ASCII, and a line break in a value would forge a line of it.
bool is_base_text(std::string_view text) noexcept {
  return !words::any(text, [](std::uint64_t word) {
    return (words::tops & ~words::between(word, ' ', '~')) & ~words::between(word, '\t', '\t');
  });
}

bool has_line_break(std::string_view text) noexcept {
  return words::any(text, [](std::uint64_t word) {
    return words::between(word, '\r', '\r') | words::between(word, '\n', '\n');
  });
}

// append_unfolded appends a field line's value; each obsolete line fold (RFC 9112 §5.2), with the
// white space around it, becomes one space. false for a line break that is no fold.
bool append_unfolded(std::string_view value, std::string& out) {
  value = ascii::trim(value);
  while (!value.empty()) {
    const auto end = value.find_first_of("\r\n");
    if (end == std::string_view::npos) {
      out.append(value);
      break;
    }
    auto rest = value.substr(end);
    const std::size_t line_break = rest.starts_with("\r\n") ? 2 : rest.front() == '\n' ? 1 : 0;
    rest.remove_prefix(line_break);
    if (line_break == 0 || rest.empty() || (rest.front() != ' ' && rest.front() != '\t')) {
      return false;
    }
    out.append(ascii::trim(value.substr(0, end)));
    out.push_back(' ');
    while (!rest.empty() && (rest.front() == ' ' || rest.front() == '\t')) rest.remove_prefix(1);
    value = rest;
  }
  return true;
}

constexpr auto kKnownTypes = std::to_array<FieldType>({
    {"content-digest", FieldType::Structure::dictionary},
    {"repr-digest", FieldType::Structure::dictionary},
    {"signature", FieldType::Structure::dictionary},
    {"signature-input", FieldType::Structure::dictionary},
    {"signature-agent", FieldType::Structure::dictionary},
    {"accept-signature", FieldType::Structure::dictionary},
});

const FieldType* find_type(std::string_view name, std::span<const FieldType> types) noexcept {
  for (const auto& type : types) {
    if (type.name == name) return &type;
  }
  for (const auto& type : kKnownTypes) {
    if (type.name == name) return &type;
  }
  return nullptr;
}

}  // namespace

// ComponentEvaluator computes one component's value. Its functions return false with the error
// kept, and leave `out_` to be cut back by the caller then. A Result at each step would be written
// to memory octet by octet and read back whole, which stalls.
class ComponentEvaluator {
 public:
  ComponentEvaluator(const Message& message, std::span<const FieldType> types,
                     ComponentScratch& scratch, std::string& out)
      : message_(message), types_(types), index_(scratch.index()), out_(out) {}

  // error is why append returned false.
  [[nodiscard]] ErrorCode error() const noexcept { return error_; }

  [[nodiscard]] bool append(const ComponentIdentifier& id) {
    const Request* request = message_.request();
    if (id.req) {
      if (request != nullptr) return fail(ErrorCode::component_req_in_request);
      request = message_.response()->request;
      if (id.kind == ComponentKind::status) return fail(ErrorCode::component_not_applicable);
      if (request == nullptr) return fail(ErrorCode::component_related_request_missing);
    }
    if (id.kind == ComponentKind::field) {
      const Message target = id.req ? Message(*request) : message_;
      return append_field(id, id.tr ? target.trailers() : target.fields());
    }
    if (id.kind == ComponentKind::status) {
      if (message_.response() == nullptr) return fail(ErrorCode::component_not_applicable);
      return append_status(message_.response()->status);
    }
    if (request == nullptr) return fail(ErrorCode::component_not_applicable);
    return append_derived(id, *request);
  }

 private:
  [[nodiscard]] bool fail(ErrorCode code) noexcept {
    error_ = code;
    return false;
  }

  bool append_text(std::string_view text) {
    if (!is_base_text(text)) return fail(ErrorCode::component_value_invalid);
    out_.append(text);
    return true;
  }

  // §2.2.9.
  bool append_status(unsigned status) {
    if (status < 100 || status > 999) return fail(ErrorCode::component_value_invalid);
    std::array<char, 3> digits{};
    std::to_chars(digits.data(), digits.data() + digits.size(), status);
    out_.append(digits.data(), digits.size());
    return true;
  }

  void append_scheme(std::string_view scheme) {
    for (const char c : scheme) out_.push_back(ascii::to_lower(c));
  }

  bool append_derived(const ComponentIdentifier& id, const Request& request) {
    switch (id.kind) {
      case ComponentKind::method:  // §2.2.1: as it is, case and all
        if (request.method.empty()) return fail(ErrorCode::component_value_invalid);
        return append_text(request.method);
      case ComponentKind::authority:  // §2.2.3
        return append_authority(request.scheme, request.authority, out_) ||
               fail(ErrorCode::authority_invalid);
      case ComponentKind::scheme:  // §2.2.4
        if (request.scheme.empty() || !is_base_text(request.scheme)) {
          return fail(ErrorCode::component_value_invalid);
        }
        append_scheme(request.scheme);
        return true;
      case ComponentKind::request_target:  // §2.2.5
        if (index_.target(request) == nullptr) return fail(ErrorCode::component_value_invalid);
        // What a client puts on the wire for a URI without a path. RFC 9112 §3.2.1.
        if (request.target.empty() || request.target.front() == '?') out_.push_back('/');
        return append_text(request.target);
      case ComponentKind::target_uri:
      case ComponentKind::path:
      case ComponentKind::query:
      case ComponentKind::query_param:
        return append_of_target(id, request);
      case ComponentKind::status:
      case ComponentKind::field:
        break;
    }
    return fail(ErrorCode::component_not_applicable);
  }

  bool append_of_target(const ComponentIdentifier& id, const Request& request) {
    const TargetParts* parts = index_.target(request);
    if (parts == nullptr) return fail(ErrorCode::component_value_invalid);
    switch (id.kind) {
      case ComponentKind::target_uri:
        return append_target_uri(request, *parts);
      case ComponentKind::path:  // §2.2.6: an empty path is "/"; nothing is decoded
        if (parts->path.empty()) out_.push_back('/');
        out_.append(parts->path);
        return true;
      case ComponentKind::query:  // §2.2.7: an absent query is "?"
        out_.push_back('?');
        out_.append(parts->query);
        return true;
      default:
        return append_query_param(id.key, parts->query);
    }
  }

  // §2.2.8.
  bool append_query_param(std::string_view name, std::string_view query) {
    QueryParameters* parameters = index_.query(query);
    if (parameters == nullptr) return fail(ErrorCode::signature_base_too_long);
    const auto appended = parameters->append_value(name, out_);
    return appended || fail(appended.error().code);
  }

  // §2.2.2: the target URI as RFC 9110 §7.1 rebuilds it from the message. Host and port stay as the
  // client wrote them; only the scheme, which no client sends, is normalised.
  bool append_target_uri(const Request& request, const TargetParts& parts) {
    const auto before = out_.size();
    if (!append_authority(request.scheme, request.authority, out_)) {
      return fail(ErrorCode::authority_invalid);
    }
    out_.resize(before);
    append_scheme(request.scheme);
    out_.append("://").append(request.authority);
    if (parts.is_asterisk || parts.is_authority) return true;
    if (parts.path.empty()) out_.push_back('/');
    out_.append(parts.path);
    if (parts.has_query) {
      out_.push_back('?');
      out_.append(parts.query);
    }
    return true;
  }

  // §2.1.
  bool append_field(const ComponentIdentifier& id, std::span<const FieldLine> section) {
    if (id.bs) return append_wrapped(id.name, section);
    if (!id.sf && !id.has_key) return append_lines(id.name, section, out_);
    return append_structured(id, section);
  }

  // append_lines appends the lines of `name` joined by ", ".
  bool append_lines(std::string_view name, std::span<const FieldLine> section, std::string& out) {
    bool found = false;
    const bool appended = index_.each_line(section, name, [&](const FieldLine& line) {
      if (found) out.append(", ");
      found = true;
      return append_line(line.value, out);
    });
    if (!appended) return fail(ErrorCode::component_value_invalid);
    return found || fail(ErrorCode::component_field_missing);
  }

  static bool append_line(std::string_view value, std::string& out) {
    if (is_base_text(value)) {
      out.append(ascii::trim(value));
      return true;
    }
    const auto before = out.size();
    return append_unfolded(value, out) && is_base_text(std::string_view(out).substr(before));
  }

  // §2.1.3: each line in base64 on its own.
  bool append_wrapped(std::string_view name, std::span<const FieldLine> section) {
    bool found = false;
    std::string& text = index_.text();
    const bool appended = index_.each_line(section, name, [&](const FieldLine& line) {
      if (found) out_.append(", ");
      found = true;
      text.clear();
      if (!append_unfolded(line.value, text)) return false;
      sf::append_byte_sequence(std::as_bytes(std::span(text)), out_);
      return true;
    });
    if (!appended) return fail(ErrorCode::component_value_invalid);
    return found || fail(ErrorCode::component_field_missing);
  }

  // §2.1.1 and §2.1.2.
  bool append_structured(const ComponentIdentifier& id, std::span<const FieldLine> section) {
    const FieldType* type = find_type(id.name, types_);
    const auto structure = type != nullptr ? type->structure : FieldType::Structure::dictionary;
    if (id.has_key && structure != FieldType::Structure::dictionary) {
      return fail(ErrorCode::component_field_not_dictionary);
    }
    if (!id.has_key && type == nullptr) return fail(ErrorCode::component_field_type_unknown);
    const sf::Field* parsed = parse(id.name, section, structure);
    if (parsed == nullptr) return false;
    const sf::Field& field = *parsed;
    if (!id.has_key) {
      switch (structure) {
        case FieldType::Structure::item:
          sf::serialise_item(field, out_);
          break;
        case FieldType::Structure::list:
          sf::serialise_list(field, out_);
          break;
        case FieldType::Structure::dictionary:
          sf::serialise_dictionary(field, out_);
          break;
      }
      return true;
    }
    const sf::Member* member = field.find(id.key);
    if (member == nullptr) return fail(ErrorCode::component_member_missing);
    if (member->canonical) {
      out_.append(member->raw);
    } else {
      sf::append_member_value(field, *member, out_);
    }
    return true;
  }

  // parse gives the field parsed, nullptr on error. It is parsed once a message.
  const sf::Field* parse(std::string_view name, std::span<const FieldLine> section,
                         FieldType::Structure structure) {
    const StructuredValue* value = index_.find_structured(name, section);
    if (value == nullptr) value = parse_anew(name, section, structure);
    if (value == nullptr) return nullptr;
    if (value->is_malformed) error_ = ErrorCode::component_field_malformed;
    return value->is_malformed ? nullptr : &value->field;
  }

  const StructuredValue* parse_anew(std::string_view name, std::span<const FieldLine> section,
                                    FieldType::Structure structure) {
    const auto refuse = [this](ErrorCode code) {
      error_ = code;
      return nullptr;
    };
    const FieldLine* only = nullptr;
    std::size_t lines = 0;
    static_cast<void>(index_.each_line(section, name, [&](const FieldLine& line) {
      only = &line;
      ++lines;
      return true;
    }));
    if (lines == 0) return refuse(ErrorCode::component_field_missing);
    StructuredValue* into = index_.add_structured();
    if (into == nullptr) return refuse(ErrorCode::signature_base_too_long);
    std::string_view text = only->value;
    if (lines > 1 || has_line_break(text)) {
      into->joined.clear();
      if (!append_lines(name, section, into->joined)) return nullptr;
      text = into->joined;
    }
    into->octets = text.size();
    index_.spend(text.size());
    text = ascii::trim(text);
    const auto parsed = structure == FieldType::Structure::item ? sf::parse_item(text, into->field)
                        : structure == FieldType::Structure::list
                            ? sf::parse_list(text, into->field)
                            : sf::parse_dictionary(text, into->field);
    into->is_malformed = !parsed;
    into->name = name;
    into->section = section;
    return into;
  }

  const Message& message_;
  std::span<const FieldType> types_;
  MessageIndex& index_;
  std::string& out_;
  ErrorCode error_{};
};

ComponentScratch::ComponentScratch() noexcept = default;
ComponentScratch::ComponentScratch(ComponentScratch&&) noexcept = default;
ComponentScratch& ComponentScratch::operator=(ComponentScratch&&) noexcept = default;
ComponentScratch::~ComponentScratch() = default;

void ComponentScratch::start() noexcept {
  if (index_ != nullptr) index_->start();
}

std::size_t ComponentScratch::work() const noexcept {
  return index_ != nullptr ? index_->work() : 0;
}

MessageIndex& ComponentScratch::index() {
  if (index_ == nullptr) index_ = std::make_unique<MessageIndex>();
  return *index_;
}

Result<void> append_component_value(const Message& message, const ComponentIdentifier& identifier,
                                    std::span<const FieldType> types, ComponentScratch& scratch,
                                    std::string& out) {
  const auto before = out.size();
  try {
    ComponentEvaluator evaluator(message, types, scratch, out);
    if (evaluator.append(identifier)) {
      scratch.index().spend(out.size() - before);
      return {};
    }
    out.resize(before);
    return std::unexpected(Error{evaluator.error()});
  } catch (const std::bad_alloc&) {
    out.resize(before);
    return std::unexpected(Error{ErrorCode::out_of_memory});
  }
}

}  // namespace wba
