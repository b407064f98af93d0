#include "control/agent/realtime_socket.h"

#include <gio/gio.h>
#include <gio/gunixsocketaddress.h>

#include <utility>

#include "common/errors.h"
#include "common/str_cat.h"
#include "control/agent/realtime_address.h"
#include "control/agent/realtime_events.h"
#include "control/errors.h"
#include "control/limits.h"

namespace atrium::control {
namespace {

// Sent this often; what answers them is a sign of life.
constexpr guint kPingSeconds = 3;

}  // namespace

RealtimeSocket::RealtimeSocket(Loop* loop, const RealtimeOptions& options, Listener* listener)
    : loop_(loop), options_(options), listener_(listener) {}

RealtimeSocket::~RealtimeSocket() {
  on_message_.Disconnect();
  on_pong_.Disconnect();
  on_closed_.Disconnect();
  if (cancel_) g_cancellable_cancel(cancel_.get());
  if (socket_ && soup_websocket_connection_get_state(socket_.get()) == SOUP_WEBSOCKET_STATE_OPEN) {
    soup_websocket_connection_close(socket_.get(), SOUP_WEBSOCKET_CLOSE_NORMAL, nullptr);
  }
}

void RealtimeSocket::Open() {
  const std::string path = UnixPathOf(options_.url);
  if (!path.empty()) {
    auto address = GRef<GSocketAddress>::Adopt(g_unix_socket_address_new(path.c_str()));
    session_ = GRef<SoupSession>::Adopt(
        soup_session_new_with_options("remote-connectable", address.get(), nullptr));
  } else {
    session_ = GRef<SoupSession>::Adopt(soup_session_new());
  }
  request_ = GRef<SoupMessage>::Adopt(soup_message_new("GET", SocketUrlOf(options_).c_str()));
  if (!request_) {
    return listener_->OnEnd(BadField("--provider", StrCat("is no URL: ", options_.url)), true);
  }
  const auto [header, key] = KeyHeaderOf(options_);
  if (!header.empty()) {
    soup_message_headers_append(soup_message_get_request_headers(request_.get()), header.c_str(),
                                key.c_str());
  }
  cancel_ = GRef<GCancellable>::Adopt(g_cancellable_new());
  deadline_ = loop_->After(limits::kProviderConnect,
                           [this] { g_cancellable_cancel(cancel_.get()); });
  soup_session_websocket_connect_async(session_.get(), request_.get(), nullptr, nullptr,
                                       G_PRIORITY_DEFAULT, cancel_.get(), OnConnected,
                                       new std::weak_ptr<RealtimeSocket*>(self_));
}

void RealtimeSocket::OnConnected(GObject* source, GAsyncResult* result, gpointer data) {
  GError* error = nullptr;
  auto socket = GRef<SoupWebsocketConnection>::Adopt(
      soup_session_websocket_connect_finish(SOUP_SESSION(source), result, &error));
  const std::unique_ptr<std::weak_ptr<RealtimeSocket*>> weak(
      static_cast<std::weak_ptr<RealtimeSocket*>*>(data));
  const std::shared_ptr<RealtimeSocket*> alive = weak->lock();
  if (alive == nullptr) {  // It was destroyed while it connected.
    g_clear_error(&error);
    return;
  }
  RealtimeSocket* self = *alive;
  self->deadline_.reset();
  if (error != nullptr) {
    const guint status = soup_message_get_status(self->request_.get());
    const bool refused = status == 401 || status == 403;
    const absl::Status why =
        refused        ? ProviderRefused(realtime::RemedyFor("invalid_api_key", ""))
        : status > 101 ? ProviderUnreachable(realtime::RemedyForHttp(static_cast<int>(status)))
                       : ProviderUnreachable(error->message);
    g_error_free(error);
    return self->listener_->OnEnd(why, refused);
  }
  self->socket_ = socket;
  g_object_set(socket.get(), "max-incoming-payload-size", static_cast<guint64>(limits::kProviderMessageBytes),
               "keepalive-interval", kPingSeconds, nullptr);
  self->on_message_ =
      SignalHandle(socket.get(), g_signal_connect(socket.get(), "message", G_CALLBACK(OnMessage), self));
  self->on_closed_ =
      SignalHandle(socket.get(), g_signal_connect(socket.get(), "closed", G_CALLBACK(OnClosed), self));
  self->on_pong_ =
      SignalHandle(socket.get(), g_signal_connect(socket.get(), "pong", G_CALLBACK(OnPong), self));
  self->last_sign_ = self->loop_->Monotonic();
  self->Watch();
  self->listener_->OnOpen();
}

// A server that gives no sign of life is lost, whatever the kernel believes (R14).
void RealtimeSocket::Watch() {
  const absl::Duration quiet = loop_->Monotonic() - last_sign_;
  if (quiet >= limits::kProviderSilence) return listener_->OnEnd(ProviderSilent(), false);
  watch_ = loop_->After(limits::kProviderSilence - quiet, [this] { Watch(); });
}

void RealtimeSocket::OnPong(SoupWebsocketConnection*, GBytes*, gpointer data) {
  auto* self = static_cast<RealtimeSocket*>(data);
  self->last_sign_ = self->loop_->Monotonic();
}

void RealtimeSocket::OnMessage(SoupWebsocketConnection*, gint, GBytes* bytes, gpointer data) {
  auto* self = static_cast<RealtimeSocket*>(data);
  self->last_sign_ = self->loop_->Monotonic();
  gsize size = 0;
  const auto* text = static_cast<const char*>(g_bytes_get_data(bytes, &size));
  const auto event = nlohmann::json::parse(text, text + size, nullptr, false);
  if (event.is_object()) self->listener_->OnEvent(event);
}

void RealtimeSocket::OnClosed(SoupWebsocketConnection* socket, gpointer data) {
  auto* self = static_cast<RealtimeSocket*>(data);
  self->watch_.reset();
  const gushort code = soup_websocket_connection_get_close_code(socket);
  self->listener_->OnEnd(ProviderUnreachable(StrCat("it closed with ", code)), false);
}

void RealtimeSocket::Send(const nlohmann::json& event) {
  if (!socket_ ||
      soup_websocket_connection_get_state(socket_.get()) != SOUP_WEBSOCKET_STATE_OPEN) {
    return;
  }
  const std::string text = event.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  soup_websocket_connection_send_text(socket_.get(), text.c_str());
}

}  // namespace atrium::control
