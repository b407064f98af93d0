#include "control/agent/realtime_secret.h"

#include <gio/gio.h>
#include <gio/gunixsocketaddress.h>
#include <libsoup/soup.h>

#include <memory>
#include <utility>

#include "common/gref.h"
#include "common/str_cat.h"
#include "control/agent/realtime_address.h"
#include "control/agent/realtime_events.h"
#include "control/errors.h"
#include "control/limits.h"

namespace atrium::control {
namespace {

using nlohmann::json;
using Done = std::function<void(absl::StatusOr<ProviderSecret>)>;

// What a server says that takes WebSockets only.
constexpr guint kUpgradeRequired = 426;

// One request under way; it owns itself until it is answered.
struct Asking {
  GRef<SoupSession> session;
  GRef<SoupMessage> message;
  std::string url;
  Done done;
};

absl::StatusOr<ProviderSecret> Read(const Asking& asking, GBytes* bytes) {
  const guint status = soup_message_get_status(asking.message.get());
  gsize size = 0;
  const auto* text = static_cast<const char*>(g_bytes_get_data(bytes, &size));
  const json answer = size > limits::kSecretAnswerBytes
                          ? json()
                          : json::parse(text, text + size, nullptr, false);
  if (status == SOUP_STATUS_NOT_FOUND || status == SOUP_STATUS_METHOD_NOT_ALLOWED ||
      status == SOUP_STATUS_NOT_IMPLEMENTED || status == kUpgradeRequired) {
    return NoProviderSecrets();
  }
  const json& error = realtime::Object(answer, "error");
  if (status == SOUP_STATUS_UNAUTHORIZED || status == SOUP_STATUS_FORBIDDEN) {
    return ProviderRefused(realtime::RemedyFor("invalid_api_key", ""));
  }
  if (status != SOUP_STATUS_OK) {
    const std::string why = realtime::Text(error, "message");
    return ProviderUnreachable(why.empty() ? StrCat("HTTP ", status) : why);
  }
  ProviderSecret secret{.value = realtime::Text(answer, "value"),
                        .expire_time = absl::FromUnixSeconds(realtime::Number(answer, "expires_at")),
                        .url = asking.url};
  if (secret.value.empty()) return ProviderUnreachable("it answered without a secret");
  return secret;
}

void OnAnswer(GObject* source, GAsyncResult* result, gpointer data) {
  const std::unique_ptr<Asking> asking(static_cast<Asking*>(data));
  GError* error = nullptr;
  GBytes* bytes = soup_session_send_and_read_finish(SOUP_SESSION(source), result, &error);
  if (error != nullptr) {
    const absl::Status why = ProviderUnreachable(error->message);
    g_error_free(error);
    return asking->done(why);
  }
  absl::StatusOr<ProviderSecret> secret = Read(*asking, bytes);
  g_bytes_unref(bytes);
  asking->done(std::move(secret));
}

}  // namespace

void MintRealtimeSecret(const RealtimeOptions& options, const json& session, absl::Duration life,
                        Done done) {
  auto asking = std::make_unique<Asking>();
  const std::string path = UnixPathOf(options.url);
  const auto timeout = static_cast<guint>(absl::ToInt64Seconds(limits::kProviderConnect));
  if (!path.empty()) {
    auto address =
        GRef<GSocketAddress>::Adopt(g_unix_socket_address_new(path.c_str()));
    asking->session = GRef<SoupSession>::Adopt(soup_session_new_with_options(
        "remote-connectable", address.get(), "timeout", timeout, nullptr));
  } else {
    asking->session =
        GRef<SoupSession>::Adopt(soup_session_new_with_options("timeout", timeout, nullptr));
    asking->url = SocketUrlOf(options);
  }
  asking->message =
      GRef<SoupMessage>::Adopt(soup_message_new("POST", SecretsUrlOf(options).c_str()));
  if (!asking->message) return done(NoProviderSecrets());
  const auto [header, key] = KeyHeaderOf(options);
  if (!header.empty()) {
    soup_message_headers_append(soup_message_get_request_headers(asking->message.get()),
                                header.c_str(), key.c_str());
  }
  const json request = {
      {"expires_after", {{"anchor", "created_at"}, {"seconds", absl::ToInt64Seconds(life)}}},
      {"session", session}};
  const std::string text = request.dump(-1, ' ', false, json::error_handler_t::replace);
  GBytes* body = g_bytes_new(text.data(), text.size());
  soup_message_set_request_body_from_bytes(asking->message.get(), "application/json", body);
  g_bytes_unref(body);
  asking->done = std::move(done);
  SoupSession* soup = asking->session.get();
  SoupMessage* message = asking->message.get();
  soup_session_send_and_read_async(soup, message, G_PRIORITY_DEFAULT, nullptr, OnAnswer,
                                   asking.release());
}

}  // namespace atrium::control
