#include "gateway/http/server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "common/errors.h"
#include "common/log.h"
#include "common/status_macros.h"
#include "common/str_cat.h"
#include "gateway/errors.h"
#include "gateway/limits.h"
#include "gateway/ws/handshake.h"

namespace atrium::gateway {
namespace {

constexpr char kSecurityPolicy[] =
    "default-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; media-src 'self' blob:; worker-src 'self' blob:; "
    "object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'; "
    "connect-src 'self'";

// Where a page of `own_host` may connect to. Older Safaris do not take a WebSocket
// for 'self', so the host is named; a proxy before us may speak TLS.
std::string SecurityPolicy(const std::string& own_host) {
  if (own_host.empty()) return kSecurityPolicy;
  return StrCat(kSecurityPolicy, " ws://", own_host, " wss://", own_host);
}

int HttpStatusOf(const absl::Status& status) {
  const std::string reason = DetailsOf(status).reason;
  if (reason == "UPGRADE_REQUIRED") return 426;
  if (reason == "WRONG_MEDIA_TYPE") return 415;
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument: return 400;
    case absl::StatusCode::kUnauthenticated: return 401;
    case absl::StatusCode::kPermissionDenied: return 403;
    case absl::StatusCode::kNotFound: return 404;
    case absl::StatusCode::kUnimplemented: return 405;
    case absl::StatusCode::kOutOfRange: return 413;
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kAborted: return 409;
    case absl::StatusCode::kResourceExhausted: return 429;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded: return 503;
    default: return 500;
  }
}

void SetSafetyHeaders(SoupMessageHeaders* headers, const std::string& own_host) {
  soup_message_headers_replace(headers, "Content-Security-Policy", SecurityPolicy(own_host).c_str());
  soup_message_headers_replace(headers, "X-Content-Type-Options", "nosniff");
  soup_message_headers_replace(headers, "Referrer-Policy", "no-referrer");
  soup_message_headers_replace(headers, "Cross-Origin-Opener-Policy", "same-origin");
  soup_message_headers_replace(headers, "Permissions-Policy",
                               "microphone=(self), display-capture=(self), camera=()");
}

std::string RefusalBody(const absl::Status& status) {
  const ErrorDetails details = DetailsOf(status);
  nlohmann::json json = {{"code", absl::StatusCodeToString(status.code())},
                         {"message", std::string(status.message())},
                         {"reason", details.reason}};
  if (!details.field.empty()) json["field"] = details.field;
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// A handshake whose answer is being written.
struct Pending {
  std::function<void(Upgraded)> done;
};

void StealConnection(SoupServerMessage* message, gpointer data) {
  auto* pending = static_cast<Pending*>(data);
  if (!pending->done) return;
  auto socket = GRef<GSocket>::Share(SocketOf(message));
  Upgraded upgraded{GRef<GIOStream>::Adopt(soup_server_message_steal_connection(message)),
                    std::move(socket)};
  if (upgraded.stream) std::exchange(pending->done, nullptr)(std::move(upgraded));
}

}  // namespace

// Exchange.

Exchange::Exchange(SoupServerMessage* message, std::string path, Figures* figures)
    : figures_(figures),
      message_(GRef<SoupServerMessage>::Share(message)),
      path_(std::move(path)) {}

std::string Exchange::method() const { return soup_server_message_get_method(message_.get()); }

std::string Exchange::Header(const char* name) const {
  const char* value = soup_message_headers_get_one(
      soup_server_message_get_request_headers(message_.get()), name);
  return value == nullptr ? "" : value;
}

std::string Exchange::Cookie(const char* name) const {
  for (const auto part : absl::StrSplit(Header("Cookie"), ';')) {
    const std::string pair(absl::StripAsciiWhitespace(part));
    const size_t equals = pair.find('=');
    if (equals != std::string::npos && pair.substr(0, equals) == name) return pair.substr(equals + 1);
  }
  return "";
}

std::string Exchange::Query(const char* name) const {
  const char* query = g_uri_get_query(soup_server_message_get_uri(message_.get()));
  if (query == nullptr) return "";
  GHashTable* fields = soup_form_decode(query);
  const auto* value = static_cast<const char*>(g_hash_table_lookup(fields, name));
  std::string out = value == nullptr ? "" : value;
  g_hash_table_unref(fields);
  return out;
}

std::string Exchange::Bearer() const {
  const std::string authorization = Header("Authorization");
  return absl::StartsWith(authorization, "Bearer ") ? authorization.substr(7) : "";
}

std::string Exchange::Body() const {
  SoupMessageBody* body = soup_server_message_get_request_body(message_.get());
  GBytes* bytes = soup_message_body_flatten(body);
  gsize size = 0;
  const void* data = g_bytes_get_data(bytes, &size);
  std::string out(static_cast<const char*>(data), size);
  g_bytes_unref(bytes);
  return out;
}

bool Exchange::FromLoopback() const {
  GSocketAddress* address = soup_server_message_get_remote_address(message_.get());
  if (!G_IS_INET_SOCKET_ADDRESS(address)) return false;
  return g_inet_address_get_is_loopback(
      g_inet_socket_address_get_address(G_INET_SOCKET_ADDRESS(address)));
}

void Exchange::SetHeader(const char* name, const std::string& value) {
  soup_message_headers_append(soup_server_message_get_response_headers(message_.get()), name,
                              value.c_str());
}

void Exchange::Answer(int http_status, const std::string& type, const std::string& body) {
  Answer(http_status, type, SOUP_MEMORY_COPY, body);
}

void Exchange::AnswerKept(int http_status, const std::string& type, const std::string& body) {
  Answer(http_status, type, SOUP_MEMORY_STATIC, body);
}

void Exchange::Answer(int http_status, const std::string& type, SoupMemoryUse use,
                      const std::string& body) {
  SetSafetyHeaders(soup_server_message_get_response_headers(message_.get()), own_host_);
  // An answer without a length ends with its connection (libsoup 3.2); say so.
  if (http_status == SOUP_STATUS_NO_CONTENT) SetHeader("Connection", "close");
  soup_server_message_set_status(message_.get(), static_cast<guint>(http_status), nullptr);
  soup_server_message_set_response(message_.get(), type.c_str(), use, body.data(), body.size());
  Resume();
}

void Exchange::Resume() {
  if (std::exchange(paused_, false)) soup_server_message_unpause(message_.get());
}

void Exchange::Fail(const absl::Status& status) {
  const ErrorDetails details = DetailsOf(status);
  figures_->CountRefusal(details.reason);
  if (details.retry_after) {
    SetHeader("Retry-After", StrCat(std::max<int64_t>(1, absl::ToInt64Seconds(*details.retry_after))));
  }
  SetHeader("Cache-Control", "no-store");
  if (details.reason == "UPGRADE_REQUIRED") {
    SetHeader("Upgrade", "websocket");
    SetHeader("Sec-WebSocket-Version", "13");
  }
  AnswerJson(HttpStatusOf(status), RefusalBody(status));
}

bool Exchange::HasBody() const {
  SoupMessageHeaders* headers = soup_server_message_get_request_headers(message_.get());
  return soup_message_headers_get_encoding(headers) == SOUP_ENCODING_CHUNKED ||
         soup_message_headers_get_content_length(headers) > 0;
}

// libsoup would read all of a body before it answers, however large. What is
// refused is not read: the answer goes straight to the socket, which then ends.
void Exchange::FailAndHangUp(const absl::Status& status) {
  Fail(status);
  const std::string body = RefusalBody(status);
  const std::string answer =
      StrCat("HTTP/1.1 ", HttpStatusOf(status), " Refused\r\nConnection: close\r\n",
             "Content-Type: application/json\r\nContent-Length: ", body.size(), "\r\n\r\n", body);
  const int fd = g_socket_get_fd(SocketOf(message_.get()));
  (void)!send(fd, answer.data(), answer.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  shutdown(fd, SHUT_RDWR);
}

void Exchange::Pause() {
  paused_ = true;
  soup_server_message_pause(message_.get());
}

// Server.

absl::StatusOr<std::unique_ptr<Server>> Server::Listen(Loop* loop, Figures* figures, int port) {
  std::unique_ptr<Server> server(new Server(loop, figures));
  RETURN_IF_ERROR(server->Begin(port));
  return server;
}

Server::~Server() {
  listener_.reset();
  visits_.reset();
  if (soup_) soup_server_disconnect(soup_.get());
}

absl::Status Server::Begin(int port) {
  ASSIGN_OR_RETURN(listener_, Listener::Listen(loop_, port));
  soup_ = GRef<SoupServer>::Adopt(soup_server_new("server-header", "atrium", nullptr));
  // libsoup keeps connections alive only while it listens to something: a pair of
  // sockets on which nothing ever comes.
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0) {
    return SystemError("make a pair of sockets for", "libsoup", errno);
  }
  silent_ = GRef<GSocket>::Adopt(g_socket_new_from_fd(pair[0], nullptr));
  GError* error = nullptr;
  auto other = GRef<GSocket>::Adopt(g_socket_new_from_fd(pair[1], &error));
  if (error == nullptr) {
    soup_server_listen_socket(soup_.get(), other.get(), static_cast<SoupServerListenOptions>(0),
                              &error);
  }
  if (error == nullptr) return absl::OkStatus();
  const std::string why = error->message;
  g_error_free(error);
  return absl::InternalError(StrCat("Cannot serve on port ", this->port(), ": ", why));
}

// The address that libsoup keeps for a connection names its socket: see SocketOf().
void Server::OnAccepted(int fd, const sockaddr_storage& peer, socklen_t size) {
  GError* error = nullptr;
  const auto socket = GRef<GSocket>::Adopt(g_socket_new_from_fd(fd, &error));
  if (error != nullptr) {
    LogWarning("cannot take a connection", {{"error", error->message}});
    g_error_free(error);
    close(fd);
    return;
  }
  const auto stream = GRef<GIOStream>::Adopt(
      G_IO_STREAM(g_socket_connection_factory_create_connection(socket.get())));
  sockaddr_in ours{};
  ours.sin_family = AF_INET;
  ours.sin_port = htons(static_cast<uint16_t>(port()));
  ours.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const auto local = GRef<GSocketAddress>::Adopt(g_socket_address_new_from_native(&ours, sizeof ours));
  const auto remote = GRef<GSocketAddress>::Adopt(
      g_socket_address_new_from_native(const_cast<sockaddr_storage*>(&peer), size));
  NameSocket(remote.get(), socket.get());
  soup_server_accept_iostream(soup_.get(), stream.get(), local.get(), remote.get(), nullptr);
}

void Server::Serve(std::vector<Route> routes, std::unique_ptr<Guard> guard, StaticFiles files) {
  routes_ = std::move(routes);
  guard_ = std::move(guard);
  files_ = std::move(files);
  visits_ = std::make_unique<Visits>(loop_, soup_.get());
  soup_server_add_early_handler(soup_.get(), nullptr, OnEarly, this, nullptr);
  soup_server_add_handler(soup_.get(), nullptr, OnRequest, this, nullptr);
  listener_->Start([this](int fd, const sockaddr_storage& peer, socklen_t size) {
    OnAccepted(fd, peer, size);
  });
}

const Route* Server::Find(const std::string& method, const std::string& path) const {
  for (const Route& route : routes_) {
    const bool below = route.prefix.size() > 1 && absl::EndsWith(route.prefix, "/");
    const bool matches = below ? absl::StartsWith(path, route.prefix) && path.size() > route.prefix.size()
                               : path == route.prefix;
    if (matches && (method.empty() || route.method == method)) return &route;
  }
  return nullptr;
}

bool Server::Knows(const std::string& path) const {
  return Find("", path) != nullptr || files_.Find(path) != nullptr;
}

// Everything that can be refused by its headers alone, before a body is read.
absl::Status Server::Check(const Exchange& exchange, const Route* route) const {
  RETURN_IF_ERROR(guard_->CheckHost(exchange.Header("Host")));
  if (route == nullptr) {
    if (files_.Find(exchange.path()) != nullptr &&
        (exchange.method() == "GET" || exchange.method() == "HEAD")) {
      return absl::OkStatus();
    }
    if (Knows(exchange.path())) return WrongMethod(exchange.method(), exchange.path());
    return NoSuchPage(exchange.path());
  }
  const std::string origin = exchange.Header("Origin");
  if (route->origin == Route::Origin::kRequired ||
      (route->origin == Route::Origin::kIfSent && !origin.empty())) {
    RETURN_IF_ERROR(guard_->CheckOrigin(origin));
  }
  SoupMessageHeaders* headers = soup_server_message_get_request_headers(exchange.message());
  const bool chunked = soup_message_headers_get_encoding(headers) == SOUP_ENCODING_CHUNKED;
  const bool both = !exchange.Header("Transfer-Encoding").empty() &&
                    !exchange.Header("Content-Length").empty();
  if (chunked || both || soup_message_headers_get_content_length(headers) > limits::kBodyBytes) {
    return BodyTooLarge();
  }
  return absl::OkStatus();
}

void Server::OnEarly(SoupServer*, SoupServerMessage* message, const char* path, GHashTable*,
                     gpointer self) {
  auto* server = static_cast<Server*>(self);
  Exchange exchange(message, path, server->figures_);
  const Route* route = server->Find(exchange.method(), path);
  ++server->figures_->requests[route == nullptr ? "other" : route->prefix];
  const absl::Status status = server->Check(exchange, route);
  if (status.ok()) return;
  if (exchange.HasBody()) return exchange.FailAndHangUp(status);
  exchange.Fail(status);
}

void Server::OnRequest(SoupServer*, SoupServerMessage* message, const char* path, GHashTable*,
                       gpointer self) {
  auto* server = static_cast<Server*>(self);
  if (soup_server_message_get_status(message) != 0) return;  // Refused already.
  auto exchange = std::make_shared<Exchange>(message, path, server->figures_);
  const Route* route = server->Find(exchange->method(), path);
  // Checked again here, so that no handler depends on the early one having run.
  if (const absl::Status status = server->Check(*exchange, route); !status.ok()) {
    return exchange->Fail(status);
  }
  exchange->SetOwnHost(exchange->Header("Host"));
  if (route != nullptr) return route->serve(exchange);
  server->ServeFile(exchange.get(), *server->files_.Find(path));
}

void Server::ServeFile(Exchange* exchange, const StaticFile& file) const {
  exchange->SetHeader("ETag", file.etag);
  exchange->SetHeader("Vary", "Accept-Encoding");
  exchange->SetHeader("Cache-Control",
                      file.immutable ? "public, max-age=31536000, immutable" : "no-cache");
  if (exchange->Header("If-None-Match") == file.etag) return exchange->Answer(304, file.type, "");
  const std::string accept = exchange->Header("Accept-Encoding");
  if (!file.brotli.empty() && absl::StrContains(accept, "br")) {
    exchange->SetHeader("Content-Encoding", "br");
    return exchange->AnswerKept(200, file.type, file.brotli);
  }
  if (!file.gzip.empty() && absl::StrContains(accept, "gzip")) {
    exchange->SetHeader("Content-Encoding", "gzip");
    return exchange->AnswerKept(200, file.type, file.gzip);
  }
  exchange->AnswerKept(200, file.type, file.content);
}

std::vector<std::string> Server::OfferedProtocols(const Exchange& exchange) {
  std::vector<std::string> protocols;
  for (const auto part : absl::StrSplit(exchange.Header("Sec-WebSocket-Protocol"), ',')) {
    const std::string protocol(absl::StripAsciiWhitespace(part));
    if (!protocol.empty()) protocols.push_back(protocol);
  }
  return protocols;
}

absl::Status Server::CheckUpgrade(const Exchange& exchange) {
  return ws::CheckHandshake(
      {.method = exchange.method(),
       .http_1_1 = soup_server_message_get_http_version(exchange.message()) == SOUP_HTTP_1_1,
       .host = exchange.Header("Host"),
       .upgrade = exchange.Header("Upgrade"),
       .connection = exchange.Header("Connection"),
       .key = exchange.Header("Sec-WebSocket-Key"),
       .version = exchange.Header("Sec-WebSocket-Version")});
}

void Server::Upgrade(const ExchangePtr& exchange, const std::string& protocol,
                     std::function<void(Upgraded)> done) {
  std::vector<char*> protocols;
  if (!protocol.empty()) protocols.push_back(const_cast<char*>(protocol.c_str()));
  protocols.push_back(nullptr);
  if (!soup_websocket_server_process_handshake(exchange->message(), nullptr,
                                               protocol.empty() ? nullptr : protocols.data(),
                                               nullptr, nullptr)) {
    return exchange->Resume();  // libsoup has set the answer.
  }
  auto* pending = new Pending{std::move(done)};
  g_signal_connect_data(
      exchange->message(), "wrote-informational", G_CALLBACK(StealConnection), pending,
      [](gpointer data, GClosure*) { delete static_cast<Pending*>(data); },
      static_cast<GConnectFlags>(0));
  exchange->Resume();
}

}  // namespace atrium::gateway
