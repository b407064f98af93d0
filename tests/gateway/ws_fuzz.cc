// Whatever bytes come: the frame reader holds no more than its bound and reads the
// same however they are split, and a connection that gets them ends in order.
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "gateway/limits.h"
#include "gateway/ws/connection.h"
#include "gateway/ws/frame.h"
#include "tests/support/manual_loop.h"

namespace atrium::gateway::ws {
namespace {

constexpr size_t kBound = 4096;

void Require(bool so, const char* what) {
  if (so) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

// All that is read, as text: messages, then how it ended.
std::string Trace(std::string_view bytes, size_t step) {
  FrameReader reader(kBound);
  std::string trace;
  while (!bytes.empty()) {
    std::string_view piece = bytes.substr(0, step);
    bytes.remove_prefix(piece.size());
    const auto violation = reader.Feed(&piece, [&](Message message) {
      Require(message.payload.size() <= kBound, "a message is over the bound");
      trace += std::to_string(static_cast<int>(message.opcode)) + "," +
               std::to_string(message.close_code) + "," + message.payload + ";";
      return true;
    });
    Require(reader.held_bytes() <= kBound + 256, "more is held than may be");
    if (violation) return trace + "!" + std::to_string(violation->code);
  }
  return trace;
}

struct Owner final : Connection::Listener {
  int closed = 0;
  int pieces = 3;
  void OnMessage(Message) override { Require(closed == 0, "a message after the end"); }
  bool NextPiece(Piece* piece) override {
    if (pieces-- <= 0) return false;
    piece->header = "piece";
    return true;
  }
  void OnClosed() override { ++closed; }
};

void Connect(std::string_view bytes) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) != 0) return;
  ManualLoop loop;
  Figures figures;
  Owner owner;
  auto socket = GRef<GSocket>::Adopt(g_socket_new_from_fd(ends[0], nullptr));
  auto stream = GRef<GIOStream>::Adopt(
      G_IO_STREAM(g_socket_connection_factory_create_connection(socket.get())));
  auto connection = std::make_unique<Connection>(&loop, stream, socket, &figures, &owner);
  loop.Advance(absl::ZeroDuration());
  while (!bytes.empty() && owner.closed == 0) {
    const ssize_t n = send(ends[1], bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n > 0) bytes.remove_prefix(static_cast<size_t>(n));
    char answer[4096];
    while (recv(ends[1], answer, sizeof answer, MSG_DONTWAIT) > 0) {
    }
    if (!loop.Poll() && n <= 0) break;
  }
  shutdown(ends[1], SHUT_WR);
  for (int i = 0; i < 8 && owner.closed == 0; ++i) loop.Poll();
  loop.Advance(limits::kSilence + limits::kPingInterval + limits::kCloseWait);
  Require(owner.closed == 1, "it did not end once");
  connection.reset();
  Require(figures.partial_bytes == 0, "partial bytes are left");
  close(ends[1]);
}

}  // namespace
}  // namespace atrium::gateway::ws

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using atrium::gateway::ws::Trace;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string whole = Trace(bytes, size + 1);
  for (const size_t step : {size_t{1}, size_t{3}}) {
    atrium::gateway::ws::Require(Trace(bytes, step) == whole, "it reads otherwise when split");
  }
  atrium::gateway::ws::Connect(bytes);
  return 0;
}
