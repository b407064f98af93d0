#include "media/pace.h"

#include <utility>

#include "common/log.h"
#include "media/limits.h"

namespace atrium::media {

Pace::Pace(Loop* loop, std::function<Counts()> counts)
    : loop_(loop), counts_(std::move(counts)), told_(counts_()) {
  look_ = loop_->After(limits::kPaceLook, [this] { Look(); });
}

Pace::~Pace() {
  const Counts all = counts_();
  LogInfo("mixed", {{"ticks", all.ticks}, {"late", all.late}, {"dropped", all.dropped}});
}

void Pace::Look() {
  const auto done = std::move(look_);
  const Counts now = counts_();
  if (now.late > told_.late || now.dropped > told_.dropped) {
    LogWarning("the mixer was late: this machine has too little time for its calls",
               {{"ticks", now.ticks - told_.ticks},
                {"late", now.late - told_.late},
                {"dropped", now.dropped - told_.dropped}});
  }
  told_ = now;
  look_ = loop_->After(limits::kPaceLook, [this] { Look(); });
}

}  // namespace atrium::media
