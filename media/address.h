// Which addresses we send to (S17), and which are ours. Pure but for LocalAddresses.
#ifndef ATRIUM_MEDIA_ADDRESS_H_
#define ATRIUM_MEDIA_ADDRESS_H_

#include <string>
#include <string_view>
#include <vector>

namespace atrium::media {

struct AddressPolicy {
  bool loopback = false;  // Loopback is one of ours, so peers may be there.
};

// True for a numeric address of one machine that may be sent to: no link-local,
// multicast, unspecified or reserved one, in whatever IPv6 clothes; loopback as
// the policy says.
bool MaySendTo(std::string_view address, const AddressPolicy& policy);

// A candidate that we take: UDP, component 1, a numeric allowed address; without
// what ICE has no use for. Empty if we do not. `text` is as in `a=candidate`, with
// or without "candidate:".
std::string CleanCandidate(std::string_view text, const AddressPolicy& policy);

bool IsAddress(std::string_view address);
bool IsLoopback(std::string_view address);

// `extra`, and the global addresses of this machine's interfaces.
std::vector<std::string> LocalAddresses(const std::vector<std::string>& extra);
// Those of `addresses` that a peer whose offer holds these candidates is offered: loopback
// only if they have it too, if they are still to come, or if there is nothing else. libnice tries it first, and everybody
// else would wait for that in vain.
std::vector<std::string> AddressesFor(const std::vector<std::string>& candidates,
                                      std::vector<std::string> addresses);

}  // namespace atrium::media

#endif  // ATRIUM_MEDIA_ADDRESS_H_
