#include "control/agent/conversation.h"
namespace atrium::control {
class Conversation::Engine {};
Conversation::Conversation(Loop*, ProviderFactory*, MediaLink*, Room*, Options) {}
Conversation::~Conversation() = default;
void Conversation::Start(std::function<void(absl::Status)>) {}
void Conversation::Stop() {}
void Conversation::Interrupt() {}
void Conversation::SetInstructions(const std::string&) {}
void Conversation::SetVoice(const std::string&) {}
void Conversation::SetAudioMode(atrium::v1::Conversation::AudioMode) {}
void Conversation::TextTurn(const std::string&, const std::string&) {}
void Conversation::Overhear(const std::string&, const std::string&) {}
void Conversation::Restore(const std::vector<atrium::v1::TimelineEntry>&) {}
void Conversation::SetAnybodyLive(bool) {}
atrium::v1::Conversation Conversation::Shown() const { return {}; }
}
