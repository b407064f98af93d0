// Bounds that more than one process keeps. Each process has a limits.h of its own
// for the rest.
#ifndef ATRIUM_COMMON_LIMITS_H_
#define ATRIUM_COMMON_LIMITS_H_

#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"

namespace atrium::limits {

// One message between a browser and us, whatever its fragments.
inline constexpr size_t kMessageBytes = 1 << 20;
// One piece of typed input.
inline constexpr size_t kInputBytes = 64 << 10;
// One SDP.
inline constexpr size_t kSdpBytes = 64 << 10;
// One ICE candidate.
inline constexpr size_t kCandidateBytes = 512;
// Bytes of a tab that may be sent to a page beyond what it acknowledged.
inline constexpr int64_t kTerminalWindowBytes = 512 << 10;
// One piece of terminal output or snapshot on its way to a page.
inline constexpr size_t kOutputPieceBytes = 64 << 10;
// The terminal's size, in cells.
inline constexpr int kMinColumns = 2;  // The renderer's own.
inline constexpr int kMaxColumns = 1000;
inline constexpr int kMaxRows = 500;
// What one gRPC message may hold; a snapshot with all its scrollback fits.
inline constexpr int kRpcMessageBytes = 64 << 20;
// How often processes ask one another whether they are there, and how long that may take.
inline constexpr absl::Duration kRpcPingInterval = absl::Milliseconds(500);
inline constexpr absl::Duration kRpcPingPatience = absl::Milliseconds(1500);
// Connections on one unix socket.
inline constexpr int kSocketConnections = 256;
// Names people see.
inline constexpr size_t kDisplayNameChars = 40;
inline constexpr size_t kTitleChars = 80;

// Visits to the admin door at once, how long one may take, and what it may say.
inline constexpr size_t kAdminVisits = 8;
inline constexpr absl::Duration kAdminPatience = absl::Seconds(5);
inline constexpr size_t kAdminRequestBytes = 8 << 10;
// How long it rests when there is no descriptor for a visit.
inline constexpr absl::Duration kAdminPause = absl::Seconds(1);

// How long carriers keep what a control that is gone had planned.
inline constexpr absl::Duration kMediaPlanLease = absl::Seconds(15);
inline constexpr absl::Duration kAttachmentLease = absl::Minutes(10);
// How long a participant without a page counts as reconnecting.
inline constexpr absl::Duration kParticipantLease = absl::Seconds(10);

}  // namespace atrium::limits

#endif  // ATRIUM_COMMON_LIMITS_H_
