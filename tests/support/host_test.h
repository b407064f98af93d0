// A terminal host with real shells and a real loop.
#ifndef ATRIUM_TESTS_SUPPORT_HOST_TEST_H_
#define ATRIUM_TESTS_SUPPORT_HOST_TEST_H_

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/random.h"
#include "terminal/host.h"

namespace atrium::terminal {

using atrium::terminal::v1::CommandEnd;
using atrium::terminal::v1::Plan;
using atrium::terminal::v1::TerminalStatus;
using atrium::v1::Participant;

// Another one in each process: what runs in a tab is found by its name.
inline const std::string kTab = "sessions/main/tabs/t" + std::to_string(getpid());
inline const AttachmentId kAnn("ann"), kBob("bob"), kEve("eve");

class HostTest : public testing::Test, public Host::Driver, public Host::Stream {
 protected:
  HostTest() {
    std::filesystem::create_directories(directory_);
    std::filesystem::create_directories(home_);
    StartHost("one");
  }
  ~HostTest() override {
    host_.reset();
    std::filesystem::remove_all(directory_);
    // A shell that was just hung up may be writing its history there.
    std::error_code error;
    do {
      std::filesystem::remove_all(home_, error);
    } while (error);
  }
  void StartHost(const std::string& incarnation) {
    host_.reset();
    host_ = std::make_unique<Host>(
        loop_.get(), &screens_, *ShellMaker::ForUser("", home_ + "/zsh"),
        Host::Options{.log_directory = directory_, .incarnation = incarnation});
    ASSERT_TRUE(host_->TakeOver(this, ++fence_).ok());
  }

  // Host::Driver and Host::Stream.
  void OnStatus(const TerminalStatus& status) override {
    last_[status.tab()] = status;
    ++statuses_;
  }
  void OnTyped(const std::string&, const std::string&) override { ++typed_; }
  void OnCommandEnd(const CommandEnd& end) override { ends_.push_back(end); }
  void OnHostStatus(const atrium::terminal::v1::HostStatus& status) override { health_ = status; }
  void OnReplaced(absl::Status) override {}
  void OnInputWritten(const AttachmentId&, int64_t sequence) override { written_ = sequence; }
  void OnInputDropped(const AttachmentId&, const absl::Status& why) override { dropped_ = why; }
  void OnRevoked(const AttachmentId& id) override { revoked_.push_back(id); }

  // One terminal, with an owner of its size, another editor and a viewer.
  void Create(std::vector<std::string> command,
              const std::map<std::string, std::string>& environment = {},
              atrium::v1::ShellProfile profile = atrium::v1::STANDARD) {
    Plan plan;
    Plan::Terminal& terminal = *plan.add_terminals();
    terminal.set_tab(kTab);
    terminal.set_profile(profile);
    for (const std::string& word : command) terminal.add_command(word);
    for (const auto& [name, value] : environment) (*terminal.mutable_environment())[name] = value;
    terminal.mutable_size()->set_columns(80);
    terminal.mutable_size()->set_rows(24);
    terminal.set_size_owner("sessions/main/participants/ann");
    for (const auto& [id, role] :
         {std::pair(kAnn, Participant::EDITOR),
          {kBob, Participant::EDITOR},
          {kEve, Participant::VIEWER}}) {
      auto* attachment = plan.add_attachments();
      attachment->set_attachment(id.value());
      attachment->set_participant("sessions/main/participants/" + id.value());
      attachment->set_role(role);
    }
    const auto result = host_->Apply(plan);
    ASSERT_EQ(result.problems_size(), 0) << result.problems(0).message();
    ASSERT_TRUE(host_->Open(this, kTab, kAnn).ok());
    plan_ = plan;
  }
  Terminal& terminal() { return *host_->Find(kTab); }
  void Type(const std::string& text) {
    ASSERT_TRUE(host_->Input(kTab, kAnn, ++sequence_, text).ok());
  }
  void RunAtPrompt(const std::string& command, const std::string& id, Runs::Done done,
                   const atrium::terminal::v1::InputCondition& condition = {}) {
    atrium::terminal::v1::RunAtPromptRequest request;
    request.set_tab(kTab);
    request.set_command(command);
    request.set_run_id(id);
    *request.mutable_condition() = condition;
    host_->RunAtPrompt(request, std::move(done));
  }
  // Runs the loop until `is_so`; false if it is not after half a minute.
  bool Until(const std::function<bool()>& is_so) {
    bool late = false;
    const auto deadline = loop_->After(absl::Seconds(30), [&] { late = true; });
    while (!is_so() && !late) {
      const auto turn = loop_->After(absl::Milliseconds(2), [&] { loop_->Quit(); });
      loop_->Run();
    }
    return is_so();
  }
  std::string Output(int64_t from = 0, int64_t to = INT64_MAX) {
    const OutputLog& log = terminal().log();
    std::string out;
    to = std::min(to, log.end());
    for (int64_t at = std::max(from, log.start()); at < to;) {
      const std::string_view piece = log.Peek(at, static_cast<size_t>(to - at));
      out += piece;
      at += static_cast<int64_t>(piece.size());
    }
    return out;
  }
  bool Says(const std::string& text) {
    return Until([&] { return Output().find(text) != std::string::npos; });
  }
  std::string Screen(int scrollback = 0) {
    std::optional<std::string> text;
    terminal().ReadScreen(scrollback, false, [&](ScreenText screen) { text = screen.text; });
    EXPECT_TRUE(Until([&] { return text.has_value(); }));
    return text.value_or("");
  }

  const std::string directory_ = testing::TempDir() + "/host-" + RandomId();
  const std::string home_ = testing::TempDir() + "/home-" + RandomId();
  std::unique_ptr<MainLoop> loop_ = NewMainLoop();
  ScreenThread screens_;
  std::unique_ptr<Host> host_;
  std::map<std::string, TerminalStatus> last_;
  atrium::terminal::v1::HostStatus health_;
  Plan plan_;
  absl::Status dropped_;
  std::vector<AttachmentId> revoked_;
  std::vector<CommandEnd> ends_;
  int statuses_ = 0, typed_ = 0;
  int64_t written_ = 0, sequence_ = 0, fence_ = 0;
};

}  // namespace atrium::terminal

#endif  // ATRIUM_TESTS_SUPPORT_HOST_TEST_H_
