// Admin is a process's door for whoever runs it: GET /metrics and GET /healthz, on a unix
// socket that only our user may open, or on loopback. It tells figures alone and takes
// nothing. A few visits at once, one request each, in a few seconds.
//
// On the loop.
#ifndef ATRIUM_COMMON_ADMIN_H_
#define ATRIUM_COMMON_ADMIN_H_

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/loop.h"

namespace atrium {

class Admin {
 public:
  using Figures = std::function<std::string()>;

  // `where`: a path, or HOST:PORT with a loopback address. `figures` makes the text.
  // `handed` is what listens there already, from the program that this process was before,
  // and is taken; -1: nothing does.
  static absl::StatusOr<std::unique_ptr<Admin>> Listen(Loop* loop, const std::string& where,
                                                       Figures figures, int handed = -1);
  ~Admin();
  Admin(const Admin&) = delete;
  Admin& operator=(const Admin&) = delete;

  // Where on loopback; 0 on a unix socket.
  int port() const;
  // What listens, to be handed to the next program.
  int fd() const { return listening_; }

 private:
  struct Visit {
    std::string asked;
    Loop::HandlePtr reading, deadline;
  };

  Admin(Loop* loop, Figures figures) : loop_(loop), figures_(std::move(figures)) {}
  absl::Status Bind(const std::string& where);
  bool Adopt(int handed, const std::string& where);
  void Watch();
  void OnKnock();
  void OnAsked(int fd);
  void End(int fd);
  std::string AnswerTo(const std::string& request) const;

  // Given.
  Loop* const loop_;
  const Figures figures_;
  // State.
  int listening_ = -1;
  std::string path_;  // Of the unix socket; empty on loopback.
  std::map<int, Visit> visits_;  // By descriptor.
  Loop::HandlePtr knocks_;  // Or the pause until they are heard again.
};

}  // namespace atrium

#endif  // ATRIUM_COMMON_ADMIN_H_
