// PatternSearch looks for a pattern in a program's output as people read it: the
// text without escape sequences and other control characters, lines ended by \n.
// A lone carriage return begins a line too. Pure.
//
// It holds a window of limits::kWaitWindowBytes of text, which slides by half once
// it is full: a match of at most that half is found wherever reads were cut.
#ifndef ATRIUM_TERMINAL_PATTERN_SEARCH_H_
#define ATRIUM_TERMINAL_PATTERN_SEARCH_H_

#include <re2/re2.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace atrium::terminal {

class PatternSearch {
 public:
  // What was found: the first capturing group where there is one, cleaned and cut
  // to limits::kMatchBytes, and the position in the output just after the whole.
  struct Match {
    std::string text;
    int64_t offset = 0;
  };

  // `offset`: the position of the first byte that will be taken. INVALID_ARGUMENT:
  // not a pattern in RE2's syntax, too long, or too costly.
  static absl::StatusOr<std::unique_ptr<PatternSearch>> Create(const std::string& pattern,
                                                               int64_t offset);

  // Takes bytes that follow those before; returns how many, which is fewer if the
  // window is full: then Search() makes room.
  size_t Take(std::string_view bytes);
  bool full() const;
  // Looks at all that was taken.
  std::optional<Match> Search();
  // The next byte to be taken.
  int64_t position() const { return position_; }
  // A search that begins here misses nothing of what this one has not found.
  int64_t resume_offset() const;

 private:
  enum class State { kGround, kEscape, kCsi, kString };
  // From this place in the text on, bytes of text are bytes of output one by one.
  struct Run {
    int64_t text;
    int64_t offset;
  };

  PatternSearch(const std::string& pattern, const RE2::Options& options, int64_t offset)
      : re_(pattern, options), position_(offset), ground_(offset) {}

  size_t TakeText(std::string_view bytes);
  void TakeControl(unsigned char byte);
  void Step(unsigned char byte);
  void EndLine();
  void Add(std::string_view text, int64_t offset);
  int64_t OffsetOf(size_t index) const;
  void Slide();

  // Given.
  const RE2 re_;
  // State.
  State state_ = State::kGround;
  std::optional<int64_t> return_;  // A carriage return whose meaning is open.
  int64_t position_;
  int64_t ground_;  // Where the parser last was between sequences.
  std::string window_;
  size_t context_ = 0;  // Bytes at the window's begin that are only looked back at.
  bool searched_ = false;
  int64_t dropped_ = 0;  // Bytes of text before the window.
  std::deque<Run> runs_;
};

}  // namespace atrium::terminal

#endif  // ATRIUM_TERMINAL_PATTERN_SEARCH_H_
