// What is behind Conversation: who is told what, and when.
//
// On the loop. Its life and what it shows are in conversation_engine.cc; hearing,
// answering and speaking in conversation_turns.cc.
#ifndef ATRIUM_CONTROL_AGENT_CONVERSATION_ENGINE_H_
#define ATRIUM_CONTROL_AGENT_CONVERSATION_ENGINE_H_

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "control/agent/conversation.h"
#include "control/agent/echo.h"
#include "control/agent/floor.h"
#include "control/agent/history.h"
#include "control/agent/provider_line.h"
#include "control/agent/responses.h"
#include "control/agent/sight.h"
#include "control/agent/speech.h"
#include "control/agent/tool_desk.h"
#include "control/agent/voices.h"

namespace atrium::control {

class Conversation::Engine final : public ProviderLine::Listener,
                                   public MediaLink::Audio::Listener,
                                   public Sight::Listener,
                                   public Speech::Listener,
                                   public ToolDesk::Listener,
                                   public ToolServers::Listener,
                                   public Tools::Eyes {
 public:
  using Shape = atrium::v1::Conversation;

  Engine(Loop* loop, ProviderFactory* providers, const Profiles* profiles, MediaLink* media,
         Room* room, Options options);
  ~Engine() override;

  const Shape& shown() const { return shown_; }
  void Start(std::function<void(absl::Status)> done);
  void Stop();
  void Interrupt();
  void SetInstructions(const std::string& instructions);
  void SetVoice(const std::string& voice);
  void SetMode(Shape::Mode mode);
  void SetLanguage(const std::string& language);
  void SetTranscriptionModel(const std::string& model);
  absl::Status SetProfile(const std::string& id);
  void SetAudioMode(Shape::AudioMode mode);
  void SetFloor(const atrium::v1::FloorPolicy& floor) { floor_.Set(floor); }
  void SetTalking(const std::string& speaker, bool talking) { floor_.SetTalking(speaker, talking); }
  bool ListensTo(const std::string& speaker) const { return floor_.MayBeHeard(speaker); }
  void MintSecret(Done<atrium::v1::ProviderSecret> done);
  void TextTurn(const std::string& speaker, const std::string& text);
  void Overhear(const std::string& speaker, const std::string& text);
  void Restore(const std::vector<atrium::v1::TimelineEntry>& entries);
  void SetScreens(std::vector<Screen> screens) { sight_.SetScreens(std::move(screens)); }
  void SetAnybodyLive(bool live, bool may_speak);

 private:
  // One stretch of somebody's speech, as the provider found it.
  struct Utterance {
    int64_t from_ms = 0;
    std::optional<absl::Duration> began_at;  // By Loop::Monotonic, where that was told.
    std::vector<std::string> speakers;
    bool echo = false;      // The agent's own voice, come back.
    bool answered = false;  // An answer was asked for.
    // By Loop::Monotonic; infinite while it goes on.
    absl::Duration over_at = absl::InfiniteDuration();
  };

  // ProviderLine::Listener: its life.
  ProviderSettings Settings() const override;
  std::vector<HistoryItem> History() const override { return history_.All(); }
  int64_t HistoryEnd() const override { return history_.end(); }
  std::vector<HistoryItem> HistorySince(int64_t end) const override { return history_.Since(end); }
  bool Silent() const override;
  void OnExchanged() override;
  void OnReady(std::optional<absl::Time> expire_time) override;
  void OnLost(const absl::Status& why, bool final) override;
  // What is heard.
  void OnSpeechStarted(const std::string& item, int64_t audio_ms) override;
  void OnSpeechStopped(const std::string& item, int64_t audio_ms) override;
  void OnHeard(const std::string& item, const std::string& text, bool final) override;
  // What is answered.
  void OnResponseStarted(const std::string& response) override;
  void OnSpeech(const std::string& response, const std::string& item,
                const std::string& pcm) override;
  void OnSaying(const std::string& response, const std::string& item, const std::string& text,
                bool final) override;
  void OnToolCall(const std::string& call, const std::string& name,
                  const std::string& arguments) override;
  void OnResponseDone(const std::string& response, const ResponseEnd& end) override;
  void OnUsage(const ProviderUsage& usage) override;
  void OnResponseRefused(const absl::Status& why, bool busy) override;
  void OnRefused(const absl::Status& why) override;
  // MediaLink::Audio::Listener.
  void OnRoomAudio(const atrium::media::v1::StreamAudioResponse::Room& room) override;
  void OnPlayed(const atrium::media::v1::StreamAudioResponse::Played& played) override;
  void OnAudioOpen() override;
  void OnAudioLost() override;
  // Speech::Listener.
  void OnUtteranceBegun(const std::string& utterance) override;
  void OnUtteranceEnded(const std::string& utterance) override;
  void OnUtterancePlayed(const std::string& pcm) override { echo_.AddPlayed(pcm); }
  // Sight::Listener.
  void OnStill(const std::string& item, const std::string& label,
               const std::string& jpeg) override;
  void OnStillGone(const std::string& item) override;
  void OnScreenNews(const std::string& text) override;
  // ToolServers::Listener.
  void OnToolsChanged() override;
  // Tools::Eyes.
  bool sees() const override { return providers_->capabilities().takes_images; }
  void Look(const std::string& whose, Done<std::string> done) override {
    sight_.Look(whose, std::move(done));
  }
  // ToolDesk::Listener.
  void OnToolResult(const std::string& call, const std::string& output) override;
  void OnLateResult(const std::string& call, const std::string& tool, const std::string& arguments,
                    const std::string& output) override;

  // Starts, and answers (`done` may be null) once the provider is there, also after an
  // outage.
  void Await(std::function<void(absl::Status)> done);
  bool active() const { return shown_.state() == Shape::ACTIVE; }
  void Answer(const absl::Status& status);
  // It has cost what it may: leaves the provider, and says so.
  void CheckCost();
  void KeepTime();
  // Counts down, from now on, if nobody may speak to one that bills by the minute.
  void WatchIdle();
  void ForgetProviderSession();
  void ApplyProfile();
  void ShowCapabilities();
  void Configure();
  void Leave(Shape::State state);

  void Append(const std::string& pcm);
  Utterance& At(const std::string& item);
  void Began(Utterance* utterance, int64_t audio_ms);
  void CheckEcho();
  void BargeIn(const std::string& item, const Utterance& utterance);
  void TellWhoSpoke(const Utterance& utterance);
  void AskFor(Utterance* utterance);
  void RequestResponse(Responses::Cause cause);
  void AskNext();
  void Create();
  // Whether the response under way is given up for whoever speaks.
  bool Yields() const;
  void Withdraw();
  void DropUnsaid();
  // Whether this is of a response that was given up.
  bool Drops(const std::string& response, const std::string& item);
  void Say(const std::string& item, bool interrupted);
  void Interrupted(const std::string& item, const std::string& text);
  void CutOff();

  std::string Said(const std::string& speaker, const std::string& text) const;
  void Tell(HistoryItem::Role role, const std::string& text);
  void Caption(const std::string& utterance, const std::vector<std::string>& speakers,
               const std::string& text, bool final);
  void SetState(Shape::State state);
  Shape::Activity NowDoing() const;
  void UpdateActivity();
  void Show() { room_->OnConversation(shown_); }

  // Given.
  Loop* const loop_;
  ProviderFactory* const providers_;
  const Profiles* const profiles_;
  MediaLink* const media_;
  Room* const room_;
  Options options_;  // What is set of its own changes.
  // State.
  Shape shown_;
  std::vector<std::function<void(absl::Status)>> waiters_;
  class History history_;
  Meter meter_;
  Loop::HandlePtr metering_;  // While the provider is connected.
  std::string configured_;
  int64_t appended_ = 0;         // Samples, in the provider's time.
  int64_t heard_position_ = -1;  // In the room's time.
  int64_t echo_checked_ = 0;     // In the provider's time.
  std::map<std::string, Utterance> utterances_;  // By item.
  std::string echoing_;                          // The one that is the agent's own voice.
  std::string interrupter_;  // The one that interrupted last, while it is in `utterances_`.
  std::map<std::string, std::string> sayings_;   // By item.
  // What is being said aloud or was last, and when that began, by Loop::Monotonic.
  std::pair<std::string, absl::Duration> saying_;
  std::set<std::string> cut_;                    // Items of which no more is wanted.
  std::set<std::string> unheard_;                // Items of which nothing was heard at all.
  struct Late {
    std::string call, tool, arguments, output;
  };
  std::deque<Late> late_;  // Results that wait for a provider session.
  std::deque<absl::Duration> minted_;  // When keys were asked for, in the last minute.
  bool minting_ = false;
  bool may_speak_ = false;  // Somebody in the call.
  Responses responses_;
  Floor floor_;
  Echo echo_;
  Voices voices_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  // Owned; last, as they call the rest.
  ToolDesk tools_;
  Sight sight_;
  Speech speech_;
  std::unique_ptr<MediaLink::Audio> audio_;
  ProviderLine line_;
  Loop::HandlePtr idle_;
};

}  // namespace atrium::control

#endif  // ATRIUM_CONTROL_AGENT_CONVERSATION_ENGINE_H_
