// ProviderLine keeps one provider session up: connects it, watches it, connects it
// anew with a growing pause when it is lost, and exchanges it in a silence before
// it expires, the new one ready before the old one goes. News of the current
// session is handed on; of any other, nothing.
//
// On the loop.
#ifndef ATRIUM_CONTROL_AGENT_PROVIDER_LINE_H_
#define ATRIUM_CONTROL_AGENT_PROVIDER_LINE_H_

#include <memory>
#include <vector>

#include "common/loop.h"
#include "control/agent/provider.h"

namespace atrium::control {

class ProviderLine {
 public:
  class Listener : public Provider::Listener {
   public:
    // What a new provider session is told; and what was added to the history since
    // it had `end` items in all.
    virtual ProviderSettings Settings() const = 0;
    virtual std::vector<HistoryItem> History() const = 0;
    virtual int64_t HistoryEnd() const = 0;
    virtual std::vector<HistoryItem> HistorySince(int64_t end) const = 0;
    // Nobody speaks and nothing is under way.
    virtual bool Silent() const = 0;
    // Another session took the place of the last: its ids mean nothing any more.
    virtual void OnExchanged() = 0;
  };

  ProviderLine(Loop* loop, ProviderFactory* providers, Listener* listener);
  ~ProviderLine();
  ProviderLine(const ProviderLine&) = delete;
  ProviderLine& operator=(const ProviderLine&) = delete;

  // Connects: OnReady or OnLost follows.
  void Connect();
  // Connects after a pause, longer with each failure.
  void Retry();
  // Takes another session in the next silence.
  void Renew();
  // Leaves; nothing is heard of it any more.
  void Drop();
  // The current session; null if there is none. It may not be ready.
  Provider* provider() const;
  // While an answer is owed, silence is a failure.
  void Expect(bool answer);

 private:
  class Seat;
  using SeatPtr = std::shared_ptr<Seat>;

  SeatPtr Open();
  void Leave(SeatPtr* seat);
  void OnSeatReady(Seat* seat);
  void OnSeatLost(Seat* seat, const absl::Status& why, bool final);
  void Rotate();
  void Exchange();
  void ArmRotation();
  void OnSign();

  // Given.
  Loop* const loop_;
  ProviderFactory* const providers_;
  Listener* const listener_;
  // Owned.
  SeatPtr current_, standby_;
  Loop::HandlePtr retry_, rotation_, exchange_, silence_;
  // State.
  int failures_ = 0;
  absl::Duration ready_at_;  // Of the current one.
  bool expecting_ = false;
};

}  // namespace atrium::control

#endif  // ATRIUM_CONTROL_AGENT_PROVIDER_LINE_H_
