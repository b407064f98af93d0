#include "control/agent/conversation.h"

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <utility>

#include "common/errors.h"
#include "common/log.h"
#include "common/random.h"
#include "common/str_cat.h"
#include "control/agent/speech.h"
#include "control/agent/tools.h"
#include "control/agent/voices.h"
#include "control/errors.h"
#include "control/limits.h"

namespace atrium::control {

using atrium::v1::TimelineEntry;
using Shape = atrium::v1::Conversation;

namespace {

constexpr int64_t kSamplesAMs = 24;

}  // namespace

class Conversation::Engine final : public Provider::Listener,
                                   public MediaLink::Audio::Listener,
                                   public Speech::Listener {
 public:
  Engine(Loop* loop, ProviderFactory* providers, MediaLink* media, Room* room, Options options)
      : loop_(loop),
        providers_(providers),
        media_(media),
        room_(room),
        options_(std::move(options)),
        tools_(room),
        speech_(this) {
    shown_.set_name(options_.session + "/conversation");
    shown_.set_state(Shape::STOPPED);
    shown_.set_provider(providers_->name());
    shown_.set_model(providers_->model());
    shown_.set_instructions(options_.instructions.empty() ? providers_->default_instructions()
                                                          : options_.instructions);
    shown_.set_audio_mode(options_.audio_mode == 0
                              ? Shape::EVERYBODY
                              : static_cast<Shape::AudioMode>(options_.audio_mode));
  }

  const Shape& shown() const { return shown_; }

  void Start(std::function<void(absl::Status)> done) {
    if (shown_.state() == Shape::ACTIVE) {
      if (done) done(absl::OkStatus());
      return;
    }
    if (done) waiters_.push_back(std::move(done));
    if (shown_.state() == Shape::CONNECTING || shown_.state() == Shape::RECONNECTING) return;
    SetState(Shape::CONNECTING);
    Connect();
  }

  void Stop() {
    retry_.reset();
    rotation_.reset();
    CutOff();
    Drop();
    SetState(Shape::STOPPED);
    Answer(ProviderStopped());
  }

  void Interrupt() {
    CutOff();
    UpdateActivity();
  }

  void SetInstructions(const std::string& instructions) {
    shown_.set_instructions(instructions.empty() ? providers_->default_instructions()
                                                 : instructions);
    Configure();
    Show();
  }
  void SetVoice(const std::string& voice) {
    shown_.set_voice(voice);
    Configure();
    Show();
  }
  void SetAudioMode(Shape::AudioMode mode) {
    shown_.set_audio_mode(mode);
    Show();
  }

  void TextTurn(const std::string& speaker, const std::string& text) {
    // A conversation that is stopped is started by being spoken to.
    Start([this, said = Said(speaker, text)](absl::Status status) {
      if (!status.ok()) return;
      Tell(HistoryItem::Role::kUser, said);
      Configure();
      RequestResponse();
    });
  }
  void Overhear(const std::string& speaker, const std::string& text) {
    if (shown_.state() == Shape::ACTIVE) {
      Tell(HistoryItem::Role::kSystem, "Typed to the others, " + Said(speaker, text));
    }
  }

  void Restore(const std::vector<TimelineEntry>& entries) {
    for (const TimelineEntry& entry : entries) {
      if (entry.kind() == TimelineEntry::AGENT) {
        Remember({HistoryItem::Role::kAgent, entry.text()});
      } else if (entry.kind() == TimelineEntry::SPEECH || entry.kind() == TimelineEntry::CHAT) {
        const std::string who = entry.speaker_names_size() > 0 ? entry.speaker_names(0) : "Service";
        Remember({HistoryItem::Role::kUser, who + ": " + entry.text()});
      }
    }
  }

  void SetAnybodyLive(bool live) {
    if (live == (audio_ != nullptr)) return;
    if (live) {
      heard_position_ = -1;
      audio_ = media_->OpenAudio(options_.session, this);
    } else {
      speech_.SetAudio(nullptr);
      // We may be inside one of its calls.
      loop_->Post([audio = std::shared_ptr<MediaLink::Audio>(std::move(audio_))] {});
    }
  }

 private:
  // The provider's life.

  void Connect() {
    retry_.reset();
    provider_ = providers_->Make(this);
    provider_->Connect(Settings(), {history_.begin(), history_.end()});
    appended_ = 0;
    voices_ = Voices();
  }
  void Drop() {
    active_response_.clear();
    response_wanted_ = response_asked_ = false;
    calls_.clear();
    if (provider_) loop_->Post([last = std::shared_ptr<Provider>(std::move(provider_))] {});
  }
  ProviderSettings Settings() const {
    return {.instructions = shown_.instructions(), .voice = shown_.voice(), .tools = tools_.Declare()};
  }
  // The tools hold the names of the tabs: told anew before each turn.
  void Configure() {
    if (shown_.state() != Shape::ACTIVE) return;
    std::string now = shown_.instructions() + "\n" + shown_.voice();
    ProviderSettings settings = Settings();
    for (const ToolDeclaration& tool : settings.tools) now += "\n" + tool.parameters;
    if (now == configured_) return;
    configured_ = std::move(now);
    provider_->Update(settings);
  }

  void OnReady(std::optional<absl::Time> expire_time) override {
    LogInfo("the agent is ready", {{"session", options_.session}});
    failures_ = 0;
    configured_.clear();
    shown_.clear_problem();
    SetState(Shape::ACTIVE);
    if (expire_time) {
      rotation_ = loop_->After(*expire_time - limits::kProviderRotation - loop_->Now(),
                               [this] { Rotate(); });
    }
    Answer(absl::OkStatus());
  }
  // The session is about to expire: another one, between two turns.
  void Rotate() {
    if (!active_response_.empty() || speech_.speaking() || !calls_.empty()) {
      rotation_ = loop_->After(absl::Seconds(1), [this] { Rotate(); });
      return;
    }
    Drop();
    SetState(Shape::RECONNECTING);
    Connect();
  }
  void OnLost(const absl::Status& why, bool final) override {
    LogWarning("the agent was lost", {{"session", options_.session}, {"why", why.message()}});
    const bool was_active = shown_.state() == Shape::ACTIVE || shown_.state() == Shape::RECONNECTING;
    Drop();
    // What it was saying has no end any more (R11).
    CutOff();
    rotation_.reset();
    shown_.set_problem(std::string(why.message()));
    if (final || (!was_active && !waiters_.empty())) {
      // Starting is answered with the truth (V3); what ran already, or should run
      // after a restart of ours, is not given up.
      SetState(Shape::FAILED);
      return Answer(why);
    }
    SetState(Shape::RECONNECTING);
    absl::Duration wait = limits::kProviderRetryMin * (1 << std::min(failures_++, 6));
    wait = std::min(wait, limits::kProviderRetryMax);
    wait *= 0.5 + static_cast<unsigned char>(RandomBytes(1)[0]) / 512.0;  // Jitter.
    retry_ = loop_->After(wait, [this] { Connect(); });
  }
  void Answer(const absl::Status& status) {
    for (auto& waiter : std::exchange(waiters_, {})) waiter(status);
  }

  // The room's audio, to the provider.

  void OnRoomAudio(const atrium::media::v1::StreamAudioResponse::Room& room) override {
    if (shown_.state() != Shape::ACTIVE) return;
    const int64_t samples = static_cast<int64_t>(room.pcm().size()) / 2;
    // Lost frames are heard as silence, so that the provider's time stays the room's.
    const int64_t gap = heard_position_ < 0 ? 0 : room.position() - heard_position_;
    if (gap > 0) {
      const int64_t silence = std::min(gap, limits::kSilenceSamples);
      provider_->AppendAudio(std::string(static_cast<size_t>(silence) * 2, '\0'));
      appended_ += silence;
    }
    heard_position_ = room.position() + samples;
    std::vector<std::pair<std::string, float>> audible;
    for (const auto& voice : room.voices()) audible.emplace_back(voice.participant(), voice.dbfs());
    voices_.Add(appended_, samples, std::move(audible));
    appended_ += samples;
    provider_->AppendAudio(room.pcm());
  }
  void OnPlayed(const atrium::media::v1::StreamAudioResponse::Played& played) override {
    speech_.OnPlayed(played);
  }
  void OnAudioOpen() override {
    speech_.SetAudio(audio_.get());
    speech_.Resend();
  }
  void OnAudioLost() override { heard_position_ = -1; }

  // What was heard.

  void OnSpeechStarted(const std::string& item, int64_t audio_ms) override {
    spoken_[item].from_ms = audio_ms;
    // Whoever speaks while the agent does interrupts it.
    if (speech_.speaking() && !providers_->capabilities().owns_turns) CutOff();
    UpdateActivity();
  }
  void OnSpeechStopped(const std::string& item, int64_t audio_ms) override {
    Spoken& spoken = spoken_[item];
    spoken.speakers = voices_.Heard(spoken.from_ms * kSamplesAMs, audio_ms * kSamplesAMs);
    if (providers_->capabilities().owns_turns) return;
    if (!spoken.speakers.empty()) {
      std::string names;
      for (const std::string& speaker : spoken.speakers) {
        StrAppend(&names, names.empty() ? "" : " and ", room_->DisplayName(speaker));
      }
      provider_->AddText(HistoryItem::Role::kSystem, "The last utterance was spoken by " + names + ".");
    }
    Configure();
    RequestResponse();
  }
  void OnHeard(const std::string& item, const std::string& text, bool final) override {
    Spoken& spoken = spoken_[item];
    if (spoken.speakers.empty()) {
      spoken.speakers = voices_.Heard(spoken.from_ms * kSamplesAMs, appended_);
    }
    if (!text.empty()) Caption(item, spoken.speakers, text, final);
    if (!final) return;
    if (!text.empty()) {
      room_->AddSpoken(TimelineEntry::SPEECH, spoken.speakers, text, false);
      const std::string who = spoken.speakers.empty() ? "" : spoken.speakers[0];
      Remember({HistoryItem::Role::kUser, Said(who, text)});
    }
    spoken_.erase(item);
  }

  // Responses: one at a time.

  void RequestResponse() {
    if (shown_.state() != Shape::ACTIVE) return;
    if (!active_response_.empty() || response_asked_) {
      response_wanted_ = true;
      return;
    }
    response_asked_ = true;
    provider_->CreateResponse();
    UpdateActivity();
  }
  void OnResponseStarted(const std::string& response) override {
    response_asked_ = false;
    active_response_ = response;
    UpdateActivity();
  }
  void OnSpeech(const std::string&, const std::string& item, const std::string& pcm) override {
    if (cut_.count(item) == 0) speech_.Append(item, pcm);
  }
  void OnSaying(const std::string&, const std::string& item, const std::string& text,
                bool final) override {
    if (cut_.count(item) > 0) return;
    sayings_[item] = text;
    Caption(item, {"agent"}, text, final);
  }
  void OnResponseDone(const std::string& response, bool) override {
    if (response == active_response_ || active_response_.empty()) {
      active_response_.clear();
      response_asked_ = false;
    }
    for (const auto& [item, text] : std::map<std::string, std::string>(sayings_)) {
      speech_.Complete(item);
      // Words without a voice are said once they are complete.
      if (!speech_.has(item) && sayings_.count(item) > 0) Say(item, false);
    }
    cut_.clear();
    MaybeContinue();
    UpdateActivity();
  }
  void OnRefused(const absl::Status& why) override {
    LogWarning("the provider refused a request", {{"why", why.message()}});
    if (std::exchange(response_asked_, false)) {
      // Somebody else's response is still under way there: ours waits for its end.
      if (DetailsOf(why).resource == "conversation_already_has_active_response") {
        response_wanted_ = true;
      }
    }
    UpdateActivity();
  }
  // The next response, once the last is over and its tools have answered.
  void MaybeContinue() {
    if (!active_response_.empty() || response_asked_ || !calls_.empty()) return;
    if (std::exchange(response_wanted_, false)) RequestResponse();
  }

  void OnToolCall(const std::string& call, const std::string& name,
                  const std::string& arguments) override {
    LogInfo("the agent calls a tool", {{"session", options_.session}, {"tool", name}});
    calls_[call] = false;
    bool waiting = false;
    tools_.Call(name, arguments, &waiting,
                [this, call, alive = std::weak_ptr<bool>(alive_)](std::string output) {
                  if (alive.expired()) return;
                  // Of a provider session that is gone: nobody waits for it.
                  if (calls_.erase(call) == 0) return;
                  provider_->AddToolResult(call, output);
                  response_wanted_ = true;
                  Configure();
                  MaybeContinue();
                  UpdateActivity();
                });
    if (waiting && calls_.count(call) > 0) calls_[call] = true;
    UpdateActivity();
  }

  // Speaking.

  void OnUtteranceBegun(const std::string&) override { UpdateActivity(); }
  void OnUtteranceEnded(const std::string& item) override {
    if (sayings_.count(item) > 0) Say(item, false);
    UpdateActivity();
  }
  void Say(const std::string& item, bool interrupted) {
    auto saying = sayings_.extract(item);
    if (saying.mapped().empty()) return;
    room_->AddSpoken(TimelineEntry::AGENT, {"agent"}, saying.mapped(), interrupted);
    Remember({HistoryItem::Role::kAgent, saying.mapped()});
  }
  // Cancels, silences, and tells the provider what was really heard.
  void CutOff() {
    if (provider_ && !active_response_.empty()) provider_->CancelResponse(active_response_);
    for (const Speech::Cut& cut : speech_.CutOff()) {
      cut_.insert(cut.utterance);
      if (provider_ && providers_->capabilities().truncates && shown_.state() == Shape::ACTIVE) {
        provider_->Truncate(cut.utterance, cut.played_ms);
      }
      Caption(cut.utterance, {"agent"}, sayings_[cut.utterance], true);
      Say(cut.utterance, true);
    }
  }

  // Showing.

  std::string Said(const std::string& speaker, const std::string& text) const {
    return room_->DisplayName(speaker) + ": " + text;
  }
  void Tell(HistoryItem::Role role, const std::string& text) {
    provider_->AddText(role, text);
    Remember({role, text});
  }
  void Remember(HistoryItem item) {
    history_.push_back(std::move(item));
    if (history_.size() > limits::kHistoryItems) history_.pop_front();
  }
  void Caption(const std::string& utterance, const std::vector<std::string>& speakers,
               const std::string& text, bool final) {
    atrium::v1::Caption caption;
    caption.set_utterance(utterance);
    for (const std::string& speaker : speakers) caption.add_speakers(speaker);
    caption.set_text(text);
    caption.set_final(final);
    room_->OnCaption(caption);
  }
  void SetState(Shape::State state) {
    shown_.set_state(state);
    shown_.set_activity(NowDoing());
    Show();
  }
  Shape::Activity NowDoing() const {
    if (shown_.state() != Shape::ACTIVE) return Shape::ACTIVITY_UNSPECIFIED;
    for (const auto& [call, waiting] : calls_) {
      if (waiting) return Shape::WAITING_FOR_APPROVAL;
    }
    if (speech_.speaking()) return Shape::SPEAKING;
    const bool thinking = response_asked_ || !active_response_.empty() || !calls_.empty();
    return thinking ? Shape::THINKING : Shape::LISTENING;
  }
  void UpdateActivity() {
    if (shown_.activity() == NowDoing()) return;
    shown_.set_activity(NowDoing());
    Show();
  }
  void Show() { room_->OnConversation(shown_); }

  struct Spoken {
    int64_t from_ms = 0;
    std::vector<std::string> speakers;
  };

  // Given.
  Loop* const loop_;
  ProviderFactory* const providers_;
  MediaLink* const media_;
  Room* const room_;
  const Options options_;
  // Owned.
  Tools tools_;
  Speech speech_;
  Voices voices_;
  std::unique_ptr<Provider> provider_;
  std::unique_ptr<MediaLink::Audio> audio_;
  Loop::HandlePtr retry_, rotation_;
  // State.
  Shape shown_;
  std::vector<std::function<void(absl::Status)>> waiters_;
  std::deque<HistoryItem> history_;
  std::string configured_;
  int failures_ = 0;
  int64_t appended_ = 0;         // Samples, in the provider's time.
  int64_t heard_position_ = -1;  // In the room's time.
  std::map<std::string, Spoken> spoken_;       // By item.
  std::map<std::string, std::string> sayings_;  // By item.
  std::set<std::string> cut_;                   // Items of which no more is wanted.
  std::map<std::string, bool> calls_;           // By id; true: a person decides.
  std::string active_response_;
  bool response_asked_ = false, response_wanted_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

Conversation::Conversation(Loop* loop, ProviderFactory* providers, MediaLink* media, Room* room,
                           Options options)
    : engine_(std::make_unique<Engine>(loop, providers, media, room, std::move(options))) {}
Conversation::~Conversation() = default;
void Conversation::Start(std::function<void(absl::Status)> done) { engine_->Start(std::move(done)); }
void Conversation::Stop() { engine_->Stop(); }
void Conversation::Interrupt() { engine_->Interrupt(); }
void Conversation::SetInstructions(const std::string& text) { engine_->SetInstructions(text); }
void Conversation::SetVoice(const std::string& voice) { engine_->SetVoice(voice); }
void Conversation::SetAudioMode(Shape::AudioMode mode) { engine_->SetAudioMode(mode); }
void Conversation::TextTurn(const std::string& speaker, const std::string& text) {
  engine_->TextTurn(speaker, text);
}
void Conversation::Overhear(const std::string& speaker, const std::string& text) {
  engine_->Overhear(speaker, text);
}
void Conversation::Restore(const std::vector<TimelineEntry>& entries) { engine_->Restore(entries); }
void Conversation::SetAnybodyLive(bool live) { engine_->SetAnybodyLive(live); }
Shape Conversation::Shown() const { return engine_->shown(); }

}  // namespace atrium::control
