// Names of things, as AIP-122 has them; the only place where names are taken
// apart or put together.
#ifndef ATRIUM_COMMON_RESOURCE_NAME_H_
#define ATRIUM_COMMON_RESOURCE_NAME_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "common/strong_id.h"

namespace atrium {

// `sessions/{session}/{collection}/{id}`.
struct ChildName {
  SessionId session;
  std::string id;
};

// An id is 1-63 of [a-z0-9-], beginning and ending with a letter or digit.
bool IsId(std::string_view id);

std::string SessionName(const SessionId& session);
std::string TabName(const SessionId& session, const TabId& tab);
std::string ParticipantName(const SessionId& session, const ParticipantId& participant);
std::string InviteName(const SessionId& session, std::string_view invite);
std::string ApprovalName(const SessionId& session, std::string_view approval);
std::string CaptureName(const SessionId& session, std::string_view capture);
std::string EntryName(const SessionId& session, int64_t sequence);
std::string ConversationName(const SessionId& session);

absl::StatusOr<SessionId> ParseSessionName(std::string_view name);
absl::StatusOr<ChildName> ParseTabName(std::string_view name);
absl::StatusOr<ChildName> ParseParticipantName(std::string_view name);
absl::StatusOr<ChildName> ParseInviteName(std::string_view name);
absl::StatusOr<ChildName> ParseApprovalName(std::string_view name);
absl::StatusOr<ChildName> ParseCaptureName(std::string_view name);
// `sessions/{session}/conversation`.
absl::StatusOr<SessionId> ParseConversationName(std::string_view name);

}  // namespace atrium

#endif  // ATRIUM_COMMON_RESOURCE_NAME_H_
