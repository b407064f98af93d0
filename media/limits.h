// Every bound that the media process keeps.
#ifndef ATRIUM_MEDIA_LIMITS_H_
#define ATRIUM_MEDIA_LIMITS_H_

#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"
#include "common/limits.h"

namespace atrium::media::limits {

using namespace atrium::limits;  // NOLINT: the shared bounds are ours too.

// Peers of this process, old ones that are being replaced among them.
inline constexpr size_t kPeers = 400;
// Those of them that screens may have: however many watch, people can still talk.
inline constexpr size_t kScreenPeers = 250;
// Sessions with audio.
inline constexpr size_t kRooms = 256;
// An offer's shape.
inline constexpr size_t kSdpLines = 2000;
inline constexpr size_t kSdpMedia = 8;
// Candidates of one peer, those in its offer among them.
inline constexpr size_t kCandidates = 64;
// Offers that wait for a plan that holds them, and for how long.
inline constexpr size_t kWaitingOffers = 256;
inline constexpr absl::Duration kOfferWait = absl::Seconds(2);
// From the offer to our answer, and to the connection.
inline constexpr absl::Duration kAnswerTimeout = absl::Seconds(2);
inline constexpr absl::Duration kConnectTimeout = absl::Seconds(15);
// How long a replaced peer stays if the new one does not connect.
inline constexpr absl::Duration kReplaceGrace = absl::Seconds(5);
// A connected peer that sends nothing for so long is SILENT; one that only
// listens sends no more than a report now and then.
inline constexpr absl::Duration kTalkerSilence = absl::Seconds(3);
inline constexpr absl::Duration kListenerSilence = absl::Seconds(20);
// Between two pictures that need none before them: each costs as much as a second of
// others.
inline constexpr absl::Duration kKeyFrameSpacing = absl::Milliseconds(500);
// A picture of a screen: how long and wide, unless less is asked for and at most,
inline constexpr int kStillSide = 1280;
inline constexpr int kMaxStillSide = 4096;
// of what, as anybody may send what claims to be huge,
inline constexpr int kStillPixels = 4096 * 4096;
inline constexpr size_t kStillKeyFrameBytes = 4 << 20;
// how long it may take, and how long all that takes them waits for the next request.
inline constexpr absl::Duration kStillWait = absl::Seconds(4);
inline constexpr absl::Duration kStillIdle = absl::Seconds(10);
// This machine's display: how many grab it at once, how often a second, its size,
// to which a larger one is scaled, and the size of its packets.
inline constexpr int kDisplays = 4;
inline constexpr int kDisplayRate = 15;
inline constexpr int kDisplayWidth = 1920;
inline constexpr int kDisplayHeight = 1080;
inline constexpr int kVideoPacketBytes = 1200;
// One that sends nothing for so long is SILENT; one that failed is tried again after a
// pause that doubles.
inline constexpr absl::Duration kDisplaySilence = absl::Seconds(3);
inline constexpr absl::Duration kDisplayPause = absl::Seconds(1);
inline constexpr absl::Duration kDisplayMostPause = absl::Seconds(10);
// What a screen sends in a second before anything is known of those who watch.
inline constexpr int64_t kScreenStartBps = 1'500'000;
// Below the first nothing can be read any more, above the second nothing is gained.
inline constexpr int64_t kScreenFloorBps = 300'000;
inline constexpr int64_t kScreenCeilingBps = 4'000'000;
// How often links are looked at, and how often whoever is left behind gets a picture.
inline constexpr absl::Duration kLinkSpacing = absl::Milliseconds(500);
inline constexpr absl::Duration kLeftBehindPicture = absl::Seconds(5);
// A figure that moved by less is not told, in percent.
inline constexpr int64_t kBitrateStep = 5;
// How often peers are looked after.
inline constexpr absl::Duration kWatchSpacing = absl::Milliseconds(250);

// Microphone samples that wait for the clock: 200 ms.
inline constexpr size_t kRingSamples = 4800;
// Microphones that people hear at once; the agent hears all.
inline constexpr size_t kMixedVoices = 4;
// Frames of the room that wait for a control that does not read: 200 ms.
inline constexpr size_t kUpwardFrames = 10;
// What control may send beyond what was played, and with its last piece what may
// come at most.
inline constexpr int64_t kAgentCreditSamples = 7200;
inline constexpr int64_t kAgentQueueSamples = kAgentCreditSamples + 24000;
inline constexpr size_t kSpeechBytes = 48000;
// An utterance's name.
inline constexpr size_t kUtteranceChars = 128;
// Utterances that ended and are remembered, so that late pieces say nothing.
inline constexpr size_t kEndedUtterances = 16;
// Frames that wait for a sender worker before the oldest is dropped: 200 ms.
inline constexpr size_t kSenderBacklog = 10;
// How often it is looked at whether the mixer was late.
inline constexpr absl::Duration kPaceLook = absl::Minutes(1);
// Sender workers.
inline constexpr int kSenders = 2;
// An encoder that nobody needed for so many frames is freed.
inline constexpr int64_t kEncoderIdleFrames = 250;
// Late by more than this, the clock leaves frames out rather than hurry.
inline constexpr absl::Duration kClockCatchUp = absl::Milliseconds(100);
// From the start until a first answer could be made, plugins loaded.
inline constexpr absl::Duration kPreload = absl::Seconds(20);

}  // namespace atrium::media::limits

#endif  // ATRIUM_MEDIA_LIMITS_H_
