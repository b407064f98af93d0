#include "media/agent_port.h"

#include <algorithm>
#include <utility>

#include "media/errors.h"
#include "media/limits.h"

namespace atrium::media {
namespace {

constexpr int kPlayedFrames = 5;  // 100 ms.
// So long a part of a frame waits for its rest.
constexpr int kShortFrames = 5;

}  // namespace

AgentPort::Utterance* AgentPort::Find(std::string_view name) {
  auto it = std::find_if(queue_.begin(), queue_.end(),
                         [&](const Utterance& u) { return u.name == name; });
  return it == queue_.end() ? nullptr : &*it;
}

const AgentPort::Played* AgentPort::FindEnded(std::string_view name) const {
  auto it = std::find_if(ended_.begin(), ended_.end(),
                         [&](const Played& p) { return p.utterance == name; });
  return it == ended_.end() ? nullptr : &*it;
}

void AgentPort::Tell(Played played) {
  if (!open_) return;
  played_.push_back(std::move(played));
  news_ = true;
}

void AgentPort::End(size_t index) {
  const Utterance& utterance = queue_[index];
  ended_.push_back({utterance.name, utterance.played, true});
  if (ended_.size() > limits::kEndedUtterances) ended_.pop_front();
  Tell(ended_.back());
  queue_.erase(queue_.begin() + static_cast<ptrdiff_t>(index));
  frames_untold_ = 0;
  frames_short_ = 0;
}

void AgentPort::Open() {
  std::lock_guard<std::mutex> lock(mu_);
  open_ = true;
  played_.clear();
  room_.clear();
  for (const Utterance& utterance : queue_) Tell({utterance.name, utterance.played, false});
}

void AgentPort::Close() {
  std::lock_guard<std::mutex> lock(mu_);
  open_ = false;
  played_.clear();
  room_.clear();
}

absl::Status AgentPort::Speak(std::string_view name, int64_t position, std::string_view pcm,
                              bool last) {
  if (pcm.size() > limits::kSpeechBytes || pcm.size() % 2 != 0) return BadSpeech(pcm.size());
  if (name.empty() || name.size() > limits::kUtteranceChars || position < 0) {
    return BadUtterance(name.substr(0, limits::kUtteranceChars), position);
  }
  std::lock_guard<std::mutex> lock(mu_);
  if (const Played* ended = FindEnded(name)) {
    Tell(*ended);
    return absl::OkStatus();
  }
  const int64_t count = static_cast<int64_t>(pcm.size() / 2);
  Utterance* utterance = Find(name);
  const int64_t end = utterance == nullptr ? position : utterance->end();
  if (position > end) return SpeechGap(name, position, end);
  const int64_t skip = std::min(end - position, count);
  int64_t queued = count - skip;
  for (const Utterance& u : queue_) queued += static_cast<int64_t>(u.samples.size());
  if (queued > limits::kAgentQueueSamples) return SpeechTooEarly(name);
  if (utterance == nullptr) {
    queue_.push_back({std::string(name), position, {}, false});
    utterance = &queue_.back();
  }
  for (int64_t i = skip; i < count; ++i) {
    const auto low = static_cast<uint8_t>(pcm[static_cast<size_t>(2 * i)]);
    const auto high = static_cast<uint8_t>(pcm[static_cast<size_t>(2 * i + 1)]);
    utterance->samples.push_back(static_cast<int16_t>(low | (high << 8)));
  }
  utterance->last = utterance->last || last;
  return absl::OkStatus();
}

void AgentPort::Flush(std::string_view name) {
  std::lock_guard<std::mutex> lock(mu_);
  if (const Played* ended = FindEnded(name)) return Tell(*ended);
  for (size_t i = 0; i < queue_.size(); ++i) {
    if (queue_[i].name == name) return End(i);
  }
  // Not begun here: its pieces, should they come yet, are not to be heard.
  queue_.push_back({std::string(name.substr(0, limits::kUtteranceChars)), 0, {}, true});
  End(queue_.size() - 1);
}

bool AgentPort::MayPlay() {
  while (!queue_.empty()) {
    const Utterance& first = queue_.front();
    const bool complete = first.last || queue_.size() > 1;
    if (first.samples.size() >= kFrameSamples) return true;
    if (!first.samples.empty()) return complete || ++frames_short_ >= kShortFrames;
    if (!complete) return false;
    End(0);
  }
  return false;
}

bool AgentPort::Play(Frame* frame) {
  std::lock_guard<std::mutex> lock(mu_);
  if (!MayPlay()) return false;
  frames_short_ = 0;
  Utterance& first = queue_.front();
  const size_t count = std::min(first.samples.size(), kFrameSamples);
  frame->fill(0);
  std::copy_n(first.samples.begin(), count, frame->begin());
  first.samples.erase(first.samples.begin(), first.samples.begin() + static_cast<ptrdiff_t>(count));
  first.played += static_cast<int64_t>(count);
  if (first.samples.empty() && first.last) {
    End(0);
  } else if (++frames_untold_ >= kPlayedFrames) {
    frames_untold_ = 0;
    Tell({first.name, first.played, false});
  }
  return true;
}

void AgentPort::GiveRoomFrame(RoomFrame frame) {
  std::lock_guard<std::mutex> lock(mu_);
  if (!open_) return;
  room_.push_back(std::move(frame));
  if (room_.size() > limits::kUpwardFrames) room_.pop_front();
  news_ = true;
}

bool AgentPort::TakeNews() {
  std::lock_guard<std::mutex> lock(mu_);
  return std::exchange(news_, false);
}

std::vector<AgentPort::Played> AgentPort::TakePlayed() {
  std::lock_guard<std::mutex> lock(mu_);
  return std::exchange(played_, {});
}

std::optional<AgentPort::RoomFrame> AgentPort::TakeRoomFrame() {
  std::lock_guard<std::mutex> lock(mu_);
  if (room_.empty()) return std::nullopt;
  RoomFrame frame = std::move(room_.front());
  room_.pop_front();
  return frame;
}

}  // namespace atrium::media
