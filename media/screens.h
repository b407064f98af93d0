// Screens is what one room knows of the screens that are shown in it: the plan's
// captures, and for each the Forward that joins its peers.
//
// On the loop.
#ifndef ATRIUM_MEDIA_SCREENS_H_
#define ATRIUM_MEDIA_SCREENS_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "atrium/media/v1/media.pb.h"
#include "media/bitrate.h"
#include "media/display.h"
#include "media/forward.h"
#include "media/peer_streams.h"
#include "media/still.h"
#include "media/video_streams.h"

namespace atrium::media {

// Whether a peer is of a screen, by its name; the others are of the call.
bool IsCapturePeer(std::string_view peer);
// The offer of such a peer, one way as it must be: the page that shows sends, others
// receive. INVALID_ARGUMENT if it was not offered so.
absl::Status MakeOneWay(std::string_view peer, Offer* offer);
// The peer of a page that watches; that of the page that shows has the capture's name.
std::string ViewerPeer(std::string_view capture, std::string_view page);

class Screens {
 public:
  struct Context {
    Still::Context stills;
    Display::Context* displays;
    // A capture of this machine's display is another way than it was.
    std::function<void(const std::string& capture, int64_t epoch, Display::State,
                       const absl::Status&)>
        on_display;
    // The page that shows it should send at most so much.
    std::function<void(const std::string& capture, int64_t max_bps)> on_bitrate;
  };

  explicit Screens(Context context) : context_(std::move(context)) {}
  ~Screens();

  void Apply(const atrium::media::v1::Plan::Room& plan);
  // The planned epochs of its peers, by name.
  void AddEpochs(std::map<std::string, int64_t>* epochs) const;
  // Those who watch and answer our offer, by name, and their epochs.
  std::map<std::string, int64_t> Answering() const;
  // For a peer that connects; null if the plan does not hold it. `id` names the
  // connection in this process.
  std::shared_ptr<PeerStreams> MakeStreams(const std::string& peer, int64_t id) const;
  // Looks after displays; call now and then.
  void Watch();
  // Makes screens send what the links of those who watch bear; `links` by peer.
  void Adapt(const std::map<std::string, LinkReport>& links);
  // Joins those who are connected now.
  void Connect(const std::map<std::string, std::shared_ptr<PeerStreams>>& connected);
  // See MediaService.TakeStill.
  void TakeStill(const atrium::media::v1::TakeStillRequest& request, Still::Done done);
  // Of which something comes.
  int64_t CountShown() const;
  // The captures and viewers that there are, of those in `epochs`.
  void AddInventory(const std::map<std::string, int64_t>& epochs,
                    atrium::media::v1::Plan::Room* room) const;

 private:
  struct Screen {
    atrium::media::v1::Plan::Capture plan;
    std::shared_ptr<Forward> forward;
    std::shared_ptr<Still> still;
    std::shared_ptr<Display> display;  // Null if a page shows it.
    // Of those who watch, by peer.
    std::map<std::string, LinkEstimate> links;
    std::map<std::string, std::shared_ptr<VideoOutlet>> outlets;
    int64_t bps = 0, told_source = 0;  // What was told, and to whom.
  };

  void MakeDisplay(Screen* screen);
  void Tell(Screen* screen);

  const Context context_;
  std::map<std::string, Screen> screens_;  // By capture.
  absl::Duration pictured_at_;  // When those who are left behind last were to get a picture.
};

}  // namespace atrium::media

#endif  // ATRIUM_MEDIA_SCREENS_H_
