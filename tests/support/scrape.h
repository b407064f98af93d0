// Asks a process for its figures, as Prometheus does.
#ifndef ATRIUM_TESTS_SUPPORT_SCRAPE_H_
#define ATRIUM_TESTS_SUPPORT_SCRAPE_H_

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string>

namespace atrium {

// Connected to a unix socket's path, or to a port on loopback; -1 if nobody listens.
inline int Knock(const std::string& where) {
  sockaddr_storage to = {};
  socklen_t size = 0;
  if (where.find('/') != std::string::npos) {
    sockaddr_un there = {};
    there.sun_family = AF_UNIX;
    where.copy(there.sun_path, sizeof there.sun_path - 1);
    memcpy(&to, &there, size = sizeof there);
  } else {
    sockaddr_in there = {};
    there.sin_family = AF_INET;
    there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    there.sin_port = htons(static_cast<uint16_t>(std::atoi(where.c_str())));
    memcpy(&to, &there, size = sizeof there);
  }
  const int fd = socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(fd, reinterpret_cast<sockaddr*>(&to), size) == 0) return fd;
  close(fd);
  return -1;
}

// What is answered; empty if nobody does.
inline std::string Ask(const std::string& where, const std::string& request) {
  const int fd = Knock(where);
  if (fd < 0) return "";
  (void)!send(fd, request.data(), request.size(), MSG_NOSIGNAL);
  std::string answer;
  char piece[4096];
  for (ssize_t n = 0; (n = recv(fd, piece, sizeof piece, 0)) > 0;) {
    answer.append(piece, static_cast<size_t>(n));
  }
  close(fd);
  return answer;
}

inline std::string Scrape(const std::string& where) {
  return Ask(where, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
}

// A figure with its label, as it stands in the text; -1 if it is not there.
inline double FigureIn(const std::string& text, const std::string& name) {
  const size_t at = text.find("\n" + name + " ");
  return at == std::string::npos ? -1 : std::atof(text.c_str() + at + name.size() + 2);
}

}  // namespace atrium

#endif  // ATRIUM_TESTS_SUPPORT_SCRAPE_H_
