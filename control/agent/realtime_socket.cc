#include "control/agent/realtime_socket.h"

#include <gio/gio.h>
#include <gio/gunixsocketaddress.h>

#include <utility>

#include "absl/strings/match.h"
#include "common/errors.h"
#include "common/str_cat.h"
#include "control/errors.h"
#include "control/limits.h"

namespace atrium::control {
namespace {

constexpr char kUnixPrefix[] = "ws+unix:";
constexpr guint kKeepAliveSeconds = 15;

std::string Escape(const std::string& text) {
  gchar* escaped = g_uri_escape_string(text.c_str(), nullptr, FALSE);
  std::string out = escaped;
  g_free(escaped);
  return out;
}

std::string UrlOf(const RealtimeOptions& options) {
  const std::string base = absl::StartsWith(options.url, kUnixPrefix)
                               ? "ws://localhost/v1/realtime"
                               : options.url;
  const char* join = base.find('?') == std::string::npos ? "?" : "&";
  return StrCat(base, join, "model=", Escape(options.model));
}

}  // namespace

RealtimeSocket::RealtimeSocket(Loop* loop, const RealtimeOptions& options, Listener* listener)
    : loop_(loop), options_(options), listener_(listener) {}

RealtimeSocket::~RealtimeSocket() {
  on_message_.Disconnect();
  on_closed_.Disconnect();
  if (cancel_) g_cancellable_cancel(cancel_.get());
  if (socket_ && soup_websocket_connection_get_state(socket_.get()) == SOUP_WEBSOCKET_STATE_OPEN) {
    soup_websocket_connection_close(socket_.get(), SOUP_WEBSOCKET_CLOSE_NORMAL, nullptr);
  }
}

void RealtimeSocket::Open() {
  if (absl::StartsWith(options_.url, kUnixPrefix)) {
    auto address = GRef<GSocketAddress>::Adopt(
        g_unix_socket_address_new(options_.url.substr(sizeof kUnixPrefix - 1).c_str()));
    session_ = GRef<SoupSession>::Adopt(
        soup_session_new_with_options("remote-connectable", address.get(), nullptr));
  } else {
    session_ = GRef<SoupSession>::Adopt(soup_session_new());
  }
  request_ = GRef<SoupMessage>::Adopt(soup_message_new("GET", UrlOf(options_).c_str()));
  if (!request_) {
    return listener_->OnEnd(BadField("--provider", StrCat("is no URL: ", options_.url)), true);
  }
  SoupMessageHeaders* headers = soup_message_get_request_headers(request_.get());
  if (absl::StrContains(options_.url, ".azure.com")) {
    soup_message_headers_append(headers, "api-key", options_.key.c_str());
  } else if (!options_.key.empty()) {
    soup_message_headers_append(headers, "Authorization", StrCat("Bearer ", options_.key).c_str());
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
        refused ? ProviderRefused(StrCat("HTTP ", status)) : ProviderUnreachable(error->message);
    g_error_free(error);
    return self->listener_->OnEnd(why, refused);
  }
  self->socket_ = socket;
  g_object_set(socket.get(), "max-incoming-payload-size", static_cast<guint64>(limits::kProviderMessageBytes),
               "keepalive-interval", kKeepAliveSeconds, nullptr);
  self->on_message_ =
      SignalHandle(socket.get(), g_signal_connect(socket.get(), "message", G_CALLBACK(OnMessage), self));
  self->on_closed_ =
      SignalHandle(socket.get(), g_signal_connect(socket.get(), "closed", G_CALLBACK(OnClosed), self));
  self->listener_->OnOpen();
}

void RealtimeSocket::OnMessage(SoupWebsocketConnection*, gint, GBytes* bytes, gpointer data) {
  gsize size = 0;
  const auto* text = static_cast<const char*>(g_bytes_get_data(bytes, &size));
  const auto event = nlohmann::json::parse(text, text + size, nullptr, false);
  if (event.is_object()) static_cast<RealtimeSocket*>(data)->listener_->OnEvent(event);
}

void RealtimeSocket::OnClosed(SoupWebsocketConnection* socket, gpointer data) {
  auto* self = static_cast<RealtimeSocket*>(data);
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
