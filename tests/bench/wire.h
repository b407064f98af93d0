// What the benchmarks' programs share: time, medians, sockets, HTTP, WebSocket
// frames and the few proto messages that they speak, by their wire form.
#ifndef ATRIUM_TESTS_BENCH_WIRE_H_
#define ATRIUM_TESTS_BENCH_WIRE_H_

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

// A program that is measured ends its output with this byte; nothing else has it.
inline constexpr char kMark = '\036';

inline double Now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

[[noreturn]] inline void Die(const std::string& why) {
  std::fprintf(stderr, "%s\n", why.c_str());
  std::exit(1);
}

// The value below which `part` of them lie.
inline double Quantile(std::vector<double> values, double part) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[std::min(values.size() - 1, static_cast<size_t>(part * values.size()))];
}

inline void PutVarint(std::string* out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out->push_back(static_cast<char>(value | 0x80));
  out->push_back(static_cast<char>(value));
}

// False if `in` ends within it.
inline bool GetVarint(std::string_view* in, uint64_t* value) {
  *value = 0;
  for (int shift = 0; shift < 64 && !in->empty(); shift += 7) {
    const uint8_t byte = static_cast<uint8_t>(in->front());
    in->remove_prefix(1);
    *value |= uint64_t{byte & 0x7fu} << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

inline std::string Field(int number, std::string_view bytes) {
  std::string out;
  PutVarint(&out, static_cast<uint64_t>(number) << 3 | 2);
  PutVarint(&out, bytes.size());
  return out.append(bytes);
}

inline std::string Field(int number, uint64_t value) {
  std::string out;
  PutVarint(&out, static_cast<uint64_t>(number) << 3);
  PutVarint(&out, value);
  return out;
}

// The text between `before` and the next quote; empty if it is not there.
inline std::string Quoted(const std::string& text, const std::string& before) {
  const size_t at = text.find(before);
  if (at == std::string::npos) return "";
  const size_t begin = at + before.size();
  return text.substr(begin, text.find('"', begin) - begin);
}

inline int Connect(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    Die(std::string("connect: ") + strerror(errno));
  }
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

inline void WriteAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) Die(std::string("send: ") + strerror(errno));
    bytes.remove_prefix(static_cast<size_t>(n));
  }
}

// The head and body of the answer to `request`, on a connection of its own.
inline std::string Http(int port, const std::string& request, std::string* head) {
  const int fd = Connect(port);
  WriteAll(fd, request);
  std::string all;
  char piece[16384];
  for (;;) {
    const size_t end = all.find("\r\n\r\n");
    if (end != std::string::npos) {
      *head = all.substr(0, end);
      const size_t at = head->find("Content-Length: ");
      const size_t length = at == std::string::npos ? 0 : std::strtoul(head->c_str() + at + 16, nullptr, 10);
      if (all.size() >= end + 4 + length) {
        close(fd);
        return all.substr(end + 4);
      }
    }
    const ssize_t n = recv(fd, piece, sizeof piece, 0);
    if (n <= 0) Die("the server closed: " + all);
    all.append(piece, static_cast<size_t>(n));
  }
}

inline std::string Host(int port) { return "localhost:" + std::to_string(port); }

// A POST of a page of this origin, with the header lines that prove who it is.
inline std::string Post(int port, const std::string& path, const std::string& proof,
                        std::string* head, const std::string& body = "{}") {
  std::string request = "POST " + path + " HTTP/1.1\r\nHost: " + Host(port) + "\r\nOrigin: http://" +
                        Host(port) + "\r\nContent-Type: application/json\r\nContent-Length: " +
                        std::to_string(body.size()) + "\r\n";
  const std::string answer = Http(port, request + proof + "\r\n" + body, head);
  if (head->find(" 200") == std::string::npos) Die(path + ": " + *head + "\n" + answer);
  return answer;
}

inline std::string UpgradeRequest(int port, const std::string& path, const std::string& protocols) {
  return "GET " + path + " HTTP/1.1\r\nHost: " + Host(port) + "\r\nOrigin: http://" + Host(port) +
         "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: " +
         protocols + "\r\n\r\n";
}

// A client's frame; the mask is zero, so that masking costs nothing.
inline std::string Frame(int opcode, std::string_view payload) {
  std::string out(1, static_cast<char>(0x80 | opcode));
  if (payload.size() < 126) {
    out.push_back(static_cast<char>(0x80 | payload.size()));
  } else if (payload.size() < 65536) {
    out.push_back(static_cast<char>(0x80 | 126));
    out.push_back(static_cast<char>(payload.size() >> 8));
    out.push_back(static_cast<char>(payload.size()));
  } else {
    Die("a frame too long for a benchmark");
  }
  return out.append(4, '\0').append(payload);
}

// A server's frame header at the start of `in`: its size, 0 if there is more to come.
inline size_t ParseFrame(std::string_view in, int* opcode, uint64_t* length) {
  if (in.size() < 2) return 0;
  const auto byte = [&in](size_t i) { return static_cast<uint64_t>(static_cast<uint8_t>(in[i])); };
  *opcode = static_cast<int>(byte(0) & 15);
  *length = byte(1) & 127;
  if (*length < 126) return 2;
  const size_t extra = *length == 126 ? 2 : 8;
  if (in.size() < 2 + extra) return 0;
  *length = 0;
  for (size_t i = 0; i < extra; ++i) *length = *length << 8 | byte(2 + i);
  return 2 + extra;
}

inline size_t CountMarks(std::string_view bytes) {
  return static_cast<size_t>(std::count(bytes.begin(), bytes.end(), kMark));
}

}  // namespace bench

#endif  // ATRIUM_TESTS_BENCH_WIRE_H_
