#include "gateway/bridge/calls.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "common/errors.h"
#include "common/random.h"
#include "common/str_cat.h"
#include "gateway/errors.h"
#include "gateway/limits.h"

namespace atrium::gateway {

Calls::Calls(Loop* loop, Figures* figures, Dial dial)
    : loop_(loop), figures_(figures), dial_(std::move(dial)) {}

absl::Status Calls::Admit(const std::string& user) {
  if (calls_.size() >= limits::kCalls) {
    return TooMany("connections", limits::kCalls, absl::Seconds(5));
  }
  const absl::Duration now = loop_->Monotonic();
  std::erase_if(rates_, [now](const auto& rate) { return rate.second.Rested(now); });
  Gcra& rate =
      rates_.try_emplace(user, limits::kCallsPerSecond, limits::kCallBurst).first->second;
  const absl::Duration wait = rate.Take(now);
  return wait > absl::ZeroDuration() ? TooManyCalls(wait) : absl::OkStatus();
}

void Calls::Connect(const Admission::Pass& pass, const std::string& capture,
                    const std::string& offer, Done done) {
  if (const absl::Status s = Admit(pass.user); !s.ok()) return done(s);
  const std::string connection = RandomSecret();
  Entry& entry = calls_[connection];
  entry = {std::make_unique<Call>(loop_, this, pass.room,
                                  capture.empty() ? "" : StrCat(pass.room, "/captures/", capture)),
           pass.place, std::move(done)};
  figures_->sockets["call"] = static_cast<int64_t>(calls_.size());
  entry.call->Start(
      [this, &pass](JoinLink::Listener* page) { return dial_(pass.token, page); }, offer);
}

bool Calls::Disconnect(const std::string& connection) {
  auto it = calls_.find(connection);
  if (it == calls_.end()) return false;
  it->second.call->HangUp();
  return true;
}

void Calls::CloseAll() {
  std::vector<Call*> all;
  for (const auto& [connection, entry] : calls_) all.push_back(entry.call.get());
  for (Call* call : all) call->HangUp();
}

std::map<std::string, Calls::Entry>::iterator Calls::Find(const Call* call) {
  return std::find_if(calls_.begin(), calls_.end(),
                      [call](const auto& one) { return one.second.call.get() == call; });
}

void Calls::OnAnswer(Call* call, absl::StatusOr<std::string> sdp) {
  auto it = Find(call);
  const Done done = std::move(it->second.done);
  if (!sdp.ok()) return done(sdp.status());
  done(Answer{*std::move(sdp), it->first});
}

// We are inside the call, and it inside its stream.
void Calls::OnEnded(Call* call) {
  auto it = Find(call);
  auto last = std::make_shared<Entry>(std::move(it->second));
  calls_.erase(it);
  figures_->sockets["call"] = static_cast<int64_t>(calls_.size());
  loop_->Post([last] {});
}

}  // namespace atrium::gateway
