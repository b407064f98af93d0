// A voice agent that keeps what it was told and says what the test makes it say.
#ifndef ATRIUM_TESTS_SUPPORT_FAKE_PROVIDER_H_
#define ATRIUM_TESTS_SUPPORT_FAKE_PROVIDER_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "control/agent/provider.h"

namespace atrium::control {

// What a provider session was told, which outlives it.
struct ProviderTold {
  ProviderSettings settings;
  std::vector<HistoryItem> history;
  int updates = 0;
  std::string audio;
  std::vector<HistoryItem> texts;
  std::vector<std::pair<std::string, std::string>> results;
  std::vector<std::pair<std::string, std::string>> late_results;  // Tool, output.
  std::vector<std::string> deleted;
  struct Image {
    std::string item, label, jpeg;
  };
  std::vector<Image> images;
  int responses_asked = 0;
  std::vector<std::string> cancelled;
  std::vector<std::pair<std::string, int64_t>> truncated;
  bool open = true;
};

class FakeProvider final : public Provider {
 public:
  explicit FakeProvider(std::shared_ptr<ProviderTold> told) : told_(std::move(told)) {}
  ~FakeProvider() override { told_->open = false; }
  void Connect(const ProviderSettings& settings, const std::vector<HistoryItem>& history) override {
    told_->settings = settings;
    told_->history = history;
  }
  void Update(const ProviderSettings& settings) override {
    told_->settings = settings;
    ++told_->updates;
  }
  void AppendAudio(const std::string& pcm) override { told_->audio += pcm; }
  void AddText(HistoryItem::Role role, const std::string& text) override {
    told_->texts.push_back({role, text});
  }
  void AddImage(const std::string& item, const std::string& label,
                const std::string& jpeg) override {
    told_->images.push_back({item, label, jpeg});
  }
  void AddToolResult(const std::string& call, const std::string& output) override {
    told_->results.emplace_back(call, output);
  }
  void AddLateResult(const std::string& call, const std::string& tool, const std::string& arguments,
                     const std::string& output) override {
    told_->late_results.emplace_back(tool, output);
  }
  void DeleteItem(const std::string& item) override { told_->deleted.push_back(item); }
  void CreateResponse() override { ++told_->responses_asked; }
  void CancelResponse(const std::string& response) override {
    told_->cancelled.push_back(response);
  }
  void Truncate(const std::string& item, int64_t audio_end_ms) override {
    told_->truncated.emplace_back(item, audio_end_ms);
  }

 private:
  const std::shared_ptr<ProviderTold> told_;
};

class FakeProviderFactory final : public ProviderFactory {
 public:
  std::unique_ptr<Provider> Make(Provider::Listener* to) override {
    listener = to;
    listeners.push_back(to);
    sessions.push_back(std::make_shared<ProviderTold>());
    return std::make_unique<FakeProvider>(sessions.back());
  }
  const ProviderCapabilities& capabilities() const override { return can; }
  std::string name() const override { return "fake agent"; }
  std::string model() const override { return "fake-1"; }
  std::string default_instructions() const override { return "Be brief."; }
  void MintSecret(const ProviderSettings& settings, absl::Duration life,
                  std::function<void(absl::StatusOr<ProviderSecret>)> done) override {
    minted_for = life;
    ++secrets_asked;
    if (holds_secrets) {
      held_secret = done;
    } else {
      done(secret);
    }
  }

  ProviderTold& latest() { return *sessions.back(); }

  ProviderCapabilities can;
  Provider::Listener* listener = nullptr;  // The newest session's.
  std::vector<Provider::Listener*> listeners;
  absl::StatusOr<ProviderSecret> secret = ProviderSecret{.value = "ek_1"};
  absl::Duration minted_for;
  int secrets_asked = 0;
  bool holds_secrets = false;  // It answers once the test calls `held_secret`.
  std::function<void(absl::StatusOr<ProviderSecret>)> held_secret;
  std::vector<std::shared_ptr<ProviderTold>> sessions;
};

}  // namespace atrium::control

#endif  // ATRIUM_TESTS_SUPPORT_FAKE_PROVIDER_H_
