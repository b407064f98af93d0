#include "control/agent/offline/server.h"

#include <gio/gunixsocketaddress.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "common/str_cat.h"

namespace atrium::agent {
namespace {

constexpr guint64 kMessageBytes = 16 << 20;

}  // namespace

absl::Status Server::Listen(const std::string& path) {
  unlink(path.c_str());
  GError* error = nullptr;
  auto address = GRef<GSocketAddress>::Adopt(g_unix_socket_address_new(path.c_str()));
  const mode_t old = umask(0077);
  auto socket = GRef<GSocket>::Adopt(
      g_socket_new(G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, &error));
  const bool listening = socket && g_socket_bind(socket.get(), address.get(), FALSE, &error) &&
                         g_socket_listen(socket.get(), &error);
  umask(old);
  soup_ = GRef<SoupServer>::Adopt(soup_server_new("server-header", "atrium-agent", nullptr));
  soup_server_add_websocket_handler(soup_.get(), "/v1/realtime", nullptr, nullptr, OnSocket, this,
                                    nullptr);
  if (listening) {
    soup_server_listen_socket(soup_.get(), socket.get(), static_cast<SoupServerListenOptions>(0),
                              &error);
  }
  if (error == nullptr) return absl::OkStatus();
  const std::string why = error->message;
  g_error_free(error);
  return absl::InternalError(StrCat("Cannot listen on ", path, ": ", why));
}

void Server::OnSocket(SoupServer*, SoupServerMessage*, const char*,
                      SoupWebsocketConnection* socket, gpointer data) {
  auto* self = static_cast<Server*>(data);
  g_object_set(socket, "max-incoming-payload-size", kMessageBytes, nullptr);
  Client& client = self->clients_[socket];
  client.socket = GRef<SoupWebsocketConnection>::Share(socket);
  client.session = std::make_unique<Session>(
      self->loop_, self->recognizer_, self->voice_, [socket](const nlohmann::json& event) {
        if (soup_websocket_connection_get_state(socket) != SOUP_WEBSOCKET_STATE_OPEN) return;
        const std::string text =
            event.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
        soup_websocket_connection_send_text(socket, text.c_str());
      });
  using OnMessage = void (*)(SoupWebsocketConnection*, gint, GBytes*, gpointer);
  using OnClosed = void (*)(SoupWebsocketConnection*, gpointer);
  const OnMessage on_message = [](SoupWebsocketConnection* from, gint, GBytes* bytes, gpointer s) {
    auto* server = static_cast<Server*>(s);
    auto found = server->clients_.find(from);
    if (found == server->clients_.end()) return;
    gsize size = 0;
    const auto* text = static_cast<const char*>(g_bytes_get_data(bytes, &size));
    const auto event = nlohmann::json::parse(text, text + size, nullptr, false);
    if (event.is_object()) found->second.session->OnEvent(event);
  };
  const OnClosed on_closed = [](SoupWebsocketConnection* from, gpointer s) {
    auto* server = static_cast<Server*>(s);
    auto found = server->clients_.extract(from);
    if (found.empty()) return;
    // We run inside its signal.
    server->loop_->Post([last = std::make_shared<Client>(std::move(found.mapped()))] {});
  };
  client.on_message = SignalHandle(socket, g_signal_connect(socket, "message", G_CALLBACK(on_message), self));
  client.on_closed = SignalHandle(socket, g_signal_connect(socket, "closed", G_CALLBACK(on_closed), self));
  client.session->Begin();
}

}  // namespace atrium::agent
