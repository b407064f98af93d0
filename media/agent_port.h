// AgentPort is the agent's mouth and ear in one room. Downward it plays
// utterances, whose samples have positions; upward it hands out the room's
// frames, the newest 200 ms if nobody takes them.
//
// Locked by itself: the loop speaks and takes, the clock plays and gives. What it
// has for the loop outlives a stream, so that the next one goes on seamlessly.
#ifndef ATRIUM_MEDIA_AGENT_PORT_H_
#define ATRIUM_MEDIA_AGENT_PORT_H_

#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "media/frame.h"

namespace atrium::media {

class AgentPort {
 public:
  // How far an utterance was played.
  struct Played {
    std::string utterance;
    int64_t position = 0;
    bool ended = false;
    friend bool operator==(const Played&, const Played&) = default;
  };
  // One participant's share of a frame.
  struct Voice {
    std::string participant;
    float dbfs = kFloorDbfs;
  };
  // 20 ms of the room.
  struct RoomFrame {
    int64_t position = 0;
    Frame pcm{};
    std::vector<Voice> voices;
  };

  // On the loop.
  // Begins to keep room frames, and tells anew how far the utterances are.
  void Open();
  void Close();
  // A piece of an utterance. What was had before is skipped, what comes after the
  // utterance ended is answered with its end.
  //   OUT_OF_RANGE         samples are missing before it.
  //   RESOURCE_EXHAUSTED   it is further ahead of `Played` than control may be.
  absl::Status Speak(std::string_view utterance, int64_t position, std::string_view pcm, bool last);
  // Drops what is not played of it, at once.
  void Flush(std::string_view utterance);
  std::vector<Played> TakePlayed();
  std::optional<RoomFrame> TakeRoomFrame();

  // On the clock.
  // The agent's next 20 ms; false while it says nothing.
  bool Play(Frame* frame);
  void GiveRoomFrame(RoomFrame frame);
  // Whether the loop has something to take that it was not told of yet.
  bool TakeNews();

 private:
  struct Utterance {
    std::string name;
    int64_t played = 0;  // The position of samples.front().
    std::deque<int16_t> samples;
    bool last = false;
    int64_t end() const { return played + static_cast<int64_t>(samples.size()); }
  };

  Utterance* Find(std::string_view name);
  const Played* FindEnded(std::string_view name) const;
  void End(size_t index);
  void Tell(Played played);
  // A whole frame, or what is left of an utterance that gets no more.
  bool MayPlay();

  // Locked.
  std::mutex mu_;
  std::deque<Utterance> queue_;
  std::deque<Played> ended_;  // The latest, so that late pieces are known.
  std::deque<RoomFrame> room_;
  std::vector<Played> played_;
  bool open_ = false;
  bool news_ = false;
  int frames_untold_ = 0;  // Played since the last Played.
  int frames_short_ = 0;   // Waited for the rest of a frame.
};

}  // namespace atrium::media

#endif  // ATRIUM_MEDIA_AGENT_PORT_H_
