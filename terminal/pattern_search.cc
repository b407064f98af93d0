#include "terminal/pattern_search.h"

#include <algorithm>
#include <vector>

#include "common/errors.h"
#include "common/str_cat.h"
#include "common/text.h"
#include "terminal/limits.h"

namespace atrium::terminal {
namespace {

constexpr unsigned char kEsc = 0x1b, kCan = 0x18, kSub = 0x1a, kBel = 0x07, kDelete = 0x7f;

bool IsText(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x20 && byte != kDelete;
}

// As it stands, but for bytes that are not UTF-8; whole characters.
std::string Shown(std::string_view match) {
  if (!IsUtf8(match)) return CleanText(match, limits::kMatchBytes);
  size_t n = std::min(match.size(), limits::kMatchBytes);
  while (n < match.size() && (match[n] & 0xc0) == 0x80) --n;
  return std::string(match.substr(0, n));
}

}  // namespace

absl::StatusOr<std::unique_ptr<PatternSearch>> PatternSearch::Create(const std::string& pattern,
                                                                     int64_t offset) {
  if (pattern.empty()) return MissingField("pattern");
  if (pattern.size() > limits::kPatternBytes) {
    return BadField("pattern", StrCat("is longer than ", limits::kPatternBytes, " bytes"));
  }
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(limits::kPatternMemoryBytes);
  std::unique_ptr<PatternSearch> search(new PatternSearch(pattern, options, offset));
  if (!search->re_.ok()) {
    return BadField("pattern", StrCat("is not one: ", CleanName(search->re_.error(), 200)));
  }
  if (search->re_.ProgramSize() > limits::kPatternInstructions) {
    return BadField("pattern", "is too costly: use smaller counts and fewer classes");
  }
  return search;
}

bool PatternSearch::full() const { return window_.size() >= limits::kWaitWindowBytes; }

size_t PatternSearch::Take(std::string_view bytes) {
  size_t taken = 0;
  while (taken < bytes.size() && !full()) {
    if (state_ == State::kGround && IsText(bytes[taken])) {
      taken += TakeText(bytes.substr(taken));
    } else {
      Step(static_cast<unsigned char>(bytes[taken++]));
      ++position_;
    }
    if (state_ == State::kGround) ground_ = return_.value_or(position_);
  }
  return taken;
}

size_t PatternSearch::TakeText(std::string_view bytes) {
  EndLine();
  const size_t room = limits::kWaitWindowBytes - std::min(window_.size(), limits::kWaitWindowBytes);
  const std::string_view near = bytes.substr(0, room);
  const auto end = std::find_if_not(near.begin(), near.end(), IsText);
  const auto n = static_cast<size_t>(end - near.begin());
  Add(near.substr(0, n), position_);
  position_ += static_cast<int64_t>(n);
  return n;
}

void PatternSearch::Step(unsigned char byte) {
  if (byte == kEsc) {
    state_ = State::kEscape;
  } else if (byte == kCan || byte == kSub) {
    state_ = State::kGround;
  } else if (state_ == State::kGround) {
    TakeControl(byte);
  } else if (state_ == State::kString) {
    if (byte == kBel) state_ = State::kGround;
  } else if (state_ == State::kCsi) {
    if (byte >= 0x40 && byte < kDelete) state_ = State::kGround;
  } else if (byte == '[') {
    state_ = State::kCsi;
  } else if (std::string_view("]PX^_").find(static_cast<char>(byte)) != std::string_view::npos) {
    state_ = State::kString;
  } else if (byte >= 0x30 && byte < kDelete) {
    state_ = State::kGround;
  }
}

void PatternSearch::TakeControl(unsigned char byte) {
  if (byte == '\n') {
    return_.reset();
    Add("\n", position_);
  } else if (byte == '\r') {
    if (!return_) return_ = position_;
  } else if (byte == '\t') {
    EndLine();
    Add("\t", position_);
  }
}

// What comes is on the line after a carriage return, unless nothing was before it.
void PatternSearch::EndLine() {
  if (!return_) return;
  if (!window_.empty() && window_.back() != '\n') Add("\n", *return_);
  return_.reset();
}

void PatternSearch::Add(std::string_view text, int64_t offset) {
  if (text.empty()) return;
  const int64_t at = dropped_ + static_cast<int64_t>(window_.size());
  if (runs_.empty() || runs_.back().offset + (at - runs_.back().text) != offset) {
    runs_.push_back({at, offset});
  }
  window_ += text;
  searched_ = false;
}

int64_t PatternSearch::OffsetOf(size_t index) const {
  const int64_t at = dropped_ + static_cast<int64_t>(index);
  const auto after = std::upper_bound(runs_.begin(), runs_.end(), at,
                                      [](int64_t text, const Run& run) { return text < run.text; });
  const Run& run = *std::prev(after);
  return run.offset + (at - run.text);
}

int64_t PatternSearch::resume_offset() const {
  return window_.size() > context_ ? OffsetOf(context_) : ground_;
}

std::optional<PatternSearch::Match> PatternSearch::Search() {
  if (searched_) return std::nullopt;
  searched_ = true;
  re2::StringPiece groups[2];
  const int wanted = std::min(2, re_.NumberOfCapturingGroups() + 1);
  if (!re_.Match(window_, context_, window_.size(), RE2::UNANCHORED, groups, wanted)) {
    if (full()) Slide();
    return std::nullopt;
  }
  Match match;
  const re2::StringPiece& shown = groups[wanted - 1];
  match.text = Shown({shown.data(), shown.size()});
  const auto end = static_cast<size_t>(groups[0].data() + groups[0].size() - window_.data());
  match.offset = end > context_ ? OffsetOf(end - 1) + 1 : resume_offset();
  return match;
}

// Keeps the newer half, and one byte before it: what a line's or a word's begin is
// told by.
void PatternSearch::Slide() {
  size_t drop = window_.size() - limits::kWaitWindowBytes / 2;
  while (drop < window_.size() && (window_[drop] & 0xc0) == 0x80) ++drop;
  window_.erase(0, drop - 1);
  context_ = 1;
  dropped_ += static_cast<int64_t>(drop) - 1;
  while (runs_.size() > 1 && runs_[1].text <= dropped_) runs_.pop_front();
}

}  // namespace atrium::terminal
