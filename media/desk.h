// Desk is the part of a room that lives on the clock: every 20 ms it takes the
// microphones and the agent, mixes, and hands out what everybody hears.
//
// Its seats are replaced as a whole under a short lock; the mixer is the clock
// thread's own.
#ifndef ATRIUM_MEDIA_DESK_H_
#define ATRIUM_MEDIA_DESK_H_

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "atrium/v1/conversation.pb.h"
#include "atrium/v1/live.pb.h"
#include "media/agent_port.h"
#include "media/clock.h"
#include "media/fanout.h"
#include "media/frame_ring.h"
#include "media/mixer.h"

namespace atrium::media {

class Desk final : public MixClock::Ticker {
 public:
  using AudioMode = atrium::v1::Conversation::AudioMode;
  // A participant with a connection.
  struct Seat {
    int64_t id = 0;  // Of the connection; never 0.
    std::string participant;
    bool muted = false;
    bool deafened = false;
    bool withheld = false;  // The agent does not hear it.
    int volume_percent = 100;  // How loud people hear it.
    std::shared_ptr<FrameRing> in;
    std::shared_ptr<FrameSink> out;
  };
  // Called on the clock.
  struct Hooks {
    std::function<void()> on_port_news;
    std::function<void(atrium::v1::AudioLevels)> on_levels;
  };

  Desk(Fanout* fanout, int64_t room, Hooks hooks);
  ~Desk() override;

  // On the loop. Whoever is new gets a first, silent frame at once, in the place of the
  // one that it missed: its decoder is set up while the room's next is still made.
  void SetSeats(AudioMode mode, std::vector<Seat> seats);
  AgentPort& port() { return port_; }

  // MixClock::Ticker.
  void Tick(int64_t frame, GstClockTime pts) override;

 private:
  struct Plan {
    AudioMode mode = atrium::v1::Conversation::EVERYBODY;
    std::vector<Seat> seats;
  };
  // The loudest of a speaker since levels were told.
  struct Peak {
    float dbfs = kFloorDbfs;
    bool speaking = false;
  };

  void Speak(const Plan& plan, GstClockTime pts);
  void Listen(const Plan& plan, int64_t frame);
  void Measure(const Plan& plan, bool tell);

  // Given.
  Fanout* const fanout_;
  const int64_t room_;
  const Hooks hooks_;
  // Locked by itself.
  AgentPort port_;
  // Locked.
  std::mutex mu_;
  std::shared_ptr<const Plan> plan_ = std::make_shared<Plan>();
  // Safe on any thread.
  std::atomic<GstClockTime> newest_pts_{0};  // The clock's last frame's; 0: none yet.
  // The clock's own.
  Mixer mixer_;
  std::vector<Frame> frames_;
  Frame agent_frame_{};
  int64_t first_frame_ = -1;
  std::map<std::string, Peak> peaks_;
  bool told_anybody_ = false;
};

}  // namespace atrium::media

#endif  // ATRIUM_MEDIA_DESK_H_
