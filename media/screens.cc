#include "media/screens.h"

#include <algorithm>
#include <cstdlib>
#include <utility>
#include <vector>

#include "common/str_cat.h"
#include "media/errors.h"
#include "media/limits.h"

namespace atrium::media {

using atrium::media::v1::Plan;
using atrium::media::v1::TakeStillRequest;

bool IsCapturePeer(std::string_view peer) {
  return peer.find("/captures/") != std::string_view::npos;
}

absl::Status MakeOneWay(std::string_view peer, Offer* offer) {
  const bool watches = peer.find("/viewers/") != std::string_view::npos;
  if (watches ? !offer->receives() : !offer->sends()) {
    return BadSdp(watches ? "does not receive video" : "does not send video");
  }
  offer->direction = watches ? "recvonly" : "sendonly";
  return absl::OkStatus();
}

std::string ViewerPeer(std::string_view capture, std::string_view page) {
  return StrCat(capture, "/viewers/", page);
}

Screens::~Screens() { Apply({}); }

void Screens::Apply(const Plan::Room& plan) {
  std::map<std::string, Screen> screens;
  for (const Plan::Capture& capture : plan.captures()) {
    Screen& screen = screens[capture.name()];
    const auto known = screens_.find(capture.name());
    screen.plan = capture;
    if (known == screens_.end()) {
      Loop* const loop = context_.stills.loop;
      screen.forward = std::make_shared<Forward>([loop] { return loop->Monotonic(); });
      screen.still = std::make_shared<Still>(context_.stills, screen.forward);
    } else {
      screen.forward = known->second.forward;
      screen.still = known->second.still;
      screen.links = known->second.links;
      screen.outlets = known->second.outlets;
      screen.bps = known->second.bps;
      screen.told_source = known->second.told_source;
      if (capture.epoch() == known->second.plan.epoch()) screen.display = known->second.display;
    }
    if (capture.display() && screen.display == nullptr) MakeDisplay(&screen);
  }
  // Those that go let go of their ends, which hold them.
  for (const auto& [name, screen] : screens_) {
    if (screens.count(name) > 0) continue;
    screen.forward->SetSource(0, nullptr);
    screen.forward->SetSinks({});
  }
  screens_ = std::move(screens);
}

void Screens::MakeDisplay(Screen* screen) {
  screen->display =
      std::make_shared<Display>(context_.displays, screen->forward,
                                [this, name = screen->plan.name(), epoch = screen->plan.epoch()](
                                    Display::State state, const absl::Status& why) {
                                  context_.on_display(name, epoch, state, why);
                                });
}

void Screens::Watch() {
  for (const auto& [name, screen] : screens_) {
    if (screen.display != nullptr) screen.display->Watch();
  }
}

void Screens::AddEpochs(std::map<std::string, int64_t>* epochs) const {
  for (const auto& [name, screen] : screens_) {
    (*epochs)[name] = screen.plan.epoch();
    for (const auto& viewer : screen.plan.viewers()) {
      (*epochs)[ViewerPeer(name, viewer.page())] = viewer.epoch();
    }
  }
}

std::map<std::string, int64_t> Screens::Answering() const {
  std::map<std::string, int64_t> answering;
  for (const auto& [name, screen] : screens_) {
    for (const auto& viewer : screen.plan.viewers()) {
      if (viewer.answers()) answering[ViewerPeer(name, viewer.page())] = viewer.epoch();
    }
  }
  return answering;
}

std::shared_ptr<PeerStreams> Screens::MakeStreams(const std::string& peer, int64_t id) const {
  for (const auto& [name, screen] : screens_) {
    if (peer == name && !screen.plan.display()) {
      return std::make_shared<VideoInlet>(id, screen.forward);
    }
    for (const auto& viewer : screen.plan.viewers()) {
      if (peer == ViewerPeer(name, viewer.page())) {
        return std::make_shared<VideoOutlet>(screen.forward);
      }
    }
  }
  return nullptr;
}

void Screens::Adapt(const std::map<std::string, LinkReport>& links) {
  const absl::Duration now = context_.stills.loop->Monotonic();
  const bool picture = now - pictured_at_ >= limits::kLeftBehindPicture;
  if (picture) pictured_at_ = now;
  for (auto& [name, screen] : screens_) {
    bool left_behind = false;
    for (const auto& [peer, outlet] : screen.outlets) {
      const auto report = links.find(peer);
      if (report != links.end()) screen.links[peer].Take(report->second, now);
      const auto link = screen.links.find(peer);
      if (link == screen.links.end()) continue;
      outlet->SetLeftBehind(link->second.left_behind());
      left_behind = left_behind || link->second.left_behind();
    }
    if (picture && left_behind) screen.forward->AskForKeyFrame();
    Tell(&screen);
  }
}

void Screens::Tell(Screen* screen) {
  const int64_t bps = BitrateFor(screen->links), told = screen->bps;
  const int64_t source = screen->forward->source_id();
  const bool moved = std::abs(bps - told) * 100 >= told * limits::kBitrateStep;
  if (source == 0 || (!moved && source == screen->told_source)) return;
  screen->bps = bps;
  screen->told_source = source;
  if (screen->display != nullptr) return screen->display->SetBitrate(bps);
  context_.on_bitrate(screen->plan.name(), bps);
}

void Screens::Connect(const std::map<std::string, std::shared_ptr<PeerStreams>>& connected) {
  for (auto& [name, screen] : screens_) {
    const auto shows = connected.find(name);
    if (screen.plan.display()) {
      // It is there without anybody.
    } else if (shows == connected.end()) {
      screen.forward->SetSource(0, nullptr);
    } else {
      const auto inlet = std::static_pointer_cast<VideoInlet>(shows->second);
      screen.forward->SetSource(inlet->id(), inlet->source());
    }
    std::vector<std::shared_ptr<Forward::Sink>> sinks;
    screen.outlets.clear();
    for (const auto& viewer : screen.plan.viewers()) {
      const auto watches = connected.find(ViewerPeer(name, viewer.page()));
      if (watches == connected.end()) continue;
      const auto outlet = std::static_pointer_cast<VideoOutlet>(watches->second);
      sinks.push_back(outlet->sink());
      screen.outlets[watches->first] = outlet;
    }
    std::erase_if(screen.links,
                  [&](const auto& link) { return screen.outlets.count(link.first) == 0; });
    screen.forward->SetSinks(std::move(sinks));
  }
}

void Screens::TakeStill(const TakeStillRequest& request, Still::Done done) {
  const auto screen = screens_.find(request.capture());
  if (screen == screens_.end()) return done(NoScreen(request.capture()));
  screen->second.still->Take(request, std::move(done));
}

int64_t Screens::CountShown() const {
  return std::count_if(screens_.begin(), screens_.end(),
                       [](const auto& screen) { return screen.second.forward->source_id() != 0; });
}

void Screens::AddInventory(const std::map<std::string, int64_t>& epochs, Plan::Room* room) const {
  for (const auto& [name, screen] : screens_) {
    const auto shows = epochs.find(name);
    const bool displayed = screen.display != nullptr && screen.display->shown();
    if (shows == epochs.end() && !displayed) continue;
    Plan::Capture& capture = *room->add_captures();
    capture = screen.plan;
    if (!displayed) capture.set_epoch(shows->second);
    capture.clear_viewers();
    for (const auto& viewer : screen.plan.viewers()) {
      const auto watches = epochs.find(ViewerPeer(name, viewer.page()));
      if (watches == epochs.end()) continue;
      auto* there = capture.add_viewers();
      there->set_page(viewer.page());
      there->set_epoch(watches->second);
      there->set_answers(viewer.answers());
    }
  }
}

}  // namespace atrium::media
