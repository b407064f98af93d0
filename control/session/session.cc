#include "control/session/session.h"

#include <glib.h>

#include <algorithm>
#include <utility>

#include "common/errors.h"
#include "common/log.h"
#include "common/proto_time.h"
#include "common/resource_name.h"
#include "common/status_macros.h"
#include "common/str_cat.h"
#include "common/text.h"
#include "control/errors.h"
#include "control/limits.h"

namespace atrium::control {

using atrium::v1::JoinResponse;
using atrium::v1::Participant;
using atrium::v1::SessionChange;

namespace {

constexpr size_t kPageIdMin = 16, kPageIdMax = 64;

bool IsPageId(const std::string& id) {
  return id.size() >= kPageIdMin && id.size() <= kPageIdMax &&
         std::all_of(id.begin(), id.end(),
                     [](char c) { return g_ascii_isalnum(c) || c == '_' || c == '-'; });
}

// In the words that whoever tries it is refused with.
void TellForbidden(const Session::Allowed& allowed, atrium::v1::Session* session) {
  using atrium::v1::ForbiddenAct;
  session->clear_forbidden_acts();
  const auto tell = [session](ForbiddenAct::Act act, const absl::Status& why) {
    ForbiddenAct* forbidden = session->add_forbidden_acts();
    forbidden->set_act(act);
    forbidden->set_message(std::string(why.message()));
  };
  if (!allowed.calls) tell(ForbiddenAct::CALL, Forbidden("make calls"));
  if (!allowed.screens) tell(ForbiddenAct::SHOW_SCREENS, Forbidden("show screens"));
  if (!allowed.agent_sight) {
    tell(ForbiddenAct::SHOW_TO_AGENT, Forbidden("show screens to the agent"));
  }
}

}  // namespace

Session::Session(Context* context, SessionId id, atrium::control::v1::SessionRecord record)
    : context_(context), id_(std::move(id)), record_(std::move(record)) {
  record_.mutable_session()->set_name(SessionName(id_));
  record_.mutable_session()->set_state_epoch(context_->state_epoch);
  record_.mutable_session()->set_state(atrium::v1::Session::DISCONNECTED);
  record_.mutable_session()->clear_degradations();
  record_.mutable_session()->set_has_display(context_->has_display);
  TellForbidden(context_->allowed, record_.mutable_session());
  if (context_->providers != nullptr) {
    conversation_ = std::make_unique<Conversation>(
        context_->loop, context_->providers, &context_->profiles, context_->media, this,
        Conversation::Options{.session = SessionName(id_),
                              .instructions = record_.instructions(),
                              .voice = record_.voice(),
                              .mode = record_.mode(),
                              .audio_mode = record_.audio_mode(),
                              .profile = record_.profile(),
                              .language = record_.language(),
                              .transcription_model = record_.transcription_model(),
                              .usage = record_.usage(),
                              .tariff = context_->tariff,
                              .floor = record_.session().floor_policy(),
                              .tool_servers = context_->tool_servers});
  }
}

Session::~Session() = default;

std::string Session::name() const { return SessionName(id_); }

void Session::FinishLoading(const std::vector<std::string>& newest_entries) {
  atrium::v1::SessionSnapshot first;
  *first.mutable_session() = record_.session();
  first.mutable_session()->set_revision(1);
  std::vector<atrium::v1::Tab> tabs;
  for (const auto& [tab_name, tab] : tabs_.all()) tabs.push_back(tab.tab());
  std::sort(tabs.begin(), tabs.end(),
            [](const auto& a, const auto& b) { return a.position() < b.position(); });
  for (const auto& tab : tabs) *first.add_tabs() = tab;
  size_t kept = 0;
  for (size_t bytes = 0; kept < newest_entries.size(); ++kept) {
    bytes += newest_entries[kept].size();
    if (bytes > limits::kSnapshotEntryBytes && kept > 0) break;
  }
  for (size_t i = kept; i-- > 0;) {
    const std::string* it = &newest_entries[i];
    auto* entry = first.add_entries();
    entry->ParseFromString(*it);
    const size_t slash = entry->name().rfind('/');
    last_entry_ = std::max<int64_t>(last_entry_, std::atoll(entry->name().c_str() + slash + 1));
  }
  for (const auto& [approval_name, approval] : approvals_) {
    if (approval.state() == atrium::v1::Approval::PENDING) *first.add_approvals() = approval;
  }
  LoadCaptures();
  for (const auto& record : captures_.Records()) *first.add_captures() = record.capture();
  if (conversation_) *first.mutable_conversation() = conversation_->Shown();
  first.mutable_conversation()->set_name(ConversationName(id_));
  publisher_ = std::make_unique<Publisher>(
      context_->store, std::move(first),
      [this](const SessionChange& change) { Deliver(change); });
  const auto before = publisher_->snapshot().entries();
  for (const auto& entry : before) {
    const bool ended = entry.has_exit_code() || entry.interrupted();
    if (entry.kind() != atrium::v1::TimelineEntry::COMMAND || ended) continue;
    // Whoever waited for its end was in the control before this one.
    atrium::v1::TimelineEntry unknown = entry;
    unknown.set_interrupted(true);
    AddEntry(std::move(unknown));
  }
  if (!conversation_) return;
  const auto& said = publisher_->snapshot().entries();
  conversation_->Restore({said.begin(), said.end()});
  if (record_.conversation_wanted()) conversation_->Start(nullptr);
}

void Session::End() {
  ended_ = true;
  EndWaits();
  if (conversation_) conversation_->Stop();
  for (Watcher* watcher : std::set<Watcher*>(watchers_)) watcher->OnSessionEnded();
  std::vector<PageDoor*> doors;
  for (auto& [page_id, page] : people_.pages()) {
    if (page.door != nullptr) doors.push_back(page.door);
  }
  for (PageDoor* door : doors) door->Close(SessionEnded());
}

std::string Session::NameOf(const Actor& actor) const {
  if (actor.kind == Actor::Kind::kAgent) return "agent";
  return actor.participant.empty() ? "" : ParticipantName(id_, actor.participant);
}

// Publishing.

void Session::Publish(SessionChange change, std::vector<StoreWrite> writes, Publisher::Done done) {
  publisher_->Publish(std::move(change), std::move(writes), std::move(done));
}

atrium::v1::Session::State Session::StateNow() const {
  using atrium::v1::Session;
  if (people_.present_pages() == 0) return Session::DISCONNECTED;
  const bool rests = context_->loop->Monotonic() - active_at_ >= limits::kSessionIdle;
  return rests ? Session::IDLE : Session::ACTIVE;
}

void Session::PublishSession(Publisher::Done done) {
  auto* session = record_.mutable_session();
  const int pages = people_.present_pages();
  session->set_connection_count(pages);
  session->set_state(StateNow());
  SessionChange change;
  *change.mutable_session() = *session;
  Publish(std::move(change), {{RecordKind::kSession, id_.value(), record_.SerializeAsString()}},
          std::move(done));
}

const Participant& Session::Seen(const ParticipantId& id) {
  Participant& shown = people_.Find(id)->shown;
  shown.set_page_count(people_.PresentPagesOf(id));
  shown.set_presence(shown.page_count() > 0 ? Participant::PRESENT : Participant::RECONNECTING);
  return shown;
}

void Session::PublishPerson(const ParticipantId& id) {
  people_.Find(id)->stale = false;
  SessionChange change;
  *change.mutable_participant() = Seen(id);
  Publish(std::move(change));
}

// Ten pages of one person that come at once are told to each of them twice, not ten times.
void Session::PublishPresence(const ParticipantId& id) {
  Person* person = people_.Find(id);
  if (person->spacing) {
    person->stale = true;
    return;
  }
  PublishPerson(id);
  person->spacing = context_->loop->After(limits::kPresenceSpacing, [this, id] {
    Person* now = people_.Find(id);
    auto done = std::move(now->spacing);
    if (std::exchange(now->stale, false)) PublishPresence(id);
  });
}

void Session::Deliver(const SessionChange& change) {
  JoinResponse response;
  *response.mutable_change() = change;
  Broadcast(response);
  for (Watcher* watcher : std::set<Watcher*>(watchers_)) watcher->OnChange(change);
}

void Session::Broadcast(const JoinResponse& response) {
  std::vector<PageDoor*> doors;
  for (auto& [page_id, page] : people_.pages()) {
    if (page.door != nullptr) doors.push_back(page.door);
  }
  for (PageDoor* door : doors) door->Send(response);
}

// People.

// The same page gets the same attachment from every control, so that its input
// stays exactly once over a restart of ours; nobody else can make it.
AttachmentId Session::AttachmentOf(const ParticipantId& participant, const PageId& page) const {
  const std::string text =
      StrCat(id_.value(), "/", participant.value(), "/", page.value());
  gchar* hex = g_compute_hmac_for_string(
      G_CHECKSUM_SHA256, reinterpret_cast<const guchar*>(context_->attachment_key.data()),
      context_->attachment_key.size(), text.data(), static_cast<gssize>(text.size()));
  AttachmentId id{std::string(hex, 32)};
  g_free(hex);
  return id;
}

ParticipantId Session::JoinsAs(const Actor& actor, const PageId& page) const {
  if (!actor.participant.empty()) return actor.participant;
  return ParticipantId("service-" + AttachmentOf(actor.participant, page).value().substr(0, 12));
}

absl::Status Session::Admit(const ParticipantId& participant, const PageId& page) {
  if (people_.Find(participant) == nullptr &&
      people_.all().size() >= limits::kParticipantsPerSession) {
    return TooMany("participants", limits::kParticipantsPerSession, absl::Seconds(30));
  }
  auto known = people_.pages().find(page);
  const bool others = known != people_.pages().end() && known->second.participant != participant;
  if (others && known->second.door != nullptr) {
    return BadField("hello.page_id", "belongs to somebody else");
  }
  if (known == people_.pages().end() || others) {
    MakeRoomForPage(participant);
    if (people_.PagesOf(participant) >= static_cast<int>(limits::kPagesPerParticipant)) {
      return TooMany("pages", limits::kPagesPerParticipant, absl::Seconds(10));
    }
  }
  // A page that comes back as somebody else, by a better link: who it was is gone.
  if (others) ForgetPage(page);
  return absl::OkStatus();
}

void Session::Introduce(const Actor& actor, const atrium::v1::JoinRequest::Hello& hello,
                        const ParticipantId& participant, Person* person) {
  Participant& shown = person->shown;
  const bool fresh = shown.name().empty();
  if (fresh) shown.set_name(ParticipantName(id_, participant));
  shown.set_role(actor.role);
  shown.set_kind(actor.kind == Actor::Kind::kPerson ? Participant::PERSON : Participant::SERVICE);
  const std::string wanted = CleanName(hello.display_name(), limits::kDisplayNameChars);
  if (!wanted.empty()) {
    context_->auth->SetDisplayName(id_, participant, wanted);
    shown.set_display_name(wanted);
  } else if (fresh) {
    const std::string known = context_->auth->DisplayNameOf(id_, participant);
    shown.set_display_name(known.empty() ? "Service" : known);
  }
  if (fresh || hello.muted()) shown.set_muted(hello.muted());
  if (fresh || hello.deafened()) shown.set_deafened(hello.deafened());
}

bool Session::Attach(const ParticipantId& participant, const PageId& id, PageDoor* door,
                     Page* page) {
  page->door = door;
  page->participant = participant;
  page->lease.reset();
  page->attachment = AttachmentOf(participant, id);
  page->attachment_told = false;
  const bool adopted = service_attachments_.erase(page->attachment) > 0;
  page->attachment_generation = adopted ? 0 : context_->host->PlanChanged();
  return adopted;
}

absl::StatusOr<PageId> Session::Join(const Actor& actor,
                                     const atrium::v1::JoinRequest::Hello& hello, PageDoor* door) {
  if (ended_) return SessionEnded();
  if (!IsPageId(hello.page_id())) {
    return BadField("hello.page_id", "must be 16-64 of [A-Za-z0-9_-]");
  }
  const PageId id(hello.page_id());
  const ParticipantId participant = JoinsAs(actor, id);
  RETURN_IF_ERROR(Admit(participant, id));
  Page& page = people_.pages()[id];
  // The same page again, while its old stream still seems to live: the old ends.
  if (PageDoor* old = std::exchange(page.door, nullptr)) {
    old->Close(MakeError(absl::StatusCode::kAborted, "The page joined again",
                         {.reason = "JOINED_AGAIN"}));
  }
  Person& who = people_.all()[participant];
  who.lease.reset();
  Introduce(actor, hello, participant, &who);
  // Whose window tabs fit if nobody's: whoever comes first and may type.
  if (actor.kind == Actor::Kind::kPerson && actor.role >= Participant::EDITOR) {
    PublishTabs(tabs_.ReleaseSize("", ParticipantName(id_, participant)));
  }
  const bool adopted = Attach(participant, id, door, &page);
  // It may be an owner now, to whom the agent listens; or nobody's talker any more.
  KeepListening(&who);
  if (who.live_epoch != 0) {
    context_->media->PlanChanged();
    TellWhoIsLive();
  }
  // The page is back in the call if its peer connection is the one we know.
  if (who.live_epoch != 0 && hello.live_epoch() == who.live_epoch) who.live_page = id;
  Greet(actor, id, &page);
  TellCapturesOf(id);
  if (hello.live_epoch() != 0 && who.live_epoch != hello.live_epoch()) {
    ResumeLive(&who, id, hello.live_epoch());
  }
  if (record_.session().has_use_policy()) EnforceUse();
  PublishPresence(participant);
  if (context_->host->connected() && adopted) TellAttachment(&page);
  Touch();
  return id;
}

// A page that is gone and only kept for its return makes room for one that is here.
void Session::MakeRoomForPage(const ParticipantId& participant) {
  if (people_.PagesOf(participant) < static_cast<int>(limits::kPagesPerParticipant)) return;
  for (const auto& [id, page] : people_.pages()) {
    if (page.participant == participant && page.door == nullptr) return ForgetPage(PageId(id));
  }
}

ParticipantId Session::ParticipantOf(const PageId& page) const {
  auto it = people_.pages_const().find(page);
  return it == people_.pages_const().end() ? ParticipantId() : it->second.participant;
}

void Session::Greet(const Actor& actor, const PageId& id, Page* page) {
  JoinResponse welcome;
  welcome.mutable_welcome()->set_participant(ParticipantName(id_, page->participant));
  welcome.mutable_welcome()->set_terminal_window(limits::kTerminalWindowBytes);
  welcome.mutable_welcome()->set_build_id(context_->build_id);
  welcome.mutable_welcome()->set_agent_available(conversation_ != nullptr);
  if (conversation_) {
    welcome.mutable_welcome()->add_disclosures("Voice: " + conversation_->Shown().provider());
  }
  page->door->Send(welcome);
  JoinResponse snapshot;
  // Who it is and what it may do it knows from the beginning, whatever is told before: a page
  // that sees itself as a viewer lets its microphone go.
  *snapshot.mutable_snapshot() = publisher_->SnapshotFor(Seen(page->participant));
  page->door->Send(snapshot);
  if (!actor.participant.empty()) SendToken(actor, id);
}

void Session::SendToken(const Actor& actor, const PageId& id) {
  auto it = people_.pages().find(id);
  if (it == people_.pages().end() || it->second.door == nullptr) return;
  JoinResponse response;
  *response.mutable_access_token() = context_->auth->MintAccess(actor);
  it->second.door->Send(response);
  const absl::Time ends = absl::FromUnixMicros(response.access_token().expire_time_us());
  const absl::Duration life = ends - context_->loop->Now();
  it->second.token = context_->loop->After(life - limits::kTokenMargin, [this, actor, id] {
    auto page = people_.pages().find(id);
    if (page == people_.pages().end()) return;
    auto done = std::move(page->second.token);
    SendToken(actor, id);
  });
}

void Session::TellAttachment(Page* page) {
  if (page->door == nullptr || std::exchange(page->attachment_told, true)) return;
  const Person* person = people_.Find(page->participant);
  JoinResponse response;
  response.mutable_attachment()->set_attachment(page->attachment.value());
  response.mutable_attachment()->set_role(person->shown.role());
  page->door->Send(response);
}

void Session::Leave(const PageId& id, const PageDoor* door) {
  auto it = people_.pages().find(id);
  if (it == people_.pages().end() || it->second.door != door) return;
  it->second.door = nullptr;
  it->second.token.reset();
  LetGoOfTalkKey(it->second.participant, id);
  it->second.lease =
      context_->loop->After(limits::kParticipantLease, [this, id] { ForgetPage(id); });
  PublishPerson(it->second.participant);
  Touch();
}

// Nobody lets the talk key go where its page is gone, so that is done here, as by hand:
// the microphone is off from then on.
void Session::LetGoOfTalkKey(const ParticipantId& participant, const PageId& page) {
  Person* person = people_.Find(participant);
  const bool another = !person->live_page.empty() && person->live_page != page;
  if (!person->shown.talking() || another) return;
  SetTalking(participant, false);
  if (person->live_epoch == 0) return;
  person->shown.set_muted(true);
  context_->media->PlanChanged();
}

void Session::ForgetPage(const PageId& id) {
  auto it = people_.pages().find(id);
  const ParticipantId participant = it->second.participant;
  auto lease = std::move(it->second.lease);  // We may run inside it.
  people_.pages().erase(it);
  context_->host->PlanChanged();
  Person* person = people_.Find(participant);
  if (person->live_page == id) EndLive(participant, "", "");
  ForgetCapturesOf(id);
  if (people_.PagesOf(participant) == 0) ForgetPerson(participant);
}

void Session::ForgetPerson(const ParticipantId& id) {
  auto it = people_.all().find(id);
  const std::string name = it->second.shown.name();
  if (it->second.live_epoch != 0) EndLive(id, "", "");
  auto lease = std::move(it->second.lease);
  people_.all().erase(it);
  ForgetDisplayOf(name);
  SessionChange change;
  change.set_deleted_participant(name);
  Publish(std::move(change));
  PublishTabs(tabs_.ReleaseSize(name, people_.Successor(id)));
  for (const auto& [tab, record] : tabs_.all()) {
    atrium::v1::Tab* left = tabs_.Find(tab)->mutable_tab();
    if (!drivers_.Left(left, name)) continue;
    GiveSizeToDriver(left);
    PublishTab(tab);
  }
  context_->host->PlanChanged();
}

void Session::Evict(const ParticipantId& participant) {
  std::vector<std::pair<PageId, PageDoor*>> gone;
  for (auto& [page_id, page] : people_.pages()) {
    if (page.participant == participant) gone.emplace_back(page_id, page.door);
  }
  for (auto& [page_id, door] : gone) {
    people_.pages()[page_id].door = nullptr;
    if (door != nullptr) door->Close(Revoked());
    ForgetPage(page_id);
  }
  if (people_.Find(participant) != nullptr) ForgetPerson(participant);
}

absl::Status Session::UpdateSelf(const Actor& actor, const PageId& page_id,
                                 const atrium::v1::UpdateSelf& update) {
  auto page = people_.pages().find(page_id);
  if (page == people_.pages().end()) return NoSuchParticipant(NameOf(actor));
  Person* person = people_.Find(page->second.participant);
  const bool listens = person->shown.role() < Participant::EDITOR;
  if (update.has_muted() && !update.muted() && listens) {
    return NotAllowed("speak in the call", "an editor");
  }
  if (update.has_display_name()) {
    const std::string name = CleanName(update.display_name(), limits::kDisplayNameChars);
    if (name.empty()) return BadField("update_self.display_name", "must not be empty");
    person->shown.set_display_name(name);
    context_->auth->SetDisplayName(id_, page->second.participant, name);
  }
  if (update.has_viewing_tab()) {
    if (!update.viewing_tab().empty() && tabs_.Find(update.viewing_tab()) == nullptr) {
      return NoSuchTab(update.viewing_tab());
    }
    person->shown.set_viewing_tab(update.viewing_tab());
  }
  const bool audio = update.has_muted() || update.has_deafened();
  if (update.has_talking()) SetTalking(page->second.participant, update.talking());
  if (update.has_muted()) {
    person->shown.set_muted(update.muted());
    if (!update.muted()) person->shown.clear_muted_by();
  }
  if (update.has_deafened()) person->shown.set_deafened(update.deafened());
  PublishPerson(page->second.participant);
  if (audio) context_->media->PlanChanged();
  return absl::OkStatus();
}

void Session::Active() {
  *record_.mutable_session()->mutable_last_active_time() = ToProtoTime(context_->loop->Now());
  active_at_ = context_->loop->Monotonic();
}

void Session::Touch() {
  Active();
  // A thousand pages that come back at once are not worth a thousand words each.
  if (record_.session().state() != StateNow()) return PublishSession();
  PublishSoon();
}

void Session::PublishSoon() {
  if (touched_) return;
  touched_ = context_->loop->After(limits::kTouchSpacing, [this] {
    auto done = std::move(touched_);
    PublishSession();
  });
}

}  // namespace atrium::control
