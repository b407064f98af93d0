#include "media/hearing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace atrium::media {
namespace {

using atrium::v1::Conversation;

struct Case {
  const char* name;
  Conversation::AudioMode mode;
  std::vector<Ear> ears;
  std::vector<Encode> want;
};

class HearingTest : public testing::TestWithParam<Case> {};

TEST_P(HearingTest, V7_EncodesAreSharedByAllWhoHearTheSame) {
  const auto got = WhoHearsWhat(GetParam().mode, GetParam().ears);
  ASSERT_EQ(got.size(), GetParam().want.size());
  for (size_t i = 0; i < got.size(); ++i) {
    EXPECT_EQ(got[i].without, GetParam().want[i].without);
    EXPECT_EQ(got[i].voices, GetParam().want[i].voices);
    EXPECT_EQ(got[i].ears, GetParam().want[i].ears);
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, HearingTest,
    testing::Values(
        Case{"Nobody", Conversation::EVERYBODY, {}, {}},
        Case{"AllSilent", Conversation::EVERYBODY, {{1}, {2}, {3}}, {{0, true, {0, 1, 2}}}},
        Case{"OneSpeaks",
             Conversation::EVERYBODY,
             {{1}, {2, false, true}, {3}},
             {{2, true, {1}}, {0, true, {0, 2}}}},
        Case{"UnspecifiedIsEverybody",
             Conversation::AUDIO_MODE_UNSPECIFIED,
             {{1, false, true}, {2}},
             {{1, true, {0}}, {0, true, {1}}}},
        Case{"AgentOnly",
             Conversation::AGENT_ONLY,
             {{1, false, true}, {2}, {3, false, true}},
             {{0, false, {0, 1, 2}}}},
        Case{"TheDeafened",
             Conversation::EVERYBODY,
             {{1, true, true}, {2, true}, {3}},
             {{0, true, {2}}}},
        Case{"AllDeafened", Conversation::AGENT_ONLY, {{1, true}}, {}}),
    [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace atrium::media
