#include "control/session/turn.h"

#include <glib.h>

#include "common/str_cat.h"

namespace atrium::control {
namespace {

constexpr gsize kSha1Bytes = 20;

std::string HmacSha1InBase64(const std::string& key, const std::string& text) {
  GHmac* hmac =
      g_hmac_new(G_CHECKSUM_SHA1, reinterpret_cast<const guchar*>(key.data()), key.size());
  g_hmac_update(hmac, reinterpret_cast<const guchar*>(text.data()),
                static_cast<gssize>(text.size()));
  guchar digest[kSha1Bytes];
  gsize size = sizeof digest;
  g_hmac_get_digest(hmac, digest, &size);
  g_hmac_unref(hmac);
  gchar* encoded = g_base64_encode(digest, size);
  std::string out = encoded;
  g_free(encoded);
  return out;
}

}  // namespace

atrium::v1::IceServer MakeIceServer(const TurnServer& turn, const std::string& who,
                                    absl::Time expire_time) {
  atrium::v1::IceServer server;
  for (const std::string& url : turn.urls) server.add_urls(url);
  server.set_username(StrCat(absl::ToUnixSeconds(expire_time), ":", who));
  server.set_credential(HmacSha1InBase64(turn.secret, server.username()));
  return server;
}

}  // namespace atrium::control
