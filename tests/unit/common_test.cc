// The vocabulary that all rooms share.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>

#include "common/errors.h"
#include "common/file.h"
#include "common/random.h"
#include "common/resource_name.h"
#include "common/rpc/output_codec.h"
#include "common/rpc/server.h"
#include "common/rpc/status.h"
#include "common/status_macros.h"
#include "common/text.h"
#include "common/token.h"
#include "atrium/terminal/v1/host.pb.h"
#include "google/rpc/status.pb.h"
#include "tests/support/manual_loop.h"

namespace atrium {
namespace {

static_assert(!std::is_convertible_v<TabId, SessionId>);
static_assert(!std::is_constructible_v<SessionId, TabId>);

absl::StatusOr<int> Half(int x) {
  if (x % 2 != 0) return absl::InvalidArgumentError("odd");
  return x / 2;
}
absl::StatusOr<int> Quarter(int x) {
  ASSIGN_OR_RETURN(int half, Half(x));
  ASSIGN_OR_RETURN(half, Half(half));
  return half;
}

TEST(RpcServerTest, S6OnlyASocketIsReplacedNeverAFile) {
  const std::string directory = testing::TempDir() + "/u-" + RandomId().substr(0, 8);
  std::filesystem::create_directories(directory);
  const std::string path = directory + "/listen.sock";
  const auto loop = NewMainLoop();
  ASSERT_TRUE(WriteFileAtomically(path, "precious", 0600).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(rpc::Server::Start(loop.get(), {path}, {}).status()));
  EXPECT_EQ(*ReadFile(path), "precious");
  std::filesystem::remove(path);
  std::filesystem::create_symlink(directory + "/elsewhere", path);
  EXPECT_FALSE(rpc::Server::Start(loop.get(), {path}, {}).ok());
  EXPECT_TRUE(std::filesystem::is_symlink(path));
  std::filesystem::remove(path);
  // A socket that a killed process left behind.
  const int left = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(bind(left, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  close(left);
  {
    const auto server = rpc::Server::Start(loop.get(), {path}, {});
    ASSERT_TRUE(server.ok()) << server.status();
    // Somebody puts a file there meanwhile: it stays too.
    std::filesystem::remove(path);
    ASSERT_TRUE(WriteFileAtomically(path, "new", 0600).ok());
  }
  EXPECT_EQ(*ReadFile(path), "new");
  std::filesystem::remove_all(directory);
}

TEST(StatusMacros, ReturnTheFirstError) {
  EXPECT_EQ(*Quarter(8), 2);
  EXPECT_EQ(Quarter(6).status().message(), "odd");
}

TEST(ManualLoopTest, FiresInOrderWithoutSleeping) {
  ManualLoop loop;
  std::string said;
  auto b = loop.After(absl::Hours(2), [&] { said += 'b'; });
  auto a = loop.After(absl::Hours(1), [&] { said += 'a'; });
  auto never = loop.After(absl::Hours(1), [&] { said += 'x'; });
  never.reset();
  loop.Advance(absl::Hours(3));
  EXPECT_EQ(said, "ab");
}

// What was posted in the turn that quits must not wait for a timer that is made then.
TEST(MainLoopTest, WhatIsStillPostedWhenATurnEndsWaitsForNoTimer) {
  const auto loop = NewMainLoop();
  for (int i = 0; i < 20; ++i) {
    int ran = 0;
    loop->Post([&] {
      loop->Quit();
      loop->Post([&] { loop->Post([&] { loop->Post([&] { ++ran, loop->Quit(); }); }); });
    });
    loop->Run();
    const auto late = loop->After(absl::Seconds(30), [&] { loop->Quit(); });
    if (ran == 0) loop->Run();
    EXPECT_EQ(ran, 1);
  }
}
TEST(MainLoopTest, RunsWhatOtherThreadsPostInOrder) {
  auto loop = NewMainLoop();
  int next = 0;
  std::thread poster([&] {
    for (int i = 0; i < 1000; ++i) {
      loop->Post([&, i] {
        EXPECT_EQ(i, next++);
        if (next == 1000) loop->Quit();
      });
    }
  });
  loop->Run();
  poster.join();
  EXPECT_EQ(next, 1000);
}

TEST(ResourceNameTest, OnlyWellFormedNamesAreTaken) {
  EXPECT_EQ(ParseTabName("sessions/a-1/tabs/b2")->id, "b2");
  for (const char* bad : {"", "sessions", "sessions/", "sessions/a/tabs/", "sessions/A/tabs/b",
                          "sessions/a/tabs/b/c", "sessions/-a/tabs/b", "sessions/a/tabs/../x",
                          "sessions/a/participants/b"}) {
    EXPECT_FALSE(ParseTabName(bad).ok()) << bad;
  }
  EXPECT_FALSE(IsId(std::string(64, 'a')));
}

TEST(ErrorTest, X2DetailsTravelWithAStatus) {
  const absl::Status status = TooMany("tabs", 64, absl::Seconds(10));
  const absl::Status back = rpc::FromGrpc(rpc::ToGrpc(status));
  EXPECT_EQ(back.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(back.message(), status.message());
  EXPECT_EQ(DetailsOf(back).reason, "LIMIT_REACHED");
  EXPECT_EQ(DetailsOf(back).retry_after, absl::Seconds(10));
  EXPECT_EQ(DetailsOf(rpc::FromGrpc(rpc::ToGrpc(BadField("a.b", "is odd")))).field, "a.b");
  EXPECT_FALSE(DetailsOf(back).offset.has_value());
  const absl::Status late = MakeError(absl::StatusCode::kDeadlineExceeded, "late",
                                      {.reason = "LATE", .offset = int64_t{5} << 40});
  EXPECT_EQ(DetailsOf(rpc::FromGrpc(rpc::ToGrpc(late))).offset, int64_t{5} << 40);
}

class TokenTest : public testing::Test {
 protected:
  void SetUp() override {
    path_ = testing::TempDir() + "/signing-" + RandomId();
    signer_ = *TokenSigner::FromFile(path_);
    verifier_ = *TokenVerifier::FromJwks(signer_->PublicJwks());
  }
  void TearDown() override { std::filesystem::remove(path_); }
  Claims Good() const {
    return {.purpose = std::string(kAccessPurpose), .session = "sessions/a",
            .participant = "sessions/a/participants/p", .role = "OWNER", .id = "1",
            .expire_time = now_ + kAccessLife};
  }
  absl::Status Check(const std::string& token, absl::Duration later = absl::ZeroDuration()) const {
    return verifier_->Verify(token, kAccessPurpose, now_ + later).status();
  }
  const absl::Time now_ = absl::FromUnixSeconds(1700000000);
  std::string path_;
  std::unique_ptr<TokenSigner> signer_;
  std::unique_ptr<TokenVerifier> verifier_;
};

TEST_F(TokenTest, T4AGoodTokenSaysWhoBearsIt) {
  const auto claims = verifier_->Verify(signer_->Sign(Good(), now_), kAccessPurpose, now_);
  ASSERT_TRUE(claims.ok()) << claims.status();
  EXPECT_EQ(claims->participant, "sessions/a/participants/p");
}

TEST_F(TokenTest, TheKeyFileIsPrivateAndKept) {
  EXPECT_EQ(std::filesystem::status(path_).permissions() & std::filesystem::perms::all,
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  EXPECT_EQ((*TokenSigner::FromFile(path_))->PublicJwks(), signer_->PublicJwks());
}

TEST_F(TokenTest, S3EveryForgedTokenIsRefused) {
  const std::string good = signer_->Sign(Good(), now_);
  EXPECT_TRUE(Check(good).ok());
  EXPECT_FALSE(Check("").ok());
  EXPECT_FALSE(Check("a.b.c").ok());
  EXPECT_FALSE(Check(good + "x").ok());
  EXPECT_FALSE(Check(good.substr(0, good.rfind('.') + 1)).ok());
  // alg=none with the same claims.
  const std::string payload = good.substr(good.find('.'), good.rfind('.') - good.find('.'));
  EXPECT_FALSE(Check("eyJhbGciOiJub25lIn0" + payload + ".").ok());
  // HS256 (the key confusion) and ES256 headers over the same claims.
  EXPECT_FALSE(Check("eyJhbGciOiJIUzI1NiJ9" + payload + ".c2ln").ok());
  EXPECT_FALSE(Check("eyJhbGciOiJFUzI1NiJ9" + payload + ".c2ln").ok());
  // Signed by somebody else.
  const std::string other_path = path_ + "-other";
  const auto other = *TokenSigner::FromFile(other_path);
  EXPECT_FALSE(Check(other->Sign(Good(), now_)).ok());
  std::filesystem::remove(other_path);
}

TEST_F(TokenTest, S3PurposeAndTimeAreChecked) {
  Claims ticket = Good();
  ticket.purpose = std::string(kTicketPurpose);
  EXPECT_FALSE(Check(signer_->Sign(ticket, now_)).ok());
  const std::string good = signer_->Sign(Good(), now_);
  EXPECT_TRUE(Check(good, kAccessLife + kClockLeeway - absl::Seconds(1)).ok());
  EXPECT_FALSE(Check(good, kAccessLife + kClockLeeway + absl::Seconds(1)).ok());
  EXPECT_FALSE(Check(good, -kClockLeeway - absl::Seconds(1)).ok());
  Claims forever = Good();
  forever.expire_time = now_ + absl::Hours(24);
  EXPECT_FALSE(Check(signer_->Sign(forever, now_)).ok());
}

TEST(TextTest, S7_R28BrokenUtf8IsReplacedAndCutBetweenCharacters) {
  EXPECT_EQ(MakeUtf8("g\u00fct"), "g\u00fct");
  for (const char* broken : {"\xff", "a\xc3", "\xed\xa0\x80", "\xc0\xaf", "\xf4\x90\x80\x80"}) {
    EXPECT_TRUE(IsUtf8(MakeUtf8(broken))) << broken;
    EXPECT_NE(MakeUtf8(broken), "");
  }
  EXPECT_EQ(MakeUtf8("a\u00e9\u00e9", 4), "a\u00e9");
  EXPECT_EQ(MakeUtf8("a\u00e9\u00e9", 5), "a\u00e9\u00e9");
  EXPECT_EQ(MakeUtf8("\u4f60", 2), "");
  EXPECT_EQ(WithoutUnfinished("ab\xe4\xbd"), "ab");
  EXPECT_EQ(WithoutUnfinished("ab\xf0"), "ab");
  EXPECT_EQ(WithoutUnfinished("ab\u4f60"), "ab\u4f60");
  EXPECT_EQ(WithoutUnfinished("ab"), "ab");
  EXPECT_EQ(WithoutUnfinished(""), "");
}

TEST(TextTest, S23ControlsAndInvisiblesVanishFromNames) {
  EXPECT_EQ(CleanName("  a\x1b[31mb\tc\n ", 40), "a[31mbc");
  EXPECT_EQ(CleanName("x\u202ey\u200bz\ufeff", 40), "xyz");
  EXPECT_EQ(CleanName("\xff\xfeok", 40), "\ufffd\ufffdok");
  EXPECT_EQ(CleanName("äöüß", 2), "äö");
  EXPECT_EQ(CleanText("a\nb\tc\x07", 100), "a\nb\tc");
}

TEST(OutputCodecTest, HandMadeMessagesAreTheProtosOwn) {
  const std::string data = "hello";
  const auto buffer = rpc::EncodeOutput(1234567, grpc::Slice(data));
  atrium::terminal::v1::AttachResponse message;
  ASSERT_TRUE(rpc::DecodeMessage(buffer, &message));
  EXPECT_EQ(message.output().offset(), 1234567);
  EXPECT_EQ(message.output().data(), data);
  int64_t offset = 0;
  std::vector<grpc::Slice> slices;
  std::string more = "what was before";
  ASSERT_TRUE(rpc::DecodeOutput(buffer, &offset, &slices, &more));
  EXPECT_EQ(offset, 1234567);
  ASSERT_EQ(slices.size(), 1u);
  EXPECT_EQ(std::string(slices[0].begin(), slices[0].end()), data);
  EXPECT_EQ(more, "");
  atrium::terminal::v1::AttachResponse other;
  other.mutable_exit()->set_exit_code(3);
  EXPECT_FALSE(rpc::DecodeOutput(rpc::EncodeMessage(other), &offset, &slices, &more));
}

// However the transport cut it.
TEST(OutputCodecTest, WhatElseIsSaidComesApartFromTheBytes) {
  atrium::terminal::v1::AttachResponse acks;
  acks.add_input_acks()->set_sequence(7);
  const auto whole = rpc::EncodeOutput(300, grpc::Slice("hello"), acks.SerializeAsString());
  atrium::terminal::v1::AttachResponse message;
  ASSERT_TRUE(rpc::DecodeMessage(whole, &message));
  EXPECT_EQ(message.output().data(), "hello");
  EXPECT_EQ(message.input_acks(0).sequence(), 7);
  grpc::Slice flat;
  ASSERT_TRUE(whole.DumpToSingleSlice(&flat).ok());
  for (size_t cut = 0; cut <= flat.size(); ++cut) {
    const grpc::Slice parts[] = {flat.sub(0, cut), flat.sub(cut, flat.size())};
    int64_t offset = 0;
    std::vector<grpc::Slice> slices;
    std::string data, more;
    ASSERT_TRUE(rpc::DecodeOutput(grpc::ByteBuffer(parts, 2), &offset, &slices, &more)) << cut;
    for (const grpc::Slice& slice : slices) data.append(slice.begin(), slice.end());
    EXPECT_EQ(offset, 300);
    EXPECT_EQ(data, "hello") << cut;
    EXPECT_EQ(more, acks.SerializeAsString()) << cut;
  }
  int64_t offset = 0;
  std::vector<grpc::Slice> slices;
  std::string more;
  const grpc::Slice half = flat.sub(0, 7);
  EXPECT_FALSE(rpc::DecodeOutput(grpc::ByteBuffer(&half, 1), &offset, &slices, &more));
}

}  // namespace
}  // namespace atrium
