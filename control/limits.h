// Every bound that control keeps.
#ifndef ATRIUM_CONTROL_LIMITS_H_
#define ATRIUM_CONTROL_LIMITS_H_

#include <cstddef>

#include "absl/time/time.h"
#include "common/limits.h"

namespace atrium::control::limits {

using namespace atrium::limits;  // NOLINT: the shared bounds are ours too.

inline constexpr size_t kSessions = 1000;
inline constexpr size_t kTabsPerSession = 64;
// Of all sessions: the terminal host's whole plan is one message.
inline constexpr size_t kTabs = 512;
inline constexpr size_t kDirectoryBytes = 4 << 10;
inline constexpr size_t kRequestIdBytes = 128;
inline constexpr size_t kParticipantsPerSession = 200;
inline constexpr size_t kPagesPerParticipant = 20;
// Screens that are shown in one session at once.
inline constexpr size_t kCaptures = 4;
// Connections by which they are watched: of one participant's pages, and of all.
inline constexpr size_t kWatchingPerParticipant = 16;
inline constexpr size_t kWatchingPerSession = 200;
// How often a screen's connection is made anew that fails again and again, and after how
// long; twice as long each time.
inline constexpr int kCaptureTries = 4;
inline constexpr absl::Duration kCaptureRetry = absl::Seconds(1);
inline constexpr size_t kInvitesPerSession = 100;
inline constexpr size_t kMembersPerSession = 1000;
// One chat message, one set of instructions.
inline constexpr size_t kTextBytes = 16 << 10;
inline constexpr size_t kCommandBytes = 64 << 10;
inline constexpr size_t kArguments = 64;
inline constexpr size_t kEnvironment = 64;
inline constexpr size_t kEnvironmentBytes = 32 << 10;
// Output that RunCommand answers.
inline constexpr int kRunOutputBytes = 1 << 20;
// Entries in a snapshot, and in a page of a list.
inline constexpr int kSnapshotEntries = 100;
// Their bytes, so that a room of long words can still be joined.
inline constexpr size_t kSnapshotEntryBytes = 512 << 10;
inline constexpr int kListDefault = 50;
inline constexpr int kListMost = 200;
// What is looked for in the timeline.
inline constexpr size_t kQueryBytes = 256;
// A piece of an exported timeline is sent once it has so many; an entry more at most.
inline constexpr size_t kExportPieceBytes = 256 << 10;
// Messages that wait for a page that does not read; then the page is dropped.
inline constexpr size_t kPageQueue = 4096;
// Undecided approvals of one session.
inline constexpr size_t kPendingApprovals = 16;

// Who waits for one tab's keyboard.
inline constexpr size_t kControlRequests = 16;
// A command policy.
inline constexpr size_t kPolicyRules = 100;
inline constexpr size_t kPatternBytes = 1 << 10;

// A held keyboard lapses this long after its driver's last key,
inline constexpr absl::Duration kControlLife = absl::Minutes(2);
// and a request for it if the driver does not answer.
inline constexpr absl::Duration kControlRequestLife = absl::Seconds(30);
// The shortest time after which an unused tab may be closed.
inline constexpr absl::Duration kIdleTabLeast = absl::Minutes(1);
// Between two publications that a page of one person came.
inline constexpr absl::Duration kPresenceSpacing = absl::Milliseconds(100);
// A session where nobody did anything for so long is IDLE.
inline constexpr absl::Duration kSessionIdle = absl::Minutes(5);
// Between two publications of a session's counters.
inline constexpr absl::Duration kTouchSpacing = absl::Milliseconds(500);
// How often sessions look at what lapses, and how often in a row something must
// not work until people are told.
inline constexpr absl::Duration kTick = absl::Seconds(1);
inline constexpr int kBadTicks = 3;
inline constexpr absl::Duration kInviteLife = absl::Hours(24 * 7);
inline constexpr absl::Duration kCredentialLife = absl::Hours(24 * 7);
inline constexpr absl::Duration kApprovalLife = absl::Seconds(60);
// What is left of one whose decision could not be stored.
inline constexpr absl::Duration kReopenedLife = absl::Seconds(10);
// A new access token is sent to pages this long before the old one ends.
inline constexpr absl::Duration kTokenMargin = absl::Minutes(2);
// Within this time a member is given the same one again.
inline constexpr absl::Duration kAccessReuse = absl::Minutes(1);
// A host without contact is UNREACHABLE after this.
inline constexpr absl::Duration kHostGrace = absl::Seconds(2);
// How long CreateTab and RunCommand wait for a host to start a program.
inline constexpr absl::Duration kStartWait = absl::Seconds(10);
inline constexpr absl::Duration kRunDeadline = absl::Minutes(10);
// How long WaitForOutput waits if nobody wants less.
inline constexpr absl::Duration kWaitDeadline = absl::Minutes(10);
// How often one tab is published because its last command changed.
inline constexpr absl::Duration kCommandSpacing = absl::Milliseconds(500);
// The provider: how long its handshake may take, and one of its messages be.
inline constexpr absl::Duration kProviderConnect = absl::Seconds(10);
inline constexpr size_t kProviderMessageBytes = 16 << 20;
// Between attempts to reach it: the first; the second, doubled with each; the most.
// With the jitter of a quarter that is 12 attempts a minute at most.
inline constexpr absl::Duration kProviderRetryFirst = absl::Milliseconds(200);
inline constexpr absl::Duration kProviderRetryMin = absl::Seconds(1);
inline constexpr absl::Duration kProviderRetryMax = absl::Seconds(10);
// Who waits in one conversation for the provider.
inline constexpr size_t kConversationWaiters = 256;
// A session that stood this long failed for another reason than the one before.
inline constexpr absl::Duration kProviderStable = absl::Seconds(30);
// A provider that owes an answer, or a pong, and is silent for this long is lost.
inline constexpr absl::Duration kProviderSilence = absl::Seconds(10);
// How often a session that waits to be exchanged looks for a silence.
inline constexpr absl::Duration kExchangeSpacing = absl::Milliseconds(200);
// How long the transcript of what was said is waited for.
inline constexpr absl::Duration kTranscriptWait = absl::Seconds(5);
// With nobody in the call, one that bills by the minute is left after this.
inline constexpr absl::Duration kProviderIdle = absl::Minutes(5);
// How often the time that a provider is connected is counted, and its cost looked at.
inline constexpr absl::Duration kMeterSpacing = absl::Seconds(10);
// A Live session: nothing for so long is the end of an utterance; what one appended text
// and the history that it begins with may hold (500 and 8,192 tokens there).
inline constexpr absl::Duration kLivePause = absl::Milliseconds(800);
inline constexpr size_t kLiveAppendBytes = 1200;
inline constexpr size_t kLiveHistoryBytes = 20 << 10;
// A key for a browser, and the answer that brings it.
inline constexpr absl::Duration kProviderSecretLife = absl::Seconds(60);
inline constexpr size_t kSecretAnswerBytes = 64 << 10;
// Keys that one session may ask for in a minute: each opens a talk that is billed.
inline constexpr size_t kProviderSecretsAMinute = 6;
// Utterances whose item a server has not named, and utterances without a
// transcript.
inline constexpr size_t kUnnamedUtterances = 32;
inline constexpr size_t kOpenUtterances = 64;
// Agent profiles of a deployment, and the file that holds them.
inline constexpr size_t kProfiles = 32;
inline constexpr size_t kProfilesFileBytes = 1 << 20;
// A provider session that is about to expire is replaced this long before.
inline constexpr absl::Duration kProviderRotation = absl::Seconds(60);
// Text items that a new provider session is told.
inline constexpr size_t kHistoryItems = 60;
// The agent's speech that may be under way to media beyond what was played.
inline constexpr int64_t kSpeechAheadSamples = 24000 * 300 / 1000;
// One utterance that is kept until it was played.
inline constexpr size_t kUtteranceBytes = 24000 * 2 * 300;
// Silence that stands for frames of the room that were lost; more is left out.
inline constexpr int64_t kSilenceSamples = 24000 * 2;
// How far back it is known who was audible.
inline constexpr absl::Duration kVoiceMemory = absl::Seconds(60);
// What one look for the agent's own echo may cost: about a millisecond.
inline constexpr size_t kEchoMultiplyAdds = 2'500'000;
// A screen that the agent sees is looked at this often; what looks the same is not sent.
inline constexpr absl::Duration kStillSpacing = absl::Seconds(2);
// A picture this young is fresh; before an answer a fresh one is waited for so long.
inline constexpr absl::Duration kStillFresh = absl::Milliseconds(500);
inline constexpr absl::Duration kStillPatience = absl::Milliseconds(700);
// How long media may take for one (the first one waits for a key frame),
inline constexpr absl::Duration kStillWait = absl::Seconds(3);
// its longer side in pixels, its bytes, and how many of one screen the provider keeps:
// each answer pays for all of them.
inline constexpr int kStillSide = 1280;
inline constexpr size_t kStillBytes = 1 << 20;
inline constexpr size_t kStillsKept = 2;
// A provider session that refused so many pictures takes none.
inline constexpr int kStillRefusals = 3;
// Calls of tools that the agent may make in a minute.
inline constexpr size_t kToolCallsAMinute = 60;
// MCP servers of a deployment: how many, the file that names them, an id's length.
inline constexpr size_t kMcpServers = 16;
inline constexpr size_t kMcpFileBytes = 1 << 20;
inline constexpr size_t kMcpIdBytes = 32;
// One of their messages, and what may wait for a server that does not read.
inline constexpr size_t kMcpMessageBytes = 1 << 20;
inline constexpr size_t kMcpUnsentBytes = 4 << 20;
// How deep their messages may be nested.
inline constexpr int kMcpDepth = 64;
// Between two lists of a server whose tools change, and the pages of one list.
inline constexpr absl::Duration kMcpListSpacing = absl::Seconds(5);
inline constexpr int kMcpPages = 16;
// Tools of one server, and of all together: providers take about as many, and each answer
// pays for them.
inline constexpr size_t kMcpTools = 64;
inline constexpr size_t kForeignTools = 100;
// A tool's schema, its description, and its name as a provider has it.
inline constexpr size_t kToolSchemaBytes = 16 << 10;
inline constexpr size_t kToolDescriptionChars = 300;
inline constexpr size_t kToolNameBytes = 64;
// How long a server may take to start or to list its tools (npx may have to fetch it), and
// for one call; how many calls it may owe.
inline constexpr absl::Duration kMcpStart = absl::Seconds(60);
inline constexpr absl::Duration kMcpCall = absl::Seconds(60);
inline constexpr size_t kMcpCalls = 32;
// Between two runs of one that ends: doubled with each failure; and how long one stood that
// did not fail.
inline constexpr absl::Duration kMcpRetryMin = absl::Seconds(1);
inline constexpr absl::Duration kMcpRetryMax = absl::Minutes(1);
inline constexpr absl::Duration kMcpStable = absl::Seconds(30);
// Results of tools that wait for a provider session.
inline constexpr size_t kLateResults = 64;
// Terminal text that the agent is given.
inline constexpr int kAgentLines = 40;
// Names of files that it is given, and how long it waits for files.
inline constexpr int kAgentFiles = 200;
inline constexpr absl::Duration kFileWait = absl::Seconds(10);
// What a page may report as wrong with its call: of one session in a minute.
inline constexpr size_t kProblemsAMinute = 60;
// By how much a page's epoch may be ahead of our clock, which may have gone back.
inline constexpr absl::Duration kEpochAhead = absl::Hours(24);
// How long a credential for the TURN server lasts; what was allocated by it goes on.
inline constexpr absl::Duration kTurnLife = absl::Minutes(10);
// How loud somebody can be made, in percent of how loud they are.
inline constexpr int kVolumePercent = 200;
// Pause between attempts to reach another process: short while it is probably being
// started again, longer once it stays away.
inline constexpr absl::Duration kLinkRetry = absl::Milliseconds(25);
inline constexpr absl::Duration kLinkHurry = absl::Seconds(10);
inline constexpr absl::Duration kLinkLaterRetry = absl::Milliseconds(250);

}  // namespace atrium::control::limits

#endif  // ATRIUM_CONTROL_LIMITS_H_
