// Session: what ran in a tab, and what came out of it.
#include <utility>

#include "control/errors.h"
#include "control/limits.h"
#include "control/session/session.h"

namespace atrium::control {

using atrium::v1::ListCommandsRequest;
using atrium::v1::ListCommandsResponse;
using atrium::v1::WaitForOutputRequest;
using atrium::v1::WaitForOutputResponse;

void Session::ListCommands(const ListCommandsRequest& request, Done<ListCommandsResponse> done) {
  if (tabs_.Find(request.tab()) == nullptr) return done(NoSuchTab(request.tab()));
  context_->host->ListCommands(request, std::move(done));
}

std::function<void()> Session::WaitForOutput(const WaitForOutputRequest& request,
                                             absl::Duration patience,
                                             Done<WaitForOutputResponse> done) {
  if (tabs_.Find(request.tab()) == nullptr) {
    done(NoSuchTab(request.tab()));
    return nullptr;
  }
  return context_->host->WaitForOutput(request, patience, std::move(done));
}

// A loop at the prompt ends commands as fast as it can: people are told at most
// every kCommandSpacing, and of the last one always.
void Session::OnHostCommandEnd(const atrium::terminal::v1::CommandEnd& end) {
  TabTable::Record* record = tabs_.Find(end.tab());
  if (record == nullptr || !end.has_command()) return;
  atrium::v1::Command& last = *record->mutable_tab()->mutable_last_command();
  if (last.SerializeAsString() == end.command().SerializeAsString()) return;
  last = end.command();
  std::erase_if(command_news_,
                [this](const auto& news) { return tabs_.Find(news.first) == nullptr; });
  CommandNews& news = command_news_[end.tab()];
  if (news.later) return;
  const absl::Duration wait =
      news.published + limits::kCommandSpacing - context_->loop->Monotonic();
  if (wait <= absl::ZeroDuration()) return PublishLastCommand(end.tab());
  news.later = context_->loop->After(wait, [this, tab = end.tab()] { PublishLastCommand(tab); });
}

void Session::PublishLastCommand(const std::string& tab) {
  CommandNews& news = command_news_[tab];
  const Loop::HandlePtr done = std::move(news.later);  // We may run inside it.
  news.published = context_->loop->Monotonic();
  PublishTab(tab);
}

}  // namespace atrium::control
