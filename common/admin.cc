#include "common/admin.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "common/errors.h"
#include "common/limits.h"
#include "common/status_macros.h"
#include "common/str_cat.h"

namespace atrium {
namespace {

constexpr int kBacklog = 16;

std::string Response(std::string_view status, std::string_view body) {
  return StrCat("HTTP/1.1 ", status,
                "\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n",
                "Cache-Control: no-store\r\nConnection: close\r\nContent-Length: ", body.size(),
                "\r\n\r\n", body);
}

// No page of another site may name us as something of its own.
bool NamesLoopback(const std::string& request) {
  for (const absl::string_view line : absl::StrSplit(request, "\r\n")) {
    if (!absl::StartsWithIgnoreCase(line, "host:")) continue;
    const std::string host(absl::StripAsciiWhitespace(line.substr(5)));
    for (const char* ours : {"localhost", "127.0.0.1", "[::1]"}) {
      if (host == ours || absl::StartsWith(host, StrCat(ours, ":"))) return true;
    }
    return false;
  }
  return false;
}

// 127.0.0.1:9090, localhost:9090 or [::1]:9090; false if it is none of them.
bool ParseLoopback(const std::string& where, sockaddr_storage* address, socklen_t* size) {
  const size_t colon = where.rfind(':');
  int port = -1;
  if (colon == std::string::npos || !absl::SimpleAtoi(where.substr(colon + 1), &port)) return false;
  if (port < 0 || port > 0xffff) return false;
  const std::string host = where.substr(0, colon);
  if (host == "[::1]") {
    sockaddr_in6 six = {};
    six.sin6_family = AF_INET6;
    six.sin6_addr = in6addr_loopback;
    six.sin6_port = htons(static_cast<uint16_t>(port));
    memcpy(address, &six, *size = sizeof six);
    return true;
  }
  if (host != "127.0.0.1" && host != "localhost") return false;
  sockaddr_in four = {};
  four.sin_family = AF_INET;
  four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  four.sin_port = htons(static_cast<uint16_t>(port));
  memcpy(address, &four, *size = sizeof four);
  return true;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Admin>> Admin::Listen(Loop* loop, const std::string& where,
                                                     Figures figures, int handed) {
  std::unique_ptr<Admin> admin(new Admin(loop, std::move(figures)));
  if (!admin->Adopt(handed, where)) RETURN_IF_ERROR(admin->Bind(where));
  admin->Watch();
  return admin;
}

Admin::~Admin() {
  knocks_.reset();
  while (!visits_.empty()) End(visits_.begin()->first);
  if (listening_ >= 0) close(listening_);
  if (!path_.empty()) unlink(path_.c_str());
}

absl::Status Admin::Bind(const std::string& where) {
  sockaddr_storage address = {};
  socklen_t size = 0;
  if (where.find('/') != std::string::npos) {
    sockaddr_un unix_address = {};
    unix_address.sun_family = AF_UNIX;
    if (where.size() >= sizeof unix_address.sun_path)
      return BadField("--admin_listen", "is too long");
    memcpy(unix_address.sun_path, where.c_str(), where.size() + 1);
    memcpy(&address, &unix_address, size = sizeof unix_address);
    if (unlink(where.c_str()) != 0 && errno != ENOENT) return SystemError("remove", where, errno);
    path_ = where;
  } else if (!ParseLoopback(where, &address, &size)) {
    return BadField("--admin_listen", "must be a path, or a loopback address and a port");
  }
  listening_ = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const int on = 1;
  setsockopt(listening_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const mode_t old = umask(0177);
  const int bound = bind(listening_, reinterpret_cast<sockaddr*>(&address), size);
  umask(old);
  if (bound != 0 || listen(listening_, kBacklog) != 0)
    return SystemError("listen on", where, errno);
  return absl::OkStatus();
}

// Nobody else could take its place while the program was changed.
bool Admin::Adopt(int handed, const std::string& where) {
  int listens = 0;
  socklen_t size = sizeof listens;
  if (handed < 0 || getsockopt(handed, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0) {
    return false;
  }
  listening_ = handed;
  fcntl(handed, F_SETFD, FD_CLOEXEC);
  if (where.find('/') != std::string::npos) path_ = where;
  return listens != 0;
}

int Admin::port() const {
  sockaddr_storage address = {};
  socklen_t size = sizeof address;
  getsockname(listening_, reinterpret_cast<sockaddr*>(&address), &size);
  if (address.ss_family == AF_INET) {
    return ntohs(reinterpret_cast<const sockaddr_in*>(&address)->sin_port);
  }
  if (address.ss_family == AF_INET6) {
    return ntohs(reinterpret_cast<const sockaddr_in6*>(&address)->sin6_port);
  }
  return 0;
}

void Admin::Watch() {
  knocks_ = loop_->WatchReadable(listening_, [this] { OnKnock(); });
}

void Admin::OnKnock() {
  const int fd = accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd < 0) {
    // Whoever knocks stays there: without a descriptor for them we would look for ever.
    const bool full = errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
    if (full) knocks_ = loop_->After(limits::kAdminPause, [this] { Watch(); });
    return;
  }
  if (visits_.size() >= limits::kAdminVisits) {
    close(fd);
    return;
  }
  Visit& visit = visits_[fd];
  visit.reading = loop_->WatchReadable(fd, [this, fd] { OnAsked(fd); });
  visit.deadline = loop_->After(limits::kAdminPatience, [this, fd] { End(fd); });
}

void Admin::OnAsked(int fd) {
  Visit& visit = visits_.at(fd);
  char piece[1024];
  const ssize_t n = recv(fd, piece, sizeof piece, 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0) return End(fd);
  visit.asked.append(piece, static_cast<size_t>(n));
  if (visit.asked.size() > limits::kAdminRequestBytes) return End(fd);
  if (visit.asked.find("\r\n\r\n") == std::string::npos) return;
  // It fits into what the kernel keeps for a new connection.
  const std::string answer = AnswerTo(visit.asked);
  (void)!send(fd, answer.data(), answer.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  shutdown(fd, SHUT_WR);
  End(fd);
}

void Admin::End(int fd) {
  auto visit = visits_.extract(fd);  // We may run inside one of its handles.
  visit.mapped().reading.reset();
  close(fd);
}

std::string Admin::AnswerTo(const std::string& request) const {
  if (path_.empty() && !NamesLoopback(request)) return Response("403 Forbidden", "Not here\n");
  const std::vector<std::string> words =
      absl::StrSplit(request.substr(0, request.find("\r\n")), ' ');
  if (words.size() != 3 || words[0] != "GET") return Response("405 Method Not Allowed", "GET\n");
  if (words[1] == "/metrics") return Response("200 OK", figures_());
  if (words[1] == "/healthz") return Response("200 OK", "ok\n");
  return Response("404 Not Found", "There are /metrics and /healthz\n");
}

}  // namespace atrium
