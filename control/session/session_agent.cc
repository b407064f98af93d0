// Session: the conversation, and what the agent may do by itself.
#include <algorithm>
#include <utility>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/errors.h"
#include "common/proto_time.h"
#include "common/resource_name.h"
#include "common/status_macros.h"
#include "common/str_cat.h"
#include "common/text.h"
#include "control/agent/tool_list.h"
#include "control/errors.h"
#include "control/limits.h"
#include "control/session/command_policy.h"
#include "control/session/session.h"

namespace atrium::control {

using atrium::v1::CommandPolicy;
using atrium::v1::Participant;
using atrium::v1::SessionChange;
using atrium::v1::TimelineEntry;

namespace {

// For bash, whatever is in it.
std::string Quoted(const std::string& text) {
  return StrCat("'", absl::StrJoin(std::vector<std::string>(absl::StrSplit(text, '\'')), "'\\''"), "'");
}

// A path inside the working directory, as far as it can be told from here; links
// are followed and judged where the file is.
absl::StatusOr<std::string> InsidePath(const std::string& path) {
  if (path.size() > limits::kDirectoryBytes) return BadField("path", "is too long");
  for (const absl::string_view part : absl::StrSplit(path, '/')) {
    if (part == "..") return BadField("path", "must stay inside the working directory");
  }
  if (!path.empty() && path[0] == '/') return BadField("path", "must be relative");
  return path.empty() ? "." : path;
}

std::string Guarded(const std::string& path, const std::string& act) {
  return StrCat("d=$(pwd -P); f=$(realpath -e -- ", Quoted(path),
                ") && case \"$f/\" in \"${d%/}/\"*) ", act,
                ";; *) echo 'outside the working directory'; false;; esac");
}

// Before anything is applied.
absl::Status CheckConversation(const atrium::v1::UpdateConversationRequest& request) {
  const atrium::v1::Conversation& wanted = request.conversation();
  if (request.update_mask().paths_size() == 0) return MissingField("update_mask");
  for (const std::string& path : request.update_mask().paths()) {
    if (path == "instructions") {
      if (wanted.instructions().size() > limits::kTextBytes) {
        return BadField("conversation.instructions", "is too long");
      }
    } else if (path == "language") {
      if (!IsLanguage(wanted.language())) {
        return BadField("conversation.language", "must be an ISO 639 code, for example de");
      }
    } else if (path == "mode") {
      if (!atrium::v1::Conversation::Mode_IsValid(wanted.mode())) {
        return BadField("conversation.mode", "must be VOICE or TEXT");
      }
    } else if (path != "profile" && path != "voice" && path != "transcription_model" &&
               path != "audio_mode") {
      return BadField("update_mask",
                      StrCat("may name instructions, voice, mode, profile, audio_mode, language "
                             "and transcription_model, not ",
                             path));
    }
  }
  return absl::OkStatus();
}

}  // namespace

// The conversation.

void Session::StartConversation(const Actor& actor, Done<atrium::v1::Conversation> done) {
  if (absl::Status s = actor.Require(Participant::EDITOR, "start the conversation"); !s.ok()) {
    return done(s);
  }
  if (!conversation_) return done(NoAgent());
  record_.set_conversation_wanted(true);
  Touch();
  PublishSession();
  conversation_->Start([this, done](absl::Status status) {
    if (!status.ok()) return done(status);
    done(conversation_->Shown());
  });
}

absl::StatusOr<atrium::v1::Conversation> Session::StopConversation(const Actor& actor) {
  RETURN_IF_ERROR(actor.Require(Participant::EDITOR, "stop the conversation"));
  if (!conversation_) return NoAgent();
  record_.set_conversation_wanted(false);
  Touch();
  PublishSession();
  conversation_->Stop();
  return conversation_->Shown();
}

absl::StatusOr<atrium::v1::Conversation> Session::InterruptConversation(const Actor& actor) {
  RETURN_IF_ERROR(actor.Require(Participant::EDITOR, "interrupt the agent"));
  if (!conversation_) return NoAgent();
  conversation_->Interrupt();
  return conversation_->Shown();
}

absl::StatusOr<atrium::v1::Conversation> Session::UpdateConversation(
    const Actor& actor, const atrium::v1::UpdateConversationRequest& request) {
  RETURN_IF_ERROR(actor.Require(Participant::EDITOR, "change the conversation"));
  if (!conversation_) return NoAgent();
  RETURN_IF_ERROR(CheckConversation(request));
  for (const std::string& path : request.update_mask().paths()) {
    if (path == "profile") {
      RETURN_IF_ERROR(conversation_->SetProfile(request.conversation().profile()));
      record_.set_profile(request.conversation().profile());
      record_.clear_instructions();
      record_.clear_voice();
      record_.clear_mode();
      record_.clear_language();
      record_.clear_transcription_model();
    }
  }
  for (const std::string& path : request.update_mask().paths()) {
    if (path == "profile") continue;
    if (path == "instructions") {
      record_.set_instructions(CleanText(request.conversation().instructions(), limits::kTextBytes));
      conversation_->SetInstructions(record_.instructions());
    } else if (path == "voice") {
      record_.set_voice(CleanName(request.conversation().voice(), limits::kTitleChars));
      conversation_->SetVoice(record_.voice());
    } else if (path == "language") {
      record_.set_language(request.conversation().language());
      conversation_->SetLanguage(record_.language());
    } else if (path == "transcription_model") {
      record_.set_transcription_model(
          CleanName(request.conversation().transcription_model(), limits::kTitleChars));
      conversation_->SetTranscriptionModel(record_.transcription_model());
    } else if (path == "mode") {
      record_.set_mode(request.conversation().mode());
      conversation_->SetMode(request.conversation().mode());
    } else {
      record_.set_audio_mode(request.conversation().audio_mode());
      conversation_->SetAudioMode(request.conversation().audio_mode());
      context_->media->PlanChanged();
    }
  }
  Touch();
  PublishSession();
  return conversation_->Shown();
}

void Session::CreateProviderSecret(const Actor& actor, Done<atrium::v1::ProviderSecret> done) {
  absl::Status allowed = actor.Require(Participant::EDITOR, "speak with the provider");
  if (!allowed.ok()) return done(allowed);
  if (!conversation_) return done(NoAgent());
  conversation_->MintSecret([this, who = NameOf(actor), done](auto secret) {
    // Without a conversation there may be no session either.
    if (secret.ok()) Notice(StrCat(DisplayName(who), " took a key to the provider"));
    done(std::move(secret));
  });
}

void Session::OnConversation(const atrium::v1::Conversation& conversation) {
  if (publisher_ == nullptr) return;
  if (context_->figures != nullptr) {
    context_->figures->agent_responses +=
        std::max<int64_t>(conversation.usage().responses() - record_.usage().responses(), 0);
  }
  const std::string before = record_.usage().SerializeAsString();
  *record_.mutable_usage() = conversation.usage();
  // What was spent outlives a crash.
  if (record_.usage().SerializeAsString() != before) PublishSoon();
  if (!conversation.takes_images()) BlindAgent();
  SessionChange change;
  *change.mutable_conversation() = conversation;
  Publish(std::move(change));
}

void Session::OnCaption(const atrium::v1::Caption& caption) {
  atrium::v1::JoinResponse response;
  *response.mutable_caption() = caption;
  Broadcast(response);
}

void Session::AddSpoken(TimelineEntry::Kind kind, const std::vector<std::string>& speakers,
                        const std::string& text, bool interrupted, absl::Duration ago) {
  TimelineEntry entry = NewEntry(kind);
  *entry.mutable_create_time() = ToProtoTime(context_->loop->Now() - ago);
  for (const std::string& speaker : speakers) entry.add_speakers(speaker);
  entry.set_text(CleanText(text, limits::kTextBytes));
  entry.set_interrupted(interrupted);
  AddEntry(std::move(entry));
  if (kind == TimelineEntry::SPEECH) Touch();
}

// What the agent may do by itself.

std::vector<atrium::v1::Tab> Session::TabsInOrder() const {
  std::vector<atrium::v1::Tab> tabs;
  for (const auto& [tab_name, record] : tabs_.all()) tabs.push_back(record.tab());
  std::sort(tabs.begin(), tabs.end(),
            [](const auto& a, const auto& b) { return a.position() < b.position(); });
  return tabs;
}

void Session::AgentCreateTab(const std::string& title, Done<atrium::v1::Tab> done) {
  atrium::v1::CreateTabRequest request;
  request.mutable_tab()->set_title(title);
  CreateTab({.kind = Actor::Kind::kAgent, .role = Participant::EDITOR}, request, std::move(done));
}

void Session::AgentRenameTab(const std::string& tab, const std::string& title,
                             Done<atrium::v1::Tab> done) {
  atrium::v1::UpdateTabRequest request;
  request.mutable_tab()->set_name(tab);
  request.mutable_tab()->set_title(title);
  request.mutable_update_mask()->add_paths("title");
  UpdateTab({.kind = Actor::Kind::kAgent, .role = Participant::EDITOR}, request, std::move(done));
}

absl::Status Session::AgentCloseTab(const std::string& tab) {
  return DeleteTab({.kind = Actor::Kind::kAgent, .role = Participant::EDITOR}, tab);
}

void Session::AgentReadScreen(const std::string& tab, int lines, Done<std::string> done) {
  atrium::v1::ReadScreenRequest request;
  request.set_tab(tab);
  request.set_scrollback_lines(lines);
  ReadScreen(request, [lines, done](auto screen) {
    if (!screen.ok()) return done(screen.status());
    std::vector<std::string> said =
        absl::StrSplit(screen->text(), '\n', absl::SkipWhitespace());
    if (said.size() > static_cast<size_t>(lines)) said.erase(said.begin(), said.end() - lines);
    done(CleanText(absl::StrJoin(said, "\n"), limits::kTextBytes));
  });
}

bool Session::IsOwner(const std::string& speaker) const {
  const absl::StatusOr<ChildName> parsed = ParseParticipantName(speaker);
  if (!parsed.ok()) return false;
  const auto person = people_.all().find(ParticipantId(parsed->id));
  return person != people_.all().end() && person->second.shown.role() >= Participant::OWNER;
}

const ToolList& Session::AgentTools() const {
  static const ToolList& own = *new ToolList(OwnTools(/*sees=*/true));
  return conversation_ ? conversation_->Shown().tools() : own;
}

CommandPolicy::Action Session::ToolAction(const std::string& tool) const {
  const atrium::v1::Conversation::Tool* known = FindTool(AgentTools(), tool);
  const bool allowable = known != nullptr && known->may_be_allowed();
  CommandPolicy::Action action = known == nullptr ? CommandPolicy::ASK : known->default_action();
  for (const auto& policy : record_.session().tool_policies()) {
    if (policy.tool() == tool) action = policy.action();
  }
  // Whatever was stored by a control that knew it otherwise.
  return action == CommandPolicy::ALLOW && !allowable ? CommandPolicy::ASK : action;
}

void Session::TellScreens() {
  if (!conversation_) return;
  std::vector<Conversation::Screen> screens;
  for (const auto& record : captures_.Records()) {
    const atrium::v1::Capture& shown = record.capture();
    screens.push_back({.capture = shown.name(),
                       .whose = DisplayName(shown.participant()),
                       .shown = shown.state() == atrium::v1::Capture::SHOWN,
                       .agent_sees = shown.agent_sees()});
  }
  conversation_->SetScreens(std::move(screens));
}

void Session::SetTalking(const ParticipantId& id, bool talking) {
  Person* person = people_.Find(id);
  person->shown.set_talking(talking && person->shown.role() >= Participant::EDITOR);
  if (!conversation_) return;
  const bool listens = conversation_->ListensTo(person->shown.name());
  conversation_->SetTalking(person->shown.name(), person->shown.talking());
  if (conversation_->ListensTo(person->shown.name()) != listens) context_->media->PlanChanged();
}

// Files are read as the shells' user, in a tab that everybody sees: control itself
// opens none of them.
void Session::AgentReadFile(const std::string& path, Done<FileText> done) {
  const absl::StatusOr<std::string> inside = InsidePath(path);
  if (!inside.ok()) return done(inside.status());
  AgentRun(Guarded(*inside, StrCat("head -c ", limits::kTextBytes, " -- \"$f\"")), std::move(done));
}
void Session::AgentListFiles(const std::string& path, Done<FileText> done) {
  const absl::StatusOr<std::string> inside = InsidePath(path);
  if (!inside.ok()) return done(inside.status());
  AgentRun(Guarded(*inside, StrCat("ls -Ap -- \"$f\" | head -n ", limits::kAgentFiles)),
           std::move(done));
}
void Session::AgentRun(const std::string& command, Done<FileText> done) {
  if (Judge(record_.session().command_policy(), command) == CommandPolicy::DENY) {
    return done(CommandDenied());
  }
  atrium::v1::RunCommandRequest run;
  run.set_parent(name());
  run.set_command(command);
  const Actor agent{.kind = Actor::Kind::kAgent, .role = Participant::EDITOR};
  RunPermitted(agent, run, {}, limits::kFileWait, [done](auto ended) {
    if (!ended.ok()) return done(ended.status());
    done(FileText{CleanText(ended->output(), limits::kTextBytes), ended->exit_code()});
  });
}

}  // namespace atrium::control
