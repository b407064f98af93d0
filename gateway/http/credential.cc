#include "gateway/http/credential.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "common/str_cat.h"

namespace atrium::gateway {
namespace {

constexpr char kCookie[] = "atrium";
constexpr char kKeyHeader[] = "Atrium-Key";

std::string CookieHalf(const Exchange& exchange) {
  return exchange.Cookie(CookieName(exchange.Header("Host")).c_str());
}

void SetCookie(Exchange* exchange, const std::string& half, absl::Duration life) {
  exchange->SetHeader("Set-Cookie",
                      StrCat(CookieName(exchange->Header("Host")), "=", half,
                             "; Path=/; HttpOnly; SameSite=Strict; Max-Age=",
                             absl::ToInt64Seconds(life)));
}

}  // namespace

std::string CookieName(std::string_view host) {
  const size_t colon = host.rfind(':');
  const std::string_view port = colon == host.npos ? "" : host.substr(colon + 1);
  const bool is_port = !port.empty() && std::all_of(port.begin(), port.end(), absl::ascii_isdigit);
  return is_port ? StrCat(kCookie, "-", port) : kCookie;
}

std::string HeldCredential(const Exchange& exchange) {
  const std::string half = CookieHalf(exchange), key = exchange.Header(kKeyHeader);
  return half.size() == key.size() ? half + key : "";
}

bool LacksKey(const Exchange& exchange) {
  return !CookieHalf(exchange).empty() && exchange.Header(kKeyHeader).empty();
}

std::string GiveCredential(Exchange* exchange, const std::string& credential, absl::Duration life) {
  const size_t half = credential.size() / 2;
  SetCookie(exchange, credential.substr(0, half), life);
  return credential.substr(half);
}

void TakeCredential(Exchange* exchange) { SetCookie(exchange, "", absl::ZeroDuration()); }

}  // namespace atrium::gateway
