// S7, R28: what programs print goes to others in messages whose text is UTF-8 only. One
// byte that is not would make the whole message unreadable, with all terminals in it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "atrium/terminal/v1/host.grpc.pb.h"
#include "common/rpc/server.h"
#include "common/rpc/stream.h"
#include "common/text.h"
#include "terminal/attach_stream.h"
#include "tests/support/host_test.h"

namespace atrium::terminal {
namespace {

// What the other side would read; the same rule as its parser's.
template <typename Message>
bool Readable(const Message& message) {
  Message read;
  return read.ParseFromString(message.SerializeAsString());
}

class Utf8Test : public HostTest {
 protected:
  atrium::v1::ReadScreenResponse Cells() {
    std::optional<atrium::v1::ReadScreenResponse> cells;
    terminal().ReadCells(1000, [&](auto read) { cells = read; });
    EXPECT_TRUE(Until([&] { return cells.has_value(); }));
    return cells.value_or(atrium::v1::ReadScreenResponse());
  }
  ScreenText Read(bool escapes) {
    std::optional<ScreenText> text;
    terminal().ReadScreen(1000, escapes, [&](ScreenText screen) { text = screen; });
    EXPECT_TRUE(Until([&] { return text.has_value(); }));
    return text.value_or(ScreenText());
  }
  void ExpectAllReadable(const std::string& what) {
    EXPECT_TRUE(Readable(terminal().Status())) << what;
    EXPECT_TRUE(Readable(host_->Inventory())) << what;
    EXPECT_TRUE(Readable(Cells())) << what;
    for (const bool escapes : {false, true}) {
      const ScreenText read = Read(escapes);
      EXPECT_TRUE(IsUtf8(read.text)) << what;
      EXPECT_TRUE(IsUtf8(read.title)) << what;
    }
    std::optional<absl::StatusOr<atrium::terminal::v1::Handover>> handover;
    host_->HandOver([&](auto handed) { handover = handed; });
    ASSERT_TRUE(Until([&] { return handover.has_value(); }));
    ASSERT_TRUE(handover->ok());
    EXPECT_TRUE(Readable(**handover)) << what << ": an upgrade would end every shell";
    host_->GoOn();
    for (const auto& [tab, status] : last_) EXPECT_TRUE(Readable(status)) << what;
    for (const CommandEnd& end : ends_) EXPECT_TRUE(Readable(end)) << what;
  }
};

TEST_F(Utf8Test, S7_R28BrokenPathsTitlesLinksAndHalvesOfCharactersMakeNoMessageUnreadable) {
  Create({"/bin/bash", "-c", "stty -echo; while read -r what; do printf \"$what\"; printf '\\033[m!'; done"});
  std::string long_title = R"(\033]0;a)";
  for (int i = 0; i < 200; ++i) long_title += R"(\303\251)";
  int turn = 0;
  for (const std::string& what : {
           std::string(R"(\033]7;file:///%%ff%%fe\007)"),
           std::string(R"(\033]7;file:///\377\007)"),
           long_title + R"(\007)",
           std::string(R"(\033]2;\355\240\200\377\007)"),
           std::string(R"(\033]8;;http://\377/\007link\033]8;;\007)"),
           std::string(R"(\033]133;C;cmdline_url=%%ff%%ed%%a0%%80\007\033]133;D;0\007)"),
           std::string(R"(\355\240\200\300\257\377)"),
       }) {
    Type(what + "\n");
    ++turn;
    ASSERT_TRUE(Until([&] {
      const std::string said = Output();
      return std::count(said.begin(), said.end(), '!') >= turn;
    })) << Output();
    ExpectAllReadable(what);
  }
}

TEST_F(Utf8Test, R28AScreenThatIsReadInTheMiddleOfACharacterHasAllThatCameBefore) {
  Create({"/bin/bash", "-c", "printf 'half \\344\\275'; read end"});
  ASSERT_TRUE(Says("half \xe4\xbd"));
  const ScreenText read = Read(true);
  EXPECT_TRUE(IsUtf8(read.text));
  EXPECT_NE(read.text.find("half "), std::string::npos);
  EXPECT_EQ(read.text.find("\ufffd"), std::string::npos) << "nothing was printed for it yet";
  ExpectAllReadable("half a character");
}

TEST_F(Utf8Test, S7_R28NoOutputAtAllMakesAMessageUnreadable) {
  Create({"/bin/bash", "-c", "stty raw -echo; echo ready; cat"});
  ASSERT_TRUE(Says("ready"));
  std::mt19937 random(7);
  const std::vector<std::string> pieces = {
      "\033]0;", "\033]7;file:///", "\033]8;;http://", "\033]133;C;cmdline_url=", "\033]133;D;1", "\007",
      "\033\\", "%ff", "%ed%a0%80", "\xff", "\xed\xa0\x80", "\xf0\x9f", "\xc3", "\u00e9", "\U0001f468",
      "\u200d", "\u0301", "\033[3b", "\033[2J", "\r\n", "\033[?1049h", "\033[?1049l", "text "};
  int64_t typed = terminal().log().end();
  for (int round = 0; round < 40; ++round) {
    std::string text;
    for (int i = 0; i < 60; ++i) {
      text += random() % 3 == 0 ? std::string(1, static_cast<char>(random()))
                                : pieces[random() % pieces.size()];
    }
    Type(text);
    typed += static_cast<int64_t>(text.size());
    // Answers to what it asks come back too, so that it may be more.
    ASSERT_TRUE(Until([&] { return terminal().log().end() >= typed; }));
    ExpectAllReadable("round " + std::to_string(round));
    if (HasFailure()) return;
  }
}

// Says one thing that is no message, and then nothing more.
class Babbler final : public v1::HostService::WithRawCallbackMethod_Attach<v1::HostService::Service> {
 public:
  explicit Babbler(Loop* loop) : loop_(loop) {}
  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* Attach(
      grpc::CallbackServerContext*) override {
    return new AttachStream::Stream(loop_, [](AttachStream::Stream* stream) {
      const grpc::Slice babble("\xff\xff\xff");
      stream->Write(grpc::ByteBuffer(&babble, 1));
    });
  }

 private:
  Loop* const loop_;
};

// Says some words and then its end, at once.
class Speaker final : public v1::HostService::WithCallbackMethod_Drive<v1::HostService::Service> {
 public:
  using Stream = rpc::ServerStream<v1::DriveRequest, v1::DriveResponse>;

  Speaker(Loop* loop, int words) : loop_(loop), words_(words) {}
  grpc::ServerBidiReactor<v1::DriveRequest, v1::DriveResponse>* Drive(
      grpc::CallbackServerContext*) override {
    return new Stream(loop_, [this](Stream* stream) {
      for (int i = 0; i < words_; ++i) stream->Write(v1::DriveResponse());
      stream->Finish(absl::AbortedError("that was all"));
    });
  }

 private:
  Loop* const loop_;
  const int words_;
};

TEST(StreamTest, N9AStreamThatIsEndedSaysWhatWaitsAndEndsWhateverThatIs) {
  for (const int words : {0, 1, 2, 3, 100}) {
    const auto loop = NewMainLoop();
    Speaker speaker(loop.get(), words);
    const std::string socket = testing::TempDir() + "/speaker-" + RandomId();
    auto server = rpc::Server::Start(loop.get(), {.socket_path = socket},
                                     {{"atrium.terminal.v1.HostService", &speaker}});
    ASSERT_TRUE(server.ok()) << server.status();
    const auto stub = v1::HostService::NewStub(rpc::UnixChannel(socket));
    auto* stream = new rpc::ClientStream<v1::DriveRequest, v1::DriveResponse>(loop.get());
    int heard = 0;
    std::optional<absl::Status> closed;
    stream->on_message = [&](v1::DriveResponse&) { ++heard; };
    stream->on_closed = [&](absl::Status status) {
      closed = status;
      loop->Quit();
    };
    stream->Start([&](auto* context, auto* reactor) { stub->async()->Drive(context, reactor); });
    auto late = loop->After(absl::Seconds(20), [&] { stream->Cancel(); });
    loop->Run();
    late.reset();
    EXPECT_TRUE(absl::IsAborted(*closed)) << words << " words: " << *closed;
    EXPECT_EQ(heard, words);
    (*server)->Shutdown([&] { loop->Quit(); });
    loop->Run();
  }
}

TEST(StreamTest, R25AStreamOfWhichAMessageCannotBeReadEndsOnBothSides) {
  const auto loop = NewMainLoop();
  Babbler babbler(loop.get());
  const std::string socket = testing::TempDir() + "/babbler-" + RandomId();
  auto server = rpc::Server::Start(loop.get(), {.socket_path = socket},
                                   {{"atrium.terminal.v1.HostService", &babbler}});
  ASSERT_TRUE(server.ok()) << server.status();
  const auto stub = v1::HostService::NewStub(rpc::UnixChannel(socket));
  auto* stream = new rpc::ClientStream<v1::AttachRequest, v1::AttachResponse>(loop.get());
  int heard = 0;
  std::optional<absl::Status> closed;
  stream->on_message = [&](v1::AttachResponse&) { ++heard; };
  stream->on_closed = [&](absl::Status status) {
    closed = status;
    loop->Quit();
  };
  stream->Start([&](auto* context, auto* reactor) { stub->async()->Attach(context, reactor); });
  const auto late = loop->After(absl::Seconds(20), [&] { loop->Quit(); });
  loop->Run();
  ASSERT_TRUE(closed.has_value()) << "whoever waits for it would wait without end";
  EXPECT_FALSE(closed->ok());
  EXPECT_EQ(heard, 0);
  (*server)->Shutdown([&] { loop->Quit(); });
  loop->Run();
}

}  // namespace
}  // namespace atrium::terminal
