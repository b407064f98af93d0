#include "control/agent/conversation.h"

#include <utility>

#include "control/agent/conversation_engine.h"

namespace atrium::control {

using Shape = atrium::v1::Conversation;

Conversation::Conversation(Loop* loop, ProviderFactory* providers, const Profiles* profiles,
                           MediaLink* media, Room* room, Options options)
    : engine_(std::make_unique<Engine>(loop, providers, profiles, media, room,
                                       std::move(options))) {}
Conversation::~Conversation() = default;
void Conversation::Start(std::function<void(absl::Status)> done) { engine_->Start(std::move(done)); }
void Conversation::Stop() { engine_->Stop(); }
void Conversation::Interrupt() { engine_->Interrupt(); }
void Conversation::SetInstructions(const std::string& text) { engine_->SetInstructions(text); }
void Conversation::SetVoice(const std::string& voice) { engine_->SetVoice(voice); }
void Conversation::SetMode(Shape::Mode mode) { engine_->SetMode(mode); }
void Conversation::SetLanguage(const std::string& language) { engine_->SetLanguage(language); }
void Conversation::SetTranscriptionModel(const std::string& model) {
  engine_->SetTranscriptionModel(model);
}
absl::Status Conversation::SetProfile(const std::string& id) { return engine_->SetProfile(id); }
void Conversation::SetAudioMode(Shape::AudioMode mode) { engine_->SetAudioMode(mode); }
void Conversation::SetFloor(const atrium::v1::FloorPolicy& floor) { engine_->SetFloor(floor); }
void Conversation::SetTalking(const std::string& speaker, bool talking) {
  engine_->SetTalking(speaker, talking);
}
bool Conversation::ListensTo(const std::string& speaker) const {
  return engine_->ListensTo(speaker);
}
void Conversation::MintSecret(Done<atrium::v1::ProviderSecret> done) {
  engine_->MintSecret(std::move(done));
}
void Conversation::TextTurn(const std::string& speaker, const std::string& text) {
  engine_->TextTurn(speaker, text);
}
void Conversation::Overhear(const std::string& speaker, const std::string& text) {
  engine_->Overhear(speaker, text);
}
void Conversation::Restore(const std::vector<atrium::v1::TimelineEntry>& entries) {
  engine_->Restore(entries);
}
void Conversation::SetAnybodyLive(bool live, bool may_speak) {
  engine_->SetAnybodyLive(live, may_speak);
}
void Conversation::SetScreens(std::vector<Screen> screens) {
  engine_->SetScreens(std::move(screens));
}
const Shape& Conversation::Shown() const { return engine_->shown(); }

}  // namespace atrium::control
