// Response is one answer while it is being given: its events, spread over time as
// a model's would be, so that it can be cancelled.
//
// On the loop.
#ifndef ATRIUM_CONTROL_AGENT_OFFLINE_RESPONSE_H_
#define ATRIUM_CONTROL_AGENT_OFFLINE_RESPONSE_H_

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "common/loop.h"
#include "control/agent/offline/commands.h"
#include "control/agent/offline/items.h"

namespace atrium::agent {

class Response {
 public:
  // Upward news.
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void Emit(nlohmann::json event) = 0;
    virtual std::string NewId(const char* prefix) = 0;
    // An item of the conversation begins; now looks like this; has more audio.
    virtual void OnItemAdded(const nlohmann::json& item) = 0;
    virtual void OnItemDone(const nlohmann::json& item) = 0;
    virtual void OnItemAudio(const std::string& item, const std::string& audio, int64_t ms) = 0;
    // It is over, however; may destroy it.
    virtual void OnResponseOver(Response* response) = 0;
  };
  struct Options {
    Act act;
    bool in_conversation = true;
    bool aloud = true;          // Else as text.
    std::string audio;          // What is said, in the output's format,
    int64_t bytes_a_ms = 48;    // with so many bytes of it for a millisecond.
    nlohmann::json metadata;    // Given back.
    nlohmann::json output;      // `audio.output` as the session has it.
    Items::Tokens input_tokens;
  };

  Response(Loop* loop, Listener* listener, Options options);
  Response(const Response&) = delete;
  Response& operator=(const Response&) = delete;

  const std::string& id() const { return id_; }
  bool in_conversation() const { return options_.in_conversation; }
  // Starts to give it. May be over when this returns.
  void Begin();
  // Ends it where it is. `reason`: "client_cancelled" or "turn_detected".
  void Cancel(const char* reason);

 private:
  void BeginSpeech();
  void Continue();
  void EndSpeech(const char* status);
  void GiveCall();
  void Finish(const char* status, const char* reason);
  void EmitPart(const char* type, nlohmann::json more);
  void AddItem();
  void EndItem();
  nlohmann::json Usage() const;

  // Given.
  Loop* const loop_;
  Listener* const listener_;
  const Options options_;
  const std::string id_;
  // State.
  nlohmann::json item_, output_ = nlohmann::json::array();
  std::string said_;           // Of the words, so far,
  size_t sent_ = 0;            // and of the audio.
  Loop::HandlePtr next_;
};

}  // namespace atrium::agent

#endif  // ATRIUM_CONTROL_AGENT_OFFLINE_RESPONSE_H_
