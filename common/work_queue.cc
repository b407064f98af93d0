#include "common/work_queue.h"

#include <pthread.h>

#include <utility>

namespace atrium {

WorkQueue::WorkQueue(const char* name) : thread_([this] { Run(); }) {
  pthread_setname_np(thread_.native_handle(), name);
}

WorkQueue::~WorkQueue() {
  {
    std::lock_guard<std::mutex> lock(mu_);
    ending_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void WorkQueue::Post(Fn fn) {
  {
    std::lock_guard<std::mutex> lock(mu_);
    queue_.push_back(std::move(fn));
  }
  wake_.notify_one();
}

void WorkQueue::Run() {
  for (;;) {
    Fn fn;
    {
      std::unique_lock<std::mutex> lock(mu_);
      wake_.wait(lock, [this] { return ending_ || !queue_.empty(); });
      if (queue_.empty()) return;
      fn = std::move(queue_.front());
      queue_.pop_front();
    }
    fn();
  }
}

}  // namespace atrium
