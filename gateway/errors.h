// What can go wrong at the gateway: one function per wrong thing.
#ifndef ATRIUM_GATEWAY_ERRORS_H_
#define ATRIUM_GATEWAY_ERRORS_H_

#include <string_view>

#include "absl/status/status.h"

namespace atrium::gateway {

absl::Status NoSuchPage(std::string_view path);
absl::Status WrongMethod(std::string_view method, std::string_view path);
absl::Status ForeignOrigin(std::string_view origin);
absl::Status ForeignHost(std::string_view host);
absl::Status BodyTooLarge();
absl::Status BadJson(std::string_view why);
absl::Status BadMessage(std::string_view why);
absl::Status TooManySockets();
absl::Status TooManySocketsOfOne();
absl::Status NoSuchRoom(std::string_view room);
absl::Status NotFromAfar();
absl::Status KeyMissing();
absl::Status KeysUnknown();
absl::Status NotSubscribed(std::string_view tab);
absl::Status TooManySubscriptions();
absl::Status TooMuchTyped(std::string_view tab);
absl::Status TooManyWords(absl::Duration retry_after);
absl::Status ControlAway();
absl::Status HelloFirst();
absl::Status TooManyCalls(absl::Duration retry_after);
absl::Status NoAnswerInTime();
absl::Status OfferRefused(std::string_view why);
absl::Status CallEnded(std::string_view why);
absl::Status NoSuchConnection();
absl::Status WrongMediaType(std::string_view wanted);

}  // namespace atrium::gateway

#endif  // ATRIUM_GATEWAY_ERRORS_H_
