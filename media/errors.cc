#include "media/errors.h"

#include "common/errors.h"
#include "common/str_cat.h"
#include "media/limits.h"

namespace atrium::media {

using absl::StatusCode;

absl::Status FirstMessageMustBe(std::string_view what) {
  return MakeError(StatusCode::kInvalidArgument, StrCat("The first message must be `", what, "`"),
                   {.reason = "BAD_FIRST_MESSAGE", .field = std::string(what)});
}
absl::Status NoSuchPlugin(std::string_view element) {
  return MakeError(StatusCode::kFailedPrecondition,
                   StrCat("GStreamer has no element ", element, ": install the plugin that has it"),
                   {.reason = "PLUGIN_MISSING", .resource = std::string(element)});
}
absl::Status CannotPrepare() {
  return MakeError(
      StatusCode::kFailedPrecondition,
      StrCat("No trial connection came about within ", absl::FormatDuration(limits::kPreload),
             ": check the addresses of --ice_address and the free ports"),
      {.reason = "CANNOT_PREPARE"});
}
absl::Status BadPorts(int low, int high) {
  return MakeError(
      StatusCode::kInvalidArgument,
      StrCat("--min_port=", low, " --max_port=", high, ": give a range within 1-65535, or neither"),
      {.reason = "BAD_FIELD", .field = "min_port"});
}

absl::Status BadSpeech(size_t bytes) {
  return MakeError(StatusCode::kInvalidArgument,
                   StrCat("Speech of ", bytes, " bytes: send whole samples, at most ",
                          limits::kSpeechBytes, " bytes at once"),
                   {.reason = "BAD_SPEECH", .field = "speech.pcm"});
}
absl::Status BadUtterance(std::string_view utterance, int64_t position) {
  return MakeError(StatusCode::kInvalidArgument,
                   StrCat("Position ", position, " of utterance \"", utterance,
                          "\": name it, and count samples from 0"),
                   {.reason = "BAD_UTTERANCE", .field = "speech.utterance"});
}
absl::Status SpeechGap(std::string_view utterance, int64_t got, int64_t expected) {
  return MakeError(
      StatusCode::kOutOfRange,
      StrCat("Sample ", got, " of ", utterance, " came, ", expected, " is next: send from there"),
      {.reason = "SPEECH_GAP", .resource = std::string(utterance)});
}
absl::Status SpeechTooEarly(std::string_view utterance) {
  return MakeError(StatusCode::kResourceExhausted,
                   StrCat("More of ", utterance, " came than may wait: stay within ",
                          limits::kAgentCreditSamples, " samples of what was played"),
                   {.reason = "SPEECH_TOO_EARLY", .resource = std::string(utterance)});
}
absl::Status AudioTakenOver(std::string_view session) {
  return MakeError(StatusCode::kAborted,
                   StrCat("Another stream took over the audio of ", session, ": leave it to that"),
                   {.reason = "AUDIO_TAKEN_OVER", .resource = std::string(session)});
}

absl::Status BadSdp(std::string_view why) {
  return MakeError(StatusCode::kInvalidArgument, StrCat("The SDP ", why),
                   {.reason = "BAD_SDP", .field = "sdp"});
}
absl::Status OfferTooLong(size_t bytes) {
  return BadSdp(StrCat("has ", bytes, " bytes, at most ", limits::kSdpBytes, " are taken"));
}
absl::Status OfferNotPlanned() {
  return MakeError(StatusCode::kFailedPrecondition,
                   "The offer is for a connection that is not planned: wait for live_ready",
                   {.reason = "OFFER_NOT_PLANNED"});
}
absl::Status NoAnswer(std::string_view step) {
  return MakeError(StatusCode::kDeadlineExceeded,
                   StrCat("No answer could be made (", step, "): offer again, or free ports"),
                   {.reason = "NO_ANSWER", .retry_after = absl::Seconds(1)});
}
absl::Status NotConnected() {
  return MakeError(StatusCode::kDeadlineExceeded,
                   "No connection came about: check that UDP gets through",
                   {.reason = "NOT_CONNECTED"});
}
absl::Status ConnectionLost() {
  return MakeError(StatusCode::kUnavailable, "The connection was lost: offer again",
                   {.reason = "CONNECTION_LOST"});
}
absl::Status PipelineFailed(std::string_view why) {
  return MakeError(StatusCode::kInternal, StrCat("The connection broke (", why, "): offer again"),
                   {.reason = "PIPELINE_FAILED"});
}
absl::Status WrongCertificate() {
  return MakeError(StatusCode::kPermissionDenied,
                   "The certificate is not the one that the offer promised",
                   {.reason = "WRONG_CERTIFICATE"});
}

absl::Status NoScreen(std::string_view capture) {
  return MakeError(StatusCode::kNotFound,
                   StrCat("No picture of ", capture, " arrives: try again once it is shown"),
                   {.reason = "NO_SCREEN", .resource = std::string(capture)});
}
absl::Status NoStill(std::string_view capture) {
  return MakeError(StatusCode::kDeadlineExceeded,
                   StrCat("No whole picture of ", capture, " came within ",
                          absl::FormatDuration(limits::kStillWait), ": try again"),
                   {.reason = "NO_STILL", .resource = std::string(capture)});
}
absl::Status StillUnderWay(std::string_view capture) {
  return MakeError(StatusCode::kResourceExhausted,
                   StrCat("A picture of ", capture, " is being taken: wait for that"),
                   {.reason = "STILL_UNDER_WAY", .resource = std::string(capture)});
}
absl::Status NoJpeg(std::string_view why) {
  return MakeError(StatusCode::kInternal, StrCat("The picture cannot be coded: ", why),
                   {.reason = "NO_JPEG"});
}

absl::Status NoDisplay() {
  return MakeError(StatusCode::kFailedPrecondition,
                   "This machine's display is not to be shown: start atrium-media with --display",
                   {.reason = "NO_DISPLAY"});
}
absl::Status TooManyDisplays() {
  return TooMany("captures of the display", limits::kDisplays, absl::Seconds(10));
}
absl::Status DisplayFailed(std::string_view display, std::string_view why) {
  return MakeError(StatusCode::kUnavailable,
                   StrCat("Display ", display, " cannot be shown (", why,
                          "): check that it runs and lets this user in"),
                   {.reason = "DISPLAY_FAILED", .resource = std::string(display)});
}
absl::Status DisplaySilent(std::string_view display) {
  return MakeError(StatusCode::kUnavailable,
                   StrCat("Display ", display, " gives no pictures: check that it runs"),
                   {.reason = "DISPLAY_SILENT", .resource = std::string(display)});
}

}  // namespace atrium::media
