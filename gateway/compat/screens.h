// Screens reads the screens that sockets of `/buffers` follow: one snapshot per
// change, at most one every kScreenDebounce, made once and shared by all.
//
// On the loop.
#ifndef ATRIUM_GATEWAY_COMPAT_SCREENS_H_
#define ATRIUM_GATEWAY_COMPAT_SCREENS_H_

#include <grpcpp/support/slice.h>

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "atrium/v1/tab.pb.h"
#include "common/loop.h"
#include "gateway/compat/bell.h"

namespace atrium::gateway::compat {

// Reads a screen from the terminal process; `done` runs once on the loop.
using ReadScreen =
    std::function<void(const atrium::v1::ReadScreenRequest&,
                       std::function<void(absl::StatusOr<atrium::v1::ReadScreenResponse>)> done)>;

class Screens {
 public:
  // Upward news.
  class Listener {
   public:
    virtual ~Listener() = default;
    // The screen now looks like this, as EncodeBuffer() makes it.
    virtual void OnScreen(const std::string& tab, const grpc::Slice& snapshot) = 0;
  };

  Screens(Loop* loop, ReadScreen read) : loop_(loop), read_(std::move(read)) {}

  // The first snapshot comes at once. The listener may see the tab: that is its to
  // know.
  void Follow(const std::string& tab, Listener* listener);
  void Unfollow(const std::string& tab, Listener* listener);
  // Output at `offset`; every listener may say the same.
  void Changed(const std::string& tab, int64_t offset, const std::vector<grpc::Slice>& data);

 private:
  struct Watch {
    int64_t id = 0;  // Tells it from an earlier watch of the same tab.
    std::set<Listener*> all, fresh;  // `fresh`: without a snapshot so far.
    Loop::HandlePtr timer;           // Armed: something changed.
    bool reading = false;
    bool changed = false;            // Since the last read began.
    int64_t seen = 0;                // Output that was looked at for bells.
    BellFinder bell;
    bool rang = false;
  };

  void Read(const std::string& tab);
  void Arm(const std::string& tab, Watch* watch, absl::Duration delay);
  void OnRead(const std::string& tab, int64_t id, bool for_all,
              const absl::StatusOr<atrium::v1::ReadScreenResponse>& screen);

  // Given.
  Loop* const loop_;
  const ReadScreen read_;
  // State.
  std::map<std::string, Watch> watches_;
  int64_t next_id_ = 1;
};

}  // namespace atrium::gateway::compat

#endif  // ATRIUM_GATEWAY_COMPAT_SCREENS_H_
