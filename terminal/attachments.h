// Attachments says who may read and write what. Control names them in its plan;
// they are checked here, where the bytes are written (S4).
//
// On the loop.
#ifndef ATRIUM_TERMINAL_ATTACHMENTS_H_
#define ATRIUM_TERMINAL_ATTACHMENTS_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "atrium/v1/session.pb.h"
#include "common/strong_id.h"

namespace atrium::terminal {

struct AttachmentRight {
  std::string participant;  // A name; its first two parts name the session.
  atrium::v1::Participant::Role role = atrium::v1::Participant::VIEWER;
};

class Attachments {
 public:
  // Replaces all; returns those that are gone or may do less than before.
  std::vector<AttachmentId> Replace(std::map<AttachmentId, AttachmentRight> rights);
  void Clear() { rights_.clear(); }
  const std::map<AttachmentId, AttachmentRight>& all() const { return rights_; }

  // Whose attachment it is, if it may read `tab`.
  absl::StatusOr<AttachmentRight> CheckRead(const AttachmentId& id, std::string_view tab) const;
  // Whose attachment it is, if it may write to `tab`.
  absl::StatusOr<AttachmentRight> CheckWrite(const AttachmentId& id, std::string_view tab) const;

 private:
  std::map<AttachmentId, AttachmentRight> rights_;
};

}  // namespace atrium::terminal

#endif  // ATRIUM_TERMINAL_ATTACHMENTS_H_
