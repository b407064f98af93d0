#include "control/agent/conversation_engine.h"

#include <algorithm>
#include <utility>

#include "common/errors.h"
#include "common/log.h"
#include "common/proto_time.h"
#include "common/str_cat.h"
#include "control/errors.h"
#include "control/limits.h"

namespace atrium::control {

using atrium::v1::TimelineEntry;
using Shape = atrium::v1::Conversation;

Conversation::Engine::Engine(Loop* loop, ProviderFactory* providers, const Profiles* profiles,
                             MediaLink* media, Room* room, Options options)
    : loop_(loop),
      providers_(providers),
      profiles_(profiles),
      media_(media),
      room_(room),
      options_(std::move(options)),
      meter_(options_.tariff, options_.usage),
      floor_([room](const std::string& speaker) { return room->IsOwner(speaker); }),
      tools_(loop, room, this, options_.tool_servers, this),
      sight_(loop, media, this),
      speech_(this),
      line_(loop, providers, this) {
  shown_.set_name(options_.session + "/conversation");
  shown_.set_state(Shape::STOPPED);
  shown_.set_provider(providers_->name());
  shown_.set_model(providers_->model());
  shown_.set_audio_mode(options_.audio_mode == 0
                            ? Shape::EVERYBODY
                            : static_cast<Shape::AudioMode>(options_.audio_mode));
  *shown_.mutable_usage() = meter_.usage();
  for (const Profile& profile : *profiles_) {
    auto* offered = shown_.add_profiles();
    offered->set_id(profile.id);
    offered->set_display_name(profile.display_name);
  }
  floor_.Set(options_.floor);
  ApplyProfile();
  if (options_.tool_servers != nullptr) options_.tool_servers->AddListener(this);
}
Conversation::Engine::~Engine() {
  if (options_.tool_servers != nullptr) options_.tool_servers->RemoveListener(this);
}

void Conversation::Engine::OnToolsChanged() {
  ShowCapabilities();
  Configure();
  Show();
}

// What is set of its own goes before the profile, and that before the provider's
// defaults.
void Conversation::Engine::ApplyProfile() {
  const Profile* profile = FindProfile(*profiles_, options_.profile);
  // It may have been taken out of the deployment since.
  if (profile == nullptr) profile = &profiles_->front();
  shown_.set_profile(profile->id);
  const std::string& instructions =
      options_.instructions.empty() ? profile->instructions : options_.instructions;
  shown_.set_instructions(instructions.empty() ? providers_->default_instructions() : instructions);
  shown_.set_voice(options_.voice.empty() ? profile->voice : options_.voice);
  shown_.set_mode(options_.mode == 0 ? profile->mode : static_cast<Shape::Mode>(options_.mode));
  // What the provider does by itself is not offered (L5).
  if (!providers_->capabilities().owns_turns) {
    const std::string& language = options_.language;
    const std::string& model = options_.transcription_model;
    shown_.set_language(language.empty() ? profile->language : language);
    shown_.set_transcription_model(model.empty() ? profile->transcription_model : model);
  }
  ShowCapabilities();
}

// Some are only known once the provider was asked.
void Conversation::Engine::ShowCapabilities() {
  const ProviderCapabilities& can = providers_->capabilities();
  shown_.set_makes_secrets(can.mints_secrets);
  shown_.set_takes_images(can.takes_images);
  shown_.set_owns_turns(can.owns_turns);
  *shown_.mutable_tools() = tools_.List();
}

void Conversation::Engine::Start(std::function<void(absl::Status)> done) {
  // In an outage people talk among themselves until the agent is back.
  if (active() || shown_.state() == Shape::RECONNECTING) {
    if (done) done(absl::OkStatus());
    return;
  }
  Await(std::move(done));
}

void Conversation::Engine::Await(std::function<void(absl::Status)> done) {
  if (active()) return done(absl::OkStatus());
  if (meter_.exhausted()) {
    CheckCost();
    if (done) done(CostLimit(meter_.limit()));
    return;
  }
  if (done && waiters_.size() >= limits::kConversationWaiters) {
    return done(TooMany("requests that wait for the agent", limits::kConversationWaiters,
                        limits::kProviderConnect));
  }
  if (done) waiters_.push_back(std::move(done));
  if (shown_.state() == Shape::CONNECTING || shown_.state() == Shape::RECONNECTING) return;
  SetState(Shape::CONNECTING);
  line_.Connect();
}

void Conversation::Engine::Stop() {
  Withdraw();
  CutOff();
  Leave(Shape::STOPPED);
  Answer(ProviderStopped());
}

void Conversation::Engine::Leave(Shape::State state) {
  line_.Drop();
  meter_.Disconnect(loop_->Monotonic());
  metering_.reset();
  responses_.Lose(false);
  ForgetProviderSession();
  SetState(state);
}

// Its ids mean nothing any more.
void Conversation::Engine::ForgetProviderSession() {
  tools_.ForgetSession();
  sight_.Close();
  utterances_.clear();
  echoing_.clear();
  interrupter_.clear();
  unheard_.clear();
  configured_.clear();
  appended_ = 0;
  echo_checked_ = 0;
  voices_ = Voices();
}

void Conversation::Engine::Interrupt() {
  Withdraw();
  CutOff();
  UpdateActivity();
}

void Conversation::Engine::SetInstructions(const std::string& instructions) {
  options_.instructions = instructions;
  ApplyProfile();
  Configure();
  Show();
}
void Conversation::Engine::SetMode(Shape::Mode mode) {
  options_.mode = mode;
  ApplyProfile();
  Configure();
  Show();
}
void Conversation::Engine::SetLanguage(const std::string& language) {
  options_.language = language;
  ApplyProfile();
  Configure();
  Show();
}
void Conversation::Engine::SetTranscriptionModel(const std::string& model) {
  options_.transcription_model = model;
  ApplyProfile();
  Configure();
  Show();
}
void Conversation::Engine::SetVoice(const std::string& voice) {
  const std::string before = shown_.voice();
  options_.voice = voice;
  ApplyProfile();
  // A provider session keeps the voice that it began with.
  if (active() && shown_.voice() != before) line_.Renew();
  Show();
}
absl::Status Conversation::Engine::SetProfile(const std::string& id) {
  if (FindProfile(*profiles_, id) == nullptr) return BadField("conversation.profile", "is not there");
  options_.profile = id;
  options_.instructions.clear();
  options_.mode = 0;
  options_.language.clear();
  options_.transcription_model.clear();
  SetVoice("");
  Configure();
  return absl::OkStatus();
}
void Conversation::Engine::SetAudioMode(Shape::AudioMode mode) {
  shown_.set_audio_mode(mode);
  Show();
}

void Conversation::Engine::MintSecret(Done<atrium::v1::ProviderSecret> done) {
  if (meter_.exhausted()) return done(CostLimit(meter_.limit()));
  const absl::Duration now = loop_->Monotonic();
  std::erase_if(minted_, [now](absl::Duration at) { return now - at >= absl::Minutes(1); });
  if (minting_) return done(TooMany("keys that are being made", 1, absl::Seconds(1)));
  if (minted_.size() >= limits::kProviderSecretsAMinute) {
    return done(TooMany("keys in a minute", limits::kProviderSecretsAMinute,
                        absl::Minutes(1) - (now - minted_.front())));
  }
  minted_.push_back(now);
  minting_ = true;
  ProviderSettings settings = Settings();
  providers_->MintSecret(
      settings, limits::kProviderSecretLife,
      [this, done, alive = std::weak_ptr<bool>(alive_)](absl::StatusOr<ProviderSecret> minted) {
        if (alive.expired()) return done(ProviderStopped());
        minting_ = false;
        if (!minted.ok()) {
          LogWarning("no secret of the provider", {{"session", options_.session},
                                                   {"why", minted.status().message()}});
          ShowCapabilities();
          Show();
          return done(minted.status());
        }
        atrium::v1::ProviderSecret secret;
        secret.set_value(minted->value);
        *secret.mutable_expire_time() = ToProtoTime(minted->expire_time);
        secret.set_url(minted->url);
        secret.set_model(shown_.model());
        secret.set_instructions(shown_.instructions());
        done(std::move(secret));
      });
}

void Conversation::Engine::TextTurn(const std::string& speaker, const std::string& text) {
  // A conversation that is stopped is started by being spoken to.
  Await([this, said = Said(speaker, text)](absl::Status status) {
    if (!status.ok()) return;
    Tell(HistoryItem::Role::kUser, said);
    WatchIdle();
    Configure();
    RequestResponse(Responses::Cause::kText);
  });
}
void Conversation::Engine::Overhear(const std::string& speaker, const std::string& text) {
  if (active()) Tell(HistoryItem::Role::kSystem, "Typed to the others, " + Said(speaker, text));
}

void Conversation::Engine::Restore(const std::vector<TimelineEntry>& entries) {
  for (const TimelineEntry& entry : entries) {
    if (entry.kind() == TimelineEntry::AGENT) {
      history_.Add({HistoryItem::Role::kAgent, entry.text()});
    } else if (entry.kind() == TimelineEntry::SPEECH || entry.kind() == TimelineEntry::CHAT) {
      const std::string who = entry.speaker_names_size() > 0 ? entry.speaker_names(0) : "Service";
      history_.Add({HistoryItem::Role::kUser, who + ": " + entry.text()});
    }
  }
}

void Conversation::Engine::SetAnybodyLive(bool live, bool may_speak) {
  if (std::exchange(may_speak_, may_speak) != may_speak) WatchIdle();
  if (live == (audio_ != nullptr)) return;
  if (active()) line_.provider()->SetListening(live);
  if (live) {
    heard_position_ = -1;
    audio_ = media_->OpenAudio(options_.session, this);
    return;
  }
  speech_.SetAudio(nullptr);
  // Whoever spoke is not heard to the end.
  interrupter_.clear();
  AskNext();
  // We may be inside one of its calls.
  loop_->Post([audio = std::shared_ptr<MediaLink::Audio>(std::move(audio_))] {});
}

void Conversation::Engine::WatchIdle() {
  idle_.reset();
  if (may_speak_ || !active() || !providers_->capabilities().bills_by_minute) return;
  idle_ = loop_->After(limits::kProviderIdle, [this] {
    LogInfo("the agent is left, as nobody speaks to it", {{"session", options_.session}});
    Stop();
  });
}

// The provider's life.

ProviderSettings Conversation::Engine::Settings() const {
  return {.instructions = shown_.instructions(),
          .voice = shown_.voice(),
          .text_only = shown_.mode() == Shape::TEXT,
          .transcription_model = shown_.transcription_model(),
          .language = shown_.language(),
          .tools = tools_.Declare()};
}

// The tools hold the names of the tabs: told anew before each turn.
void Conversation::Engine::Configure() {
  if (!active()) return;
  const ProviderSettings settings = Settings();
  std::string now = StrCat(settings.instructions, "\n", settings.text_only ? "text" : "voice", "\n",
                           settings.transcription_model, "\n", settings.language);
  for (const ToolDeclaration& tool : settings.tools) StrAppend(&now, "\n", tool.name, " ", tool.parameters);
  if (now == configured_) return;
  configured_ = std::move(now);
  line_.provider()->Update(settings);
}

void Conversation::Engine::OnReady(std::optional<absl::Time>) {
  LogInfo("the agent is ready", {{"session", options_.session}});
  shown_.clear_problem();
  ShowCapabilities();
  meter_.Connect(loop_->Monotonic());
  KeepTime();
  SetState(Shape::ACTIVE);
  WatchIdle();
  sight_.Open(sees());
  line_.provider()->SetListening(audio_ != nullptr);
  // What changed while it was connecting.
  Configure();
  Answer(absl::OkStatus());
  for (const Late& late : std::exchange(late_, {})) {
    OnLateResult(late.call, late.tool, late.arguments, late.output);
  }
  // What was owed when the last one was lost.
  AskNext();
}

bool Conversation::Engine::Silent() const {
  // A transcript that is about to come belongs into the history.
  const bool speaking = std::any_of(utterances_.begin(), utterances_.end(), [this](const auto& one) {
    return loop_->Monotonic() - one.second.over_at < limits::kTranscriptWait;
  });
  return !speaking && !responses_.under_way() && !responses_.wanted() && !speech_.speaking() &&
         !tools_.open();
}

void Conversation::Engine::OnExchanged() {
  LogInfo("the agent's session was exchanged", {{"session", options_.session}});
  ForgetProviderSession();
  sight_.Open(sees());
  line_.provider()->SetListening(audio_ != nullptr);
  Configure();
}

void Conversation::Engine::OnLost(const absl::Status& why, bool final) {
  LogWarning("the agent was lost", {{"session", options_.session}, {"why", why.message()}});
  const bool starting = shown_.state() == Shape::CONNECTING && !waiters_.empty();
  meter_.Disconnect(loop_->Monotonic());
  metering_.reset();
  responses_.Lose(!final);
  // What it was saying has no end any more (R11).
  DropUnsaid();
  CutOff();
  ForgetProviderSession();
  shown_.set_problem(std::string(why.message()));
  if (final || starting) {
    // Starting is answered with the truth (V3); what ran already, or should run
    // after a restart of ours, is not given up.
    SetState(Shape::FAILED);
    return Answer(why);
  }
  SetState(Shape::RECONNECTING);
  line_.Retry();
}

void Conversation::Engine::KeepTime() {
  metering_ = loop_->After(limits::kMeterSpacing, [this] {
    auto done = std::move(metering_);
    meter_.Advance(loop_->Monotonic());
    KeepTime();
    CheckCost();
  });
}

void Conversation::Engine::CheckCost() {
  const bool changed = shown_.usage().cost_micros() != meter_.usage().cost_micros();
  *shown_.mutable_usage() = meter_.usage();
  if (!meter_.exhausted()) {
    if (changed) Show();
    return;
  }
  const absl::Status why = CostLimit(meter_.limit());
  if (shown_.state() == Shape::FAILED && shown_.problem() == why.message()) return;
  LogWarning("a session has cost what it may", {{"session", options_.session}});
  Withdraw();
  CutOff();
  shown_.set_problem(std::string(why.message()));
  Leave(Shape::FAILED);
  Answer(why);
}

void Conversation::Engine::Answer(const absl::Status& status) {
  for (auto& waiter : std::exchange(waiters_, {})) waiter(status);
}

// Showing.

std::string Conversation::Engine::Said(const std::string& speaker, const std::string& text) const {
  return room_->DisplayName(speaker) + ": " + text;
}
void Conversation::Engine::Tell(HistoryItem::Role role, const std::string& text) {
  line_.provider()->AddText(role, text);
  history_.Add({role, text});
}
void Conversation::Engine::Caption(const std::string& utterance,
                                   const std::vector<std::string>& speakers,
                                   const std::string& text, bool final) {
  atrium::v1::Caption caption;
  caption.set_utterance(utterance);
  for (const std::string& speaker : speakers) caption.add_speakers(speaker);
  caption.set_text(text);
  caption.set_final(final);
  room_->OnCaption(caption);
}
void Conversation::Engine::SetState(Shape::State state) {
  *shown_.mutable_usage() = meter_.usage();
  shown_.set_state(state);
  shown_.set_activity(NowDoing());
  Show();
}
Shape::Activity Conversation::Engine::NowDoing() const {
  if (!active()) return Shape::ACTIVITY_UNSPECIFIED;
  if (speech_.speaking()) return Shape::SPEAKING;
  if (tools_.awaiting()) return Shape::WAITING_FOR_APPROVAL;
  const bool answers = responses_.under_way() && !responses_.withdrawn();
  return answers || tools_.open() ? Shape::THINKING : Shape::LISTENING;
}
void Conversation::Engine::UpdateActivity() {
  line_.Expect(active() && responses_.under_way());
  if (shown_.activity() == NowDoing()) return;
  shown_.set_activity(NowDoing());
  Show();
}

}  // namespace atrium::control
