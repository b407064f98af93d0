// What must be done so that peers are as planned. Pure.
#ifndef ATRIUM_MEDIA_RECONCILE_H_
#define ATRIUM_MEDIA_RECONCILE_H_

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace atrium::media {

// Names one peer.
struct PeerKey {
  std::string name;  // As `peer` in the protocol with control.
  int64_t epoch = 0;
  friend auto operator<=>(const PeerKey&, const PeerKey&) = default;
};

// A peer that exists.
struct PeerFact {
  PeerKey key;
  bool connected = false;
  // How long another epoch has been planned; none while this one is.
  std::optional<absl::Duration> replaced_for;
};

// What may be done with an offer.
enum class OfferVerdict {
  kConnect,  // It is the planned one.
  kWait,     // The plan does not hold it yet.
  kStale,    // A newer one is planned.
};

OfferVerdict JudgeOffer(std::optional<int64_t> planned_epoch, int64_t epoch);

// The peers to close: those of nobody in `planned` (name -> epoch), and the
// replaced ones as soon as their heir is connected or their grace is over.
std::vector<PeerKey> PeersToClose(const std::map<std::string, int64_t>& planned,
                                  const std::vector<PeerFact>& peers);

// Of each name the peer that is heard and spoken to: the newest connected.
std::map<std::string, int64_t> HeardEpochs(const std::vector<PeerFact>& peers);

}  // namespace atrium::media

#endif  // ATRIUM_MEDIA_RECONCILE_H_
