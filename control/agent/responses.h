// Responses keeps an agent to one answer at a time: who asks while one is under
// way waits for its end, and is asked for together with all others that wait. Pure.
#ifndef ATRIUM_CONTROL_AGENT_RESPONSES_H_
#define ATRIUM_CONTROL_AGENT_RESPONSES_H_

#include <string>

namespace atrium::control {

class Responses {
 public:
  // An answer is wanted: Next says when to ask for it.
  void Want() {
    wanted_ = true;
    lost_before_ = false;
  }
  void OnStarted(const std::string& response);
  void OnDone(const std::string& response);
  // What was asked for is refused; `busy`: as one is under way there already.
  void OnRefused(bool busy);
  // True: nothing is under way, and an answer is wanted: ask for it now.
  bool Next();
  // The provider session is gone. True: an answer is owed, and is still wanted if
  // `keep`; one that was lost twice is not.
  bool Lose(bool keep);

  const std::string& active() const { return active_; }
  bool under_way() const { return asked_ || !active_.empty(); }
  bool wanted() const { return wanted_; }
  // It answers speech by itself, whatever it was told.
  bool answers_by_itself() const { return answers_by_itself_; }

 private:
  std::string active_;
  bool asked_ = false, wanted_ = false;
  bool answers_by_itself_ = false;
  bool lost_before_ = false;
};

}  // namespace atrium::control

#endif  // ATRIUM_CONTROL_AGENT_RESPONSES_H_
