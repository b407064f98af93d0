#include "gateway/http/listener.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "common/errors.h"
#include "common/log.h"
#include "common/str_cat.h"
#include "gateway/limits.h"

namespace atrium::gateway {
namespace {

int OpenReserve() { return open("/dev/null", O_RDONLY | O_CLOEXEC); }

bool IsShortage(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Listener>> Listener::Listen(Loop* loop, int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return SystemError("make a socket for", StrCat("127.0.0.1:", port), errno);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      listen(fd, limits::kBacklog) != 0 ||
      getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    const int error = errno;
    close(fd);
    return SystemError("listen on", StrCat("127.0.0.1:", port), error);
  }
  return std::unique_ptr<Listener>(new Listener(loop, fd, ntohs(address.sin_port)));
}

Listener::Listener(Loop* loop, int fd, int port)
    : loop_(loop), fd_(fd), port_(port), reserve_(OpenReserve()) {}

Listener::~Listener() {
  watch_.reset();
  close(fd_);
  if (reserve_ >= 0) close(reserve_);
}

void Listener::Start(Accepted accepted) {
  accepted_ = std::move(accepted);
  Watch();
}

void Listener::Watch() {
  watch_ = loop_->WatchReadable(fd_, [this] { Accept(); });
}

void Listener::Accept() {
  for (int i = 0; i < limits::kAcceptsPerTurn; ++i) {
    sockaddr_storage peer{};
    socklen_t size = sizeof peer;
    const int fd = accept4(fd_, reinterpret_cast<sockaddr*>(&peer), &size,
                           SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0) {
      const int on = 1;
      setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      if (std::exchange(short_, false)) LogInfo("accepts again", {{"port", port_}});
      accepted_(fd, peer, size);
    } else if (!IsShortage(errno)) {
      return;
    } else if (!Refuse()) {
      watch_.reset();
      rest_ = loop_->After(limits::kAcceptRest, [this] { Watch(); });
      return;
    }
  }
}

// Whoever waits is told at once rather than left waiting; false if that cannot be.
bool Listener::Refuse() {
  if (!std::exchange(short_, true)) {
    LogWarning("cannot accept: new connections are refused",
               {{"port", port_}, {"error", strerror(errno)}});
  }
  if (reserve_ >= 0) close(std::exchange(reserve_, -1));
  const int fd = accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
  if (fd >= 0) {
    ++refused_;
    close(fd);
  }
  reserve_ = OpenReserve();
  return fd >= 0;
}

}  // namespace atrium::gateway
