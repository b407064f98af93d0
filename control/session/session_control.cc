// Session: who alone may type in a tab, and with that whose window it fits.
#include "common/errors.h"
#include "common/resource_name.h"
#include "common/status_macros.h"
#include "control/errors.h"
#include "control/session/session.h"

namespace atrium::control {

using atrium::v1::Participant;
using atrium::v1::Tab;

// As the terminal host names whoever types: a service's streams are one participant.
std::string Session::DriverNameOf(const Actor& actor) const {
  const std::string name = NameOf(actor);
  return name.empty() ? ParticipantName(id_, ParticipantId("service")) : name;
}

absl::StatusOr<TabTable::Record*> Session::TabToDrive(const Actor& actor, const std::string& tab,
                                                      std::string_view act) {
  RETURN_IF_ERROR(actor.Require(Participant::EDITOR, act));
  TabTable::Record* record = tabs_.Find(tab);
  if (record == nullptr) return NoSuchTab(tab);
  return record;
}

// The tab as it is now, for everybody and the host.
Tab Session::ShowDriver(TabTable::Record* record) {
  Used(record->tab().name());
  PublishTab(record->tab().name());
  context_->host->PlanChanged();
  return record->tab();
}

// Whoever drives decides how large it is; a service has no window.
void Session::GiveSizeToDriver(Tab* tab) {
  if (people_.FindByName(tab->driver()) != nullptr) tab->set_size_owner(tab->driver());
}

absl::StatusOr<Tab> Session::TakeControl(const Actor& actor,
                                         const atrium::v1::TakeControlRequest& request) {
  ASSIGN_OR_RETURN(TabTable::Record * record,
                   TabToDrive(actor, request.tab(), "take control of a tab"));
  RETURN_IF_ERROR(drivers_.Take(record->mutable_tab(),
                                {DriverNameOf(actor), actor.role == Participant::OWNER},
                                context_->loop->Monotonic()));
  // A service has no window.
  if (!NameOf(actor).empty()) record->mutable_tab()->set_size_owner(NameOf(actor));
  return ShowDriver(record);
}

absl::StatusOr<Tab> Session::RequestControl(const Actor& actor,
                                            const atrium::v1::RequestControlRequest& request) {
  ASSIGN_OR_RETURN(TabTable::Record * record,
                   TabToDrive(actor, request.tab(), "ask for control of a tab"));
  const std::string who = DriverNameOf(actor);
  RETURN_IF_ERROR(drivers_.Request(record->mutable_tab(), {who, actor.role == Participant::OWNER},
                                   context_->loop->Monotonic()));
  if (record->tab().driver() == who && !NameOf(actor).empty()) {
    record->mutable_tab()->set_size_owner(who);
  }
  return ShowDriver(record);
}

absl::StatusOr<Tab> Session::GrantControl(const Actor& actor,
                                          const atrium::v1::GrantControlRequest& request) {
  ASSIGN_OR_RETURN(TabTable::Record * record,
                   TabToDrive(actor, request.tab(), "give control of a tab"));
  const std::string& to = request.participant();
  const Person* person = people_.FindByName(to);
  const bool service = to == ParticipantName(id_, ParticipantId("service"));
  if (!to.empty() && !service) {
    if (person == nullptr) return NoSuchParticipant(to);
    if (person->shown.role() < Participant::EDITOR) {
      return BadField("participant", "may not type: make them an editor first");
    }
  }
  RETURN_IF_ERROR(drivers_.Grant(record->mutable_tab(),
                                 {DriverNameOf(actor), actor.role == Participant::OWNER}, to,
                                 context_->loop->Monotonic()));
  if (person != nullptr) record->mutable_tab()->set_size_owner(to);
  return ShowDriver(record);
}

absl::StatusOr<Tab> Session::ReleaseControl(const Actor& actor,
                                            const atrium::v1::ReleaseControlRequest& request) {
  ASSIGN_OR_RETURN(TabTable::Record * record,
                   TabToDrive(actor, request.tab(), "release a tab"));
  RETURN_IF_ERROR(drivers_.Release(record->mutable_tab(),
                                   {DriverNameOf(actor), actor.role == Participant::OWNER}));
  return ShowDriver(record);
}

}  // namespace atrium::control
