#include "control/session/capture_table.h"

#include <algorithm>
#include <set>
#include <utility>

#include "common/proto_time.h"
#include "common/str_cat.h"

namespace atrium::control {

using atrium::control::v1::CaptureRecord;
using atrium::media::v1::Plan;

namespace {
constexpr std::string_view kViewers = "/viewers/";
}  // namespace

std::string PeerName(const CapturePeer& peer) {
  return peer.shows ? peer.capture : StrCat(peer.capture, kViewers, peer.page.value());
}
bool IsCapturePeer(std::string_view peer) {
  return peer.find("/captures/") != std::string_view::npos;
}

void CaptureTable::Load(const CaptureRecord& record) {
  Screen& screen = screens_[record.capture().name()];
  screen.shown = record.capture();
  screen.shown.set_state(atrium::v1::Capture::STARTING);
  screen.shown.set_viewer_count(0);
  // Of a control that knew no other.
  if (screen.shown.source() == atrium::v1::Capture::SOURCE_UNSPECIFIED) {
    screen.shown.set_source(atrium::v1::Capture::PAGE);
  }
  screen.page = PageId(record.page());
  screen.epoch = record.epoch();
}

std::vector<CaptureRecord> CaptureTable::Records() const {
  std::vector<CaptureRecord> records;
  for (const auto& [name, screen] : screens_) {
    CaptureRecord& record = records.emplace_back();
    *record.mutable_capture() = screen.shown;
    record.set_page(screen.page.value());
    record.set_epoch(screen.epoch);
  }
  std::sort(records.begin(), records.end(), [](const auto& a, const auto& b) {
    return FromProtoTime(a.capture().create_time()) < FromProtoTime(b.capture().create_time());
  });
  return records;
}

CaptureTable::Screen* CaptureTable::Add(atrium::v1::Capture shown, PageId page, int64_t epoch) {
  Screen& screen = screens_[shown.name()];
  screen.shown = std::move(shown);
  screen.page = std::move(page);
  screen.epoch = epoch;
  return &screen;
}

CaptureTable::Screen* CaptureTable::Find(const std::string& capture) {
  const auto it = screens_.find(capture);
  return it == screens_.end() ? nullptr : &it->second;
}

const CaptureTable::Screen* CaptureTable::Display() const {
  for (const auto& [name, screen] : screens_) {
    if (screen.shown.source() == atrium::v1::Capture::DISPLAY) return &screen;
  }
  return nullptr;
}

bool CaptureTable::Watch(const std::string& capture, const PageId& page, Viewer viewer) {
  Screen* screen = Find(capture);
  const bool more = screen->viewers.count(page) == 0;
  screen->viewers[page] = viewer;
  screen->shown.set_viewer_count(static_cast<int>(screen->viewers.size()));
  return more;
}

bool CaptureTable::StopWatching(const std::string& capture, const PageId& page) {
  Screen* screen = Find(capture);
  if (screen == nullptr || screen->viewers.erase(page) == 0) return false;
  screen->shown.set_viewer_count(static_cast<int>(screen->viewers.size()));
  return true;
}

std::vector<std::string> CaptureTable::ShownBy(const PageId& page) const {
  std::vector<std::string> captures;
  for (const auto& [name, screen] : screens_) {
    if (screen.page == page) captures.push_back(name);
  }
  return captures;
}

std::vector<std::string> CaptureTable::StopWatching(const PageId& page) {
  std::vector<std::string> captures;
  for (const auto& [name, screen] : screens_) {
    if (screen.viewers.count(page) > 0) captures.push_back(name);
  }
  for (const std::string& name : captures) StopWatching(name, page);
  return captures;
}

std::optional<CapturePeer> CaptureTable::PeerAt(const std::string& capture,
                                                const PageId& page) const {
  const auto it = screens_.find(capture);
  if (it == screens_.end()) return std::nullopt;
  const Screen& screen = it->second;
  if (screen.page == page) return CapturePeer{capture, page, screen.epoch, true};
  const auto viewer = screen.viewers.find(page);
  if (viewer == screen.viewers.end()) return std::nullopt;
  return CapturePeer{capture, page, viewer->second.epoch, false, viewer->second.answers};
}

std::optional<CapturePeer> CaptureTable::PeerOf(const std::string& peer, int64_t epoch) const {
  const size_t at = peer.find(kViewers);
  const std::string capture = peer.substr(0, at);
  const auto it = screens_.find(capture);
  if (it == screens_.end()) return std::nullopt;
  const PageId page =
      at == std::string::npos ? it->second.page : PageId(peer.substr(at + kViewers.size()));
  const std::optional<CapturePeer> found = PeerAt(capture, page);
  if (!found || found->epoch != epoch) return std::nullopt;
  return found;
}

void CaptureTable::Renew(const CapturePeer& peer, int64_t epoch) {
  Screen* screen = Find(peer.capture);
  if (!peer.shows) {
    screen->viewers[peer.page].epoch = epoch;
    return;
  }
  screen->epoch = epoch;
  screen->shown.set_state(atrium::v1::Capture::STARTING);
}

void CaptureTable::AddToPlan(Plan::Room* room) const {
  for (const auto& [name, screen] : screens_) {
    Plan::Capture& capture = *room->add_captures();
    capture.set_name(name);
    capture.set_page(screen.page.value());
    capture.set_epoch(screen.epoch);
    capture.set_display(screen.shown.source() == atrium::v1::Capture::DISPLAY);
    for (const auto& [page, watches] : screen.viewers) {
      auto* viewer = capture.add_viewers();
      viewer->set_page(page.value());
      viewer->set_epoch(watches.epoch);
      viewer->set_answers(watches.answers);
    }
  }
}

size_t CaptureTable::Watching(const std::function<bool(const PageId&)>& counts) const {
  size_t watching = 0;
  for (const auto& [name, screen] : screens_) {
    for (const auto& [page, viewer] : screen.viewers) watching += !counts || counts(page) ? 1 : 0;
  }
  return watching;
}

std::vector<CapturePeer> CaptureTable::Adopt(const Plan::Room& room, bool fresh,
                                             const std::function<bool(const PageId&)>& may) {
  std::set<std::pair<std::string, PageId>> there;
  for (const Plan::Capture& capture : room.captures()) {
    Screen* screen = Find(capture.name());
    if (screen == nullptr || fresh) continue;
    if (capture.epoch() == screen->epoch) {
      there.emplace(capture.name(), screen->page);
      screen->shown.set_state(atrium::v1::Capture::SHOWN);
    }
    for (const auto& viewer : capture.viewers()) {
      const PageId page(viewer.page());
      if (screen->viewers.count(page) == 0) {
        if (!may(page)) continue;
        Watch(capture.name(), page, {viewer.epoch(), viewer.answers()});
      }
      if (screen->viewers[page].epoch == viewer.epoch()) there.emplace(capture.name(), page);
    }
  }
  std::vector<CapturePeer> anew;
  for (const auto& [name, screen] : screens_) {
    if (there.count({name, screen.page}) == 0) anew.push_back(*PeerAt(name, screen.page));
    for (const auto& [page, viewer] : screen.viewers) {
      if (there.count({name, page}) == 0) anew.push_back(*PeerAt(name, page));
    }
  }
  return anew;
}

}  // namespace atrium::control
