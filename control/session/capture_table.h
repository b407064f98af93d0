// CaptureTable is the screens that are shown in a session: who shows, who watches, and
// by which connections. Pure.
#ifndef ATRIUM_CONTROL_SESSION_CAPTURE_TABLE_H_
#define ATRIUM_CONTROL_SESSION_CAPTURE_TABLE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "atrium/control/v1/records.pb.h"
#include "atrium/media/v1/media.pb.h"
#include "atrium/v1/capture.pb.h"
#include "common/strong_id.h"

namespace atrium::control {

// One connection for a screen: a page's, or that of the machine's display to media.
struct CapturePeer {
  std::string capture;
  PageId page;  // Empty for the display.
  int64_t epoch = 0;
  bool shows = false;    // Else it watches.
  bool answers = false;  // Of one that watches: media offers.
};

// As media names it.
std::string PeerName(const CapturePeer& peer);
// Whether media means a screen's peer by it, rather than one of the call.
bool IsCapturePeer(std::string_view peer);

class CaptureTable {
 public:
  struct Viewer {
    int64_t epoch = 0;
    bool answers = false;  // Media offers.
  };
  struct Screen {
    atrium::v1::Capture shown;
    PageId page;  // That shows it; empty for the machine's display.
    int64_t epoch = 0;
    std::map<PageId, Viewer> viewers;
    int failures = 0;                   // Of the showing page's connections, in a row.
  };

  void Load(const atrium::control::v1::CaptureRecord& record);
  // Oldest first.
  std::vector<atrium::control::v1::CaptureRecord> Records() const;

  Screen* Add(atrium::v1::Capture shown, PageId page, int64_t epoch);
  Screen* Find(const std::string& capture);
  const std::map<std::string, Screen>& all() const { return screens_; }
  void Remove(const std::string& capture) { screens_.erase(capture); }
  // The machine's display; null if it is not shown.
  const Screen* Display() const;
  // A page watches by this connection from now on. Returns whether it did not before.
  bool Watch(const std::string& capture, const PageId& page, Viewer viewer);
  bool StopWatching(const std::string& capture, const PageId& page);
  // What a page that is gone showed, and what it watched; it watches nothing now.
  std::vector<std::string> ShownBy(const PageId& page) const;
  std::vector<std::string> StopWatching(const PageId& page);

  // Whose connection it is, as media names it; none if it is not a present one.
  std::optional<CapturePeer> PeerOf(const std::string& peer, int64_t epoch) const;
  // A page's connection for a capture; none if it has none.
  std::optional<CapturePeer> PeerAt(const std::string& capture, const PageId& page) const;
  // Another connection in place of the present one.
  void Renew(const CapturePeer& peer, int64_t epoch);
  void AddToPlan(atrium::media::v1::Plan::Room* room) const;
  // How many connections there are by which these pages watch; all pages if it is null.
  size_t Watching(const std::function<bool(const PageId&)>& counts) const;
  // Takes the viewers that media has and we forgot, if they still `may` watch. Returns
  // those that must connect anew, as media does not have them; all of them if it is
  // `fresh`.
  std::vector<CapturePeer> Adopt(const atrium::media::v1::Plan::Room& room, bool fresh,
                                 const std::function<bool(const PageId&)>& may);

 private:
  std::map<std::string, Screen> screens_;  // By name.
};

}  // namespace atrium::control

#endif  // ATRIUM_CONTROL_SESSION_CAPTURE_TABLE_H_
