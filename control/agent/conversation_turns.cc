// Conversation: hearing, answering, speaking.
#include <algorithm>
#include <utility>

#include "common/errors.h"
#include "common/log.h"
#include "common/str_cat.h"
#include "control/agent/conversation_engine.h"
#include "control/agent/heard.h"
#include "control/errors.h"
#include "control/limits.h"

namespace atrium::control {

using atrium::v1::TimelineEntry;

namespace {

constexpr int64_t kSamplesAMs = 24;
// How often speech that was an echo is looked at again: somebody may join in.
constexpr int64_t kEchoSamples = 300 * kSamplesAMs;
// To a call of an answer that was given up.
constexpr char kGivenUp[] =
    R"({"error":"Not done: somebody interrupted you, or was not done speaking"})";

}  // namespace

// The room's audio, to the provider.

void Conversation::Engine::Append(const std::string& pcm) {
  line_.provider()->AppendAudio(pcm);
  appended_ += static_cast<int64_t>(pcm.size()) / 2;
}

void Conversation::Engine::OnRoomAudio(const atrium::media::v1::StreamAudioResponse::Room& room) {
  if (!active()) return;
  const int64_t samples = static_cast<int64_t>(room.pcm().size()) / 2;
  // Lost frames are heard as silence, so that the provider's time stays the room's.
  const int64_t gap = heard_position_ < 0 ? 0 : room.position() - heard_position_;
  if (gap > 0) Append(std::string(std::min(gap, limits::kSilenceSamples) * 2, '\0'));
  heard_position_ = room.position() + samples;
  Floor::Audible audible;
  for (const auto& voice : room.voices()) audible.emplace_back(voice.participant(), voice.dbfs());
  // Somebody whom media will withhold in a moment, and has not yet.
  if (!floor_.Passes(audible)) return Append(std::string(room.pcm().size(), '\0'));
  voices_.Add(appended_, samples, std::move(audible));
  echo_.AddHeard(room.pcm());
  Append(room.pcm());
  CheckEcho();
}
void Conversation::Engine::OnPlayed(
    const atrium::media::v1::StreamAudioResponse::Played& played) {
  speech_.OnPlayed(played);
}
void Conversation::Engine::OnAudioOpen() {
  speech_.SetAudio(audio_.get());
  speech_.Resend();
}
void Conversation::Engine::OnAudioLost() { heard_position_ = -1; }

// What was heard.

Conversation::Engine::Utterance& Conversation::Engine::At(const std::string& item) {
  if (utterances_.count(item) == 0 && utterances_.size() >= limits::kOpenUtterances) {
    utterances_.erase(utterances_.begin());
  }
  return utterances_[item];
}

void Conversation::Engine::OnSpeechStarted(const std::string& item, int64_t audio_ms) {
  Utterance& utterance = At(item);
  Began(&utterance, audio_ms);
  utterance.speakers = voices_.Heard(audio_ms * kSamplesAMs, appended_);
  if (speech_.speaking() && echo_.Echoes(appended_ / kSamplesAMs - audio_ms)) {
    utterance.echo = true;
    echoing_ = item;
    echo_checked_ = appended_;
    return;
  }
  // By its name it is only called once that was understood.
  if (!floor_.NeedsName()) BargeIn(item, utterance);
  UpdateActivity();
}

// It began at this place of what was sent, some of which may lie before now.
void Conversation::Engine::Began(Utterance* utterance, int64_t audio_ms) {
  utterance->from_ms = audio_ms;
  const int64_t ago = std::max<int64_t>(0, appended_ / kSamplesAMs - audio_ms);
  utterance->began_at = loop_->Monotonic() - absl::Milliseconds(ago);
}

// Its own voice has come back; but somebody may have begun to speak meanwhile.
void Conversation::Engine::CheckEcho() {
  if (echoing_.empty() || appended_ - echo_checked_ < kEchoSamples) return;
  const int64_t since = std::exchange(echo_checked_, appended_);
  const std::vector<std::string> speakers = voices_.Heard(since, appended_);
  if (speakers.empty() || echo_.Echoes((appended_ - since) / kSamplesAMs)) return;
  auto it = utterances_.find(std::exchange(echoing_, ""));
  if (it == utterances_.end()) return;
  it->second.echo = false;
  Began(&it->second, since / kSamplesAMs);
  it->second.speakers = speakers;
  if (!floor_.NeedsName()) BargeIn(it->first, it->second);
}

// Whoever speaks while the agent does, or goes on before it does, interrupts it, if that
// is allowed.
void Conversation::Engine::BargeIn(const std::string& item, const Utterance& utterance) {
  // Such a provider waits for the end of what is said by itself.
  if (providers_->capabilities().owns_turns && !speech_.speaking()) return;
  if (!speech_.speaking() && !responses_.under_way() && !responses_.wanted()) return;
  if (!floor_.MayInterrupt(utterance.speakers)) return;
  interrupter_ = item;
  if (Yields()) Withdraw();
  CutOff();
}
bool Conversation::Engine::Yields() const {
  if (responses_.sounding() || responses_.cause() == Responses::Cause::kSpeech) return true;
  // What a tool answered goes on with what is being said.
  return responses_.cause() == Responses::Cause::kTool && speech_.speaking();
}

void Conversation::Engine::OnSpeechStopped(const std::string& item, int64_t audio_ms) {
  Utterance& utterance = At(item);
  utterance.over_at = loop_->Monotonic();
  if (item == echoing_) echoing_.clear();
  if (utterance.echo) {
    line_.provider()->DeleteItem(item);
    return;
  }
  utterance.speakers = voices_.Heard(utterance.from_ms * kSamplesAMs, audio_ms * kSamplesAMs);
  if (!floor_.NeedsName()) {
    if (item == interrupter_) interrupter_.clear();
    AskFor(&utterance);
    AskNext();
  }
  UpdateActivity();
}

void Conversation::Engine::TellWhoSpoke(const Utterance& utterance) {
  if (utterance.speakers.empty()) return;
  std::string names;
  for (const std::string& speaker : utterance.speakers) {
    StrAppend(&names, names.empty() ? "" : " and ", room_->DisplayName(speaker));
  }
  line_.provider()->AddText(HistoryItem::Role::kSystem,
                            "The last utterance was spoken by " + names + ".");
}

void Conversation::Engine::AskFor(Utterance* utterance) {
  if (std::exchange(utterance->answered, true)) return;
  TellWhoSpoke(*utterance);
  if (providers_->capabilities().owns_turns || responses_.answers_by_itself()) return;
  Configure();
  RequestResponse(Responses::Cause::kSpeech);
}

void Conversation::Engine::OnHeard(const std::string& item, const std::string& text, bool final) {
  Utterance& utterance = At(item);
  if (utterance.echo) {
    if (final) utterances_.erase(item);
    return;
  }
  if (utterance.speakers.empty()) {
    utterance.speakers = voices_.Heard(utterance.from_ms * kSamplesAMs, appended_);
  }
  if (!text.empty()) Caption(item, utterance.speakers, text, final);
  const bool named = floor_.NeedsName() && Floor::Names(text);
  if (named) BargeIn(item, utterance);
  if (!final) return;
  Utterance heard = utterances_.extract(item).mapped();
  if (!text.empty()) {
    const absl::Duration now = loop_->Monotonic();
    room_->AddSpoken(TimelineEntry::SPEECH, heard.speakers, text, false,
                     now - heard.began_at.value_or(now));
    const std::string who = heard.speakers.empty() ? "" : heard.speakers[0];
    history_.Add({HistoryItem::Role::kUser, Said(who, text)});
  }
  if (named) {
    AskFor(&heard);
  } else if (floor_.NeedsName() && !text.empty()) {
    // It is not asked, and knows by whom that was.
    TellWhoSpoke(heard);
  }
  AskNext();
  UpdateActivity();
}

// Answers: one at a time.

void Conversation::Engine::RequestResponse(Responses::Cause cause) {
  if (!active()) return;
  // Such a provider answers when it likes; there is nothing to wait for.
  if (providers_->capabilities().owns_turns) return line_.provider()->CreateResponse();
  responses_.Want(cause);
  Create();
  UpdateActivity();
}
// The next one, once the last is over and its tools have answered.
void Conversation::Engine::AskNext() {
  if (!active() || tools_.open() || !responses_.wanted()) return;
  Configure();
  Create();
}
// Whoever asks about a screen means what is on it now.
void Conversation::Engine::Create() {
  // While whoever interrupted it speaks, only what was typed is answered.
  if (utterances_.count(interrupter_) > 0 && responses_.wanted() != Responses::Cause::kText) return;
  if (!responses_.Next()) return;
  sight_.Freshen([this] {
    if (!responses_.withdrawn()) return line_.provider()->CreateResponse();
    responses_.Forget();
    AskNext();
    UpdateActivity();
  });
}

void Conversation::Engine::OnResponseStarted(const std::string& response) {
  responses_.OnStarted(response);
  // It was withdrawn before it had a name.
  if (responses_.withdrawn()) line_.provider()->CancelResponse(response);
  UpdateActivity();
}
bool Conversation::Engine::Drops(const std::string& response, const std::string& item) {
  if (!responses_.withdrawn() || response != responses_.active()) return false;
  if (sayings_.count(item) == 0 && !speech_.has(item)) unheard_.insert(item);
  return true;
}
void Conversation::Engine::OnSpeech(const std::string& response, const std::string& item,
                                    const std::string& pcm) {
  if (cut_.count(item) > 0) return;
  if (Drops(response, item)) return;
  responses_.OnSound();
  speech_.Append(item, pcm);
}
void Conversation::Engine::OnSaying(const std::string& response, const std::string& item,
                                    const std::string& text, bool final) {
  if (cut_.count(item) > 0) return;
  if (Drops(response, item)) return;
  sayings_[item] = text;
  Caption(item, {"agent"}, text, final);
}
void Conversation::Engine::OnResponseDone(const std::string& response, const ResponseEnd& end) {
  responses_.OnDone(response);
  // The agent must not believe that it said that.
  for (const std::string& item : std::exchange(unheard_, {})) {
    if (active()) line_.provider()->DeleteItem(item);
  }
  for (const auto& [item, text] : std::map<std::string, std::string>(sayings_)) {
    speech_.Complete(item);
    // Words without a voice are said once they are complete.
    if (!speech_.has(item) && sayings_.count(item) > 0) Say(item, false);
  }
  cut_.clear();
  meter_.AddResponse(end.usage);
  meter_.Advance(loop_->Monotonic());
  if (!end.problem.empty()) {
    LogWarning("the agent could not answer", {{"why", end.problem}});
    shown_.set_problem(end.problem);
  } else if (end.completed && active()) {
    shown_.clear_problem();
  }
  AskNext();
  line_.Expect(active() && responses_.under_way());
  SetState(shown_.state());
  CheckCost();
}
void Conversation::Engine::OnUsage(const ProviderUsage& usage) {
  meter_.Add(usage);
  CheckCost();
}
void Conversation::Engine::OnResponseRefused(const absl::Status& why, bool busy) {
  LogWarning("the provider refused to answer", {{"why", why.message()}});
  // Nobody waits for one that was given up, and a busy one answers later.
  if (!busy && !responses_.withdrawn()) {
    shown_.set_problem(std::string(AnswerRefused(ToStd(why.message())).message()));
  }
  responses_.OnRefused(busy);
  // What others asked for meanwhile.
  if (!busy) AskNext();
  line_.Expect(active() && responses_.under_way());
  SetState(shown_.state());
}
void Conversation::Engine::OnRefused(const absl::Status& why) {
  LogWarning("the provider refused a request", {{"why", why.message()}});
  if (shown_.takes_images() == sees()) return;
  // It turned out to be blind.
  ShowCapabilities();
  sight_.Open(sees());
  Show();
}

// What is seen.

void Conversation::Engine::OnStill(const std::string& item, const std::string& label,
                                   const std::string& jpeg) {
  line_.provider()->AddImage(item, label, jpeg);
}
void Conversation::Engine::OnStillGone(const std::string& item) {
  line_.provider()->DeleteItem(item);
}
void Conversation::Engine::OnScreenNews(const std::string& text) {
  line_.provider()->AddText(HistoryItem::Role::kSystem, text);
}

// Tools.

void Conversation::Engine::OnToolCall(const std::string& call, const std::string& name,
                                      const std::string& arguments) {
  LogInfo("the agent calls a tool", {{"session", options_.session}, {"tool", name}});
  // Of an answer that nobody waits for any more nothing is done.
  if (responses_.withdrawn()) return line_.provider()->AddToolResult(call, kGivenUp);
  tools_.Call(call, name, arguments);
  UpdateActivity();
}
void Conversation::Engine::OnToolResult(const std::string& call, const std::string& output) {
  line_.provider()->AddToolResult(call, output);
  if (!providers_->capabilities().owns_turns) responses_.Want(Responses::Cause::kTool);
  AskNext();
  UpdateActivity();
}
void Conversation::Engine::OnLateResult(const std::string& call, const std::string& tool,
                                        const std::string& arguments, const std::string& output) {
  // While a session is being left it is gone already, and still shown as active.
  if (!active() || line_.provider() == nullptr) {
    if (late_.size() < limits::kLateResults) late_.push_back({call, tool, arguments, output});
    return;
  }
  line_.provider()->AddLateResult(call + "-result", tool, arguments, output);
  RequestResponse(Responses::Cause::kTool);
}

// Speaking.

void Conversation::Engine::OnUtteranceBegun(const std::string& item) {
  saying_ = {item, loop_->Monotonic()};
  UpdateActivity();
}
void Conversation::Engine::OnUtteranceEnded(const std::string& item) {
  if (sayings_.count(item) > 0) Say(item, false);
  UpdateActivity();
}
void Conversation::Engine::Say(const std::string& item, bool interrupted) {
  auto saying = sayings_.extract(item);
  if (saying.empty() || saying.mapped().empty()) return;
  const absl::Duration now = loop_->Monotonic();
  const absl::Duration began = saying_.first == item ? saying_.second : now;
  room_->AddSpoken(TimelineEntry::AGENT, {"agent"}, saying.mapped(), interrupted, now - began);
  history_.Add({HistoryItem::Role::kAgent, saying.mapped()});
}
// Gives up the response under way: what has no name yet is cancelled once it has one.
void Conversation::Engine::Withdraw() {
  if (!responses_.Withdraw()) return;
  if (!responses_.active().empty() && active() && line_.provider() != nullptr) {
    line_.provider()->CancelResponse(responses_.active());
  }
  DropUnsaid();
}
// What it wrote and had not begun to say.
void Conversation::Engine::DropUnsaid() {
  for (const auto& [item, text] : std::map<std::string, std::string>(sayings_)) {
    if (speech_.has(item)) continue;
    if (shown_.mode() == Shape::TEXT) {
      cut_.insert(item);
      Interrupted(item, HeardOf(text, 1, 1));
      continue;
    }
    unheard_.insert(item);
    sayings_.erase(item);
    Caption(item, {"agent"}, "", true);
  }
}
// Silences, and tells the provider what was really heard.
void Conversation::Engine::CutOff() {
  Provider* provider = active() ? line_.provider() : nullptr;
  for (const Speech::Cut& cut : speech_.CutOff()) {
    cut_.insert(cut.utterance);
    if (provider != nullptr && providers_->capabilities().truncates) {
      provider->Truncate(cut.utterance, cut.played_ms);
    }
    Interrupted(cut.utterance, HeardOf(sayings_[cut.utterance], cut.played_ms, cut.received_ms));
  }
}
// Only so much of its words was heard.
void Conversation::Engine::Interrupted(const std::string& item, const std::string& text) {
  Caption(item, {"agent"}, text, true);
  sayings_[item] = text;
  Say(item, true);
}

}  // namespace atrium::control
