// Child is a program that is spoken with by lines on its stdin and stdout. It has a
// process group of its own, none of our descriptors and only the environment that it is
// given. It is killed with its group when this goes; of a death of ours it learns by its
// closed stdin alone, unless its command sees to more.
//
// On the loop.
#ifndef ATRIUM_CONTROL_AGENT_MCP_CHILD_H_
#define ATRIUM_CONTROL_AGENT_MCP_CHILD_H_

#include <sys/types.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/loop.h"

namespace atrium::control::mcp {

class Child {
 public:
  // Upward news.
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void OnLine(const std::string& line) = 0;
    // It ended, or does what nobody may: a line that is too long, no reading. Nothing
    // comes after this.
    virtual void OnEnd(const absl::Status& why) = 0;
  };

  Child(Loop* loop, std::string name, Listener* listener)
      : loop_(loop), name_(std::move(name)), listener_(listener) {}
  // Kills what is left of its group.
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  absl::Status Start(const std::vector<std::string>& command,
                     const std::map<std::string, std::string>& environment);
  // Nothing is heard of it any more, and it is told nothing; it is killed with us.
  void Stop();
  // Sends a line; without a newline in it.
  void Send(const std::string& line);

 private:
  void Read();
  void ReadErrors();
  void Write();
  void End(const absl::Status& why);

  // Given.
  Loop* const loop_;
  const std::string name_;
  Listener* const listener_;
  // State.
  pid_t pid_ = -1;
  int in_ = -1, out_ = -1, errors_ = -1;  // Its stdin, stdout and stderr.
  std::string read_, unsent_, last_error_;
  bool ended_ = false;
  Loop::HandlePtr reading_, reading_errors_, writing_;
};

}  // namespace atrium::control::mcp

#endif  // ATRIUM_CONTROL_AGENT_MCP_CHILD_H_
