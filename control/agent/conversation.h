// Conversation is a session's one talk with the agent: one provider connection
// however many people take part (V1), which outlives them (V2) and is made anew
// without losing what was said. It owns turn taking, the agent's utterances
// until they were played, captions, and the tools.
//
// On the loop.
#ifndef ATRIUM_CONTROL_AGENT_CONVERSATION_H_
#define ATRIUM_CONTROL_AGENT_CONVERSATION_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "atrium/v1/conversation.pb.h"
#include "atrium/v1/session.pb.h"
#include "atrium/v1/tab.pb.h"
#include "atrium/v1/timeline.pb.h"
#include "common/loop.h"
#include "control/agent/meter.h"
#include "control/agent/profiles.h"
#include "control/agent/provider.h"
#include "control/agent/tool_servers.h"
#include "control/session/media_link.h"

namespace atrium::control {

class Conversation {
 public:
  template <typename T>
  using Done = std::function<void(absl::StatusOr<T>)>;

  // What the agent wants to do and people decide.
  struct Proposal {
    std::string tool;   // As the agent calls it.
    std::string tab;    // A tab's name; empty: a new tab, or none.
    std::string input;  // The exact bytes that would be written, or what is asked for.
  };

  // A screen that somebody shows.
  struct Screen {
    std::string capture;  // The capture's name.
    std::string whose;    // Who shows it, as people call them.
    bool shown = false;   // Its picture arrives.
    bool agent_sees = false;
  };

  // The room that the talk is in. Called on the loop, never from inside a call
  // of the room's to us but for OnConversation.
  class Room {
   public:
    virtual ~Room() = default;
    // It now looks like this.
    virtual void OnConversation(const atrium::v1::Conversation& conversation) = 0;
    virtual void OnCaption(const atrium::v1::Caption& caption) = 0;
    // Something was said to its end: SPEECH of participants (by name) or AGENT. It began
    // so long ago.
    virtual void AddSpoken(atrium::v1::TimelineEntry::Kind kind,
                           const std::vector<std::string>& speakers, const std::string& text,
                           bool interrupted, absl::Duration ago) = 0;
    // For the tools.
    virtual std::vector<atrium::v1::Tab> TabsInOrder() const = 0;
    virtual std::string DisplayName(const std::string& speaker) const = 0;
    virtual bool IsOwner(const std::string& speaker) const = 0;
    // What the agent may do with a tool; never unspecified.
    virtual atrium::v1::CommandPolicy::Action ToolAction(const std::string& tool) const = 0;
    virtual void AgentCreateTab(const std::string& title, Done<atrium::v1::Tab> done) = 0;
    virtual void AgentRenameTab(const std::string& tab, const std::string& title,
                                Done<atrium::v1::Tab> done) = 0;
    virtual absl::Status AgentCloseTab(const std::string& tab) = 0;
    // The last `lines` non-empty lines that a tab shows, as plain text.
    virtual void AgentReadScreen(const std::string& tab, int lines, Done<std::string> done) = 0;
    // A file, or the names in a folder, of the session's working directory: what a program
    // wrote, complaints too, and how it ended.
    struct FileText {
      std::string text;
      int exit_code = 0;
    };
    virtual void AgentReadFile(const std::string& path, Done<FileText> done) = 0;
    virtual void AgentListFiles(const std::string& path, Done<FileText> done) = 0;
    // Shows a card; `done` runs once with what came of it (for an approved
    // command: its exit code and output), or why not: denied, expired.
    virtual void AgentPropose(const Proposal& proposal, Done<std::string> done) = 0;
  };

  struct Options {
    std::string session;       // The session's name.
    // What the session has set of its own; empty: as the profile has it.
    std::string instructions, voice;
    int mode = 0;              // atrium.v1.Conversation.Mode.
    int audio_mode = 0;        // atrium.v1.Conversation.AudioMode.
    std::string profile;       // By id; empty: the first.
    std::string language, transcription_model;  // Empty: as the profile has it.
    atrium::v1::Conversation::Usage usage;  // So far.
    Meter::Tariff tariff;
    atrium::v1::FloorPolicy floor;
    ToolServers* tool_servers = nullptr;  // Outlives it; null: none.
  };

  // All given outlive it. `media` carries the audio.
  Conversation(Loop* loop, ProviderFactory* providers, const Profiles* profiles, MediaLink* media,
               Room* room, Options options);
  ~Conversation();
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;

  // Connects to the provider unless it is; `done` (may be null) runs once it is
  // ready, or says why it cannot be. While a provider that was there is away, at once:
  // the agent joins when it is back.
  void Start(std::function<void(absl::Status)> done);
  // Leaves the provider; what was said stays in the timeline.
  void Stop();
  // Cuts the agent off in mid-sentence.
  void Interrupt();
  // Empty, or 0: as the profile has it.
  void SetInstructions(const std::string& instructions);
  void SetVoice(const std::string& voice);
  void SetMode(atrium::v1::Conversation::Mode mode);
  void SetLanguage(const std::string& language);
  void SetTranscriptionModel(const std::string& model);
  // Drops what was set beside it. NOT_FOUND if there is no such profile.
  absl::Status SetProfile(const std::string& id);
  void SetAudioMode(atrium::v1::Conversation::AudioMode mode);
  // Whom it listens to, from now on; and who holds the talk key.
  void SetFloor(const atrium::v1::FloorPolicy& floor);
  void SetTalking(const std::string& speaker, bool talking);
  // Whether it listens to them; media withholds the others' voices from it.
  bool ListensTo(const std::string& speaker) const;
  // A key with which a browser may speak with the provider by itself.
  void MintSecret(Done<atrium::v1::ProviderSecret> done);
  // Somebody typed `text` to the agent: it answers (starts if need be).
  // `speaker` is a participant's name, or empty for a service.
  void TextTurn(const std::string& speaker, const std::string& text);
  // Somebody typed `text` to the others: the agent only knows of it.
  void Overhear(const std::string& speaker, const std::string& text);
  // What was said before, oldest first, after a restart of control.
  void Restore(const std::vector<atrium::v1::TimelineEntry>& entries);
  // The screens that are shown now, oldest first.
  void SetScreens(std::vector<Screen> screens);
  // Whether anybody is in the call: audio is opened and closed with it. And whether
  // anybody of them may speak: one that bills by the minute is not kept for listeners.
  void SetAnybodyLive(bool live, bool may_speak);

  const atrium::v1::Conversation& Shown() const;

 private:
  class Engine;
  std::unique_ptr<Engine> engine_;
};

}  // namespace atrium::control

#endif  // ATRIUM_CONTROL_AGENT_CONVERSATION_H_
