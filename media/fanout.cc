#include "media/fanout.h"

#include <opus/opus.h>
#include <pthread.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "common/log.h"
#include "media/limits.h"

namespace atrium::media {
namespace {

constexpr int kBitrate = 32000;
constexpr int kComplexity = 5;
constexpr int kExpectedLossPercent = 5;
constexpr int kMaxPacketBytes = 1200;
// After so many silent frames, half a second, packets of silence are all alike.
constexpr int kSettledFrames = 25;

// One Opus stream.
class Encoder {
 public:
  Encoder() {
    int error = 0;
    opus_ = opus_encoder_create(kSampleRate, 1, OPUS_APPLICATION_VOIP, &error);
    if (opus_ == nullptr) return;
    opus_encoder_ctl(opus_, OPUS_SET_BITRATE(kBitrate));
    opus_encoder_ctl(opus_, OPUS_SET_COMPLEXITY(kComplexity));
    opus_encoder_ctl(opus_, OPUS_SET_INBAND_FEC(1));
    opus_encoder_ctl(opus_, OPUS_SET_PACKET_LOSS_PERC(kExpectedLossPercent));
  }
  ~Encoder() {
    if (opus_ != nullptr) opus_encoder_destroy(opus_);
  }
  Encoder(const Encoder&) = delete;
  Encoder& operator=(const Encoder&) = delete;

  // Null if it cannot be encoded. A silence that lasts is encoded once, and the same
  // packet sent again: decoders have then settled as our encoder has.
  GRef<GstBuffer> Encode(const Frame& pcm, GstClockTime pts) {
    const bool silent = std::all_of(pcm.begin(), pcm.end(), [](int16_t s) { return s == 0; });
    silent_frames_ = silent ? std::min(silent_frames_ + 1, kSettledFrames + 1) : 0;
    if (silent_frames_ <= kSettledFrames) {
      ++encoded_;
      size_ = opus_ == nullptr
                  ? 0
                  : opus_encode(opus_, pcm.data(), kFrameSamples, packet_, sizeof packet_);
    }
    if (size_ <= 0) return {};
    auto buffer =
        GRef<GstBuffer>::Adopt(gst_buffer_new_memdup(packet_, static_cast<gsize>(size_)));
    GST_BUFFER_PTS(buffer.get()) = pts;
    GST_BUFFER_DURATION(buffer.get()) = kFrameNanos;
    return buffer;
  }
  // Frames that were not sent again but encoded, since the last call.
  int64_t TakeEncoded() { return std::exchange(encoded_, 0); }

 private:
  OpusEncoder* opus_ = nullptr;
  unsigned char packet_[kMaxPacketBytes];  // The last one.
  int size_ = 0;
  int silent_frames_ = 0;
  int64_t encoded_ = 0;
};

}  // namespace

class Fanout::Worker {
 public:
  Worker(std::atomic<int64_t>* encoded, std::atomic<int64_t>* dropped)
      : encoded_(encoded), dropped_(dropped), thread_([this] { Run(); }) {
    pthread_setname_np(thread_.native_handle(), "sender");
  }
  ~Worker() {
    {
      std::lock_guard<std::mutex> lock(mu_);
      ending_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }

  void Add(int64_t room, GstClockTime pts, std::vector<Mix> mixes) {
    {
      std::lock_guard<std::mutex> lock(mu_);
      Bound(room);
      jobs_.push_back({room, pts, std::move(mixes), false});
    }
    wake_.notify_one();
  }
  void Forget(int64_t room) {
    {
      std::lock_guard<std::mutex> lock(mu_);
      jobs_.push_back({room, 0, {}, true});
    }
    wake_.notify_one();
  }

 private:
  struct Job {
    int64_t room;
    GstClockTime pts;
    std::vector<Mix> mixes;
    bool forget;
  };
  struct Used {
    std::unique_ptr<Encoder> encoder = std::make_unique<Encoder>();
    int64_t turn = 0;
  };

  // A worker that cannot keep up drops a room's oldest frame, not its newest.
  void Bound(int64_t room) {
    size_t waiting = 0;
    auto oldest = jobs_.end();
    for (auto it = jobs_.begin(); it != jobs_.end(); ++it) {
      if (it->room != room || it->forget) continue;
      if (waiting++ == 0) oldest = it;
    }
    if (waiting < limits::kSenderBacklog) return;
    jobs_.erase(oldest);
    if ((*dropped_)++ % 500 == 0) LogWarning("sending is too slow: frames are dropped");
  }

  void Run() {
    for (;;) {
      Job job;
      {
        std::unique_lock<std::mutex> lock(mu_);
        wake_.wait(lock, [this] { return ending_ || !jobs_.empty(); });
        if (ending_) return;
        job = std::move(jobs_.front());
        jobs_.pop_front();
      }
      if (job.forget) {
        encoders_.erase(job.room);
        turns_.erase(job.room);
      } else {
        Send(job);
      }
    }
  }

  void Send(const Job& job) {
    std::map<int64_t, Used>& encoders = encoders_[job.room];
    const int64_t turn = ++turns_[job.room];
    for (const Mix& mix : job.mixes) {
      Used& used = encoders[mix.encode];
      used.turn = turn;
      const GRef<GstBuffer> opus = used.encoder->Encode(mix.pcm, job.pts);
      *encoded_ += used.encoder->TakeEncoded();
      if (!opus) continue;
      for (const auto& sink : mix.to) sink->Push(opus.get());
    }
    std::erase_if(encoders, [turn](const auto& entry) {
      return entry.second.turn + limits::kEncoderIdleFrames < turn;
    });
  }

  // Given.
  std::atomic<int64_t>* const encoded_;
  std::atomic<int64_t>* const dropped_;
  // Locked.
  std::mutex mu_;
  std::condition_variable wake_;
  std::deque<Job> jobs_;
  bool ending_ = false;
  // The thread's own.
  std::map<int64_t, std::map<int64_t, Used>> encoders_;  // By room and encode.
  std::map<int64_t, int64_t> turns_;
  // Owned.
  std::thread thread_;
};

Fanout::Fanout(int workers) {
  for (int i = 0; i < workers; ++i)
    workers_.push_back(std::make_unique<Worker>(&encoded_, &dropped_));
}

Fanout::~Fanout() = default;

Fanout::Worker* Fanout::WorkerOf(int64_t room) const {
  return workers_[static_cast<size_t>(room) % workers_.size()].get();
}

void Fanout::Send(int64_t room, GstClockTime pts, std::vector<Mix> mixes) {
  if (!mixes.empty()) WorkerOf(room)->Add(room, pts, std::move(mixes));
}

void Fanout::Forget(int64_t room) { WorkerOf(room)->Forget(room); }

}  // namespace atrium::media
