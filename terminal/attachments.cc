#include "terminal/attachments.h"

#include <utility>

#include "common/resource_name.h"
#include "common/status_macros.h"
#include "terminal/errors.h"

namespace atrium::terminal {

std::vector<AttachmentId> Attachments::Replace(std::map<AttachmentId, AttachmentRight> rights) {
  std::vector<AttachmentId> less;
  for (const auto& [id, right] : rights_) {
    auto now = rights.find(id);
    if (now == rights.end() || now->second.role < right.role ||
        now->second.participant != right.participant) {
      less.push_back(id);
    }
  }
  rights_ = std::move(rights);
  return less;
}

absl::StatusOr<AttachmentRight> Attachments::CheckRead(const AttachmentId& id,
                                                       std::string_view tab) const {
  auto it = rights_.find(id);
  if (it == rights_.end()) return NoSuchAttachment();
  ASSIGN_OR_RETURN(const ChildName tab_name, ParseTabName(tab));
  ASSIGN_OR_RETURN(const ChildName participant, ParseParticipantName(it->second.participant));
  if (tab_name.session != participant.session) return ForeignAttachment(tab);
  return it->second;
}

absl::StatusOr<AttachmentRight> Attachments::CheckWrite(const AttachmentId& id,
                                                        std::string_view tab) const {
  ASSIGN_OR_RETURN(AttachmentRight right, CheckRead(id, tab));
  if (right.role < atrium::v1::Participant::EDITOR) return ReadOnlyAttachment();
  return right;
}

}  // namespace atrium::terminal
