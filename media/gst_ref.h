// GRef for GStreamer's counted things that are not GObjects, and its headers.
#ifndef ATRIUM_MEDIA_GST_REF_H_
#define ATRIUM_MEDIA_GST_REF_H_

#ifndef GST_USE_UNSTABLE_API
#define GST_USE_UNSTABLE_API
#endif
#include <gst/gst.h>
#include <gst/webrtc/webrtc.h>

#include <memory>

#include "common/gref.h"

namespace atrium {

template <>
struct GRefTraits<GstBuffer> {
  static void Ref(GstBuffer* buffer) { gst_buffer_ref(buffer); }
  static void Unref(GstBuffer* buffer) { gst_buffer_unref(buffer); }
};
template <>
struct GRefTraits<GstSample> {
  static void Ref(GstSample* sample) { gst_sample_ref(sample); }
  static void Unref(GstSample* sample) { gst_sample_unref(sample); }
};
template <>
struct GRefTraits<GstCaps> {
  static void Ref(GstCaps* caps) { gst_caps_ref(caps); }
  static void Unref(GstCaps* caps) { gst_caps_unref(caps); }
};
template <>
struct GRefTraits<GstPromise> {
  static void Ref(GstPromise* promise) { gst_promise_ref(promise); }
  static void Unref(GstPromise* promise) { gst_promise_unref(promise); }
};

namespace media {

struct FreeDescription {
  void operator()(GstWebRTCSessionDescription* d) const { gst_webrtc_session_description_free(d); }
};
using DescriptionPtr = std::unique_ptr<GstWebRTCSessionDescription, FreeDescription>;

}  // namespace media
}  // namespace atrium

#endif  // ATRIUM_MEDIA_GST_REF_H_
