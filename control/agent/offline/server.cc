#include "control/agent/offline/server.h"

#include <gio/gunixsocketaddress.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "common/str_cat.h"
#include "control/agent/offline/limits.h"

namespace atrium::agent {
namespace {

using nlohmann::json;

constexpr char kPath[] = "/v1/realtime";
constexpr char kModel[] = "atrium-offline";
constexpr char kKeyProtocol[] = "openai-insecure-api-key.";
constexpr guint kTooMany = 429;

std::string Dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string Header(SoupServerMessage* message, const char* name) {
  const char* value =
      soup_message_headers_get_list(soup_server_message_get_request_headers(message), name);
  return value == nullptr ? "" : value;
}

// The key that is offered: as a header, or as browsers must, as a subprotocol.
std::string KeyOf(SoupServerMessage* message) {
  const std::string authorization = Header(message, "Authorization");
  if (absl::StartsWith(authorization, "Bearer ")) return authorization.substr(7);
  const std::string protocols = Header(message, "Sec-WebSocket-Protocol");
  for (const absl::string_view protocol : absl::StrSplit(protocols, ',')) {
    const std::string one(absl::StripAsciiWhitespace(protocol));
    if (absl::StartsWith(one, kKeyProtocol)) return one.substr(sizeof kKeyProtocol - 1);
  }
  return "";
}

std::string ModelOf(SoupServerMessage* message) {
  GUri* uri = soup_server_message_get_uri(message);
  const char* query = g_uri_get_query(uri);
  GHashTable* fields = query == nullptr ? nullptr : soup_form_decode(query);
  const char* model =
      fields == nullptr ? nullptr : static_cast<const char*>(g_hash_table_lookup(fields, "model"));
  const std::string out = model == nullptr || *model == '\0' ? kModel : model;
  if (fields != nullptr) g_hash_table_unref(fields);
  return out;
}

void Answer(SoupServerMessage* message, guint status, const json& body) {
  const std::string text = Dump(body);
  soup_server_message_set_status(message, status, nullptr);
  soup_server_message_set_response(message, "application/json", SOUP_MEMORY_COPY, text.data(),
                                   text.size());
}

json ErrorOf(const Fault& fault) {
  return {{"error",
           {{"type", "invalid_request_error"},
            {"code", fault.code},
            {"message", fault.message},
            {"param", fault.param.empty() ? json() : json(fault.param)}}}};
}

}  // namespace

absl::Status Server::Listen() {
  unlink(options_.path.c_str());
  GError* error = nullptr;
  auto address = GRef<GSocketAddress>::Adopt(g_unix_socket_address_new(options_.path.c_str()));
  const mode_t old = umask(0077);
  auto socket = GRef<GSocket>::Adopt(
      g_socket_new(G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, &error));
  const bool listening = socket && g_socket_bind(socket.get(), address.get(), FALSE, &error) &&
                         g_socket_listen(socket.get(), &error);
  umask(old);
  soup_ = GRef<SoupServer>::Adopt(soup_server_new("server-header", "atrium-agent", nullptr));
  // For browsers; everybody else may leave it out.
  char protocol[] = "realtime";
  char* protocols[] = {protocol, nullptr};
  soup_server_add_early_handler(soup_.get(), kPath, OnKnock, this, nullptr);
  soup_server_add_websocket_handler(soup_.get(), kPath, nullptr, protocols, OnSocket, this, nullptr);
  soup_server_add_handler(soup_.get(), StrCat(kPath, "/client_secrets").c_str(), OnSecretWanted,
                          this, nullptr);
  if (listening) {
    soup_server_listen_socket(soup_.get(), socket.get(), static_cast<SoupServerListenOptions>(0),
                              &error);
  }
  if (error == nullptr) return absl::OkStatus();
  const std::string why = error->message;
  g_error_free(error);
  return absl::InternalError(StrCat("Cannot listen on ", options_.path, ": ", why));
}

// Before the upgrade. Whoever can open the socket needs no key; but one that is
// offered and short-lived must be good.
void Server::OnKnock(SoupServer*, SoupServerMessage* message, const char*, GHashTable*,
                     gpointer data) {
  auto* self = static_cast<Server*>(data);
  const std::string key = KeyOf(message);
  if (Secrets::IsOne(key) && !self->secrets_.Redeem(key, self->loop_->Now())) {
    Answer(message, SOUP_STATUS_UNAUTHORIZED,
           ErrorOf({"invalid_api_key", "This secret is none of ours, or expired: mint another", ""}));
  } else if (self->connections_.size() >= limits::kSessions) {
    Answer(message, kTooMany,
           ErrorOf({"rate_limit_exceeded", "Too many sessions: try again later", ""}));
  }
}

void Server::OnSecretWanted(SoupServer*, SoupServerMessage* message, const char*, GHashTable*,
                            gpointer data) {
  auto* self = static_cast<Server*>(data);
  if (soup_server_message_get_method(message) != SOUP_METHOD_POST) {
    return Answer(message, SOUP_STATUS_METHOD_NOT_ALLOWED,
                  ErrorOf({"method_not_allowed", "Use POST", ""}));
  }
  const SoupMessageBody* body = soup_server_message_get_request_body(message);
  json request = json::object();
  if (body->length > 0 && static_cast<size_t>(body->length) <= limits::kRequestBytes) {
    request = json::parse(body->data, body->data + body->length, nullptr, false);
  }
  if (!request.is_object() || static_cast<size_t>(body->length) > limits::kRequestBytes) {
    return Answer(message, SOUP_STATUS_BAD_REQUEST,
                  ErrorOf({"invalid_json", "The body must be a JSON object", ""}));
  }
  // A secret makes no secrets.
  if (Secrets::IsOne(KeyOf(message))) {
    return Answer(message, SOUP_STATUS_UNAUTHORIZED,
                  ErrorOf({"invalid_api_key", "A secret cannot mint another", ""}));
  }
  json answer;
  if (auto fault = self->secrets_.Mint(request, kModel, self->loop_->Now(), &answer)) {
    const bool busy = fault->code == "rate_limit_exceeded";
    return Answer(message, busy ? kTooMany : guint{SOUP_STATUS_BAD_REQUEST},
                  ErrorOf(*fault));
  }
  Answer(message, SOUP_STATUS_OK, answer);
}

void Server::OnSocket(SoupServer*, SoupServerMessage* message, const char*,
                      SoupWebsocketConnection* socket, gpointer data) {
  auto* self = static_cast<Server*>(data);
  g_object_set(socket, "max-incoming-payload-size", static_cast<guint64>(limits::kMessageBytes),
               nullptr);
  Connection& connection = self->connections_[socket];
  connection.socket = GRef<SoupWebsocketConnection>::Share(socket);
  const auto open = [socket] {
    return soup_websocket_connection_get_state(socket) == SOUP_WEBSOCKET_STATE_OPEN;
  };
  Session::Line line{
      .send =
          [socket, open](const json& event) {
            if (open()) soup_websocket_connection_send_text(socket, Dump(event).c_str());
          },
      .close =
          [socket, open](int code) {
            if (open()) soup_websocket_connection_close(socket, static_cast<gushort>(code), nullptr);
          }};
  connection.session = std::make_unique<Session>(
      self->loop_, self->recognizer_, self->voice_, std::move(line),
      Session::Options{
          .model = ModelOf(message),
          .life = self->options_.session_life,
          .settings = self->secrets_.Redeem(KeyOf(message), self->loop_->Now()).value_or(json())});
  connection.on_message =
      SignalHandle(socket, g_signal_connect(socket, "message", G_CALLBACK(OnMessage), self));
  connection.on_closed =
      SignalHandle(socket, g_signal_connect(socket, "closed", G_CALLBACK(OnClosed), self));
  connection.session->Begin();
}

void Server::OnMessage(SoupWebsocketConnection* socket, gint, GBytes* bytes, gpointer data) {
  auto* self = static_cast<Server*>(data);
  auto found = self->connections_.find(socket);
  if (found == self->connections_.end()) return;
  gsize size = 0;
  const auto* text = static_cast<const char*>(g_bytes_get_data(bytes, &size));
  found->second.session->OnEvent(json::parse(text, text + size, nullptr, false));
}

void Server::OnClosed(SoupWebsocketConnection* socket, gpointer data) {
  auto* self = static_cast<Server*>(data);
  auto found = self->connections_.extract(socket);
  if (found.empty()) return;
  // We run inside its signal.
  self->loop_->Post([last = std::make_shared<Connection>(std::move(found.mapped()))] {});
}

}  // namespace atrium::agent
