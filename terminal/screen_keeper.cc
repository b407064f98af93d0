#include "terminal/screen_keeper.h"

#include <utility>

#include "common/text.h"
#include "terminal/limits.h"
#include "terminal/mark_splitter.h"
#include "terminal/screen/screen.h"
#include "terminal/screen_cells.h"

namespace atrium::terminal {

ScreenThread::ScreenThread() : thread_([this] { Run(); }) {}

ScreenThread::~ScreenThread() {
  {
    std::lock_guard<std::mutex> lock(mu_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void ScreenThread::Post(std::function<void()> job) {
  {
    std::lock_guard<std::mutex> lock(mu_);
    jobs_.push_back(std::move(job));
  }
  wake_.notify_one();
}

void ScreenThread::Run() {
  std::deque<std::function<void()>> jobs;
  for (;;) {
    {
      std::unique_lock<std::mutex> lock(mu_);
      wake_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
      if (jobs_.empty()) return;
      jobs.swap(jobs_);
    }
    for (auto& job : jobs) job();
    jobs.clear();
  }
}

// Lives on the screen thread, but for `listener`, which only the loop reads.
struct ScreenKeeper::State : screen::Screen::Listener,
                             std::enable_shared_from_this<ScreenKeeper::State> {
  State(Loop* l, std::shared_ptr<const OutputLog> g, Size size, int64_t at,
        ScreenKeeper::Listener* n)
      : loop(l),
        log(std::move(g)),
        first_offset(at),
        offset(at),
        listener(n),
        screen({.columns = size.columns, .rows = size.rows}, this),
        parsed(at) {}

  // Tells the loop, unless the keeper is gone by then.
  template <typename Fn>
  void Tell(Fn fn) {
    if (restoring) return;
    loop->Post([self = shared_from_this(), fn = std::move(fn)] {
      if (self->listener != nullptr) fn(self->listener);
    });
  }
  // Gathered for what is fed at once: a flood of questions is one answer, of which the
  // end is left out.
  void OnReply(std::string_view bytes) override {
    if (restoring) return;
    replies_full = replies_full || replies.size() + bytes.size() > limits::kReplyBytes;
    if (!replies_full) replies += bytes;
  }
  void TellReplies() {
    replies_full = false;
    if (replies.empty()) return;
    Tell([b = std::exchange(replies, "")](auto* l) { l->OnReply(b); });
  }
  void OnTitle(std::string_view title) override {
    Tell([t = std::string(title)](auto* l) { l->OnTitle(t); });
  }
  void OnWorkingDirectory(std::string_view path) override {
    Tell([p = std::string(path)](auto* l) { l->OnWorkingDirectory(p); });
  }
  void OnMark(const screen::Mark& mark) override {
    // The screen thread cuts the output behind each mark: it ends where the piece
    // being written does.
    ShellMark out{.exit_code = mark.exit_code.value_or(0),
                  .begin = first_offset + splitter.begin(),
                  .offset = piece_end,
                  .text = MakeUtf8(mark.text),
                  .key = mark.key};
    switch (mark.kind) {
      case screen::Mark::Kind::kPromptStart: out.kind = ShellMark::Kind::kPromptStart; break;
      case screen::Mark::Kind::kCommandStart: out.kind = ShellMark::Kind::kPromptEnd; break;
      case screen::Mark::Kind::kOutputStart: out.kind = ShellMark::Kind::kCommandStart; break;
      case screen::Mark::Kind::kCommandEnd: out.kind = ShellMark::Kind::kCommandEnd; break;
    }
    Tell([out](auto* l) { l->OnMark(out); });
  }

  Loop* const loop;
  const std::shared_ptr<const OutputLog> log;
  const int64_t first_offset;
  int64_t offset;
  ScreenKeeper::Listener* listener;
  screen::Screen screen;
  MarkSplitter splitter;
  int64_t piece_end = 0;  // Of what is being written.
  std::string replies;    // To what was fed.
  bool replies_full = false;
  std::atomic<int64_t> parsed;
  bool restoring = false;  // What is drawn is no news.
};

ScreenKeeper::ScreenKeeper(Loop* loop, ScreenThread* thread, std::shared_ptr<const OutputLog> log,
                           Size size, int64_t offset, Listener* listener)
    : loop_(loop),
      thread_(thread),
      state_(std::make_shared<State>(loop, std::move(log), size, offset, listener)) {}

ScreenKeeper::~ScreenKeeper() {
  state_->listener = nullptr;
  // The screen goes where it lived.
  thread_->Post([state = std::move(state_)] {});
}

void ScreenKeeper::Feed(int64_t from, int64_t to) {
  thread_->Post([state = state_, from, to] {
    for (int64_t at = from; at < to;) {
      std::string_view bytes = state->log->Published(at, static_cast<size_t>(to - at));
      bytes = bytes.substr(0, state->splitter.Next(bytes));
      at += static_cast<int64_t>(bytes.size());
      state->piece_end = at;
      state->screen.Write(bytes);
    }
    state->offset = to;
    state->parsed.store(to, std::memory_order_release);
    state->TellReplies();
    state->Tell([](auto* l) { l->OnParsed(); });
  });
}

void ScreenKeeper::Resize(Size size) {
  thread_->Post([state = state_, size] {
    if (state->screen.Resize(size.columns, size.rows)) return;
    // A renderer cannot be trusted to reflow this as we did.
    state->Tell([](auto* l) { l->OnInexactResize(); });
  });
}

void ScreenKeeper::Restore(std::string snapshot) {
  thread_->Post([state = state_, snapshot = std::move(snapshot)] {
    state->restoring = true;
    state->screen.Write(snapshot);
    state->restoring = false;
  });
}

void ScreenKeeper::Snapshot(bool scrollback, std::function<void(ScreenSnapshot)> done) {
  thread_->Post([state = state_, loop = loop_, scrollback, done = std::move(done)] {
    ScreenSnapshot snapshot{.offset = state->offset,
                            .size = {state->screen.columns(), state->screen.rows()},
                            .scrollback = scrollback};
    snapshot.data =
        state->screen.Serialize({.scrollback_lines = scrollback ? -1 : 0}, &snapshot.exact);
    loop->Post([done, snapshot = std::move(snapshot)]() mutable { done(std::move(snapshot)); });
  });
}

void ScreenKeeper::Text(int scrollback_lines, bool escapes,
                        std::function<void(ScreenText)> done) {
  thread_->Post([state = state_, loop = loop_, scrollback_lines, escapes, done = std::move(done)] {
    const screen::Screen& screen = state->screen;
    ScreenText text{.offset = state->offset,
                    .size = {screen.columns(), screen.rows()},
                    .cursor_column = screen.cursor().column,
                    .cursor_row = screen.cursor().row,
                    .title = MakeUtf8(screen.title()),
                    .application_cursor_keys = screen.application_cursor_keys(),
                    .alternate_screen = screen.alternate()};
    text.text = escapes ? screen.Serialize({.scrollback_lines = scrollback_lines})
                        : screen.ScrollbackText(scrollback_lines) + screen.ScreenText();
    // A snapshot ends with what has not wholly come, and may quote what it was told.
    text.text = MakeUtf8(WithoutUnfinished(text.text));
    loop->Post([done, text = std::move(text)]() mutable { done(std::move(text)); });
  });
}

void ScreenKeeper::Cells(int scrollback_lines,
                         std::function<void(atrium::v1::ReadScreenResponse)> done) {
  thread_->Post([state = state_, loop = loop_, scrollback_lines, done = std::move(done)] {
    atrium::v1::ReadScreenResponse cells = ScreenCells(state->screen, scrollback_lines);
    cells.set_offset(state->offset);
    loop->Post([done, cells = std::move(cells)]() mutable { done(std::move(cells)); });
  });
}

void ScreenKeeper::WhenDrawn(std::function<void()> then) {
  thread_->Post([loop = loop_, then = std::move(then)] { loop->Post(then); });
}

int64_t ScreenKeeper::parsed_offset() const {
  return state_->parsed.load(std::memory_order_acquire);
}

}  // namespace atrium::terminal
