// What a room is told is worded once.
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <string>

#include "gateway/bridge/wording.h"

namespace atrium::gateway {
namespace {

using atrium::v1::JoinResponse;

std::string Direct(const JoinResponse& message) {
  std::string text;
  EXPECT_TRUE(google::protobuf::util::MessageToJsonString(message, &text).ok());
  return text;
}
JoinResponse Change(int64_t revision) {
  JoinResponse message;
  message.mutable_change()->set_revision(revision);
  return message;
}

TEST(WordingTest, R19WhatTheRoomIsToldIsWordedOnceAndTheSame) {
  Wording wording;
  for (int page = 0; page < 10; ++page) {
    for (int64_t revision = 1; revision <= 20; ++revision) {
      EXPECT_EQ(wording.Say(Change(revision)), Direct(Change(revision)));
    }
  }
  EXPECT_EQ(wording.worded_count(), 20);
  EXPECT_EQ(wording.known_count(), 180);
}

TEST(WordingTest, WhatOnePageIsToldIsNotKept) {
  Wording wording;
  JoinResponse ack;
  ack.mutable_input_ack()->set_sequence(7);
  EXPECT_EQ(wording.Say(ack), Direct(ack));
  EXPECT_EQ(wording.Say(ack), Direct(ack));
  JoinResponse large;
  large.mutable_caption()->set_text(std::string(100'000, 'x'));
  EXPECT_EQ(wording.Say(large), Direct(large));
  EXPECT_EQ(wording.Say(large), Direct(large));
  EXPECT_EQ(wording.known_count(), 0);
}

TEST(WordingTest, KeepsTheLastOnes) {
  Wording wording;
  for (int64_t revision = 1; revision <= 1000; ++revision) wording.Say(Change(revision));
  wording.Say(Change(1000));
  EXPECT_EQ(wording.known_count(), 1);
  EXPECT_EQ(wording.Say(Change(1)), Direct(Change(1)));
}

TEST(WordingTest, SaysNothingOfWhatIsNoJson) {
  Wording wording;
  JoinResponse message;  // There is no such time.
  message.mutable_change()->mutable_entry()->mutable_create_time()->set_seconds(INT64_MAX);
  EXPECT_EQ(wording.Say(message), "");
  EXPECT_EQ(wording.Say(message), "");
  EXPECT_NE(wording.Say(Change(1)), "");
}

}  // namespace
}  // namespace atrium::gateway
