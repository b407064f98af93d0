#include "control/figures.h"

namespace atrium::control {

using atrium::v1::CallProblem;

bool Figures::Count(const CallProblem& problem) {
  if (!CallProblem::Category_IsValid(problem.category()) ||
      problem.category() == CallProblem::CATEGORY_UNSPECIFIED) {
    return false;
  }
  ++(problem.screen() ? screen_problems
                      : call_problems)[CallProblem::Category_Name(problem.category())];
  return true;
}

std::string ToPrometheus(const Figures& f, const Presence& now) {
  Exposition out("atrium_control_");
  out.One("sessions", "gauge", "Sessions that there are.", now.sessions);
  out.One("participants", "gauge", "People and services in them.", now.participants);
  out.One("live", "gauge", "Of those, in a call.", now.live);
  out.One("screens", "gauge", "Screens that are shown.", now.screens);
  out.Each("call_problems_total", "counter", "What went wrong with calls in pages.", "category",
           f.call_problems);
  out.Each("screen_problems_total", "counter", "What went wrong with screens in pages.", "category",
           f.screen_problems);
  out.Durations("call_seconds", "How long participants' calls lasted.", f.calls);
  out.Durations("screen_seconds", "How long screens were shown.", f.screens);
  out.One("agent_responses_total", "counter", "Answers that agents gave.", f.agent_responses);
  return out.text();
}

}  // namespace atrium::control
