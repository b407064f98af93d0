// Every bound that the offline agent keeps.
#ifndef ATRIUM_CONTROL_AGENT_OFFLINE_LIMITS_H_
#define ATRIUM_CONTROL_AGENT_OFFLINE_LIMITS_H_

#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"

namespace atrium::agent::limits {

// One message: an append holds at most 15 MiB of audio, in base64.
inline constexpr size_t kMessageBytes = 21 << 20;
inline constexpr size_t kAppendBytes = 15 << 20;
// Sessions at once.
inline constexpr size_t kSessions = 256;
// Items of one conversation, and their audio; the oldest is forgotten first.
inline constexpr size_t kItems = 2000;
inline constexpr size_t kItemAudioBytes = 32 << 20;
inline constexpr size_t kItemIdBytes = 64;
// Audio that waits for a commit; the oldest is forgotten first.
inline constexpr size_t kPendingSamples = 16000 * 60;
// Less than this cannot be committed.
inline constexpr int64_t kCommitLeastMs = 100;
// Responses beside the conversation's own (`conversation: "none"`).
inline constexpr size_t kAside = 8;
// What one response says.
inline constexpr size_t kSayBytes = 4 << 10;
// A session's instructions, and its tools' declarations.
inline constexpr size_t kSettingsBytes = 256 << 10;
// How long a session lasts unless the command line says otherwise.
inline constexpr absl::Duration kSessionLife = absl::Hours(24);
// Secrets for browsers: how many are open, how long they last: from, to, by default.
inline constexpr size_t kSecrets = 1000;
inline constexpr int64_t kSecretLeastSeconds = 10;
inline constexpr int64_t kSecretMostSeconds = 7200;
inline constexpr int64_t kSecretSeconds = 600;
// A request for one.
inline constexpr size_t kRequestBytes = 512 << 10;

}  // namespace atrium::agent::limits

#endif  // ATRIUM_CONTROL_AGENT_OFFLINE_LIMITS_H_
