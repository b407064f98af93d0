#include "gateway/compat/screencap_room.h"

#include <algorithm>
#include <set>
#include <utility>

#include "common/errors.h"
#include "common/status_macros.h"
#include "common/str_cat.h"
#include "gateway/errors.h"
#include "gateway/limits.h"

namespace atrium::gateway::compat {

using atrium::v1::JoinRequest;
using atrium::v1::JoinResponse;

namespace {

// The ids of our requests.
constexpr int64_t kWatch = 1, kSignal = 2, kFirstStart = 3;

// What the capture peer tells its viewers as it is.
bool IsNews(const std::string& type) {
  static const std::set<std::string> kNews = {"capture-started", "capture-error", "stats-update",
                                              "state-change"};
  return kNews.count(type) > 0;
}
// What a viewer tells the capture peer as it is.
bool IsWish(const std::string& type) {
  return type == "config-update" || type == "bitrate-adjustment";
}

// The SDP of `data`, which is a description or the text alone.
absl::StatusOr<std::string> SdpOf(const Json& json) {
  auto data = json.find("data");
  if (data == json.end()) return MissingField("data");
  std::string sdp;
  if (data->is_string()) {
    sdp = data->get<std::string>();
  } else if (data->is_object()) {
    ASSIGN_OR_RETURN(sdp, StringOf(*data, "sdp", "data", /*required=*/true));
  } else {
    return BadField("data", "must be an object of `type` and `sdp`");
  }
  if (sdp.rfind("v=0", 0) != 0) return BadField("data.sdp", "must be an SDP: it begins with v=0");
  return sdp;
}

absl::Status CheckObject(const Json& json, const char* field) {
  auto it = json.find(field);
  if (it != json.end() && !it->is_null() && !it->is_object()) {
    return BadField(field, "must be an object");
  }
  return absl::OkStatus();
}

absl::Status CheckWhole(const Json& json, const char* field) {
  auto it = json.find(field);
  if (it != json.end() && !it->is_null() && !it->is_number_integer()) {
    return BadField(field, "must be a whole number");
  }
  return absl::OkStatus();
}

// `mode`, `windowId` and `displayIndex`.
absl::Status CheckWhat(const Json& json) {
  ASSIGN_OR_RETURN(const std::string mode, StringOf(json, "mode", "", /*required=*/false));
  if (!mode.empty() && mode != "desktop" && mode != "window") {
    return BadField("mode", "must be desktop or window");
  }
  RETURN_IF_ERROR(CheckWhole(json, "windowId"));
  return CheckWhole(json, "displayIndex");
}

absl::StatusOr<std::string> RequestIdOf(const Json& json) {
  ASSIGN_OR_RETURN(const std::string id, StringOf(json, "requestId", "", /*required=*/true));
  if (id.empty() || id.size() > limits::kCompatIdBytes) {
    return BadField("requestId", StrCat("must have 1 to ", limits::kCompatIdBytes, " bytes"));
  }
  return id;
}

absl::Status NotACapturePeer() {
  return MakeError(absl::StatusCode::kFailedPrecondition,
                   "No capture peer is connected: wait for ready", {.reason = "NO_CAPTURE_PEER"});
}

absl::Status OnlyEditors(std::string_view what) {
  return MakeError(absl::StatusCode::kPermissionDenied, StrCat("Only editors may ", what),
                   {.reason = "NOT_ALLOWED"});
}

Json Error(std::string_view text) { return {{"type", "error"}, {"data", text}}; }

Json CaptureError(const std::string& code, const std::string& message) {
  return {{"type", "capture-error"}, {"data", {{"code", code}, {"message", message}}}};
}

Json Description(const char* type, const std::string& sdp) {
  return {{"type", type}, {"data", {{"type", type}, {"sdp", sdp}}}};
}

}  // namespace

absl::Status ScreencapRoom::Hear(Member* member, const std::string& text) {
  if (text.size() > limits::kScreencapBytes) {
    return BadField("message", StrCat("is longer than ", limits::kScreencapBytes, " bytes"));
  }
  ASSIGN_OR_RETURN(const Json json, ParseTyped(text));
  const std::string type = json["type"].get<std::string>();
  if (type == "ping") {
    member->Say({{"type", "pong"}});
    return absl::OkStatus();
  }
  if (type == "pong") return absl::OkStatus();
  if (type == "mac-ready") return BecomeCapturer(member, json);
  return member == capturer_ ? HearCapturer(type, json) : HearViewer(member, type, json);
}

absl::Status ScreencapRoom::HearCapturer(const std::string& type, const Json& json) {
  if (type == "offer") return Offer(json);
  if (type == "ice-candidate") return Candidate(capturer_, &capturer_peer_, json);
  if (type == "api-response") return AnswerRequest(json);
  if (type == "capture-stopped") {
    RETURN_IF_ERROR(CheckObject(json, "data"));
    const auto data = json.find("data");
    std::string reason;
    if (data != json.end() && data->is_object()) {
      ASSIGN_OR_RETURN(reason, StringOf(*data, "reason", "data", /*required=*/false));
    }
    RETURN_IF_ERROR(capturer_->Spend());
    EndCapture(reason);
    return absl::OkStatus();
  }
  if (type == "frame-ready") {
    RETURN_IF_ERROR(CheckObject(json, "data"));
    // Each viewer sees its own frames; this is a sign of life.
    if (loop_->Monotonic() - frame_told_ < limits::kFrameReadyInterval) return absl::OkStatus();
    frame_told_ = loop_->Monotonic();
    SayToViewers(json);
    return absl::OkStatus();
  }
  if (!IsNews(type)) return BadField("type", "is not one that a capture peer may say");
  RETURN_IF_ERROR(CheckObject(json, "data"));
  SayToViewers(json);
  return absl::OkStatus();
}

absl::Status ScreencapRoom::HearViewer(Member* member, const std::string& type, const Json& json) {
  if (type == "start-capture") return StartCapture(member, json);
  auto viewer = viewers_.find(member);
  const bool known =
      type == "answer" || type == "ice-candidate" || type == "api-request" || IsWish(type);
  if (!known) return BadField("type", "is not one that a viewer may say");
  if (viewer == viewers_.end()) return BadField("type", "may only follow start-capture");
  if (type == "ice-candidate") return Candidate(member, &viewer->second, json);
  if (type == "answer") {
    ASSIGN_OR_RETURN(std::string sdp, SdpOf(json));
    if (viewer->second.epoch == 0) return BadField("type", "may only follow an offer");
    RETURN_IF_ERROR(member->Spend());
    atrium::v1::PeerSignal signal;
    signal.set_answer_sdp(std::move(sdp));
    Signal(member, viewer->second, std::move(signal));
    SendHeld(member, &viewer->second);
    return absl::OkStatus();
  }
  if (type == "api-request") return AskCapturer(member, json);
  if (!member->may_share()) return OnlyEditors("change what is captured");
  if (capturer_ == nullptr) return NotACapturePeer();
  RETURN_IF_ERROR(CheckObject(json, "data"));
  capturer_->Say(json);
  return absl::OkStatus();
}

absl::Status ScreencapRoom::BecomeCapturer(Member* member, const Json& json) {
  RETURN_IF_ERROR(CheckWhat(json));
  if (!member->may_share()) return OnlyEditors("show a screen");
  if (capturer_ != nullptr && capturer_ != member) {
    EndCapture("another capture peer took its place");
    FailRequests("Mac peer disconnected");
    capturer_->Say(Error("Another capture peer took this one's place"));
  }
  viewers_.erase(member);
  if (capturer_ != member) capturer_peer_ = {};
  capturer_ = member;
  start_ = nullptr;
  window_ = false;
  SayToViewers({{"type", "ready"}, {"data", "Mac peer connected"}});
  return absl::OkStatus();
}

// Of a screen that is shown already it is a connection made anew, so another screen.
absl::Status ScreencapRoom::Offer(const Json& json) {
  ASSIGN_OR_RETURN(std::string sdp, SdpOf(json));
  RETURN_IF_ERROR(capturer_->Spend());
  offer_ = std::move(sdp);
  if (starting_ != 0) return absl::OkStatus();
  if (!capture_.empty() && capturer_peer_.wanted) {
    SendOffer();
    return absl::OkStatus();
  }
  if (!capture_.empty()) {
    StopShowing();
    ForgetPeers();
  }
  starting_ = kFirstStart + starts_++;
  JoinRequest request;
  request.set_request_id(starting_);
  request.mutable_start_capture()->set_title(window_ ? "Window" : "Screen");
  capturer_->Ask(request);
  return absl::OkStatus();
}

void ScreencapRoom::SendOffer() {
  capturer_peer_.wanted = false;
  atrium::v1::PeerSignal signal;
  signal.set_offer_sdp(std::exchange(offer_, ""));
  Signal(capturer_, capturer_peer_, std::move(signal));
  SendHeld(capturer_, &capturer_peer_);
}

absl::Status ScreencapRoom::StartCapture(Member* viewer, const Json& json) {
  RETURN_IF_ERROR(CheckWhat(json));
  RETURN_IF_ERROR(viewer->Spend());
  const Peer& peer = viewers_.try_emplace(viewer).first->second;
  if (capturer_ == nullptr) return NotACapturePeer();
  const bool shown = !capture_.empty() || starting_ != 0;
  const bool same = shown && start_ == json;
  if (!same && !viewer->may_share() && !shown) return OnlyEditors("begin a capture");
  if (!same && viewer->may_share()) {
    start_ = json;
    ASSIGN_OR_RETURN(const std::string mode, StringOf(json, "mode", "", /*required=*/false));
    window_ = mode == "window";
    capturer_->Say(json);
  }
  if (!capture_.empty() && peer.epoch == 0) Watch(viewer);
  return absl::OkStatus();
}

absl::Status ScreencapRoom::AskCapturer(Member* viewer, const Json& json) {
  ASSIGN_OR_RETURN(const std::string id, RequestIdOf(json));
  for (const char* field : {"method", "endpoint"}) {
    RETURN_IF_ERROR(StringOf(json, field, "", /*required=*/true).status());
  }
  if (!viewer->may_share()) return OnlyEditors("ask the capture peer");
  if (capturer_ == nullptr) return NotACapturePeer();
  const absl::Duration now = loop_->Monotonic();
  std::erase_if(requests_, [now](const auto& request) {
    return now - request.second.since > limits::kScreencapRequestLife;
  });
  if (requests_.size() >= limits::kScreencapRequests) {
    return TooMany("requests under way", limits::kScreencapRequests, absl::Seconds(1));
  }
  if (!requests_.try_emplace(id, Request{viewer, now}).second) {
    return BadField("requestId", "is under way: choose another");
  }
  capturer_->Say(json);
  return absl::OkStatus();
}

absl::Status ScreencapRoom::AnswerRequest(const Json& json) {
  ASSIGN_OR_RETURN(const std::string id, RequestIdOf(json));
  if (!json.contains("result") && !json.contains("error")) return MissingField("result");
  auto request = requests_.extract(id);
  if (request.empty()) return BadField("requestId", "is of no request under way");
  request.mapped().asker->Say(json);
  return absl::OkStatus();
}

absl::Status ScreencapRoom::Candidate(Member* member, Peer* peer, const Json& json) {
  auto data = json.find("data");
  if (data == json.end()) return MissingField("data");
  if (data->is_null()) return absl::OkStatus();  // The end of candidates.
  if (!data->is_object()) return BadField("data", "must be an object");
  atrium::v1::IceCandidate candidate;
  ASSIGN_OR_RETURN(*candidate.mutable_candidate(),
                   StringOf(*data, "candidate", "data", /*required=*/true));
  if (candidate.candidate().empty()) return absl::OkStatus();
  RETURN_IF_ERROR(CheckWhole(*data, "sdpMLineIndex"));
  if (peer->epoch == 0 || peer->wanted) {
    if (peer->held.size() >= limits::kHeldCandidates) {
      return TooMany("candidates", limits::kHeldCandidates, absl::Seconds(1));
    }
    peer->held.push_back(std::move(candidate));
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(member->Spend());
  atrium::v1::PeerSignal signal;
  *signal.mutable_candidate() = std::move(candidate);
  Signal(member, *peer, std::move(signal));
  return absl::OkStatus();
}

void ScreencapRoom::OnResponse(Member* member, const JoinResponse& response) {
  switch (response.message_case()) {
    case JoinResponse::kCaptureReady:
      return OnReady(member, response.capture_ready());
    case JoinResponse::kSignal:
      return OnSignal(member, response.signal());
    case JoinResponse::kOutcome:
      return OnOutcome(member, response.outcome());
    case JoinResponse::kSnapshot:
      if (member == capturer_ && std::exchange(asked_again_, false)) AskForOffer();
      return;
    case JoinResponse::kCaptureEnded:
      if (Peer* peer = PeerOf(member); peer != nullptr && member != capturer_) {
        *peer = {};  // It may ask again.
        member->Say(
            CaptureError(response.capture_ended().reason(), response.capture_ended().message()));
      }
      return;
    case JoinResponse::kChange:
      // All members hear it; the capture peer's word counts.
      if (member == capturer_ && !capture_.empty() &&
          response.change().deleted_capture() == capture_) {
        capture_.clear();
        EndCapture("the session ended it");
        capturer_->Say(Error("The screen is not shown any more: the session ended it"));
      }
      return;
    default:
      return;
  }
}

void ScreencapRoom::OnReady(Member* member, const atrium::v1::CaptureReady& ready) {
  if (ready.capture() != capture_) return;
  Peer* peer = PeerOf(member);
  if (peer == nullptr || peer->epoch == ready.epoch()) return;
  peer->epoch = ready.epoch();
  if (member != capturer_) return;  // Media's offer follows.
  peer->wanted = true;
  if (!offer_.empty()) return SendOffer();
  AskForOffer();  // Media was started again.
}

void ScreencapRoom::AskForOffer() {
  capturer_->Say(start_.is_object() ? start_ : Json{{"type", "start-capture"}});
}

void ScreencapRoom::OnSignal(Member* member, const atrium::v1::PeerSignal& signal) {
  const Peer* peer = PeerOf(member);
  if (peer == nullptr || signal.capture() != capture_ || signal.epoch() != peer->epoch) return;
  if (signal.has_answer_sdp()) member->Say(Description("answer", signal.answer_sdp()));
  if (signal.has_offer_sdp()) member->Say(Description("offer", signal.offer_sdp()));
}

void ScreencapRoom::OnOutcome(Member* member, const JoinResponse::Outcome& outcome) {
  if (outcome.request_id() >= kFirstStart) return OnStarted(member, outcome);
  if (outcome.code() != 0) member->Say(Error(outcome.message()));
}

void ScreencapRoom::OnStarted(Member* member, const JoinResponse::Outcome& outcome) {
  const bool wanted = member == capturer_ && outcome.request_id() == starting_;
  if (wanted) starting_ = 0;
  if (outcome.code() != 0) {
    member->Say(Error(outcome.message()));
    if (!wanted) return;
    offer_.clear();
    return SayToViewers(CaptureError(outcome.reason(), outcome.message()));
  }
  if (!wanted) {
    JoinRequest request;  // It was stopped meanwhile.
    request.mutable_stop_capture()->set_name(outcome.capture().name());
    return member->Ask(request);
  }
  capture_ = outcome.capture().name();
  capturer_peer_.epoch = 0;
  for (auto& [viewer, peer] : viewers_) Watch(viewer);
}

void ScreencapRoom::Watch(Member* viewer) {
  JoinRequest request;
  request.set_request_id(kWatch);
  request.mutable_watch_capture()->set_capture(capture_);
  request.mutable_watch_capture()->set_answers(true);
  viewer->Ask(request);
}

ScreencapRoom::Peer* ScreencapRoom::PeerOf(Member* member) {
  if (member == capturer_) return &capturer_peer_;
  auto viewer = viewers_.find(member);
  return viewer == viewers_.end() ? nullptr : &viewer->second;
}

void ScreencapRoom::Signal(Member* member, const Peer& peer, atrium::v1::PeerSignal signal) {
  JoinRequest request;
  request.set_request_id(kSignal);
  signal.set_capture(capture_);
  signal.set_epoch(peer.epoch);
  *request.mutable_signal() = std::move(signal);
  member->Ask(request);
}

void ScreencapRoom::SendHeld(Member* member, Peer* peer) {
  for (atrium::v1::IceCandidate& candidate : std::exchange(peer->held, {})) {
    atrium::v1::PeerSignal signal;
    *signal.mutable_candidate() = std::move(candidate);
    Signal(member, *peer, std::move(signal));
  }
}

void ScreencapRoom::StopShowing() {
  JoinRequest request;
  request.mutable_stop_capture()->set_name(std::exchange(capture_, ""));
  capturer_->Ask(request);
}

void ScreencapRoom::EndCapture(const std::string& reason) {
  if (!capture_.empty() && capturer_ != nullptr) StopShowing();
  capture_.clear();
  offer_.clear();
  start_ = nullptr;
  starting_ = 0;
  window_ = asked_again_ = false;
  ForgetPeers();
  SayToViewers({{"type", "capture-stopped"}, {"data", {{"reason", reason}}}});
}

void ScreencapRoom::ForgetPeers() {
  capturer_peer_ = {};
  for (auto& [viewer, peer] : viewers_) peer = {};
}

void ScreencapRoom::FailRequests(const std::string& why) {
  for (auto& [id, request] : std::exchange(requests_, {})) {
    request.asker->Say({{"type", "api-response"}, {"requestId", id}, {"error", why}});
  }
}

void ScreencapRoom::OnAway(Member* member) {
  if (member != capturer_ || starting_ == 0) return;
  starting_ = 0;
  offer_.clear();
  asked_again_ = true;
}

void ScreencapRoom::SayToViewers(const Json& message) {
  for (auto& [viewer, peer] : viewers_) viewer->Say(message);
}

void ScreencapRoom::Leave(Member* member) {
  std::erase_if(requests_,
                [member](const auto& request) { return request.second.asker == member; });
  if (member != capturer_) {
    viewers_.erase(member);
    return;
  }
  // Its page is ending: nothing can be asked of control by it any more, which stops
  // showing the screen by itself.
  capture_.clear();
  EndCapture("Mac peer disconnected");
  capturer_ = nullptr;
  FailRequests("Mac peer disconnected");
}

}  // namespace atrium::gateway::compat
