// Responses keeps an agent to one answer at a time: who asks while one is under
// way waits for its end, and is asked for together with all others that wait. Pure.
#ifndef ATRIUM_CONTROL_AGENT_RESPONSES_H_
#define ATRIUM_CONTROL_AGENT_RESPONSES_H_

#include <algorithm>
#include <optional>
#include <string>

namespace atrium::control {

class Responses {
 public:
  // To what an answer is wanted; of several the last of this order counts.
  enum class Cause { kSpeech, kTool, kText };

  // An answer is wanted: Next says when to ask for it.
  void Want(Cause cause) {
    wanted_ = std::max(wanted_.value_or(cause), cause);
    lost_before_ = false;
  }
  void OnStarted(const std::string& response);
  // Audio of the one under way has come.
  void OnSound() { sounding_ = true; }
  void OnDone(const std::string& response);
  // What was asked for is refused; `busy`: as one is under way there already.
  void OnRefused(bool busy);
  // True: nothing is under way, and an answer is wanted: ask for it now.
  bool Next();
  // The one under way is not wanted any more, begun or not; False: it was so before, or
  // there is none.
  bool Withdraw();
  // It was withdrawn before the provider was asked: there is nothing to wait for.
  void Forget() { asked_ = withdrawn_ = false; }
  // The provider session is gone. True: an answer is owed, and is still wanted if
  // `keep`; one that was lost twice is not.
  bool Lose(bool keep);

  const std::string& active() const { return active_; }
  bool under_way() const { return asked_ || !active_.empty(); }
  // Of the one under way.
  Cause cause() const { return cause_; }
  bool sounding() const { return sounding_; }
  bool withdrawn() const { return withdrawn_; }
  const std::optional<Cause>& wanted() const { return wanted_; }
  // It answers speech by itself, whatever it was told.
  bool answers_by_itself() const { return answers_by_itself_; }

 private:
  std::string active_;
  std::optional<Cause> wanted_;
  Cause cause_ = Cause::kSpeech;
  bool asked_ = false, sounding_ = false, withdrawn_ = false;
  bool answers_by_itself_ = false;
  bool lost_before_ = false;
};

}  // namespace atrium::control

#endif  // ATRIUM_CONTROL_AGENT_RESPONSES_H_
