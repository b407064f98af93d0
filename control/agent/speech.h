// Speech is what the agent is saying aloud: its utterances, kept until they were
// played, sent to media no further ahead than it has credit for. After a restart
// of media it goes on at the last sample that was played.
//
// On the loop.
#ifndef ATRIUM_CONTROL_AGENT_SPEECH_H_
#define ATRIUM_CONTROL_AGENT_SPEECH_H_

#include <cstdint>
#include <deque>
#include <string>

#include "atrium/media/v1/media.pb.h"
#include "control/session/media_link.h"

namespace atrium::control {

class Speech {
 public:
  // Upward news.
  class Listener {
   public:
    virtual ~Listener() = default;
    // It is being heard.
    virtual void OnUtteranceBegun(const std::string& utterance) = 0;
    // It was played to its end.
    virtual void OnUtteranceEnded(const std::string& utterance) = 0;
    // More of it was played: this.
    virtual void OnUtterancePlayed(const std::string& pcm) = 0;
  };
  // What an interruption cut off.
  struct Cut {
    std::string utterance;
    int64_t played_ms = 0;
    int64_t received_ms = 0;  // Of its audio; what was played is a part of it.
  };

  explicit Speech(Listener* listener) : listener_(listener) {}

  // Where it is heard; null while nobody is in the call: what is said then counts
  // as played.
  void SetAudio(MediaLink::Audio* audio);
  // Media is (again) there: what was not played is sent again.
  void Resend();
  void Append(const std::string& utterance, const std::string& pcm);
  // No more of it comes.
  void Complete(const std::string& utterance);
  void OnPlayed(const atrium::media::v1::StreamAudioResponse::Played& played);
  // Silence, now: flushes all, and says what was heard of the first.
  std::deque<Cut> CutOff();
  bool speaking() const { return !utterances_.empty(); }
  bool has(const std::string& utterance) const;

 private:
  struct Utterance {
    std::string id;
    std::string pcm;
    int64_t sent = 0, played = 0;  // Samples.
    bool complete = false, complete_sent = false, begun = false;
  };

  void Pump();
  void Finish();

  // Given.
  Listener* const listener_;
  MediaLink::Audio* audio_ = nullptr;
  // State.
  std::deque<Utterance> utterances_;  // The first is being played.
};

}  // namespace atrium::control

#endif  // ATRIUM_CONTROL_AGENT_SPEECH_H_
