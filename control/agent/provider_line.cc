#include "control/agent/provider_line.h"

#include <algorithm>
#include <utility>

#include "common/log.h"
#include "common/random.h"
#include "control/errors.h"
#include "control/limits.h"

namespace atrium::control {

// One provider session, and whether its news counts.
class ProviderLine::Seat final : public Provider::Listener {
 public:
  explicit Seat(ProviderLine* line) : line_(line) {}

  void Connect() {
    history_end_ = line_->listener_->HistoryEnd();
    provider_ = line_->providers_->Make(this);
    provider_->Connect(line_->listener_->Settings(), line_->listener_->History());
  }
  void Leave() { line_ = nullptr; }
  Provider* provider() const { return provider_.get(); }
  bool ready() const { return ready_; }
  std::optional<absl::Time> expire_time() const { return expire_time_; }
  int64_t history_end() const { return history_end_; }

 private:
  void OnReady(std::optional<absl::Time> expire_time) override {
    if (line_ == nullptr) return;
    ready_ = true;
    expire_time_ = expire_time;
    line_->OnSeatReady(this);
  }
  void OnLost(const absl::Status& why, bool final) override {
    if (line_ != nullptr) line_->OnSeatLost(this, why, final);
  }
  void OnSpeechStarted(const std::string& item, int64_t ms) override {
    if (auto* to = Heard()) to->OnSpeechStarted(item, ms);
  }
  void OnSpeechStopped(const std::string& item, int64_t ms) override {
    if (auto* to = Heard()) to->OnSpeechStopped(item, ms);
  }
  void OnHeard(const std::string& item, const std::string& text, bool final) override {
    if (auto* to = Heard()) to->OnHeard(item, text, final);
  }
  void OnResponseStarted(const std::string& response) override {
    if (auto* to = Heard()) to->OnResponseStarted(response);
  }
  void OnSpeech(const std::string& response, const std::string& item,
                const std::string& pcm) override {
    if (auto* to = Heard()) to->OnSpeech(response, item, pcm);
  }
  void OnSaying(const std::string& response, const std::string& item, const std::string& text,
                bool final) override {
    if (auto* to = Heard()) to->OnSaying(response, item, text, final);
  }
  void OnToolCall(const std::string& call, const std::string& name,
                  const std::string& arguments) override {
    if (auto* to = Heard()) to->OnToolCall(call, name, arguments);
  }
  void OnResponseDone(const std::string& response, const ResponseEnd& end) override {
    if (auto* to = Heard()) to->OnResponseDone(response, end);
  }
  void OnUsage(const ProviderUsage& usage) override {
    if (auto* to = Heard()) to->OnUsage(usage);
  }
  void OnResponseRefused(const absl::Status& why, bool busy) override {
    if (auto* to = Heard()) to->OnResponseRefused(why, busy);
  }
  void OnRefused(const absl::Status& why) override {
    if (auto* to = Heard()) to->OnRefused(why);
  }
  // Whom to tell; null unless we are the current one.
  ProviderLine::Listener* Heard() {
    if (line_ == nullptr || line_->current_.get() != this) return nullptr;
    line_->OnSign();
    return line_->listener_;
  }

  // Given.
  ProviderLine* line_;  // Null once it was left.
  // State.
  bool ready_ = false;
  std::optional<absl::Time> expire_time_;
  int64_t history_end_ = 0;
  // Owned.
  std::unique_ptr<Provider> provider_;
};

ProviderLine::ProviderLine(Loop* loop, ProviderFactory* providers, Listener* listener)
    : loop_(loop), providers_(providers), listener_(listener) {}
ProviderLine::~ProviderLine() { Drop(); }

Provider* ProviderLine::provider() const { return current_ ? current_->provider() : nullptr; }

ProviderLine::SeatPtr ProviderLine::Open() { return std::make_shared<Seat>(this); }

// We may be inside one of its calls.
void ProviderLine::Leave(SeatPtr* seat) {
  if (*seat == nullptr) return;
  (*seat)->Leave();
  loop_->Post([last = std::move(*seat)] {});
  seat->reset();
}

void ProviderLine::Connect() {
  retry_.reset();
  Leave(&current_);
  Leave(&standby_);
  current_ = Open();
  current_->Connect();
}

void ProviderLine::Drop() {
  retry_.reset();
  rotation_.reset();
  exchange_.reset();
  silence_.reset();
  expecting_ = false;
  Leave(&current_);
  Leave(&standby_);
}

void ProviderLine::Retry() {
  absl::Duration wait = limits::kProviderRetryFirst;
  if (failures_ > 0) wait = limits::kProviderRetryMin * (1 << std::min(failures_ - 1, 6));
  wait = std::min(wait, limits::kProviderRetryMax);
  ++failures_;
  wait *= 0.75 + static_cast<unsigned char>(RandomBytes(1)[0]) / 1024.0;  // Jitter.
  retry_ = loop_->After(wait, [this] { Connect(); });
}

void ProviderLine::OnSeatReady(Seat* seat) {
  if (seat == standby_.get()) return Exchange();
  if (seat != current_.get()) return;
  ready_at_ = loop_->Monotonic();
  ArmRotation();
  listener_->OnReady(seat->expire_time());
}

void ProviderLine::OnSeatLost(Seat* seat, const absl::Status& why, bool final) {
  if (seat == standby_.get()) {
    // The current one still works; its end is handled when it comes.
    LogWarning("no provider session to exchange for", {{"why", why.message()}});
    Leave(&standby_);
    exchange_.reset();
    rotation_ = loop_->After(limits::kProviderRetryMax, [this] { Rotate(); });
    return;
  }
  if (seat != current_.get()) return;
  const bool stood = seat->ready() && loop_->Monotonic() - ready_at_ >= limits::kProviderStable;
  if (stood) failures_ = 0;
  Drop();
  listener_->OnLost(why, final);
}

// Rotation: make before break.

void ProviderLine::ArmRotation() {
  rotation_.reset();
  if (!current_->expire_time()) return;
  const absl::Duration left = *current_->expire_time() - loop_->Now();
  // One that lives shorter than our margin is not exchanged all the time.
  const absl::Duration wait = std::max(left - limits::kProviderRotation, left / 2);
  rotation_ = loop_->After(std::max(wait, absl::Seconds(1)), [this] { Rotate(); });
}

void ProviderLine::Renew() {
  if (current_ == nullptr) return;
  Leave(&standby_);
  Rotate();
}

void ProviderLine::Rotate() {
  if (standby_ != nullptr) return;
  standby_ = Open();
  standby_->Connect();
}

void ProviderLine::Exchange() {
  if (standby_ == nullptr || !standby_->ready()) return;
  if (!listener_->Silent()) {
    exchange_ = loop_->After(limits::kExchangeSpacing, [this] { Exchange(); });
    return;
  }
  Leave(&current_);
  current_ = std::exchange(standby_, nullptr);
  for (const HistoryItem& item : listener_->HistorySince(current_->history_end())) {
    current_->provider()->AddText(item.role, item.text);
  }
  ready_at_ = loop_->Monotonic();
  ArmRotation();
  listener_->OnExchanged();
}

// Silence.

void ProviderLine::Expect(bool answer) {
  if (answer == std::exchange(expecting_, answer)) return;
  silence_.reset();
  OnSign();
}

void ProviderLine::OnSign() {
  if (!expecting_ || current_ == nullptr) return;
  silence_ = loop_->After(limits::kProviderSilence, [this] {
    if (current_ != nullptr) OnSeatLost(current_.get(), ProviderSilent(), false);
  });
}

}  // namespace atrium::control
