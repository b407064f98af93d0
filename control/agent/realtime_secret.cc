#include "control/agent/realtime_secret.h"

#include <gio/gio.h>
#include <gio/gunixsocketaddress.h>

#include <memory>
#include <utility>

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
  GRef<SoupSession> connections;
  GRef<SoupMessage> message;
  GRef<GCancellable> late = GRef<GCancellable>::Adopt(g_cancellable_new());
  std::string url;
  // One byte more than is taken.
  std::string answer = std::string(limits::kSecretAnswerBytes + 1, '\0');
  Done done;
  Loop::HandlePtr deadline;
};

absl::StatusOr<ProviderSecret> Read(const Asking& asking, size_t size) {
  const guint status = soup_message_get_status(asking.message.get());
  const char* text = asking.answer.data();
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

void Fail(const Asking& asking, GError* error) {
  const bool late = g_cancellable_is_cancelled(asking.late.get()) != 0;
  const absl::Status why = ProviderUnreachable(late ? "it does not answer" : error->message);
  g_error_free(error);
  asking.done(why);
}

void OnBody(GObject* source, GAsyncResult* result, gpointer data) {
  const std::unique_ptr<Asking> asking(static_cast<Asking*>(data));
  GError* error = nullptr;
  gsize size = 0;
  g_input_stream_read_all_finish(G_INPUT_STREAM(source), result, &size, &error);
  if (error != nullptr) return Fail(*asking, error);
  asking->done(Read(*asking, size));
}

void OnAnswer(GObject* source, GAsyncResult* result, gpointer data) {
  std::unique_ptr<Asking> asking(static_cast<Asking*>(data));
  GError* error = nullptr;
  const auto body = GRef<GInputStream>::Adopt(
      soup_session_send_finish(SOUP_SESSION(source), result, &error));
  if (error != nullptr) return Fail(*asking, error);
  char* to = asking->answer.data();
  const size_t most = asking->answer.size();
  GCancellable* late = asking->late.get();
  g_input_stream_read_all_async(body.get(), to, most, G_PRIORITY_DEFAULT, late, OnBody,
                                asking.release());
}

}  // namespace

GRef<SoupSession> NewSecretConnections(const RealtimeOptions& options) {
  const std::string path = UnixPathOf(options.url);
  const auto timeout = static_cast<guint>(absl::ToInt64Seconds(limits::kProviderConnect));
  if (path.empty()) {
    return GRef<SoupSession>::Adopt(soup_session_new_with_options("timeout", timeout, nullptr));
  }
  const auto address = GRef<GSocketAddress>::Adopt(g_unix_socket_address_new(path.c_str()));
  return GRef<SoupSession>::Adopt(soup_session_new_with_options(
      "remote-connectable", address.get(), "timeout", timeout, nullptr));
}

void MintRealtimeSecret(Loop* loop, const GRef<SoupSession>& connections,
                        const RealtimeOptions& options, const json& session, absl::Duration life,
                        Done done) {
  auto asking = std::make_unique<Asking>();
  asking->connections = connections;
  if (UnixPathOf(options.url).empty()) asking->url = SocketUrlOf(options);
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
  GCancellable* late = asking->late.get();
  asking->deadline = loop->After(limits::kProviderConnect, [late] { g_cancellable_cancel(late); });
  SoupMessage* message = asking->message.get();
  soup_session_send_async(connections.get(), message, G_PRIORITY_DEFAULT, late, OnAnswer,
                          asking.release());
}

}  // namespace atrium::control
