// A Realtime server that is asked for a key, and what it may answer.
#include <gtest/gtest.h>
#include <libsoup/soup.h>

#include <optional>
#include <string>

#include "common/gref.h"
#include "common/loop.h"
#include "control/agent/realtime_secret.h"
#include "control/limits.h"

namespace atrium::control {
namespace {

using nlohmann::json;

class SecretTest : public testing::Test {
 protected:
  SecretTest() {
    soup_server_add_handler(server_.get(), nullptr, Serve, this, nullptr);
    GError* error = nullptr;
    EXPECT_TRUE(soup_server_listen_local(server_.get(), 0, SOUP_SERVER_LISTEN_IPV4_ONLY, &error));
    GSList* uris = soup_server_get_uris(server_.get());
    options_.url = "ws://127.0.0.1:" +
                   std::to_string(g_uri_get_port(static_cast<GUri*>(uris->data))) + "/v1/realtime";
    g_slist_free_full(uris, reinterpret_cast<GDestroyNotify>(g_uri_unref));
    connections_ = NewSecretConnections(options_);
  }

  static void Serve(SoupServer*, SoupServerMessage* message, const char*, GHashTable*,
                    gpointer data) {
    auto* test = static_cast<SecretTest*>(data);
    const std::string& body = test->body_;
    soup_server_message_set_status(message, SOUP_STATUS_OK, nullptr);
    if (body.empty()) {
      soup_message_headers_set_encoding(soup_server_message_get_response_headers(message),
                                        SOUP_ENCODING_CHUNKED);
      soup_message_body_set_accumulate(soup_server_message_get_response_body(message), FALSE);
      g_signal_connect(message, "wrote-chunk", G_CALLBACK(ServeMore), test);
      return ServeMore(message, test);
    }
    soup_server_message_set_response(message, "application/json", SOUP_MEMORY_COPY, body.data(),
                                     body.size());
  }

  // An answer that goes on for 64 MiB.
  static void ServeMore(SoupServerMessage* message, SecretTest* test) {
    SoupMessageBody* body = soup_server_message_get_response_body(message);
    if (test->served_ >= kEndless) return soup_message_body_complete(body);
    const std::string chunk(64 << 10, ' ');
    test->served_ += chunk.size();
    soup_message_body_append(body, SOUP_MEMORY_COPY, chunk.data(), chunk.size());
    soup_server_message_unpause(message);
  }

  absl::StatusOr<ProviderSecret> Mint() {
    std::optional<absl::StatusOr<ProviderSecret>> answer;
    MintRealtimeSecret(loop_.get(), connections_, options_, json::object(), absl::Seconds(60),
                       [&](absl::StatusOr<ProviderSecret> secret) {
                         answer = std::move(secret);
                         loop_->Quit();
                       });
    loop_->Run();
    return *answer;
  }

  static constexpr size_t kEndless = 64 << 20;
  size_t served_ = 0;
  std::unique_ptr<MainLoop> loop_ = NewMainLoop();
  GRef<SoupServer> server_ = GRef<SoupServer>::Adopt(soup_server_new(nullptr, nullptr));
  GRef<SoupSession> connections_;
  RealtimeOptions options_;
  std::string body_;  // Empty: endless.
};

TEST_F(SecretTest, L4IsReadFromTheServersAnswer) {
  body_ = R"({"value":"ek_1","expires_at":60})";
  for (int i = 0; i < 2; ++i) {
    const auto secret = Mint();
    ASSERT_TRUE(secret.ok()) << secret.status();
    EXPECT_EQ(secret->value, "ek_1");
    EXPECT_EQ(secret->expire_time, absl::FromUnixSeconds(60));
  }
}

TEST_F(SecretTest, S22AnAnswerIsReadAsFarAsItsBound) {
  const std::string answer = R"({"value":"ek_1","expires_at":60})";
  body_ = answer + std::string(limits::kSecretAnswerBytes - answer.size(), ' ');
  EXPECT_TRUE(Mint().ok());
  body_ += ' ';
  EXPECT_TRUE(absl::IsUnavailable(Mint().status()));
  body_.clear();
  EXPECT_TRUE(absl::IsUnavailable(Mint().status()));
  EXPECT_LT(served_, kEndless / 2);
}

}  // namespace
}  // namespace atrium::control
