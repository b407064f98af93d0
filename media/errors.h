// What can go wrong with media: one function per wrong thing.
#ifndef ATRIUM_MEDIA_ERRORS_H_
#define ATRIUM_MEDIA_ERRORS_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/status/status.h"

namespace atrium::media {

absl::Status FirstMessageMustBe(std::string_view what);
absl::Status NoSuchPlugin(std::string_view element);
absl::Status CannotPrepare();
absl::Status BadPorts(int low, int high);

absl::Status BadSpeech(size_t bytes);
absl::Status BadUtterance(std::string_view utterance, int64_t position);
absl::Status SpeechGap(std::string_view utterance, int64_t got, int64_t expected);
absl::Status SpeechTooEarly(std::string_view utterance);
absl::Status AudioTakenOver(std::string_view session);

absl::Status BadSdp(std::string_view why);
absl::Status OfferTooLong(size_t bytes);
absl::Status OfferNotPlanned();
absl::Status NoAnswer(std::string_view step);
absl::Status NotConnected();
absl::Status ConnectionLost();
absl::Status PipelineFailed(std::string_view why);
absl::Status WrongCertificate();

absl::Status NoScreen(std::string_view capture);
absl::Status NoStill(std::string_view capture);
absl::Status StillUnderWay(std::string_view capture);
absl::Status NoJpeg(std::string_view why);

absl::Status NoDisplay();
absl::Status TooManyDisplays();
absl::Status DisplayFailed(std::string_view display, std::string_view why);
absl::Status DisplaySilent(std::string_view display);

}  // namespace atrium::media

#endif  // ATRIUM_MEDIA_ERRORS_H_
