#include "tests/screen/screen_harness.h"

#include <algorithm>
#include <cstdint>
#include <memory>

#include "terminal/screen/screen.h"

namespace atrium::screen {
namespace {

constexpr size_t kMaxMemory = 64 << 20;

class Run {
 public:
  explicit Run(std::string_view input) : input_(input) {
    options_.columns = 2 + Byte() % 40;
    options_.rows = 1 + Byte() % 12;
    options_.scrollback_lines = Byte() % 30;
    screen_ = std::make_unique<Screen>(options_, nullptr);
  }

  std::string Check() {
    while (!input_.empty() && fault_.empty()) {
      const int verb = Byte();
      if (verb < 0xe0) {
        Write(static_cast<size_t>(verb) + 1);
      } else if (verb < 0xf0) {
        const int columns = 2 + Byte() % 45;
        Resize(columns, 1 + Byte() % 14);
      } else {
        Snapshot();
      }
      CheckBounds();
    }
    CheckTwin("at the end");
    return fault_;
  }

 private:
  uint8_t Byte() {
    if (input_.empty()) return 0;
    const auto byte = static_cast<uint8_t>(input_.front());
    input_.remove_prefix(1);
    return byte;
  }

  void Write(size_t size) {
    const std::string_view bytes = input_.substr(0, size);
    input_.remove_prefix(bytes.size());
    screen_->Write(bytes);
    if (twin_) twin_->Write(bytes);
  }

  void Resize(int columns, int rows) {
    options_.columns = columns;
    options_.rows = rows;
    const bool exact = screen_->Resize(columns, rows);
    if (twin_ == nullptr) return;
    if (!exact) {
      twin_.reset();
      return;
    }
    twin_->Resize(columns, rows);
    CheckTwin("after a resize");
  }

  void Snapshot() {
    bool exact = false;
    const std::string bytes = screen_->Serialize({}, &exact);
    if (!exact) return;
    CheckTwin("before a snapshot");
    twin_ = std::make_unique<Screen>(options_, nullptr);
    twin_->Write(bytes);
    CheckTwin("after a snapshot");
    if (twin_->Serialize() != bytes) Fail("a restored screen serializes to other bytes");
  }

  void CheckTwin(const char* when) {
    if (twin_ == nullptr || !fault_.empty()) return;
    if (twin_->DebugState() != screen_->DebugState()) {
      Fail(std::string("a restored screen differs ") + when);
    } else if (twin_->title() != screen_->title()) {
      Fail(std::string("a restored title differs ") + when);
    }
  }

  void CheckBounds() {
    const Cursor cursor = screen_->cursor();
    if (screen_->columns() != options_.columns || screen_->rows() != options_.rows) Fail("size");
    if (cursor.row < 0 || cursor.row >= options_.rows) Fail("cursor row");
    if (cursor.column < 0 || cursor.column > options_.columns) Fail("cursor column");
    if (screen_->scrollback_size() > options_.scrollback_lines) Fail("scrollback");
    if (screen_->memory_bytes() > kMaxMemory) Fail("memory");
  }

  void Fail(const std::string& what) {
    if (fault_.empty()) fault_ = what;
  }

  std::string_view input_;
  Screen::Options options_;
  std::unique_ptr<Screen> screen_;
  std::unique_ptr<Screen> twin_;  // made from the last exact snapshot
  std::string fault_;
};

}  // namespace

std::string CheckScreen(std::string_view input) { return Run(input).Check(); }

}  // namespace atrium::screen
