// Session is one client of the offline agent: the server's side of the Realtime
// protocol (GA), on one WebSocket.
//
// On the loop.
#ifndef ATRIUM_CONTROL_AGENT_OFFLINE_SESSION_H_
#define ATRIUM_CONTROL_AGENT_OFFLINE_SESSION_H_

#include <deque>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "common/loop.h"
#include "control/agent/offline/commands.h"
#include "control/agent/offline/endpointer.h"
#include "control/agent/offline/recognizer.h"
#include "control/agent/offline/resampler.h"
#include "control/agent/offline/voice.h"

namespace atrium::agent {

class Session final : public Endpointer::Listener {
 public:
  using Send = std::function<void(const nlohmann::json& event)>;

  // All given outlive it.
  Session(Loop* loop, Recognizer* recognizer, Voice* voice, Send send);

  // Greets the client: session.created.
  void Begin();
  void OnEvent(const nlohmann::json& event);

 private:
  // Something said to us that has no answer yet.
  struct Turn {
    std::string text;
    bool spoken = false;
  };
  struct ToolCall {
    std::string tool, arguments;
  };

  // Endpointer::Listener.
  void OnBegin(int64_t at_ms) override;
  void OnEnd(int64_t at_ms, std::vector<int16_t> utterance) override;

  void UpdateSession(const nlohmann::json& update);
  void AppendAudio(const std::string& base64);
  void AddItem(const nlohmann::json& event);
  void Respond(const nlohmann::json& event);
  void RespondWith(const Act& act);
  void EmitCall(const std::string& response, const Act& act);
  void EmitSpeech(const std::string& response, const std::string& text);
  void FinishResponse(const std::string& response, const nlohmann::json& output);
  void Fail(const nlohmann::json& event, const std::string& code, const std::string& message);
  void Emit(nlohmann::json event);
  std::string NewId(const char* prefix);
  nlohmann::json Shape() const;

  // Given.
  Loop* const loop_;
  Recognizer* const recognizer_;
  Voice* const voice_;
  const Send send_;
  // State.
  Commands commands_;
  Resampler resampler_{24000, 16000};
  Endpointer endpointer_{this};
  nlohmann::json session_;  // As updated.
  std::string grammar_;
  std::string item_;        // Of the utterance under way.
  std::deque<Turn> turns_;
  std::map<std::string, ToolCall> calls_;  // By id: no answer yet.
  std::deque<std::string> reports_;        // What to say of answers that came.
  bool text_only_ = false;
  int next_id_ = 0;
};

}  // namespace atrium::agent

#endif  // ATRIUM_CONTROL_AGENT_OFFLINE_SESSION_H_
