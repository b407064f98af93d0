// What the agent costs, and where that ends.
#include "common/errors.h"
#include "control/agent/meter.h"
#include "tests/support/conversation_test.h"
#include "tests/support/session_test.h"

namespace atrium::control {
namespace {

using testing::HasSubstr;

ModelPrices RealPrices() {
  return {.input_text = 4,
          .input_audio = 32,
          .input_image = 5,
          .cached = 0.4,
          .output_text = 16,
          .output_audio = 64,
          .per_minute = 0.06};
}

TEST(PricesTest, S22EachKindOfTokenHasItsPriceAndWhatWasKeptIsCheaper) {
  const ModelPrices prices = RealPrices();
  EXPECT_EQ(CostMicros(prices, {.input_text = 1000}), 4000);
  EXPECT_EQ(CostMicros(prices, {.input_audio = 1000}), 32000);
  EXPECT_EQ(CostMicros(prices, {.input_image = 1000}), 5000);
  EXPECT_EQ(CostMicros(prices, {.output_text = 1000, .output_audio = 1000}), 80000);
  EXPECT_EQ(CostMicros(prices, {.input_text = 1000, .cached = 1000}), 400);
  EXPECT_EQ(CostMicros(prices, {.input_text = 1000,
                                .input_audio = 1000,
                                .input_image = 1000,
                                .cached = 1500,
                                .cached_audio = 600,
                                .cached_image = 400}),
            500 * 4 + 400 * 32 + 600 * 5 + 600);
  EXPECT_EQ(CostMicros(prices, {.input_text = 10, .cached = 99}), 4) << "a server that miscounts";
  EXPECT_EQ(MinutesMicros(prices, absl::Minutes(2)), 120000);
}

TEST(PricesTest, S22APriceFileIsCheckedAndNamesWhatIsWrong) {
  const auto prices =
      ParsePrices(R"({"currency":"USD","models":{"m":{"input_text":4,"per_minute":0.5}}})");
  ASSERT_TRUE(prices.ok()) << prices.status();
  EXPECT_EQ(prices->currency, "USD");
  EXPECT_EQ(prices->models.at("m").per_minute, 0.5);
  const std::pair<const char*, const char*> wrong[] = {
      {"[]", "--price_file"},
      {R"({"models":{}})", "--price_file.currency"},
      {R"({"currency":"usd","models":{}})", "--price_file.currency"},
      {R"({"currency":"USD"})", "--price_file.models"},
      {R"({"currency":"USD","models":{"m":{"input":4}}})", "--price_file.models[m].input"},
      {R"({"currency":"USD","models":{"m":{"cached":-1}}})", "--price_file.models[m].cached"},
      {R"({"currency":"USD","models":{"m":{"cached":"1"}}})", "--price_file.models[m].cached"}};
  for (const auto& [text, field] : wrong) {
    EXPECT_EQ(DetailsOf(ParsePrices(text).status()).field, field) << text;
  }
}

TEST(MeterTest, S22TimeCountsWhileTheProviderIsConnected) {
  Meter meter({.prices = RealPrices(), .currency = "USD", .limit_micros = 60000}, {});
  meter.Advance(absl::Seconds(5));
  EXPECT_EQ(meter.usage().connected_seconds(), 0);
  meter.Connect(absl::Seconds(10));
  meter.Advance(absl::Seconds(20.6));
  meter.Disconnect(absl::Seconds(30.2));
  EXPECT_EQ(meter.usage().connected_seconds(), 20) << "no part of a second is lost or doubled";
  EXPECT_EQ(meter.usage().cost_micros(), 20000);
  meter.Advance(absl::Minutes(5));
  EXPECT_EQ(meter.usage().connected_seconds(), 20);
  EXPECT_FALSE(meter.exhausted());
  meter.Connect(absl::Minutes(5));
  meter.Advance(absl::Minutes(6));
  EXPECT_TRUE(meter.exhausted());
}

TEST(MeterTest, S22WithoutAPriceNothingIsClaimed) {
  Meter meter({}, {});
  meter.AddResponse({.input_text = 1000});
  EXPECT_EQ(meter.usage().cost_micros(), 0);
  EXPECT_EQ(meter.usage().currency(), "");
  EXPECT_EQ(meter.usage().input_text_tokens(), 1000);
  EXPECT_FALSE(meter.exhausted());
}

class CostTest : public ConversationTest {
 protected:
  static Meter::Tariff Tariff(double per_minute = 0) {
    return {.prices = ModelPrices{.output_text = 10, .per_minute = per_minute},
            .currency = "USD",
            .limit_micros = 1'000'000};
  }
  void Begin(Meter::Tariff tariff, atrium::v1::Conversation::Usage so_far = {}) {
    costly_ = std::make_unique<Conversation>(
        &loop_, &providers_, &profiles_, &media_, &room_,
        Conversation::Options{
            .session = "sessions/main", .usage = std::move(so_far), .tariff = std::move(tariff)});
    costly_->Start([this](absl::Status status) { started_.push_back(status); });
    if (providers_.listener != nullptr) providers_.listener->OnReady(std::nullopt);
  }
  void AnswerFor(int64_t tokens) {
    agent().OnResponseStarted("r");
    agent().OnResponseDone("r", {.completed = true, .usage = {.output_text = tokens}});
    loop_.RunPosted();
  }

  std::unique_ptr<Conversation> costly_;
};

TEST_F(CostTest, S22AtItsLimitTheAgentLeavesAndSaysWhatHelps) {
  Begin(Tariff());
  AnswerFor(60'000);
  EXPECT_EQ(costly_->Shown().usage().cost_micros(), 600'000);
  EXPECT_EQ(costly_->Shown().usage().currency(), "USD");
  EXPECT_EQ(costly_->Shown().state(), Shape::ACTIVE);
  AnswerFor(40'000);
  EXPECT_EQ(costly_->Shown().state(), Shape::FAILED);
  EXPECT_THAT(costly_->Shown().problem(), HasSubstr("1.00 USD"));
  EXPECT_THAT(costly_->Shown().problem(), HasSubstr("--session_cost_limit"));
  EXPECT_FALSE(told().open) << "it costs no more";
  costly_->Start([this](absl::Status status) { started_.push_back(status); });
  ASSERT_EQ(started_.size(), 2u);
  EXPECT_TRUE(absl::IsResourceExhausted(started_[1]));
  EXPECT_EQ(DetailsOf(started_[1]).reason, "COST_LIMIT");
  const size_t sessions = providers_.sessions.size();
  costly_->TextTurn("ann", "hello");
  loop_.Advance(absl::Minutes(1));
  EXPECT_EQ(providers_.sessions.size(), sessions) << "the provider is not asked again";
}

TEST_F(CostTest, S22TheMinutesOfAProviderCountAndEndItToo) {
  Begin(Tariff(/*per_minute=*/0.25));
  loop_.Advance(absl::Minutes(3));
  EXPECT_EQ(costly_->Shown().state(), Shape::ACTIVE);
  EXPECT_EQ(costly_->Shown().usage().connected_seconds(), 180);
  loop_.Advance(absl::Minutes(1) + limits::kMeterSpacing);
  EXPECT_EQ(costly_->Shown().state(), Shape::FAILED);
}

TEST_F(CostTest, R4ARestartForgetsNothingThatWasSpent) {
  atrium::v1::Conversation::Usage spent;
  spent.set_cost_micros(1'000'000);
  Begin(Tariff(), spent);
  ASSERT_EQ(started_.size(), 1u);
  EXPECT_TRUE(absl::IsResourceExhausted(started_[0]));
  EXPECT_TRUE(providers_.sessions.empty());
}

TEST_F(CostTest, S22WhatIsUsedBesideResponsesCounts) {
  Begin(Tariff());
  agent().OnUsage({.output_text = 1000});
  EXPECT_EQ(costly_->Shown().usage().cost_micros(), 10'000);
  EXPECT_EQ(costly_->Shown().usage().responses(), 0);
}

TEST_F(CostTest, S22AtItsLimitNobodyGetsAKeyToTheProviderEither) {
  atrium::v1::Conversation::Usage spent;
  spent.set_cost_micros(1'000'000);
  Begin(Tariff(), spent);
  absl::Status status;
  costly_->MintSecret([&](auto secret) { status = secret.status(); });
  EXPECT_EQ(DetailsOf(status).reason, "COST_LIMIT");
  EXPECT_EQ(providers_.secrets_asked, 0);
}

class SpentTest : public SessionTest {};

TEST_F(SpentTest, S22WhatWasSpentIsStoredSoonAndOutlivesACrash) {
  WithAgent();
  session_->StartConversation(Service(), [](auto) {});
  providers_.listener->OnReady(std::nullopt);
  loop_.Advance(absl::Seconds(1));
  for (int i = 0; i < 3; ++i) {
    providers_.listener->OnResponseStarted("r");
    providers_.listener->OnResponseDone("r", {.completed = true, .usage = {.output_text = 100}});
  }
  loop_.Advance(limits::kTouchSpacing);
  atrium::control::v1::SessionRecord stored;
  ASSERT_TRUE(stored.ParseFromString(store_.records(RecordKind::kSession).at("main")));
  EXPECT_EQ(stored.usage().output_text_tokens(), 300);
}

}  // namespace
}  // namespace atrium::control
