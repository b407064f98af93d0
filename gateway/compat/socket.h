// CompatSocket is a page that speaks another system's words: it joins by itself and
// knows the room's tabs. Subclasses say what is said on the socket.
//
// On the loop. Owned by Pages; ends with its socket.
#ifndef ATRIUM_GATEWAY_COMPAT_SOCKET_H_
#define ATRIUM_GATEWAY_COMPAT_SOCKET_H_

#include <map>
#include <string>

#include "gateway/bridge/page.h"
#include "gateway/http/admission.h"

namespace atrium::gateway::compat {

// Close codes of the source systems.
inline constexpr uint16_t kNoTab = 4000;
inline constexpr uint16_t kNotAllowed = 4001;
inline constexpr uint16_t kNotFound = 4004;
inline constexpr uint16_t kEnded = 4005;

class CompatSocket : public Page {
 public:
  // JoinLink::Listener.
  void OnAway() override {}
  // Cursor::Listener.
  void OnInputAck(const std::string& tab, int64_t sequence) override {}

 protected:
  using Tab = atrium::v1::Tab;

  CompatSocket(const Given& given, Socket socket, Admission::Pass pass);

  // The room's tabs became known, once.
  virtual void OnTabs() = 0;
  // Afterwards: one was opened, or is gone.
  virtual void OnTabOpened(const Tab& tab) {}
  virtual void OnTabGone(const std::string& id) {}
  virtual void OnOutcome(const atrium::v1::JoinResponse::Outcome& outcome) {}

  bool tabs_known() const { return tabs_known_; }
  // By the last part of their names.
  const std::map<std::string, Tab>& tabs() const { return tabs_; }
  // Null if there is none (yet).
  const Tab* FindTab(const std::string& id) const;
  std::string TabName(const std::string& id) const { return pass_.room + "/tabs/" + id; }
  const std::string& room() const { return pass_.room; }
  // Types into a followed tab, under this page's own numbers.
  absl::Status TypeNext(const std::string& tab, const std::string& bytes);
  // All that was given to the connection counts as drawn: these sockets confirm
  // nothing, and the kernel takes no more than its other side reads.
  void Drawn(const std::string& tab);

 private:
  void OnHeard(const atrium::v1::JoinResponse& response) final;
  void Replace(const atrium::v1::SessionSnapshot& snapshot);
  void Put(const Tab& tab);
  void Drop(const std::string& id);

  // Given.
  const Admission::Pass pass_;
  // State.
  bool tabs_known_ = false;
  std::map<std::string, Tab> tabs_;
  std::map<std::string, int64_t> sequences_;
};

}  // namespace atrium::gateway::compat

#endif  // ATRIUM_GATEWAY_COMPAT_SOCKET_H_
