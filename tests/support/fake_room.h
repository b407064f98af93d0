// A room with two tabs in which the agent's talk can be followed.
#ifndef ATRIUM_TESTS_SUPPORT_FAKE_ROOM_H_
#define ATRIUM_TESTS_SUPPORT_FAKE_ROOM_H_

#include <map>
#include <string>
#include <vector>

#include "control/agent/conversation.h"

namespace atrium::control {

class FakeRoom final : public Conversation::Room {
 public:
  template <typename T>
  using Done = Conversation::Done<T>;
  struct Spoken {
    atrium::v1::TimelineEntry::Kind kind;
    std::vector<std::string> speakers;
    std::string text;
    bool interrupted;
    absl::Duration ago;
  };
  struct Proposed {
    Conversation::Proposal proposal;
    Done<std::string> done;
  };

  FakeRoom() {
    for (const char* title : {"shell", "build"}) {
      atrium::v1::Tab tab;
      tab.set_name(std::string("sessions/main/tabs/") + title);
      tab.set_title(title);
      tabs.push_back(tab);
    }
  }

  void OnConversation(const atrium::v1::Conversation& conversation) override {
    shown.push_back(conversation);
  }
  void OnCaption(const atrium::v1::Caption& caption) override { captions.push_back(caption); }
  void AddSpoken(atrium::v1::TimelineEntry::Kind kind, const std::vector<std::string>& speakers,
                 const std::string& text, bool interrupted, absl::Duration ago) override {
    spoken.push_back({kind, speakers, text, interrupted, ago});
  }
  std::vector<atrium::v1::Tab> TabsInOrder() const override { return tabs; }
  std::string DisplayName(const std::string& speaker) const override {
    return speaker.empty() ? "Service" : "Dr. " + speaker;
  }
  bool IsOwner(const std::string& speaker) const override { return speaker == owner; }
  atrium::v1::CommandPolicy::Action ToolAction(const std::string& tool) const override {
    auto it = actions.find(tool);
    return it == actions.end() ? atrium::v1::CommandPolicy::ALLOW : it->second;
  }
  void AgentReadFile(const std::string& path, Done<FileText> done) override {
    acts.push_back("file " + path);
    done(FileText{screen, 0});
  }
  void AgentListFiles(const std::string& path, Done<FileText> done) override {
    acts.push_back("files " + path);
    done(FileText{screen, 0});
  }
  void AgentCreateTab(const std::string& title, Done<atrium::v1::Tab> done) override {
    acts.push_back("create " + title);
    atrium::v1::Tab tab;
    tab.set_title(title);
    done(tab);
  }
  void AgentRenameTab(const std::string& tab, const std::string& title,
                      Done<atrium::v1::Tab> done) override {
    acts.push_back("rename " + tab + " " + title);
    atrium::v1::Tab renamed;
    renamed.set_title(title);
    done(renamed);
  }
  absl::Status AgentCloseTab(const std::string& tab) override {
    acts.push_back("close " + tab);
    return absl::OkStatus();
  }
  void AgentReadScreen(const std::string& tab, int lines, Done<std::string> done) override {
    acts.push_back("read " + tab + " " + std::to_string(lines));
    done(screen);
  }
  void AgentPropose(const Conversation::Proposal& proposal, Done<std::string> done) override {
    proposals.push_back({proposal, std::move(done)});
  }

  std::vector<atrium::v1::Tab> tabs;
  std::string screen;
  std::string owner = "ann";
  std::map<std::string, atrium::v1::CommandPolicy::Action> actions;
  std::vector<std::string> acts;
  std::vector<Proposed> proposals;
  std::vector<Spoken> spoken;
  std::vector<atrium::v1::Caption> captions;
  std::vector<atrium::v1::Conversation> shown;
};

}  // namespace atrium::control

#endif  // ATRIUM_TESTS_SUPPORT_FAKE_ROOM_H_
