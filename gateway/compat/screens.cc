#include "gateway/compat/screens.h"

#include <utility>

#include "common/log.h"
#include "gateway/compat/buffer_codec.h"
#include "gateway/limits.h"

namespace atrium::gateway::compat {

void Screens::Follow(const std::string& tab, Listener* listener) {
  Watch& watch = watches_[tab];
  if (watch.id == 0) watch.id = next_id_++;
  watch.all.insert(listener);
  watch.fresh.insert(listener);
  Read(tab);
}

void Screens::Unfollow(const std::string& tab, Listener* listener) {
  auto it = watches_.find(tab);
  if (it == watches_.end()) return;
  it->second.all.erase(listener);
  it->second.fresh.erase(listener);
  if (it->second.all.empty()) watches_.erase(it);
}

void Screens::Changed(const std::string& tab, int64_t offset,
                      const std::vector<grpc::Slice>& data) {
  auto it = watches_.find(tab);
  if (it == watches_.end()) return;
  Watch& watch = it->second;
  for (const grpc::Slice& slice : data) {
    const auto size = static_cast<int64_t>(slice.size());
    if (offset >= watch.seen) {
      const std::string_view bytes(reinterpret_cast<const char*>(slice.begin()), slice.size());
      watch.rang |= watch.bell.Add(bytes);
      watch.seen = offset + size;
    }
    offset += size;
  }
  watch.changed = true;
  Arm(tab, &watch, limits::kScreenDebounce);
}

// What changes without end is read every kScreenDebounce, not put off without end.
void Screens::Arm(const std::string& tab, Watch* watch, absl::Duration delay) {
  if (watch->timer || watch->reading) return;
  watch->timer = loop_->After(delay, [this, tab] {
    auto it = watches_.find(tab);
    auto done = std::move(it->second.timer);
    Read(tab);
  });
}

void Screens::Read(const std::string& tab) {
  Watch& watch = watches_.at(tab);
  if (std::exchange(watch.reading, true)) return;
  const bool for_all = std::exchange(watch.changed, false);
  atrium::v1::ReadScreenRequest request;
  request.set_tab(tab);
  request.set_format(atrium::v1::ReadScreenRequest::CELLS);
  read_(request, [this, tab, for_all, id = watch.id](absl::StatusOr<atrium::v1::ReadScreenResponse> screen) {
    OnRead(tab, id, for_all, screen);
  });
}

void Screens::OnRead(const std::string& tab, int64_t id, bool for_all,
                     const absl::StatusOr<atrium::v1::ReadScreenResponse>& screen) {
  auto it = watches_.find(tab);
  if (it == watches_.end() || it->second.id != id) return;  // Nobody waits any more.
  Watch& watch = it->second;
  watch.reading = false;
  if (!screen.ok()) {
    // The terminal process is away, or the tab ended: whatever comes next tells.
    LogDebug("cannot read a screen", {{"tab", tab}, {"error", screen.status().message()}});
    watch.changed = true;
    return Arm(tab, &watch, limits::kScreenRetry);
  }
  const grpc::Slice snapshot(EncodeBuffer(*screen, std::exchange(watch.rang, false)));
  const std::set<Listener*> fresh = std::exchange(watch.fresh, {});
  const std::set<Listener*> told = for_all ? watch.all : fresh;
  for (Listener* listener : told) listener->OnScreen(tab, snapshot);
  it = watches_.find(tab);
  if (it == watches_.end()) return;
  if (!it->second.fresh.empty()) return Read(tab);
  if (it->second.changed) Arm(tab, &it->second, limits::kScreenDebounce);
}

}  // namespace atrium::gateway::compat
