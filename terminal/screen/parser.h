// The state machine for escape sequences (VT500 series, with the renderer's
// choices), from bytes to calls of a Sink.
#ifndef ATRIUM_TERMINAL_SCREEN_PARSER_H_
#define ATRIUM_TERMINAL_SCREEN_PARSER_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "terminal/screen/params.h"

namespace atrium::screen {

// Numbers a sequence: prefix or intermediates, then the final byte.
constexpr uint32_t SequenceId(std::string_view text) {
  uint32_t id = 0;
  for (char c : text) id = id << 8 | static_cast<uint8_t>(c);
  return id;
}

class Parser {
 public:
  class Sink {
   public:
    virtual ~Sink() = default;
    // A run of printable text; the second form is ASCII only.
    virtual void Print(std::u32string_view text) = 0;
    virtual void PrintAscii(std::string_view text) = 0;
    virtual void Execute(char32_t control) = 0;
    virtual void Escape(uint32_t id) = 0;
    virtual void Csi(uint32_t id, const Params& params) = 0;
    // A string ended. `payload` is null when it was aborted or too long.
    virtual void Osc(int number, const std::string* payload) = 0;
    virtual void Dcs(uint32_t id, const std::string* payload) = 0;
  };

  explicit Parser(Sink* sink);

  void Parse(std::string_view bytes);

  // Bytes that bring a fresh parser to where this one is. Bounded: numbers are
  // written out from what was kept, strings up to their limits.
  std::string Unfinished() const;
  bool in_ground() const;

  size_t memory_bytes() const { return payload_.capacity() + run_.capacity() * sizeof(char32_t); }

 private:
  enum State : uint8_t;
  enum Action : uint8_t;
  enum class OscState { kNumber, kPayload, kAborted };
  class Table;

  // Each returns where the next byte is.
  const char* ParseGround(const char* at, const char* end);
  const char* ParseOther(const char* at, const char* end);
  const char* ParsePayload(const char* at, const char* end);
  void Step(char32_t code);
  void PutOsc(char32_t code);
  void PutPayload(char32_t code, size_t limit);
  void EndString(bool is_osc, bool success);
  void AddToParams(char c);
  void ClearPayload();
  void Clear();
  std::string UnfinishedString() const;

  // Given.
  Sink* const sink_;
  // State.
  State state_;
  std::string partial_;  // of a UTF-8 sequence
  Params params_;
  uint32_t collected_ = 0;
  OscState osc_state_ = OscState::kNumber;
  int64_t osc_number_ = -1;
  uint32_t dcs_id_ = 0;
  std::string payload_;
  size_t payload_units_ = 0;
  bool payload_too_long_ = false;
  std::u32string run_;
};

}  // namespace atrium::screen

#endif  // ATRIUM_TERMINAL_SCREEN_PARSER_H_
