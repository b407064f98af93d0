#include "common/resource_name.h"

#include <algorithm>
#include <vector>

#include "common/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/errors.h"

namespace atrium {
namespace {

bool IsLetterOrDigit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

std::string Child(const SessionId& session, std::string_view collection, std::string_view id) {
  return StrCat("sessions/", session.value(), "/", collection, "/", id);
}

absl::StatusOr<ChildName> ParseChild(std::string_view name, std::string_view collection,
                                     std::string_view singular) {
  std::vector<std::string> parts = absl::StrSplit(ToAbsl(name), '/');
  if (parts.size() == 4 && parts[0] == "sessions" && IsId(parts[1]) && parts[2] == collection &&
      IsId(parts[3])) {
    return ChildName{SessionId(parts[1]), parts[3]};
  }
  return BadName(name, StrCat("sessions/{session}/", collection, "/{", singular, "}"));
}

}  // namespace

bool IsId(std::string_view id) {
  return !id.empty() && id.size() <= 63 && IsLetterOrDigit(id.front()) &&
         IsLetterOrDigit(id.back()) &&
         std::all_of(id.begin(), id.end(), [](char c) { return IsLetterOrDigit(c) || c == '-'; });
}

std::string SessionName(const SessionId& session) {
  return StrCat("sessions/", session.value());
}
std::string TabName(const SessionId& session, const TabId& tab) {
  return Child(session, "tabs", tab.value());
}
std::string ParticipantName(const SessionId& session, const ParticipantId& participant) {
  return Child(session, "participants", participant.value());
}
std::string InviteName(const SessionId& session, std::string_view invite) {
  return Child(session, "invites", invite);
}
std::string ApprovalName(const SessionId& session, std::string_view approval) {
  return Child(session, "approvals", approval);
}
std::string CaptureName(const SessionId& session, std::string_view capture) {
  return Child(session, "captures", capture);
}
std::string EntryName(const SessionId& session, int64_t sequence) {
  return Child(session, "entries", StrCat(sequence));
}
std::string ConversationName(const SessionId& session) {
  return StrCat(SessionName(session), "/conversation");
}

absl::StatusOr<SessionId> ParseSessionName(std::string_view name) {
  std::vector<std::string> parts = absl::StrSplit(ToAbsl(name), '/');
  if (parts.size() == 2 && parts[0] == "sessions" && IsId(parts[1])) {
    return SessionId(parts[1]);
  }
  return BadName(name, "sessions/{session}");
}
absl::StatusOr<ChildName> ParseTabName(std::string_view name) {
  return ParseChild(name, "tabs", "tab");
}
absl::StatusOr<ChildName> ParseParticipantName(std::string_view name) {
  return ParseChild(name, "participants", "participant");
}
absl::StatusOr<ChildName> ParseInviteName(std::string_view name) {
  return ParseChild(name, "invites", "invite");
}
absl::StatusOr<ChildName> ParseApprovalName(std::string_view name) {
  return ParseChild(name, "approvals", "approval");
}
absl::StatusOr<ChildName> ParseCaptureName(std::string_view name) {
  return ParseChild(name, "captures", "capture");
}
absl::StatusOr<SessionId> ParseConversationName(std::string_view name) {
  std::vector<std::string> parts = absl::StrSplit(ToAbsl(name), '/');
  if (parts.size() == 3 && parts[0] == "sessions" && IsId(parts[1]) && parts[2] == "conversation") {
    return SessionId(parts[1]);
  }
  return BadName(name, "sessions/{session}/conversation");
}

}  // namespace atrium
