#include "gateway/bridge/pages.h"

#include <algorithm>
#include <utility>

#include "gateway/errors.h"
#include "gateway/limits.h"

namespace atrium::gateway {

Pages::Pages(const Page::Given& given) : given_(given) { Look(); }

namespace {

// Not services, nor whoever comes without a token.
bool IsPerson(const std::string& user) { return user.rfind("sessions/", 0) == 0; }

}  // namespace

absl::Status Pages::Admit(const std::string& user) const {
  if (pages_.size() >= limits::kSockets) return TooManySockets();
  auto it = users_.find(user);
  if (IsPerson(user) && it != users_.end() && it->second >= limits::kSocketsPerUser) {
    return TooManySocketsOfOne();
  }
  return absl::OkStatus();
}

void Pages::Add(const std::string& kind, const std::string& user, const Make& make) {
  Page::Given given = given_;
  given.words = WordsOf(user);
  std::unique_ptr<Page> page = make(given, [this](Page* closed) { Remove(closed); });
  Page* raw = page.get();
  pages_[raw] = {std::move(page), kind, user};
  ++users_[user];
  ++given_.figures->sockets[kind];
}

// A person's is kept after its last page: coming back gives no new one.
std::shared_ptr<Gcra> Pages::WordsOf(const std::string& user) {
  if (!IsPerson(user)) return std::make_shared<Gcra>(limits::kWordsPerSecond, limits::kWordBurst);
  auto& words = words_[user];
  if (words == nullptr) words = std::make_shared<Gcra>(limits::kWordsPerSecond, limits::kWordBurst);
  return words;
}

void Pages::Remove(Page* page) {
  auto it = pages_.find(page);
  if (it == pages_.end()) return;
  --given_.figures->sockets[it->second.kind];
  if (--users_[it->second.user] == 0) users_.erase(it->second.user);
  pages_.erase(it);
}

void Pages::CloseAll() {
  for (auto& [raw, entry] : pages_) raw->Close(ws::kGoingAway, "the gateway restarts");
}

void Pages::Look() {
  timer_ = given_.loop->After(limits::kLagInterval, [this] {
    auto done = std::move(timer_);
    given_.figures->lag_bytes = given_.figures->worst_lag_bytes = 0;
    for (auto& [raw, entry] : pages_) {
      const int64_t lag = raw->TellLag();
      given_.figures->lag_bytes += lag;
      given_.figures->worst_lag_bytes = std::max(given_.figures->worst_lag_bytes, lag);
    }
    std::erase_if(words_, [now = given_.loop->Monotonic()](const auto& words) {
      return words.second.use_count() == 1 && words.second->Rested(now);
    });
    Look();
  });
}

}  // namespace atrium::gateway
