#include "media/reconcile.h"

#include <algorithm>

#include "media/limits.h"

namespace atrium::media {

OfferVerdict JudgeOffer(std::optional<int64_t> planned_epoch, int64_t epoch) {
  if (!planned_epoch || epoch > *planned_epoch) return OfferVerdict::kWait;
  return epoch == *planned_epoch ? OfferVerdict::kConnect : OfferVerdict::kStale;
}

std::map<std::string, int64_t> HeardEpochs(const std::vector<PeerFact>& peers) {
  std::map<std::string, int64_t> heard;
  for (const PeerFact& peer : peers) {
    if (!peer.connected) continue;
    int64_t& epoch = heard.try_emplace(peer.key.name, peer.key.epoch).first->second;
    epoch = std::max(epoch, peer.key.epoch);
  }
  return heard;
}

std::vector<PeerKey> PeersToClose(const std::map<std::string, int64_t>& planned,
                                  const std::vector<PeerFact>& peers) {
  const std::map<std::string, int64_t> heard = HeardEpochs(peers);
  std::vector<PeerKey> close;
  for (const PeerFact& peer : peers) {
    const auto plan = planned.find(peer.key.name);
    if (plan == planned.end() || peer.key.epoch > plan->second) {
      close.push_back(peer.key);
      continue;
    }
    if (peer.key.epoch == plan->second) continue;
    const auto heir = heard.find(peer.key.name);
    const bool replaced = heir != heard.end() && heir->second > peer.key.epoch;
    const bool overdue = peer.replaced_for.value_or(absl::ZeroDuration()) >= limits::kReplaceGrace;
    if (!peer.connected || replaced || overdue) close.push_back(peer.key);
  }
  return close;
}

}  // namespace atrium::media
