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
  store_->Commit(std::move(writes), [this, pending, alive = alive_](absl::Status status) {
    pending->durable = true;
    pending->status = std::move(status);
    if (!*alive) return;
    failing_ = !pending->status.ok();
    Drain();
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
      Put(snapshot_.mutable_entries(), change.entry());
      if (snapshot_.entries_size() > limits::kSnapshotEntries) {
        snapshot_.mutable_entries()->DeleteSubrange(
            0, snapshot_.entries_size() - limits::kSnapshotEntries);
      }
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
