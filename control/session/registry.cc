#include "control/session/registry.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "common/errors.h"
#include "common/log.h"
#include "common/proto_time.h"
#include "common/random.h"
#include "common/resource_name.h"
#include "common/status_macros.h"
#include "common/str_cat.h"
#include "common/text.h"
#include "control/errors.h"
#include "control/limits.h"

namespace atrium::control {

using atrium::v1::Participant;

namespace {

constexpr char kDefaultSession[] = "main";
constexpr size_t kSessionIdChars = 12;

// The session that any name of a thing inside it begins with.
SessionId SessionOf(const std::string& name) {
  const size_t begin = name.find('/');
  if (begin == std::string::npos) return SessionId();
  const size_t end = name.find('/', begin + 1);
  return SessionId(name.substr(begin + 1, end == std::string::npos ? end : end - begin - 1));
}

}  // namespace

Session& Registry::Add(const SessionId& id, atrium::control::v1::SessionRecord record) {
  auto& session = sessions_[id];
  session = std::make_unique<Session>(context_, id, std::move(record));
  return *session;
}

absl::Status Registry::LoadFromStore() {
  Store* store = context_->store;
  ASSIGN_OR_RETURN(const Store::Records sessions, store->Load(RecordKind::kSession));
  for (const auto& [id, value] : sessions) {
    atrium::control::v1::SessionRecord record;
    if (!record.ParseFromString(value)) return absl::DataLossError(StrCat("session ", id));
    Add(SessionId(id), std::move(record));
  }
  ASSIGN_OR_RETURN(const Store::Records tabs, store->Load(RecordKind::kTab));
  for (const auto& [name, value] : tabs) {
    TabTable::Record record;
    Session* session = ByChild(name);
    if (session != nullptr && record.ParseFromString(value)) session->LoadTab(std::move(record));
  }
  ASSIGN_OR_RETURN(const Store::Records approvals, store->Load(RecordKind::kApproval));
  for (const auto& [name, value] : approvals) {
    atrium::v1::Approval approval;
    Session* session = ByChild(name);
    if (session != nullptr && approval.ParseFromString(value)) session->LoadApproval(approval);
  }
  if (sessions_.empty()) {
    atrium::control::v1::SessionRecord record;
    record.mutable_session()->set_display_name("Atrium");
    *record.mutable_session()->mutable_create_time() = ToProtoTime(context_->loop->Now());
    Add(SessionId(kDefaultSession), record);
    store->Commit({{RecordKind::kSession, kDefaultSession, record.SerializeAsString()}},
                  [](absl::Status) {});
  }
  for (auto& [id, session] : sessions_) {
    ASSIGN_OR_RETURN(const std::vector<std::string> entries,
                     store->LoadEntries(id.value(), limits::kSnapshotEntries));
    session->FinishLoading(entries);
  }
  return absl::OkStatus();
}

absl::StatusOr<Session*> Registry::Find(const Actor& actor, const SessionId& id) {
  auto it = sessions_.find(id);
  if (it == sessions_.end() || !actor.MayEnter(id)) return NoSuchSession(SessionName(id));
  return it->second.get();
}

absl::StatusOr<Session*> Registry::Find(const Actor& actor, const std::string& name) {
  ASSIGN_OR_RETURN(const SessionId id, ParseSessionName(name));
  return Find(actor, id);
}

Session* Registry::ByChild(const std::string& name) {
  auto it = sessions_.find(SessionOf(name));
  return it == sessions_.end() ? nullptr : it->second.get();
}

SessionId Registry::DefaultSession() {
  const SessionId main(kDefaultSession);
  if (sessions_.count(main) > 0 || sessions_.empty()) return main;
  return sessions_.begin()->first;
}

void Registry::CreateSession(const Actor& actor, const atrium::v1::CreateSessionRequest& request,
                             Done<atrium::v1::Session> done) {
  if (actor.kind != Actor::Kind::kService) return done(ServicesOnly("create a session"));
  if (!request.request_id().empty()) {
    for (const auto& [id, session] : sessions_) {
      if (session->record().request_id() == request.request_id()) {
        return done(session->snapshot().session());
      }
    }
  }
  SessionId id(request.session_id().empty() ? RandomId().substr(0, kSessionIdChars)
                                            : request.session_id());
  if (!IsId(id.value())) {
    return done(BadField("session_id", "must be 1-63 of [a-z0-9-], with a letter or digit first and last"));
  }
  if (sessions_.count(id) > 0) return done(control::SessionExists(SessionName(id)));
  if (sessions_.size() >= limits::kSessions) {
    return done(TooMany("sessions", limits::kSessions, absl::Minutes(1)));
  }
  atrium::control::v1::SessionRecord record;
  record.set_request_id(request.request_id());
  const std::string title = CleanName(request.session().display_name(), limits::kTitleChars);
  record.mutable_session()->set_display_name(title.empty() ? id.value() : title);
  *record.mutable_session()->mutable_create_time() = ToProtoTime(context_->loop->Now());
  Session& session = Add(id, record);
  session.FinishLoading({});
  context_->store->Commit(
      {{RecordKind::kSession, id.value(), session.record().SerializeAsString()}},
      [this, id, done](absl::Status status) {
        auto it = sessions_.find(id);
        if (!status.ok()) return done(status);
        if (it == sessions_.end()) return done(NoSuchSession(SessionName(id)));
        done(it->second->snapshot().session());
      });
}

absl::StatusOr<atrium::v1::ListSessionsResponse> Registry::ListSessions(
    const Actor& actor, const atrium::v1::ListSessionsRequest& request) const {
  std::vector<const atrium::v1::Session*> seen;
  for (const auto& [id, session] : sessions_) {
    if (actor.MayEnter(id)) seen.push_back(&session->snapshot().session());
  }
  std::sort(seen.begin(), seen.end(), [](const auto* a, const auto* b) {
    const absl::Time at = FromProtoTime(a->create_time()), bt = FromProtoTime(b->create_time());
    return at != bt ? at < bt : a->name() < b->name();
  });
  size_t from = 0;
  if (!request.page_token().empty() && !absl::SimpleAtoi(request.page_token(), &from)) {
    return BadField("page_token", "is not one of ours");
  }
  const size_t size = request.page_size() <= 0
                          ? limits::kListDefault
                          : std::min<size_t>(request.page_size(), limits::kListMost);
  atrium::v1::ListSessionsResponse response;
  for (size_t i = from; i < seen.size() && i < from + size; ++i) {
    *response.add_sessions() = *seen[i];
  }
  if (from + size < seen.size()) response.set_next_page_token(StrCat(from + size));
  return response;
}

Presence Registry::Present() const {
  Presence now{.sessions = static_cast<int64_t>(sessions_.size())};
  for (const auto& [id, session] : sessions_) {
    const atrium::v1::SessionSnapshot& state = session->snapshot();
    now.participants += state.participants_size();
    now.screens += state.captures_size();
    for (const auto& participant : state.participants()) now.live += participant.live() ? 1 : 0;
  }
  return now;
}

absl::Status Registry::DeleteSession(const Actor& actor, const SessionId& id) {
  ASSIGN_OR_RETURN(Session * session, Find(actor, id));
  RETURN_IF_ERROR(actor.Require(Participant::OWNER, "end the session"));
  std::vector<StoreWrite> writes = {{RecordKind::kSession, id.value(), std::nullopt},
                                    {.key = id.value(), .entry = 1}};
  for (const auto& tab : session->snapshot().tabs()) {
    writes.push_back({RecordKind::kTab, tab.name(), std::nullopt});
  }
  for (const auto& approval : session->snapshot().approvals()) {
    writes.push_back({RecordKind::kApproval, approval.name(), std::nullopt});
  }
  context_->store->Commit(std::move(writes), [](absl::Status) {});
  session->End();
  std::shared_ptr<Session> last = std::move(sessions_[id]);
  sessions_.erase(id);
  context_->auth->ForgetSession(id);
  context_->host->PlanChanged();
  context_->media->PlanChanged();
  LogInfo("ended a session", {{"session", id.value()}});
  // Callers and doors may still be inside it.
  last_ended_.push_back(last);
  context_->loop->Post([this] { last_ended_.clear(); });
  return absl::OkStatus();
}

void Registry::OnHostInventory(const atrium::terminal::v1::DriveResponse::Inventory& inventory) {
  for (auto& [id, session] : sessions_) session->AdoptTerminals(inventory);
}
void Registry::OnHostTerminal(const atrium::terminal::v1::TerminalStatus& status) {
  if (Session* session = ByChild(status.tab())) session->OnHostTerminal(status);
}
void Registry::OnHostProblem(const std::string& tab, const absl::Status& why) {
  if (Session* session = ByChild(tab)) session->OnHostProblem(tab, why);
}
void Registry::OnHostConfirmed(int64_t generation) {
  for (auto& [id, session] : sessions_) session->OnHostConfirmed(generation);
}
void Registry::OnHostTyped(const std::string& tab, const std::string& participant) {
  if (Session* session = ByChild(tab)) session->OnHostTyped(tab, participant);
}
void Registry::OnHostCommandEnd(const atrium::terminal::v1::CommandEnd& end) {
  if (Session* session = ByChild(end.tab())) session->OnHostCommandEnd(end);
}
void Registry::OnHostStatus(const atrium::terminal::v1::HostStatus& status) {
  for (auto& [id, session] : sessions_) session->OnHostStatus(status);
}
void Registry::OnHostLost() {
  for (auto& [id, session] : sessions_) session->OnHostLost();
}
atrium::terminal::v1::Plan Registry::MakeHostPlan() {
  atrium::terminal::v1::Plan plan;
  for (auto& [id, session] : sessions_) session->AddToHostPlan(&plan);
  return plan;
}

void Registry::OnMediaInventory(const atrium::media::v1::DriveResponse::Inventory& inventory,
                                bool fresh) {
  context_->has_display = inventory.has_display();
  for (auto& [id, session] : sessions_) session->AdoptPeers(inventory, fresh);
}
void Registry::OnMediaSignal(const atrium::media::v1::Signal& signal) {
  if (Session* session = ByChild(signal.peer())) session->OnMediaSignal(signal);
}
void Registry::OnMediaPeer(const atrium::media::v1::DriveResponse::PeerStatus& status) {
  if (Session* session = ByChild(status.peer())) session->OnMediaPeer(status);
}
void Registry::OnMediaBitrate(const atrium::media::v1::DriveResponse::CaptureBitrate& bitrate) {
  if (Session* session = ByChild(bitrate.capture())) session->OnMediaBitrate(bitrate);
}
void Registry::OnMediaLevels(const atrium::media::v1::DriveResponse::Levels& levels) {
  if (Session* session = ByChild(levels.session())) session->OnMediaLevels(levels.levels());
}
atrium::media::v1::Plan Registry::MakeMediaPlan() {
  atrium::media::v1::Plan plan;
  for (auto& [id, session] : sessions_) session->AddToMediaPlan(&plan);
  return plan;
}

size_t Registry::AllTabs() const {
  size_t tabs = 0;
  for (const auto& [id, session] : sessions_) tabs += session->tab_count();
  return tabs;
}

void Registry::Tick() {
  for (auto& [id, session] : sessions_) session->Tick();
  tick_ = context_->loop->After(limits::kTick, [this] {
    auto done = std::move(tick_);
    Tick();
  });
}

void Registry::OnRevoked(const SessionId& session, const ParticipantId& participant) {
  auto it = sessions_.find(session);
  if (it != sessions_.end()) it->second->Evict(participant);
}

}  // namespace atrium::control
