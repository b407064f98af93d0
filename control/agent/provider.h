// Provider is a voice agent somewhere: the OpenAI Realtime API, a compatible
// server, or our own offline agent. One object is one provider session; a new
// one is made to reconnect or to rotate.
//
// On the loop. All audio is 24 kHz mono signed 16-bit little-endian PCM.
#ifndef ATRIUM_CONTROL_AGENT_PROVIDER_H_
#define ATRIUM_CONTROL_AGENT_PROVIDER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace atrium::control {

// What a provider can and cannot.
struct ProviderCapabilities {
  bool owns_turns = false;       // It decides who may speak; we only gate microphones.
  bool truncates = true;         // It can be told how much was heard.
  bool takes_images = true;
  // It takes a video track. None that we know does; one that did would get the screen's
  // own packets from media, in place of stills.
  bool takes_video = false;
  bool mints_secrets = false;    // It gives short-lived keys for browsers.
  bool bills_by_minute = false;  // Silence costs.
};

// A function that the agent may call.
struct ToolDeclaration {
  std::string name;
  std::string description;
  std::string parameters;  // A JSON schema.
  bool foreign = false;    // Others wrote it: a provider that refuses it does without.
};

struct ProviderSettings {
  std::string instructions;
  std::string voice;  // Empty: the provider's default.
  bool text_only = false;
  // For whatever writes down what people say; empty: as the provider likes.
  std::string transcription_model;
  std::string language;  // An ISO 639 code, as a hint.
  std::vector<ToolDeclaration> tools;
};

// What a response cost, in tokens.
struct ProviderUsage {
  int64_t input_text = 0, input_audio = 0, input_image = 0;
  int64_t cached = 0;  // Of those, what it had kept; and of that, audio and pictures.
  int64_t cached_audio = 0, cached_image = 0;
  int64_t output_text = 0, output_audio = 0;
};

// How a response ended.
struct ResponseEnd {
  bool completed = false;  // Else it was cancelled, or failed.
  std::string problem;     // For people, if it failed.
  ProviderUsage usage;
};

// A key for a browser.
struct ProviderSecret {
  std::string value;
  absl::Time expire_time;
  std::string url;  // Empty: no browser can reach it.
};

// One thing said before, for a new provider session.
struct HistoryItem {
  enum class Role { kUser, kAgent, kSystem };
  Role role = Role::kUser;
  std::string text;
};

class Provider {
 public:
  // Upward news, on the loop. Item, response and call ids are the provider's.
  class Listener {
   public:
    virtual ~Listener() = default;
    // Configured: it listens. `expire_time`: when this session will end, if known.
    virtual void OnReady(std::optional<absl::Time> expire_time) = 0;
    // It ended, or never began. `final`: trying again will not help (key, quota);
    // the message names the remedy. Nothing comes after this.
    virtual void OnLost(const absl::Status& why, bool final) = 0;
    // Somebody began, or stopped, to speak; times in ms of the audio appended.
    virtual void OnSpeechStarted(const std::string& item, int64_t audio_ms) = 0;
    virtual void OnSpeechStopped(const std::string& item, int64_t audio_ms) = 0;
    // What was understood so far of a spoken item: all of it, not a delta.
    virtual void OnHeard(const std::string& item, const std::string& text, bool final) = 0;
    virtual void OnResponseStarted(const std::string& response) = 0;
    virtual void OnSpeech(const std::string& response, const std::string& item,
                          const std::string& pcm) = 0;
    // What it says so far in an item: all of it.
    virtual void OnSaying(const std::string& response, const std::string& item,
                          const std::string& text, bool final) = 0;
    virtual void OnToolCall(const std::string& call, const std::string& name,
                            const std::string& arguments) = 0;
    virtual void OnResponseDone(const std::string& response, const ResponseEnd& end) = 0;
    // Something was used that no response tells of: this much more.
    virtual void OnUsage(const ProviderUsage& usage) = 0;
    // The response that was asked for last is refused, as there is one already
    // (`busy`), or for another reason.
    virtual void OnResponseRefused(const absl::Status& why, bool busy) = 0;
    // Another request was refused; the session goes on.
    virtual void OnRefused(const absl::Status& why) = 0;
  };

  virtual ~Provider() = default;
  // Connects, configures and replays `history`; answered by OnReady or OnLost.
  virtual void Connect(const ProviderSettings& settings,
                       const std::vector<HistoryItem>& history) = 0;
  virtual void Update(const ProviderSettings& settings) = 0;
  // Somebody is in the call, or nobody is any more. Only some providers care.
  virtual void SetListening(bool listens) {}
  virtual void AppendAudio(const std::string& pcm) = 0;
  // Something for the agent to know or to answer.
  virtual void AddText(HistoryItem::Role role, const std::string& text) = 0;
  // Shows it a JPEG, with a line on what it is. `item` names it, for DeleteItem: 1-32
  // of [A-Za-z0-9_-]. Only where the provider takes images.
  virtual void AddImage(const std::string& item, const std::string& label,
                        const std::string& jpeg) = 0;
  virtual void AddToolResult(const std::string& call, const std::string& output) = 0;
  // What came of a call that had a preliminary result, or was another provider
  // session's: told as a call of its own that is answered.
  virtual void AddLateResult(const std::string& call, const std::string& tool,
                             const std::string& arguments, const std::string& output) = 0;
  // Asks for an answer. The caller keeps to one at a time.
  virtual void CreateResponse() = 0;
  virtual void CancelResponse(const std::string& response) = 0;
  // An item was never said.
  virtual void DeleteItem(const std::string& item) = 0;
  // Only so much of a spoken item was heard.
  virtual void Truncate(const std::string& item, int64_t audio_end_ms) = 0;
};

class ProviderFactory {
 public:
  virtual ~ProviderFactory() = default;
  // `listener` outlives the provider.
  virtual std::unique_ptr<Provider> Make(Provider::Listener* listener) = 0;
  virtual const ProviderCapabilities& capabilities() const = 0;
  virtual std::string name() const = 0;   // For people: "offline agent".
  virtual std::string model() const = 0;
  // What an agent is told about itself unless the session says otherwise.
  virtual std::string default_instructions() const = 0;
  // Makes a key for a browser, good for `life`; FAILED_PRECONDITION if this
  // provider makes none.
  virtual void MintSecret(const ProviderSettings& settings, absl::Duration life,
                          std::function<void(absl::StatusOr<ProviderSecret>)> done) = 0;
};

}  // namespace atrium::control

#endif  // ATRIUM_CONTROL_AGENT_PROVIDER_H_
