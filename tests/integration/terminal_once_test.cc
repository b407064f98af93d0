// R33: what pages say twice, late, early and again takes effect once and in its order.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

#include "common/str_cat.h"
#include "tests/support/host_test.h"

namespace atrium::terminal {
namespace {

constexpr int kOperations = 1'000'000;
// More than a terminal holds for a program that does not read, so that some of it waits.
constexpr int kTurn = 5000;

// Pages of two editors and a viewer that say all kinds of input, and what of it a program
// must read: a model of one line, to hold the host and its ledger against.
class OnceTest : public HostTest {
 protected:
  void OnInputWritten(const AttachmentId& id, int64_t sequence) override {
    confirmed_[id] = std::max(confirmed_[id], sequence);
  }
  static std::string DataOf(const AttachmentId& id, int64_t sequence) {
    return StrCat(id.value(), sequence, ";");
  }
  int64_t Below(int64_t count) {
    return static_cast<int64_t>(random_() % static_cast<uint64_t>(count));
  }

  // The next, one of before, or one that comes before its turn.
  int64_t SomeSequence(int64_t accepted) {
    switch (Below(4)) {
      case 0:
        return accepted == 0 ? 1 : 1 + Below(accepted);  // From long ago, too.
      case 1:
        return std::max<int64_t>(1, accepted - Below(20));
      case 2:
        return accepted == 0 ? 1 : accepted + 1 + Below(4);
      default:
        return accepted + 1;
    }
  }
  void Say(const AttachmentId& id) {
    int64_t& accepted = accepted_[id];
    const int64_t sequence = SomeSequence(accepted);
    const absl::Status status = host_->Input(kTab, id, sequence, DataOf(id, sequence));
    if (id == kEve) {
      ASSERT_TRUE(absl::IsPermissionDenied(status)) << status;
    } else if (sequence > accepted + 1) {
      ASSERT_TRUE(absl::IsOutOfRange(status)) << status;
      ++early_;
    } else {
      ASSERT_TRUE(status.ok()) << status;
      if (sequence == accepted + 1) {
        ++accepted;
        expected_ += DataOf(id, sequence);
      } else {
        ++repeated_;
      }
    }
  }
  // Its connection ended and it is back: it is told what was written, and goes on there.
  void ComeBack(const AttachmentId& id) {
    host_->Close(this, kTab, id);
    const absl::StatusOr<int64_t> written = host_->Open(this, kTab, id);
    ASSERT_TRUE(written.ok()) << written.status();
    ASSERT_LE(*written, accepted_[id]);
    for (int64_t again = *written + 1; again <= accepted_[id]; ++again) {
      ASSERT_TRUE(host_->Input(kTab, id, again, DataOf(id, again)).ok());
      ++repeated_;
    }
  }
  // The program echoed all that was accepted, and nothing else.
  void Check() {
    const int64_t wanted = begin_ + static_cast<int64_t>(expected_.size());
    ASSERT_TRUE(Until([&] { return terminal().log().end() >= wanted; }))
        << terminal().log().end() << " of " << wanted;
    ASSERT_EQ(Output(begin_), expected_);
    ASSERT_TRUE(Until([&] {
      return confirmed_[kAnn] == accepted_[kAnn] && confirmed_[kBob] == accepted_[kBob];
    }));
    begin_ = terminal().log().end();
    expected_.clear();
  }

  std::mt19937_64 random_{33};
  std::map<AttachmentId, int64_t> accepted_, confirmed_;
  std::string expected_;
  int64_t begin_ = 0;
  int repeated_ = 0, early_ = 0;
};

TEST_F(OnceTest,
       R33AMillionRepeatedReplayedAndReorderedOperationsAreWrittenExactlyOnceInTheirOrder) {
  Create({"/bin/sh", "-c", "stty raw -echo; printf ready; exec cat"});
  ASSERT_TRUE(Says("ready"));
  ASSERT_TRUE(host_->Open(this, kTab, kBob).ok());
  begin_ = terminal().log().end();
  for (int i = 1; i <= kOperations && !HasFatalFailure(); ++i) {
    const int64_t who = Below(20);
    Say(who == 0 ? kEve : who < 10 ? kAnn : kBob);
    if (i % 777 == 0) ComeBack(i % 2 == 0 ? kAnn : kBob);
    if (i % kTurn == 0) Check();
  }
  std::cerr << kOperations << " operations: " << accepted_[kAnn] + accepted_[kBob] << " written, "
            << repeated_ << " repeated, " << early_ << " before their turn\n";
  EXPECT_GT(repeated_, kOperations / 4);
  EXPECT_GT(early_, kOperations / 10);
}

}  // namespace
}  // namespace atrium::terminal
