#include "terminal/host.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "absl/strings/str_replace.h"
#include "common/errors.h"
#include "common/log.h"
#include "common/proto_time.h"
#include "common/status_macros.h"
#include "common/str_cat.h"
#include "terminal/confine.h"
#include "terminal/errors.h"
#include "terminal/limits.h"

namespace atrium::terminal {

using atrium::terminal::v1::CommandEnd;
using atrium::terminal::v1::DriveResponse;
using atrium::terminal::v1::Plan;

namespace {

constexpr absl::Duration kHousekeeping = absl::Seconds(30);

Size FromProto(const atrium::v1::TerminalSize& size) {
  if (size.columns() == 0 || size.rows() == 0) return {};
  return {size.columns(), size.rows()};
}

void Describe(const absl::Status& status, DriveResponse::Problem* problem) {
  const ErrorDetails details = DetailsOf(status);
  problem->set_message(std::string(status.message()));
  problem->set_code(static_cast<int>(status.code()));
  problem->set_reason(details.reason);
  if (details.retry_after) *problem->mutable_retry_after() = ToProtoDuration(*details.retry_after);
}

}  // namespace

Host::Host(Loop* loop, ScreenThread* screens, ShellMaker shells, Options options,
           const atrium::terminal::v1::Handover* handover)
    : loop_(loop),
      screens_(screens),
      shells_(std::move(shells)),
      options_(std::move(options)),
      audit_(loop, options_.audit_path, this),
      bounds_(loop, options_.bounds, this),
      runs_(loop,
            [this](const auto& tab, const auto& text) { TypedByControl(tab, text, false); }),
      waits_(loop) {
  if (handover != nullptr) Resume(*handover);
  bounds_.EndAllElse();
  AdoptLeftBehind();
  Housekeep();
}

Host::~Host() = default;

std::string Host::LogPath(const std::string& tab) const {
  if (options_.log_directory.empty()) return "";
  // Ids hold no dot and no slash, so different tabs get different files.
  return StrCat(options_.log_directory, "/", absl::StrReplaceAll(tab, {{"/", "."}}), ".log");
}

void Host::AdoptLeftBehind() {
  if (options_.log_directory.empty()) return;
  std::error_code error;
  for (const auto& file : std::filesystem::directory_iterator(options_.log_directory, error)) {
    if (file.path().extension() != ".log") continue;
    absl::StatusOr<std::unique_ptr<OutputLog>> log = OutputLog::Open(file.path());
    if (!log.ok()) {
      LogWarning("cannot read what was left behind",
                 {{"path", file.path().string()}, {"error", log.status().message()}});
      continue;
    }
    const std::string tab = (*log)->tab();
    if (entries_.count(tab) > 0) continue;  // It was handed over.
    entries_[tab].terminal = Terminal::Lost(loop_, screens_, *std::move(log), &figures_);
  }
  if (error) LogWarning("cannot list the logs", {{"error", error.message()}});
}

absl::Status Host::TakeOver(Driver* driver, int64_t fence) {
  if (fence < fence_) return StaleFence(fence, fence_);
  if (driver_ != nullptr) driver_->OnReplaced(StaleFence(fence_, fence));
  if (fence > fence_) {
    // A new control has planned nothing yet: it adopts what it knows.
    for (auto& [tab, entry] : entries_) entry.planned = false;
  }
  fence_ = fence;
  driver_ = driver;
  attachment_lease_.reset();
  return absl::OkStatus();
}

void Host::Leave(Driver* driver) {
  if (driver_ != driver) return;
  driver_ = nullptr;
  attachment_lease_ = loop_->After(limits::kAttachmentLease, [this] { attachments_.Clear(); });
}

DriveResponse::Inventory Host::Inventory() const {
  DriveResponse::Inventory inventory;
  inventory.set_incarnation(options_.incarnation);
  inventory.set_host(options_.name);
  inventory.set_checks_input(true);
  for (const auto& [tab, entry] : entries_) *inventory.add_terminals() = StatusOf(*entry.terminal);
  for (const auto& [id, right] : attachments_.all()) {
    auto* attachment = inventory.add_attachments();
    attachment->set_attachment(id.value());
    attachment->set_participant(right.participant);
    attachment->set_role(right.role);
  }
  return inventory;
}

DriveResponse::PlanStatus Host::Apply(const Plan& plan) {
  DriveResponse::PlanStatus result;
  result.set_generation(plan.generation());
  std::set<std::string> planned, refit;
  for (const Plan::Terminal& terminal : plan.terminals()) {
    planned.insert(terminal.tab());
    const bool ours = terminal.incarnation().empty();
    if (entries_.count(terminal.tab()) == 0 && ours) {
      if (const absl::Status status = Create(terminal); !status.ok()) {
        auto* problem = result.add_problems();
        problem->set_tab(terminal.tab());
        Describe(status, problem);
      }
    }
    auto it = entries_.find(terminal.tab());
    if (it == entries_.end()) continue;
    it->second.planned = true;
    if (it->second.size_owner != terminal.size_owner() ||
        it->second.size_policy != terminal.size_policy()) {
      refit.insert(terminal.tab());
    }
    // Pages tell of a tab that they show no longer only where that counts: whoever shows
    // it tells again.
    const bool counts = terminal.size_policy() == atrium::v1::SMALLEST;
    if (counts && it->second.size_policy != terminal.size_policy()) it->second.windows.clear();
    it->second.size_owner = terminal.size_owner();
    it->second.driver = terminal.driver();
    it->second.size_policy = terminal.size_policy();
    if (terminal.size_policy() == atrium::v1::FIXED) {
      it->second.terminal->Resize(FromProto(terminal.size()));
    }
  }
  EndUnplanned(planned);
  std::map<AttachmentId, AttachmentRight> rights;
  for (const Plan::Attachment& attachment : plan.attachments()) {
    rights[AttachmentId(attachment.attachment())] = {attachment.participant(), attachment.role()};
  }
  for (const AttachmentId& id : attachments_.Replace(std::move(rights))) TakeBack(id);
  for (const std::string& tab : refit) {
    auto it = entries_.find(tab);
    if (it == entries_.end()) continue;
    FitWindows(it->second, tab);
    FitOwner(it->second, tab);
  }
  return result;
}

// An attachment may do less than before.
void Host::TakeBack(const AttachmentId& id) {
  for (auto& [tab, entry] : entries_) {
    if (attachments_.CheckRead(id, tab).ok()) {
      if (!attachments_.CheckWrite(id, tab).ok()) entry.terminal->LoseHold(id, LosslessForEditors());
      continue;
    }
    entry.terminal->LoseHold(id, NoSuchAttachment());
    auto opened = entry.streams.find(id);
    if (opened == entry.streams.end()) continue;
    const std::vector<Stream*> streams = opened->second;
    for (Stream* stream : streams) stream->OnRevoked(id);
  }
}

Host::Stream* Host::StreamOf(const Entry& entry, const AttachmentId& id) {
  auto opened = entry.streams.find(id);
  return opened == entry.streams.end() ? nullptr : opened->second.back();
}

// A command that was meant for another place must not run in this one.
absl::Status Host::CheckDirectory(const std::string& path) {
  if (path.empty()) return absl::OkStatus();
  if (path.front() != '/') return BadField("working_directory", "must begin with /");
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return absl::OkStatus();
  return BadField("working_directory",
                  StrCat(path, error ? ": " + error.message() : " is no directory"));
}

absl::Status Host::Create(const Plan::Terminal& planned) {
  if (status_.draining()) return HostDrains();
  if (static_cast<int>(entries_.size()) >= options_.terminals) {
    return TooMany("terminals on this host", options_.terminals, absl::Minutes(1));
  }
  RETURN_IF_ERROR(CheckDirectory(planned.working_directory()));
  std::map<std::string, std::string> environment(planned.environment().begin(),
                                                 planned.environment().end());
  environment["ATRIUM_TAB"] = planned.tab();
  ShellCommand command =
      shells_.Make({planned.command().begin(), planned.command().end()},
                   planned.working_directory(), environment);
  RETURN_IF_ERROR(Confine(planned.profile(), &command));
  ASSIGN_OR_RETURN(command.filter, filters_.For(planned.profile()));
  ASSIGN_OR_RETURN(command.cgroup_fd, bounds_.Enter(planned.tab()));
  absl::StatusOr<std::unique_ptr<Terminal>> started =
      Terminal::Start(loop_, screens_,
                      {.tab = planned.tab(),
                       .incarnation = options_.incarnation,
                       .log_path = LogPath(planned.tab()),
                       .size = FromProto(planned.size())},
                      command, &figures_, this);
  if (!started.ok()) {
    bounds_.Leave(planned.tab());
    return started.status();
  }
  std::unique_ptr<Terminal> terminal = *std::move(started);
  LogInfo("started a terminal", {{"tab", planned.tab()}, {"program", command.program}});
  Terminal* raw = terminal.get();
  entries_[planned.tab()].terminal = std::move(terminal);
  OnStatus(raw);
  return absl::OkStatus();
}

void Host::EndUnplanned(const std::set<std::string>& planned) {
  std::vector<std::string> now;
  bool later = false;
  for (const auto& [tab, entry] : entries_) {
    if (planned.count(tab) > 0) continue;
    if (entry.planned) {
      now.push_back(tab);
    } else {
      later = true;
    }
  }
  for (const std::string& tab : now) End(tab);
  if (!later) unplanned_.reset();
  if (!later || unplanned_) return;
  unplanned_ = loop_->After(limits::kUnplannedLife, [this] {
    auto done = std::move(unplanned_);
    if (driver_ == nullptr) return;  // The next control decides.
    std::vector<std::string> orphans;
    for (const auto& [tab, entry] : entries_) {
      if (!entry.planned) orphans.push_back(tab);
    }
    for (const std::string& tab : orphans) {
      LogWarning("ended a terminal of no session", {{"tab", tab}});
      End(tab);
    }
  });
}

void Host::End(const std::string& tab) {
  auto it = entries_.find(tab);
  Terminal* terminal = it->second.terminal.get();
  runs_.OnGone(terminal);
  waits_.OnGone(terminal);
  terminal->Forget();
  LogInfo("ended a terminal", {{"tab", tab}});
  bounds_.Leave(tab);
  // Streams see by Find() that it is gone; we may be inside its callback.
  const auto streams = std::move(it->second.streams);
  last_ended_->push_back(std::move(it->second));
  entries_.erase(it);
  CheckEmpty();
  for (auto& [id, opened] : streams) {
    for (Stream* stream : opened) stream->OnRevoked(id);
  }
  loop_->Post([weak = std::weak_ptr(last_ended_)] {
    if (const auto ended = weak.lock()) ended->clear();
  });
}

Terminal* Host::Find(const std::string& tab) {
  auto it = entries_.find(tab);
  return it == entries_.end() ? nullptr : it->second.terminal.get();
}

absl::StatusOr<int64_t> Host::Open(Stream* stream, const std::string& tab,
                                   const AttachmentId& id) {
  auto it = entries_.find(tab);
  if (it == entries_.end()) return NoSuchTerminal(tab);
  RETURN_IF_ERROR(attachments_.CheckRead(id, tab).status());
  std::vector<Stream*>& streams = it->second.streams[id];
  std::erase(streams, stream);
  streams.push_back(stream);
  it->second.ledger.Touch(id, loop_->Monotonic());
  return it->second.ledger.LastWritten(id);
}

absl::Status Host::CheckHold(const std::string& tab, const AttachmentId& id) {
  Terminal* terminal = Find(tab);
  if (terminal == nullptr) return NoSuchTerminal(tab);
  RETURN_IF_ERROR(attachments_.CheckRead(id, tab).status());
  if (!attachments_.CheckWrite(id, tab).ok()) return LosslessForEditors();
  return terminal->CheckHold(id);
}

void Host::Close(Stream* stream, const std::string& tab, const AttachmentId& id) {
  auto it = entries_.find(tab);
  if (it == entries_.end()) return;
  auto opened = it->second.streams.find(id);
  if (opened == it->second.streams.end()) return;
  std::erase(opened->second, stream);
  if (!opened->second.empty()) return;
  it->second.streams.erase(opened);
  it->second.windows.erase(id);
  FitWindows(it->second, tab);
}

void Host::CloseAll(Stream* stream, const std::string& tab) {
  auto it = entries_.find(tab);
  if (it == entries_.end()) return;
  Entry& entry = it->second;
  for (auto& [id, opened] : entry.streams) std::erase(opened, stream);
  std::erase_if(entry.streams, [](const auto& opened) { return opened.second.empty(); });
  std::erase_if(entry.windows, [&](const auto& window) {
    return entry.streams.find(window.first) == entry.streams.end();
  });
  FitWindows(entry, tab);
}

absl::Status Host::Input(const std::string& tab, const AttachmentId& id, int64_t sequence,
                         std::string data) {
  auto it = entries_.find(tab);
  if (it == entries_.end()) return NoSuchTerminal(tab);
  Entry& entry = it->second;
  ASSIGN_OR_RETURN(const AttachmentRight right, attachments_.CheckWrite(id, tab));
  if (!entry.terminal->running()) return TerminalEnded(tab);
  const size_t bytes = data.size();
  ASSIGN_OR_RETURN(const bool fresh, entry.ledger.Accept(id, sequence, bytes));
  entry.ledger.Touch(id, loop_->Monotonic());
  if (!fresh) {
    if (Stream* stream = StreamOf(entry, id)) {
      stream->OnInputWritten(id, entry.ledger.LastWritten(id));
    }
    return absl::OkStatus();
  }
  // Dropped in its turn, so that what was typed before is acknowledged first.
  const bool dropped = !entry.driver.empty() && right.participant != entry.driver;
  if (dropped) {
    ++figures_.input_dropped;
    data.clear();
  } else {
    Typed(entry, tab, right.participant);
    audit_.Typed(tab, right.participant, data, entry.terminal->hides_input());
  }
  return entry.terminal->Write(std::move(data), [this, tab, id, sequence, bytes, dropped] {
    auto now = entries_.find(tab);
    if (now == entries_.end()) return;
    now->second.ledger.Written(id, sequence, bytes);
    Stream* stream = StreamOf(now->second, id);
    if (stream == nullptr) return;
    stream->OnInputWritten(id, sequence);
    if (dropped) stream->OnInputDropped(id, SomebodyDrives());
  });
}

void Host::Typed(Entry& entry, const std::string& tab, const std::string& participant) {
  absl::Duration& last = entry.typed[participant];
  const absl::Duration now = loop_->Monotonic();
  if (last != absl::ZeroDuration() && now - last < limits::kTypedSpacing) return;
  last = now;
  if (driver_ != nullptr) driver_->OnTyped(tab, participant);
}

atrium::terminal::v1::TerminalStatus Host::StatusOf(const Terminal& terminal) const {
  atrium::terminal::v1::TerminalStatus status = terminal.Status();
  for (const AttachmentId& id : terminal.holders()) {
    const auto right = attachments_.CheckRead(id, terminal.tab());
    if (right.ok()) status.add_held_by(right->participant);
  }
  return status;
}

void Host::OnStatus(Terminal* terminal) {
  runs_.OnStatus(terminal);
  if (driver_ != nullptr) driver_->OnStatus(StatusOf(*terminal));
  if (terminal->ended()) CheckEmpty();
}

void Host::OnMark(Terminal* terminal, const ShellMark& mark) {
  runs_.OnMark(terminal, mark);
  waits_.OnMark(terminal);
}

void Host::OnCommandEnd(Terminal* terminal, const atrium::v1::Command& command) {
  if (driver_ == nullptr) return;
  CommandEnd end;
  end.set_tab(terminal->tab());
  end.set_exit_code(command.exit_code());
  end.set_duration_ms(absl::ToInt64Milliseconds(FromProtoDuration(command.duration())));
  *end.mutable_command() = command;
  driver_->OnCommandEnd(end);
}

void Host::TellMissed() {
  TellStatus();
  for (const auto& [tab, entry] : entries_) {
    const auto* command = entry.terminal->commands().LastEnded();
    if (command != nullptr) OnCommandEnd(entry.terminal.get(), *command);
  }
}

std::string Host::WhyEnded(const Terminal& terminal) {
  const Bounds::Bound bound = bounds_.EndedBy(terminal.tab());
  if (bound == Bounds::Bound::kNone) return "";
  ++figures_.ended_by_bounds[bound == Bounds::Bound::kMemory ? "memory" : "processes"];
  return bounds_.WhyEnded(terminal.tab());
}

void Host::OnMemory(int64_t bytes, bool alert) {
  status_.set_memory_bytes(bytes);
  status_.set_memory_limit_bytes(options_.bounds.all_memory_bytes);
  status_.set_memory_alert(alert);
  TellStatus();
}

void Host::OnAuditProblem(const std::string& problem) {
  if (status_.audit_problem() == problem) return;
  if (status_.audit_problem().empty()) ++figures_.audit_problems;
  status_.set_audit_problem(problem);
  TellStatus();
}

void Host::TellStatus() {
  if (driver_ != nullptr) driver_->OnHostStatus(status_);
}

void Host::Drain(std::function<void()> empty) {
  if (status_.draining()) return;
  LogInfo("takes no new terminals, and ends after the last one");
  status_.set_draining(true);
  on_empty_ = std::move(empty);
  TellStatus();
  CheckEmpty();
}

// Programs that have ended leave their last screens to the next process.
void Host::CheckEmpty() {
  if (!status_.draining()) return;
  empty_.reset();
  const bool runs = std::any_of(entries_.begin(), entries_.end(), [](const auto& entry) {
    return entry.second.terminal->running();
  });
  if (runs) return;
  empty_ = loop_->After(limits::kDrainGrace, [this] {
    const auto done = std::move(empty_);
    LogInfo("the last terminal is gone");
    on_empty_();
  });
}

void Host::Housekeep() {
  for (auto& [tab, entry] : entries_) {
    entry.ledger.Forget(loop_->Monotonic());
    entry.terminal->Look();
  }
  housekeeping_ = loop_->After(kHousekeeping, [this] {
    auto done = std::move(housekeeping_);
    Housekeep();
  });
}

}  // namespace atrium::terminal
