#include "media/frame_ring.h"

#include <algorithm>

#include "media/limits.h"

namespace atrium::media {
namespace {

constexpr int kLookFrames = 50;         // A second.
constexpr size_t kMarginStep = 120;     // 5 ms deeper each time it ran dry,
constexpr size_t kMarginDecay = 24;     // 1 ms less each second that it did not,
constexpr size_t kMarginMost = 960;     // 40 ms at most.
constexpr int kFills = 3;               // Frames in a row that are made up.
constexpr int kStopFrames = 10;         // Dry for so long, it had not come late but stopped.
constexpr size_t kTrim = 120;           // 5 ms, cross-faded.
constexpr size_t kSpare = kTrim + 120;  // What may stay above the margin.

}  // namespace

void FrameRing::Push(const int16_t* samples, size_t count) {
  std::lock_guard<std::mutex> lock(mu_);
  samples_.insert(samples_.end(), samples, samples + count);
  if (samples_.size() <= limits::kRingSamples) return;
  const size_t keep = kFrameSamples + margin_;
  samples_.erase(samples_.begin(), samples_.end() - static_cast<ptrdiff_t>(keep));
}

bool FrameRing::Pop(Frame* frame) {
  std::unique_lock<std::mutex> lock(mu_);
  if (!primed_) {
    const size_t wanted = kFrameSamples + margin_;
    if (samples_.size() < wanted) {
      if (++rest_frames_ == kStopFrames) margin_ -= std::min(margin_, kMarginStep);
      return false;
    }
    samples_.erase(samples_.begin(), samples_.end() - static_cast<ptrdiff_t>(wanted));
    primed_ = true;
    least_ = SIZE_MAX;
    frames_ = 0;
  }
  if (samples_.size() >= kFrameSamples) fills_ = 0;
  while (samples_.size() < kFrameSamples && filler_ && fills_ < kFills) {
    const bool deepen = margin_ >= kFrameSamples;
    lock.unlock();  // It pushes.
    const bool real = filler_(deepen);
    lock.lock();
    if (!real && fills_++ == 0) RanDry();
  }
  if (samples_.size() < kFrameSamples) {
    primed_ = false;
    if (!filler_) RanDry();
    rest_frames_ = 0;
    return false;
  }
  std::copy_n(samples_.begin(), kFrameSamples, frame->begin());
  samples_.erase(samples_.begin(), samples_.begin() + kFrameSamples);
  least_ = std::min(least_, samples_.size());
  if (++frames_ >= kLookFrames) Trim();
  return true;
}

void FrameRing::RanDry() {
  ++dry_count_;
  margin_ = std::min(margin_ + kMarginStep, kMarginMost);
}

// Once a second: what was never needed is delay; 5 ms of it are folded away.
void FrameRing::Trim() {
  frames_ = 0;
  if (least_ != SIZE_MAX && least_ > margin_ + kSpare && samples_.size() >= 2 * kTrim) {
    for (size_t i = 0; i < kTrim; ++i) {
      const int keep = static_cast<int>(i), fade = static_cast<int>(kTrim - i);
      samples_[kTrim + i] = static_cast<int16_t>((samples_[i] * fade + samples_[kTrim + i] * keep) /
                                                 static_cast<int>(kTrim));
    }
    samples_.erase(samples_.begin(), samples_.begin() + kTrim);
  }
  margin_ -= std::min(margin_, kMarginDecay);
  least_ = SIZE_MAX;
}

size_t FrameRing::depth() const {
  std::lock_guard<std::mutex> lock(mu_);
  return samples_.size();
}
int64_t FrameRing::dry_count() const {
  std::lock_guard<std::mutex> lock(mu_);
  return dry_count_;
}

}  // namespace atrium::media
