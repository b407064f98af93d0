// The ceiling for many viewers: a bare sender, which writes one buffer to COUNT
// sockets in turn, and a reader that drops what comes. fan COUNT SECONDS
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/wait.h>

#include "wire.h"

namespace {

constexpr size_t kPieceBytes = 64 << 10;

void Send(int listening, int count) {
  const std::string piece(kPieceBytes, 'x');
  const int poll_fd = epoll_create1(EPOLL_CLOEXEC);
  for (int i = 0; i < count; ++i) {
    const int fd = accept(listening, nullptr, nullptr);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    epoll_event event{};
    event.events = EPOLLOUT;
    event.data.fd = fd;
    epoll_ctl(poll_fd, EPOLL_CTL_ADD, fd, &event);
  }
  epoll_event events[64];
  for (;;) {
    const int n = epoll_wait(poll_fd, events, 64, -1);
    for (int i = 0; i < n; ++i) {
      if (send(events[i].data.fd, piece.data(), piece.size(), MSG_NOSIGNAL) < 0 && errno != EAGAIN) return;
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  using namespace bench;
  if (argc < 3) Die("fan COUNT SECONDS");
  const int count = std::atoi(argv[1]);
  const double seconds = std::atof(argv[2]);
  const int listening = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  bind(listening, reinterpret_cast<sockaddr*>(&address), sizeof address);
  listen(listening, 1024);
  getsockname(listening, reinterpret_cast<sockaddr*>(&address), &size);
  const pid_t child = fork();
  if (child == 0) {
    Send(listening, count);
    _exit(0);
  }
  const int poll_fd = epoll_create1(EPOLL_CLOEXEC);
  for (int i = 0; i < count; ++i) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = Connect(ntohs(address.sin_port));
    epoll_ctl(poll_fd, EPOLL_CTL_ADD, event.data.fd, &event);
  }
  int64_t bytes = 0;
  double start = Now();
  bool warm = false;
  while (!warm || Now() - start < seconds) {
    if (!warm && Now() - start > 0.3) {
      warm = true;
      start = Now();
      bytes = 0;
    }
    epoll_event events[64];
    static char nowhere[1 << 20];
    const int n = epoll_wait(poll_fd, events, 64, 100);
    for (int i = 0; i < n; ++i) {
      bytes += std::max<ssize_t>(0, recv(events[i].data.fd, nowhere, sizeof nowhere, MSG_TRUNC | MSG_DONTWAIT));
    }
  }
  std::printf("{\"mb_s\": %.1f}\n", static_cast<double>(bytes) / 1e6 / (Now() - start));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
}
