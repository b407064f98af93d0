// Figures is what control counts about calls (L9, X5): how many, how long, what went
// wrong; never who, and nothing of what was said or shown. Pure.
//
// On the loop.
#ifndef ATRIUM_CONTROL_FIGURES_H_
#define ATRIUM_CONTROL_FIGURES_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/time/time.h"
#include "atrium/v1/live.pb.h"
#include "common/exposition.h"

namespace atrium::control {

struct Figures {
  // What went wrong in pages, by category, with the call and with screens.
  std::map<std::string, int64_t> call_problems, screen_problems;
  // How long those lasted that ended.
  Histogram calls{{10, 60, 300, 900, 3600, 14400}};
  Histogram screens{{10, 60, 300, 900, 3600, 14400}};
  int64_t agent_responses = 0;

  // False if it has no category.
  bool Count(const atrium::v1::CallProblem& problem);
};

// What there is at this moment.
struct Presence {
  int64_t sessions = 0, participants = 0, live = 0, screens = 0;
};

std::string ToPrometheus(const Figures& figures, const Presence& now);

}  // namespace atrium::control

#endif  // ATRIUM_CONTROL_FIGURES_H_
