// S5, R17: one WebSocket connection over a real socket, in a time that is told.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/limits.h"
#include "gateway/ws/connection.h"
#include "tests/support/manual_loop.h"
#include "tests/support/ws_frames.h"

namespace atrium::gateway::ws {
namespace {

using std::string_literals::operator""s;

struct Owner : Connection::Listener {
  std::vector<std::string> heard;
  std::function<void()> on_message;
  int64_t pieces = 0;       // Left to send.
  size_t piece_bytes = 60000;
  int closed = 0;
  void OnMessage(Message message) override {
    heard.push_back(message.payload);
    if (on_message) on_message();
  }
  std::function<void()> on_idle;
  bool NextPiece(Piece* piece) override {
    if (pieces == 0) {
      if (on_idle) std::exchange(on_idle, nullptr)();
      return false;
    }
    --pieces;
    piece->header = "h";
    piece->data.push_back(grpc::Slice(std::string(piece_bytes, 'x')));
    return true;
  }
  void OnClosed() override { ++closed; }
};

// A connection and the other end of its socket.
class ConnectionTest : public testing::Test {
 protected:
  void SetUp() override {
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
    ASSERT_EQ(listen(listener, 1), 0);
    getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
    peer_ = socket(AF_INET, SOCK_STREAM, 0);
    const int small = 16 << 10;
    setsockopt(peer_, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    ASSERT_EQ(connect(peer_, reinterpret_cast<sockaddr*>(&address), size), 0);
    auto gsocket = GRef<GSocket>::Adopt(g_socket_new_from_fd(accept(listener, nullptr, nullptr), nullptr));
    g_socket_set_blocking(gsocket.get(), FALSE);
    close(listener);
    auto stream = GRef<GIOStream>::Adopt(
        G_IO_STREAM(g_socket_connection_factory_create_connection(gsocket.get())));
    connection_ = std::make_unique<Connection>(&loop_, stream, gsocket, &figures_, &owner_);
    loop_.Advance(absl::ZeroDuration());
  }
  void TearDown() override {
    connection_.reset();
    close(peer_);
    EXPECT_EQ(figures_.partial_bytes, 0);
  }
  void Send(const std::string& bytes) {
    ASSERT_EQ(send(peer_, bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
    Serve();
  }
  void Serve() {
    for (int i = 0; i < 1000 && loop_.Poll(); ++i) {
      if (owner_.closed > 0) return;
      loop_.Advance(absl::ZeroDuration());
    }
  }
  // All that is there to read.
  std::string Receive() {
    std::string all;
    char piece[65536];
    for (ssize_t n; (n = recv(peer_, piece, sizeof piece, MSG_DONTWAIT)) > 0;) {
      all.append(piece, static_cast<size_t>(n));
      Serve();
    }
    return all;
  }
  bool AtEnd() {
    char byte;
    return recv(peer_, &byte, 1, MSG_DONTWAIT) == 0;
  }

  ManualLoop loop_;
  Figures figures_;
  Owner owner_;
  int peer_ = -1;
  std::unique_ptr<Connection> connection_;
};

TEST_F(ConnectionTest, S5AnswersTheirCloseWithTheSameCodeAndEnds) {
  Send(Frame(0x88, "\x0f\xa1" "bye"));
  EXPECT_EQ(Receive(), "\x88\x02\x0f\xa1");
  EXPECT_EQ(owner_.closed, 1);
  Send("");
  EXPECT_EQ(owner_.closed, 1);
}

TEST_F(ConnectionTest, S5AnswersACloseWithoutACodeWithoutOne) {
  Send(Frame(0x88, ""));
  EXPECT_EQ(Receive(), "\x88\0"s);
  EXPECT_EQ(owner_.closed, 1);
}

TEST_F(ConnectionTest, S5OurCloseWaitsForTheirAnswerAndTakesNothingElse) {
  connection_->Close(4001, "why");
  EXPECT_EQ(Receive(), "\x88\x05\x0f\xa1why");
  Send(Frame(0x81, "too late") + Frame(0x89, "ping"));
  EXPECT_EQ(Receive(), "");
  EXPECT_TRUE(owner_.heard.empty());
  EXPECT_EQ(owner_.closed, 0);
  Send(Frame(0x88, "\x0f\xa1"));
  EXPECT_EQ(owner_.closed, 1);
}

TEST_F(ConnectionTest, M6WhatIsSaidWhileAPieceIsAskedForGoesOutAtOnce) {
  owner_.on_idle = [&] { connection_->SendText("words"); };
  connection_->Pump();
  EXPECT_EQ(Receive(), "\x81\x05words");
  owner_.on_idle = [&] { connection_->Close(4005, "ended"); };
  connection_->Pump();
  EXPECT_EQ(Receive(), "\x88\x07\x0f\xa5" "ended");
}

TEST_F(ConnectionTest, S5OurCloseIsNotWaitedForWithoutEnd) {
  connection_->Close(1001, "");
  loop_.Advance(limits::kCloseWait);
  EXPECT_EQ(owner_.closed, 1);
}

TEST_F(ConnectionTest, S5AViolationSaysItsCodeThoughMoreBytesFollow) {
  Send(Frame(0x83, "x") + std::string(100000, 'z'));
  EXPECT_EQ(Receive().substr(0, 4), "\x88\x10\x03\xea");
  EXPECT_TRUE(AtEnd());
  EXPECT_TRUE(owner_.heard.empty());
  loop_.Advance(limits::kCloseWait);
  EXPECT_EQ(owner_.closed, 1);
}

TEST_F(ConnectionTest, S5APingIsAnsweredWithItsPayload) {
  Send(Frame(0x89, "abc") + Frame(0x8a, "unasked"));
  EXPECT_EQ(Receive(), "\x8a\x03" "abc");
  EXPECT_TRUE(owner_.heard.empty());
}

// 5.5.3: only the newest ping needs an answer.
TEST_F(ConnectionTest, S5PingsOfOneWhoReadsNothingCostNoMemory) {
  owner_.pieces = 1000000;
  connection_->Pump();
  std::string pings;
  for (int i = 0; i < 5000; ++i) pings += Frame(0x89, "ping");
  for (int i = 0; i < 20; ++i) Send(pings);
  EXPECT_EQ(connection_->queued_word_bytes(), 0u);
  EXPECT_EQ(owner_.closed, 0);
}

TEST_F(ConnectionTest, S5OneWhoSendsWithoutEndTakesTurns) {
  std::string flood;
  for (int i = 0; i < 40000; ++i) flood += Frame(0x82, "x");
  const int size = 4 << 20;
  setsockopt(peer_, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
  send(peer_, flood.data(), flood.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  ASSERT_TRUE(loop_.Poll());
  EXPECT_LE(owner_.heard.size(), 2u * (64 << 10) / 7 + 2);
}

TEST_F(ConnectionTest, T5APauseHoldsBackWhatHasComeAlready) {
  owner_.on_message = [&] { connection_->PauseReading(absl::Seconds(1)); };
  Send(Frame(0x81, "a") + Frame(0x81, "b") + Frame(0x81, "c"));
  EXPECT_THAT(owner_.heard, testing::ElementsAre("a"));
  loop_.Advance(absl::Milliseconds(999));
  EXPECT_EQ(owner_.heard.size(), 1u);
  loop_.Advance(absl::Milliseconds(1));
  EXPECT_THAT(owner_.heard, testing::ElementsAre("a", "b"));
  loop_.Advance(absl::Seconds(1));
  EXPECT_THAT(owner_.heard, testing::ElementsAre("a", "b", "c"));
}

TEST_F(ConnectionTest, R17OneThatReadsNothingIsToldWhyAfterThirtySeconds) {
  owner_.pieces = 1000000;
  connection_->Pump();
  Serve();
  const int64_t taken = 1000000 - owner_.pieces;
  for (int second = 0; second < 29; ++second) {
    loop_.Advance(absl::Seconds(1));
    Send(Frame(0x8a, ""));
  }
  EXPECT_EQ(owner_.closed, 0);
  EXPECT_EQ(figures_.stalled, 0);
  EXPECT_EQ(1000000 - owner_.pieces, taken) << "nothing more is taken for it";
  loop_.Advance(absl::Seconds(1));
  EXPECT_EQ(figures_.stalled, 1);
  loop_.Advance(limits::kCloseWait);
  EXPECT_EQ(owner_.closed, 1);
  connection_.reset();
  // Should it ever read again it finds whole frames, and then the reason.
  std::string all = Receive();
  ASSERT_GT(all.size(), 60000u);
  const size_t close = all.rfind("\x88");
  ASSERT_NE(close, std::string::npos);
  EXPECT_EQ(all.substr(close + 2, 2), "\x11\x38");
  EXPECT_THAT(all.substr(close), testing::HasSubstr("nothing was read for 30 seconds"));
  for (size_t at = 0; at < close;) {
    ASSERT_EQ(all.substr(at, 4), "\x82\x7e\xea\x61") << at;
    at += 4 + 60001;
    if (at >= close) {
      EXPECT_EQ(at, close);
    }
  }
}

TEST_F(ConnectionTest, R17OneThatReadsAtLeastSomethingStays) {
  owner_.pieces = 1000000;
  connection_->Pump();
  Serve();
  for (int i = 0; i < 20; ++i) {
    loop_.Advance(absl::Seconds(10));
    Send(Frame(0x8a, ""));
    char piece[65536];
    for (int k = 0; k < 4; ++k) (void)!recv(peer_, piece, sizeof piece, MSG_DONTWAIT);
    Serve();
  }
  EXPECT_EQ(owner_.closed, 0);
  EXPECT_EQ(figures_.stalled, 0);
}

TEST_F(ConnectionTest, R17WordsForOneThatReadsNothingAreBounded) {
  owner_.pieces = 1000000;
  connection_->Pump();
  Serve();
  connection_->SendText(std::string(3 << 20, 'a'));
  EXPECT_EQ(figures_.stalled, 0) << "one large message alone is no fault";
  size_t most = 0;
  for (int i = 0; i < 100 && figures_.stalled == 0; ++i) {
    connection_->SendText(std::string(100 << 10, 'a'));
    most = std::max(most, connection_->queued_word_bytes());
  }
  EXPECT_EQ(figures_.stalled, 1);
  EXPECT_LE(connection_->queued_word_bytes(), 200u);
}

TEST_F(ConnectionTest, R17_R21OneLargeMessageGoesThroughWhateverWaitsBesideIt) {
  owner_.pieces = 400;
  connection_->Pump();  // The kernel is full.
  const std::string large(5 * limits::kQueuedWordBytes, 'L');
  connection_->SendText("welcome");
  connection_->SendText(large);
  connection_->SendText(std::string(limits::kQueuedWordBytes / 2, 'c'));
  owner_.pieces = 0;
  const std::string all = Receive();
  EXPECT_EQ(owner_.closed, 0);
  EXPECT_EQ(figures_.stalled, 0);
  EXPECT_NE(all.find("welcome"), std::string::npos);
  EXPECT_NE(all.find(large), std::string::npos);
  EXPECT_EQ(connection_->queued_word_bytes(), 0u);
}

TEST_F(ConnectionTest, R17TwoLargeMessagesThatWaitAreTooMany) {
  owner_.pieces = 400;
  connection_->Pump();
  const std::string large(5 * limits::kQueuedWordBytes, 'L');
  connection_->SendText(large);
  connection_->SendText(large);
  EXPECT_EQ(figures_.stalled, 1);
  EXPECT_LT(connection_->queued_word_bytes(), 200u);
}

TEST_F(ConnectionTest, S5_N3OneWhoSaysMuchAtOnceLetsTheOthersHaveTheirTurn) {
  std::string texts, pings;
  for (int i = 0; i < 1000; ++i) texts += Frame(0x81, "{}");
  for (int i = 0; i < 1000; ++i) pings += Frame(0x89, "p");
  ASSERT_GT(send(peer_, texts.data(), texts.size(), 0), 0);
  loop_.Poll();
  EXPECT_EQ(owner_.heard.size(), static_cast<size_t>(limits::kTurnCost / limits::kTextTurnCost));
  for (int i = 0; i < 1000; ++i) loop_.Advance(absl::ZeroDuration());
  Serve();
  EXPECT_EQ(owner_.heard.size(), 1000u);
  ASSERT_GT(send(peer_, pings.data(), pings.size(), 0), 0);
  loop_.Poll();
  char pongs[65536];
  const ssize_t n = recv(peer_, pongs, sizeof pongs, MSG_DONTWAIT);
  EXPECT_LE(n, 3 * limits::kTurnCost);
  Serve();
}

TEST_F(ConnectionTest, P8OneThatSaysNothingIsPingedThenClosedWithAReason) {
  loop_.Advance(limits::kPingInterval);
  EXPECT_EQ(Receive(), "\x89\0"s);
  loop_.Advance(limits::kPingInterval);
  const std::string bytes = Receive();
  EXPECT_EQ(bytes.substr(2, 2), "\x11\x38");
  EXPECT_THAT(bytes, testing::HasSubstr("nothing was heard"));
  loop_.Advance(limits::kCloseWait);
  EXPECT_EQ(owner_.closed, 1);
}

TEST_F(ConnectionTest, P8OneThatAnswersPingsStays) {
  for (int i = 0; i < 10; ++i) {
    loop_.Advance(limits::kPingInterval);
    EXPECT_EQ(Receive(), "\x89\0"s);
    Send(Frame(0x8a, ""));
  }
  EXPECT_EQ(owner_.closed, 0);
}

TEST_F(ConnectionTest, R27UnfinishedMessagesOfAllSocketsAreBounded) {
  figures_.partial_bytes = limits::kPartialMessageBytes;
  Send(Frame(0x02, std::string(60000, 'x')));
  EXPECT_EQ(Receive(), "") << "a little is everybody's";
  Send(Frame(0x00, std::string(60000, 'x')));
  Send(Frame(0x00, std::string(60000, 'x')));
  EXPECT_EQ(Receive().substr(2, 2), "\x03\xf5");
  connection_.reset();
  EXPECT_EQ(figures_.partial_bytes, limits::kPartialMessageBytes);
  figures_.partial_bytes = 0;
}

}  // namespace
}  // namespace atrium::gateway::ws
