// A session with everything around it pretended.
#ifndef ATRIUM_TESTS_SUPPORT_SESSION_TEST_H_
#define ATRIUM_TESTS_SUPPORT_SESSION_TEST_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>

#include "common/errors.h"
#include "common/random.h"
#include "control/limits.h"
#include "control/session/registry.h"
#include "tests/support/fake_links.h"
#include "tests/support/fake_page.h"
#include "tests/support/fake_provider.h"
#include "tests/support/fake_store.h"
#include "tests/support/manual_loop.h"

namespace atrium::control {

class SessionTest : public testing::Test {
 protected:
  using Participant = atrium::v1::Participant;
  using Tab = atrium::v1::Tab;
  using JoinResponse = atrium::v1::JoinResponse;
  template <typename T>
  using Answers = std::vector<absl::StatusOr<T>>;

  SessionTest() { Start(); }
  ~SessionTest() override {
    registry_.reset();
    std::filesystem::remove(key_path_);
  }

  // Starts, or starts again with what was stored.
  void Start() {
    registry_.reset();
    auto signer = *TokenSigner::FromFile(key_path_);
    auto verifier = *TokenVerifier::FromJwks(signer->PublicJwks());
    auth_ = std::make_unique<Auth>(&loop_, &store_, std::move(signer), std::move(verifier),
                                   Auth::Options{});
    context_ = {.loop = &loop_,
                .store = &store_,
                .auth = auth_.get(),
                .host = &host_,
                .media = &media_,
                .providers = with_agent_ ? &providers_ : nullptr,
                .tool_servers = tool_servers_,
                .attachment_key = "the-key",
                .state_epoch = RandomId(),
                .allowed = allowed_};
    registry_ = std::make_unique<Registry>(&context_);
    auth_->set_listener(registry_.get());
    ASSERT_TRUE(auth_->LoadFromStore().ok());
    ASSERT_TRUE(registry_->LoadFromStore().ok());
    session_ = *registry_->Find(Service(), main_);
  }
  // Starts again with a voice agent.
  void WithAgent() {
    with_agent_ = true;
    Start();
  }

  Actor Person(const std::string& id, Participant::Role role = Participant::EDITOR) const {
    return {.session = main_, .participant = ParticipantId(id), .role = role};
  }
  static Actor Service() { return {.kind = Actor::Kind::kService, .role = Participant::OWNER}; }
  static Actor Agent() { return {.kind = Actor::Kind::kAgent, .role = Participant::EDITOR}; }

  static PageId PageOf(const std::string& id) { return PageId("page-of-" + id + "-0000000000"); }
  // Joins with the one page of `id`.
  absl::StatusOr<PageId> Join(FakePage* page, const std::string& id,
                              Participant::Role role = Participant::EDITOR,
                              int64_t live_epoch = 0) {
    return Join(page, Person(id, role), PageOf(id), live_epoch);
  }
  absl::StatusOr<PageId> Join(FakePage* page, const Actor& actor, const PageId& page_id,
                              int64_t live_epoch = 0) {
    atrium::v1::JoinRequest::Hello hello;
    hello.set_session("sessions/main");
    hello.set_page_id(page_id.value());
    hello.set_live_epoch(live_epoch);
    return session_->Join(actor, hello, page);
  }
  // The host has made real all that it was asked for.
  void Confirm() {
    registry_->OnHostConfirmed(host_.generation);
    loop_.RunPosted();
  }

  const Participant* Shown(const std::string& id) const {
    for (const auto& participant : session_->snapshot().participants()) {
      if (participant.name() == "sessions/main/participants/" + id) return &participant;
    }
    return nullptr;
  }
  const Tab* ShownTab(const std::string& name) const {
    for (const auto& tab : session_->snapshot().tabs()) {
      if (tab.name() == name) return &tab;
    }
    return nullptr;
  }
  std::string FirstTab() const { return session_->snapshot().tabs(0).name(); }

  void Tell(const std::string& tab, Tab::State state, const std::string& directory = "",
            int exit_code = 0, const std::string& incarnation = "one") {
    atrium::terminal::v1::TerminalStatus status;
    status.set_tab(tab);
    status.set_state(state);
    status.set_incarnation(incarnation);
    status.set_working_directory(directory);
    status.set_exit_code(exit_code);
    registry_->OnHostTerminal(status);
  }
  // Opens a tab whose shell runs in `directory`.
  std::string OpenTab(const std::string& directory = "/home") {
    absl::StatusOr<Tab> made;
    session_->CreateTab(Service(), {}, [&](auto tab) { made = std::move(tab); });
    const auto& tabs = session_->snapshot().tabs();
    Tell(tabs.rbegin()->name(), Tab::RUNNING, directory);
    EXPECT_TRUE(made.ok());
    return made->name();
  }

  template <typename T>
  static auto Into(Answers<T>* answers) {
    return [answers](absl::StatusOr<T> answer) { answers->push_back(std::move(answer)); };
  }

  const SessionId main_{"main"};
  const std::string key_path_ = testing::TempDir() + "/key-" + RandomId();
  bool with_agent_ = false;
  Session::Allowed allowed_;  // By the deployment, from the next Start() on.
  ToolServers* tool_servers_ = nullptr;
  ManualLoop loop_;
  FakeStore store_;
  FakeHostLink host_;
  FakeMediaLink media_;
  FakeProviderFactory providers_;
  std::unique_ptr<Auth> auth_;
  Session::Context context_;
  std::unique_ptr<Registry> registry_;
  Session* session_ = nullptr;
};

}  // namespace atrium::control

#endif  // ATRIUM_TESTS_SUPPORT_SESSION_TEST_H_
