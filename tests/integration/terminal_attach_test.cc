// Streams on a terminal over gRPC, with real programs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/errors.h"
#include "terminal/limits.h"
#include "tests/support/attach_test.h"
#include "tests/support/held_screens.h"

namespace atrium::terminal {
namespace {

TEST_F(AttachTest, S4_S21NothingOfATerminalIsSentBeforeAnAttachmentWasOpened) {
  Start("while read x; do echo secret-$x; done");
  Attached witness(&loop_, stub_.get(), 0), from_start(&loop_, stub_.get(), 0),
      from_snapshot(&loop_, stub_.get(), -1), beyond(&loop_, stub_.get(), INT64_MAX);
  witness.Open("ann");
  ASSERT_TRUE(Until([&] { return witness.opened == 1; }));
  for (Attached* thief : {&from_start, &from_snapshot, &beyond}) {
    thief->Open("mallory");
    thief->Open("guess");
    thief->AskSnapshot();
  }
  ASSERT_TRUE(host_->WriteOnce(kTab, "a", "1\n").ok());
  ASSERT_TRUE(Says(witness, "secret-1"));
  host_->Resize(kTab, AttachmentId("ann"), {100, 30}).IgnoreError();
  ASSERT_TRUE(host_->WriteOnce(kTab, "b", "2\n").ok());
  ASSERT_TRUE(Says(witness, "secret-2"));
  ASSERT_TRUE(host_->WriteOnce(kTab, "c", "\x04").ok());
  ASSERT_TRUE(Until([&] { return witness.all.back().has_exit(); }));
  for (Attached* thief : {&from_start, &from_snapshot, &beyond}) {
    ASSERT_TRUE(Until([&] { return thief->refused == 2; }));
    EXPECT_EQ(thief->told, 0) << thief->all.back().DebugString();
  }
  // And it misses nothing once it may.
  from_start.Open("eve");
  ASSERT_TRUE(Says(from_start, "secret-2"));
  EXPECT_EQ(from_start.bytes, witness.bytes);
  from_snapshot.Open("eve");
  EXPECT_TRUE(Until([&] { return from_snapshot.snapshots == 1; }));
}

TEST_F(AttachTest, S4_N9AfterTheLastAttachmentIsClosedOrRevokedNothingFollows) {
  Start("while read x; do echo said-$x; done");
  Attached witness(&loop_, stub_.get(), 0), closes(&loop_, stub_.get(), 0),
      revoked(&loop_, stub_.get(), 0);
  witness.Open("ann");
  closes.Open("ann");
  closes.Open("eve");
  revoked.Open("mallory");
  revoked.Open("eve");
  ASSERT_TRUE(Until([&] { return witness.opened == 1 && closes.opened == 2 && revoked.opened == 1; }));
  closes.Close("ann");
  ASSERT_TRUE(host_->WriteOnce(kTab, "a", "1\n").ok());
  for (Attached* each : {&witness, &closes, &revoked}) ASSERT_TRUE(Says(*each, "said-1"));
  closes.Close("eve");
  closes.Open("guess");  // Answered in order: what was closed is closed then.
  ASSERT_TRUE(Until([&] { return closes.refused == 1; }));
  Give({{"ann", {"main", Participant::EDITOR}}, {"mallory", {"other", Participant::OWNER}}}, "");
  const int closed_at = closes.told;
  revoked.AskSnapshot();
  ASSERT_TRUE(host_->WriteOnce(kTab, "b", "2\n").ok());
  ASSERT_TRUE(Says(witness, "said-2"));
  ASSERT_TRUE(Until([&] { return revoked.revoked == 1; }));
  revoked.Open("guess");
  ASSERT_TRUE(Until([&] { return revoked.refused == 2; }));
  EXPECT_EQ(closes.told, closed_at);
  EXPECT_THAT(revoked.bytes, testing::Not(testing::HasSubstr("2")));
  EXPECT_EQ(revoked.snapshots, 0);
}

// With nothing to wait for but the word itself: the clock stands still.
TEST_F(AttachTest, R15_R33ThatInputWasWrittenIsSaidWithItsEchoOrALittleLaterAlone) {
  Start("read x; stty -echo; echo quiet; cat > /dev/null");
  Attached page(&loop_, stub_.get(), 0);
  page.Open("ann");
  ASSERT_TRUE(Until([&] { return page.opened == 1; }));
  page.Type("ann", 1, "echo");
  page.Type("ann", 2, "ed\n");
  ASSERT_TRUE(Says(page, "quiet"));
  EXPECT_EQ(page.acked, 2);
  EXPECT_EQ(page.lone_acks, 0);
  page.Type("ann", 3, "unseen");
  page.Type("ann", 4, "\n");
  ASSERT_TRUE(Until([&] {
    loop_.Advance(limits::kAckDelay);
    return page.acked == 4;
  }));
  EXPECT_GE(page.lone_acks, 1);
}

// 10,000 coloured lines, told by a prompt at their end.
constexpr char kManyLines[] =
    "read x; i=0; while [ $i -lt 10000 ]; do printf '\\033[38;5;%dmline %d of many lines\\r\\n' "
    "$((i % 256)) $i; i=$((i+1)); done; echo written; read x; echo more; cat";

TEST_F(AttachTest, N2_R17AWholeScreenComesInPiecesAndOneIsOnItsWayAtATime) {
  Start(kManyLines);
  Attached witness(&loop_, stub_.get(), 0);
  witness.Open("ann");
  witness.Type("ann", 1, "\n");
  ASSERT_TRUE(Says(witness, "written"));
  Attached stalled(&loop_, stub_.get(), -1), of_before(&loop_, stub_.get(), -1, "", false);
  stalled.stream->Pause();
  for (Attached* each : {&stalled, &of_before}) each->Open("eve");
  for (int i = 0; i < 50; ++i) stalled.AskSnapshot();
  ASSERT_TRUE(Until([&] { return of_before.snapshots == 1; }));
  stalled.stream->Resume();
  ASSERT_TRUE(Until([&] { return stalled.snapshots >= 2; }));
  // What was asked for while one was on its way is one more; so is what came after that,
  // of which one that is whole stands for a screen alone, too.
  while (!stalled.all.back().snapshot().without_scrollback()) {
    const int before = stalled.snapshots;
    // Some had gone out before the transport was full.
    ASSERT_LE(before, 25) << "of 50 that were asked for";
    stalled.AskScreen();
    ASSERT_TRUE(Until([&] { return stalled.snapshots > before; }));
  }
  EXPECT_LT(stalled.all.back().snapshot().data().size(), 8192u);
  size_t pieces = 0, bytes = 0, wholes = 0;
  for (const AttachResponse& response : stalled.all) {
    if (!response.has_snapshot() || response.snapshot().without_scrollback()) continue;
    EXPECT_LE(response.snapshot().data().size(), limits::kOutputPieceBytes);
    ++pieces;
    bytes += response.snapshot().data().size();
    wholes += response.snapshot().last();
  }
  EXPECT_GE(pieces, 4 * wholes);
  for (const AttachResponse& response : of_before.all) {
    if (!response.has_snapshot()) continue;
    EXPECT_TRUE(response.snapshot().first() && response.snapshot().last());
    EXPECT_EQ(bytes, wholes * response.snapshot().data().size());
  }
}

// A service's stream is one sequence: no output between pieces, and none missing or
// repeated behind the last.
TEST_F(AttachTest, N2_N7AStreamInLineGoesOnWhereItsScreenEnds) {
  Start(kManyLines);
  Attached service(&loop_, stub_.get(), 0, "", true, true);
  service.Open("ann");
  service.Type("ann", 1, "\n");
  ASSERT_TRUE(Until([&] { return service.bytes.size() > 100'000; }));
  service.AskSnapshot();
  ASSERT_TRUE(Says(service, "written"));
  ASSERT_TRUE(Until([&] { return service.snapshots == 1; }));
  service.Type("ann", 2, "\n");
  ASSERT_TRUE(Says(service, "more"));
  int64_t at = 0;
  bool inside = false;
  for (const AttachResponse& response : service.all) {
    if (response.has_output()) {
      EXPECT_FALSE(inside);
      EXPECT_EQ(response.output().offset(), at);
      at += static_cast<int64_t>(response.output().data().size());
    } else if (response.has_snapshot()) {
      at = response.snapshot().offset();
      inside = !response.snapshot().last();
    }
  }
}

// A wide character that found no room, with autowrap off and inserting on: what it may yet
// be joined with cannot be told.
constexpr char kInexact[] =
    "stty -echo; printf '\\033[4h\\033[?7l\\033[80G\\344\\275\\240'; read x; printf '\\r!'; cat";
constexpr int64_t kInexactBytes = 4 + 5 + 5 + 3;

TEST_F(AttachTest, N2_M4AScreenThatCannotBeToldExactlyIsToldAMomentLater) {
  Start(kInexact);
  Attached witness(&loop_, stub_.get(), 0), late(&loop_, stub_.get(), -1);
  witness.Open("ann");
  ASSERT_TRUE(Until([&] { return static_cast<int64_t>(witness.bytes.size()) == kInexactBytes; }));
  late.Open("eve");
  ASSERT_TRUE(Until([&] { return late.opened == 1; }));
  bool drawn = false;  // All that was asked before.
  terminal().Snapshot(true, [&](ScreenSnapshot now) {
    EXPECT_FALSE(now.exact);
    drawn = true;
  });
  ASSERT_TRUE(Until([&] { return drawn; }));
  witness.Type("ann", 1, "\n");
  ASSERT_TRUE(Says(witness, "!"));
  EXPECT_EQ(late.snapshots, 0);
  loop_.Advance(limits::kExactSpacing);
  ASSERT_TRUE(Until([&] { return late.snapshots == 1; }));
  const auto& snapshot = late.all.back().snapshot();
  EXPECT_EQ(snapshot.offset(), kInexactBytes + 2);
  EXPECT_FALSE(snapshot.required());
  EXPECT_EQ(witness.snapshots, 0);
}

TEST_F(AttachTest, N2_M4AScreenThatWasToldInexactlyIsToldAnewToAllOnceItCanBe) {
  Start(kInexact);
  Attached page(&loop_, stub_.get(), 0);
  page.Open("ann");
  ASSERT_TRUE(Until([&] { return static_cast<int64_t>(page.bytes.size()) == kInexactBytes; }));
  page.AskSnapshot();
  // The program rests: nothing is gained by waiting.
  ASSERT_TRUE(Until([&] {
    loop_.Advance(absl::Milliseconds(1));
    return page.snapshots == 1;
  }));
  EXPECT_LE(loop_.Monotonic(), limits::kExactSpacing * 10);
  EXPECT_FALSE(page.all.back().snapshot().required());
  loop_.Advance(limits::kExactSpacingMost);
  page.Type("ann", 1, "\n");
  ASSERT_TRUE(Says(page, "!"));
  ASSERT_TRUE(Until([&] {
    loop_.Advance(absl::Milliseconds(1));
    return page.snapshots == 2;
  }));
  EXPECT_TRUE(page.all.back().snapshot().required());
  EXPECT_EQ(page.all.back().snapshot().offset(), kInexactBytes + 2);
  page.AskSnapshot();
  ASSERT_TRUE(Until([&] { return page.snapshots == 3; }));
  EXPECT_FALSE(page.all.back().snapshot().required()) << "all have it";
}

TEST_F(AttachTest, X5_N3StreamsScreensAndWhoWasRefusedOrTooSlowAreCounted) {
  const Figures& count = host_->figures();
  Start(kInexact);
  {
    Attached page(&loop_, stub_.get(), 0), reader(&loop_, stub_.get(), 0, "ann");
    page.Open("eve");
    ASSERT_TRUE(Until([&] { return page.opened == 1 && reader.opened == 1; }));
    EXPECT_EQ(count.streams.at("shared"), 1);
    EXPECT_EQ(count.streams.at("lossless"), 1);
    ASSERT_TRUE(Until([&] { return terminal().log().end() == kInexactBytes; }));
    page.AskSnapshot();
    ASSERT_TRUE(Until([&] {
      loop_.Advance(absl::Milliseconds(1));
      return page.snapshots == 1;
    }));
    EXPECT_EQ(count.snapshots, 2);
    EXPECT_EQ(count.inexact_snapshots, 2);
    EXPECT_EQ(count.retaken_snapshots, 1);
    page.Type("eve", 1, "no\n");
    ASSERT_TRUE(Until([&] { return page.refused == 1; }));
    EXPECT_EQ(count.input_refused.at("VIEW_ONLY"), 1);
  }
  EXPECT_TRUE(
      Until([&] { return count.streams.at("shared") + count.streams.at("lossless") == 0; }));
}

// Control, which hears of the terminal.
struct Heard final : Host::Driver {
  void OnStatus(const v1::TerminalStatus& status) override { statuses.push_back(status); }
  void OnTyped(const std::string&, const std::string&) override {}
  void OnCommandEnd(const v1::CommandEnd&) override {}
  void OnHostStatus(const v1::HostStatus&) override {}
  void OnReplaced(absl::Status) override {}

  std::vector<v1::TerminalStatus> statuses;
};

TEST_F(AttachTest, S13WhatWasReadBeforeIsNotedBeforeWhatWasApprovedIsTyped) {
  Start("stty -echo; echo ready; read x; printf '\\033]133;C\\033\\\\'; read x; echo got-$x");
  ASSERT_TRUE(Until([&] { return terminal().log().end() >= 7; }));
  // The screen is behind: that a command runs is in the output, and nobody knows it yet.
  HeldScreens busy(&screens_);
  const int64_t before = terminal().log().end();
  ASSERT_TRUE(host_->WriteOnce(kTab, "a", "1\n").ok());
  ASSERT_TRUE(Until([&] { return terminal().log().end() > before; }));
  ASSERT_FALSE(terminal().commands().running());
  v1::WriteInputRequest write;
  write.set_tab(kTab);
  write.set_write_id("b");
  write.set_data("2\n");
  write.mutable_condition()->mutable_reader()->set_command_runs(false);
  v1::WriteInputResponse answer;
  const auto send = [&](bool held) {
    std::optional<absl::Status> written;
    rpc::Call<v1::WriteInputResponse>(
        &loop_, absl::Minutes(1), write,
        [this](auto* c, auto* q, auto* r, auto then) { stub_->async()->WriteInput(c, q, r, then); },
        [&](auto response) {
          written = response.status();
          if (response.ok()) answer = *response;
        });
    if (held) {
      // It comes here, and waits.
      const auto soon = std::chrono::steady_clock::now() + std::chrono::milliseconds(200);
      EXPECT_TRUE(Until([&] { return written || std::chrono::steady_clock::now() > soon; }));
      EXPECT_FALSE(written) << *written;
      busy.Release();
    }
    EXPECT_TRUE(Until([&] { return written.has_value(); }));
    return written.value_or(absl::OkStatus());
  };
  const absl::Status refused = send(true);
  EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
  EXPECT_EQ(DetailsOf(refused).reason, "TAB_MOVED");
  write.mutable_condition()->mutable_reader()->set_command_runs(true);
  EXPECT_TRUE(send(false).ok());
  EXPECT_FALSE(answer.known());
  write.mutable_condition()->mutable_reader()->set_command_runs(false);
  EXPECT_TRUE(send(false).ok()) << "that it was typed before";
  EXPECT_TRUE(answer.known());
}

TEST_F(AttachTest, S13_N7ThatACommandRunsIsToldAtOnceAndALoopOfThemNoMoreOftenThanElse) {
  Heard control;
  ASSERT_TRUE(host_->TakeOver(&control, 1).ok());
  Start(
      "read x; printf '\\033]133;C\\033\\\\'; read x; i=0; while [ $i -lt 300 ]; do "
      "printf '\\033]133;D;0\\033\\\\\\033]133;C\\033\\\\'; i=$((i+1)); done; echo end; read x");
  loop_.Advance(absl::Seconds(1));
  const size_t before = control.statuses.size();
  ASSERT_TRUE(host_->WriteOnce(kTab, "a", "1\n").ok());
  // The clock stands still.
  ASSERT_TRUE(Until([&] { return control.statuses.size() > before; }));
  EXPECT_TRUE(control.statuses.back().command_runs());
  loop_.Advance(absl::Seconds(1));
  const size_t then = control.statuses.size();
  ASSERT_TRUE(host_->WriteOnce(kTab, "b", "1\n").ok());
  ASSERT_TRUE(Until([&] { return terminal().commands().all().size() == 301; }));
  EXPECT_EQ(control.statuses.size(), then + 1);
  loop_.Advance(limits::kStatusSpacing);
  EXPECT_EQ(control.statuses.size(), then + 2);
  EXPECT_TRUE(control.statuses.back().command_runs()) << "how it is now";
  ASSERT_TRUE(host_->TakeOver(&control, 1).ok());
  host_->Leave(&control);
}

TEST_F(AttachTest, R32_N2WhoIsStillOwedAnExactScreenIsOwedItAfterAnUpgradeToo) {
  Start(kInexact);
  const auto differs_until = [this] {
    std::optional<int64_t> until;
    terminal().HandOver([&](const auto& handed) { until = handed.differs_until(); });
    EXPECT_TRUE(Until([&] { return until.has_value(); }));
    terminal().GoOn();
    return until.value_or(-2);
  };
  auto page = std::make_unique<Attached>(&loop_, stub_.get(), 0);
  page->Open("ann");
  ASSERT_TRUE(Until([&] { return static_cast<int64_t>(page->bytes.size()) == kInexactBytes; }));
  page->AskSnapshot();
  ASSERT_TRUE(Until([&] {
    loop_.Advance(absl::Milliseconds(1));
    return page->snapshots == 1;
  }));
  page->Type("ann", 1, "\n");
  ASSERT_TRUE(Says(*page, "!"));
  EXPECT_EQ(differs_until(), kInexactBytes + 2) << "the page has drawn all on an inexact screen";
  ASSERT_TRUE(Until([&] {
    loop_.Advance(absl::Milliseconds(1));
    return page->snapshots == 2;
  }));
  EXPECT_EQ(differs_until(), -1);
}

TEST_F(AttachTest, P12WhoHasTheTerminalIsLookedAtNowAndThen) {
  Heard control;
  ASSERT_TRUE(host_->TakeOver(&control, 1).ok());
  Start(
      "printf '\\033]133;A\\033\\\\\\033]133;B\\033\\\\'; read x; printf '\\033]133;C\\033\\\\'; "
      "exec sh -i");
  ASSERT_TRUE(Until([&] { return terminal().at_idle_prompt(); }));
  ASSERT_TRUE(host_->WriteOnce(kTab, "a", "1\n").ok());
  ASSERT_TRUE(Until([&] { return terminal().commands().running(); }));
  ASSERT_TRUE(host_->WriteOnce(kTab, "b", "echo twice\n").ok());
  ASSERT_TRUE(Until([&] {
    const OutputLog& log = terminal().log();
    const std::string_view output = log.Peek(0, 4096);
    return output.find("twice\r\n") < output.rfind("twice\r\n");
  }));
  loop_.Advance(absl::Seconds(31));
  EXPECT_TRUE(control.statuses.back().shell_replaced());
  host_->Leave(&control);
}

// A gateway of before knows only a message of its own for it.
TEST_F(AttachTest, R32ThatInputWasWrittenIsSaidAloneToWhoeverDidNotAskForMore) {
  Start("cat");
  Attached page(&loop_, stub_.get(), 0, "", false);
  page.Open("ann");
  ASSERT_TRUE(Until([&] { return page.opened == 1; }));
  page.Type("ann", 1, "echoed\n");
  ASSERT_TRUE(Says(page, "echoed\r\nechoed\r\n"));
  EXPECT_EQ(page.acked, 0);
  EXPECT_TRUE(std::any_of(page.all.begin(), page.all.end(), [](const AttachResponse& response) {
    return response.input_ack().sequence() == 1;
  }));
}

TEST_F(AttachTest, S4_N7AViewerMayNotHoldTheProgramAndAnEditorNoLongerOnceItIsOne) {
  Start("head -c 8000000 /dev/zero | tr '\\0' x; echo the end; cat");
  Attached viewer(&loop_, stub_.get(), 0, "eve"), editor(&loop_, stub_.get(), 0, "ann"),
      stranger(&loop_, stub_.get(), 0, "mallory");
  ASSERT_TRUE(Until([&] { return viewer.closed && stranger.closed; }));
  EXPECT_EQ(DetailsOf(*viewer.closed).reason, "LOSSLESS_FOR_EDITORS");
  EXPECT_TRUE(absl::IsPermissionDenied(*viewer.closed));
  EXPECT_TRUE(absl::IsPermissionDenied(*stranger.closed));
  EXPECT_EQ(viewer.told + stranger.told, 0);
  ASSERT_TRUE(Until([&] { return terminal().log().end() > limits::kLosslessLagBytes; }));
  const int64_t held = terminal().log().end();
  Give({{"ann", {"main", Participant::VIEWER}}}, "");
  ASSERT_TRUE(Until([&] { return terminal().log().end() >= 8000000; }));
  EXPECT_LE(held, limits::kLosslessLagBytes + static_cast<int64_t>(limits::kReadBytes));
  ASSERT_TRUE(Until([&] { return editor.closed.has_value(); }));
  EXPECT_EQ(DetailsOf(*editor.closed).reason, "LOSSLESS_FOR_EDITORS");
}

TEST_F(AttachTest, N7_S5WhoHeldTheProgramForTooLongMayNotHoldItAgainForAMinute) {
  Start("head -c 100000000 /dev/zero | tr '\\0' x; echo the end; cat");
  const auto more = [this](int64_t than) {
    return Until([&] { return terminal().log().end() > than; });
  };
  auto first = std::make_unique<Attached>(&loop_, stub_.get(), 0, "ann");
  ASSERT_TRUE(Until([&] { return first->opened == 1; }));
  ASSERT_TRUE(more(limits::kLosslessLagBytes));
  // Who it is is told, but not of a moment.
  loop_.Advance(limits::kHoldTold * 0.9);
  EXPECT_TRUE(terminal().holders().empty());
  loop_.Advance(limits::kHoldTold * 0.2);
  ASSERT_EQ(host_->Inventory().terminals(0).held_by_size(), 1);
  EXPECT_EQ(host_->Inventory().terminals(0).held_by(0), "sessions/main/participants/ann");
  // Coming back with another stream in between gives no more time.
  loop_.Advance(limits::kLosslessHold * 0.9 - limits::kHoldTold * 1.1);
  const int64_t held = terminal().log().end();
  first.reset();
  first = std::make_unique<Attached>(&loop_, stub_.get(), 0, "ann");
  ASSERT_TRUE(Until([&] { return first->opened == 1; }));
  EXPECT_EQ(terminal().log().end(), held);
  loop_.Advance(limits::kLosslessHold * 0.2);
  ASSERT_TRUE(Until([&] { return first->closed.has_value(); }));
  EXPECT_EQ(DetailsOf(*first->closed).reason, "LOSSLESS_TOO_SLOW");
  EXPECT_EQ(host_->figures().lossless_ended, 1);
  EXPECT_TRUE(terminal().holders().empty());
  EXPECT_TRUE(more(held + 2 * limits::kLosslessLagBytes)) << "its end holds nothing either";
  Attached again(&loop_, stub_.get(), -1, "ann");
  ASSERT_TRUE(Until([&] { return again.closed.has_value(); }));
  EXPECT_EQ(DetailsOf(*again.closed).reason, "LOSSLESS_RESTS");
  EXPECT_TRUE(DetailsOf(*again.closed).retry_after.has_value());
  Attached live(&loop_, stub_.get(), -1);
  live.Open("ann");
  EXPECT_TRUE(Until([&] { return live.snapshots == 1; })) << "it may look on";
  loop_.Advance(limits::kHoldRest);
  Attached later(&loop_, stub_.get(), -1, "ann");
  EXPECT_TRUE(Until([&] { return later.opened == 1; }));
}

}  // namespace
}  // namespace atrium::terminal
