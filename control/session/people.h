// People is who is in a session: participants and their pages. A page that is
// lost is kept for ten seconds, and its participant with it. Pure: the session
// runs the leases.
#ifndef ATRIUM_CONTROL_SESSION_PEOPLE_H_
#define ATRIUM_CONTROL_SESSION_PEOPLE_H_

#include <map>
#include <string>

#include "absl/status/status.h"
#include "atrium/v1/live.pb.h"
#include "atrium/v1/session.pb.h"
#include "common/loop.h"
#include "common/strong_id.h"

namespace atrium::control {

// What a session says to one page.
class PageDoor {
 public:
  virtual ~PageDoor() = default;
  virtual void Send(const atrium::v1::JoinResponse& response) = 0;
  // Ends the page's stream; the door calls Session::Leave as for any end.
  virtual void Close(const absl::Status& why) = 0;
};

// One browser page, or one service's stream, of a participant.
struct Page {
  PageDoor* door = nullptr;  // Null: the attachment is kept while it reconnects.
  ParticipantId participant;
  AttachmentId attachment;
  int64_t attachment_generation = 0;  // The host's plan that names it.
  bool attachment_told = false;
  atrium::v1::Lag lag;    // As its gateway says.
  Loop::HandlePtr lease;  // While it reconnects.
  Loop::HandlePtr token;  // Until it gets its next access token.
};

// One participant and what is not for everybody's eyes.
struct Person {
  atrium::v1::Participant shown;
  int64_t live_epoch = 0;  // 0: not in the call.
  absl::Duration live_since;  // By Loop::Monotonic, while it is.
  PageId live_page;        // Which page is; empty until it is back.
  bool resumed = false;    // As its page says: media may know who muted it.
  Loop::HandlePtr lease;   // Adopted after a restart: while no page is back.
  Loop::HandlePtr spacing;  // Since it was published that a page came.
  bool stale = false;       // Another did since.
};

class People {
 public:
  Person* Find(const ParticipantId& id);
  Person* FindByName(const std::string& name);
  std::map<ParticipantId, Person>& all() { return people_; }
  const std::map<ParticipantId, Person>& all() const { return people_; }
  std::map<PageId, Page>& pages() { return pages_; }
  const std::map<PageId, Page>& pages_const() const { return pages_; }

  // Whoever should decide on sizes after `leaving`: an owner or editor who is
  // present, by name; empty if none is.
  std::string Successor(const ParticipantId& leaving) const;
  int present_pages() const;
  int PagesOf(const ParticipantId& id) const;         // With or without a door.
  int PresentPagesOf(const ParticipantId& id) const;  // With a door.

 private:
  std::map<ParticipantId, Person> people_;
  std::map<PageId, Page> pages_;
};

}  // namespace atrium::control

#endif  // ATRIUM_CONTROL_SESSION_PEOPLE_H_
