#include "media/peer.h"

#include <utility>

#include "common/log.h"
#include "media/certificate.h"
#include "media/errors.h"
#include "media/limits.h"

namespace atrium::media {

Peer::Peer(const PeerPipeline::Context& context, int64_t id, PeerKey key, Offer offer,
           std::shared_ptr<PeerStreams> streams, Listener* listener)
    : context_(context),
      id_(id),
      key_(std::move(key)),
      offer_(std::move(offer)),
      streams_(std::move(streams)),
      listener_(listener),
      candidate_count_(offer_.candidates.size()),
      started_at_(context.loop->Monotonic()) {}

void Peer::Start() {
  deadline_ = context_.loop->After(limits::kAnswerTimeout, [this] { Fail(NoAnswer(step_)); });
  absl::StatusOr<std::unique_ptr<PeerPipeline>> pipeline =
      PeerPipeline::Make(context_, offer_, streams_, weak_from_this());
  if (!pipeline.ok()) return Fail(pipeline.status());
  pipeline_ = *std::move(pipeline);
  step_ = "taking the offer";
  if (const absl::Status status = pipeline_->SetRemote(WriteOffer(offer_)); !status.ok())
    Fail(status);
}

void Peer::AddCandidate(const std::string& candidate) {
  if (ended_ || candidate.empty() || candidate_count_ >= limits::kCandidates) return;
  ++candidate_count_;
  if (remote_set_) {
    pipeline_->AddCandidate(candidate);
  } else {
    early_candidates_.push_back(candidate);
  }
}

void Peer::OnRemoteSet(absl::Status status) {
  if (ended_) return;
  if (!status.ok()) return Fail(status);
  remote_set_ = true;
  for (const std::string& candidate : std::exchange(early_candidates_, {})) {
    pipeline_->AddCandidate(candidate);
  }
  step_ = "making the answer";
  pipeline_->MakeAnswer();
}

void Peer::OnAnswerMade(DescriptionPtr answer) {
  if (ended_) return;
  if (!answer) return Fail(BadOffer("has nothing that could be answered"));
  step_ = "finding our addresses";
  pipeline_->SetLocal(std::move(answer));
}

void Peer::OnLocalSet() {
  local_set_ = true;
  MaybeAnswer();
}
void Peer::OnGathering() { MaybeAnswer(); }

void Peer::MaybeAnswer() {
  if (ended_ || answered_ || !local_set_ || !pipeline_->gathered()) return;
  answered_ = true;
  deadline_ = context_.loop->After(limits::kConnectTimeout, [this] { Fail(NotConnected()); });
  LogDebug("answered",
           {{"peer", key_.name},
            {"ms", absl::ToDoubleMilliseconds(context_.loop->Monotonic() - started_at_)}});
  listener_->OnAnswer(this, WriteAnswer(offer_, pipeline_->local_description()));
}

void Peer::OnConnectionState() {
  if (ended_) return;
  const GstWebRTCPeerConnectionState state = pipeline_->connection_state();
  if (state == GST_WEBRTC_PEER_CONNECTION_STATE_FAILED) return Fail(ConnectionLost());
  if (state == GST_WEBRTC_PEER_CONNECTION_STATE_CONNECTED && !connected_) Verify();
}

// Nothing of it is heard and nothing sent to it before this.
void Peer::Verify() {
  if (!IsPromised(pipeline_->remote_certificate(), offer_.fingerprints)) {
    return Fail(WrongCertificate());
  }
  connected_ = true;
  deadline_.reset();
  seen_at_ = context_.loop->Monotonic();
  pipeline_->WatchReports();
  streams_->Open();
  LogInfo("a peer is connected",
          {{"peer", key_.name},
           {"epoch", key_.epoch},
           {"ms", absl::ToInt64Milliseconds(context_.loop->Monotonic() - started_at_)}});
  listener_->OnConnected(this);
}

void Peer::Watch() {
  if (ended_ || !connected_ || silent_told_) return;
  // A microphone never rests; a screen on which nothing changes may.
  const bool talker = offer_.sends() && offer_.kind == Offer::Kind::kAudio;
  const Traffic& traffic = pipeline_->traffic();
  const int64_t count = talker ? traffic.packets.load() : traffic.packets + traffic.reports;
  const absl::Duration now = context_.loop->Monotonic();
  if (count != seen_count_) {
    seen_count_ = count;
    seen_at_ = now;
    return;
  }
  const absl::Duration most = talker ? limits::kTalkerSilence : limits::kListenerSilence;
  if (now - seen_at_ < most) return;
  silent_told_ = true;
  listener_->OnSilent(this);
}

void Peer::OnBroken(std::string why) {
  if (!ended_) Fail(PipelineFailed(why));
}

void Peer::Fail(const absl::Status& why) {
  if (std::exchange(ended_, true)) return;
  LogWarning(
      "a peer failed",
      {{"peer", key_.name}, {"epoch", key_.epoch}, {"problem", why.message()}});
  const auto self = weak_from_this().lock();  // The listener lets go of us.
  const auto deadline = std::move(deadline_);
  listener_->OnFailed(this, why);
}

}  // namespace atrium::media
