// PeerStreams is what flows through one peer's connection: a voice both ways, or a
// screen's picture one way. Shut until the peer's certificate was checked.
#ifndef ATRIUM_MEDIA_PEER_STREAMS_H_
#define ATRIUM_MEDIA_PEER_STREAMS_H_

#include <cstdint>
#include <memory>
#include <string>

#include "media/figures.h"
#include "media/gst_ref.h"
#include "media/offer.h"

namespace atrium::media {

class PeerStreams {
 public:
  virtual ~PeerStreams() = default;
  // Links what is sent to `to`, a pad of a webrtcbin in `pipeline`, which plays; false if
  // that cannot be. On the loop, once.
  virtual bool Connect(const Offer& offer, GstBin* pipeline, GstPad* to) = 0;
  // Whether what comes goes to TakePacket, else to MakeReceiver.
  virtual bool takes_packets() const = 0;
  // An RTP packet as the network brought it: some are late, some are missing. On a
  // streaming thread.
  virtual void TakePacket(GstBuffer* packet) = 0;
  // A bin with a "sink" for packets in their order, which `pad` of webrtcbin brings; null
  // if it cannot be built. On a streaming thread, once.
  virtual GRef<GstElement> MakeReceiver(GstPad* pad) = 0;
  // From now on it passes. On the loop.
  virtual void Open() = 0;
  // Nothing passes any more. What is returned, a part of the pipeline or null, must be
  // let go with it, off the loop. On the loop.
  virtual GRef<GObject> Close() = 0;
  // So far, but for `in`. On the loop.
  virtual Packets Count() const = 0;
};

// Not zero, which GStreamer does not take.
uint32_t RandomSsrc();

// A bin out of a description, with its open ends as pads; null and a line in the log if
// it cannot be built.
GRef<GstElement> ParseBin(const std::string& description);

// Owns a shared_ptr on behalf of a C callback.
template <typename T>
gpointer Keep(const std::shared_ptr<T>& shared) {
  return new std::shared_ptr<T>(shared);
}
template <typename T>
void Drop(gpointer kept) {
  delete static_cast<std::shared_ptr<T>*>(kept);
}
template <typename T>
void DropClosure(gpointer kept, GClosure*) {
  Drop<T>(kept);
}
template <typename T>
const std::shared_ptr<T>& KeptShared(gpointer kept) {
  return *static_cast<std::shared_ptr<T>*>(kept);
}
template <typename T>
T& Kept(gpointer kept) {
  return *KeptShared<T>(kept);
}

}  // namespace atrium::media

#endif  // ATRIUM_MEDIA_PEER_STREAMS_H_
