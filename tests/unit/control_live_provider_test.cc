// What is said to a provider that speaks the Live protocol, and what is made of what it says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/agent/live_events.h"
#include "control/agent/live_stretch.h"
#include "control/agent/realtime_address.h"
#include "control/limits.h"

namespace atrium::control {
namespace {

using nlohmann::json;

TEST(LiveEventsTest, V1ASessionBeginsWithAllThatItMustKnow) {
  const RealtimeOptions options{.model = "gpt-live-1", .voice = "marin"};
  const ProviderSettings settings{.instructions = "Be brief.",
                                  .tools = {{"list_tabs", "Lists.", R"({"type":"object"})"}}};
  const std::vector<HistoryItem> history = {{HistoryItem::Role::kUser, "Ann: hello"},
                                            {HistoryItem::Role::kAgent, "Hello, Ann"},
                                            {HistoryItem::Role::kSystem, "a note"}};
  const json session = live::Start(options, "backend-1", settings, history)["session"];
  EXPECT_EQ(session["model"], "gpt-live-1");
  EXPECT_EQ(session["audio"]["format"]["rate"], 24000);
  EXPECT_EQ(session["audio"]["output"]["voice"], "marin");
  EXPECT_EQ(session["store"], false) << "nothing is kept there (L19)";
  EXPECT_EQ(session["input"][0]["role"], "user");
  EXPECT_EQ(session["input"][1]["content"][0]["type"], "output_text");
  EXPECT_EQ(session["input"][2]["role"], "developer");
  EXPECT_EQ(session["delegation"]["responses"]["model"], "backend-1");
  EXPECT_EQ(session["delegation"]["responses"]["tools"][0]["name"], "list_tabs");
  EXPECT_FALSE(live::Start(options, "", settings, {})["session"].contains("delegation"));
}

TEST(LiveEventsTest, R13TheNewestHistoryIsToldAsFarAsTheServerTakesIt) {
  std::vector<HistoryItem> history;
  for (int i = 0; i < 60; ++i) {
    history.push_back({HistoryItem::Role::kUser, std::string(1000, 'a') + std::to_string(i)});
  }
  const json input = live::Start({}, "", {}, history)["session"]["input"];
  EXPECT_EQ(input.size(), limits::kLiveHistoryBytes / 1002);
  EXPECT_TRUE(input.back()["content"][0]["text"].get<std::string>().ends_with("59"));
}

TEST(LiveEventsTest, R28LongTextsAreCutBetweenCharacters) {
  std::string text;
  for (size_t i = 0; i < limits::kLiveAppendBytes; ++i) text += "é";
  std::string all;
  for (const json& event : live::Thoughts("x" + text)) {
    EXPECT_EQ(event["type"], "session.thinking.append");
    EXPECT_TRUE(event["delegation_id"].is_null());
    EXPECT_LE(event["content"].get<std::string>().size(), limits::kLiveAppendBytes);
    EXPECT_NO_THROW(event.dump()) << "half a character is no text";
    all += event["content"].get<std::string>();
  }
  EXPECT_EQ(all, "x" + text);
}

TEST(LiveEventsTest, V1ItsAddressHasNoModelInIt) {
  RealtimeOptions options{.url = "wss://api.openai.com/v1/live/sessions", .model = "gpt-live-1"};
  EXPECT_TRUE(IsLiveUrl(options.url));
  EXPECT_TRUE(IsLiveUrl(options.url + "/?a=b"));
  EXPECT_EQ(SocketUrlOf(options), options.url);
  EXPECT_FALSE(IsLiveUrl("wss://api.openai.com/v1/realtime"));
}

TEST(StretchTest, N5AnUtteranceIsWhatComesWithoutAPause) {
  Stretch said("said");
  EXPECT_TRUE(said.Begin(100));
  EXPECT_FALSE(said.Begin(200)) << "it goes on";
  said.Append("he", 200);
  said.Append("llo", 400);
  EXPECT_EQ(said.id(), "said-1");
  EXPECT_EQ(said.text(), "hello");
  EXPECT_EQ(said.end_ms(), 400);
  said.End();
  EXPECT_TRUE(said.Begin(900));
  EXPECT_EQ(said.id(), "said-2");
  EXPECT_EQ(said.text(), "");
}

TEST(StretchTest, N5SilenceIsWhatNobodyWouldHear) {
  EXPECT_TRUE(IsSilence(std::string(960, '\0')));
  EXPECT_TRUE(IsSilence(std::string("\x10\x00\xf0\xff", 4)));
  EXPECT_FALSE(IsSilence(std::string("\x00\x00\x00\x10", 4)));
  EXPECT_FALSE(IsSilence(std::string("\x00\xf0", 2)));
}

}  // namespace
}  // namespace atrium::control
