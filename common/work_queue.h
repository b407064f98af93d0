// WorkQueue is one thread that does what it is given, in order.
#ifndef ATRIUM_COMMON_WORK_QUEUE_H_
#define ATRIUM_COMMON_WORK_QUEUE_H_

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "absl/functional/any_invocable.h"

namespace atrium {

class WorkQueue {
 public:
  using Fn = absl::AnyInvocable<void()>;

  // `name` is the thread's, at most 15 characters.
  explicit WorkQueue(const char* name);
  // Does what is still queued.
  ~WorkQueue();

  // Safe on any thread.
  void Post(Fn fn);

 private:
  void Run();

  // Locked.
  std::mutex mu_;
  std::condition_variable wake_;
  std::deque<Fn> queue_;
  bool ending_ = false;
  // Owned.
  std::thread thread_;
};

}  // namespace atrium

#endif  // ATRIUM_COMMON_WORK_QUEUE_H_
