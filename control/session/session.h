// Session is the room. Every act of a person, a service or the agent is a method
// here, called alike by the unary services, the Join streams and the agent's
// tools; each checks the actor, changes the state and publishes what is now so.
//
// On the loop. Its methods are in session.cc (people), session_tabs.cc,
// session_control.cc (who drives), session_commands.cc, session_output.cc,
// session_settings.cc, session_live.cc and session_talk.cc.
#ifndef ATRIUM_CONTROL_SESSION_SESSION_H_
#define ATRIUM_CONTROL_SESSION_SESSION_H_

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "atrium/control/v1/records.pb.h"
#include "atrium/v1/live.pb.h"
#include "atrium/v1/session.pb.h"
#include "atrium/v1/timeline.pb.h"
#include "common/loop.h"
#include "common/strong_id.h"
#include "control/agent/conversation.h"
#include "control/agent/tool_list.h"
#include "control/auth/actor.h"
#include "control/auth/auth.h"
#include "control/figures.h"
#include "control/session/capture_table.h"
#include "control/session/driver_desk.h"
#include "control/session/host_link.h"
#include "control/session/media_link.h"
#include "control/session/people.h"
#include "control/session/publisher.h"
#include "control/session/tab_table.h"
#include "control/session/turn.h"
#include "control/store/store.h"

namespace atrium::control {

class Session final : public Conversation::Room {
 public:
  template <typename T>
  using Done = std::function<void(absl::StatusOr<T>)>;

  // What the deployment lets people do at all (L11, L20).
  struct Allowed {
    bool calls = true;        // Enter the call.
    bool screens = true;      // Show screens.
    bool agent_sight = true;  // Let the agent see them.
  };
  // What all sessions share; outlives them.
  struct Context {
    Loop* loop = nullptr;
    Store* store = nullptr;
    Auth* auth = nullptr;
    HostLink* host = nullptr;
    MediaLink* media = nullptr;
    ProviderFactory* providers = nullptr;  // Null: no voice agent.
    ToolServers* tool_servers = nullptr;   // Null: it has our tools alone.
    Profiles profiles = {Profile()};       // What it can be.
    Meter::Tariff tariff;                  // What it costs, and may.
    std::string attachment_key;            // Secret; attachments are made from it.
    std::string state_epoch;
    std::string build_id;
    Allowed allowed;
    TurnServer turn;             // For pages whose network needs one.
    Figures* figures = nullptr;  // May be null.
    bool has_display = false;  // As media says.
    std::function<size_t()> all_tabs;  // Of all sessions; may be null.
  };
  class Watcher {
   public:
    virtual ~Watcher() = default;
    virtual void OnChange(const atrium::v1::SessionChange& change) = 0;
    virtual void OnSessionEnded() = 0;
  };

  Session(Context* context, SessionId id, atrium::control::v1::SessionRecord record);
  ~Session() override;

  const SessionId& id() const { return id_; }
  std::string name() const;
  const atrium::v1::SessionSnapshot& snapshot() const { return publisher_->snapshot(); }
  size_t tab_count() const { return tabs_.size(); }
  const atrium::control::v1::SessionRecord& record() const { return record_; }
  // At the start, before anybody joins.
  void LoadTab(TabTable::Record record) { tabs_.Load(std::move(record)); }
  void LoadApproval(const atrium::v1::Approval& approval);
  void FinishLoading(const std::vector<std::string>& newest_entries);
  // It ends: everybody is told and cut off.
  void End();

  void AddWatcher(Watcher* watcher) { watchers_.insert(watcher); }
  void RemoveWatcher(Watcher* watcher) { watchers_.erase(watcher); }

  // People (session.cc).
  absl::StatusOr<PageId> Join(const Actor& actor, const atrium::v1::JoinRequest::Hello& hello,
                              PageDoor* door);
  // Who a page is; also a service that came without a name of its own.
  ParticipantId ParticipantOf(const PageId& page) const;
  void Leave(const PageId& page, const PageDoor* door);
  absl::Status UpdateSelf(const Actor& actor, const PageId& page,
                          const atrium::v1::UpdateSelf& update);
  // Owners mute; only whoever was muted unmutes.
  absl::StatusOr<atrium::v1::Participant> MuteParticipant(const Actor& actor,
                                                          const std::string& participant);
  // Owners anybody's, editors their own.
  absl::StatusOr<atrium::v1::Participant> SetParticipantVolume(
      const Actor& actor, const atrium::v1::SetParticipantVolumeRequest& request);
  void Evict(const ParticipantId& participant);
  std::string NameOf(const Actor& actor) const;  // As it is written in resources.

  // Tabs (session_tabs.cc).
  void CreateTab(const Actor& actor, const atrium::v1::CreateTabRequest& request,
                 Done<atrium::v1::Tab> done);
  absl::StatusOr<atrium::v1::Tab> GetTab(const std::string& name) const;
  void UpdateTab(const Actor& actor, const atrium::v1::UpdateTabRequest& request,
                 Done<atrium::v1::Tab> done);
  absl::Status DeleteTab(const Actor& actor, const std::string& name);
  // Who drives (session_control.cc).
  absl::StatusOr<atrium::v1::Tab> TakeControl(const Actor& actor,
                                              const atrium::v1::TakeControlRequest& request);
  absl::StatusOr<atrium::v1::Tab> RequestControl(const Actor& actor,
                                                 const atrium::v1::RequestControlRequest& request);
  absl::StatusOr<atrium::v1::Tab> GrantControl(const Actor& actor,
                                               const atrium::v1::GrantControlRequest& request);
  absl::StatusOr<atrium::v1::Tab> ReleaseControl(const Actor& actor,
                                                 const atrium::v1::ReleaseControlRequest& request);
  // Commands (session_commands.cc). A command meets the session's policy first. Answers
  // within `patience`. Returns what ends the wait early: what then nobody waits for is
  // neither approved nor typed any more; what runs goes on.
  std::function<void()> RunCommand(const Actor& actor, const atrium::v1::RunCommandRequest& request,
                                   absl::Duration patience,
                                   Done<atrium::v1::RunCommandResponse> done);
  void ReadScreen(const atrium::v1::ReadScreenRequest& request,
                  Done<atrium::v1::ReadScreenResponse> done);
  // Settings (session_settings.cc).
  void UpdateSession(const Actor& actor, const atrium::v1::UpdateSessionRequest& request,
                     Done<atrium::v1::Session> done);
  // How far a page is behind, as its gateway says.
  void SetLag(const PageId& page, const atrium::v1::Lag& lag);
  // Once a second: what lapses by itself, and what does not work.
  void Tick();
  void OnHostStatus(const atrium::terminal::v1::HostStatus& status);
  // What ran in a tab and what came out of it (session_output.cc).
  // Whoever may read may wait, for `patience` at most. Returns what ends the wait
  // early; null if there is none.
  std::function<void()> WaitForOutput(const atrium::v1::WaitForOutputRequest& request,
                                      absl::Duration patience,
                                      Done<atrium::v1::WaitForOutputResponse> done);
  void ListCommands(const atrium::v1::ListCommandsRequest& request,
                    Done<atrium::v1::ListCommandsResponse> done);
  // A service's attachment for one stream; confirmed when `ready` runs. Dropped
  // by DropAttachment.
  void AddServiceAttachment(const Actor& actor, const AttachmentId& id, const std::string& tab,
                            std::function<void()> ready);
  void DropAttachment(const AttachmentId& id);

  // The call (session_live.cc).
  void GoLive(const Actor& actor, const PageId& page, std::function<void(absl::Status)> done);
  absl::Status HangUp(const PageId& page);
  // What went wrong in a page is counted.
  absl::Status ReportProblem(const atrium::v1::CallProblem& problem);
  absl::Status Signal(const PageId& page, const atrium::v1::PeerSignal& signal);

  // Screens (session_captures.cc).
  void StartCapture(const Actor& actor, const PageId& page,
                    const atrium::v1::StartCapture& request, Done<atrium::v1::Capture> done);
  // The machine's display. It is shown until it is stopped, or whoever shows it is gone
  // for good (a service that never joined is not: it stops it).
  void CreateCapture(const Actor& actor, const atrium::v1::CreateCaptureRequest& request,
                     Done<atrium::v1::Capture> done);
  absl::StatusOr<atrium::v1::Capture> UpdateCapture(
      const Actor& actor, const atrium::v1::UpdateCaptureRequest& request);
  absl::Status StopCapture(const Actor& actor, const std::string& name);
  absl::Status WatchCapture(const PageId& page, const atrium::v1::WatchCapture& request);
  absl::Status LeaveCapture(const PageId& page, const std::string& name);

  // Words (session_talk.cc).
  void Say(const Actor& actor, const atrium::v1::SayRequest& request,
           Done<atrium::v1::TimelineEntry> done);
  void ListEntries(const atrium::v1::ListTimelineEntriesRequest& request,
                   Done<atrium::v1::ListTimelineEntriesResponse> done);
  // session_find.cc. INVALID_ARGUMENT for a query that is empty or too long.
  void SearchTimeline(const atrium::v1::SearchTimelineRequest& request,
                      Done<atrium::v1::SearchTimelineResponse> done);
  // The next entries after number `after` (0: from the first), oldest first, 50 at
  // most; none after the newest.
  void ReadEntries(int64_t after, Done<std::vector<atrium::v1::TimelineEntry>> done);
  // The newest entry's number; 0 if there is none. It may still be on its way to disk.
  int64_t last_entry() const { return last_entry_; }
  void DecideApproval(const Actor& actor, const atrium::v1::DecideApprovalRequest& request,
                      Done<atrium::v1::Approval> done);
  void StartConversation(const Actor& actor, Done<atrium::v1::Conversation> done);
  absl::StatusOr<atrium::v1::Conversation> StopConversation(const Actor& actor);
  absl::StatusOr<atrium::v1::Conversation> UpdateConversation(
      const Actor& actor, const atrium::v1::UpdateConversationRequest& request);
  absl::StatusOr<atrium::v1::Conversation> InterruptConversation(const Actor& actor);
  void CreateProviderSecret(const Actor& actor, Done<atrium::v1::ProviderSecret> done);

  // What hosts and media say, handed on by the registry.
  void AddToHostPlan(atrium::terminal::v1::Plan* plan) const;
  void AdoptTerminals(const atrium::terminal::v1::DriveResponse::Inventory& inventory);
  void OnHostTerminal(const atrium::terminal::v1::TerminalStatus& status);
  void OnHostProblem(const std::string& tab, const absl::Status& why);
  void OnHostConfirmed(int64_t generation);
  void OnHostTyped(const std::string& tab, const std::string& participant);
  void OnHostCommandEnd(const atrium::terminal::v1::CommandEnd& end);
  void OnHostLost();
  void AddToMediaPlan(atrium::media::v1::Plan* plan) const;
  void AdoptPeers(const atrium::media::v1::DriveResponse::Inventory& inventory, bool fresh);
  void OnMediaSignal(const atrium::media::v1::Signal& signal);
  void OnMediaPeer(const atrium::media::v1::DriveResponse::PeerStatus& status);
  void OnMediaBitrate(const atrium::media::v1::DriveResponse::CaptureBitrate& bitrate);
  void OnMediaLevels(const atrium::v1::AudioLevels& levels);

 private:
  struct ServiceAttachment {
    std::string participant;
    std::string tab;  // Empty: of one adopted, any.
    atrium::v1::Participant::Role role;
    int64_t generation = 0;
    std::function<void()> ready;
    Loop::HandlePtr lease;  // Of one adopted after a restart of control.
  };
  struct Starting {
    std::vector<Done<atrium::v1::Tab>> waiters;
    Loop::HandlePtr deadline;
  };
  struct CommandRun;
  struct RunWaiter;
  struct AskedRun;
  // When a tab was last published for its last command, and when it will be.
  struct CommandNews {
    absl::Duration published = -absl::InfiniteDuration();
    Loop::HandlePtr later;
  };

  // Publishing.
  void Publish(atrium::v1::SessionChange change, std::vector<StoreWrite> writes = {},
               Publisher::Done done = nullptr);
  void PublishSession(Publisher::Done done = nullptr);
  // As all see them now.
  const atrium::v1::Participant& Seen(const ParticipantId& id);
  void PublishPerson(const ParticipantId& id);
  // A page came: at once, or with those that came a moment before.
  void PublishPresence(const ParticipantId& id);
  void PublishTab(const std::string& name, Publisher::Done done = nullptr);
  void PublishTabs(const TabTable::Changed& names);
  void PublishApproval(const atrium::v1::Approval& approval, Publisher::Done done);
  void Deliver(const atrium::v1::SessionChange& change);
  void Broadcast(const atrium::v1::JoinResponse& response);

  // People.
  AttachmentId AttachmentOf(const ParticipantId& participant, const PageId& page) const;
  // Whom it joins as: a service as a participant of its own, one for each page id.
  ParticipantId JoinsAs(const Actor& actor, const PageId& page) const;
  // There is room for the page, and it is nobody else's.
  absl::Status Admit(const ParticipantId& participant, const PageId& page);
  // Says who has joined, as everybody sees them.
  void Introduce(const Actor& actor, const atrium::v1::JoinRequest::Hello& hello,
                 const ParticipantId& participant, Person* person);
  // Gives the page its right to the terminals; true if the host knows it already.
  bool Attach(const ParticipantId& participant, const PageId& id, PageDoor* door, Page* page);
  void Greet(const Actor& actor, const PageId& id, Page* page);
  void SendToken(const Actor& actor, const PageId& id);
  void TellAttachment(Page* page);
  void MakeRoomForPage(const ParticipantId& participant);
  void ForgetPage(const PageId& id);
  void ForgetPerson(const ParticipantId& id);
  // Somebody did something; Touch() publishes it, too.
  void Active();
  void Touch();
  atrium::v1::Session::State StateNow() const;
  // Stores and publishes the session in a moment, with what else changes until then.
  void PublishSoon();
  // For what hosts answer: nothing more is done once it is expired.
  std::weak_ptr<bool> Alive() const { return alive_; }

  // Tabs.
  void OpenTab(const Actor& actor, const atrium::v1::CreateTabRequest& request,
               Done<atrium::v1::Tab> done);
  absl::Status SetSize(const atrium::v1::UpdateTabRequest& request);
  std::string DriverNameOf(const Actor& actor) const;
  absl::StatusOr<TabTable::Record*> TabToDrive(const Actor& actor, const std::string& tab,
                                               std::string_view act);
  atrium::v1::Tab ShowDriver(TabTable::Record* record);
  void GiveSizeToDriver(atrium::v1::Tab* tab);
  void NoteBusy(const atrium::terminal::v1::TerminalStatus& status);
  void CheckIdleTabs();
  void CheckHealth();
  static bool RunsIn(const CommandRun& run, const std::string& tab);
  bool InUse(const atrium::v1::Tab& tab) const;
  void Used(const std::string& tab);
  // Asks the policy, and people if it says so; then runs `then`.
  // With what must still be so where people were asked.
  // Returns the approval that people are asked for, if they are.
  std::string Permit(
      const Actor& actor, const std::string& command, const std::string& tab,
      std::function<void(absl::Status, const atrium::terminal::v1::InputCondition&)> then);
  // Returns the approval's name, if there is one.
  std::string Propose(const std::string& requester, const Conversation::Proposal& proposal,
                      Done<std::string> done);
  // Returns what RunAtPrompt() does, or nothing.
  std::function<void()> RunPermitted(const Actor& actor,
                                     const atrium::v1::RunCommandRequest& request,
                                     const atrium::terminal::v1::InputCondition& condition,
                                     absl::Duration patience,
                                     Done<atrium::v1::RunCommandResponse> done);
  std::function<void()> AddRunWaiter(const std::string& key, absl::Duration patience,
                                     Done<atrium::v1::RunCommandResponse> done);
  void AskForRun(const Actor& actor, const atrium::v1::RunCommandRequest& request,
                 const std::string& key);
  void LeaveRun(const std::string& key, const std::shared_ptr<RunWaiter>& waiter);
  void AnswerAsked(const std::string& key, const std::shared_ptr<AskedRun>& asked,
                   const absl::StatusOr<atrium::v1::RunCommandResponse>& result);
  absl::Status LateRun(const std::string& key) const;
  void AnswerStarting(const std::string& name, const absl::Status& status);
  void RunInOwnTab(const Actor& actor, const atrium::v1::RunCommandRequest& request,
                   absl::Duration patience, Done<atrium::v1::RunCommandResponse> done);
  std::function<void()> RunAtPrompt(const Actor& actor,
                                    const atrium::v1::RunCommandRequest& request,
                                    const atrium::terminal::v1::InputCondition& condition,
                                    absl::Duration patience,
                                    Done<atrium::v1::RunCommandResponse> done);
  void FinishRuns(const std::string& tab);
  void PublishLastCommand(const std::string& tab);
  void EndWaits();
  void AnswerRun(const std::shared_ptr<CommandRun>& run);
  void EndRun(const std::shared_ptr<CommandRun>& run,
              const absl::StatusOr<atrium::v1::RunCommandResponse>& result);

  // The call.
  int64_t NextEpoch();
  void TellLiveReady(Person* person);
  // A TURN server, if there is one, with a credential for whoever has this page.
  void AddIceServers(const PageId& page,
                     google::protobuf::RepeatedPtrField<atrium::v1::IceServer>* servers) const;
  // A page says that it is in the call by a connection that we do not know.
  void ResumeLive(Person* person, const PageId& page, int64_t epoch);
  void RenewPeer(Person* person);
  // What the session's owners let somebody of this role do (L11).
  absl::Status MayCall(atrium::v1::Participant::Role role) const;
  absl::Status MayShowScreens(atrium::v1::Participant::Role role) const;
  // What somebody is, while a page of theirs is here; until one is, as after a restart,
  // perhaps an owner, as a service is that never joins.
  atrium::v1::Participant::Role RoleAtMost(const ParticipantId& id) const;
  // Whoever may not any more leaves the call, and shows nothing.
  void EnforceUse();
  // A viewer in the call is muted, whatever anybody says.
  static void KeepListening(Person* person);
  static void ShowVolume(Person* person, int volume_percent);
  static void AdoptOthersActs(const atrium::media::v1::Plan::Peer& known, Person* person);
  void EndLive(const ParticipantId& id, std::string_view reason, std::string_view message);
  // Tells the agent whether anybody is in the call, and may speak in it.
  void TellWhoIsLive();

  // Screens.
  void LoadCaptures();
  void RecordCaptures();
  void PublishCapture(const std::string& name, Publisher::Done done = nullptr);
  void EndCapture(const std::string& name, const std::string& notice);
  void TellCaptureReady(const CapturePeer& peer);
  void TellCaptureEnded(const CapturePeer& peer, const std::string& problem);
  void RenewCapturePeer(CapturePeer peer);
  // A page that comes back is told of its connections; it ignores those that it has.
  void TellCapturesOf(const PageId& page);
  absl::Status MayShow(const Actor& actor) const;
  // Whether a screen may be shown to the agent at all, or why not (L11).
  absl::Status AgentMaySee() const;
  void Show(atrium::v1::Capture shown, const PageId& page, Done<atrium::v1::Capture> done);
  // Takes the agent's card that asks for a screen, for the one who answers it.
  absl::Status ClaimAsk(const std::string& name);
  // It turned out that it takes no pictures.
  void BlindAgent();
  absl::Status MayWatch(const PageId& page) const;
  void OnShowingFailed(const CapturePeer& peer, std::string_view problem);
  // What a page that is gone showed and watched.
  void ForgetCapturesOf(const PageId& page);
  void ForgetDisplayOf(const std::string& participant);
  void SetHasDisplay(bool has);
  void AdoptCaptures(const atrium::media::v1::DriveResponse::Inventory& inventory, bool fresh);
  void OnCaptureSignal(const atrium::media::v1::Signal& signal);
  void OnCapturePeer(const atrium::media::v1::DriveResponse::PeerStatus& status);

  // Words. Conversation::Room.
  void OnConversation(const atrium::v1::Conversation& conversation) override;
  void OnCaption(const atrium::v1::Caption& caption) override;
  void AddSpoken(atrium::v1::TimelineEntry::Kind kind, const std::vector<std::string>& speakers,
                 const std::string& text, bool interrupted, absl::Duration ago) override;
  std::vector<atrium::v1::Tab> TabsInOrder() const override;
  std::string DisplayName(const std::string& speaker) const override;
  void AgentCreateTab(const std::string& title, Done<atrium::v1::Tab> done) override;
  void AgentRenameTab(const std::string& tab, const std::string& title,
                      Done<atrium::v1::Tab> done) override;
  absl::Status AgentCloseTab(const std::string& tab) override;
  bool IsOwner(const std::string& speaker) const override;
  atrium::v1::CommandPolicy::Action ToolAction(const std::string& tool) const override;
  void AgentReadScreen(const std::string& tab, int lines, Done<std::string> done) override;
  void AgentReadFile(const std::string& path, Done<FileText> done) override;
  void AgentListFiles(const std::string& path, Done<FileText> done) override;
  void AgentRun(const std::string& command, Done<FileText> done);
  // All that the agent can do, or could if there were one.
  const ToolList& AgentTools() const;
  // Tells the agent which screens are shown.
  void TellScreens();
  void SetTalking(const ParticipantId& id, bool talking);
  void LetGoOfTalkKey(const ParticipantId& participant, const PageId& page);
  void AgentPropose(const Conversation::Proposal& proposal, Done<std::string> done) override;

  atrium::v1::TimelineEntry NewEntry(atrium::v1::TimelineEntry::Kind kind);
  void AddEntry(atrium::v1::TimelineEntry entry,
                std::function<void(absl::Status)> done = nullptr);
  void Notice(const std::string& text, const std::string& tab = "");
  // Notes where a proposal would act, and what is typed in which program.
  void Aim(atrium::v1::Approval* approval) const;
  // Why it would act elsewhere by now, as it moved under the card; empty if it would not.
  std::string Moved(const atrium::v1::Approval& approval) const;
  // Whether an owner forbade it since it was asked for.
  absl::Status StillAllowed(const atrium::v1::Approval& approval) const;
  // The host has told, for the first time since our start: what was approved before is
  // done, unless it moved or was forbidden meanwhile.
  void DoApprovedBefore();
  // It was approved before a restart, and is not done any more.
  void GiveUp(atrium::v1::Approval approval, std::string_view why);
  void ExpireApproval(const std::string& name);
  void Settle(const atrium::v1::Approval& approval, const std::string& decider,
              Done<atrium::v1::Approval> done);
  void Reopen(const std::string& name);
  void Perform(const atrium::v1::Approval& approval);
  void Performed(const atrium::v1::Approval& approval, absl::StatusOr<std::string> outcome);
  void Failed(const atrium::v1::Approval& approval, const absl::Status& why);
  // What the host checks as it types.
  static atrium::terminal::v1::InputCondition ConditionOf(const atrium::v1::Approval& approval);

  // Given.
  Context* const context_;
  const SessionId id_;
  // Owned.
  atrium::control::v1::SessionRecord record_;
  std::unique_ptr<Publisher> publisher_;
  std::unique_ptr<Conversation> conversation_;  // Null: no voice agent.
  Loop::HandlePtr host_grace_;
  Loop::HandlePtr capture_grace_;  // After a start: until pages must be back.
  std::map<std::string, Loop::HandlePtr> capture_retries_;  // By capture.
  absl::Duration active_at_;  // Monotonic.
  Loop::HandlePtr touched_;  // Until the session is stored and published.
  // State.
  People people_;
  TabTable tabs_;
  CaptureTable captures_;
  std::set<Watcher*> watchers_;
  std::map<AttachmentId, ServiceAttachment> service_attachments_;
  DriverDesk drivers_;
  // Where a command runs, as their shells tell.
  struct Busy {
    bool keeps_in_use = true;  // It is not one that took its shell's place.
  };
  std::map<std::string, Busy> busy_tabs_;
  std::map<std::string, absl::Duration> tab_used_;  // When, by tab.
  atrium::terminal::v1::HostStatus host_status_;
  std::map<int, int> bad_ticks_;  // In a row, by Degradation.Kind.
  std::map<std::string, Starting> starting_;  // By tab.
  // Not answered yet, by request id, or made up.
  std::map<std::string, std::shared_ptr<AskedRun>> asked_runs_;
  std::map<std::string, std::shared_ptr<CommandRun>> runs_;  // By request id, or made up.
  std::map<std::string, CommandNews> command_news_;  // By tab.
  std::map<std::string, atrium::v1::Approval> approvals_;
  bool host_checks_input_ = false;
  bool host_told_ = false;  // Since our start: what runs where. Until then these wait.
  std::vector<atrium::v1::Approval> approved_before_;
  std::map<std::string, Loop::HandlePtr> approval_timers_;
  std::map<std::string, Done<std::string>> proposals_;  // The agent waits, by approval.
  std::map<std::string, atrium::v1::TimelineEntry> said_;  // By request id.
  std::deque<absl::Duration> problems_;  // When pages reported some, in the last minute.
  int64_t last_entry_ = 0;
  int64_t last_epoch_ = 0;
  bool ended_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace atrium::control

#endif  // ATRIUM_CONTROL_SESSION_SESSION_H_
