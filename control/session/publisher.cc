#include "control/session/publisher.h"

#include <algorithm>
#include <string>
#include <utility>

#include "control/limits.h"

namespace atrium::control {

using atrium::v1::SessionChange;

namespace {

template <typename T>
void Put(google::protobuf::RepeatedPtrField<T>* list, const T& item) {
  for (T& old : *list) {
    if (old.name() == item.name()) {
      old = item;
      return;
    }
  }
  *list->Add() = item;
}

bool SamePlace(const StoreWrite& a, const StoreWrite& b) {
  return a.kind == b.kind && a.key == b.key && a.entry == b.entry;
}

// The last part of an entry's name.
int64_t SequenceOf(const atrium::v1::TimelineEntry& entry) {
  return std::atoll(entry.name().c_str() + entry.name().rfind('/') + 1);
}

template <typename T>
void Remove(google::protobuf::RepeatedPtrField<T>* list, const std::string& name) {
  list->erase(std::remove_if(list->begin(), list->end(),
                             [&](const T& item) { return item.name() == name; }),
              list->end());
}

}  // namespace

Publisher::Publisher(Store* store, atrium::v1::SessionSnapshot first, Deliver deliver)
    : store_(store), deliver_(std::move(deliver)), snapshot_(std::move(first)) {}

Publisher::~Publisher() { *alive_ = false; }

void Publisher::Publish(SessionChange change, std::vector<StoreWrite> writes, Done done) {
  auto pending = std::make_shared<Pending>();
  pending->change = std::move(change);
  pending->durable = writes.empty();
  pending->done = std::move(done);
  pending_.push_back(pending);
  if (writes.empty()) return Drain();
  std::erase_if(unsaved_, [&](const StoreWrite& old) {
    return std::any_of(writes.begin(), writes.end(),
                       [&](const StoreWrite& write) { return SamePlace(old, write); });
  });
  std::vector<StoreWrite> kept;
  if (!pending->done) kept = writes;
  store_->Commit(std::move(writes), [this, pending, kept = std::move(kept),
                                     alive = alive_](absl::Status status) {
    pending->durable = true;
    pending->status = std::move(status);
    if (!*alive) return;
    failing_ = !pending->status.ok();
    if (failing_ && !pending->done) {
      unsaved_.insert(unsaved_.end(), kept.begin(), kept.end());
      pending->status = absl::OkStatus();
    }
    Drain();
  });
}

void Publisher::Retry() {
  if (unsaved_.empty()) return;
  auto writes = std::exchange(unsaved_, {});
  store_->Commit(writes, [this, writes, alive = alive_](absl::Status status) {
    if (!*alive) return;
    failing_ = !status.ok();
    // What was written meanwhile is newer, and stands behind.
    if (failing_) unsaved_.insert(unsaved_.begin(), writes.begin(), writes.end());
  });
}

void Publisher::Drain() {
  // Whoever is told of a change may make another: that one waits for its turn.
  if (std::exchange(draining_, true)) return;
  const std::shared_ptr<bool> alive = alive_;
  while (*alive && !pending_.empty() && pending_.front()->durable) {
    const std::shared_ptr<Pending> next = std::move(pending_.front());
    pending_.pop_front();
    if (next->status.ok() && next->change.change_case() != SessionChange::CHANGE_NOT_SET) {
      snapshot_.mutable_session()->set_revision(snapshot_.session().revision() + 1);
      next->change.set_revision(snapshot_.session().revision());
      Apply(next->change);
      deliver_(next->change);
    }
    if (next->done) next->done(next->status);
  }
  if (*alive) draining_ = false;
}

// The newest entries, bounded by count and bytes; one that is older than all of them
// and only changed stays out.
void Publisher::PutEntry(const atrium::v1::TimelineEntry& entry) {
  auto* entries = snapshot_.mutable_entries();
  const bool known = std::any_of(entries->begin(), entries->end(),
                                 [&](const auto& one) { return one.name() == entry.name(); });
  const bool late = !entries->empty() && SequenceOf(entry) < SequenceOf(entries->Get(0));
  if (!known && late && entries->size() > 1) return;
  Put(entries, entry);
  size_t bytes = 0;
  int keep = 0;
  for (int i = entries->size() - 1; i >= 0 && keep < limits::kSnapshotEntries; --i, ++keep) {
    bytes += entries->Get(i).ByteSizeLong();
    if (bytes > limits::kSnapshotEntryBytes && keep > 0) break;
  }
  entries->DeleteSubrange(0, entries->size() - keep);
}

atrium::v1::SessionSnapshot Publisher::SnapshotFor(const atrium::v1::Participant& self) const {
  atrium::v1::SessionSnapshot snapshot = snapshot_;
  Put(snapshot.mutable_participants(), self);
  return snapshot;
}

void Publisher::Apply(const SessionChange& change) {
  switch (change.change_case()) {
    case SessionChange::kTab:
      Put(snapshot_.mutable_tabs(), change.tab());
      std::stable_sort(
          snapshot_.mutable_tabs()->begin(), snapshot_.mutable_tabs()->end(),
          [](const auto& a, const auto& b) { return a.position() < b.position(); });
      break;
    case SessionChange::kDeletedTab:
      Remove(snapshot_.mutable_tabs(), change.deleted_tab());
      break;
    case SessionChange::kParticipant:
      Put(snapshot_.mutable_participants(), change.participant());
      break;
    case SessionChange::kDeletedParticipant:
      Remove(snapshot_.mutable_participants(), change.deleted_participant());
      break;
    case SessionChange::kConversation:
      *snapshot_.mutable_conversation() = change.conversation();
      break;
    case SessionChange::kApproval:
      if (change.approval().state() == atrium::v1::Approval::PENDING) {
        Put(snapshot_.mutable_approvals(), change.approval());
      } else {
        Remove(snapshot_.mutable_approvals(), change.approval().name());
      }
      break;
    case SessionChange::kEntry:
      PutEntry(change.entry());
      break;
    case SessionChange::kCapture:
      Put(snapshot_.mutable_captures(), change.capture());
      break;
    case SessionChange::kDeletedCapture:
      Remove(snapshot_.mutable_captures(), change.deleted_capture());
      break;
    case SessionChange::kSession: {
      const int64_t revision = snapshot_.session().revision();
      *snapshot_.mutable_session() = change.session();
      snapshot_.mutable_session()->set_revision(revision);
      break;
    }
    case SessionChange::CHANGE_NOT_SET:
      break;
  }
}

}  // namespace atrium::control
