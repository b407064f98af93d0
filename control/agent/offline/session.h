// Session is one conversation with the offline agent: the server's side of the
// Realtime protocol (GA), on one WebSocket.
//
// On the loop.
#ifndef ATRIUM_CONTROL_AGENT_OFFLINE_SESSION_H_
#define ATRIUM_CONTROL_AGENT_OFFLINE_SESSION_H_

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "common/loop.h"
#include "control/agent/offline/commands.h"
#include "control/agent/offline/ear.h"
#include "control/agent/offline/items.h"
#include "control/agent/offline/recognizer.h"
#include "control/agent/offline/response.h"
#include "control/agent/offline/settings.h"
#include "control/agent/offline/voice.h"

namespace atrium::agent {

class Session final : public Ear::Listener, public Response::Listener {
 public:
  // The way back.
  struct Line {
    std::function<void(const nlohmann::json& event)> send;
    std::function<void(int code)> close;
  };
  struct Options {
    std::string model;
    absl::Duration life;
    nlohmann::json settings;  // As a `session.update`; may be null.
  };

  // All given outlive it.
  Session(Loop* loop, Recognizer* recognizer, Voice* voice, Line line, const Options& options);

  // Greets: session.created.
  void Begin();
  // One message; null if it was no JSON object.
  void OnEvent(const nlohmann::json& event);

 private:
  // Something said to us that has no answer yet.
  struct Turn {
    std::string item, text;
    bool spoken = false;
    std::string other;  // What was spoken may as well have been this.
  };
  struct ToolCall {
    std::string tool, arguments;
  };

  // Ear::Listener.
  void OnBegin(int64_t at_ms) override;
  void OnEnd(int64_t at_ms, const std::vector<int16_t>& utterance) override;
  // Response::Listener.
  void Emit(nlohmann::json event) override;
  std::string NewId(const char* prefix) override;
  void OnItemAdded(const nlohmann::json& item) override;
  void OnItemDone(const nlohmann::json& item) override;
  void OnItemAudio(const std::string& item, const std::string& audio, int64_t ms) override;
  void OnResponseOver(Response* response) override;

  // What is heard, by name.
  Verdict UpdateSession(const nlohmann::json& event);
  Verdict AppendAudio(const nlohmann::json& event);
  Verdict CommitAudio(const nlohmann::json& event);
  Verdict ClearAudio(const nlohmann::json& event);
  Verdict CreateItem(const nlohmann::json& event);
  Verdict RetrieveItem(const nlohmann::json& event);
  Verdict DeleteItem(const nlohmann::json& event);
  Verdict TruncateItem(const nlohmann::json& event);
  Verdict CreateResponse(const nlohmann::json& event);
  Verdict CancelResponse(const nlohmann::json& event);
  Verdict ClearOutput(const nlohmann::json& event);

  void Expire();
  // What the settings say about hearing and understanding.
  void Learn();
  // Something was said aloud, and is understood.
  void Commit(const std::string& item, const std::vector<int16_t>& utterance);
  // What an item asks of us, or answers.
  Verdict Read(const nlohmann::json& item);
  Act NextAct();
  Act ActOn(const nlohmann::json& input) const;
  Act Allowed(Act act, const nlohmann::json& params) const;
  void Respond(Act act, const nlohmann::json& params);
  void EmitItem(const char* type, const nlohmann::json& item);
  void Fail(const nlohmann::json& event, const Fault& fault);
  nlohmann::json Shape() const;

  // Given.
  Loop* const loop_;
  Recognizer* const recognizer_;
  Voice* const voice_;
  const Line line_;
  const std::string id_;
  const absl::Time expires_;
  // State.
  Settings settings_;
  Commands commands_;
  Ear ear_;
  Items items_;
  std::string grammar_;
  std::string item_;  // Of the utterance under way.
  std::deque<Turn> turns_;
  std::map<std::string, ToolCall> calls_;  // By id: no answer yet.
  std::deque<std::string> reports_;        // What to say of answers that came.
  std::map<Response*, std::unique_ptr<Response>> responses_;
  Response* answer_ = nullptr;  // The one of the conversation's own, if it is under way.
  int next_id_ = 0;
  // Last, as it calls the rest.
  Loop::HandlePtr end_;
};

}  // namespace atrium::agent

#endif  // ATRIUM_CONTROL_AGENT_OFFLINE_SESSION_H_
