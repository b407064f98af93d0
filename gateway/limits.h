// Every bound that the gateway keeps.
#ifndef ATRIUM_GATEWAY_LIMITS_H_
#define ATRIUM_GATEWAY_LIMITS_H_

#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"
#include "common/limits.h"

namespace atrium::gateway::limits {

using namespace atrium::limits;  // NOLINT: the shared bounds are ours too.

// Connections that wait to be accepted (R19), and how many are in one go.
inline constexpr int kBacklog = 4096;
inline constexpr int kAcceptsPerTurn = 64;
// How long accepting rests when not even refusing is possible (R22).
inline constexpr absl::Duration kAcceptRest = absl::Milliseconds(100);
// WebSockets in all.
inline constexpr size_t kSockets = 10000;
// HTTP connections; whoever was slowest makes room for the next.
inline constexpr size_t kHttpConnections = 1024;
// How long a request may take to come, its answer to go, and a connection wait for
// the next request (S5).
inline constexpr absl::Duration kRequestDeadline = absl::Seconds(10);
inline constexpr absl::Duration kAnswerDeadline = absl::Seconds(60);
inline constexpr absl::Duration kIdleDeadline = absl::Seconds(30);
// The body of a request.
inline constexpr int64_t kBodyBytes = 64 << 10;
// Bytes that the kernel holds unsent for one socket: what is said next waits
// behind no more than this.
inline constexpr int kNotSentLowat = 64 << 10;
// Words that wait for one socket; then it is closed (R17).
inline constexpr size_t kQueuedWordBytes = 1 << 20;
// Messages that have not wholly come, of all sockets together; whoever adds to more
// is closed. So much of each is free.
inline constexpr int64_t kPartialMessageBytes = 8 << 20;
inline constexpr size_t kPartialFree = 128 << 10;
// Output that is kept of each tab for readers that fall behind or come back.
inline constexpr int64_t kRingBytes = 4 << 20;
// A reader further behind than this skips to a snapshot.
inline constexpr int64_t kLagBytes = 1 << 20;
// How often it is looked at who takes a snapshot, and how often in a row nothing of it may
// have been taken until it is let go.
inline constexpr absl::Duration kSnapshotLook = absl::Seconds(1);
inline constexpr int kSnapshotIdleLooks = 5;
// A program that writes no more than this between two looks rests.
inline constexpr int64_t kSnapshotRest = 64 << 10;
// Typed bytes of one page and tab that the terminal has not confirmed.
inline constexpr size_t kUnconfirmedInputBytes = 512 << 10;
// Typed bytes a second of one page, and in one go; reading pauses beyond.
inline constexpr double kInputBytesPerSecond = 64 << 10;
inline constexpr double kInputBurstBytes = 512 << 10;
// Messages a second of one page, and in one go; reading pauses beyond. JSON costs
// more to read than what is binary.
inline constexpr double kMessagesPerSecond = 10000;
inline constexpr double kMessageBurst = 20000;
inline constexpr double kTextMessageCost = 20;
// What a message costs in addition if it is refused, or follows a tab.
inline constexpr double kRefusedMessageCost = 200;
inline constexpr double kSubscribeCost = 100;
// Words of one participant for control, on all its pages: so many a second, and in
// one go; more are refused (S5). A page that comes back says about ten.
inline constexpr double kWordsPerSecond = 25;
inline constexpr double kWordBurst = 200;
// What one socket may have done before the others have their turn: a frame costs one,
// a text message, which is JSON, more.
inline constexpr int kTurnCost = 64;
inline constexpr int kTextTurnCost = 8;
// Requests that wait while control cannot be reached.
inline constexpr size_t kWaitingRequests = 256;
// Tabs that one page may follow.
inline constexpr size_t kSubscriptions = 64;

// Sockets of one participant, whatever they speak (T5).
inline constexpr size_t kSocketsPerUser = 20;
// Sockets that share one identity made for loopback (--trust_localhost); control
// takes 20 pages of one participant.
inline constexpr int kSocketsPerIdentity = 16;
// Connections to calls by HTTP alone, as many as media takes; new ones of one
// participant a second, and in one go; and how long one may take, the agent's
// provider included (V4).
inline constexpr size_t kCalls = 400;
inline constexpr double kCallsPerSecond = 10;
inline constexpr double kCallBurst = 40;
inline constexpr absl::Duration kCallSetup = absl::Seconds(15);
// JSON on the source systems' sockets: keys of one object, and levels.
inline constexpr size_t kJsonKeys = 128;
inline constexpr size_t kJsonDepth = 32;
// Streams of a tab for pages that come back to bytes from before the shared one began;
// whoever comes beyond gets a screen.
inline constexpr size_t kOwnFeedsPerTab = 4;
inline constexpr size_t kOwnFeeds = 64;
// Ids and names on the source systems' sockets.
inline constexpr size_t kCompatIdBytes = 128;
// What such a socket says to a terminal that is still being found or made; each
// message counts as so many bytes more.
inline constexpr size_t kHeldMessageBytes = 128 << 10;
inline constexpr size_t kHeldMessageCost = 1 << 10;
// Signalling of screens: a message (T7), candidates before they can be sent, requests
// to the capture peer under way and how long it has for one, and messages before it is
// known who says them.
inline constexpr size_t kScreencapBytes = 64 << 10;
inline constexpr size_t kHeldCandidates = 64;
inline constexpr size_t kScreencapRequests = 64;
inline constexpr absl::Duration kScreencapRequestLife = absl::Seconds(30);
inline constexpr size_t kEarlyMessages = 16;
// How often viewers are told of frames at most.
inline constexpr absl::Duration kFrameReadyInterval = absl::Seconds(1);
// Commands of one such socket that are under way.
inline constexpr size_t kCompatRuns = 8;
// Reasons of refusals that are told apart in /metrics.
inline constexpr size_t kRefusalReasons = 100;

// A socket on which nothing comes: pinged, then closed (P8).
inline constexpr absl::Duration kPingInterval = absl::Seconds(15);
inline constexpr absl::Duration kSilence = absl::Seconds(30);
// A socket whose other side reads nothing, though something waits for it (R17).
inline constexpr absl::Duration kStallWait = absl::Seconds(30);
// The least time between two snapshots of one screen on `/buffers` (T1), and until
// one that could not be read is tried again.
inline constexpr absl::Duration kScreenDebounce = absl::Milliseconds(50);
inline constexpr absl::Duration kScreenRetry = absl::Milliseconds(500);
// How often control is told how far behind a page is, if that changed (N3).
inline constexpr absl::Duration kLagInterval = absl::Seconds(2);
// A close that the other side does not answer.
inline constexpr absl::Duration kCloseWait = absl::Seconds(2);
// Between attempts to reach another process.
inline constexpr absl::Duration kLinkRetry = absl::Milliseconds(50);
// How long pages wait for a first contact with control.
inline constexpr absl::Duration kCallDeadline = absl::Seconds(5);
// How often control's public keys are fetched.
inline constexpr absl::Duration kKeyRefresh = absl::Seconds(60);

}  // namespace atrium::gateway::limits

#endif  // ATRIUM_GATEWAY_LIMITS_H_
