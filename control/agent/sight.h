// Sight is the agent's eyes: it takes pictures of the screens that people let the agent
// see, as long as there is a provider session that takes them, and tells the agent
// whenever somebody begins or stops to show one. No picture is kept here or stored
// anywhere (L19).
//
// On the loop.
#ifndef ATRIUM_CONTROL_AGENT_SIGHT_H_
#define ATRIUM_CONTROL_AGENT_SIGHT_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/loop.h"
#include "control/agent/conversation.h"
#include "control/agent/stills.h"
#include "control/agent/tools.h"
#include "control/session/media_link.h"

namespace atrium::control {

class Sight {
 public:
  using Screen = Conversation::Screen;
  // Upward news, for the current provider session.
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void OnStill(const std::string& item, const std::string& label,
                         const std::string& jpeg) = 0;
    // The agent shall not have it any more.
    virtual void OnStillGone(const std::string& item) = 0;
    // Something for the agent to know about screens.
    virtual void OnScreenNews(const std::string& text) = 0;
  };

  // Both given outlive it.
  Sight(Loop* loop, MediaLink* media, Listener* listener)
      : loop_(loop), media_(media), listener_(listener) {}
  Sight(const Sight&) = delete;
  Sight& operator=(const Sight&) = delete;

  // What is shown now.
  void SetScreens(std::vector<Screen> screens);
  // There is a provider session that has seen nothing, or it turned out whether it takes
  // images. Whoever waits for fresh pictures still does.
  void Open(bool takes_images);
  // It is gone.
  void Close();
  // Runs `then` once what the agent sees is fresh, or at once if it sees nothing; after
  // a while in any case. Not at all if the session ends before.
  void Freshen(std::function<void()> then);
  // Looks now. `whose`: a name; empty: anybody's.
  void Look(const std::string& whose, Conversation::Done<std::string> done);

 private:
  using Still = atrium::media::v1::TakeStillResponse;
  struct Looker {
    std::string capture;
    Conversation::Done<std::string> done;
  };

  void Compare(const std::vector<Screen>& before);
  void Show();
  void Take(const std::string& capture);
  void OnTaken(const std::string& capture, int session, const absl::StatusOr<Still>& still);
  void Attach(const std::string& capture, const Still& still);
  void TellLookers(const std::string& capture, const absl::StatusOr<std::string>& what);
  void Arm();
  void CheckFresh();
  const Screen* Find(const std::string& capture) const;

  // Given.
  Loop* const loop_;
  MediaLink* const media_;
  Listener* const listener_;
  // State.
  std::vector<Screen> screens_;
  Stills stills_;
  bool open_ = false, takes_images_ = false;
  int session_ = 0;  // Counts provider sessions.
  int made_ = 0;     // Items.
  std::vector<Looker> lookers_;
  std::function<void()> freshened_;  // Waits for fresh pictures; may be null.
  Loop::HandlePtr next_, patience_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace atrium::control

#endif  // ATRIUM_CONTROL_AGENT_SIGHT_H_
