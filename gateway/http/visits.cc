#include "gateway/http/visits.h"

#include <glib-unix.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "gateway/limits.h"

namespace atrium::gateway {
namespace {

constexpr absl::Duration kSweep = absl::Seconds(1);
constexpr char kSocketName[] = "atrium-socket";

// The watch of one idle connection.
struct IdleWatch {
  Visits* visits;
  GSocket* socket;
};

SignalHandle Connect(SoupServer* server, const char* signal, GCallback callback, gpointer self) {
  return {server, g_signal_connect(server, signal, callback, self)};
}

}  // namespace

void NameSocket(GSocketAddress* remote, GSocket* socket) {
  g_object_set_data_full(G_OBJECT(remote), kSocketName, g_object_ref(socket), g_object_unref);
}

GSocket* SocketOf(SoupServerMessage* message) {
  GSocketAddress* remote = soup_server_message_get_remote_address(message);
  if (remote == nullptr) return nullptr;
  return static_cast<GSocket*>(g_object_get_data(G_OBJECT(remote), kSocketName));
}

Visits::Visits(Loop* loop, SoupServer* server)
    : loop_(loop),
      started_(Connect(server, "request-started", G_CALLBACK(OnStarted), this)),
      read_(Connect(server, "request-read", G_CALLBACK(OnRead), this)),
      finished_(Connect(server, "request-finished", G_CALLBACK(OnFinished), this)),
      aborted_(Connect(server, "request-aborted", G_CALLBACK(OnAborted), this)) {
  Sweep();
}

Visits::~Visits() {
  for (auto& [socket, visit] : visits_) {
    if (visit.source != 0) g_source_remove(visit.source);
  }
}

void Visits::OnStarted(SoupServer*, SoupServerMessage* message, gpointer self) {
  static_cast<Visits*>(self)->Begin(message, Act::kReading);
}

void Visits::OnRead(SoupServer*, SoupServerMessage* message, gpointer self) {
  static_cast<Visits*>(self)->Begin(message, Act::kAnswering);
  // A WebSocket is not ours any more.
  g_signal_connect(message, "wrote-informational", G_CALLBACK(OnUpgraded), self);
}

void Visits::OnFinished(SoupServer*, SoupServerMessage* message, gpointer self) {
  auto* visits = static_cast<Visits*>(self);
  GSocket* socket = SocketOf(message);
  if (socket == nullptr) return;
  visits->Forget(socket);
  // At once, so that libsoup never sees the end first. Should it close the
  // connection now instead, the watch finds that.
  visits->Idle(message);
}

void Visits::OnAborted(SoupServer*, SoupServerMessage* message, gpointer self) {
  static_cast<Visits*>(self)->Forget(SocketOf(message));
}

void Visits::OnUpgraded(SoupServerMessage* message, gpointer self) {
  static_cast<Visits*>(self)->Forget(SocketOf(message));
}

void Visits::Begin(SoupServerMessage* message, Act act) {
  GSocket* socket = SocketOf(message);
  if (socket == nullptr) return;
  Forget(socket);
  MakeRoom();
  visits_[socket] = {.socket = GRef<GSocket>::Share(socket), .act = act, .since = loop_->Monotonic()};
}

// Ours comes before libsoup's own look at the socket, by its priority.
void Visits::Idle(SoupServerMessage* message) {
  GSocket* socket = SocketOf(message);
  if (g_socket_is_closed(socket)) return;
  Visit& visit = visits_[socket];
  visit = {.socket = GRef<GSocket>::Share(socket),
           .last = GRef<SoupServerMessage>::Share(message),
           .act = Act::kIdle,
           .since = loop_->Monotonic()};
  visit.source = g_unix_fd_add_full(
      G_PRIORITY_HIGH, g_socket_get_fd(socket),
      static_cast<GIOCondition>(G_IO_IN | G_IO_HUP | G_IO_ERR), OnIdleReadable,
      new IdleWatch{this, socket}, [](gpointer idle) { delete static_cast<IdleWatch*>(idle); });
}

gboolean Visits::OnIdleReadable(gint fd, GIOCondition, gpointer idle) {
  const IdleWatch watch = *static_cast<IdleWatch*>(idle);
  if (g_socket_is_closed(watch.socket)) {
    watch.visits->visits_[watch.socket].source = 0;
    watch.visits->Forget(watch.socket);
    return G_SOURCE_REMOVE;
  }
  char byte;
  const bool more = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
  watch.visits->visits_[watch.socket].source = 0;  // It ends with our answer.
  if (more) {
    watch.visits->Begin(watch.visits->visits_[watch.socket].last.get(), Act::kReading);
  } else {
    watch.visits->End(watch.socket);
  }
  return G_SOURCE_REMOVE;
}

// An idle connection is taken from libsoup, which lets it go then; one with a
// request under way sees its end.
void Visits::End(GSocket* socket) {
  auto node = visits_.extract(socket);
  if (node.empty()) return;
  Visit& visit = node.mapped();
  if (visit.source != 0) g_source_remove(visit.source);
  if (g_socket_is_closed(socket)) return;
  if (visit.act != Act::kIdle) {
    shutdown(g_socket_get_fd(socket), SHUT_RDWR);
    return;
  }
  const auto stream = GRef<GIOStream>::Adopt(soup_server_message_steal_connection(visit.last.get()));
  if (stream) g_io_stream_close(stream.get(), nullptr, nullptr);
  g_socket_close(socket, nullptr);
}

void Visits::Forget(GSocket* socket) {
  auto it = visits_.find(socket);
  if (it == visits_.end()) return;
  if (it->second.source != 0) g_source_remove(it->second.source);
  visits_.erase(it);
}

// Whoever has been slowest makes room for one who comes.
void Visits::MakeRoom() {
  if (visits_.size() < limits::kHttpConnections) return;
  auto oldest = std::min_element(visits_.begin(), visits_.end(), [](const auto& a, const auto& b) {
    return a.second.since < b.second.since;
  });
  End(oldest->first);
}

void Visits::Sweep() {
  const absl::Duration now = loop_->Monotonic();
  std::vector<GSocket*> late;
  for (const auto& [socket, visit] : visits_) {
    const absl::Duration most = visit.act == Act::kReading     ? limits::kRequestDeadline
                                : visit.act == Act::kAnswering ? limits::kAnswerDeadline
                                                               : limits::kIdleDeadline;
    if (g_socket_is_closed(socket) || now - visit.since >= most) late.push_back(socket);
  }
  for (GSocket* socket : late) End(socket);
  timer_ = loop_->After(kSweep, [this] {
    auto done = std::move(timer_);
    Sweep();
  });
}

}  // namespace atrium::gateway
