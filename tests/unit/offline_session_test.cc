// The offline agent's side of the Realtime protocol, in a time that moves when told.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "control/agent/offline/g711.h"
#include "control/agent/offline/items.h"
#include "control/agent/offline/limits.h"
#include "control/agent/offline/secrets.h"
#include "control/agent/offline/session.h"
#include "tests/support/manual_loop.h"

namespace atrium::agent {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

// The models are loaded once for all tests.
Recognizer* Ears() {
  static Recognizer* const kEars = Recognizer::Create().value().release();
  return kEars;
}
Voice* Mouth() {
  static Voice* const kMouth = Voice::Create().value().release();
  return kMouth;
}

class OfflineSessionTest : public testing::Test {
 protected:
  void Ask(const std::string& text) {
    session_.OnEvent({{"type", "conversation.item.create"},
                      {"item",
                       {{"type", "message"},
                        {"role", "user"},
                        {"content", json::array({{{"type", "input_text"}, {"text", text}}})}}}});
    session_.OnEvent({{"type", "response.create"}});
  }
  std::vector<json> Heard(const std::string& type) const {
    std::vector<json> out;
    for (const json& event : heard_) {
      if (event["type"] == type) out.push_back(event);
    }
    return out;
  }
  double SecondsOfAudio() const {
    size_t bytes = 0;
    for (const json& event : Heard("response.output_audio.delta")) {
      bytes += FromBase64(event["delta"])->size();
    }
    return static_cast<double>(bytes) / 48000;
  }

  ManualLoop loop_;
  std::vector<json> heard_;
  std::vector<int> closed_;
  Session session_{&loop_, Ears(), Mouth(),
                   {.send = [this](const json& event) { heard_.push_back(event); },
                    .close = [this](int code) { closed_.push_back(code); }},
                   {.model = "m", .life = absl::Hours(1)}};
};

TEST_F(OfflineSessionTest, N5AnAnswerTakesItsTimeSoThatItCanBeCancelled) {
  Ask("what can you do");
  EXPECT_NEAR(SecondsOfAudio(), 0.6, 0.01);
  loop_.Advance(absl::Milliseconds(100));
  EXPECT_NEAR(SecondsOfAudio(), 1.0, 0.01);
  EXPECT_TRUE(Heard("response.done").empty());
  session_.OnEvent({{"type", "response.cancel"}});
  ASSERT_EQ(Heard("response.done").size(), 1u);
  EXPECT_EQ(Heard("response.done")[0]["response"]["status"], "cancelled");
  loop_.Advance(absl::Minutes(1));
  EXPECT_NEAR(SecondsOfAudio(), 1.0, 0.01) << "it went on";
  EXPECT_EQ(Heard("response.done").size(), 1u);
}

TEST_F(OfflineSessionTest, N5AnAnswerThatIsNotCancelledIsWhole) {
  Ask("what can you do");
  loop_.Advance(absl::Minutes(1));
  std::string words;
  for (const json& event : Heard("response.output_audio_transcript.delta")) {
    words += event["delta"].get<std::string>();
  }
  EXPECT_THAT(words, HasSubstr("run commands once somebody approves."));
  EXPECT_EQ(Heard("response.done")[0]["response"]["status"], "completed");
  EXPECT_GT(SecondsOfAudio(), 3);
}

TEST_F(OfflineSessionTest, R13ASessionEndsWhenItsLifeIsOver) {
  session_.Begin();
  EXPECT_EQ(Heard("session.created")[0]["session"]["expires_at"],
            absl::ToUnixSeconds(loop_.Now() + absl::Hours(1)));
  loop_.Advance(absl::Hours(1) - absl::Seconds(1));
  EXPECT_TRUE(closed_.empty());
  loop_.Advance(absl::Seconds(2));
  EXPECT_EQ(Heard("error").at(0)["error"]["code"], "session_expired");
  EXPECT_THAT(closed_, ElementsAre(1001));
}

TEST_F(OfflineSessionTest, N13TheVoiceStaysOnceItWasHeard) {
  const auto with = [](const char* voice) {
    return json{{"type", "session.update"},
                {"session",
                 {{"type", "realtime"}, {"audio", {{"output", {{"voice", voice}}}}}}}};
  };
  session_.OnEvent(with("one"));
  EXPECT_TRUE(Heard("error").empty());
  Ask("what time is it");
  session_.OnEvent(with("one"));
  EXPECT_TRUE(Heard("error").empty());
  session_.OnEvent(with("two"));
  EXPECT_EQ(Heard("error").at(0)["error"]["code"], "cannot_update_voice");
}

// A result that comes late and a question wait for the same response.
TEST_F(OfflineSessionTest, L7OneResponseTellsAResultAndDoesWhatWasTypedMeanwhile) {
  const json run = {{"type", "function"},
                    {"name", "run_command"},
                    {"description", "runs"},
                    {"parameters", {{"type", "object"}}}};
  session_.OnEvent({{"type", "session.update"},
                    {"session", {{"type", "realtime"}, {"tools", json::array({run})}}}});
  session_.OnEvent({{"type", "conversation.item.create"},
                    {"item",
                     {{"type", "function_call"},
                      {"call_id", "c1"},
                      {"name", "run_command"},
                      {"arguments", "{}"}}}});
  session_.OnEvent({{"type", "conversation.item.create"},
                    {"item",
                     {{"type", "function_call_output"},
                      {"call_id", "c1"},
                      {"output", R"({"exit_code":0,"output":"fine"})"}}}});
  Ask("run make in build");
  loop_.Advance(absl::Minutes(1));
  const json output = Heard("response.done").at(0)["response"]["output"];
  ASSERT_EQ(output.size(), 2u) << output;
  EXPECT_EQ(output[0]["type"], "message");
  EXPECT_EQ(output[1]["type"], "function_call");
  EXPECT_EQ(output[1]["name"], "run_command");
  EXPECT_EQ(Heard("response.output_item.added").at(1)["output_index"], 1);
}

TEST_F(OfflineSessionTest, R11AHistoryIsNoQuestion) {
  session_.OnEvent({{"type", "conversation.item.create"},
                    {"item",
                     {{"type", "message"},
                      {"role", "user"},
                      {"content", json::array({{{"type", "input_text"}, {"text", "list the tabs"}}})}}}});
  session_.OnEvent({{"type", "conversation.item.create"},
                    {"item",
                     {{"type", "message"},
                      {"role", "assistant"},
                      {"content", json::array({{{"type", "output_text"}, {"text", "None."}}})}}}});
  session_.OnEvent({{"type", "response.create"}});
  EXPECT_EQ(Heard("response.done").at(0)["response"]["output"], json::array());
}

TEST_F(OfflineSessionTest, R26NoEventOfAnyShapeIsTooMuch) {
  const json odd[] = {json(), json(1), json("x"), json::array(), json::object(), true,
                      json{{"a", nullptr}}};
  for (const char* type : {"session.update", "input_audio_buffer.append", "input_audio_buffer.commit",
                           "input_audio_buffer.clear", "conversation.item.create",
                           "conversation.item.retrieve", "conversation.item.delete",
                           "conversation.item.truncate", "response.create", "response.cancel"}) {
    for (const char* field : {"session", "audio", "item", "item_id", "response", "response_id",
                              "previous_item_id", "audio_end_ms", "content_index", "event_id"}) {
      for (const json& value : odd) {
        session_.OnEvent({{"type", type}, {field, value}});
        for (const char* inner : {"type", "role", "content", "call_id", "audio", "tools", "input",
                                  "output_modalities", "conversation", "metadata", "tool_choice"}) {
          session_.OnEvent({{"type", type}, {field, {{"type", "realtime"}, {inner, value}}}});
        }
      }
    }
  }
  loop_.Advance(absl::Minutes(1));
  heard_.clear();
  Ask("what time is it");
  loop_.Advance(absl::Minutes(1));
  EXPECT_FALSE(Heard("response.done").empty());
}

TEST(SecretsTest, L4ASecretIsGoodForItsTime) {
  Secrets secrets;
  json answer;
  const absl::Time now = absl::UnixEpoch();
  ASSERT_FALSE(secrets.Mint({{"expires_after", {{"seconds", 60}}}}, "m", now, &answer));
  const std::string key = answer["value"];
  EXPECT_TRUE(secrets.Redeem(key, now + absl::Seconds(59)));
  EXPECT_FALSE(secrets.Redeem(key, now + absl::Seconds(60)));
  EXPECT_FALSE(secrets.Redeem(key + "x", now));
}

TEST(SecretsTest, R26ARequestOfAnyShapeIsAnswered) {
  Secrets secrets;
  json answer;
  for (const json& odd : {json(), json(1), json("x"), json::array(), json{{"seconds", "x"}}}) {
    for (const char* field : {"expires_after", "session"}) {
      (void)secrets.Mint({{field, odd}}, "m", absl::UnixEpoch(), &answer);
    }
  }
  EXPECT_TRUE(secrets.Mint({{"expires_after", {{"seconds", 9}}}}, "m", absl::UnixEpoch(), &answer));
  EXPECT_TRUE(
      secrets.Mint({{"expires_after", {{"anchor", 1}}}}, "m", absl::UnixEpoch(), &answer));
}

TEST(SecretsTest, R26SecretsAreBounded) {
  Secrets secrets;
  json answer;
  absl::Time now = absl::UnixEpoch();
  for (size_t i = 0; i < limits::kSecrets; ++i) {
    ASSERT_FALSE(secrets.Mint(json::object(), "m", now, &answer));
  }
  EXPECT_TRUE(secrets.Mint(json::object(), "m", now, &answer));
  now += absl::Seconds(limits::kSecretSeconds);
  EXPECT_FALSE(secrets.Mint(json::object(), "m", now, &answer));
}

TEST(ItemsTest, N5OnlyWhatWasSaidAloudIsTruncatedAndOnlyToLess) {
  Items items;
  json previous;
  const json spoken = {{"id", "a"},
                       {"role", "assistant"},
                       {"content", json::array({{{"type", "output_audio"}, {"transcript", "Hi"}}})}};
  json typed = spoken;
  typed["id"] = "b";
  typed["content"][0]["type"] = "output_text";
  ASSERT_FALSE(items.Add({.shape = spoken}, "", &previous));
  ASSERT_FALSE(items.Add({.shape = typed}, "", &previous));
  items.AddAudio("a", std::string(48 * 100, 'x'), 100);
  EXPECT_TRUE(items.Truncate("b", 0, 0));
  EXPECT_TRUE(items.Truncate("a", 1, 0));
  EXPECT_TRUE(items.Truncate("a", 0, 101));
  EXPECT_FALSE(items.Truncate("a", 0, 60));
  EXPECT_EQ(items.Find("a")->audio.size(), 48u * 60);
  EXPECT_TRUE(items.Truncate("a", 0, 61));
}

TEST(ItemsTest, R26TheOldestAudioAndItemsAreForgottenFirst) {
  Items items;
  json previous;
  for (size_t i = 0; i <= limits::kItems; ++i) {
    ASSERT_FALSE(items.Add({.shape = {{"id", std::to_string(i)}}}, "", &previous));
  }
  EXPECT_EQ(items.Find("0"), nullptr);
  items.AddAudio("1", std::string(limits::kItemAudioBytes, 'x'), 1);
  items.AddAudio("2", "y", 1);
  EXPECT_TRUE(items.Find("1")->audio.empty());
  EXPECT_EQ(items.Find("2")->audio, "y");
}

TEST(G711Test, N13ATonePassesBothLaws) {
  std::vector<int16_t> tone;
  for (int i = 0; i < 8000; ++i) {
    tone.push_back(static_cast<int16_t>(12000 * std::sin(2 * M_PI * 440 * i / 8000.0)));
  }
  for (const G711 law : {G711::kMu, G711::kA}) {
    const std::vector<int16_t> back = FromG711(law, ToG711(law, tone));
    ASSERT_EQ(back.size(), tone.size());
    double error = 0, power = 0;
    for (size_t i = 0; i < tone.size(); ++i) {
      error += std::pow(back[i] - tone[i], 2);
      power += std::pow(tone[i], 2);
    }
    EXPECT_LT(error / power, 0.001);
  }
  // From the standard's tables.
  EXPECT_THAT(FromG711(G711::kMu, std::string("\xff\x80\x00\x7f", 4)),
              ElementsAre(0, 32124, -32124, 0));
  EXPECT_THAT(FromG711(G711::kA, std::string("\xd5\xaa\x2a\x55", 4)),
              ElementsAre(8, 32256, -32256, -8));
}

}  // namespace
}  // namespace atrium::agent
