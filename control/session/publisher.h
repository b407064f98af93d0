// Publisher keeps the published picture of one session: a change is seen by
// others only once what it must outlive a crash with is durable, and after every
// change before it.
//
// On the loop.
#ifndef ATRIUM_CONTROL_SESSION_PUBLISHER_H_
#define ATRIUM_CONTROL_SESSION_PUBLISHER_H_

#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "atrium/v1/session.pb.h"
#include "control/store/store.h"

namespace atrium::control {

class Publisher {
 public:
  using Deliver = std::function<void(const atrium::v1::SessionChange&)>;
  using Done = std::function<void(absl::Status)>;

  // `first` is the picture to begin with; its revision counts from there.
  Publisher(Store* store, atrium::v1::SessionSnapshot first, Deliver deliver);
  ~Publisher();

  // Publishes `change` in its turn. `writes` may be empty: then nothing need be
  // durable. `done` runs once it was published, or could not be stored: then whoever
  // asked takes it back. Without `done` nobody can: it is published all the same, and
  // Retry() stores it.
  void Publish(atrium::v1::SessionChange change, std::vector<StoreWrite> writes = {},
               Done done = nullptr);

  const atrium::v1::SessionSnapshot& snapshot() const { return snapshot_; }
  // The same for one who comes: itself it sees as it is now, published or not.
  atrium::v1::SessionSnapshot SnapshotFor(const atrium::v1::Participant& self) const;
  // Stores what could not be stored before; call it now and then.
  void Retry();
  // True from a write that failed to the next that did not.
  bool failing() const { return failing_; }

 private:
  struct Pending {
    atrium::v1::SessionChange change;
    bool durable = false;
    absl::Status status;
    Done done;
  };

  void Drain();
  void PutEntry(const atrium::v1::TimelineEntry& entry);
  void Apply(const atrium::v1::SessionChange& change);

  // Given.
  Store* const store_;
  const Deliver deliver_;
  // State.
  atrium::v1::SessionSnapshot snapshot_;
  std::deque<std::shared_ptr<Pending>> pending_;
  std::vector<StoreWrite> unsaved_;  // Oldest first, one for each key.
  bool draining_ = false, failing_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace atrium::control

#endif  // ATRIUM_CONTROL_SESSION_PUBLISHER_H_
