// Lock keeps a second process from serving what this one serves: its socket, its state
// directory, its terminals' groups. It lasts as long as the process, over an upgrade too.
//
// On the loop.
#ifndef ATRIUM_TERMINAL_LOCK_H_
#define ATRIUM_TERMINAL_LOCK_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace atrium::terminal {

class Lock {
 public:
  // Makes the file if need be; it stays. FAILED_PRECONDITION, with who has it, while
  // another process has it. `flag` says in the message which flag chose the file. One of
  // `handed`, descriptors from the program before us, is gone on with if it is this file's.
  static absl::StatusOr<std::unique_ptr<Lock>> Take(const std::string& path,
                                                    const std::string& flag,
                                                    const std::vector<int>& handed = {});
  ~Lock();
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

  // Whoever has this descriptor, open, has the lock.
  int fd() const { return fd_; }

 private:
  explicit Lock(int fd) : fd_(fd) {}
  const int fd_;
};

}  // namespace atrium::terminal

#endif  // ATRIUM_TERMINAL_LOCK_H_
