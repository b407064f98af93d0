#include "terminal/screen/parser.h"

#include <algorithm>
#include <array>

#include "terminal/screen/limits.h"
#include "terminal/screen/text.h"
#include "terminal/screen/unicode.h"

namespace atrium::screen {

enum Parser::State : uint8_t {
  kGround,
  kEscape,
  kEscapeIntermediate,
  kCsiEntry,
  kCsiParam,
  kCsiIntermediate,
  kCsiIgnore,
  kString,  // SOS, PM, APC
  kOsc,
  kDcsEntry,
  kDcsParam,
  kDcsIgnore,
  kDcsIntermediate,
  kDcsPayload,
  kStates,
};

enum Parser::Action : uint8_t {
  kIgnore,
  kPrint,
  kExecute,
  kOscStart,
  kOscPut,
  kOscEnd,
  kCsiDispatch,
  kParam,
  kCollect,
  kEscDispatch,
  kClear,
  kDcsStart,
  kDcsPut,
  kDcsEnd,
};

// What each state does with each code up to 0xa0, which stands for all above.
class Parser::Table {
 public:
  struct Entry {
    Action action = kIgnore;
    State next = kGround;
  };

  constexpr Table() {
    for (uint8_t s = 0; s < kStates; ++s) Anywhere(static_cast<State>(s));
    GroundAndEscape();
    ControlSequence();
    Strings();
    DeviceControl();
  }
  const Entry& Get(State state, char32_t code) const {
    return entries_[state][std::min<char32_t>(code, 0xa0)];
  }

 private:
  constexpr void Set(State state, int from, int to, Action action, State next) {
    for (int code = from; code <= to; ++code)
      entries_[state][static_cast<size_t>(code)] = {action, next};
  }
  // The C0 controls that do not leave a state.
  constexpr void SetControls(State state, Action action) {
    Set(state, 0x00, 0x17, action, state);
    Set(state, 0x19, 0x19, action, state);
    Set(state, 0x1c, 0x1f, action, state);
  }
  constexpr void Anywhere(State s) {
    Set(s, 0x18, 0x18, kExecute, kGround);
    Set(s, 0x1a, 0x1a, kExecute, kGround);
    Set(s, 0x1b, 0x1b, kClear, kEscape);
    Set(s, 0x80, 0x97, kExecute, kGround);
    Set(s, 0x99, 0x9a, kExecute, kGround);
    Set(s, 0x90, 0x90, kClear, kDcsEntry);
    Set(s, 0x98, 0x98, kIgnore, kString);
    Set(s, 0x9b, 0x9b, kClear, kCsiEntry);
    Set(s, 0x9c, 0x9c, kIgnore, kGround);
    Set(s, 0x9d, 0x9d, kOscStart, kOsc);
    Set(s, 0x9e, 0x9f, kIgnore, kString);
  }
  constexpr void GroundAndEscape() {
    SetControls(kGround, kExecute);
    Set(kGround, 0x20, 0x7e, kPrint, kGround);
    Set(kGround, 0xa0, 0xa0, kPrint, kGround);
    for (State s : {kEscape, kEscapeIntermediate}) {
      SetControls(s, kExecute);
      Set(s, 0x7f, 0x7f, kIgnore, s);
      Set(s, 0x20, 0x2f, kCollect, kEscapeIntermediate);
      Set(s, 0x30, 0x7e, kEscDispatch, kGround);
    }
    Set(kEscape, 'P', 'P', kClear, kDcsEntry);
    Set(kEscape, 'X', 'X', kIgnore, kString);
    Set(kEscape, '[', '[', kClear, kCsiEntry);
    Set(kEscape, ']', ']', kOscStart, kOsc);
    Set(kEscape, '^', '_', kIgnore, kString);
  }
  constexpr void ControlSequence() {
    for (State s : {kCsiEntry, kCsiParam, kCsiIntermediate, kCsiIgnore}) {
      SetControls(s, kExecute);
      Set(s, 0x7f, 0x7f, kIgnore, s);
      Set(s, 0x20, 0x2f, kCollect, kCsiIntermediate);
      Set(s, 0x30, 0x3b, kParam, kCsiParam);
      Set(s, 0x3c, 0x3f, kIgnore, kCsiIgnore);
      Set(s, 0x40, 0x7e, kCsiDispatch, kGround);
    }
    Set(kCsiEntry, 0x3c, 0x3f, kCollect, kCsiParam);
    Set(kCsiIntermediate, 0x30, 0x3f, kIgnore, kCsiIgnore);
    Set(kCsiIgnore, 0x20, 0x3f, kIgnore, kCsiIgnore);
    Set(kCsiIgnore, 0x40, 0x7e, kIgnore, kGround);
    Set(kCsiIgnore, 0xa0, 0xa0, kIgnore, kCsiIgnore);
  }
  constexpr void Strings() {
    SetControls(kString, kIgnore);
    Set(kString, 0x20, 0x7f, kIgnore, kString);
    SetControls(kOsc, kIgnore);
    Set(kOsc, 0x20, 0x7f, kOscPut, kOsc);
    Set(kOsc, 0xa0, 0xa0, kOscPut, kOsc);
    for (int code : {0x07, 0x18, 0x1a, 0x1b, 0x9c}) Set(kOsc, code, code, kOscEnd, kGround);
  }
  constexpr void DeviceControl() {
    for (State s : {kDcsEntry, kDcsParam, kDcsIntermediate, kDcsIgnore}) {
      SetControls(s, kIgnore);
      Set(s, 0x7f, 0x7f, kIgnore, s);
      Set(s, 0x20, 0x2f, kCollect, kDcsIntermediate);
      Set(s, 0x30, 0x3b, kParam, kDcsParam);
      Set(s, 0x3c, 0x3f, kIgnore, kDcsIgnore);
      Set(s, 0x40, 0x7e, kDcsStart, kDcsPayload);
    }
    Set(kDcsEntry, 0x3c, 0x3f, kCollect, kDcsParam);
    Set(kDcsIntermediate, 0x30, 0x3f, kIgnore, kDcsIgnore);
    Set(kDcsIgnore, 0x20, 0x7f, kIgnore, kDcsIgnore);
    Set(kDcsIgnore, 0xa0, 0xa0, kIgnore, kDcsIgnore);
    SetControls(kDcsPayload, kDcsPut);
    Set(kDcsPayload, 0x20, 0x7e, kDcsPut, kDcsPayload);
    Set(kDcsPayload, 0x7f, 0x7f, kIgnore, kDcsPayload);
    Set(kDcsPayload, 0xa0, 0xa0, kDcsPut, kDcsPayload);
    for (int code : {0x18, 0x1a, 0x1b, 0x9c}) Set(kDcsPayload, code, code, kDcsEnd, kGround);
  }

  std::array<std::array<Entry, 0xa1>, kStates> entries_{};
};

namespace {

constexpr size_t kMaxRun = 32 << 10;
constexpr int64_t kMaxOscNumber = 1'000'000'000;
constexpr int kClipboardOsc = 52;

bool IsTextByte(char c) {
  const auto byte = static_cast<uint8_t>(c);
  return byte >= 0x20 && byte != 0x7f;
}

size_t Utf16Units(char32_t code) { return code > 0xffff ? 2 : 1; }

}  // namespace

Parser::Parser(Sink* sink) : sink_(sink), state_(kGround) {}

bool Parser::in_ground() const { return state_ == kGround && partial_.empty(); }

void Parser::Clear() {
  params_.Reset();
  collected_ = 0;
}

void Parser::Parse(std::string_view bytes) {
  std::string joined;
  if (!partial_.empty()) {
    joined = Concat(partial_, bytes);
    bytes = joined;
    partial_.clear();
  }
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  while (at < end) {
    at = state_ == kGround ? ParseGround(at, end) : ParseOther(at, end);
  }
}

const char* Parser::ParseGround(const char* at, const char* end) {
  const char* stop = at;
  while (stop < end && IsTextByte(*stop) && static_cast<uint8_t>(*stop) < 0x80) ++stop;
  if (stop == end || !IsTextByte(*stop)) {
    if (stop > at) {
      sink_->PrintAscii(std::string_view(at, static_cast<size_t>(stop - at)));
      return stop;
    }
    Step(static_cast<uint8_t>(*at));
    return at + 1;
  }
  run_.clear();
  char32_t control = 0;
  while (at < end && IsTextByte(*at) && run_.size() < kMaxRun && control == 0) {
    char32_t code = 0;
    int length = 0;
    switch (DecodeUtf8(at, end, &code, &length)) {
      case DecodeResult::kIncomplete:
        partial_.assign(at, end);
        length = static_cast<int>(end - at);
        break;
      case DecodeResult::kSkip:
        break;
      case DecodeResult::kCodePoint:
        if (code >= 0x80 && code < 0xa0) {
          control = code;
        } else {
          run_.push_back(code);
        }
    }
    at += length;
  }
  if (!run_.empty()) sink_->Print(run_);
  if (control != 0) Step(control);
  return at;
}

const char* Parser::ParseOther(const char* at, const char* end) {
  if (state_ == kOsc || state_ == kDcsPayload) {
    const char* const after = ParsePayload(at, end);
    if (after != at) return after;
  }
  if (state_ == kCsiParam) {
    while (at < end && *at >= '0' && *at <= ';') AddToParams(*at++);
    if (at == end) return at;
  }
  if (static_cast<uint8_t>(*at) < 0x80) {
    Step(static_cast<uint8_t>(*at));
    return at + 1;
  }
  char32_t code = 0;
  int length = 0;
  const DecodeResult result = DecodeUtf8(at, end, &code, &length);
  if (result == DecodeResult::kIncomplete) {
    partial_.assign(at, end);
    return end;
  }
  if (result == DecodeResult::kCodePoint) Step(code);
  return at + length;
}

// Takes a run of plain ASCII into the payload at once.
const char* Parser::ParsePayload(const char* at, const char* end) {
  if (state_ == kOsc && osc_state_ != OscState::kPayload) return at;
  const size_t limit = state_ == kDcsPayload          ? kMaxDcsUnits
                       : osc_number_ == kClipboardOsc ? kMaxClipboardUnits
                                                      : kMaxOscUnits;
  const char* stop = at;
  while (stop < end && *stop >= 0x20 && *stop < 0x7f) ++stop;
  const auto size = static_cast<size_t>(stop - at);
  payload_units_ = std::min(payload_units_ + size, limit + 1);
  if (payload_units_ > limit) {
    payload_too_long_ = true;
    payload_.clear();
  } else {
    payload_.append(at, size);
  }
  return stop;
}

void Parser::Step(char32_t code) {
  static constexpr Table kTable;
  const Table::Entry entry = kTable.Get(state_, code);
  State next = entry.next;
  switch (entry.action) {
    case kIgnore:
      break;
    case kPrint:
      sink_->Print(std::u32string_view(&code, 1));
      break;
    case kExecute:
      sink_->Execute(code);
      break;
    case kCsiDispatch:
      sink_->Csi(collected_ << 8 | code, params_);
      break;
    case kParam:
      AddToParams(static_cast<char>(code));
      break;
    case kCollect:
      collected_ = collected_ << 8 | code;
      break;
    case kEscDispatch:
      sink_->Escape(collected_ << 8 | code);
      break;
    case kClear:
      Clear();
      break;
    case kOscStart:
      osc_state_ = OscState::kNumber;
      osc_number_ = -1;
      ClearPayload();
      break;
    case kOscPut:
      PutOsc(code);
      break;
    case kDcsStart:
      dcs_id_ = collected_ << 8 | code;
      ClearPayload();
      break;
    case kDcsPut:
      PutPayload(code, kMaxDcsUnits);
      break;
    case kOscEnd:
    case kDcsEnd:
      EndString(entry.action == kOscEnd, code != 0x18 && code != 0x1a);
      if (code == 0x1b) next = kEscape;
      break;
  }
  state_ = next;
}

void Parser::AddToParams(char c) {
  if (c == ';') {
    params_.Add();
  } else if (c == ':') {
    params_.AddSub();
  } else {
    params_.AddDigit(c - '0');
  }
}

void Parser::ClearPayload() {
  payload_.clear();
  payload_units_ = 0;
  payload_too_long_ = false;
}

void Parser::PutOsc(char32_t code) {
  switch (osc_state_) {
    case OscState::kAborted:
      return;
    case OscState::kPayload:
      PutPayload(code, osc_number_ == kClipboardOsc ? kMaxClipboardUnits : kMaxOscUnits);
      return;
    case OscState::kNumber:
      if (code == ';') {
        osc_state_ = OscState::kPayload;
      } else if (code < '0' || code > '9') {
        osc_state_ = OscState::kAborted;
      } else {
        const int64_t grown = std::max<int64_t>(osc_number_, 0) * 10 + (code - '0');
        osc_number_ = std::min(grown, kMaxOscNumber);
      }
  }
}

void Parser::PutPayload(char32_t code, size_t limit) {
  payload_units_ = std::min(payload_units_ + Utf16Units(code), limit + 1);
  if (payload_units_ > limit) {
    payload_too_long_ = true;
    payload_.clear();
    return;
  }
  AppendUtf8(code, &payload_);
}

void Parser::EndString(bool is_osc, bool success) {
  const bool whole = success && !payload_too_long_;
  if (is_osc) {
    const bool ok = whole && osc_state_ != OscState::kAborted;
    sink_->Osc(static_cast<int>(osc_number_), ok ? &payload_ : nullptr);
  } else {
    sink_->Dcs(dcs_id_, whole ? &payload_ : nullptr);
  }
  ClearPayload();
  if (payload_.capacity() > kMaxOscUnits) payload_.shrink_to_fit();
  Clear();
}

std::string Parser::UnfinishedString() const {
  std::string text;
  switch (osc_state_) {
    case OscState::kAborted:
      return "\x1b]x";
    case OscState::kNumber:
      text = "\x1b]";
      if (osc_number_ >= 0) Append(&text, osc_number_);
      return text;
    case OscState::kPayload:
      if (payload_too_long_) return "\x1b]x";
      text = "\x1b]";
      if (osc_number_ >= 0) Append(&text, osc_number_);
      return Concat(text, ";", payload_);
  }
  return text;
}

std::string Parser::Unfinished() const {
  std::string prefix;
  std::string intermediates;
  for (int shift = 24; shift >= 0; shift -= 8) {
    const char c = static_cast<char>(collected_ >> shift);
    if (c == 0) continue;
    (c >= 0x3c && intermediates.empty() ? prefix : intermediates) += c;
  }
  std::string text;
  switch (state_) {
    case kEscape:
      text = "\x1b";
      break;
    case kEscapeIntermediate:
      text = Concat("\x1b", intermediates);
      break;
    case kCsiEntry:
      text = "\x1b[";
      break;
    case kCsiParam:
    case kCsiIntermediate:
      text = Concat("\x1b[", prefix, params_.Text(), intermediates);
      break;
    case kCsiIgnore:
      text = "\x1b[0?";
      break;
    case kString:
      text = "\x1b_";
      break;
    case kOsc:
      text = UnfinishedString();
      break;
    case kDcsEntry:
      text = "\x1bP";
      break;
    case kDcsParam:
    case kDcsIntermediate:
      text = Concat("\x1bP", prefix, params_.Text(), intermediates);
      break;
    case kDcsIgnore:
      text = "\x1bP0?";
      break;
    case kDcsPayload:
      text = payload_too_long_
                 ? "\x1bP0?"
                 : Concat("\x1bP", prefix, params_.Text(), intermediates,
                          std::string(1, static_cast<char>(dcs_id_ & 0xff)), payload_);
      break;
    default:
      break;
  }
  return text + partial_;
}

}  // namespace atrium::screen
