#include "context.h"

#include <cctype>
#include <cstdio>
#include <exception>
#include <new>
#include <utility>

namespace wba::cli {
namespace {

// Ended carries a subcommand's end through CLI11's callbacks.
struct Ended {
  Outcome<Exit> outcome;
};

// lower_sentence gives CLI11's messages the form of ours: one line, first letter lower, no full
// stop.
std::string lower_sentence(std::string text) {
  while (!text.empty() && (text.back() == '.' || text.back() == '\n' || text.back() == ' ')) {
    text.pop_back();
  }
  if (text.size() > 1 && std::isupper(static_cast<unsigned char>(text[1])) == 0) {
    text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  }
  return text;
}

void stderr_line(std::string_view kind, std::string_view message) {
  std::string line = "wba: ";
  line.append(kind).append(": ").append(message).push_back('\n');
  std::fwrite(line.data(), 1, line.size(), stderr);
}

int finish(const Outcome<Exit>& outcome) {
  if (!outcome) {
    error_line(outcome.error().message);
    if (!outcome.error().hint.empty()) hint_line(outcome.error().hint);
    return static_cast<int>(outcome.error().exit);
  }
  if (const auto flushed = flush_output(); !flushed) {
    error_line(flushed.error().message);
    return static_cast<int>(flushed.error().exit);
  }
  return static_cast<int>(*outcome);
}

}  // namespace

std::string escape(std::string_view text, std::size_t max) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  const bool cut = text.size() > max;
  for (const char c : text.substr(0, max)) {
    const auto octet = static_cast<unsigned char>(c);
    if (octet < 0x20 || octet > 0x7e || c == '\\') {
      out += "\\x";
      out += digits[octet >> 4U];
      out += digits[octet & 0xfU];
    } else {
      out += c;
    }
  }
  if (cut) out += "...";
  return out;
}

Failure failure(std::string_view what, const Error& error) {
  std::string message(what);
  message.append(": ").append(describe(error.code));
  return {.message = std::move(message)};
}

void error_line(std::string_view message) { stderr_line("error", message); }
void hint_line(std::string_view message) { stderr_line("hint", message); }

void print(std::string_view data) { std::fwrite(data.data(), 1, data.size(), stdout); }

Outcome<void> flush_output() {
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    return std::unexpected(Failure{.message = "cannot write to standard output"});
  }
  return {};
}

void on_run(CLI::App& command, std::function<Outcome<Exit>()> body) {
  command.final_callback([body = std::move(body)] { throw Ended{body()}; });
}

int run_main(CLI::App& app, int argc, const char* const* argv) {
  try {
    app.parse(argc, argv);
  } catch (const Ended& ended) {
    return finish(ended.outcome);
  } catch (const CLI::CallForAllHelp&) {
    print(app.help("", CLI::AppFormatMode::All));
    return finish(Exit::done);
  } catch (const CLI::CallForHelp&) {
    print(app.help());
    return finish(Exit::done);
  } catch (const CLI::CallForVersion& version) {
    print(std::string(version.what()) + '\n');
    return finish(Exit::done);
  } catch (const CLI::ParseError& error) {
    std::string name = "wba";
    const CLI::App* at = &app;
    while (!at->get_subcommands().empty()) {
      at = at->get_subcommands().front();
      name.append(" ").append(at->get_name());
    }
    std::string message = lower_sentence(error.what());
    // CLI11 misses the subcommand before it looks at what stands in its place.
    const auto rest = app.remaining(true);
    if (dynamic_cast<const CLI::RequiredError*>(&error) != nullptr && !rest.empty() &&
        !at->get_subcommands({}).empty()) {
      message = "no such subcommand: " + rest.front();
    }
    return finish(std::unexpected(
        Failure{.message = escape(message, 400), .hint = "see " + name + " --help"}));
  } catch (const std::bad_alloc&) {
    return finish(std::unexpected(Failure{.message = "out of memory"}));
  } catch (const std::exception& error) {
    return finish(
        std::unexpected(Failure{.message = "unexpected: " + escape(lower_sentence(error.what()))}));
  }
  return finish(Exit::done);
}

}  // namespace wba::cli
