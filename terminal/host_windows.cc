// How large a terminal is: whose window decides.
#include <algorithm>

#include "common/status_macros.h"
#include "terminal/errors.h"
#include "terminal/host.h"

namespace atrium::terminal {

absl::Status Host::Resize(const std::string& tab, const AttachmentId& id, Size size, bool again) {
  auto it = entries_.find(tab);
  if (it == entries_.end()) return NoSuchTerminal(tab);
  ASSIGN_OR_RETURN(const AttachmentRight right, attachments_.CheckWrite(id, tab));
  Entry& entry = it->second;
  if (size == Size{0, 0}) {
    entry.windows.erase(id);
  } else {
    Window& window = entry.windows[id];
    window.size = size;
    if (!again) window.told = ++windows_told_;
    // Not an error if it is another's: the owner may just have changed.
    if (!again && right.participant == entry.size_owner) FitOwner(entry, tab);
  }
  FitWindows(entry, tab);
  return absl::OkStatus();
}

// For the policy that the owner's window decides: the one that was told last.
void Host::FitOwner(Entry& entry, const std::string& tab) {
  if (entry.size_policy == atrium::v1::SMALLEST || entry.size_policy == atrium::v1::FIXED) return;
  const Window* latest = nullptr;
  for (const auto& [id, window] : entry.windows) {
    const auto right = attachments_.CheckWrite(id, tab);
    if (!right.ok() || right->participant != entry.size_owner) continue;
    if (latest == nullptr || window.told > latest->told) latest = &window;
  }
  if (latest != nullptr) entry.terminal->Resize(latest->size);
}

// For the policy SMALLEST: the largest size that fits every window. What nobody
// looks at stays as it is.
void Host::FitWindows(Entry& entry, const std::string& tab) {
  if (entry.size_policy != atrium::v1::SMALLEST) return;
  std::erase_if(entry.windows, [&](const auto& window) {
    return !attachments_.CheckWrite(window.first, tab).ok();
  });
  if (entry.windows.empty()) return;
  Size least = entry.windows.begin()->second.size;
  for (const auto& [id, window] : entry.windows) {
    least.columns = std::min(least.columns, window.size.columns);
    least.rows = std::min(least.rows, window.size.rows);
  }
  entry.terminal->Resize(least);
}

}  // namespace atrium::terminal
