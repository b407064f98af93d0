// A browser's credential, in two halves. Cookies know no ports: whoever serves
// another port of this host is sent ours. So the cookie holds one half only; the
// page keeps the other one, the key, in its storage, which is its origin's alone,
// and sends it as a header. Neither is worth anything without the other.
//
// On the loop.
#ifndef ATRIUM_GATEWAY_HTTP_CREDENTIAL_H_
#define ATRIUM_GATEWAY_HTTP_CREDENTIAL_H_

#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "gateway/http/server.h"

namespace atrium::gateway {

// The cookie's name at `host`: with its port, so that two servers of one host do
// not overwrite each other's.
std::string CookieName(std::string_view host);

// The credential whose halves came with a request; empty unless both did.
std::string HeldCredential(const Exchange& exchange);
// True if the cookie came without the key.
bool LacksKey(const Exchange& exchange);

// Sets the cookie to one half of `credential` for `life`; the other one, for the
// page, is returned.
std::string GiveCredential(Exchange* exchange, const std::string& credential, absl::Duration life);
// Takes the cookie back.
void TakeCredential(Exchange* exchange);

}  // namespace atrium::gateway

#endif  // ATRIUM_GATEWAY_HTTP_CREDENTIAL_H_
