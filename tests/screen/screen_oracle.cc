// Feeds a Screen from standard input and prints what it is asked for, so that
// oracle.mjs can hold it against the renderer.
//
// Requests are lines of words; bytes travel as hex ("-" for none):
//   new COLUMNS ROWS SCROLLBACK   starts over
//   write HEX                     feeds bytes
//   resize COLUMNS ROWS           answers "1" when exact, "0" when not
//   serialize LINES               answers "1" when exact, "0" when not, and the bytes
//   marks                         answers what marks stand where, as JSON
//   state                         answers DebugState, one line of JSON
//   replies                       answers what was replied since last asked
#include <charconv>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>

#include "terminal/screen/screen.h"

namespace atrium::screen {
namespace {

std::string FromHex(const std::string& hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    int byte = 0;
    std::from_chars(hex.data() + i, hex.data() + i + 2, byte, 16);
    bytes.push_back(static_cast<char>(byte));
  }
  return bytes;
}

std::string ToHex(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (char c : bytes) {
    hex += kDigits[static_cast<unsigned char>(c) >> 4];
    hex += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return hex.empty() ? "-" : hex;
}

class Replies : public Screen::Listener {
 public:
  void OnReply(std::string_view bytes) override { text += bytes; }
  std::string text;
};

class Session {
 public:
  // The answer to one request; empty for none.
  std::string Answer(const std::string& request) {
    std::istringstream words(request);
    std::string verb;
    words >> verb;
    if (verb == "new") {
      Screen::Options options;
      words >> options.columns >> options.rows >> options.scrollback_lines;
      replies_.text.clear();
      screen_ = std::make_unique<Screen>(options, &replies_);
    } else if (verb == "write") {
      std::string hex;
      words >> hex;
      screen_->Write(FromHex(hex));
    } else if (verb == "resize") {
      int columns = 0;
      int rows = 0;
      words >> columns >> rows;
      return screen_->Resize(columns, rows) ? "1" : "0";
    } else if (verb == "serialize") {
      SerializeOptions options;
      words >> options.scrollback_lines;
      bool exact = false;
      const std::string bytes = screen_->Serialize(options, &exact);
      return (exact ? "1 " : "0 ") + ToHex(bytes);
    } else if (verb == "marks") {
      return Marks();
    } else if (verb == "state") {
      return screen_->DebugState();
    } else if (verb == "replies") {
      return ToHex(std::exchange(replies_.text, std::string()));
    }
    return std::string();
  }

 private:
  // [[line from the oldest held, kinds and exit code], ...]
  std::string Marks() const {
    std::string out = "[";
    for (const auto& [line, marks] : screen_->Marks()) {
      if (out.size() > 1) out += ",";
      out += "[" + std::to_string(line) + ",\"";
      if (marks.output) out += "C";
      if (marks.end) out += "D" + (marks.exit_code < 0 ? "" : std::to_string(marks.exit_code));
      if (marks.prompt) out += "A";
      out += "\"]";
    }
    return out + "]";
  }

  Replies replies_;
  std::unique_ptr<Screen> screen_;
};

}  // namespace
}  // namespace atrium::screen

int main() {
  atrium::screen::Session session;
  std::string request;
  while (std::getline(std::cin, request)) {
    const std::string answer = session.Answer(request);
    if (!answer.empty()) std::cout << answer << std::endl;
  }
}
